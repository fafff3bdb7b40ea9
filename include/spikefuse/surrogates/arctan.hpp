// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Arc tangent: (alpha / 2) / (1 + (pi alpha x / 2)^2). snnTorch's default, with its alpha of 2.
/// Source: Fang et al., "Incorporating learnable membrane time constant", ICCV 2021;
/// snntorch.surrogate.ATan.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Alpha = 2>
struct arctan_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        return 0.5 * Alpha / (1 + square(1.5707963267948966 * Alpha * x));
    }
};
/// @tparam Alpha steepness
template <auto Alpha = 2>
inline constexpr surrogate_word<arctan_surrogate<Alpha>> arctan{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
