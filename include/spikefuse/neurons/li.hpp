// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Leaky integrator: a membrane that never fires, the usual readout. Its output is the membrane.
///
/// Source: norse.torch.functional.leaky_integrator, `li_feed_forward_step`. norse's LILinearCell is
/// `linear<N>(no_bias) >> li`.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `li`, one number per neuron each.
struct li_parameters {
    duration tau_mem = 10 * ms; ///< membrane time constant
    duration tau_syn = 5 * ms;  ///< synaptic time constant
    double v_leak = 0;          ///< where the membrane rests
};

template <class... Policies>
struct li_neuron {
    using kind = named<"li">;
    using parameters = li_parameters;
    using choices = asks<use_then_decay_policy, as_times_policy>::with<Policies...>;

    // A spike moves the synapse by 1: by dt / tau_syn * w_in, as NIR has it.
    static constexpr nir_mapping exchange =
        nir_mapping("CubaLI",
                    {{"tau_mem", "tau_mem"}, {"tau_syn", "tau_syn"}, {"v_leak", "v_leak"}})
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
        constexpr auto decayed = after_step(i, -i / tau_syn);
        return dynamics(start(v = v_leak),                   //
                        synapse::before(i, decayed),         //
                        d(v) = ((v_leak - v) + i) / tau_mem, //
                        synapse::after(i, decayed),          //
                        output = v);
    }
};

/// States `v`, `i`; gives the membrane `v`.
inline constexpr auto li = neuron<li_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
