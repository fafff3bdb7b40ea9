// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// GeNN's MNIST network over real images: what the example shows and a test holds.

#include <chrono>
#include <spikefuse/io/idx.hpp>
#include <spikefuse/io/load.hpp>
#include <spikefuse/io/plot/progress.hpp>
#include <spikefuse/spikefuse.hpp>

namespace mnist_network {

using namespace spikefuse;

inline constexpr auto strict = input<784> >> scale(1) >> iaf >> linear<128>(no_bias) >> iaf
                               >> linear<10>(no_bias) >> iaf;
inline constexpr auto inclusive = input<784> >> scale(1) >>
                                  iaf(spikefuse::inclusive) >> linear<128>(no_bias) >>
                                  iaf(spikefuse::inclusive) >> linear<10>(no_bias) >>
                                  iaf(spikefuse::inclusive);

struct result {
    std::size_t images = 0, right = 0;
    double seconds = 0;
    double input_rate = 0, hidden_rate = 0; // spikes of a neuron and step
};

/// Spikes of the first `samples` samples.
template <class View>
double spikes_in(View const& spikes, std::size_t samples) {
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), spikes);
    long total = 0;
    for (std::size_t t = 0; t < host.extent(0); ++t)
        for (std::size_t b = 0; b < samples; ++b)
            for (std::size_t w = 0; w < host.extent(2); ++w)
                total += __builtin_popcount(host(t, b, w));
    return static_cast<double>(total);
}

/// Shows every image of a set for `steps` steps, `batch` at a time; the class is the readout neuron
/// that fires most.
template <class Network>
result classify(Network const& network_type, io::mnist const& set, std::string const& file,
                int steps, int batch) {
    std::size_t const pixels = set.rows * set.columns;
    if (pixels != 784)
        throw shape_error("the images are " + std::to_string(set.rows) + " x " +
                              std::to_string(set.columns),
                          "the network takes 28 x 28", "Take MNIST's own files");
    auto const samples = static_cast<std::size_t>(batch);
    auto network = model{
        network_type,
        {.steps = steps, .batch = batch, .dt = 1 * units::s}}; // the file's r is per step of 1
    network.load(nir::read(file));
    for (auto const* layer : {"iaf 1", "iaf 2"}) network.record(layer, "spikes");

    Kokkos::DefaultExecutionSpace const space;
    Kokkos::View<float**, Kokkos::LayoutRight> const currents("currents", samples,
                                                              pixels); // [B, N], held for all steps
    Kokkos::View<float**, Kokkos::LayoutRight> const fired("fired", samples, 10); // [B, 10]
    auto const host_currents = Kokkos::create_mirror_view(currents);
    auto const host_fired = Kokkos::create_mirror_view(fired);
    result total{.images = set.count};
    io::plot::progress bar("MNIST", set.count, "images");
    for (std::size_t first = 0; first < set.count; first += samples) {
        std::size_t const count = std::min(samples, set.count - first);
        for (std::size_t b = 0; b < samples; ++b)
            for (std::size_t n = 0; n < pixels; ++n)
                host_currents(b, n) =
                    b < count ? static_cast<float>(set.images[(first + b) * pixels + n]) : 0.f;
        auto const start = std::chrono::steady_clock::now();
        Kokkos::deep_copy(currents, host_currents);
        network.reset();
        network.run(space, currents, counts, fired);
        Kokkos::deep_copy(host_fired, fired);
        total.seconds +=
            std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        for (std::size_t b = 0; b < count; ++b) {
            int best = 0;
            for (int n = 1; n < 10; ++n) best = host_fired(b, n) > host_fired(b, best) ? n : best;
            total.right += best == set.labels[first + b] ? 1 : 0;
        }
        total.input_rate += spikes_in(network.recorded_spikes("iaf 1"), count);
        total.hidden_rate += spikes_in(network.recorded_spikes("iaf 2"), count);
        bar.advance(count);
    }
    double const image_steps = static_cast<double>(set.count) * steps;
    total.input_rate /= image_steps * 784;
    total.hidden_rate /= image_steps * 128;
    return total;
}

} // namespace mnist_network
