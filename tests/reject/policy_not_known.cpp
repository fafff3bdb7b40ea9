// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: this neuron has no such choice
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<4> >> li(inclusive);
