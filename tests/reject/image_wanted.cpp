// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: what reads an image (conv2d, a pool, flatten) stands behind features
// expect: 1156
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<1156> >> conv2d<16, 5>;
