// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: this network has no parameter of that name
// expect: "lif 2"
// expect: "linear 1 weight"
// expect: "lif 1 tau_mem"
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong() {
    model network{input<4> >> linear<2> >> lif, {}};
    network.set<"lif 2", "tau_mem">(20 * ms);
}
