// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Poisson encoder: in every step a neuron fires with the probability input * rate * dt, held to
/// [0, 1]. The input is held, or given step by step; nothing of it is expanded in memory. A draw
/// depends on seed, layer, sample, neuron and step alone.
///
/// Source: norse.torch.functional.encode, `poisson_encode` (its rate of 100 too).
/// snntorch.spikegen.rate is a rate of 1 / dt. In training a spike's derivative is that of its
/// probability (straight through), unless another surrogate is chosen.

#include "../surrogates/straight_through.hpp"
#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `poisson`, one number per neuron each.
struct poisson_parameters {
    double rate = 100; ///< spikes a second at an input of 1
};

template <class... Policies>
struct poisson_neuron {
    using kind = named<"poisson">;
    static constexpr bool refuses_nan = true; ///< it would be silence
    using parameters = poisson_parameters;
    using choices = asks<surrogate_word<straight_through_surrogate>>::with<Policies...>;
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using surrogate = policy<choices, axis::surrogate>::unit;
        constexpr auto a_step = param<"rate">(&parameters::rate) * dt; // spikes
        return dynamics(spike = fire<surrogate>(clamp(current * a_step, 0, 1) > uniform));
    }
};

/// No state; gives spikes drawn from the model's seed.
inline constexpr auto poisson = neuron<poisson_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
