// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Fast sigmoid: 1 / (slope |x| + 1)^2. snnTorch's `fast_sigmoid`, with its slope of 25; SuperSpike
/// under another name. Source: Zenke and Ganguli, "SuperSpike", Neural Computation 30:1514 (2018).

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Slope = 25>
struct fast_sigmoid_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        return 1 / square(Slope * abs(x) + 1);
    }
};
/// @tparam Slope steepness
template <auto Slope = 25>
inline constexpr surrogate_word<fast_sigmoid_surrogate<Slope>> fast_sigmoid{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
