// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: the branches of + give different widths
// expect: sum_of_both<64, 32>
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<8> >> ((linear<64> >> lif) + (linear<32> >> lif));
