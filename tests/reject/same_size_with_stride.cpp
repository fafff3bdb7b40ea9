// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: padding<same_size> keeps an image's size, which a stride above 1 does not
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = conv2d<8, 3>.stride<2>().padding<same_size>();
