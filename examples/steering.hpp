// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The network that examples 09 and 10 run from C and from Fortran.
#include <spikefuse/network.hpp>

inline constexpr auto brain = spikefuse::input<4> >> spikefuse::linear<32> >> spikefuse::lif >>
                              spikefuse::linear<2> >> spikefuse::li;
