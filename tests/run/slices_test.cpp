// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A device's schedule of slices beside that of samples, which runs a step by itself: the same bits.
#include "../support/random_spikes.hpp"

#include <algorithm>
#include <catch2/catch_all.hpp>
#include <cmath>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>
#include <string>
#include <vector>

using namespace spikefuse;

namespace {

using space = Kokkos::DefaultExecutionSpace;

template <class View>
std::vector<double> numbers_of(View const& view) {
    auto const on_host = test::host(view);
    return {on_host.data(), on_host.data() + on_host.size()};
}
template <class View>
View wave(View const& to, double highest) {
    test::fill(to, [&](std::size_t k) {
        return highest * std::abs(std::sin(static_cast<double>(k * k % 7919)));
    });
    return to;
}
template <class T>
using values = Kokkos::View<T***, Kokkos::LayoutRight, space>; // [T, B, N]
template <class T>
using held = Kokkos::View<T**, Kokkos::LayoutRight, space>; // [B, N]

template <class Input>
constexpr detail::input_kind kind_of =
    Input::rank() == 2 ? detail::input_kind::held
    : std::is_same_v<typename Input::non_const_value_type, std::uint32_t>
        ? detail::input_kind::bits
        : detail::input_kind::values;
/// Step t of the last `few` samples.
template <class Input>
auto step_of(Input const& input, int t, int few) {
    auto const samples = static_cast<int>(input.extent(Input::rank() - 2));
    auto const last = std::pair(samples - few, samples);
    if constexpr (Input::rank() == 2) {
        Input const one("a step", few, input.extent(1));
        Kokkos::deep_copy(one, Kokkos::subview(input, last, Kokkos::ALL));
        return one;
    } else {
        Kokkos::View<typename Input::data_type, Kokkos::LayoutRight, space> const one(
            "a step", 1, few, input.extent(2));
        for (int k = 0; k < few; ++k) // contiguous rows, which may cross to a device
            Kokkos::deep_copy(Kokkos::subview(one, 0, k, Kokkos::ALL),
                              Kokkos::subview(input, t, samples - few + k, Kokkos::ALL));
        return one;
    }
}

/// All steps at once by slices, and one by one by samples; and on from there. Of many samples the
/// last ones are looked at, which come late in their teams.
template <class T, class Network, class Input>
void whole_and_steps(Network const& network, Input const& input, int steps, int batch,
                     std::vector<std::string> const& spiking) {
    constexpr auto kind = kind_of<Input>;
    using schedule = detail::plan::schedule<Network, kind == detail::input_kind::bits>;
    using kernel = detail::sliced_kernel<schedule, T, kind, trace_readout, space>;
    int const few = std::min(batch, 3);
    static_assert(detail::is_sliced<schedule, T>);
    REQUIRE(detail::slice_plan<kernel, space>(space(), steps, batch).tickets > 0);
    REQUIRE(detail::slice_plan<kernel, space>(space(), 1, few).tickets == 0);
    model<Network, T, space> whole{network, {.steps = steps, .batch = batch, .seed = 3}},
        by_steps{network,
                 {.steps = 1,
                  .batch = few,
                  .seed = 3,
                  .first_sample = static_cast<std::uint32_t>(batch - few)}};
    for (std::string const& layer : spiking) whole.record(layer, "spikes");
    for (int run = 0; run < 2; ++run) {
        auto const all = numbers_of(whole(input, trace));
        std::size_t const row = all.size() / static_cast<std::size_t>(steps * batch);
        std::vector<double> together, one_by_one;
        for (int t = 0; t < steps; ++t) {
            auto const end = all.begin() + static_cast<std::ptrdiff_t>(row) * (t + 1) * batch;
            together.insert(together.end(), end - static_cast<std::ptrdiff_t>(row) * few, end);
            auto const step = numbers_of(by_steps(step_of(input, t, few), trace));
            one_by_one.insert(one_by_one.end(), step.begin(), step.end());
        }
        INFO("run " << run);
        CHECK(together == one_by_one);
        for (std::string const& layer : spiking) {
            auto const words = numbers_of(whole.recorded_spikes(layer));
            INFO(layer << " fires");
            CHECK(std::any_of(words.begin(), words.end(), [](double word) { return word != 0; }));
        }
    }
}

constexpr auto pictures = input<150> >> scale(1) >>
                          iaf({.threshold = 2}) >> linear<70>(no_bias) >> iaf
                          >> linear<10>(no_bias) >> iaf;

} // namespace

TEST_CASE("slices: neurons that read the network's input as it stands") {
    constexpr int steps = 70, batch = 3; // more than a block of steps
    whole_and_steps<float>(input<150> >> lif_adex,
                           wave(values<float>("currents", steps, batch, 150), 40), steps, batch,
                           {"lif_adex 1"});
    whole_and_steps<double>(input<600> >> lif >> li,
                            wave(values<double>("currents", steps, batch, 600), 3), steps, batch,
                            {"lif 1"});
    whole_and_steps<float>(input<77> >> noisy_exp_syn >> lif,
                           test::random_spikes(steps, batch, 77, 0.3, 1), steps, batch, {"lif 1"});
    whole_and_steps<float>(input<40> >> poisson >> li, wave(held<float>("rates", batch, 40), 1),
                           steps, batch, {"poisson 1"});
    constexpr int many = 1100; // more than a large device runs at a time
    whole_and_steps<float>(input<150> >> lif_adex,
                           wave(values<float>("currents", 20, many, 150), 40), 20, many,
                           {"lif_adex 1"});
}
TEST_CASE("slices: neurons before layers of weights") {
    constexpr int steps = 70, batch = 3;
    std::vector<std::string> const spiking = {"iaf 1", "iaf 2", "iaf 3"};
    whole_and_steps<float>(pictures, wave(held<float>("images", batch, 150), 3), steps, batch,
                           spiking);
    whole_and_steps<double>(pictures, wave(values<double>("videos", steps, batch, 150), 3), steps,
                            batch, spiking);
    whole_and_steps<float>(pictures, wave(held<float>("images", 300, 150), 3), 20, 300, spiking);
}
TEST_CASE("slices: layers of weights") {
    constexpr int steps = 70, batch = 3;
    whole_and_steps<float>(input<200> >> linear<70> >> lif >> linear<130> >> leaky >> linear<20> >>
                               li,
                           test::random_spikes(steps, batch, 200, 0.3, 1), steps, batch, {});
    whole_and_steps<float>(input<1100> >> linear<40> >> lif >> linear<5> >> li, // words five each
                           test::random_spikes(steps, batch, 1100, 0.2, 1), steps, batch, {});
}
TEST_CASE("slices: layers behind numbers") {
    constexpr int steps = 70, batch = 3;
    whole_and_steps<float>(input<200> >> linear<70> >> lif >> linear<20> >> li >> linear<40> >> li,
                           wave(values<float>("currents", steps, batch, 200), 2), steps, batch,
                           {"lif 1"});
    whole_and_steps<float>(input<77> >> linear<130>(no_bias) >> leaky >> linear<20> >> li,
                           wave(values<float>("currents", steps, batch, 77), 1), steps, batch,
                           {"leaky 1"});
    whole_and_steps<double>(input<130> >> linear<40> >> lif,
                            wave(values<double>("currents", 20, 300, 130), 4), 20, 300, {"lif 1"});
}
TEST_CASE("slices: a model says how it runs") {
    model const sliced{pictures, {}, precision<float>};
    CHECK(describe(sliced).find("numbers: by slices of 160, 64, 32 neurons, of few steps a sample "
                                "a team\n") != std::string::npos);
    model const loop{input<4> >> linear<40> >> recurrent(lif), {}, precision<float>};
    CHECK(describe(loop).find("packed spikes: a sample a team\nnumbers: a sample a team\n") !=
          std::string::npos);
}
namespace {

/// Twelve steps of one sample are too few for slices; 300 samples that are all the same have the
/// gradient of one.
template <class Input, class Network>
void same_gradient(Network const& network) {
    constexpr int steps = 12;
    constexpr auto kind = kind_of<Input>;
    constexpr auto width = static_cast<std::size_t>(model<Network>::inputs);
    auto const gradient = [&](int batch, bool by_slices) {
        using schedule = detail::plan::schedule<Network, false>;
        using kernel = detail::sliced_kernel<schedule, float, kind, counts_readout, space,
                                             detail::purpose::tape>;
        REQUIRE((detail::slice_plan<kernel, space>(space(), steps, batch).tickets > 0) ==
                by_slices);
        model<Network, float, space> one{network, {.steps = steps, .batch = batch, .seed = 3}};
        backpropagation back{one, cross_entropy(counts)};
        back.set_labels(std::vector<int>(static_cast<std::size_t>(batch), 1));
        Input input;
        auto const samples = static_cast<std::size_t>(batch);
        if constexpr (kind == detail::input_kind::held) {
            input = Input("images", samples, width);
        } else {
            input = Input("numbers", steps, samples, width);
        }
        test::fill(input, [&](std::size_t k) {
            std::size_t const n = k % width + k / (width * samples) * 7; // of neuron and step
            return 3 * std::abs(std::sin(static_cast<double>(n * n)));
        });
        back.run(input);
        return back.gradient("linear 1", "weight");
    };
    auto const alone = gradient(1, false), mean = gradient(300, true);
    CHECK(std::any_of(alone.begin(), alone.end(), [](float g) { return g != 0; }));
    float worst = 0, largest = 0;
    for (std::size_t k = 0; k < alone.size(); ++k) {
        worst = std::max(worst, std::abs(mean[k] - alone[k]));
        largest = std::max(largest, std::abs(alone[k]));
    }
    CHECK(worst <= 1e-5f * largest);
}

} // namespace

TEST_CASE("slices: the tape of neurons before layers of weights") {
    same_gradient<held<float>>(pictures);
}
TEST_CASE("slices: the tape of layers behind numbers") {
    same_gradient<values<float>>(input<40> >> linear<70> >> lif >> linear<3> >> li);
}
