// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: left_gives<10>
// expect: right_wants<128>
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto block = linear<128, 64> >> lif;
constexpr auto wrong = input<784> >> linear<10> >> block;
