// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Spike rate escape: k exp(-beta |x - 1|). snnTorch's `spike_rate_escape`: x is already the
/// membrane less the threshold, and its 1 is taken off again. With its beta of 1 and slope of 25.
/// Source: Shrestha and Orchard, "SLAYER", NeurIPS 2018; snntorch.surrogate.SpikeRateEscape.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Beta = 1, auto Slope = 25>
struct spike_rate_escape_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        return Slope * exp(-Beta * abs(x - 1));
    }
};
/// @tparam Beta decay
/// @tparam Slope height
template <auto Beta = 1, auto Slope = 25>
inline constexpr surrogate_word<spike_rate_escape_surrogate<Beta, Slope>> spike_rate_escape{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
