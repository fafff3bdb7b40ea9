// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clang-format off
#pragma once
// The network of a NIR file, by spikefuse-nir. What the file leaves open is taken so:
//   dt = 0.0001 s
//   reset = value: what a spike does to the membrane
//   reset-at = once: when it does that
//   current = before: which synaptic current the membrane of a Cuba neuron reads
//   integrate = second: I and IF: r x a second, or a step
//   fires = above: above the threshold, or at it too
//   start = zero: where membranes begin: 0, or v_leak
//   decay = euler: by dt / tau a step, or by 1 - exp(-dt / tau)
//   loops = delays: a Delay in a cycle stands for its step, or for one step more

#include <spikefuse/io/nir_load.hpp>
#include <spikefuse/spikefuse.hpp>

namespace net_braille_subgraph {

using namespace spikefuse;

inline constexpr nir::choices choices{.dt = 0.0001, .current = nir::currents::before};
inline constexpr duration dt{choices.dt};

inline constexpr auto fc1 = linear<20>;
inline constexpr auto lif1_w_rec = linear<20>(no_bias); // lif1/w_rec
inline constexpr auto lif1_lif = nir::cuba_lif({.tau_mem = 1 * ms, .tau_syn = 0.5 * ms, .r = 10, .w_in = 5}, use_old_current); // lif1/lif
inline constexpr auto fc2 = linear<7>;
inline constexpr auto lif2 = lif1_lif;

inline constexpr auto network = input<12>
    >> fc1
    >> recurrent(lif1_lif, through(lif1_w_rec))
    >> fc2
    >> lif2;

/// Gives a model of `network` the numbers of the file.
template <class Model>
void load(Model& made, nir::graph const& file) {
    made.load(file, choices);
}

} // namespace net_braille_subgraph
