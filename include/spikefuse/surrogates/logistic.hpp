// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Logistic: 1 - tanh(k x)^2, as if the neuron fired with probability (1 + tanh(k x)) / 2. norse's
/// Logistic draws its spikes from that; here it is the derivative of a spike that is not drawn.
/// Source: norse.torch.functional.threshold, Logistic.

#include "tanh_slope.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Slope = 1>
struct logistic_surrogate : tanh_slope_surrogate<Slope> {};
/// @tparam Slope steepness
template <auto Slope = 1>
inline constexpr surrogate_word<logistic_surrogate<Slope>> logistic{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
