// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: this network is too large for a cell, which one thread runs
// expect: "lsnn 1"
// expect: 1200
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong() {
    model network{input<8> >> linear<400> >> lsnn >> linear<2> >> li, {}};
    auto const cell = network.cell();
}
