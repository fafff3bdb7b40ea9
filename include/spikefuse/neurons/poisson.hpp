#pragma once
/// Poisson encoder: in every step a neuron fires with the probability that its input, a rate, gives it. The input is a number in [0, 1]
/// (held, or step by step), 1 being `rate`; nothing of it is expanded in memory.
///
/// The draws depend on seed, layer, sample, neuron and step alone. Source: norse.torch.functional.encode, `poisson_encode`;
/// snntorch.spikegen.rate.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse {

struct poisson_parameters {
    double rate = 100; // spikes a second at an input of 1
};

struct poisson_neuron {
    using kind = named<"poisson">;
    using parameters = poisson_parameters;
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        return dynamics(spike = current * (param<"rate">(&parameters::rate) * dt) > uniform);
    }
};

inline constexpr auto poisson = neuron<poisson_neuron>;

} // namespace spikefuse
