// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: the output of a cell is of another number type than the model
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong(float const* in, double* out) {
    model network{input<4> >> linear<2> >> lif, {}};
    auto const cell = network.cell();
    auto state = cell.rest();
    cell.step(state, in, out);
}
