// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Few steps a call of a small network: each body is run by one thread, as a cell is. The bits are
// those of long runs, and of runs that are recorded, in which teams run samples.
#include "../support/random_spikes.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <random>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

namespace {

constexpr int steps = 24;

template <class T>
using rows = Kokkos::View<T**, Kokkos::LayoutRight>; // [B, N]
template <class T>
using traces = Kokkos::View<T***, Kokkos::LayoutRight>; // [T, B, N]

/// Numbers of which a share is not zero.
template <class T, class View>
void fill(View const& view, double activity, unsigned seed) {
    std::mt19937 random(seed);
    auto const drawn = [&] { return static_cast<double>(random()) / 4294967296.0; };
    test::fill(view, [&](std::size_t) {
        double const chance = drawn(), size = drawn();
        return static_cast<T>(chance < activity ? 2 * size - 0.5 : 0);
    });
}
template <class View>
std::size_t not_zero(View const& view) {
    auto const h = test::host(view);
    return static_cast<std::size_t>(
        std::count_if(h.data(), h.data() + h.size(), [](auto x) { return x != 0; }));
}

using names = std::vector<std::pair<char const*, char const*>>;
template <class Model>
void same_states(Model const& a, Model const& b, names const& states) {
    for (auto const& [layer, name] : states) {
        INFO(layer << " " << name);
        auto const one = a.state(layer, name), other = b.state(layer, name);
        REQUIRE(one.size() == other.size());
        for (std::size_t k = 0; k < one.size(); ++k)
            REQUIRE(test::bits_of(one[k]) == test::bits_of(other[k]));
    }
}

/// All steps in one call beside few steps a call.
template <class T, class Network, class Input>
void few_steps(Network network_type, Input const& input, double gain, names const& states) {
    auto const batch = static_cast<int>(input.extent(1));
    INFO(describe(network_type) << " batch " << batch);
    model<Network, T> whole(network_type,
                            {.steps = steps, .batch = batch, .seed = 5, .first_sample = 11});
    test::amplify(whole, gain);
    auto again = whole;
    traces<T> const expected = whole(input);
    traces<T> const got("got", expected.extent(0), expected.extent(1), expected.extent(2));
    CHECK(not_zero(expected) > 0);
    for (int t = 0, few = 0; t < steps; t += few) { // 1, 2, 3, 4, and 5, which teams run
        few = std::min(few % 5 + 1, steps - t);
        auto const at = [&](auto const& view) {
            return Kokkos::subview(view, std::pair(t, t + few), Kokkos::ALL, Kokkos::ALL);
        };
        again.run(Kokkos::DefaultExecutionSpace(), at(input), trace, at(got));
    }
    REQUIRE(test::differences(got, expected) == 0);
    same_states(again, whole, states);
}
template <class Network, class T>
constexpr bool by_cells =
    detail::steps_as_cells<detail::plan::schedule<std::remove_const_t<Network>, false>, T>;

constexpr auto controller = input<4> >> linear<32> >> lif >> linear<2> >> li;
constexpr auto tangled = input<21> >> ((linear<16> >> lif) | identity) >> linear<20> >>
                         recurrent(lif(inclusive)) >> delay<3> >>
                         ((linear<8> >> lif) + (linear<8> >> leaky)) >> linear<5> >> li;
constexpr auto spiking = input<40> >> linear<37> >> lif_refrac >> linear<19> >> lif;
static_assert(detail::lanes<float>::width == 1 || // of these is spoken here; not of those
              (by_cells<decltype(controller), float> && by_cells<decltype(tangled), double> &&
               by_cells<decltype(spiking), float> &&
               !by_cells<decltype(input<784> >> linear<128> >> lif), float> &&
               !by_cells<decltype(input<image<1, 8, 8>> >> conv2d<2, 3> >> iaf), float> &&
               !by_cells<decltype(input<4> >> exp_syn(compat)), float>));

} // namespace

TEST_CASE("few steps have the bits of a long run: values, for any batch") {
    for (int const batch : {1, 3, 200}) {
        traces<float> const values("values", steps, batch, 4);
        fill<float>(values, 1, 3);
        few_steps<float>(controller, values, 10,
                         {{"lif 1", "v"}, {"lif 1", "i"}, {"li 1", "v"}, {"li 1", "i"}});
    }
}
TEST_CASE("few steps have the bits of a long run: loops, branches and delays") {
    traces<double> const values("values", steps, 7, 21);
    fill<double>(values, 0.3, 3);
    few_steps<double>(tangled, values, 12,
                      {{"lif 2", "spikes"}, {"lif 3", "v"}, {"leaky 1", "mem"}});
}
TEST_CASE("few steps have the bits of a long run: packed spikes") {
    for (double const activity : {0.02, 0.2, 0.6})
        few_steps<float>(spiking, test::random_spikes(steps, 7, 40, activity, 4), 6,
                         {{"lif 1", "v"}, {"lif_refrac 1", "v"}});
}

namespace {

/// A readout of few steps, of a network that is recorded and of one that is not: outputs of both.
template <class Model, class Input, class Readout>
void both(Model& recorded, Model& plain, Input const& input, Readout readout) {
    auto const expected = recorded(input, readout), got = plain(input, readout);
    REQUIRE(test::differences(got, expected) == 0);
}

} // namespace

TEST_CASE("few steps: every readout, resets, fewer bodies and records between them") {
    constexpr std::size_t most = 9;
    model plain{controller, {.steps = 3, .batch = most, .seed = 2}};
    test::amplify(plain, 20);
    auto recorded = plain;
    recorded.record("lif 1", "v");
    recorded.record("lif 1", "spikes");
    Kokkos::View<bool*> const ended("ended", most);
    Kokkos::DefaultExecutionSpace const space;
    long fired = 0;
    for (unsigned t = 0; t < 40; ++t) {
        INFO("step " << t);
        std::size_t const bodies = t % 3 == 0 ? 4 : most; // the others wait
        traces<float> const input("input", 1 + t % 3, bodies, 4);
        fill<float>(input, 1, t);
        switch (t % 6) {
        case 0:
            both(recorded, plain, input, trace);
            break;
        case 1:
            both(recorded, plain, input, counts);
            break;
        case 2:
            both(recorded, plain, input, mean_over_time);
            break;
        case 3:
            both(recorded, plain, input, max_over_time);
            break;
        case 4:
            both(recorded, plain, input, first_spike);
            break;
        default:
            both(recorded, plain, input, last_step);
        }
        fired += static_cast<long>(not_zero(recorded.recorded_spikes("lif 1")));
        if (t % 5 == 0) {
            test::fill(ended, [&](std::size_t k) { return (k + t) % 3 == 0; });
            plain.reset(space, ended), recorded.reset(space, ended);
        }
        if (t == 20) plain.reset(), recorded.reset();
        if (t == 30)
            plain.set("lif 1", "tau_mem", 12 * ms), recorded.set("lif 1", "tau_mem", 12 * ms);
        same_states(plain, recorded, {{"lif 1", "v"}, {"li 1", "i"}});
    }
    CHECK(fired > 0);
}
TEST_CASE("few steps: outputs of any strides, inputs of any strides") {
    model network{spiking, {.batch = 6, .seed = 2}};
    test::amplify(network, 20);
    auto other = network;
    Kokkos::View<float**, Kokkos::LayoutLeft> const apart("apart", 6, 19), given("given", 6, 40);
    rows<float> const input("input", 6, 40), together("together", 6, 19);
    Kokkos::DefaultExecutionSpace const space;
    std::size_t fired = 0;
    for (unsigned t = 0; t < 20; ++t) {
        fill<float>(input, 1, t);
        Kokkos::deep_copy(given, input);
        network.run(space, input, last_step, together);
        other.run(space, given, last_step, apart);
        rows<float> const copy("copy", 6, 19);
        Kokkos::deep_copy(copy, apart);
        REQUIRE(test::differences(copy, together) == 0);
        fired += not_zero(copy);
    }
    CHECK(fired > 0);
}
TEST_CASE("few steps that are looked at say what is not a number") {
    model network{controller, {.batch = 3, .seed = 2}};
    rows<float> const input("input", 3, 4);
    test::fill(input, [](std::size_t k) { return k == 5 ? std::nanf("") : 0.5f; });
    (void)network.step(input); // nobody looks
    CHECK(std::isnan(network.state("lif 1", "i")[32]));
    network.reset();
    network.check_runs();
    CHECK_THROWS_AS(network.step(input), value_error);
}
