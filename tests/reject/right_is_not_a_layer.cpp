// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: what stands on the right of >> is not a layer
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<784> >> 128;
