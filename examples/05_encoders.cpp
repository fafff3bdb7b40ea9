// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encoders: numbers go in, spikes are made inside the kernel; the input is never expanded in
// memory.
#include <iostream>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

constexpr auto pixels = input<784> >> poisson({.rate = 200}) >> linear<128> >> lif
                        >> linear<10> >> li; // [B, 784], held
constexpr auto sensors = input<4> >> population<16>({.tuning_width = 0.1}) >> poisson
                         >> linear<32> >> lif >> linear<2> >> li; // 4 to 64
constexpr auto rises_and_falls = delta_encoder | (scale(-1) >> delta_encoder);
constexpr auto events = input<4> >> rises_and_falls >> linear<32> >> lif >> linear<2> >> li;
static_assert(output_shape<pixels> == features<10>{});

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    auto network = model{sensors, {.steps = 1000, .batch = 2, .seed = 1}};
    std::cout << describe(network);
    Kokkos::View<float**, Kokkos::LayoutRight> const readings("readings", 2, 4); // [B, N]
    Kokkos::deep_copy(readings, 0.5f);
    auto const last = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(),
                                                          network(readings, last_step)); // [B, 2]
    std::cout << "readout 0 of sample 0 ends at " << last(0, 0) << "\n" << describe(events);
}
