// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The membranes of the exchange format NIR that never fire, its readouts, `linear<10> >> nir::li`;
/// and its Threshold, which fires without a membrane.
///
/// Source: Pedersen et al. 2024, Nature Communications 15:8122, the nodes I, LI and CubaLI, by
/// forward Euler: states begin at zero (`start_at_leak`: membranes at v_leak), the output is the
/// membrane as the step leaves it.

#include "nir.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::nir {

/// Parameters of `nir::integrator`, one number per neuron each.
struct integrator_parameters {
    double r = 1; ///< membrane units per second and unit of current
};

/// A membrane without leak: v' = v + dt r I.
template <class... Policies>
struct integrator_neuron {
    using kind = named<"nir_integrator">;
    using parameters = integrator_parameters;
    static constexpr nir_mapping exchange{"I", {{"r", "r"}}};

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">; // membrane
        return dynamics(d(v) = param<"r">(&parameters::r) * current, output = v);
    }
};

/// Parameters of `nir::li`, one number per neuron each.
struct li_parameters {
    duration tau = 10 * ms; ///< membrane time constant
    double r = 1;           ///< membrane units per unit of current
    double v_leak = 0;      ///< where the membrane goes without input
};

/// Leaky integrator: v' = v + dt / tau ((v_leak - v) + r I).
template <class... Policies>
struct li_neuron {
    using kind = named<"nir_li">;
    using parameters = li_parameters;
    using choices = asks<start_at_zero_policy>::with<Policies...>;
    static constexpr nir_mapping exchange{"LI", {{"tau", "tau"}, {"r", "r"}, {"v_leak", "v_leak"}}};

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        constexpr auto v = state<"v">; // membrane
        constexpr auto tau = param<"tau">(&parameters::tau);
        constexpr auto r = param<"r">(&parameters::r);
        constexpr auto v_leak = param<"v_leak">(&parameters::v_leak);
        return dynamics(policy<choices, axis::start>::begins(v, v_leak),
                        d(v) = ((v_leak - v) + r * current) / tau, output = v);
    }
};

/// Parameters of `nir::cuba_li`, one number per neuron each.
struct cuba_li_parameters {
    duration tau_mem = 10 * ms; ///< membrane time constant
    duration tau_syn = 5 * ms;  ///< synaptic time constant
    double r = 1;               ///< membrane units per unit of synaptic current
    double v_leak = 0;          ///< where the membrane goes without input
    double w_in = 1; ///< of what arrives; tau_syn / dt lets a spike move the synapse by 1
};

/// The same behind a synapse whose current decays: i' = i + dt / tau_syn (w_in x - i); v' = v + dt
/// / tau_mem ((v_leak - v) + r i'). `use_old_current`: of the step before, as the format's authors.
template <class... Policies>
struct cuba_li_neuron {
    using kind = named<"nir_cuba_li">;
    using parameters = cuba_li_parameters;
    using choices = asks<decay_then_add_policy, start_at_zero_policy>::with<Policies...>;
    static constexpr nir_mapping exchange{"CubaLI",
                                          {{"tau_mem", "tau_mem"},
                                           {"tau_syn", "tau_syn"},
                                           {"r", "r"},
                                           {"v_leak", "v_leak"},
                                           {"w_in", "w_in", 1}}};

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using synapse = policy<choices, axis::synapse>;
        constexpr bool old_current = std::is_same_v<synapse, use_old_current_policy>;
        static_assert(
            old_current || std::is_same_v<synapse, decay_then_add_policy>,
            "spikefuse: nir::cuba_li takes the synapses decay_then_add and use_old_current.");
        return detail::cuba_dynamics<parameters, choices, old_current>(output = state<"v">);
    }
};

/// State `v`; gives the membrane `v`.
inline constexpr auto integrator = neuron<integrator_neuron<>>;
/// State `v`; gives the membrane `v`.
inline constexpr auto li = neuron<li_neuron<>>;
/// States `i`, `v`; gives the membrane `v`.
inline constexpr auto cuba_li = neuron<cuba_li_neuron<>>;

/// Parameters of `nir::threshold`, one number per neuron.
struct threshold_parameters {
    double threshold = 1; ///< a spike is sent above it
};

/// No membrane: a spike where what arrives is above the threshold. NIR's Threshold.
template <class... Policies>
struct threshold_neuron {
    using kind = named<"nir_threshold">;
    using parameters = threshold_parameters;
    using choices = asks<strict_policy, surrogate_policy, everyone_policy>::with<Policies...>;
    static constexpr nir_mapping exchange{"Threshold", {{"threshold", "threshold"}}};

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        return dynamics(fires<choices>(current, param<"threshold">(&parameters::threshold)));
    }
};
/// `linear<10> >> nir::threshold({.threshold = 0.5})`; gives spikes.
inline constexpr auto threshold = neuron<threshold_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir
