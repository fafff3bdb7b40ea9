#pragma once
/// Latency encoder: a stronger input fires earlier, once. An input of 1 fires in the first step, one of 0 never; in between the time of
/// the spike falls linearly from `longest` to 0.
/// Source: snntorch.spikegen.latency, linear and with clipped zeros.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse {

struct latency_parameters {
    duration longest = 100 * ms; // the time of the spike of the weakest input
};

struct latency_neuron {
    using kind = named<"latency">;
    using parameters = latency_parameters;
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto elapsed = state<"elapsed">; // steps since the beginning
        constexpr auto fired = state<"fired">;     // 1 once it has
        constexpr auto steps = param<"longest">(&parameters::longest) / dt;
        return dynamics(spike = (elapsed >= floor((1 - current) * steps + 0.5)) & (fired < 1) & (current > 0), //
                        fired = max(fired, spike), elapsed += 1);
    }
};

inline constexpr auto latency = neuron<latency_neuron>;

} // namespace spikefuse
