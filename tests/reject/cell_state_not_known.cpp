// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: this network has no state of that name
// expect: "lif 2"
// expect: "lif 1 v"
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
float wrong() {
    model network{input<4> >> linear<2> >> lif, {}};
    auto const cell = network.cell();
    return cell.get<"lif 2", "v">(cell.rest(), 0);
}
