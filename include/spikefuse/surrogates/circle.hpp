// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Circle: the slope of x / sqrt(alpha^2 + x^2), times alpha: alpha^3 / (alpha^2 + x^2)^1.5.
/// norse's `circ`. Source: norse.torch.functional.threshold, HeaviCirc.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Alpha = 1>
struct circle_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        V const away =
            1 + square(x / Alpha); // norse's difference of two terms cancels where x is large
        return 1 / (away * sqrt(away));
    }
};
/// @tparam Alpha radius
template <auto Alpha = 1>
inline constexpr surrogate_word<circle_surrogate<Alpha>> circle{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
