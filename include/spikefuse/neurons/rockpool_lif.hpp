// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Rockpool's LIF: exponential decays, a bias current, and as many spikes a step as the threshold
/// goes into the membrane.
///
/// Source: rockpool.nn.modules.torch.LIFTorch, one synapse a neuron: the input jumps in and decays
/// before the membrane reads it. Its recurrent form is `recurrent(rockpool_lif, with_autapses)`,
/// with Rockpool's w_rec transposed (here [post, pre]). Its defaults; noise is left out.

#include "../surrogates/piecewise_linear.hpp"
#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `rockpool_lif`, one number per neuron each.
struct rockpool_lif_parameters {
    duration tau_mem = 20 * ms; ///< membrane time constant
    duration tau_syn = 20 * ms; ///< synaptic time constant
    double bias = 0;            ///< joins the membrane in every step
    positive threshold = 1;     ///< a spike for each time that it goes into the membrane
};

template <class... Policies>
struct rockpool_lif_neuron {
    using kind = named<"rockpool_lif">;
    using parameters = rockpool_lif_parameters;
    using choices =
        asks<several_policy<65536>, surrogate_word<piecewise_linear_surrogate<>>, subtract_policy,
             attached_policy, add_then_decay_policy, everyone_policy>::with<Policies...>;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using synapse = policy<choices, axis::synapse>;
        constexpr auto v = state<"v">; // membrane
        constexpr auto i = state<"i">; // synaptic current
        constexpr auto tau_mem = param<"tau_mem">(&parameters::tau_mem);
        constexpr auto tau_syn = param<"tau_syn">(&parameters::tau_syn);
        constexpr auto bias = param<"bias">(&parameters::bias);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto decayed = i * exp(inverse(tau_syn) * -dt);
        return dynamics(synapse::before(i, decayed),                            //
                        v = v * exp(inverse(tau_mem) * -dt), v += i, v += bias, //
                        synapse::after(i, decayed),                             //
                        fires<choices>(v, threshold), resets<choices>(v, threshold, literal(0)));
    }
};

/// States `v`, `i`; gives the number of spikes in a step.
inline constexpr auto rockpool_lif = neuron<rockpool_lif_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
