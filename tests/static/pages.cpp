// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lines that the README and the tutorial show without an example of their own.
#include <spikefuse/spikefuse.hpp>
using namespace spikefuse;

constexpr auto classifier = input<784> >> linear<128> >> lif >> linear<10> >> li;

int main(int argc, char** argv) {
    Kokkos::ScopeGuard kokkos(argc, argv);
    Kokkos::View<std::uint32_t***, Kokkos::LayoutRight> const spikes("spikes", 100, 256, 25);
    auto network = model{classifier, {.steps = 100, .batch = 256, .dt = 1 * ms}};
    std::vector<float> const weights(128 * 784);
    network.record("lif 1", "v");            // before the run
    auto traces = network(spikes);           // [T, B, 10]; all layers, all steps: one kernel launch
    auto v = network.recorded("lif 1", "v"); // after it: [T, B, 128]
    network.set("lif 1", "tau_mem", 20 * ms);
    network.set("linear 1", "weight", weights); // [128, 784], row-major
    return static_cast<int>(traces.extent(0) - v.extent(0));
}

Kokkos::View<float***, Kokkos::LayoutRight> beside_norse(Kokkos::View<float***> const& x) {
    constexpr auto net = input<784> >> linear<128> >> lif >> linear<10> >> li; // spikefuse
    auto out = model{net, {.steps = 100, .batch = 256}}(x);                    // [T, B, 10]
    return out;
}
