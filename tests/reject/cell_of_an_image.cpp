// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: a cell, which one thread runs, has no memory for convolutions and pools
// expect: "conv2d 1"
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong() {
    model network{input<image<1, 4, 4>> >> conv2d<2, 3> >> lif, {}};
    auto const cell = network.cell();
}
