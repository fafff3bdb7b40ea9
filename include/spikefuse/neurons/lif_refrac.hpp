// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Leaky integrate-and-fire neuron that rests after a spike: for `rho_reset` steps the membrane
/// holds still and no spike is sent.
///
/// Source: norse.torch.functional.lif_refrac. Its surrogate gradient also flows through the
/// counter's own threshold; ours does not.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `lif_refrac`, one number per neuron each.
struct lif_refrac_parameters {
    duration tau_mem = 10 * ms; ///< membrane time constant
    duration tau_syn = 5 * ms;  ///< synaptic time constant
    double v_leak = 0;          ///< where the membrane rests
    double threshold = 1;       ///< a spike is sent above it
    double v_reset = 0;         ///< where a spike leaves the membrane
    double rho_reset = 5;       ///< steps of rest after a spike
};

template <class... Policies>
struct lif_refrac_neuron {
    using kind = named<"lif_refrac">;
    using parameters = lif_refrac_parameters;
    using choices =
        asks<strict_policy, surrogate_policy, everyone_policy, reset_to_value_policy,
             attached_policy, use_then_decay_policy, as_times_policy>::with<Policies...>;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using form = policy<choices, axis::time_constants>;
        using synapse = policy<choices, axis::synapse>;
        constexpr auto v = state<"v">;             // membrane
        constexpr auto i = state<"i">;             // synaptic current
        constexpr auto rho = state<"rho">;         // steps of rest that are left
        constexpr auto resting = local<"resting">; // 1 or 0
        constexpr auto before = local<"before">;   // the membrane before the step
        constexpr auto tau_mem = form::template time<"tau_mem">(&parameters::tau_mem);
        constexpr auto tau_syn = form::template time<"tau_syn">(&parameters::tau_syn);
        constexpr auto v_leak = param<"v_leak">(&parameters::v_leak);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto v_reset = param<"v_reset">(&parameters::v_reset);
        constexpr auto rho_reset = param<"rho_reset">(&parameters::rho_reset);
        constexpr auto decayed = after_step(i, -i / tau_syn);
        return dynamics(start(v = v_leak), resting = rho > 0, before = v,      //
                        synapse::before(i, decayed),                           //
                        d(v) = ((v_leak - v) + i) / tau_mem,                   //
                        synapse::after(i, decayed),                            //
                        spike = firing_of<choices>(v, threshold) & (rho <= 0), //
                        v = (1 - resting) * v + resting * before,              //
                        resets<choices>(v, threshold, v_reset),                //
                        rho = (1 - spike) * max(rho - resting, 0) + spike * rho_reset);
    }
};

/// States `v`, `i`, `rho`; gives spikes.
inline constexpr auto lif_refrac = neuron<lif_refrac_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
