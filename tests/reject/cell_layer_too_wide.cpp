// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: this network is too large for a cell, which one thread runs
// expect: "linear 1"
// expect: 600
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong() {
    model network{input<600> >> linear<20> >> lif, {}};
    auto const cell = network.cell();
}
