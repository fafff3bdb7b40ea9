// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gradients beside central differences, for networks with loops, branches and learnable constants,
// whose neurons are smooth; and what a backward run promises: the same bits for any number of
// threads and on every run, in pieces as far as pieces go. All of it a second time with one lane;
// what lanes have no part in stands in backpropagation_test.cpp.
#include "../support/gradients.hpp"
#include "../support/says.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>

using namespace spikefuse;
using spikefuse::detail::lanes;

// A network for each of these costs a compiler seconds, so each has several joints; a joint, a
// readout, a loss and a place of a layer that changes what is compiled stands in one of them.
namespace {

constexpr auto tuned = population<4>({.highest = 2.5, .tuning_width = 0.6});
/// A population of the input, a loop of neurons and a chain.
constexpr auto chain_and_loop = input<4> >> tuned >> linear<9> >>
                                recurrent(smooth) >> linear<20> >> soft >> linear<3> >> li;
/// Of 8 numbers a register: four together, and one that remains.
constexpr auto neurons_alone = input<35> >> smooth >> scale(0.5);

} // namespace

TEST_CASE("central differences: a chain, a loop, a population of the input; activity that is "
          "charged for, below and above its bounds") {
    check_gradients(chain_and_loop, cross_entropy(counts), some_labels);
    check_gradients(chain_and_loop, cross_entropy(counts), [](auto& back, int steps, int batch) {
        some_labels(back, steps, batch);
        back.penalize("neuron 1", {.least = 0.5, .most = 0.6, .strength = 300});
        back.penalize("neuron 2", {.most = 0.01, .strength = 50});
    });
}
TEST_CASE("central differences: a loop that holds weights, a population behind joined layers, the "
          "largest of every output") {
    check_gradients(input<4> >> recurrent(linear<17> >> soft >> scale(0.7), through(linear<4>)) >>
                        linear<5> >> smooth >> (identity | scale(0.5)) >>
                        population<3>({.tuning_width = 0.3}) >> linear<3> >> smooth,
                    cross_entropy(max_over_time), some_labels);
}
TEST_CASE("central differences: branches, a population in one, one buffer in two places of a "
          "joined layer, and a loss of the trace") {
    check_gradients(input<6> >> (identity + (linear<6> >> soft)) >>
                        ((linear<4> >> soft >> tuned) | (scale(0.5) >> li)) >> linear<9> >>
                        recurrent(soft) >> (identity | identity | linear<4>) >> linear<2> >> soft,
                    mean_squared(trace),
                    [](auto& back, int steps, int batch) { some_targets(back, steps, batch, 2); });
}
TEST_CASE("central differences: neurons without weights, alone, over several blocks") {
    check_gradients(
        neurons_alone, mean_squared(trace),
        [](auto& back, int steps, int batch) { some_targets(back, steps, batch, 35); }, 70, 16);
}
namespace {

/// What a layer of weights gives to another one, to a loop, to a joined layer and to a sum; spikes
/// joined with values.
constexpr auto everything = input<70> >> linear<48> >> linear<40> >>
                            recurrent(lif(superspike<10>, detached)) >> linear<30> >>
                            (identity | recurrent(lif(superspike<10>, detached))) >>
                            (linear<40> + linear<40>) >>
                            ((linear<20> >> synaptic) | identity) >> linear<5> >> li;
constexpr auto chain = input<70> >> linear<256> >>
                       lif(superspike<10>, detached) >> linear<10> >> li;

/// Weights with which every layer of spiking neurons has something to say.
template <class Model>
void let_neurons_fire(Model& of) {
    for (auto const& p : of.parameters())
        if (p.shape.size() == 2) {
            auto weight = of.get(p.layer, p.name);
            for (float& w : weight) w = w * 2 + 0.05f;
            of.set(p.layer, p.name, weight);
        }
}

} // namespace

TEST_CASE("the same bits for any number of threads, any spacing of the tape, and every time") {
    constexpr int steps = 90;
    auto const space = Kokkos::DefaultExecutionSpace();
    for (int batch : {1, 7}) {
        auto const spikes = test::random_spikes(steps, batch, 70, 0.15, 4);
        auto const run = [&](auto const& where, int checkpoint, int groups = 0) {
            model one{everything, {.steps = steps, .batch = batch, .seed = 3}};
            let_neurons_fire(one);
            backpropagation back{one,
                                 cross_entropy(max_over_time),
                                 {.checkpoint_steps = checkpoint, .groups = groups}};
            std::vector<int> labels(static_cast<std::size_t>(batch), 2);
            back.set_labels(labels);
            back.run(where, spikes);
            where.fence();
            std::vector<float> all;
            for (auto const& p : one.parameters())
                for (float g : back.gradient(p.layer, p.name)) all.push_back(g);
            all.push_back(back.loss());
            return all;
        };
        auto const whole = run(space, 0);
        REQUIRE(std::count_if(whole.begin(), whole.end(), [](float g) { return g != 0; }) > 1000);
        REQUIRE(run(space, 0) == whole);
        if (space.concurrency() > 1) {
            auto const parts = Kokkos::Experimental::partition_space(space, 1, 1);
            REQUIRE(run(parts[0], 0) == whole);
            REQUIRE(run(parts[0], 0, 1) == run(space, 0, 1)); // one group: all threads share it
        }
        // Where blocks begin and end only regroups sums over steps: the same up to rounding.
        auto const close = [&](std::vector<float> const& other) {
            float largest = 0;
            for (float g : whole) largest = std::max(largest, std::abs(g));
            for (std::size_t k = 0; k < whole.size(); ++k)
                REQUIRE(std::abs(other[k] - whole[k]) < 1e-5f * largest);
        };
        close(run(space, 7));
    }
}

template <class Network>
void compare_with_mean_of_samples(Network network, int steps) {
    constexpr int batch = 9;
    auto const spikes = test::random_spikes(steps, batch, 70, 0.15, 4);
    auto const gradients = [&](int samples, int first, int groups,
                               int checkpoint = 0) { // of each array
        model one{network, {.steps = steps, .batch = samples, .seed = 3}};
        let_neurons_fire(one);
        backpropagation back{
            one, cross_entropy(max_over_time), {.checkpoint_steps = checkpoint, .groups = groups}};
        std::vector<int> labels;
        for (int b = first; b < first + samples; ++b) labels.push_back(b % 5);
        back.set_labels(labels);
        auto const taken =
            std::pair(static_cast<std::size_t>(first), static_cast<std::size_t>(first + samples));
        std::remove_const_t<decltype(spikes)> const input(
            "input", steps, static_cast<std::size_t>(samples), spikes.extent(2));
        Kokkos::deep_copy(input, Kokkos::subview(spikes, Kokkos::ALL, taken, Kokkos::ALL));
        back.run(input);
        Kokkos::fence();
        std::vector<std::vector<float>> all{{back.loss()}};
        for (auto const& p : one.parameters()) all.push_back(back.gradient(p.layer, p.name));
        return all;
    };
    auto mean = gradients(1, 0, 1);
    for (int b = 1; b < batch; ++b) {
        auto const one = gradients(1, b, 1);
        for (std::size_t p = 0; p < mean.size(); ++p)
            for (std::size_t k = 0; k < mean[p].size(); ++k) mean[p][k] += one[p][k];
    }
    auto const compare = [&](std::vector<std::vector<float>> const& whole) {
        for (std::size_t p = 0; p < mean.size(); ++p) {
            float largest = 0;
            for (float g : mean[p]) largest = std::max(largest, std::abs(g));
            REQUIRE(largest > 0);
            for (std::size_t k = 0; k < mean[p].size(); ++k) {
                INFO("array " << p << ", number " << k << ": " << whole[p][k] << ", mean "
                              << mean[p][k] / batch);
                REQUIRE(std::abs(whole[p][k] - mean[p][k] / batch) < 1e-4f * largest / batch);
            }
        }
    };
    for (int groups : {1, 2, 4, 9})
        compare(
            gradients(batch, 0, groups)); // together: 4, 4 and 1; 4 and 1, and 4; 3, and 2 each; 1
    compare(gradients(batch, 0, 2, 7));   // the last block is shorter
}

TEST_CASE("a batch's gradients are the mean of its samples', however many are undone together or "
          "stand on the tape at a time") {
    compare_with_mean_of_samples(everything, 50);
    if (!SPIKEFUSE_HOST_LANES) return;             // what follows is how samples share lanes
    compare_with_mean_of_samples(everything, 300); // four of one group, and then the next
    compare_with_mean_of_samples(chain, 1000);
}
TEST_CASE("packed spikes behind weights give the gradients of the same spikes as values") {
    constexpr int steps = 90, batch = 7;
    auto const spikes = test::random_spikes(steps, batch, 70, 0.15, 4);
    auto const run = [&](auto const& input) {
        model one{chain, {.steps = steps, .batch = batch, .seed = 3}};
        let_neurons_fire(one);
        backpropagation back{one, cross_entropy(max_over_time)};
        back.set_labels(std::vector<int>(batch, 2));
        back.run(input);
        Kokkos::fence();
        std::vector<float> all;
        for (auto const& p : one.parameters())
            for (float g : back.gradient(p.layer, p.name)) all.push_back(g);
        all.push_back(back.loss());
        return all;
    };
    auto const packed = run(spikes), unpacked = run(test::unpacked<float>(spikes, 70));
    float largest = 0;
    for (float g : packed) largest = std::max(largest, std::abs(g));
    REQUIRE(std::count_if(packed.begin(), packed.end(), [](float g) { return g != 0; }) > 1000);
    for (std::size_t k = 0; k < packed.size(); ++k)
        REQUIRE(std::abs(unpacked[k] - packed[k]) < 1e-5f * largest);
}

TEST_CASE(
    "wide weights: blocks of more steps than a word has bits give the gradients of short ones") {
    constexpr auto network = input<1100> >> linear<600> >> lif(superspike<10>, detached);
    constexpr int steps = SPIKEFUSE_HOST_LANES ? 200 : 80, batch = 3;
    auto const gradient = [&](auto const& spikes, int checkpoint, auto const& look_at) {
        model one{network, {.steps = steps, .batch = batch, .seed = 3}};
        auto weight = one.get("linear 1", "weight");
        for (float& w : weight) w = w * 4 + 0.02f;
        one.set("linear 1", "weight", weight);
        backpropagation back{one, mean_squared(counts), {.checkpoint_steps = checkpoint}};
        back.set_targets(std::vector<float>(static_cast<std::size_t>(batch) * 600, 3.0f));
        back.run(spikes);
        Kokkos::fence();
        look_at(back);
        return back.gradient("linear 1", "weight");
    };
    for (double share : {0.1, 0.4}) {
        auto const spikes = test::random_spikes(steps, batch, 1100, share, 4);
        auto const whole = gradient(spikes, 0, [](auto const& back) { // a device has short blocks
            REQUIRE((lanes<float>::width == 1 || back.block() > 128));
        });
        auto const parts =
            gradient(spikes, 50, [](auto const& back) { REQUIRE(back.block() == 50); });
        float largest = 0;
        for (float g : whole) largest = std::max(largest, std::abs(g));
        REQUIRE(largest > 0);
        int differ = 0;
        for (std::size_t k = 0; k < whole.size(); ++k)
            differ += std::abs(whole[k] - parts[k]) < 1e-4f * largest ? 0 : 1;
        REQUIRE(differ == 0);
    }
}

namespace {
constexpr bool in_one_launch = detail::trains_in_one_launch<Kokkos::DefaultExecutionSpace>;
}
TEST_CASE("forward with a tape gives what a plain run gives, and a tape is small") {
    constexpr int steps = 100, batch = 8;
    auto const spikes = test::random_spikes(steps, batch, 70, 0.1, 4);
    model one{chain, {.steps = steps, .batch = batch, .seed = 3}};
    auto const plain = test::host(one(spikes, max_over_time));
    backpropagation back{one, cross_entropy(max_over_time)};
    back.set_labels(std::vector<int>(batch, 1));
    back.run(spikes);
    Kokkos::fence();
    auto const readout = test::host(back.readout());
    for (std::size_t k = 0; k < plain.size(); ++k) REQUIRE(readout(k) == plain.data()[k]);
    REQUIRE(back.keeps_currents(steps));
    REQUIRE(back.tape_bytes(steps) <
            1.2 * sizeof(float) * steps * batch * (256 + 10)); // a number a neuron and step
    if (!in_one_launch) return; // all samples run forward first: the tape is of the whole batch
    model many{chain, {.steps = steps, .batch = 100 * batch}};
    backpropagation of_many{many, cross_entropy(max_over_time), {.groups = 2}};
    REQUIRE(of_many.tape_bytes(steps) < 2 * 600 * 1024); // of samples at work, not of the batch
}

template <class Network>
void compare_without_currents(Network network) {
    constexpr int steps = 100, batch = 8;
    auto const spikes = test::random_spikes(steps, batch, 70, 0.1, 4);
    model one{network, {.steps = steps, .batch = batch, .seed = 3}};
    backpropagation back{one, cross_entropy(max_over_time)},
        small{one, cross_entropy(max_over_time), {.tape_megabytes = 0}};
    REQUIRE(back.keeps_currents(steps));
    REQUIRE(!small.keeps_currents(steps));
    for (auto* const each : {&back, &small}) {
        each->set_labels(std::vector<int>(batch, 1));
        each->run(spikes);
        Kokkos::fence();
    }
    for (auto const& p : one.parameters()) {
        INFO(p.layer << " " << p.name);
        auto const kept = back.gradient(p.layer, p.name), without = small.gradient(p.layer, p.name);
        if (in_one_launch) {
            REQUIRE(without == kept);
        } else { // weights' are summed in another order
            float largest = 0, apart = 0;
            for (std::size_t k = 0; k < kept.size(); ++k) {
                largest = std::max(largest, std::abs(kept[k]));
                apart = std::max(apart, std::abs(kept[k] - without[k]));
            }
            REQUIRE(apart <= 1e-5f * largest);
        }
    }
    REQUIRE(small.tape_bytes(steps) * 4 < back.tape_bytes(steps));
}
TEST_CASE("without currents the tape is what a block begins with, and the gradients are the same") {
    compare_without_currents(chain);
    compare_without_currents(everything);
}

template <class Network, class Loss, class Prepare>
void compare_without_constants(Network network, Loss loss, Prepare const& prepare) {
    constexpr int steps = 40, batch = 3;
    model one{network, {.steps = steps, .batch = batch, .seed = 3}, precision<double>};
    values const x = random_values(steps, batch, decltype(one)::inputs, 2);
    backpropagation back{one, loss};
    prepare(back, steps, batch);
    back.want_input_gradient();
    auto const gradients = [&](bool constants) {
        back.want_constant_gradients(constants);
        back.run(x);
        Kokkos::fence();
        std::vector<std::vector<double>> all{listed(back.input_gradient())};
        for (auto const& p : one.parameters()) {
            if (!one.is_neurons(p.layer) || constants) {
                all.push_back(back.gradient(p.layer, p.name));
            } else {
                SAYS(value_error, back.gradient(p.layer, p.name), "Call want_constant_gradients()");
                all.emplace_back();
            }
        }
        return all;
    };
    auto const all = gradients(true), some = gradients(false), again = gradients(true);
    REQUIRE(again == all);
    for (std::size_t a = 0; a < all.size(); ++a) {
        if (some[a].empty()) continue;
        double largest = 0;
        for (double g : all[a]) largest = std::max(largest, std::abs(g));
        REQUIRE(largest > 0);
        for (std::size_t k = 0; k < all[a].size(); ++k)
            REQUIRE(std::abs(some[a][k] - all[a][k]) <= 1e-12 * largest);
    }
}
TEST_CASE("told to leave out the gradients of neurons' constants, a run gives all others") {
    compare_without_constants(chain_and_loop, cross_entropy(counts), some_labels);
    compare_without_constants(
        neurons_alone, mean_squared(trace),
        [](auto& back, int steps, int batch) { some_targets(back, steps, batch, 35); });
}
