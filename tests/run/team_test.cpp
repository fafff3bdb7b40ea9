// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A network called by the teams of a kernel of the user's: the bits of a call of the model's,
// whatever the size of the team, however the steps are cut into calls.
#include "../support/random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

namespace {

constexpr int steps = 23, bodies = 6;
using policy = Kokkos::TeamPolicy<>;
template <class T>
using rows = Kokkos::View<T***, Kokkos::LayoutRight>;

/// Steps of all bodies in one kernel: `together` of them a call.
template <class T, class Network, class Input>
rows<T> by_teams(model<Network, T> const& network, Input const& input, int together, int threads,
                 std::uint64_t made) {
    auto const brain = network.on_team();
    rows<T> const result("result", steps, bodies, static_cast<std::size_t>(brain.outputs));
    Kokkos::View<T**, Kokkos::LayoutRight> const states("states", bodies, brain.state_size);
    Kokkos::parallel_for(
        brain.with_scratch(policy(bodies, threads)),
        KOKKOS_LAMBDA(policy::member_type const& team) {
            int const body = team.league_rank();
            auto here = brain.at(team, static_cast<std::uint32_t>(body), made);
            auto const mine = Kokkos::subview(states, body, Kokkos::ALL);
            here.rest(mine);
            for (int t = 0; t < steps; t += together) {
                int const end = t + together < steps ? t + together : steps;
                if (together == 1) {
                    here.run(Kokkos::subview(input, t, body, Kokkos::ALL), mine,
                             Kokkos::subview(result, t, body, Kokkos::ALL));
                } else {
                    auto const range = Kokkos::make_pair(t, end);
                    here.run(Kokkos::subview(input, range, body, Kokkos::ALL), mine,
                             Kokkos::subview(result, range, body, Kokkos::ALL));
                }
            }
        });
    return result;
}
template <class T, class Network>
void same_bits(Network const& network) {
    constexpr int width = Network::wants;
    auto whole = model{network, {.steps = steps, .batch = bodies}, precision<T>};
    auto const spikes = test::random_spikes(steps, bodies, width, 0.2, 5);
    auto const values = test::unpacked<T>(spikes, width);
    auto const of_spikes = whole(spikes);
    whole.reset();
    auto const of_values = whole(values);
    int const most =
        test::on_a_device ? 64 : std::min(4, Kokkos::DefaultExecutionSpace().concurrency());
    Kokkos::View<std::uint32_t***, Kokkos::LayoutLeft> const words_apart("words apart", steps,
                                                                         bodies, spikes.extent(2));
    Kokkos::deep_copy(words_apart, spikes);
    Kokkos::View<T***, Kokkos::LayoutLeft> const numbers_apart("numbers apart", steps, bodies,
                                                               width);
    Kokkos::deep_copy(numbers_apart, values);
    for (int threads : {test::on_a_device ? 32 : 1, most})
        for (int together : {1, 7, steps}) {
            auto const same = [&](rows<T> const& wanted, auto const& input, std::uint64_t made) {
                CHECK(test::differences(wanted,
                                        by_teams<T>(whole, input, together, threads, made)) == 0);
            };
            same(of_spikes, spikes, 0);
            same(of_spikes, words_apart, 0);
            same(of_values, values, steps);
            same(of_values, numbers_apart, steps);
        }
}

} // namespace

TEST_CASE("a team's run gives the bits of a model's, for any cut of the steps") {
    same_bits<float>(input<70> >> linear<40> >> lif >> linear<10> >> li);
    same_bits<double>(input<33> >> linear<20> >> recurrent(lif) >> linear<3> >> li);
    same_bits<float>(input<40> >> leaky(one_winner));
    same_bits<float>(input<20> >> poisson >> (linear<8> >> lif | linear<5> >> lif));
}
TEST_CASE("a team reads and writes views of any strides, and gives reduced readouts") {
    auto network = model{input<20> >> linear<12> >> lif, {.steps = steps, .batch = bodies}};
    auto const spikes = test::random_spikes(steps, bodies, 20, 0.4, 9);
    auto const values = test::unpacked<float>(spikes, 20);
    auto const wanted = test::host(network(spikes, counts));
    Kokkos::View<float***, Kokkos::LayoutLeft> const apart("apart", steps, bodies, 20);
    Kokkos::deep_copy(apart, values);
    Kokkos::View<float**, Kokkos::LayoutLeft> const result("result", bodies, 12);
    auto const brain = network.on_team();
    Kokkos::View<float**, Kokkos::LayoutRight> const states("states", bodies, brain.state_size);
    Kokkos::parallel_for(
        brain.with_scratch(policy(bodies, test::on_a_device ? 32 : 1)),
        KOKKOS_LAMBDA(policy::member_type const& team) {
            int const body = team.league_rank();
            auto here = brain.at(team);
            auto const mine = Kokkos::subview(states, body, Kokkos::ALL);
            here.rest(mine);
            here.run(Kokkos::subview(apart, Kokkos::ALL, body, Kokkos::ALL), mine,
                     Kokkos::subview(result, body, Kokkos::ALL), counts);
        });
    auto const seen = test::host(result);
    for (std::size_t b = 0; b < static_cast<std::size_t>(bodies); ++b)
        for (std::size_t n = 0; n < 12; ++n) CHECK(seen(b, n) == wanted(b, n));
}
TEST_CASE("a team sees the parameters that the model has when the kernel runs") {
    auto network = model{input<4> >> scale(1), {.steps = 1, .batch = 1}};
    auto const brain = network.on_team();
    network.set("scale 1", "factor", 3);
    Kokkos::View<float*> const in("in", 4), out("out", 4), state("state", brain.state_size);
    Kokkos::deep_copy(in, 2);
    Kokkos::parallel_for(
        brain.with_scratch(policy(1, test::on_a_device ? 32 : 1)),
        KOKKOS_LAMBDA(policy::member_type const& team) {
            auto here = brain.at(team);
            here.rest(state);
            here.run(in, state, out);
        });
    CHECK(test::host(out)(3) == 6);
}
