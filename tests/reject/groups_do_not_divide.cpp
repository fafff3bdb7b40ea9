// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: groups<G> does not divide the channels that conv2d reads
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
constexpr auto wrong = input<image<3, 8, 8>> >> conv2d<8, 3>.groups<4>();
