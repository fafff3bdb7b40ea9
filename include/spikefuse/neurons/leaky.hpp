// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// snnTorch's Leaky: leaky integrate-and-fire without a synapse, in a decay factor a step instead
/// of a time constant.
///
/// Source: snntorch.Leaky 0.9.4. The reset is that of the membrane of the step before (`at_once`:
/// snnTorch's reset_delay=False). Reset to zero comes before the input here, so that the input
/// survives it, and after it in Synaptic: as in snnTorch.

#include "../surrogates/arctan.hpp"
#include "snntorch.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `leaky`, one number per neuron each.
struct leaky_parameters {
    double beta = 0.9;               ///< what is left of the membrane after a step, held in [0, 1]
    double threshold = 1;            ///< a spike is sent above it
    double graded_spikes_factor = 1; ///< height of a spike, where the neuron is `graded`
};

template <class... Policies>
struct leaky_neuron {
    using kind = named<"leaky">;
    using parameters = leaky_parameters;
    using choices = asks<strict_policy, surrogate_word<arctan_surrogate<>>, everyone_policy,
                         subtract_policy, next_step_policy, unit_spikes_policy, spikes_out_policy,
                         continuous_policy>::with<Policies...>;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using reset = policy<choices, axis::reset>;
        constexpr bool input_survives = std::is_same_v<reset, reset_to_zero_policy>;
        constexpr auto mem = state<"mem">; // membrane
        constexpr auto reset_mask =
            local<"due">; // 1 where the membrane of the step before asks for a reset
        constexpr auto beta = param<"beta">(&parameters::beta);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto factor = param<"graded_spikes_factor">(&parameters::graded_spikes_factor);
        constexpr auto integrates = mem = clamp(beta, 0, 1) * mem + current;
        constexpr auto resets = lines(reset::reset(mem, reset_mask, threshold, literal(0)));
        constexpr auto moves = [&] {
            if constexpr (input_survives) {
                return lines(resets, integrates);
            } else {
                return lines(integrates, resets);
            }
        }();
        return dynamics(reset_mask = mem > threshold, moves,
                        policy<choices, axis::state_levels>::rounded(mem),
                        ends_step<choices>(mem, reset_mask, threshold, factor));
    }
};

/// State `mem`; gives spikes, or with `membrane_out` the membrane.
inline constexpr auto leaky = neuron<leaky_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
