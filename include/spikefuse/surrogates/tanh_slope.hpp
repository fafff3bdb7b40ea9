// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Slope of tanh: 1 - tanh(alpha x)^2, without the factor alpha. norse's `tanh`.
/// Source: norse.torch.functional.threshold, HeaviTanh.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Alpha = 100>
struct tanh_slope_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        V const decay = exp(-2 * Alpha * abs(x)); // the same without overflow
        return 4 * decay / square(1 + decay);
    }
};
/// @tparam Alpha steepness
template <auto Alpha = 100>
inline constexpr surrogate_word<tanh_slope_surrogate<Alpha>> tanh_slope{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
