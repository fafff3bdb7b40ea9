// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Sigmoid: k e^(-k x) / (1 + e^(-k x))^2. snnTorch's `sigmoid`, with its slope of 25.
/// Source: Zenke and Ganguli, "SuperSpike", Neural Computation 30:1514 (2018);
/// snntorch.surrogate.Sigmoid.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Slope = 25>
struct sigmoid_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        V const decay = exp(-Slope * abs(x)); // even in x, and never too large
        return Slope * decay / square(1 + decay);
    }
};
/// @tparam Slope steepness
template <auto Slope = 25>
inline constexpr surrogate_word<sigmoid_surrogate<Slope>> sigmoid{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
