// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A network inside a kernel: each body's outputs and states have the bits of host-level steps.
#include "../support/random_spikes.hpp"

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <span>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

namespace {

constexpr int steps = 40, bodies = 7;

template <class T>
using held = Kokkos::View<T**, Kokkos::LayoutRight>; // [B, N]

/// Numbers of which a share is not zero, packed spikes of them, and a stream of them.
template <class T>
T number_at(std::uint64_t k, double activity) {
    std::uint64_t z = (k + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    double const chance = static_cast<double>(z >> 40) * 0x1p-24,
                 size = static_cast<double>(z & 0xffffffu) * 0x1p-24;
    return static_cast<T>(chance < activity ? 2 * size - 0.5 : 0);
}

template <class Model>
using states_view = Kokkos::View<typename Model::cell_type::state*>;
template <class Model>
states_view<Model> states_of(Model& network) {
    auto const cell = network.cell();
    states_view<Model> const states("states", bodies);
    Kokkos::parallel_for(bodies, KOKKOS_LAMBDA(int b) { states(b) = cell.rest(); });
    return states;
}
/// One step of all bodies, each by one thread.
template <class Model, class States, class Input, class Output>
void step_cells(Model& network, States const& states, Input const& input, Output const& output,
                std::uint64_t step) {
    auto const cell = network.cell();
    std::uint32_t const first = network.setup().first_sample;
    Kokkos::parallel_for(
        bodies, KOKKOS_LAMBDA(int b) {
            auto const in = Kokkos::subview(input, b, Kokkos::ALL);
            cell.step(states(b), in, Kokkos::subview(output, b, Kokkos::ALL),
                      {first + static_cast<std::uint32_t>(b), step});
        });
}

struct trial {
    double activity, gain;
};
enum class given { values, spikes };

/// Steps at host level beside steps of cells, values or spikes as input; then state `Name` of
/// `Layer`, and bodies that are put back to where they were.
template <class T, given Input, detail::spelling Layer, detail::spelling Name, class Network>
void compare(Network network_type, trial how) {
    INFO(describe(network_type) << " activity " << how.activity << ", gain " << how.gain);
    model<Network, T> network(network_type, {.batch = bodies, .seed = 5, .first_sample = 11});
    test::amplify(network, how.gain);
    auto by_teams = network; // a run that is recorded; single steps of small networks run as cells
    by_teams.record(Layer.letters, Name.letters);
    constexpr auto n = static_cast<std::size_t>(Network::wants),
                   m = static_cast<std::size_t>(model<Network, T>::outputs);
    held<T> const input("input", bodies, n), output("output", bodies, m), again("again", bodies, m);
    auto const words = test::random_spikes(steps, bodies, static_cast<int>(n), how.activity, 3);
    auto const states = states_of(network);
    states_view<model<Network, T>> const remembered("remembered", bodies);
    Kokkos::DefaultExecutionSpace const space;
    double total = 0;
    for (int t = 0; t < steps; ++t) {
        INFO("step " << t);
        auto const now = network.elapsed_steps();
        test::fill(input, [&](std::size_t k) {
            return number_at<T>(static_cast<std::uint64_t>(t) * bodies * n + k, how.activity);
        });
        if (t == steps / 2) {
            Kokkos::deep_copy(remembered, states);
            for (auto const& one : network.parameters()) // once more, with other coefficients
                if (one.name == "tau_mem")
                    network.set(one.layer, one.name, 12 * ms),
                        by_teams.set(one.layer, one.name, 12 * ms);
        }
        held<T> expected, stepped;
        if constexpr (Input == given::spikes) {
            auto const step = std::pair(t, t + 1);
            expected = held<T>("expected", bodies, m), stepped = held<T>("stepped", bodies, m);
            auto const now_in = Kokkos::subview(words, step, Kokkos::ALL, Kokkos::ALL);
            by_teams.run(space, now_in, last_step, expected);
            network.run(space, now_in, last_step, stepped);
            step_cells(network, states, Kokkos::subview(words, t, Kokkos::ALL, Kokkos::ALL), output,
                       now);
        } else {
            expected = by_teams.step(input), stepped = network.step(input);
            step_cells(network, states, input, output, now);
        }
        REQUIRE(test::differences(output, expected) == 0);
        REQUIRE(test::differences(stepped, expected) == 0);
        for (auto const h = test::host(output); std::size_t k : {std::size_t(0), m - 1})
            total += std::abs(static_cast<double>(h(0, k)));
        if constexpr (Input == given::values)
            if (t == steps / 2) { // the same step from a copy of the states
                step_cells(network, remembered, input, again, now);
                REQUIRE(test::differences(again, output) == 0);
            }
    }
    CHECK(total > 0);
    auto const expected = by_teams.state(Layer.letters, Name.letters),
               stepped = network.state(Layer.letters, Name.letters);
    auto const seen = test::host(states);
    auto const width = expected.size() / bodies;
    for (std::size_t k = 0; k < expected.size(); ++k) {
        T const own = decltype(network.cell())::template get<Layer, Name>(
            seen(k / width), static_cast<int>(k % width));
        REQUIRE(test::bits_of(own) == test::bits_of(expected[k]));
        REQUIRE(test::bits_of(stepped[k]) == test::bits_of(expected[k]));
    }
}

constexpr auto controller = input<4> >> linear<32> >> lif >> linear<2> >> li;
constexpr auto deep = input<40> >> linear<24> >> lif >> linear<33>(no_bias) >> lif_adex
                      >> linear<35> >> lif(subtract) >> linear<3> >> li;
constexpr auto
    tangled = input<21> >> ((linear<16> >> lif) | identity | (linear<9> >> lif)) >> linear<20> >>
              recurrent(lif(inclusive)) >> ((linear<8> >> lif) + (linear<8> >> leaky)) >>
              recurrent(linear<5> >> lif >> linear<8>, through(scale(0.5))) >> linear<5> >> li;
constexpr auto drawn = input<5> >> population<7>({.tuning_width = 0.3}) >> poisson >> linear<40> >>
                       leaky(one_winner) >> linear<20> >>
                       synaptic(quantised_to<16>) >> linear<4> >> noisy_exp_syn;

} // namespace

TEST_CASE("a cell steps as the host does: values", "[cell]") {
    compare<float, given::values, "lif 1", "v">(controller, {1, 10});
    compare<float, given::values, "lif 1", "v">(controller, {0.3, 40}); // many spikes
    compare<double, given::values, "li 1", "v">(controller, {0.5, 10});
    for (double const activity : {0.02, 0.1, 0.3, 1.})
        compare<float, given::values, "lif_adex 1", "a">(deep, {activity, 6});
}
TEST_CASE("a cell steps as the host does: packed spikes", "[cell]") {
    for (double const activity : {0.02, 0.2, 0.6})
        compare<float, given::spikes, "li 1", "i">(deep, {activity, 6});
}
TEST_CASE("a cell with branches and loops steps as the host does", "[cell]") {
    compare<float, given::values, "lif 3", "spikes">(tangled, {0.3, 12});
    compare<float, given::values, "lif 4", "v">(tangled, {0.8, 20});
}
TEST_CASE("a cell with a contest and chance steps as the host does", "[cell]") {
    compare<float, given::values, "leaky 1", "mem">(drawn, {0.7, 8});
}

TEST_CASE("a cell takes what lies anywhere, and writes bits", "[cell]") {
    model network{input<40> >> linear<37> >> lif, {.batch = 1, .seed = 2}};
    test::amplify(network, 8);
    auto const cell = network.cell();
    if constexpr (!test::on_a_device) {
        using state = decltype(network.cell())::state;
        static_assert(std::is_trivially_copyable_v<state> &&
                      std::is_trivially_copyable_v<decltype(network.cell())>);
        static_assert(state::number_count == 74 && state::word_count == 0);
        std::array<float, 40> in{};
        for (std::size_t k = 0; k < 40; ++k) in[k] = number_at<float>(k, 0.5);
        float apart[80], first[37], third[3 * 37];
        for (std::size_t k = 0; k < 40; ++k) apart[2 * k] = in[k];
        std::uint32_t words[2];
        state one = cell.rest(), two = one, three;
        cell.begin(three);
        int fired = 0;
        for (int t = 0; t < 30; ++t) {
            cell.step(one, in, first);
            cell.step(two, strided{apart, 2}, words);
            cell.step(three, std::span<float const>(in), strided{third, 3});
            for (std::size_t n = 0; n < 37; ++n) {
                fired += first[n] != 0;
                REQUIRE((words[n / 32] >> (n % 32) & 1u) == (first[n] != 0 ? 1u : 0u));
                REQUIRE(third[3 * n] == first[n]);
            }
            REQUIRE(words[1] >> 5 == 0);
        }
        CHECK(fired > 0);
        cell.set<"lif 1", "v">(one, 36, 0.25f);
        CHECK(cell.get<"lif 1", "v">(one, 36) == 0.25f);
        cell.begin(one);
        CHECK(cell.get<"lif 1", "v">(one, 36) == 0);
    }
}
