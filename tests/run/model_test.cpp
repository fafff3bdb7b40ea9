// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The engine's promises: known numbers, one launch, no allocation, chunked = whole, any thread
// count = the same bits.
#include "../support/random_spikes.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <limits>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using Catch::Matchers::WithinRel;
using test::bits_of, test::host, test::random_spikes, test::unpacked;

constexpr auto classifier = input<100> >> linear<48> >> lif >> linear<10> >> li;

namespace {

template <class Network>
void excite(Network& network, std::string const& layer, float gain,
            float shift) { // default weights hardly fire
    auto weight = network.get(layer, "weight");
    for (auto& w : weight) w = w * gain + shift;
    network.set(layer, "weight", weight);
}

template <class View>
bool same_bits(View const& a, View const& b) {
    if (a.span() != b.span()) return false;
    return std::memcmp(a.data(), b.data(), a.span() * sizeof(*a.data())) == 0;
}

} // namespace

TEST_CASE("a leaky integrator with norse's defaults gives norse's numbers") {
    auto network = model{input<3> >> li, {.steps = 10, .batch = 2}};
    Kokkos::View<float**, Kokkos::LayoutRight> const current("current", 2, 3);
    Kokkos::deep_copy(current, 1.f);
    auto const v = host(network(current));
    float const expected[] = {.100000001f, .270000011f, .487000018f, .733500004f, .996309996f,
                              1.265607f,   1.53418875f, 1.79688382f, 2.0500865f,  2.2913909f};
    for (int t = 0; t < 10; ++t) REQUIRE_THAT(v(t, 1, 2), WithinRel(expected[t], 1e-6f));
}

TEST_CASE("a LIF with norse's defaults fires when norse's does") {
    auto network = model{input<3> >> lif, {.steps = 20, .batch = 2}};
    network.record("lif 1", "v");
    Kokkos::View<float**, Kokkos::LayoutRight> const current("current", 2, 3);
    Kokkos::deep_copy(current, 1.f);
    auto const z = host(network(current));
    auto const v = host(network.recorded("lif 1", "v"));
    for (int t = 0; t < 20; ++t)
        REQUIRE(z(t, 0, 0) == (t == 5 || t == 8 || t == 11 || t == 14 || t == 17 ? 1.f : 0.f));
    REQUIRE_THAT(v(6, 0, 0), WithinRel(.395142406f, 1e-6f));
    REQUIRE_THAT(v(19, 1, 2), WithinRel(.93775034f, 1e-6f));
}

#if defined(SPIKEFUSE_STRICT)
TEST_CASE("strict: norse's float numbers to the last bit") {
    Kokkos::View<float**, Kokkos::LayoutRight> const current("current", 1, 1);
    Kokkos::deep_copy(current, 1.f);
    auto integrator = model{input<1> >> li, {.steps = 10}};
    REQUIRE(bits_of(host(integrator(current))(9, 0, 0)) == 0x4012a626u);
    auto neuron_model = model{input<1> >> lif, {.steps = 20}};
    neuron_model.record("lif 1", "v");
    neuron_model(current);
    auto const v = host(neuron_model.recorded("lif 1", "v"));
    REQUIRE(v(6, 0, 0) == .395142406f);
    REQUIRE(v(7, 0, 0) == .771742105f);
    REQUIRE(v(10, 0, 0) == .858732045f);
    REQUIRE(v(19, 0, 0) == .93775034f);
}
#endif

TEST_CASE("packed spikes, the same as values, and one at a time give the same bits") {
    constexpr int steps = 150, batch = 3;
    auto const spikes = random_spikes(steps, batch, 100, 0.2, 11);
    auto const values = unpacked<float>(spikes, 100);
    auto network = model{classifier, {.steps = steps, .batch = batch}};
    excite(network, "linear 1", 3.f, 0.05f);
    auto const packed_trace = host(network(spikes));
    network.reset();
    auto const value_trace = host(network(values));
    REQUIRE(packed_trace(steps - 1, 0, 0) != 0);
    for (int t = 0; t < steps; ++t)
        for (int b = 0; b < batch; ++b)
            for (int n = 0; n < 10; ++n)
                REQUIRE_THAT(value_trace(t, b, n), WithinRel(packed_trace(t, b, n), 1e-4f));
    network.reset();
    for (int t = 0; t < steps; ++t) {
        auto const one = Kokkos::subview(spikes, std::pair(t, t + 1), Kokkos::ALL, Kokkos::ALL);
        auto const trace_of_one = host(network(one));
        for (int b = 0; b < batch; ++b)
            for (int n = 0; n < 10; ++n) REQUIRE(trace_of_one(0, b, n) == packed_trace(t, b, n));
    }
}

TEMPLATE_TEST_CASE_SIG("a stream in chunks gives bit for bit what one call gives", "",
                       ((class T, int Full), T, Full), (float, 30), (double, 30), (float, 90)) {
    constexpr int steps = 303, batch = 2; // more than a block
    // Rows on both sides of the dense crossover, so that both paths are cut.
    auto const spikes = random_spikes(steps, batch, 100, Full / 100.0, 5);
    auto values = unpacked<T>(spikes, 100);
    auto const numbers = host(values);
    for (std::size_t k = 0; k < numbers.size(); ++k) numbers.data()[k] *= T(1) + T(k % 7) / T(9);
    Kokkos::deep_copy(values, numbers);
    auto network = model{classifier, {.steps = steps, .batch = batch}, precision<T>};
    excite(network, "linear 1", 2.f, 0.02f);
    auto const whole = host(network(values));
    network.reset();
    int const cuts[] = {0, 1, 2, 65, 66, 130, 290, 303};
    for (int k = 0; k + 1 < 8; ++k) {
        auto const part = host(network(
            Kokkos::subview(values, std::pair(cuts[k], cuts[k + 1]), Kokkos::ALL, Kokkos::ALL)));
        for (int t = cuts[k]; t < cuts[k + 1]; ++t)
            for (int b = 0; b < batch; ++b)
                for (int n = 0; n < 10; ++n)
                    REQUIRE(bits_of(part(t - cuts[k], b, n)) == bits_of(whole(t, b, n)));
    }
    network.reset();
    for (int t = 0; t < steps; ++t) { // [B, N] at a time, which is an input held for a step
        auto const one = host(network.step(Kokkos::subview(values, t, Kokkos::ALL, Kokkos::ALL)));
        for (int b = 0; b < batch; ++b)
            for (int n = 0; n < 10; ++n) REQUIRE(bits_of(one(b, n)) == bits_of(whole(t, b, n)));
    }
}

TEST_CASE("threads share a sample where each has enough to do") {
    REQUIRE(detail::threads_of_team(8, 1, 0.1) == 1);
    REQUIRE(detail::threads_of_team(8, 1, 3.7) == 3);
    REQUIRE(detail::threads_of_team(8, 3, 1e9) == 2);
    REQUIRE(detail::threads_of_team(8, 16, 1e9) == 1);
    REQUIRE(detail::threads_of_team(200, 1, std::numeric_limits<double>::infinity()) == 64);
}

TEST_CASE("any number of threads gives the same bits") {
    auto const space = Kokkos::DefaultExecutionSpace();
    if (space.concurrency() < 2) {
        WARN("one thread only on this machine: nothing to compare");
        return;
    }
    auto const parts = Kokkos::Experimental::partition_space(space, 1, 1);
    for (int batch : {1, 5}) {
        auto const spikes = random_spikes(120, batch, 100, 0.2, 3);
        auto network = model{classifier, {.steps = 120, .batch = batch}};
        excite(network, "linear 1", 3.f, 0.05f);
        auto const all = host(network(space, spikes));
        network.reset();
        auto const one = network(parts[0], spikes);
        parts[0].fence();
        REQUIRE(same_bits(all, host(one)));
        network.reset();
        REQUIRE(same_bits(all, host(network(space, spikes))));
    }
}

TEST_CASE("reduced readouts are the reductions of the trace") {
    auto const spikes = random_spikes(130, 3, 100, 0.3, 9);
    auto network =
        model{input<100> >> linear<40> >> lif >> linear<17> >> lif, {.steps = 130, .batch = 3}};
    excite(network, "linear 1", 3.f, 0.05f);
    excite(network, "linear 2", 3.f, 0.1f);
    auto const whole = host(network(spikes));
    network.reset();
    auto const summed = host(network(spikes, counts));
    network.reset();
    auto const last = host(network(spikes, last_step));
    network.reset();
    auto const highest = host(network(spikes, max_over_time));
    float total = 0;
    for (int b = 0; b < 3; ++b)
        for (int n = 0; n < 17; ++n) {
            float sum = 0, top = -1;
            for (int t = 0; t < 130; ++t)
                sum += whole(t, b, n), top = std::max(top, whole(t, b, n));
            REQUIRE(summed(b, n) == sum);
            REQUIRE(highest(b, n) == top);
            REQUIRE(last(b, n) == whole(129, b, n));
            total += sum;
        }
    REQUIRE(total > 50);
}

TEST_CASE("recordings show every layer, and change nothing") {
    auto const spikes = random_spikes(70, 2, 100, 0.3, 9);
    auto network = model{input<100> >> linear<40> >> lif >> scale(2) >> linear<5> >> li,
                         {.steps = 70, .batch = 2}};
    excite(network, "linear 1", 3.f, 0.05f);
    auto const quiet = host(network(spikes));
    network.reset();
    for (auto const* name : {"v", "i", "spikes"}) network.record("lif 1", name);
    network.record("scale 1", "output");
    network.record("li 1", "v");
    auto const watched = host(network(spikes));
    REQUIRE(same_bits(quiet, watched));
    REQUIRE(same_bits(watched, host(network.recorded("li 1", "v"))));
    auto const fired = host(unpacked<float>(network.recorded_spikes("lif 1"), 40));
    auto const scaled = host(network.recorded("scale 1", "output"));
    for (std::size_t k = 0; k < fired.size(); ++k) REQUIRE(scaled.data()[k] == 2 * fired.data()[k]);
}

TEST_CASE("policies: inclusive threshold, reset by subtraction") {
    Kokkos::View<float**, Kokkos::LayoutRight> const current("current", 1, 1);
    Kokkos::deep_copy(current, 0.5f);
    auto fired = [&](auto network_type) {
        auto network = model{network_type, {.steps = 6}};
        return static_cast<int>(host(network(current, counts))(0, 0));
    };
    REQUIRE(fired(input<1> >> iaf) == 2);            // 0.5 1.0 1.5! 0.5 1.0 1.5!
    REQUIRE(fired(input<1> >> iaf(inclusive)) == 3); // 0.5 1.0! ...
    REQUIRE(fired(input<1> >> iaf(subtract)) == 2);  // 0.5 1.0 1.5! leaves 0.5: 1.0 1.5! (0.5)
    REQUIRE(fired(input<1> >> iaf({.threshold = 0.6}, subtract)) == 4);
    REQUIRE(fired(input<1> >> iaf(no_reset)) == 4);
}

TEST_CASE("per-neuron parameters") {
    auto network = model{input<20> >> li, {.steps = 5}};
    std::vector<double> leak(20);
    for (int n = 0; n < 20; ++n) leak[static_cast<std::size_t>(n)] = n;
    network.set("li 1", "v_leak", leak);
    Kokkos::View<float**, Kokkos::LayoutRight> const silence("silence", 1, 20);
    auto const v = host(network(silence));
    for (int n = 0; n < 20; ++n)
        REQUIRE(v(4, 0, n) == static_cast<float>(n)); // at rest it stays where it leaks to
}

TEST_CASE("parameters by names that the compiler checks are those by names of a run") {
    model network{input<2> >> linear<3> >> lif >> linear<2>(no_bias) >> lif, {.batch = 1}};
    network.set<"lif 2", "tau_mem">(7 * ms);
    network.set<"linear 2", "weight">(std::vector<double>{1, 2, 3, 4, 5, 6});
    network.set<"lif 1", "threshold">(0.25);
    REQUIRE(network.get("lif 2", "tau_mem") == std::vector<float>(2, 0.007f));
    REQUIRE(network.get("lif 1", "tau_mem") == network.get<"lif 1", "tau_mem">());
    REQUIRE(network.get<"linear 2", "weight">() == std::vector<float>{1, 2, 3, 4, 5, 6});
    REQUIRE(network.get("lif 1", "threshold") == std::vector<float>(3, 0.25f));
    REQUIRE_THROWS_AS((network.set<"linear 2", "weight">(std::vector<double>{1})), shape_error);
}
TEST_CASE("a recurrent LIF gives norse's numbers") { // two neurons, x = 4, weights [post, pre];
                                                     // autapses are cleared
    auto network = model{input<1> >> linear<2>(no_bias) >> recurrent(lif), {.steps = 6}};
    network.set("linear 1", "weight", std::vector<float>{1.f, .5f});
    network.set("recurrent 1", "weight", std::vector<float>{9.f, -2.f, 3.f, 9.f});
    REQUIRE(network.get("recurrent 1", "weight") == std::vector<float>{0.f, -2.f, 3.f, 0.f});
    network.record("lif 1", "i");
    Kokkos::View<float**, Kokkos::LayoutRight> const current("current", 1, 1);
    Kokkos::deep_copy(current, 4.f);
    auto const z = host(network(current));
    auto const i = host(network.recorded("lif 1", "i"));
    int const expected[6][2] = {{0, 0}, {1, 0}, {0, 1}, {1, 0}, {1, 1}, {1, 1}};
    for (int t = 0; t < 6; ++t)
        for (int n = 0; n < 2; ++n) REQUIRE(z(t, 0, n) == static_cast<float>(expected[t][n]));
    REQUIRE_THAT(i(2, 0, 0), WithinRel(7.80800009f, 1e-6f));
    REQUIRE_THAT(i(5, 0, 1), WithinRel(11.4516478f, 1e-6f));
}

TEST_CASE("branches and loops are what they say") {
    auto const spikes = random_spikes(90, 2, 40, 0.2, 4);
    auto const values = host(unpacked<float>(spikes, 40));
    auto run = [&](auto network_type) {
        return host((model{network_type, {.steps = 90, .batch = 2}})(spikes));
    };
    auto const doubled = run(input<40> >> (identity + scale(1)));
    auto const joined = run(input<40> >> (identity | scale(3)));
    auto const integrated =
        run(input<40> >> recurrent(scale(1), through(identity))); // y(t) = x(t) + y(t - 1)
    auto const delayed = run(
        input<40> >> recurrent(scale(0.5), through(scale(2)))); // y(t) = (x(t) + 2 y(t - 1)) / 2
    for (int b = 0; b < 2; ++b)
        for (int n = 0; n < 40; ++n) {
            float sum = 0, half = 0;
            for (int t = 0; t < 90; ++t) {
                REQUIRE(doubled(t, b, n) == 2 * values(t, b, n));
                REQUIRE(joined(t, b, n) == values(t, b, n));
                REQUIRE(joined(t, b, 40 + n) == 3 * values(t, b, n));
                REQUIRE(integrated(t, b, n) == (sum += values(t, b, n)));
                REQUIRE(delayed(t, b, n) == (half += values(t, b, n) / 2));
            }
        }
}

TEST_CASE("a network of branches and loops: chunked = whole, any input kind, one thread or two") {
    constexpr auto clocks =
        (linear<20> >> lif({.tau_mem = 5 * ms})) | (linear<13> >> lif({.tau_mem = 80 * ms}));
    constexpr auto network_type =
        input<50> >> (identity + (linear<50> >> lif)) >> clocks >> recurrent(lif(subtract)) >>
        linear<10> >> recurrent(linear<5> >> lif >> linear<10>, through(scale(0.5))) >> li;
    auto const spikes = random_spikes(150, 2, 50, 0.2, 8);
    auto network = model{network_type, {.steps = 150, .batch = 2}, precision<double>};
    for (auto const* layer : {"linear 1", "linear 2", "linear 3", "linear 5"})
        excite(network, layer, 3.f, 0.1f);
    auto const whole = host(network(spikes));
    network.reset();
    for (int t = 0; t < 150; t += 50) {
        auto const part =
            host(network(Kokkos::subview(spikes, std::pair(t, t + 50), Kokkos::ALL, Kokkos::ALL)));
        for (int k = 0; k < 50; ++k)
            for (int b = 0; b < 2; ++b)
                for (int n = 0; n < 10; ++n)
                    REQUIRE(bits_of(part(k, b, n)) == bits_of(whole(t + k, b, n)));
    }
    network.reset();
    auto const valued = host(network(unpacked<double>(spikes, 50)));
    double most = 0;
    for (std::size_t k = 0; k < whole.size(); ++k) {
        REQUIRE(std::abs(valued.data()[k] - whole.data()[k]) < 1e-9);
        most = std::max(most, std::abs(whole.data()[k]));
    }
    REQUIRE(most > 0.1);
    auto const space = Kokkos::DefaultExecutionSpace();
    if (space.concurrency() > 1) {
        auto const parts = Kokkos::Experimental::partition_space(space, 1, 1);
        auto single = model{network_type, {.steps = 150, .batch = 1}, precision<double>};
        auto const sample = random_spikes(150, 1, 50, 0.2, 8);
        auto const together = host(single(space, sample));
        single.reset();
        auto const alone = single(parts[0], sample);
        parts[0].fence();
        REQUIRE(same_bits(together, host(alone)));
    }
}

TEST_CASE("mistakes get a sentence, and leave the model as it was") {
    auto network = model{classifier, {.steps = 4, .batch = 2}};
    auto const before = network.get("lif 1", "tau_mem");
    auto says = [](auto const& call, std::string const& words) {
        REQUIRE_THROWS_MATCHES(call(), error, MessageMatches(ContainsSubstring(words)));
    };
    says([&] { network.set("lif 1", "tau_mem", 0.0); }, "a time constant is positive");
    says([&] { network.set("lif 1", "tau_mem", -1 * ms); }, "a time constant is positive");
    says([&] { network.set("lif 1", "threshold", std::nan("")); },
         "a parameter is a finite number");
    says([&] { network.set("linear 1", "weight", std::vector<float>(7)); },
         "this network wants [48, 100]");
    says([&] { network.set("linear 3", "weight", 1.0); },
         "there is no parameter 'weight' of 'linear 3'");
    says([&] { network.record("lif 1", "u"); }, "nothing to record is called 'u' of 'lif 1'");
    says([&] { (void)network.recorded("lif 1", "v"); }, "record() was not called");
    says([&] { network(Kokkos::View<float***, Kokkos::LayoutRight>("x", 4, 2, 99)); },
         "its last extent should be 100");
    says([&] { network(Kokkos::View<float***, Kokkos::LayoutRight>("x", 4, 3, 100)); },
         "it holds 3 samples");
    says([&] { network(Kokkos::View<float***, Kokkos::LayoutRight>("x", 0, 2, 100)); }, "no steps");
    says([&] { network(Kokkos::View<std::uint32_t***, Kokkos::LayoutRight>("x", 4, 2, 3)); },
         "ceil(N/32) words");
    says(
        [&] {
            network.run({}, Kokkos::View<float***, Kokkos::LayoutRight>("x", 4, 2, 100), counts,
                        Kokkos::View<float**, Kokkos::LayoutRight>("y", 2, 9));
        },
        "this run writes [2, 10]");
    says([&] { (model{classifier, {.steps = 0}}); }, "settings.steps");
    says([&] { (model{classifier, {.batch = -1}}); }, "settings.batch");
    says([&] { (model{classifier, {.dt = 0 * ms}}); }, "settings.dt");
    says([&] { (model{input<4> >> lif({.tau_syn = -5 * ms}), {}}); }, "'tau_syn' of 'lif 1'");
    says(
        [&] {
            (model{input<4> >> lif({.threshold = std::numeric_limits<double>::quiet_NaN()}), {}});
        },
        "'threshold' of 'lif 1'");
    REQUIRE(network.get("lif 1", "tau_mem") == before);
    network.record("lif 1", "v");
    says([&] { network(Kokkos::View<float***, Kokkos::LayoutRight>("x", 5, 2, 100)); },
         "recordings hold 4");
}

TEST_CASE("the plan can be read") {
    std::string const plan_text = describe(classifier);
    REQUIRE_THAT(plan_text, ContainsSubstring("launches a run: 1"));
    REQUIRE_THAT(plan_text, ContainsSubstring("input -> linear 1 -> lif 1 -> buffer 1 (bits"));
    REQUIRE_THAT(plan_text, ContainsSubstring("buffer 1 -> linear 2 -> li 1 -> readout"));
    REQUIRE_THAT(plan_text, ContainsSubstring("near caches a core (SPIKEFUSE_NEAR_CACHES)"));
    REQUIRE_THAT(plan_text, ContainsSubstring("of a run (SPIKEFUSE_SHARE_OF_WORK)"));
}

namespace {
/// Constants of one type, with other numbers, in lines near and far.
struct many_constants {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto a = state<"a">;
        constexpr auto b = state<"b">;
        constexpr auto c = state<"c">;
        return dynamics(d(a) = -((a - 1) / (20 * ms)), b = b * 1, c = c * 1, a = a * 1,
                        d(b) = (1 - b) / (50 * ms), c = c * 1, d(c) = (1 - c) / (80 * ms),
                        output = a);
    }
};
} // namespace

TEST_CASE("constants of equations keep their numbers, whatever the lines") {
    model one{input<1> >> neuron<many_constants>, {.steps = 1, .dt = 1 * ms}, precision<double>};
    Kokkos::View<double***, Kokkos::LayoutRight> const x("x", 1, 1, 1);
    (void)one(x);
    Kokkos::fence();
    REQUIRE(std::abs(one.state("neuron 1", "a")[0] - 1. / 20) < 1e-15);
    REQUIRE(std::abs(one.state("neuron 1", "b")[0] - 1. / 50) < 1e-15);
    REQUIRE(std::abs(one.state("neuron 1", "c")[0] - 1. / 80) < 1e-15);
}
