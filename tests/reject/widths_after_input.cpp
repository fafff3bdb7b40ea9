// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: the left side of >> gives another number of features than the right side wants
// expect: left_gives<700>
// expect: right_wants<784>
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<700> >> linear<784, 128>;
