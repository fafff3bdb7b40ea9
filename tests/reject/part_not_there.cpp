// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: take<K> takes a part that is not there
// expect: part_of_a_row<2, 2>
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<5, 3> >> take<2> >> linear<4>;
