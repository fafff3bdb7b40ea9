// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <cstdio>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

int main(int argc, char** argv) {
    Kokkos::ScopeGuard kokkos(argc, argv);
    auto network = model{input<4> >> lif, {.steps = 20}};
    Kokkos::View<float**, Kokkos::LayoutRight> const current("current", 1, 4);
    Kokkos::deep_copy(current, 1.f);
    auto const spikes =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), network(current, counts));
    std::printf("%g spikes\n", static_cast<double>(spikes(0, 0)));
    return spikes(0, 0) == 5 ? 0 : 1; // what norse's LIF gives for a constant current of 1
}
