// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// snnTorch's `triangular`, which is no triangle: +slope below the threshold, -slope from it on.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Slope = 1>
struct step_slope_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        return select(x < V(0), V(Slope), V(-Slope));
    }
};
/// @tparam Slope height
template <auto Slope = 1>
inline constexpr surrogate_word<step_slope_surrogate<Slope>> step_slope{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
