// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Triangle: alpha max(0, 1 - |x|). norse's `triangle`, whose function has an alpha of 0.3.
/// Source: Bellec et al., "Long short-term memory and learning-to-learn in networks of spiking
/// neurons", NeurIPS 2018.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Alpha = 0.3>
struct triangle_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        return Alpha * maximum(1 - abs(x), V(0));
    }
};
/// @tparam Alpha height
template <auto Alpha = 0.3>
inline constexpr surrogate_word<triangle_surrogate<Alpha>> triangle{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
