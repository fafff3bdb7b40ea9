// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: a layer that gives all samples the state of the first one (compat)
// expect: "exp_syn 1"
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong() {
    model network{input<4> >> exp_syn(compat), {}};
    auto const cell = network.cell();
}
