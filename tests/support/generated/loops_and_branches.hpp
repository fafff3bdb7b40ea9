// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clang-format off
#pragma once
// The network of a NIR file, by spikefuse-nir. What the file leaves open is taken so:
//   dt = 0.001 s
//   reset = value: what a spike does to the membrane
//   reset-at = once: when it does that
//   current = after: which synaptic current the membrane of a Cuba neuron reads
//   integrate = second: I and IF: r x a second, or a step
//   fires = above: above the threshold, or at it too
//   start = zero: where membranes begin: 0, or v_leak
//   decay = euler: by dt / tau a step, or by 1 - exp(-dt / tau)
//   loops = delays: a Delay in a cycle stands for its step, or for one step more

#include <spikefuse/io/nir_load.hpp>
#include <spikefuse/spikefuse.hpp>

namespace loops_and_branches {

using namespace spikefuse;

inline constexpr nir::choices choices{.dt = 0.001};
inline constexpr duration dt{choices.dt};

inline constexpr auto fc_1 = linear<6>; // fc 1
inline constexpr auto lif_rec = linear<6>; // lif.rec
inline constexpr auto lif_ = nir::lif({.r = 10}); // lif
inline constexpr auto node_2_fc = linear<6>(no_bias); // 2.fc
inline constexpr auto lif_2 = nir::lif({.tau = 1 * ms, .r = 5, .v_leak = 0.1, .v_reset = -0.1}); // lif_
inline constexpr auto out = linear<3>(no_bias);
inline constexpr auto readout = nir::li({.tau = 5 * ms, .r = 10});

inline constexpr auto network = input<5>
    >> fc_1
    >> recurrent(lif_, through(lif_rec))
    >> (identity + (node_2_fc >> lif_2))
    >> out
    >> readout;

/// Gives a model of `network` the numbers of the file.
template <class Model>
void load(Model& made, nir::graph const& file) {
    made.load(file, choices);
}

} // namespace loops_and_branches
