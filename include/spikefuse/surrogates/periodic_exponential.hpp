// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Periodic exponential: exp(-|u - threshold / 2| / window) / threshold, where u is how far the
/// membrane lies above half the threshold, counted anew at every multiple of it: for neurons that
/// fire several times a step. Source: rockpool.nn.modules.torch.lif_torch.PeriodicExponential
/// (Weidel and Sheik, WaveSense, arXiv:2111.01456).

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Window = 0.5>
struct periodic_exponential_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V by_membrane(V v, V threshold) {
        V const shifted = v - threshold / 2;
        V const within =
            select(v >= threshold, shifted - floor(shifted / threshold) * threshold, shifted);
        return exp(-abs(within - threshold / 2) / Window) / threshold;
    }
    template <class V>
    static SPIKEFUSE_FUNCTION V by_threshold(V v, V threshold) {
        return -by_membrane(v, threshold) * v / threshold;
    }
};
/// @tparam Window decay length, in units of the membrane
template <auto Window = 0.5>
inline constexpr surrogate_word<periodic_exponential_surrogate<Window>> periodic_exponential{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
