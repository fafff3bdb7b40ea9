// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a simulation does with a model between its steps: episodes end at different times, states
// are read and written where they lie, kernels have a name.
#include "../support/random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <set>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

namespace {
constexpr auto network_type = input<20> >> linear<12> >> recurrent(lif) >> linear<3> >> li;
using space = Kokkos::DefaultExecutionSpace;

/// Sample b of a run that begins at rest in step `begin` of an input.
template <class Input>
std::vector<float> alone(Input const& input, int b, int begin, int end) {
    auto whole = model{network_type, {.steps = 1, .batch = int(input.extent(1))}};
    auto const all = test::host(
        whole(Kokkos::subview(input, std::pair<int, int>(begin, end), Kokkos::ALL, Kokkos::ALL)));
    std::vector<float> last;
    for (std::size_t n = 0; n < 3; ++n)
        last.push_back(all(all.extent(0) - 1, static_cast<std::size_t>(b), n));
    return last;
}
auto unpacked_step(int samples) {
    return Kokkos::View<float**, Kokkos::LayoutRight>("seen", static_cast<std::size_t>(samples),
                                                      20);
}
} // namespace

TEST_CASE("samples that a mask or a list names start from rest, the others go on") {
    constexpr int batch = 4, steps = 9;
    auto const spikes = test::random_spikes(steps, batch, 20, 0.4, 2);
    for (bool with_mask : {true, false}) {
        auto network = model{network_type, {.steps = 1, .batch = batch}};
        auto const range = [&](int from, int to) {
            return Kokkos::subview(spikes, std::pair<int, int>(from, to), Kokkos::ALL, Kokkos::ALL);
        };
        network(range(0, 5));
        if (with_mask) {
            Kokkos::View<bool*> const mask("mask", batch);
            test::fill(mask, [](std::size_t k) { return k == 1 || k == 3; });
            network.reset(space(), mask);
        } else {
            Kokkos::View<int*> const list("list", 2);
            test::fill(list, [](std::size_t k) { return k == 0 ? 3 : 1; });
            network.reset(space(), list);
        }
        auto const seen = test::host(network(range(5, steps)));
        for (int b = 0; b < batch; ++b) {
            auto const wanted = alone(spikes, b, b == 1 || b == 3 ? 5 : 0, steps);
            for (std::size_t n = 0; n < 3; ++n)
                CHECK(seen(steps - 6, static_cast<std::size_t>(b), n) == wanted[n]);
        }
    }
}
TEST_CASE("before the first run there is nothing to reset, and a mask is of no more samples than "
          "there are") {
    auto network = model{network_type, {.steps = 1, .batch = 3}};
    Kokkos::View<bool*> const mask("mask", 3);
    Kokkos::deep_copy(mask, true);
    network.reset(space(), mask);
    auto const spikes = test::random_spikes(4, 3, 20, 0.4, 2);
    auto other = model{network_type, {.steps = 1, .batch = 3, .name = nullptr}};
    auto const a = test::host(network(spikes)), b = test::host(other(spikes));
    for (std::size_t k = 0; k < a.size(); ++k) CHECK(a.data()[k] == b.data()[k]);
    CHECK_THROWS_WITH(network.reset(space(), Kokkos::View<bool*>("mask", 4)),
                      "spikefuse::shape_error: the mask of samples is [4] (this model was made for "
                      ".batch = 3). Pass one "
                      "bool a sample, or a list: a view of int");
}
TEST_CASE("a run of fewer samples has the bits of a model of so many, and leaves the others") {
    constexpr int batch = 5, steps = 4;
    auto network = model{network_type, {.steps = steps, .batch = batch}};
    network.record("lif 1", "v");
    network.record("lif 1", "spikes");
    std::vector<decltype(network)> each; // a model a sample, which runs when that does
    for (int b = 0; b < batch; ++b) {
        each.emplace_back(network_type, settings{.steps = steps, .batch = 1});
        each.back().record("lif 1", "v");
        each.back().record("lif 1", "spikes");
    }
    auto const check = [&](int samples, unsigned seed) {
        auto const spikes = test::random_spikes(steps, samples, 20, 0.4, seed);
        auto const seen = test::host(network(spikes));
        auto const v = test::host(network.recorded("lif 1", "v"));
        auto const fired = test::host(network.recorded_spikes("lif 1"));
        CHECK(seen.extent(1) == static_cast<std::size_t>(samples));
        CHECK(v.extent(1) == static_cast<std::size_t>(samples));
        CHECK(fired.extent(1) == static_cast<std::size_t>(samples));
        for (std::size_t b = 0; b < static_cast<std::size_t>(samples); ++b) {
            auto& alone = each[b];
            auto const one = [](auto const& view, std::size_t of) {
                Kokkos::View<typename std::decay_t<decltype(view)>::non_const_value_type***,
                             Kokkos::LayoutRight> const copy("one", view.extent(0), 1,
                                                             view.extent(2));
                auto const from = test::host(view);
                test::fill(copy, [&](std::size_t k) {
                    return from(k / view.extent(2), of, k % view.extent(2));
                });
                return copy;
            };
            auto const wanted = test::host(alone(one(spikes, b)));
            auto const wanted_v = test::host(alone.recorded("lif 1", "v"));
            auto const wanted_fired = test::host(alone.recorded_spikes("lif 1"));
            for (std::size_t t = 0; t < steps; ++t) {
                for (std::size_t n = 0; n < 3; ++n) REQUIRE(seen(t, b, n) == wanted(t, 0, n));
                for (std::size_t n = 0; n < 12; ++n) REQUIRE(v(t, b, n) == wanted_v(t, 0, n));
                REQUIRE(fired(t, b, 0) == wanted_fired(t, 0, 0));
            }
        }
    };
    for (int samples : {3, 1, 5, 2, 4}) check(samples, static_cast<unsigned>(samples));
    network.reset();
    for (auto& one : each) one.reset();
    check(2, 7); // the others begin at rest when they run next
    std::vector<float> states;
    for (auto& one : each)
        for (float const v : one.state("lif 1", "v")) states.push_back(v);
    CHECK(network.state("lif 1", "v") == states); // with the states that they will begin with
    Kokkos::View<bool*> const mask("mask", 2);    // of those that run
    test::fill(mask, [](std::size_t k) { return k == 1; });
    network.reset(space(), mask);
    each[1].reset();
    check(4, 8);
    auto const v = test::host(network.state_view("li 1", "v")); // the last begins now
    for (std::size_t b = 0; b < batch; ++b)
        for (std::size_t n = 0; n < 3; ++n) CHECK(v(b, n) == each[b].state("li 1", "v")[n]);
    check(5, 9);
    CHECK(test::host(network.step(unpacked_step(3))).extent(0) == 3);
    CHECK_THROWS_WITH(network(test::random_spikes(4, 6, 20, 0.4, 2)),
                      "spikefuse::shape_error: the input is [4, 6, 1], it holds 6 samples (this "
                      "model was made for .batch = 5). Pass 1 to 5, or make a model with another "
                      ".batch");
    CHECK_THROWS_AS(network(test::spike_view("none", 4, 0, 1)), shape_error);
    Kokkos::View<float**, Kokkos::LayoutRight> const wide("wide", 5, 3);
    CHECK_THROWS_WITH(network.run(space(), unpacked_step(3), last_step, wide),
                      "spikefuse::shape_error: the output view is [5, 3] (this run writes [3, 3])"
                      ". Pass a view [3, 3]");
}
TEST_CASE("a state is read and written where it lies") {
    auto network = model{network_type, {.steps = 1, .batch = 2}};
    auto const spikes = test::random_spikes(4, 2, 20, 0.4, 2);
    auto const v = network.state_view("li 1", "v");
    CHECK(v.extent(0) == 2);
    CHECK(v.extent(1) == 3);
    network(spikes);
    auto const as_vector = network.state("li 1", "v");
    Kokkos::View<float**, Kokkos::LayoutRight> const copy("copy", 2, 3);
    Kokkos::parallel_for(
        1, KOKKOS_LAMBDA(int) {
            for (int b = 0; b < 2; ++b)
                for (int n = 0; n < 3; ++n) copy(b, n) = v(b, n), v(b, n) = float(10 * b + n);
        });
    auto const seen = test::host(copy);
    for (std::size_t k = 0; k < 6; ++k) CHECK(seen.data()[k] == as_vector[k]);
    CHECK(network.state("li 1", "v") == std::vector<float>{0, 1, 2, 10, 11, 12});
    CHECK_THROWS_AS(network.state_view("lif 1", "spikes"), name_error);
    CHECK_THROWS_AS(network.state_view("lif 1", "voltage"), name_error);
}
TEST_CASE("runs that are looked at: the bits of others, and dead or saturated neurons by name") {
    constexpr int steps = 40, batch = 3;
    auto const quiet = test::random_spikes(steps, batch, 20, 0, 2);
    auto const busy = test::random_spikes(steps, batch, 20, 0.4, 2);
    auto network = model{network_type, {.steps = steps, .batch = batch}};
    network.set("linear 1", "bias", 0);
    auto plain = network;
    CHECK(network.findings().empty());
    network.check_runs();
    CHECK(network.findings().empty()); // nothing ran
    network(quiet);
    auto found = network.findings();
    REQUIRE(found.size() == 1);
    CHECK(found[0].fault == activity_fault::dead);
    CHECK(found[0].sentence == "'lif 1' is dead: none of its 12 neurons fired in 120 steps (of all "
                               "samples). Give it larger weights or inputs, a lower threshold, or "
                               "more steps.");
    std::vector<double> bias(12, 1);   // some fire now and then ...
    bias[4] = bias[9] = -50;           // ... two never
    bias[7] = bias[8] = bias[10] = 50; // ... and three all the time
    for (auto* one : {&network, &plain}) one->set("linear 1", "bias", bias), one->reset();
    network.check_runs(); // counts anew
    auto const a = test::host(network(busy)), b = test::host(plain(busy));
    for (std::size_t k = 0; k < a.size(); ++k) CHECK(a.data()[k] == b.data()[k]);
    found = network.findings();
    REQUIRE(found.size() == 2);
    CHECK(found[0].fault == activity_fault::dead);
    CHECK(found[0].neurons == 2);
    CHECK(found[0].first == 4);
    CHECK(found[0].of == 12);
    CHECK(found[1].sentence ==
          "3 of the 12 neurons of 'lif 1' fired in 9 of 10 of 120 steps (of all samples), the "
          "first is neuron 7. Give it smaller weights or inputs, a higher threshold, or a "
          "refractory time.");
    auto const copy = network; // knows what was counted
    CHECK(copy.findings().size() == 2);
    Kokkos::View<float***, Kokkos::LayoutRight> const longer("x", steps + 1, batch, 20);
    CHECK_THROWS_AS(network(longer), shape_error);
}
TEST_CASE("runs that are looked at: the first number that is not finite, and where") {
    auto network = model{network_type, {.steps = 5, .batch = 3}};
    auto copy = network;
    network.check_runs();
    Kokkos::View<float***, Kokkos::LayoutRight> const x("x", 5, 3, 20);
    test::fill(x, [](std::size_t k) { return k >= 3 * 3 * 20 + 20 && k < 3 * 3 * 20 + 40; });
    std::vector<float> weights(12 * 20, 0.f);
    for (std::size_t k = 0; k < 20; ++k) weights[5 * 20 + k] = 3e38f; // of neuron 5
    for (auto* one : {&network, &copy}) one->set("linear 1", "weight", weights);
    CHECK_NOTHROW(copy(x)); // nobody looks
    using Catch::Matchers::ContainsSubstring;
    CHECK_THROWS_WITH(
        network(x),
        ContainsSubstring("spikefuse::value_error: 'i' of 'lif 1' is ") &&
            ContainsSubstring(
                " in step 3, sample 1, neuron 5 (the first number that is not finite: steps "
                "before, and layers before, are). Look at the input of that step, and at the "
                "weights, dt or learning rate before 'lif 1'; recorded(\"lif 1\", \"i\") shows "
                "the steps before"));
    CHECK(!std::isfinite(test::host(network.recorded("lif 1", "i"))(3, 1, 5)));
    network.reset();
    for (std::size_t k = 0; k < 20; ++k) weights[5 * 20 + k] = 0;
    network.set("linear 1", "weight", weights);
    CHECK_NOTHROW(network(x));
}
TEST_CASE("a model's name stands before its kernels' names") {
    static std::set<std::string> names;
    Kokkos::Tools::Experimental::set_begin_parallel_for_callback(
        [](char const* name, std::uint32_t, std::uint64_t*) { names.insert(name); });
    auto network = model{network_type, {.steps = 1, .batch = 2, .name = "brain"}};
    network(test::random_spikes(4, 2, 20, 0.4, 2));
    Kokkos::Tools::Experimental::set_begin_parallel_for_callback(nullptr);
    CHECK(names.count("brain: spikefuse::forward") == 1);
    CHECK(names.count("spikefuse::forward") == 0);
}
