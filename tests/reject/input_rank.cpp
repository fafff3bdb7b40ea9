// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kokkos
// expect: input values have three dimensions [T, B, N]
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong() {
    auto network = model{input<4> >> lif, {.steps = 1}};
    network(Kokkos::View<float*, Kokkos::LayoutRight>("input", 4));
}
