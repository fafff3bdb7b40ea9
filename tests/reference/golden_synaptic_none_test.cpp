// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "golden_synaptic.hpp"

TEST_CASE(
    "snnTorch: Synaptic, reset none: every delay, inhibition, grading, quantisation, version") {
    constexpr auto surrogate = golden::rounded<spikefuse::arctan_surrogate<>>;
    synaptic_recordings::run_files<false>("none",
                                          spikefuse::synaptic(surrogate, spikefuse::no_reset));
}
