// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: delays<N> waits for up to N steps: 1 or more
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<4> >> delays<0>;
