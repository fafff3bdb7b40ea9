// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// snnTorch's Alpha: the membrane is the difference of two exponentials, so that a spike makes a
/// smooth bump (an alpha function).
///
/// Source: snntorch.Alpha 0.9.4, whose default reset is to zero: membrane and both currents, in the
/// step after the spike. As there, reset by subtraction takes the threshold off the excitatory
/// current and empties the inhibitory one. alpha must be above beta; at equal values the bump's
/// height is infinite.

#include "../surrogates/arctan.hpp"
#include "snntorch.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `alpha_synapse`, one number per neuron each.
struct alpha_synapse_parameters {
    double alpha = 0.9;   ///< what is left of the excitatory current after a step, held in [0, 1]
    double beta = 0.8;    ///< what is left of the inhibitory current after a step, held in [0, 1]
    double threshold = 1; ///< a spike is sent above it
};

template <class... Policies>
struct alpha_synapse_neuron {
    using kind = named<"alpha_synapse">;
    using parameters = alpha_synapse_parameters;
    using choices = asks<strict_policy, surrogate_word<arctan_surrogate<>>, everyone_policy,
                         reset_to_zero_policy>::with<Policies...>;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using reset = policy<choices, axis::reset>;
        static_assert(
            snntorch_reset<reset>::value,
            "spikefuse: snnTorch's neurons take the resets subtract, reset_to_zero and no_reset.");
        constexpr auto excitation = state<"syn_exc">;
        constexpr auto inhibition = state<"syn_inh">;
        constexpr auto mem = state<"mem">; // membrane
        constexpr auto reset_mask =
            local<"due">; // 1 where the membrane of the step before asks for a reset
        constexpr auto before = local<"before">; // the inhibitory current of the step before
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto alpha = clamp(param<"alpha">(&parameters::alpha), 0, 1);
        constexpr auto beta = clamp(param<"beta">(&parameters::beta), 0, 1);
        constexpr auto height = log(alpha) / (log(beta) - log(alpha)) + 1;
        constexpr auto resets = [&] {
            if constexpr (std::is_same_v<reset, reset_to_zero_policy>) {
                return lines(excitation -= excitation * reset_mask,
                             inhibition -= inhibition * reset_mask, mem -= mem * reset_mask);
            } else if constexpr (std::is_same_v<reset, subtract_policy>) {
                return lines(excitation -= threshold * reset_mask,
                             inhibition -= inhibition * reset_mask, mem += before * reset_mask);
            } else {
                return lines();
            }
        }();
        return dynamics(reset_mask = mem > threshold, before = inhibition, //
                        excitation = alpha * excitation + current,
                        inhibition = beta * inhibition - current,
                        mem = height * (excitation + inhibition), //
                        resets, fires<choices>(mem, threshold));
    }
};

/// States `syn_exc`, `syn_inh`, `mem`; gives spikes.
inline constexpr auto alpha_synapse = neuron<alpha_synapse_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
