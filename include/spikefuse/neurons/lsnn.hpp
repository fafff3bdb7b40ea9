// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Adaptive threshold: a spike raises the threshold, which decays back. The neuron of long
/// short-term memory in spiking networks (LSNN).
///
/// Source: norse.torch.functional.lsnn, `lsnn_feed_forward_step`; Bellec et al., NeurIPS 2018. As
/// there, the membrane reads the current that the step before left. norse's own tau_adapt is 800 s
/// (its 1 / 800 stands in 1/s); here it is the 800 ms that are meant.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `lsnn`, one number per neuron each.
struct lsnn_parameters {
    duration tau_mem = 10 * ms;    ///< membrane time constant
    duration tau_syn = 5 * ms;     ///< synaptic time constant
    duration tau_adapt = 800 * ms; ///< with which the threshold decays back
    double v_leak = 0;             ///< where the membrane rests
    double threshold = 1;          ///< where the threshold b rests
    double v_reset = 0;            ///< where a spike leaves the membrane
    double beta = 1.8;             ///< by how much a spike raises the threshold
};

template <class... Policies>
struct lsnn_neuron {
    using kind = named<"lsnn">;
    using parameters = lsnn_parameters;
    using choices =
        asks<strict_policy, surrogate_policy, everyone_policy, reset_to_value_policy,
             attached_policy, use_old_current_policy, as_times_policy>::with<Policies...>;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using form = policy<choices, axis::time_constants>;
        using synapse = policy<choices, axis::synapse>;
        constexpr auto v = state<"v">; // membrane
        constexpr auto i = state<"i">; // synaptic current
        constexpr auto b = state<"b">; // threshold
        constexpr auto tau_mem = form::template time<"tau_mem">(&parameters::tau_mem);
        constexpr auto tau_syn = form::template time<"tau_syn">(&parameters::tau_syn);
        constexpr auto tau_adapt = form::template time<"tau_adapt">(&parameters::tau_adapt);
        constexpr auto v_leak = param<"v_leak">(&parameters::v_leak);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto v_reset = param<"v_reset">(&parameters::v_reset);
        constexpr auto beta = param<"beta">(&parameters::beta);
        constexpr auto decayed = after_step(i, -i / tau_syn);
        constexpr auto through = policy<choices, axis::reset_gradient>::through(spike);
        return dynamics(start(v = v_leak, b = threshold),    //
                        synapse::before(i, decayed),         //
                        d(v) = ((v_leak - v) + i) / tau_mem, //
                        d(b) = (threshold - b) / tau_adapt,  //
                        synapse::after(i, decayed),          //
                        fires<choices>(v, b), resets<choices>(v, b, v_reset), b += through * beta);
    }
};

/// States `v`, `i`, `b` (the threshold); gives spikes.
inline constexpr auto lsnn = neuron<lsnn_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
