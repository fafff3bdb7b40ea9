// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Sparse fast sigmoid: the fast sigmoid where x is above `From`, 0 elsewhere. snnTorch's `SFS`,
/// with its slope of 25 and from 1. Source: Perez-Nieves and Goodman, "Sparse spiking gradient
/// descent", NeurIPS 2021.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Slope = 25, auto From = 1>
struct sparse_fast_sigmoid_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        return select(x > V(From), 1 / square(Slope * abs(x) + 1), V(0));
    }
};
/// @tparam Slope steepness
/// @tparam From where it begins, above the threshold
template <auto Slope = 25, auto From = 1>
inline constexpr surrogate_word<sparse_fast_sigmoid_surrogate<Slope, From>> sparse_fast_sigmoid{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
