// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Straight through: 1 everywhere. snnTorch's `straight_through_estimator`.
/// Source: Bengio, Leonard, Courville, arXiv:1308.3432 (2013).

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

struct straight_through_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V) {
        return V(1);
    }
};
/// `lif(straight_through)`.
inline constexpr surrogate_word<straight_through_surrogate> straight_through{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
