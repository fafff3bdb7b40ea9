// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The neurons of the exchange format NIR, with every number that it has for them: `input<784> >>
/// linear<128> >> nir::lif`.
///
/// Source: Pedersen et al. 2024, Nature Communications 15:8122, the nodes LIF and CubaLIF, by
/// forward Euler: states begin at zero, a neuron fires above its threshold and is then set to
/// v_reset. The file holds neither the time step nor another way to fire, reset or begin:
/// `inclusive`, `subtract`, `next_step` and `start_at_leak` say these. `lif` and `iaf` are the same
/// with what norse and the usual networks need.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::nir {

/// Parameters of `nir::lif`, one number per neuron each.
struct lif_parameters {
    duration tau = 10 * ms; ///< membrane time constant
    double r = 1;           ///< membrane units per unit of current
    double v_leak = 0;      ///< where the membrane goes without input
    double v_threshold = 1; ///< a spike is sent above it
    double v_reset = 0;     ///< where a spike leaves the membrane
};

/// Leaky integrate-and-fire, the input is a current: v' = v + dt / tau ((v_leak - v) + r I).
template <class... Policies>
struct lif_neuron {
    using kind = named<"nir_lif">;
    using parameters = lif_parameters;
    using choices = asks<strict_policy, surrogate_policy, everyone_policy, reset_to_value_policy,
                         attached_policy, at_once_policy, start_at_zero_policy>::with<Policies...>;
    static constexpr nir_mapping exchange{"LIF",
                                          {{"tau", "tau"},
                                           {"r", "r"},
                                           {"v_leak", "v_leak"},
                                           {"v_threshold", "v_threshold"},
                                           {"v_reset", "v_reset", 0}}};

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        constexpr auto v = state<"v">; // membrane
        constexpr auto tau = param<"tau">(&parameters::tau);
        constexpr auto r = param<"r">(&parameters::r);
        constexpr auto v_leak = param<"v_leak">(&parameters::v_leak);
        constexpr auto v_threshold = param<"v_threshold">(&parameters::v_threshold);
        constexpr auto v_reset = param<"v_reset">(&parameters::v_reset);
        return dynamics(policy<choices, axis::start>::begins(v, v_leak), //
                        d(v) = ((v_leak - v) + r * current) / tau,       //
                        fires_and_resets<choices>(v, v_threshold, v_reset));
    }
};

/// Parameters of `nir::cuba_lif`, one number per neuron each.
struct cuba_lif_parameters {
    duration tau_mem = 10 * ms; ///< membrane time constant
    duration tau_syn = 5 * ms;  ///< synaptic time constant
    double r = 1;               ///< membrane units per unit of synaptic current
    double v_leak = 0;          ///< where the membrane goes without input
    double v_threshold = 1;     ///< a spike is sent above it
    double v_reset = 0;         ///< where a spike leaves the membrane
    double w_in = 1; ///< of what arrives; tau_syn / dt lets a spike move the synapse by 1
};

namespace detail {

/// The synapse and the membrane of Cuba neurons, and what comes behind them: a spike, or the
/// membrane as the output.
template <class Parameters, class Choices, bool OldCurrent, class After>
constexpr auto cuba_dynamics(After after) {
    using namespace spikefuse::equations;
    constexpr auto v = state<"v">; // membrane
    constexpr auto i = state<"i">; // synaptic current
    constexpr auto tau_mem = param<"tau_mem">(&Parameters::tau_mem);
    constexpr auto tau_syn = param<"tau_syn">(&Parameters::tau_syn);
    constexpr auto r = param<"r">(&Parameters::r);
    constexpr auto v_leak = param<"v_leak">(&Parameters::v_leak);
    constexpr auto w_in = param<"w_in">(&Parameters::w_in);
    constexpr auto arrived = after_step(i, (w_in * current - i) / tau_syn);
    constexpr auto leak = ((v_leak - v) + r * i) / tau_mem;
    constexpr auto begins =
        neuron_policies::policy<Choices, neuron_policies::axis::start>::begins(v, v_leak);
    if constexpr (OldCurrent) {
        return dynamics(begins, d(v) = leak, i = arrived, after);
    } else {
        return dynamics(begins, i = arrived, d(v) = leak, after);
    }
}

} // namespace detail

/// The same behind a synapse whose current decays: i' = i + dt / tau_syn (w_in x - i); v' = v + dt
/// / tau_mem ((v_leak - v) + r i'). The membrane reads the new current, as snnTorch, norse and
/// SpikingJelly do; `use_old_current`: the one of the step before, as the format's authors do.
template <class... Policies>
struct cuba_lif_neuron {
    using kind = named<"nir_cuba_lif">;
    using parameters = cuba_lif_parameters;
    using choices = asks<strict_policy, surrogate_policy, everyone_policy, reset_to_value_policy,
                         attached_policy, at_once_policy, start_at_zero_policy,
                         decay_then_add_policy>::with<Policies...>;
    static constexpr nir_mapping exchange{"CubaLIF",
                                          {{"tau_mem", "tau_mem"},
                                           {"tau_syn", "tau_syn"},
                                           {"r", "r"},
                                           {"v_leak", "v_leak"},
                                           {"v_threshold", "v_threshold"},
                                           {"v_reset", "v_reset", 0},
                                           {"w_in", "w_in", 1}}};

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using synapse = policy<choices, axis::synapse>;
        constexpr bool old_current = std::is_same_v<synapse, use_old_current_policy>;
        static_assert(
            old_current || std::is_same_v<synapse, decay_then_add_policy>,
            "spikefuse: nir::cuba_lif takes the synapses decay_then_add and use_old_current.");
        constexpr auto v = state<"v">;
        constexpr auto v_threshold = param<"v_threshold">(&parameters::v_threshold);
        constexpr auto v_reset = param<"v_reset">(&parameters::v_reset);
        return detail::cuba_dynamics<parameters, choices, old_current>(
            fires_and_resets<choices>(v, v_threshold, v_reset));
    }
};

/// State `v`, with `next_step` also `fired`; gives spikes.
inline constexpr auto lif = neuron<lif_neuron<>>;
/// States `i`, `v`, with `next_step` also `fired`; gives spikes.
inline constexpr auto cuba_lif = neuron<cuba_lif_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir
