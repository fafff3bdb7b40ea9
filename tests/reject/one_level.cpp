// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: takes at least two levels
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = synaptic(quantised_to<1>);
