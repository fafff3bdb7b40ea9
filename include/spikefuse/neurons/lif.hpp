// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Leaky integrate-and-fire neuron with an exponential current synapse.
///
/// Source: norse.torch.functional.lif, `lif_feed_forward_step` and `lif_step` (the defaults and the
/// order of operations are its own): the input jumps into the synapse, the membrane reads the
/// jumped, not yet decayed current, the spike resets at once. norse's recurrent form is
/// `recurrent(lif(detached))`. Neglected: refractoriness, adaptation, conductances.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `lif`, one number per neuron each.
struct lif_parameters {
    duration tau_mem = 10 * ms; ///< membrane time constant
    duration tau_syn = 5 * ms;  ///< synaptic time constant
    double v_leak = 0;          ///< where the membrane rests
    double threshold = 1;       ///< a spike is sent above it
    double v_reset = 0;         ///< where a spike leaves the membrane
};

template <class... Policies>
struct lif_neuron {
    using kind = named<"lif">;
    using parameters = lif_parameters;
    using choices = asks<strict_policy, surrogate_policy, everyone_policy, reset_to_value_policy,
                         attached_policy, use_then_decay_policy, as_times_policy,
                         spikes_out_policy>::with<Policies...>;

    // A spike moves the synapse by 1: by dt / tau_syn * w_in, as NIR has it.
    static constexpr nir_mapping exchange = nir_mapping("CubaLIF", {{"tau_mem", "tau_mem"},
                                                                    {"tau_syn", "tau_syn"},
                                                                    {"v_leak", "v_leak"},
                                                                    {"threshold", "v_threshold"},
                                                                    {"v_reset", "v_reset", 0}})
                                                .with_fixed({"r", {}}, {"w_in", "tau_syn"})
                                                .with_start_at_leak();

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using form = policy<choices, axis::time_constants>;
        using synapse = policy<choices, axis::synapse>;
        constexpr auto v = state<"v">; // membrane
        constexpr auto i = state<"i">; // synaptic current
        constexpr auto tau_mem = form::template time<"tau_mem">(&parameters::tau_mem);
        constexpr auto tau_syn = form::template time<"tau_syn">(&parameters::tau_syn);
        constexpr auto v_leak = param<"v_leak">(&parameters::v_leak);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto v_reset = param<"v_reset">(&parameters::v_reset);
        constexpr auto decayed = after_step(i, -i / tau_syn);
        return dynamics(start(v = v_leak),                   //
                        synapse::before(i, decayed),         //
                        d(v) = ((v_leak - v) + i) / tau_mem, //
                        synapse::after(i, decayed),          //
                        fires<choices>(v, threshold),        //
                        resets<choices>(v, threshold, v_reset),
                        policy<choices, axis::shown>::shows(v));
    }
};

/// States `v`, `i`; gives spikes, or with `membrane_out` the membrane.
inline constexpr auto lif = neuron<lif_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
