// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: this network draws random numbers: tell step for which body and step
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong(float const* in, float* out) {
    model network{input<4> >> poisson >> linear<2> >> lif, {}};
    auto const cell = network.cell();
    auto state = cell.rest();
    cell.step(state, in, out);
}
