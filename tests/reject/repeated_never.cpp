// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: repeat<N>(part) repeats a part N times: at least once
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<4> >> repeat<0>(linear<4> >> lif);
