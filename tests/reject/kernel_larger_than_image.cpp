// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: a kernel is larger than the image that it reads
// expect: 1, 4, 4
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<image<1, 4, 4>> >> conv2d<8, 7>.padding<1>();
