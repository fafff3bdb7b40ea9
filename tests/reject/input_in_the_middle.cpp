// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: input<N> stands on the right of >>
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = linear<784, 128> >> input<128>;
