// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: two branches side by side take inputs of different widths
// expect: wants_of_both<8, 9>
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = linear<8, 4> | linear<9, 4>;
