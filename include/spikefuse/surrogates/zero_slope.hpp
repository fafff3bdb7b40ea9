// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Zero everywhere: no gradient goes through the spike. For encoders whose spikes say nothing that
/// a slope could.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

struct zero_slope_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V) {
        return V(0);
    }
};
/// `lif(zero_slope)`.
inline constexpr surrogate_word<zero_slope_surrogate> zero_slope{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
