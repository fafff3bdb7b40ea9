// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A network inside a kernel of the simulation's own: 200,000 bodies on springs, each braked by a
// spiking network of its own state. One thread steps a body and its network; episodes end when a
// body has come to rest, each at its own time.
//   07_bodies_in_your_kernel [picture.svg]
#include <cmath>
#include <cstdio>
#include <iostream>
#include <spikefuse/io/plot/figure.hpp>
#include <spikefuse/io/plot/progress.hpp>
#include <spikefuse/io/plot/svg.hpp>
#include <spikefuse/io/plot/traces.hpp>
#include <spikefuse/spikefuse.hpp>
#include <vector>

using namespace spikefuse;

constexpr auto controller = input<2> >> linear<16> >>
                            lif({.tau_mem = 20 * ms, .tau_syn = 10 * ms}) >> linear<1> >>
                            li({.tau_mem = 10 * ms, .tau_syn = 10 * ms});
using controller_state = model_of<controller>::cell_type::state;

/// What the simulation keeps of a body: the network's state is one member among others.
struct body {
    float place, speed;
    std::uint32_t random;
    int episodes;
    controller_state mind;
};

KOKKOS_INLINE_FUNCTION void throw_anew(body& one) {
    one.random = one.random * 1664525u + 1013904223u;
    one.place = static_cast<float>(one.random >> 8) * 0x1p-23f - 1;
    one.speed = 0;
}

/// Neurons that fire while a body moves one way or the other, and push against it.
void set_weights(model_of<controller>& network) {
    std::vector<float> sees, bias, pushes;
    for (int n = 0; n < 16; ++n) {
        float const way = n % 2 == 0 ? 1.f : -1.f;
        sees.insert(sees.end(), {0.f, way * (0.1f + 0.02f * static_cast<float>(n / 2))});
        bias.push_back(0.05f);
        pushes.push_back(-2.5f * way);
    }
    network.set("linear 1", "weight", sees); // [16, 2]: place and speed
    network.set("linear 1", "bias", bias);
    network.set("linear 2", "weight", pushes); // [1, 16]
    network.set("linear 2", "bias", 0);
}

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    constexpr int count = 200000, launches = 40, steps = 5; // steps a launch
    constexpr float dt = 0.005f, spring = 120;
    model_of<controller> network(controller, {.dt = 5 * ms});
    set_weights(network);

    auto const cell = network.cell(); // a handle for kernels, as small as a few pointers
    Kokkos::View<body*> const bodies("bodies", count);
    Kokkos::parallel_for(
        "begin", count, KOKKOS_LAMBDA(int b) {
            bodies(b).random = static_cast<std::uint32_t>(b) * 747796405u;
            bodies(b).episodes = 0;
            throw_anew(bodies(b));
            cell.begin(bodies(b).mind); // at rest
        });

    io::plot::series energy{"energy a body", {}};
    std::vector<io::plot::series> places{{"body 0", {}}, {"body 1", {}}, {"body 2", {}}};
    auto const watched = Kokkos::subview(bodies, std::pair<std::size_t, std::size_t>(0, 3));
    auto const shown = Kokkos::create_mirror_view(watched);
    io::plot::progress bar("steps of all bodies", launches * steps);
    for (int launch = 0; launch < launches; ++launch) {
        double sum = 0;
        Kokkos::parallel_reduce(
            "bodies", count,
            KOKKOS_LAMBDA(int b, double& all) {
                body one = bodies(b);
                for (int t = 0; t < steps; ++t) { // the loop over time is yours, too
                    float const seen[] = {one.place, one.speed};
                    float push[1];
                    cell.step(one.mind, seen, push);
                    one.speed += dt * (push[0] - spring * one.place);
                    one.place += dt * one.speed;
                }
                float const left = 0.5f * (one.speed * one.speed + spring * one.place * one.place);
                all += static_cast<double>(left);
                if (left < 0.5f) { // an episode ends: another place, and a network at rest
                    ++one.episodes;
                    throw_anew(one);
                    cell.begin(one.mind);
                }
                bodies(b) = one;
            },
            sum);
        energy.values.push_back(sum / count);
        Kokkos::deep_copy(shown, watched);
        for (std::size_t b = 0; b < places.size(); ++b)
            places[b].values.push_back(static_cast<double>(shown(b).place));
        bar.show("energy", energy.values.back());
        bar.advance(steps);
    }
    bar.finish();

    long ended = 0;
    Kokkos::parallel_reduce(
        "ended", count, KOKKOS_LAMBDA(int b, long& all) { all += bodies(b).episodes; }, ended);
    std::cout << io::plot::terminal_traces(std::span(&energy, 1),
                                           {.title = "energy", .dt = steps * 5 * ms});
    std::printf("%ld episodes ended; neuron 3 of body 0 is at v = %+.3f\n", ended,
                static_cast<double>(cell.get<"lif 1", "v">(shown(0).mind, 3)));
    if (argc > 1)
        io::plot::write_svg(
            {.title = "200,000 bodies on springs, each braked by a spiking network",
             .subtitle = "One kernel holds physics and networks; a body at rest is thrown anew",
             .dt = steps * 5 * ms,
             .panels = {io::plot::traces_panel{.title = "place", .lines = places},
                        io::plot::traces_panel{.title = "energy, a mean over all bodies",
                                               .lines = {energy}}}},
            argv[1]);
}
