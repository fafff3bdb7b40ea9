// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: input<N> takes a width of at least 1
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<0> >> lif;
