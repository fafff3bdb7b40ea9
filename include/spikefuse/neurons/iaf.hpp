// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Integrate-and-fire neuron: the membrane sums its input, without leak and without synapse.
///
/// Source: the IF node of NIR (Nature Communications 15:8122, 2024), dv/dt = r I, by forward Euler.
/// The default r makes one step of 1 ms add the current itself, as norse's IAF does.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `iaf`, one number per neuron each.
struct iaf_parameters {
    double r = 1000;      ///< membrane units per second and unit of current
    double threshold = 1; ///< a spike is sent above it (NIR: v_threshold)
    double v_reset = 0;   ///< where a spike leaves the membrane
};

template <class... Policies>
struct iaf_neuron {
    using kind = named<"iaf">;
    using parameters = iaf_parameters;
    using choices = asks<strict_policy, surrogate_policy, everyone_policy, reset_to_value_policy,
                         attached_policy, at_once_policy>::with<Policies...>;
    static constexpr nir_mapping exchange{
        "IF", {{"r", "r"}, {"threshold", "v_threshold"}, {"v_reset", "v_reset", 0}}};

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        constexpr auto v = state<"v">; // membrane
        constexpr auto r = param<"r">(&parameters::r);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto v_reset = param<"v_reset">(&parameters::v_reset);
        return dynamics(d(v) = r * current, fires_and_resets<choices>(v, threshold, v_reset));
    }
};

/// State `v`, with `next_step` also `fired`; gives spikes.
inline constexpr auto iaf = neuron<iaf_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
