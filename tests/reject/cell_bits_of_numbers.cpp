// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: this network ends in numbers, and packed spikes were asked for
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong(float const* in, std::uint32_t* out) {
    model network{input<4> >> linear<2> >> li, {}};
    auto const cell = network.cell();
    auto state = cell.rest();
    cell.step(state, in, out);
}
