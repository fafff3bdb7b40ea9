// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Many bodies, each steered by its own small network, one step at a time: 4-32-2 (lif, li) and a
// damped pendulum. The network at host level beside the same network inside the user's kernel, and
// beside a loop as one writes it by hand. Nanoseconds a body and step, network and physics; then
// the network's call alone, and what it takes to read and write the states.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <spikefuse/spikefuse.hpp>
#include <string>
#include <vector>

using namespace spikefuse;

namespace {

constexpr auto controller = input<4> >> linear<32> >> lif >> linear<2> >> li;
constexpr int hidden = 32, inputs = 4, outputs = 2;
using brain = model_of<controller>;
using space = Kokkos::DefaultExecutionSpace;
using rows = Kokkos::View<float**, Kokkos::LayoutRight>;

/// Two damped pendulums a body, each pushed by an output.
struct pendulums {
    float angle[2], speed[2];
    SPIKEFUSE_FUNCTION void move(float const* push) {
        for (int k = 0; k < 2; ++k) {
            speed[k] += 0.001f * (push[k] - 0.5f * speed[k] - 9.81f * angle[k]);
            angle[k] += 0.001f * speed[k];
        }
    }
    SPIKEFUSE_FUNCTION void see(float* seen) const {
        for (int k = 0; k < 2; ++k) seen[k] = angle[k], seen[2 + k] = speed[k];
    }
};
using bodies_view = Kokkos::View<pendulums*>;

bodies_view make_bodies(int count) {
    bodies_view const bodies("bodies", static_cast<std::size_t>(count));
    for (int b = 0; b < count; ++b)
        for (int k = 0; k < 2; ++k)
            bodies(b).angle[k] = 0.3f + 0.7f * std::sin(0.37f * static_cast<float>(b + k)),
            bodies(b).speed[k] = std::cos(0.11f * static_cast<float>(b - k));
    return bodies;
}

/// The network as one writes it by hand: a loop over neurons for each layer, floats for spikes.
struct by_hand {
    struct state {
        float v[hidden], i[hidden], out_v[outputs], out_i[outputs];
    };
    struct weights {
        float hidden_weight[inputs][hidden], hidden_bias[hidden];
        float out_weight[hidden][outputs], out_bias[outputs];
        float tau_mem, tau_syn; // dt over them
    } of;

    explicit by_hand(brain const& network) {
        auto const w1 = network.get("linear 1", "weight"), b1 = network.get("linear 1", "bias"),
                   w2 = network.get("linear 2", "weight"), b2 = network.get("linear 2", "bias");
        for (std::size_t n = 0; n < hidden; ++n) {
            for (std::size_t k = 0; k < inputs; ++k) of.hidden_weight[k][n] = w1[n * inputs + k];
            of.hidden_bias[n] = b1[n];
            for (std::size_t o = 0; o < outputs; ++o) of.out_weight[n][o] = w2[o * hidden + n];
        }
        for (std::size_t o = 0; o < outputs; ++o) of.out_bias[o] = b2[o];
        auto const dt = static_cast<float>(network.setup().dt.seconds);
        of.tau_mem = dt / network.get("lif 1", "tau_mem")[0];
        of.tau_syn = dt / network.get("lif 1", "tau_syn")[0];
    }
    KOKKOS_FUNCTION static void step(weights const& w, state& s, float const* in, float* out) {
        float fired[hidden];
        for (int n = 0; n < hidden; ++n) {
            float current = w.hidden_bias[n];
            for (int k = 0; k < inputs; ++k) current += w.hidden_weight[k][n] * in[k];
            s.v[n] += w.tau_mem * (s.i[n] - s.v[n]);
            s.i[n] += current - w.tau_syn * s.i[n];
            fired[n] = s.v[n] > 1 ? 1.f : 0.f;
            s.v[n] = s.v[n] > 1 ? 0.f : s.v[n];
        }
        for (int o = 0; o < outputs; ++o) {
            float current = w.out_bias[o];
            for (int n = 0; n < hidden; ++n) current += w.out_weight[n][o] * fired[n];
            s.out_i[o] += current;
            s.out_v[o] += w.tau_mem * (s.out_i[o] - s.out_v[o]);
            s.out_i[o] -= w.tau_syn * s.out_i[o];
            out[o] = s.out_v[o];
        }
    }
};

} // namespace

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    int const count = argc > 1 ? std::atoi(argv[1]) : 200000, steps = 20, rounds = 7;
    float const gain = argc > 2 ? static_cast<float>(std::atof(argv[2])) : 3;
    brain network(controller, {.batch = count, .seed = 1});
    for (char const* layer : {"linear 1", "linear 2"}) {
        auto weights = network.get(layer, "weight");
        for (float& weight : weights) weight *= gain;
        network.set(layer, "weight", weights);
    }
    space const here;
    auto const range = Kokkos::RangePolicy<space, int>(here, 0, count);

    struct way {
        std::string name;
        std::function<void()> begin, step;
        bodies_view bodies; // that move, or none
        std::vector<double> seconds;
    };
    std::vector<way> ways;

    by_hand const hand(network);
    auto const weights = hand.of;
    auto const hand_bodies = make_bodies(count);
    Kokkos::View<by_hand::state*> const hand_states("by hand", static_cast<std::size_t>(count));
    ways.push_back({"a loop by hand",
                    [=] { Kokkos::deep_copy(hand_states, by_hand::state{}); },
                    [=] {
                        Kokkos::parallel_for(
                            "by hand", range, KOKKOS_LAMBDA(int b) {
                                float seen[inputs], push[outputs];
                                hand_bodies(b).see(seen);
                                by_hand::step(weights, hand_states(b), seen, push);
                                hand_bodies(b).move(push);
                            });
                    },
                    hand_bodies,
                    {}});

    auto const cell = network.cell();
    using state = decltype(network.cell())::state;
    auto const cell_bodies = make_bodies(count);
    Kokkos::View<state*> const states("states", static_cast<std::size_t>(count));
    ways.push_back({"cells in a kernel",
                    [=] {
                        Kokkos::parallel_for(
                            "begin", range, KOKKOS_LAMBDA(int b) { cell.begin(states(b)); });
                    },
                    [=] {
                        Kokkos::parallel_for(
                            "cells", range, KOKKOS_LAMBDA(int b) {
                                float seen[inputs], push[outputs];
                                cell_bodies(b).see(seen);
                                cell.step(states(b), seen, push);
                                cell_bodies(b).move(push);
                            });
                    },
                    cell_bodies,
                    {}});

    auto const host_bodies = make_bodies(count);
    rows const seen("seen", static_cast<std::size_t>(count), inputs),
        push("push", static_cast<std::size_t>(count), outputs);
    ways.push_back(
        {"network.run from the host",
         [&network] { network.reset(); },
         [=, &network] {
             Kokkos::parallel_for(
                 "see", range, KOKKOS_LAMBDA(int b) { host_bodies(b).see(&seen(b, 0)); });
             network.run(here, seen, last_step, push);
             Kokkos::parallel_for(
                 "move", range, KOKKOS_LAMBDA(int b) { host_bodies(b).move(&push(b, 0)); });
         },
         host_bodies,
         {}});

    brain alone(network); // steered by what lies in `seen`
    ways.push_back({"network.run alone",
                    [&alone] { alone.reset(); },
                    [=, &alone] { alone.run(here, seen, last_step, push); },
                    {},
                    {}});
    Kokkos::View<float**, Kokkos::LayoutRight> const numbers(
        "numbers", static_cast<std::size_t>(count), brain::state_size);
    ways.push_back({"states read and written",
                    [] {},
                    [=] {
                        Kokkos::parallel_for(
                            "floor", range, KOKKOS_LAMBDA(int b) {
                                constexpr std::size_t size = brain::state_size;
                                float* const own = &numbers(b, 0);
                                for (std::size_t k = 0; k < size; k += 16) // as the library does
                                    detail::prefetch(own + 12 * size + k);
                                for (std::size_t k = 0; k < size; ++k) own[k] += 1;
                            });
                    },
                    {},
                    {}});

    for (auto& one : ways) one.begin();
    for (int round = 0; round <= rounds; ++round) // the first round warms up
        for (auto& one : ways) {
            here.fence();
            Kokkos::Timer const timer;
            for (int t = 0; t < steps; ++t) one.step();
            here.fence();
            if (round > 0) one.seconds.push_back(timer.seconds());
        }
    std::printf("%d bodies, 4-32-2 and physics, %d threads, state of a body %zu bytes\n", count,
                here.concurrency(), sizeof(state));
    for (auto& one : ways) {
        std::sort(one.seconds.begin(), one.seconds.end());
        double const per = 1e9 / (static_cast<double>(count) * steps);
        std::printf("  %-28s %6.1f ns a body and step (%.1f to %.1f)", one.name.c_str(),
                    one.seconds[one.seconds.size() / 2] * per, one.seconds.front() * per,
                    one.seconds.back() * per);
        std::size_t differ = 0;
        double far = 0;
        for (int b = 0; b < count && one.bodies.is_allocated(); ++b) {
            pendulums const own = one.bodies(b), host = host_bodies(b);
            differ += std::memcmp(&own, &host, sizeof own) != 0;
            for (int k = 0; k < 2; ++k)
                far = std::max(far, std::abs(static_cast<double>(own.angle[k] - host.angle[k])));
        }
        if (one.bodies.is_allocated())
            std::printf("; bodies that differ from the host's: %zu, by %.2g", differ, far);
        std::printf("\n");
    }
    long fired = 0, all = 0;
    for (int b = 0; b < count; b += 97, all += hidden)
        for (int n = 0; n < hidden; ++n)
            fired += states(b).numbers[0] != 0 &&
                     decltype(network.cell())::get<"lif 1", "v">(states(b), n) == 0;
    std::printf("  about %.1f %% of the hidden neurons fired in the last step\n",
                100. * static_cast<double>(fired) / static_cast<double>(all));
}
