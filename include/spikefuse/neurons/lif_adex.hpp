// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Adaptive exponential integrate-and-fire neuron with an exponential current synapse.
///
/// Source: norse.torch.functional.lif_adex, `lif_adex_feed_forward_step` and `lif_adex_step` (the
/// defaults and the order of operations are its own; its recurrent form is `recurrent(lif_adex)`);
/// Brette and Gerstner, J. Neurophysiology 94:3637 (2005). `lif_adex_encoder` has no synapse: the
/// input is the current. Its adaptation is integrated as in the step; `compat` computes norse's
/// `lif_adex_current_encoder` as it stands, which replaces a instead of integrating it, leaves dt
/// out and reads v after the reset, so that a grows without bound with the defaults.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `lif_adex`, one number per neuron each.
struct lif_adex_parameters {
    double adaptation_current = 4;  ///< how strongly the membrane drives the adaptation
    double adaptation_spike = 0.02; ///< what a spike adds to the adaptation
    positive delta_t = 0.5;         ///< sharpness of the spike's onset, in units of the membrane
    duration tau_ada = 500 * ms;    ///< adaptation time constant
    duration tau_mem = 10 * ms;     ///< membrane time constant
    duration tau_syn = 5 * ms;      ///< synaptic time constant
    double v_leak = 0;              ///< where the membrane rests
    double threshold = 1;           ///< where a spike is sent, and where its onset lies
    double v_reset = 0;             ///< where a spike leaves the membrane
};

/// HasSynapse: the input goes through an exponential synapse.
template <bool HasSynapse, class... Policies>
struct lif_adex_equations {
    using parameters = lif_adex_parameters;
    using choices = asks<strict_policy, surrogate_policy, everyone_policy, reset_to_value_policy,
                         attached_policy, use_then_decay_policy, as_times_policy,
                         corrected_policy>::with<Policies...>;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using form = policy<choices, axis::time_constants>;
        using synapse = policy<choices, axis::synapse>;
        constexpr auto v = state<"v">; // membrane
        constexpr auto i = state<"i">; // synaptic current
        constexpr auto a = state<"a">; // adaptation
        constexpr auto tau_mem = form::template time<"tau_mem">(&parameters::tau_mem);
        constexpr auto tau_syn = form::template time<"tau_syn">(&parameters::tau_syn);
        constexpr auto tau_ada = form::template time<"tau_ada">(&parameters::tau_ada);
        constexpr auto v_leak = param<"v_leak">(&parameters::v_leak);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto v_reset = param<"v_reset">(&parameters::v_reset);
        constexpr auto adaptation_current =
            param<"adaptation_current">(&parameters::adaptation_current);
        constexpr auto adaptation_spike = param<"adaptation_spike">(&parameters::adaptation_spike);
        constexpr auto delta_t = param<"delta_t">(&parameters::delta_t);
        constexpr auto decayed = after_step(i, -i / tau_syn);
        constexpr auto leak_and_onset =
            (v_leak - v) + delta_t * exp((v - threshold) * inverse(delta_t));
        constexpr auto adapts = d(a) = (adaptation_current * (v - v_leak) - a) / tau_ada;
        if constexpr (HasSynapse) {
            return dynamics(start(v = v_leak), synapse::before(i, decayed), //
                            d(v) = (leak_and_onset + i - a) / tau_mem,      //
                            adapts, synapse::after(i, decayed),             //
                            fires<choices>(v, threshold), resets<choices>(v, threshold, v_reset),
                            a += spike * adaptation_spike);
        } else if constexpr (std::is_same_v<policy<choices, axis::behaviour>, corrected_policy>) {
            return dynamics(start(v = v_leak),                               //
                            d(v) = (leak_and_onset + current - a) / tau_mem, //
                            adapts,                                          //
                            fires<choices>(v, threshold), resets<choices>(v, threshold, v_reset),
                            a += spike * adaptation_spike);
        } else {
            return dynamics(start(v = v_leak),                               //
                            d(v) = (leak_and_onset + current - a) / tau_mem, //
                            fires<choices>(v, threshold), resets<choices>(v, threshold, v_reset),
                            a = inverse(tau_ada) * (adaptation_current * (v - v_leak) - a) +
                                spike * adaptation_spike);
        }
    }
};

template <class... Policies>
struct lif_adex_neuron : lif_adex_equations<true, Policies...> {
    using kind = named<"lif_adex">;
};
template <class... Policies>
struct lif_adex_encoder_neuron : lif_adex_equations<false, Policies...> {
    using kind = named<"lif_adex_encoder">;
};

/// States `v`, `i`, `a`; gives spikes.
inline constexpr auto lif_adex = neuron<lif_adex_neuron<>>;
/// States `v`, `a`; gives spikes. The input is the current.
inline constexpr auto lif_adex_encoder = neuron<lif_adex_encoder_neuron<pull_to_value_policy>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
