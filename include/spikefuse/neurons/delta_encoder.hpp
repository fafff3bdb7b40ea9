// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Delta encoder: fires when its input has changed by the threshold since what it told last, so
/// that a slow change is not lost. `delta_encoder` tells rises, and follows its input down in
/// silence; `signed_delta_encoder` gives 1 for a rise, -1 for a fall, and its spikes times the
/// threshold add up to the input. At most one spike a step: a jump of several thresholds takes
/// several steps.
///
/// Source: snntorch.spikegen.delta, which compares with the step before instead and loses slow
/// changes. No gradient goes through it.

#include "../surrogates/zero_slope.hpp"
#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `delta_encoder`, one number per neuron each.
struct delta_encoder_parameters {
    double threshold = 0.1; ///< the change that a spike tells
};

template <bool Falls>
struct delta_encoder_neuron {
    using kind = named<"delta_encoder">;
    static constexpr bool refuses_nan = true; ///< it would be silence
    using parameters = delta_encoder_parameters;
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto last_encoded = state<"told">; // the input as far as it was told
        constexpr auto rise = local<"rise">;
        constexpr auto fall = local<"fall">;
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        if constexpr (Falls) {
            return dynamics(rise = current - last_encoded >= threshold,
                            fall = last_encoded - current >= threshold, //
                            last_encoded += (rise - fall) * threshold, output = rise - fall);
        } else {
            return dynamics(spike = fire<zero_slope_surrogate>(current - last_encoded >= threshold),
                            last_encoded = min(last_encoded + spike * threshold, current));
        }
    }
};

/// State `told`, the input as far as it was told; gives 1 for a rise.
inline constexpr auto delta_encoder = neuron<delta_encoder_neuron<false>>;
/// State `told`; gives 1 for a rise, -1 for a fall.
inline constexpr auto signed_delta_encoder = neuron<delta_encoder_neuron<true>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
