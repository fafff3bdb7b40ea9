// Time of input<784> >> linear<256> >> lif against the share of inputs that are not zero, for analog values and for packed spikes.
#include <algorithm>
#include <cstdio>
#include <random>
#include <spikefuse/spikefuse.hpp>
#include <vector>

using namespace spikefuse;

namespace {

template <class Run>
double median_ms(Run const& run) {
    std::vector<double> times;
    for (int round = 0; round < 8; ++round) {
        Kokkos::Timer const timer;
        run();
        Kokkos::fence();
        if (round > 0) times.push_back(timer.seconds() * 1e3); // the first warms up
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

} // namespace

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    constexpr int steps = 100, batch = 64;
    constexpr auto network_type = input<784> >> linear<256> >> lif;
    auto network = model{network_type, {.steps = steps, .batch = batch}};
    Kokkos::View<float***, Kokkos::LayoutRight> const values("values", steps, batch, 784);        // [T, B, N]
    Kokkos::View<std::uint32_t***, Kokkos::LayoutRight> const spikes("spikes", steps, batch, 25); // [T, B, ceil(N/32)]
    Kokkos::View<float**, Kokkos::LayoutRight> const fired("fired", batch, 256);
    auto const host_values = Kokkos::create_mirror_view(values);
    auto const host_spikes = Kokkos::create_mirror_view(spikes);
    std::printf("%d steps, batch %d, %d threads; median of 7, ms\nactivity   values   packed spikes\n", steps, batch,
                Kokkos::DefaultExecutionSpace().concurrency());
    for (int percent : {1, 2, 5, 10, 20, 30, 40, 50, 70, 100}) {
        std::mt19937 random(static_cast<unsigned>(percent));
        for (std::size_t t = 0; t < steps; ++t)
            for (std::size_t b = 0; b < batch; ++b) {
                for (std::size_t w = 0; w < 25; ++w) host_spikes(t, b, w) = 0;
                for (std::size_t n = 0; n < 784; ++n) {
                    bool const active = random() % 100 < static_cast<unsigned>(percent);
                    host_values(t, b, n) = active ? 0.01f * static_cast<float>(random() % 100 + 1) : 0.f;
                    if (active) host_spikes(t, b, n / 32) |= 1u << (n % 32);
                }
            }
        Kokkos::deep_copy(values, host_values);
        Kokkos::deep_copy(spikes, host_spikes);
        double const of_values = median_ms([&] { network.run({}, values, counts, fired); });
        double const of_spikes = median_ms([&] { network.run({}, spikes, counts, fired); });
        std::printf("%6d %%  %7.2f  %7.2f\n", percent, of_values, of_spikes);
    }
}
