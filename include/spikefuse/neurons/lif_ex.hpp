// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Exponential integrate-and-fire neuron with an exponential current synapse: LIF with a spike that
/// takes off by itself.
///
/// Source: norse.torch.functional.lif_ex, `lif_ex_feed_forward_step`; Fourcaud-Trocme et al., J.
/// Neuroscience 23:11628 (2003). Differs from norse: nothing that shows.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `lif_ex`, one number per neuron each.
struct lif_ex_parameters {
    positive delta_t = 0.5;     ///< sharpness of the spike's onset, in units of the membrane
    duration tau_mem = 10 * ms; ///< membrane time constant
    duration tau_syn = 5 * ms;  ///< synaptic time constant
    double v_leak = 0;          ///< where the membrane rests
    double threshold = 1;       ///< where a spike is sent, and where its onset lies
    double v_reset = 0;         ///< where a spike leaves the membrane
};

template <class... Policies>
struct lif_ex_neuron {
    using kind = named<"lif_ex">;
    using parameters = lif_ex_parameters;
    using choices =
        asks<strict_policy, surrogate_policy, everyone_policy, reset_to_value_policy,
             attached_policy, use_then_decay_policy, as_times_policy>::with<Policies...>;

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
        constexpr auto delta_t = param<"delta_t">(&parameters::delta_t);
        constexpr auto decayed = after_step(i, -i / tau_syn);
        return dynamics(
            start(v = v_leak), synapse::before(i, decayed),
            d(v) = ((v_leak - v) + delta_t * exp((v - threshold) * inverse(delta_t)) + i) / tau_mem,
            synapse::after(i, decayed), fires<choices>(v, threshold),
            resets<choices>(v, threshold, v_reset));
    }
};

/// States `v`, `i`; gives spikes.
inline constexpr auto lif_ex = neuron<lif_ex_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
