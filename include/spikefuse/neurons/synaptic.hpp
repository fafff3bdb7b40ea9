// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// snnTorch's Synaptic: leaky integrate-and-fire with a synapse, in decay factors a step instead of
/// time constants.
///
/// Source: snntorch.Synaptic 0.9.4: the synapse decays, the input jumps in, the membrane reads it;
/// the reset is that of the membrane of the step before (`at_once`: snnTorch's reset_delay=False).
/// `compat` is snnTorch 0.9.1 called with explicit states, where the membrane took the place of the
/// synapse's memory and reset_delay=False did nothing; without states it computed what this does.
/// Quantised states: `synaptic(quantised_to<16>)` with the table `quantisation_levels`.

#include "../surrogates/arctan.hpp"
#include "snntorch.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `synaptic`, one number per neuron each.
struct synaptic_parameters {
    double alpha = 0.9;   ///< what is left of the synaptic current after a step, held in [0, 1]
    double beta = 0.8;    ///< what is left of the membrane after a step, held in [0, 1]
    double threshold = 1; ///< a spike is sent above it
    double graded_spikes_factor = 1; ///< height of a spike, where the neuron is `graded`
};

template <class... Policies>
struct synaptic_neuron {
    using kind = named<"synaptic">;
    using parameters = synaptic_parameters;
    using choices = asks<strict_policy, surrogate_word<arctan_surrogate<>>, everyone_policy,
                         subtract_policy, next_step_policy, unit_spikes_policy, spikes_out_policy,
                         continuous_policy, corrected_policy>::with<Policies...>;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using levels = policy<choices, axis::state_levels>;
        constexpr bool slips = std::is_same_v<policy<choices, axis::behaviour>, compat_policy>;
        constexpr auto syn = state<"syn">; // synaptic current
        constexpr auto mem = state<"mem">; // membrane
        constexpr auto reset_mask =
            local<"due">; // 1 where the membrane of the step before asks for a reset
        constexpr auto alpha = param<"alpha">(&parameters::alpha);
        constexpr auto beta = param<"beta">(&parameters::beta);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto factor = param<"graded_spikes_factor">(&parameters::graded_spikes_factor);
        constexpr auto kept = [&] {
            if constexpr (slips) {
                return mem;
            } else {
                return syn;
            }
        }();
        return dynamics(
            reset_mask = mem > threshold, //
            syn = clamp(alpha, 0, 1) * kept + current, mem = clamp(beta, 0, 1) * mem + syn,
            policy<choices, axis::reset>::reset(mem, reset_mask, threshold, literal(0)), //
            levels::rounded(mem), levels::rounded(syn),                                  //
            ends_step<choices, slips>(mem, reset_mask, threshold, factor));
    }
};

/// States `syn`, `mem`; gives spikes, or with `membrane_out` the membrane.
inline constexpr auto synaptic = neuron<synaptic_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
