// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A network that learns inside the simulation, while it steers. Pendulums are to be held at angles
// by a weak controller, and a spiking network adds what that lacks. The controller's force is the
// error of the network's: it learns from it, ten steps at a time, and episodes end when a pendulum
// stands where it should, each at its own time. (Feedback-error learning: Kawato 1990.)
//   13_learns_in_flight [seed [chunks [picture.svg]]]
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <spikefuse/io/plot/figure.hpp>
#include <spikefuse/io/plot/traces.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/start_values.hpp>
#include <spikefuse/train/update.hpp>

using namespace spikefuse;

constexpr auto
    steering = input<3> >> linear<128> >>
               lif({.tau_mem = 40 * ms, .tau_syn = 20 * ms}, superspike<10>) >> linear<1> >>
               li({.tau_mem = 40 * ms, .tau_syn = 20 * ms});
using rows = Kokkos::View<float**, Kokkos::LayoutRight>;
using traces = Kokkos::View<float***, Kokkos::LayoutRight>;
constexpr int bodies = 64, chunk = 10;
constexpr float dt = 0.01f, gravity = 9.81f, stiffness = 6, damping = 4;

struct pendulum {
    float angle, speed, target;
    int still;    // steps for which it has stood at its target
    int age;      // steps of this episode
    int arrived;  // episodes that ended at the target
    int given_up; // and those that did not
    std::uint32_t random;
};

KOKKOS_INLINE_FUNCTION void begin_episode(pendulum& one) {
    one.random = one.random * 1664525u + 1013904223u;
    one.target = 2.5f * (static_cast<float>(one.random >> 8) * 0x1p-23f - 1); // to either side
    one.angle = one.speed = 0;
    one.still = one.age = 0;
}
KOKKOS_INLINE_FUNCTION float controller(pendulum const& one) {
    return stiffness * (one.target - one.angle) - damping * one.speed;
}

/// Pendulums, and the network that steers them.
struct simulation {
    Kokkos::DefaultExecutionSpace space;
    Kokkos::View<pendulum*> all{"pendulums", bodies};
    traces seen{"seen", chunk, bodies, 3};   // by the network, of a chunk of steps
    traces error{"error", chunk, bodies, 1}; // of its force
    rows force{"force", bodies, 1};

    /// Steps [0, chunk) of all pendulums.
    void run(model_of<steering>& network) const {
        for (int t = 0; t < chunk; ++t) {
            Kokkos::parallel_for(
                "look", Kokkos::RangePolicy<>(space, 0, bodies), KOKKOS_CLASS_LAMBDA(int b) {
                    seen(t, b, 0) = all(b).target, seen(t, b, 1) = all(b).angle;
                    seen(t, b, 2) = 0.2f * all(b).speed;
                });
            auto const now = std::pair(t, t + 1);
            network.run(space, Kokkos::subview(seen, now, Kokkos::ALL, Kokkos::ALL), last_step,
                        force);
            Kokkos::parallel_for(
                "swing", Kokkos::RangePolicy<>(space, 0, bodies), KOKKOS_CLASS_LAMBDA(int b) {
                    pendulum& one = all(b);
                    float const help = controller(one);
                    error(t, b, 0) = -help / float(chunk * bodies);
                    one.speed += dt * (force(b, 0) + help - gravity * Kokkos::sin(one.angle));
                    one.angle += dt * one.speed;
                    one.still = Kokkos::abs(one.target - one.angle) < 0.1f ? one.still + 1 : 0;
                    ++one.age;
                });
        }
    }
};

/// How far from their targets pendulums hang after four seconds, a mean over all.
double distance(simulation const& world, model_of<steering> network, bool steers) {
    auto const all = world.all;
    Kokkos::parallel_for(
        bodies, KOKKOS_LAMBDA(int b) {
            all(b) = {0, 0, 5.f * (float(b) + 0.5f) / float(bodies) - 2.5f, 0, 0, 0, 0, 0};
        });
    if (!steers) network.set("linear 2", "weight", 0), network.set("linear 2", "bias", 0);
    network.reset();
    for (int k = 0; k < 40; ++k) world.run(network);
    double sum = 0;
    Kokkos::parallel_reduce(
        bodies,
        KOKKOS_LAMBDA(int b, double& far) {
            far += static_cast<double>(Kokkos::abs(all(b).target - all(b).angle));
        },
        sum);
    return sum / bodies;
}

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    auto const seed = static_cast<std::uint64_t>(argc > 1 ? std::atoi(argv[1]) : 1);
    int const chunks = argc > 2 ? std::atoi(argv[2]) : 600;

    model_settings const how{
        .steps = chunk, .batch = bodies, .dt = 10 * ms, .seed = seed, .name = "steering"};
    // Two models of one network: one steers, step by step; the other learns from what it saw.
    model_of<steering> steers(steering, how), learns(steering, how);
    learns.use_parameters(steers.parameter_memory());
    rows const states("states", bodies, steers.state_size),
        before("states before the chunk", bodies, steers.state_size); // at zero, which is at rest
    steers.use_states(states);
    learns.use_states(before);

    start_weights(steers, "linear 1", 4 * linear_start, seed); // neurons that see small angles

    simulation const world, trial;
    backpropagation gradients{learns, no_loss{}, {.carries_on = true}};
    gradients.seed("li 1", "", world.error); // what arrives at the output, after every step
    learner learning{learns, sgd{.learning_rate = 0.2}, 1.0};

    auto const all = world.all;
    Kokkos::View<bool*> const ended("ended", bodies);
    Kokkos::parallel_for(
        bodies, KOKKOS_LAMBDA(int b) {
            all(b).random = static_cast<std::uint32_t>(b + 1) * 2654435761u +
                            static_cast<std::uint32_t>(seed) * 40503u;
            begin_episode(all(b));
        });
    double const alone = distance(trial, steers, false), untrained = distance(trial, steers, true);

    io::plot::series help{"force of the controller, a mean", {}};
    for (int k = 0; k < chunks; ++k) {
        Kokkos::deep_copy(world.space, before, states);
        world.run(steers);
        gradients.run(world.space, world.seen); // the same ten steps, forwards and backwards
        learning.update(world.space, gradients.raw(), gradients.groups(), 1 / (1 + k / 200.));
        double sum = 0;
        Kokkos::parallel_reduce(
            "episodes", bodies,
            KOKKOS_LAMBDA(int b, double& force) {
                pendulum& one = all(b);
                force += static_cast<double>(Kokkos::abs(controller(one)));
                ended(b) = one.still >= 50 || one.age >= 400;
                if (!ended(b)) return;
                ++(one.still >= 50 ? one.arrived : one.given_up);
                begin_episode(one);
            },
            sum);
        steers.reset(world.space, ended); // their networks begin at rest, the others go on
        help.values.push_back(sum / bodies);
    }

    double const trained = distance(trial, steers, true);
    int arrived = 0, given_up = 0;
    Kokkos::parallel_reduce(
        bodies,
        KOKKOS_LAMBDA(int b, int& here, int& there) {
            here += all(b).arrived, there += all(b).given_up;
        },
        arrived, given_up);
    std::cout << io::plot::terminal_traces(std::span(&help, 1),
                                           {.title = "while it learns", .dt = chunk * 10 * ms});
    auto const learnt = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), trial.force);
    auto const hung = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), trial.all);
    for (int b = 6; b < bodies; b += 13) // what it has found out: the weight at each angle
        std::printf("to hang at %+.2f rad takes %+.2f, the network gives %+.2f\n",
                    static_cast<double>(hung(b).target),
                    static_cast<double>(gravity * std::sin(hung(b).target)),
                    static_cast<double>(learnt(b, 0)));
    std::printf("%d episodes ended at the target, %d were given up\n", arrived, given_up);
    std::printf("seed %d: from the target after 4 s: the controller alone %.3f rad, with a network "
                "that has not learnt %.3f, that has %.3f\n",
                static_cast<int>(seed), alone, untrained, trained);
    if (argc > 3) {
        io::plot::figure picture{.title = "A spiking network learns to hold pendulums, in flight",
                                 .subtitle =
                                     "What the weak controller still has to do, a mean over "
                                     "64 pendulums whose episodes end at different times",
                                 .dt = chunk * 10 * ms};
        picture.panels.emplace_back(
            io::plot::traces_panel{.title = "force of the controller", .lines = {help}});
        io::plot::write_svg(picture, argv[3]);
    }
    return trained < 0.5 * alone ? 0 : 1;
}
