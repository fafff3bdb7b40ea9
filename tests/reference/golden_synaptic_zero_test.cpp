// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "golden_synaptic.hpp"

TEST_CASE(
    "snnTorch: Synaptic, reset zero: every delay, inhibition, grading, quantisation, version") {
    constexpr auto surrogate = golden::rounded<spikefuse::arctan_surrogate<>>;
    synaptic_recordings::run_files("zero",
                                   spikefuse::synaptic(surrogate, spikefuse::reset_to_zero));
}
