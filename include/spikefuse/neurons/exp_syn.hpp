// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Exponential synapse: a current that decays, without a membrane. Its output is the current.
///
/// Source: rockpool.nn.modules.torch.ExpSynTorch: i' = (i + x) exp(-dt / tau), the input of a step
/// decays with the rest. `noisy_exp_syn` adds noise_std sqrt(dt) N(0, 1) to the input of every
/// step; the numbers depend on seed, layer, sample, neuron and step alone (Philox 4x32-10), so that
/// threads and backends draw the same. `compat`: the state of the first sample is what all samples
/// begin the next call with, as ExpSynTorch keeps it.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `exp_syn`, one number per neuron each.
struct exp_syn_parameters {
    duration tau = 10 * ms; ///< synaptic time constant
};
/// Parameters of `noisy_exp_syn`, one number per neuron each.
struct noisy_exp_syn_parameters {
    duration tau = 10 * ms; ///< synaptic time constant
    /// Standard deviation that the noise alone would reach after 1 s without decay, 1/sqrt(s).
    double noise_std = 0.1;
};

template <class Parameters, class... Policies>
struct exp_syn_equations {
    using kind = named<"exp_syn">;
    using parameters = Parameters;
    using choices = asks<corrected_policy>::with<Policies...>;
    static constexpr bool broadcast_first_sample_state =
        std::is_same_v<neuron_policies::policy<choices, neuron_policies::axis::behaviour>,
                       compat_policy>;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto i = state<"i">; // synaptic current
        constexpr auto tau = param<"tau">(&parameters::tau);
        constexpr auto arrives = [] {
            if constexpr (requires { &parameters::noise_std; }) {
                return current + param<"noise_std">(&parameters::noise_std) * sqrt(dt) * noise;
            } else {
                return current;
            }
        }();
        return dynamics(i += arrives, i = i * exp(inverse(tau) * -dt), output = i);
    }
};

template <class... Policies>
struct exp_syn_neuron : exp_syn_equations<exp_syn_parameters, Policies...> {};
template <class... Policies>
struct noisy_exp_syn_neuron : exp_syn_equations<noisy_exp_syn_parameters, Policies...> {};

/// State `i`, which it gives.
inline constexpr auto exp_syn = neuron<exp_syn_neuron<>>;
/// The same with noise, drawn from the model's seed.
inline constexpr auto noisy_exp_syn = neuron<noisy_exp_syn_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
