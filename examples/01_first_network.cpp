// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A spiking network is a type. This one looks at noise and shows what its readout thinks.
#include <cstdio>
#include <iostream>
#include <random>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

constexpr auto classifier = input<784> >> linear<128> >> lif >> linear<10> >> li;

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    constexpr int steps = 100, batch = 4;
    auto network = model{classifier, {.steps = steps, .batch = batch, .dt = 1 * ms, .seed = 1}};
    std::cout << describe(network) << "\n";

    // Spikes come packed, 32 features a word.
    Kokkos::View<std::uint32_t***, Kokkos::LayoutRight> const spikes("spikes", steps, batch,
                                                                     25); // [T, B, ceil(784/32)]
    auto const host = Kokkos::create_mirror_view(spikes);
    std::mt19937 random(7);
    for (int t = 0; t < steps; ++t)
        for (int b = 0; b < batch; ++b)
            for (int n = 0; n < 784; ++n)
                if (random() % 10 == 0) host(t, b, n / 32) |= 1u << (n % 32);
    Kokkos::deep_copy(spikes, host);

    network.record("lif 1", "spikes");
    auto const traces = network(spikes); // [T, B, 10]; the whole time loop was one kernel
    auto const membranes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), traces);
    auto const hidden =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), network.recorded_spikes("lif 1"));

    long fired = 0;
    for (int t = 0; t < steps; ++t)
        for (int b = 0; b < batch; ++b)
            for (int w = 0; w < 4; ++w) fired += __builtin_popcount(hidden(t, b, w));
    std::printf("hidden neurons fire in %.1f %% of the steps\n",
                100.0 * static_cast<double>(fired) / (steps * batch * 128));
    for (int b = 0; b < batch; ++b)
        std::printf("sample %d: readout 0 ends at %+.4f\n", b,
                    static_cast<double>(membranes(steps - 1, b, 0)));
}
