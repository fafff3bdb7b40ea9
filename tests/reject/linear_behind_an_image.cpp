// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: linear stands behind an image
// expect: 2, 34, 34
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<image<2, 34, 34>> >> linear<10>;
