// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What snnTorch's neurons share: the reset that the membrane of the step before calls for, and the
/// firing that ends a step. Source: snntorch._neurons.neurons (SpikingNeuron), synaptic, leaky,
/// 0.9.4.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::neuron_policies {

template <class Policy>
using snntorch_reset =
    std::bool_constant<Policy::question != axis::reset || std::is_same_v<Policy, subtract_policy> ||
                       std::is_same_v<Policy, reset_to_zero_policy> ||
                       std::is_same_v<Policy, no_reset_policy>>;

/// Fires where mem is above the threshold; `reset_mask` is 1 where the membrane of the step before
/// was, which has been reset for by now. With a reset at once, what this step's spike asks for and
/// `reset_mask` did not is made up for. One winner a layer: nobody else fires, but everybody above
/// the threshold resets in the next step; its spike is not scaled.
template <class Choices, bool NeverAtOnce = false>
constexpr auto ends_step(auto mem, auto reset_mask, auto threshold, auto factor) {
    using namespace equations;
    using reset = policy<Choices, axis::reset>;
    static_assert(
        snntorch_reset<reset>::value,
        "spikefuse: snnTorch's neurons take the resets subtract, reset_to_zero and no_reset.");
    using shown = policy<Choices, axis::shown>;
    constexpr bool scaled = !std::is_same_v<shown, membrane_out_policy> &&
                            std::is_same_v<policy<Choices, axis::spike_size>, graded_policy>;
    constexpr bool competes = std::is_same_v<policy<Choices, axis::competition>, one_winner_policy>;
    auto const catch_up_reset = [&](auto spikes) {
        if constexpr (NeverAtOnce ||
                      std::is_same_v<policy<Choices, axis::reset_time>, next_step_policy>) {
            return lines();
        } else {
            return reset::reset(mem, spikes - reset_mask, threshold, literal(0));
        }
    };
    auto const firing = fires<Choices>(mem, threshold);
    if constexpr (scaled && competes) {
        return lines(firing, catch_up_reset(spike / factor), output = 1 * spike);
    } else if constexpr (scaled) {
        return lines(firing, catch_up_reset(spike), output = spike * factor);
    } else {
        return lines(firing, catch_up_reset(spike), shown::shows(mem));
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::neuron_policies
