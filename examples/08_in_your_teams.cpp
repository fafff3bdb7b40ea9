// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A network inside a kernel of one's own, run by teams: bodies on springs, each steered by a
// network too large for a thread. One launch holds 300 steps of network and physics; when a body
// comes to rest it is pushed anew, and its network begins at rest.
#include <cstdio>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

constexpr auto controller = input<2> >> linear<256> >> lif >> linear<64> >> lif >> linear<1> >> li;
constexpr int bodies = 200, steps = 300;
constexpr float dt = 0.01f;

struct body {
    float place, speed;
    int pushes;
};

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    model_of<controller> network(controller, {.seed = 3, .name = "steering"});
    auto weights = network.get("linear 1", "weight");
    for (auto& weight : weights) weight *= 10; // so that neurons fire
    network.set("linear 1", "weight", weights);

    auto const brain = network.on_team(); // a handle for kernels
    using policy = Kokkos::TeamPolicy<>;
    using rows = Kokkos::View<float**, Kokkos::LayoutRight>;
    rows const states("states", bodies, brain.state_size), seen("seen", bodies, 2),
        force("force", bodies, 1);
    Kokkos::View<body*> const all("bodies", bodies);
    Kokkos::parallel_for(
        "flight", brain.with_scratch(policy(bodies, Kokkos::AUTO)),
        KOKKOS_LAMBDA(policy::member_type const& team) {
            int const b = team.league_rank();
            auto here = brain.at(team);
            auto const mine = Kokkos::subview(states, b, Kokkos::ALL);
            body& one = all(b);
            for (int t = 0; t < steps; ++t) { // the loop over time is yours
                bool const rests = one.place * one.place + one.speed * one.speed < 1e-2f;
                team.team_barrier();        // all have looked
                if (rests) here.rest(mine); // an episode begins
                Kokkos::single(Kokkos::PerTeam(team), [&] {
                    if (rests) one = {1 + 0.01f * static_cast<float>(b), 0, one.pushes + 1};
                    seen(b, 0) = one.place, seen(b, 1) = one.speed;
                });
                team.team_barrier();
                here.run(Kokkos::subview(seen, b, Kokkos::ALL), mine,
                         Kokkos::subview(force, b, Kokkos::ALL));
                Kokkos::single(Kokkos::PerTeam(team), [&] {
                    one.speed += dt * (force(b, 0) - 16 * one.place - 8 * one.speed);
                    one.place += dt * one.speed;
                });
                team.team_barrier();
            }
        });
    auto const last = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), all);
    for (int b = 0; b < bodies; b += 50)
        std::printf("body %3d at %+.3f, pushed %d times\n", b, static_cast<double>(last(b).place),
                    last(b).pushes);
    std::printf("a body's network keeps %zu numbers, its team works in %zu bytes\n",
                brain.state_size, brain.team_scratch);
}
