// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A neuron beside numbers that a library printed: one neuron, in double, a fixed input of 14 steps:
// 0.3 + 0.25 ((7 t) mod 5).

#include "random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <map>
#include <spikefuse/spikefuse.hpp>

namespace test {

using row = std::vector<double>;

/// Runs the neuron on `scale` times the input and holds spikes and states against theirs.
template <class Neuron>
void check_traces(std::string const& label, Neuron neuron, double scale,
                  std::map<std::string, double> const& parameters, std::string const& spikes,
                  std::map<std::string, row> const& states) {
    INFO(label);
    constexpr int steps = 14;
    spikefuse::model network{
        spikefuse::input<1> >> neuron, {.steps = steps}, spikefuse::precision<double>};
    std::string const layer = network.layer_names()[0];
    for (auto const& [name, value] : parameters) network.set(layer, name, value);
    for (auto const& [name, trace] : states) network.record(layer, name);
    Kokkos::View<double***, Kokkos::LayoutRight> drive("x", steps, 1, 1);
    fill(drive,
         [&](std::size_t t) { return scale * (0.3 + 0.25 * static_cast<double>((7 * t) % 5)); });
    auto const fired = host(network(drive));
    std::map<std::string, decltype(host(network.recorded(layer, "")))> shown;
    for (auto const& [name, trace] : states) shown[name] = host(network.recorded(layer, name));
    for (int t = 0; t < steps; ++t) {
        INFO("step " << t);
        REQUIRE(fired(t, 0, 0) == (spikes[static_cast<std::size_t>(t)] == '1' ? 1. : 0.));
        for (auto const& [name, trace] : states) {
            INFO(name << " is " << shown[name](t, 0, 0) << ", theirs "
                      << trace[static_cast<std::size_t>(t)]);
            REQUIRE(std::abs(shown[name](t, 0, 0) - trace[static_cast<std::size_t>(t)]) <=
                    1e-9 * std::max(1., std::abs(trace[static_cast<std::size_t>(t)])));
        }
    }
}

} // namespace test
