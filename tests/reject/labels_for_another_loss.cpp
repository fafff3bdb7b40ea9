// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kokkos
// expect: this loss has no labels
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>
using namespace spikefuse;
void wrong(std::vector<int> const& labels) {
    auto network = model{input<4> >> lif, {.steps = 1}};
    backpropagation{network, no_loss{}}.set_labels(labels);
}
