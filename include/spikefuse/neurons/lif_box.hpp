// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Leaky integrate-and-fire neuron without a synapse: the input is the current.
///
/// Source: norse.torch.functional.lif_box (`reset_to_value` and `subtract` are its two reset
/// methods), and `lif_current_encoder` of norse.torch.functional.lif, which is `lif_box` fed with a
/// current that is held.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `lif_box`, one number per neuron each.
struct lif_box_parameters {
    duration tau_mem = 10 * ms; ///< membrane time constant
    double v_leak = 0;          ///< where the membrane rests
    double threshold = 1;       ///< a spike is sent above it
    double v_reset = 0;         ///< where a spike leaves the membrane
};

template <class... Policies>
struct lif_box_neuron {
    using kind = named<"lif_box">;
    using parameters = lif_box_parameters;
    using choices = asks<strict_policy, surrogate_policy, everyone_policy, reset_to_value_policy,
                         attached_policy, as_times_policy>::with<Policies...>;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using form = policy<choices, axis::time_constants>;
        constexpr auto v = state<"v">; // membrane
        constexpr auto tau_mem = form::template time<"tau_mem">(&parameters::tau_mem);
        constexpr auto v_leak = param<"v_leak">(&parameters::v_leak);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto v_reset = param<"v_reset">(&parameters::v_reset);
        return dynamics(start(v = v_leak),                         //
                        d(v) = ((v_leak - v) + current) / tau_mem, //
                        fires<choices>(v, threshold),              //
                        resets<choices>(v, threshold, v_reset));
    }
};

/// State `v`; gives spikes.
inline constexpr auto lif_box = neuron<lif_box_neuron<>>;

/// norse's `lif_current_encoder`: spikes of a neuron that a current drives. Reset to a value takes
/// v - (v - v_reset), as norse does.
inline constexpr auto lif_current_encoder = lif_box(pull_to_value);

} // namespace spikefuse::inline SPIKEFUSE_ABI
