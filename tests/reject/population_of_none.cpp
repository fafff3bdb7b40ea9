// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: population<N> takes at least one neuron a feature
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<4> >> population<0>;
