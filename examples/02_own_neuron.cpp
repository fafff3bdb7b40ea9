// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A neuron of one's own, from its equations: it records, is set and runs like the built-in ones.
#include <cstdio>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

/// Adaptive threshold LIF. Bellec et al. 2018, "Long short-term memory and learning-to-learn in
/// networks of spiking neurons".
struct alif {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">; // membrane
        constexpr auto a = state<"a">; // adaptation
        constexpr auto tau = param<"tau">(20 * ms);
        constexpr auto tau_a = param<"tau_a">(200 * ms);
        return dynamics(d(v) = (current - v) / tau, d(a) = -a / tau_a, spike = v > 1 + 0.3 * a,
                        on_spike(v -= 1, a += 1));
    }
};

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    constexpr int steps = 200;
    auto network = model{input<1> >> neuron<alif>, {.steps = steps}};
    network.record("neuron 1", "a");
    Kokkos::View<float**, Kokkos::LayoutRight> const current("current", 1, 1); // [B, N], held
    Kokkos::deep_copy(current, 6.f);
    auto const spikes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), network(current));
    auto const adaptation =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), network.recorded("neuron 1", "a"));
    int last = -1;
    for (int t = 0; t < steps; ++t) {
        if (spikes(t, 0, 0) == 0) continue;
        if (last >= 0)
            std::printf("%3d ms: %2d ms after the last spike, adaptation %.2f\n", t, t - last,
                        static_cast<double>(adaptation(t, 0, 0)));
        last = t;
    }
}
