// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Branches and loops: they are sentences too, and the whole stays one kernel.
#include <iostream>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

constexpr auto residual = identity + (linear<128> >> lif); // summed
constexpr auto fast = linear<64> >> lif({.tau_mem = 5 * ms});
constexpr auto slow = linear<64> >> lif({.tau_mem = 80 * ms});
constexpr auto network_type = input<128> >> residual >> (fast | slow) >>
                              recurrent(lif) >> linear<10> >> li; // fast | slow: joined
static_assert(output_shape<network_type> == features<10>{});

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    auto network = model{network_type, {.steps = 50, .batch = 8}};
    std::cout << describe(network);
    Kokkos::View<float***, Kokkos::LayoutRight> const currents("currents", 50, 8, 128); // [T, B, N]
    Kokkos::deep_copy(currents, 0.5f);
    auto const last = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(),
                                                          network(currents, last_step)); // [B, 10]
    std::cout << "readout 0 of sample 0 ends at " << last(0, 0) << "\n";
}
