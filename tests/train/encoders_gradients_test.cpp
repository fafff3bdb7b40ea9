// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Training behind an encoder: weights learn as from the encoder's recorded spikes; what lies before
// it gets the gradient it should.
#include "../support/random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>

using namespace spikefuse;

namespace {

constexpr int steps = 100, batch = 3;
using held_view = Kokkos::View<double**, Kokkos::LayoutRight>;
using stepwise_view = Kokkos::View<double***, Kokkos::LayoutRight>;

held_view some_values(std::size_t width) {
    held_view const x("x", batch, width);
    auto const h = Kokkos::create_mirror_view(x);
    for (std::size_t k = 0; k < h.size(); ++k)
        h.data()[k] = static_cast<double>(k * 37 % 100) / 100;
    Kokkos::deep_copy(x, h);
    return x;
}
template <class Back>
void label(Back& back) {
    back.set_labels(std::vector<int>{0, 2, 1});
}

/// The weights behind the encoder learn as they would from its output, recorded and fed to the rest
/// of the network.
template <class Encoder>
void check_behind(Encoder encoder, char const* layer, bool spikes) {
    INFO(layer);
    constexpr int inputs = 40, width = Encoder::gives(inputs);
    constexpr auto rest = linear<20> >> lif(superspike<5>) >> linear<3> >> li;
    model whole{input<inputs> >> encoder >> rest,
                {.steps = steps, .batch = batch, .seed = 2},
                precision<double>};
    model alone{
        input<width> >> rest, {.steps = steps, .batch = batch, .seed = 2}, precision<double>};
    for (char const* const name : {"linear 1", "linear 2"})
        for (char const* const what : {"weight", "bias"}) {
            auto numbers = whole.get(name, what);
            for (double& w : numbers) w *= 5;
            whole.set(name, what, numbers), alone.set(name, what, numbers);
        }
    whole.record(layer, spikes ? "spikes" : "output");
    backpropagation one{whole, cross_entropy(max_over_time)};
    backpropagation other{alone, cross_entropy(max_over_time)};
    label(one), label(other);
    one.run(some_values(inputs));
    Kokkos::fence();
    if (spikes) {
        other.run(whole.recorded_spikes(layer));
    } else {
        other.run(whole.recorded(layer, "output"));
    }
    Kokkos::fence();
    REQUIRE(one.loss() == other.loss());
    for (char const* const name : {"linear 1", "linear 2"})
        for (char const* const what : {"weight", "bias"}) {
            auto const a = one.gradient(name, what), b = other.gradient(name, what);
            double largest = 0;
            for (double g : b) largest = std::max(largest, std::abs(g));
            REQUIRE(largest > 1e-6);
            for (std::size_t k = 0; k < a.size(); ++k)
                REQUIRE(std::abs(a[k] - b[k]) < 1e-12 * largest);
        }
}

/// What arrives at a held input, or at one given step by step, when ones arrive at the output of
/// `layer` in every step.
template <class Network>
std::vector<double> input_gradient(Network const& network_type, char const* layer,
                                   stepwise_view const& x) {
    model network{network_type,
                  {.steps = static_cast<int>(x.extent(0)), .batch = static_cast<int>(x.extent(1))},
                  precision<double>};
    backpropagation back{network, no_loss{}};
    stepwise_view const ones("ones", x.extent(0), x.extent(1),
                             static_cast<std::size_t>(network.outputs));
    Kokkos::deep_copy(ones, 1.);
    back.seed(layer, "output", ones);
    back.want_input_gradient();
    back.run(x);
    auto const host = test::host(back.input_gradient());
    return {host.data(), host.data() + host.size()};
}

} // namespace

TEST_CASE("weights behind an encoder learn as from its recorded spikes") {
    check_behind(poisson({.rate = 200}), "poisson 1", true);
    check_behind(latency({.longest = 60 * ms}), "latency 1", true);
    check_behind(delta_encoder, "delta_encoder 1", true);
    check_behind(signed_delta_encoder, "delta_encoder 1", false);
    check_behind(population<3>({.tuning_width = 0.2}), "population 1", false);
}

TEST_CASE("what lies before an encoder: of Poisson the probability's slope, of latency and delta "
          "nothing") {
    stepwise_view const x("x", 1, 1, 6);
    auto const h = Kokkos::create_mirror_view(x);
    double const values[] = {-0.5, 0.2, 0.5, 0.9, 1.5, 3};
    std::copy(values, values + 6, h.data());
    Kokkos::deep_copy(x, h);
    double const slope = 2 * 600 * 1e-3; // probabilities -0.3, 0.12, 0.3, 0.54, 0.9, 1.8
    std::vector<double> const expected{0, slope, slope, slope, slope, 0};
    auto const poisson_gradient =
        input_gradient(input<6> >> poisson({.rate = 600}) >> scale(2), "scale 1", x);
    for (std::size_t n = 0; n < 6; ++n)
        REQUIRE(std::abs(poisson_gradient[n] - expected[n]) < 1e-12);
    std::vector<double> const nothing(6, 0.);
    REQUIRE(input_gradient(input<6> >> poisson(zero_slope) >> scale(2), "scale 1", x) == nothing);
    REQUIRE(input_gradient(input<6> >> latency >> scale(2), "scale 1", x) == nothing);
    REQUIRE(input_gradient(input<6> >> delta_encoder >> scale(2), "scale 1", x) == nothing);
    REQUIRE(input_gradient(input<6> >> signed_delta_encoder >> scale(2), "scale 1", x) == nothing);
}

TEST_CASE("what lies before a Poisson encoder learns: weights find the rate that is asked for") {
    // 300 spikes a second are wanted of a neuron whose rate begins elsewhere. The gradient is one
    // of chance, its mean is right.
    constexpr auto network_type = input<1> >> linear<1>(no_bias) >> poisson({.rate = 1000});
    model network{network_type, {.steps = 500, .batch = 16, .seed = 1}, precision<double>};
    network.set("linear 1", "weight", 0.8);
    backpropagation back{network, mean_squared(trace)};
    back.set_targets(std::vector<double>(500 * 16, 0.3), 500);
    held_view const x("x", 16, 1);
    Kokkos::deep_copy(x, 1.);
    for (int k = 0; k < 200; ++k) {
        back.run(x);
        Kokkos::fence();
        double const weight = network.get("linear 1", "weight")[0];
        network.set("linear 1", "weight", weight - 0.05 * back.gradient("linear 1", "weight")[0]);
    }
    INFO(network.get("linear 1", "weight")[0]);
    REQUIRE(std::abs(network.get("linear 1", "weight")[0] - 0.3) < 0.01);
}
