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
        each.emplace_back(network_type, model_settings{.steps = steps, .batch = 1});
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
                             Kokkos::LayoutRight>
                    copy("one", view.extent(0), 1, view.extent(2));
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
TEST_CASE("parameters are read and written where they lie, and copied where the model computes") {
    auto network = model{network_type, {.steps = 6, .batch = 2, .seed = 4}};
    auto other = model{network_type, {.steps = 6, .batch = 2, .seed = 5}}, third = other;
    auto const spikes = test::random_spikes(6, 2, 20, 0.4, 2);
    for (auto const& one : network.parameters()) {
        INFO(one.layer << " " << one.name);
        auto const wanted = network.get(one.layer, one.name);
        auto const from = network.parameter_view(one.layer, one.name),
                   to = other.parameter_view(one.layer, one.name);
        int const rows = static_cast<int>(from.extent(0)),
                  columns = one.shape.size() == 2 ? static_cast<int>(from.extent(1)) : 1;
        CHECK(from.size() == wanted.size());
        Kokkos::View<float*> const seen("seen", wanted.size());
        Kokkos::parallel_for(
            rows, KOKKOS_LAMBDA(int r) {
                for (int c = 0; c < columns; ++c)
                    seen(r * columns + c) = from(r, c), to(r, c) = from(r, c);
            });
        auto const h = test::host(seen);
        CHECK(std::vector<float>(h.data(), h.data() + h.size()) == wanted);
        if (one.shape.size() == 2) { // any strides
            Kokkos::View<float**, Kokkos::LayoutLeft> const copy("copy", rows, columns),
                back("back", rows, columns);
            network.get(space(), one.layer, one.name, copy);
            third.set(space(), one.layer, one.name, copy);
            third.get(space(), one.layer, one.name, back);
            auto const a = test::host(copy), b = test::host(back);
            for (int r = 0; r < rows; ++r)
                for (int c = 0; c < columns; ++c) {
                    auto const k = static_cast<std::size_t>(r) * static_cast<std::size_t>(columns) +
                                   static_cast<std::size_t>(c);
                    REQUIRE(a(r, c) == wanted[k]);
                    REQUIRE(b(r, c) == wanted[k]);
                }
        } else {
            Kokkos::View<float*> const copy("copy", rows);
            network.get(space(), one.layer, one.name, copy);
            third.set(space(), one.layer, one.name, copy);
            CHECK_THROWS_AS(third.set(space(), "linear 1", "weight", copy), shape_error);
        }
    }
    auto const wanted = test::host(network(spikes));
    for (auto* one : {&other, &third}) {
        auto const seen = test::host((*one)(spikes));
        for (std::size_t k = 0; k < seen.size(); ++k) CHECK(seen.data()[k] == wanted.data()[k]);
    }
    // A loop without autapses keeps its diagonal.
    std::string const loop = "recurrent 1";
    Kokkos::View<float**> const ones("ones", 12, 12);
    Kokkos::deep_copy(ones, 1.f);
    network.set(space(), loop, "weight", ones);
    auto const weight = network.get(loop, "weight");
    for (std::size_t k = 0; k < 144; ++k) CHECK(weight[k] == (k / 12 == k % 12 ? 0.f : 1.f));
    CHECK_THROWS_WITH(
        network.set(space(), loop, "weight", Kokkos::View<float**>("few", 12, 11)),
        "spikefuse::shape_error: the view for 'weight' of '" + loop +
            "' has 2 extents and 132 numbers (this network's is [12, 12]). Pass a view [12, 12]");
    CHECK_THROWS_AS(network.parameter_view("lif 1", "weight"), name_error);
    // What is written there nobody looks at, but checked runs.
    auto const tau = network.parameter_view("lif 1", "tau_mem");
    Kokkos::parallel_for(1, KOKKOS_LAMBDA(int) { tau(3) = -1; });
    network.check_runs();
    CHECK_THROWS_AS(network(spikes), value_error);
}
TEST_CASE("models share parameters, and go on with states of the user's") {
    auto network = model{network_type, {.steps = 6, .batch = 2, .seed = 4}};
    auto const spikes = test::random_spikes(6, 2, 20, 0.4, 2);
    auto const alike = [&](auto& one, auto& other) {
        auto const a = test::host(one(spikes)), b = test::host(other(spikes));
        for (std::size_t k = 0; k < a.size(); ++k) CHECK(a.data()[k] == b.data()[k]);
    };
    auto shared = model{network_type, {.steps = 6, .batch = 3, .seed = 5}}; // of another batch
    shared.use_parameters(network.parameter_memory());
    network.set("linear 1", "bias", 0.5);
    CHECK(shared.get("linear 1", "bias") == network.get("linear 1", "bias"));
    alike(network, shared);
    auto apart = shared; // a copy has its own
    network.set("linear 1", "bias", 0.25);
    CHECK(apart.get("linear 1", "bias") != network.get("linear 1", "bias"));
    // Unmanaged memory.
    std::size_t const count = network.parameter_memory().size();
    Kokkos::View<float*> const memory("memory", count);
    Kokkos::deep_copy(memory, network.parameter_memory());
    Kokkos::View<float*, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const unmanaged(memory.data(),
                                                                                  count);
    apart.use_parameters(unmanaged);
    apart.reset(), network.reset();
    alike(network, apart);
    CHECK_THROWS_WITH(apart.use_parameters(Kokkos::View<float*>("few", 7)),
                      "spikefuse::shape_error: memory for parameters of 7 numbers (this model's "
                      "are " +
                          std::to_string(count) + "). Pass a view of that size");
    CHECK_THROWS_AS(apart.use_parameters(Kokkos::View<float*>(memory.data() + 1, count)),
                    value_error);
    // States: two models take turns with the same bodies.
    constexpr std::size_t size = decltype(network)::state_size;
    Kokkos::View<float**, Kokkos::LayoutRight> const states("states", 2, size);
    auto first = model{network_type, {.steps = 6, .batch = 2, .seed = 4}}, second = first,
         alone = first;
    alone(spikes);
    first(spikes);
    for (std::string const layer : {"lif 1", "li 1"})
        CHECK(first.state(layer, "v") == alone.state(layer, "v"));
    first.use_states(states); // at zero, where a lif rests
    second.use_states(states);
    alone.reset();
    for (auto* one : {&first, &second, &first}) alike(*one, alone);
    CHECK(second.state("li 1", "v") == alone.state("li 1", "v"));
    auto copy = second; // has its own
    alike(copy, alone);
    CHECK(second.state("li 1", "v") != alone.state("li 1", "v"));
    CHECK_THROWS_AS(second.use_states(Kokkos::View<float**, Kokkos::LayoutRight>("few", 3, size)),
                    shape_error);
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
