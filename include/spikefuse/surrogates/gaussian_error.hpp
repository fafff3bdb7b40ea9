// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Slope of the error function: 2 exp(-(alpha x)^2) / sqrt(pi), without the factor alpha. norse's
/// `heavi_erfc`, whose pi is a float: the factor is 3e-8 below 2 / sqrt(pi), in double too. Source:
/// norse.torch.functional.threshold, HeaviErfc.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Alpha = 1>
struct gaussian_error_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        return 1.1283791331978021 * exp(-square(Alpha * x));
    }
};
/// @tparam Alpha steepness
template <auto Alpha = 1>
inline constexpr surrogate_word<gaussian_error_surrogate<Alpha>> gaussian_error{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
