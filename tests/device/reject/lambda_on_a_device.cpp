// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: a lambda in a layer, on a device: nvcc cannot name it
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;
void wrong() {
    auto const mine = surrogate<[](auto x) { return 1 / square(10 * abs(x) + 1); }>;
    auto network = model{input<4> >> linear<3> >> lif(mine), {.steps = 1}, Kokkos::Cuda()};
}
