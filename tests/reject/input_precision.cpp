// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kokkos
// expect: the input's number type is not the model's
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong() {
    auto network = model{input<4> >> lif, {.steps = 1}};
    network(Kokkos::View<double***, Kokkos::LayoutRight>("input", 1, 1, 4));
}
