// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A convolutional network that another library trained, from its file, over recordings of an event
// camera: the classes and rates that plain torch gives (shared/design/images.md).
#include "../support/data.hpp"
#include "../support/random_spikes.hpp"

#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <spikefuse/io.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

namespace {

constexpr auto fires = iaf({.r = 1});
constexpr auto camera = input<image<2, 34, 34>> >> conv2d<16, 5>.stride<2>().padding<1>() >> fires
                        >> conv2d<16, 3>.padding<1>() >> fires
                        >> sum_pool2d<2> >> conv2d<8, 3>.padding<1>() >> fires
                        >> sum_pool2d<2> >> flatten >> linear<256> >> fires >> linear<10> >> fires;
constexpr int steps = 300, batch = 20, pixels = 2 * 34 * 34;

struct outcome {
    int right = 0;
    std::vector<double> rates = std::vector<double>(5); // spikes a neuron and step
};

/// Runs all recordings, `give` those from `first` on.
template <class Model, class Give>
outcome watch(Model& network, io::event_data const& seen, Give const& give) {
    outcome all;
    for (std::size_t first = 0; first < seen.size(); first += batch) {
        network.reset();
        auto const spikes = test::host(network(give(first), counts));
        for (std::size_t b = 0; b < batch; ++b) {
            std::size_t best = 0;
            for (std::size_t n = 1; n < 10; ++n)
                if (spikes(b, n) > spikes(b, best)) best = n;
            all.right += static_cast<int>(best) == seen.labels[first + b] ? 1 : 0;
        }
        for (std::size_t k = 0; k < 5; ++k) {
            std::string const layer = "iaf " + std::to_string(k + 1);
            auto const words = test::host(network.recorded_spikes(layer));
            double const neurons = static_cast<double>(network.get(layer, "threshold").size());
            double fired = 0;
            for (std::size_t w = 0; w < words.size(); ++w) fired += std::popcount(words.data()[w]);
            all.rates[k] += fired / neurons / steps / static_cast<double>(seen.size());
        }
    }
    return all;
}
void agree(outcome const& one, std::vector<double> const& rates) {
    CHECK(one.right == 100);
    for (std::size_t k = 0; k < rates.size(); ++k) {
        INFO("layer " << k + 1 << ": " << one.rates[k] << " instead of " << rates[k]);
        CHECK(std::abs(one.rates[k] - rates[k]) < 1e-5);
    }
}

} // namespace

TEST_CASE("cnn_sinabs.nir over N-MNIST: 100 of 100 right, and the rates of five layers") {
    auto const seen =
        io::read_events((test::event_camera_data() / "nmnist_test.h5").string(), pixels);
    REQUIRE(seen.size() == 100);
    // The file counts in steps: v += x.
    model network{camera, {.steps = steps, .batch = batch, .dt = 1 * units::s}};
    network.load(nir::read((test::nir_data() / "cnn_sinabs.nir").string()), {.dt = 1});
    for (int k = 1; k <= 5; ++k) network.record("iaf " + std::to_string(k), "spikes");

    auto const each_event = [&](std::size_t first, auto const& take) { // (step, sample, pixel)
        for (std::size_t b = 0; b < batch; ++b)
            for (std::size_t k = seen.offsets[first + b]; k < seen.offsets[first + b + 1]; ++k) {
                auto const step =
                    static_cast<std::size_t>(std::llround(seen.times[k] * 1e6) / 1000);
                if (step < steps) take(step, b, static_cast<std::size_t>(seen.unit_of[k]));
            }
    };
    agree(watch(network, seen,
                [&](std::size_t first) {
                    Kokkos::View<float***, Kokkos::LayoutRight> const events("events", steps, batch,
                                                                             pixels);
                    auto const h = Kokkos::create_mirror_view(events);
                    each_event(first, [&](auto t, auto b, auto n) { h(t, b, n) += 1; });
                    Kokkos::deep_copy(events, h);
                    return events;
                }),
          {0.00375, 0.00638, 0.02616, 0.02632, 0.03607});
    agree(watch(network, seen,
                [&](std::size_t first) {
                    test::spike_view const packed("packed", steps, batch, (pixels + 31) / 32);
                    auto const h = Kokkos::create_mirror_view(packed);
                    each_event(first,
                               [&](auto t, auto b, auto n) { h(t, b, n / 32) |= 1u << (n % 32); });
                    Kokkos::deep_copy(packed, h);
                    return packed;
                }),
          {0.00374, 0.00638, 0.02615, 0.02629, 0.03609});
}
TEST_CASE("a layer that slides in another way than the file's is told, and nothing is loaded") {
    auto const path = (test::nir_data() / "cnn_sinabs.nir").string();
    auto const says = [&](auto const& network_type, char const* what, char const* why) {
        model network{network_type, {.steps = 1, .batch = 1, .dt = 1 * units::s}};
        auto const before = network.get("conv2d 1", "weight");
        try {
            network.load(nir::read(path));
            FAIL("loaded");
        } catch (error const& caught) {
            INFO(caught.what());
            CHECK(std::string(caught.what()).find(what) != std::string::npos);
            CHECK(std::string(caught.what()).find(why) != std::string::npos);
        }
        CHECK(network.get("conv2d 1", "weight") == before);
    };
    says(input<image<2, 34, 34>> >> conv2d<16, 5>.stride<2>().padding<2>() >> fires >>
             conv2d<16, 3>.padding<1>() >> fires >> sum_pool2d<2> >> conv2d<8, 3>.padding<1>() >>
             fires >> sum_pool2d<2> >> flatten >> linear<256> >> fires >> linear<10> >> fires,
         "'padding' of '0' in '", "is 1 of rows ('conv2d 1' has 2 there)");
}
