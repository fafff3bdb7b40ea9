// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: the input lies in memory that the model's space cannot read
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong() {
    auto network = model{input<4> >> lif, {.steps = 1}, Kokkos::Cuda()};
    network(Kokkos::View<float***, Kokkos::LayoutRight, Kokkos::HostSpace>("input", 1, 1, 4));
}
