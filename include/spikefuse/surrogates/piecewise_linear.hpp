// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Piecewise linear: 1 / threshold from `Window` below the threshold on, and -v / threshold^2
/// towards the threshold. Rockpool's `StepPWL`. Source:
/// rockpool.nn.modules.torch.lif_torch.StepPWL.

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Window = 0.5>
struct piecewise_linear_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V by_membrane(V v, V threshold) {
        return select(v >= threshold - Window, 1 / threshold, V(0));
    }
    template <class V>
    static SPIKEFUSE_FUNCTION V by_threshold(V v, V threshold) {
        return select(v >= threshold - Window, -v / square(threshold), V(0));
    }
};
/// @tparam Window how far below the threshold it begins, in units of the membrane
template <auto Window = 0.5>
inline constexpr surrogate_word<piecewise_linear_surrogate<Window>> piecewise_linear{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
