// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: the left side of >> gives another number of features than the right side wants
// expect: left_gives<128>
// expect: right_wants<100>
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = linear<784, 128> >> lif >> linear<100, 10>;
