// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Latency encoder: a stronger input fires earlier, and once. An input of 1 fires in the first
/// step, one of 0 would after `longest`, in between the time falls linearly; an input below the
/// threshold never fires. It fires again after a reset of the model.
///
/// Source: snntorch.spikegen.latency with linear=True, clip=True and tau = longest / dt, its
/// rounding too (halves to the even step). No gradient goes through it.

#include "../surrogates/zero_slope.hpp"
#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `latency`, one number per neuron each.
struct latency_parameters {
    duration longest = 100 * ms; ///< taken as whole steps
    double threshold = 0.01;     ///< an input below it never fires
};

struct latency_neuron {
    using kind = named<"latency">;
    static constexpr bool refuses_nan = true; ///< it would be silence
    using parameters = latency_parameters;
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto elapsed = state<"elapsed">; // steps since the beginning
        constexpr auto fired = state<"fired">;     // 1 once it has
        constexpr auto time = local<"time">;       // of the spike, in steps
        constexpr auto reset_mask = local<"due">;  // rounded
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto steps = floor(param<"longest">(&parameters::longest) / dt + 0.5);
        return dynamics(time = max((1 - current) * steps, 0), reset_mask = floor(time + 0.5), //
                        reset_mask -=
                        (reset_mask - time >= 0.5) * (reset_mask - 2 * floor(0.5 * reset_mask)), //
                        spike = fire<zero_slope_surrogate>((elapsed >= reset_mask) & (fired < 1) &
                                                           (current >= threshold)), //
                        fired = max(fired, spike), elapsed += 1);
    }
};

/// States `elapsed` (steps), `fired`; gives one spike until a reset.
inline constexpr auto latency = neuron<latency_neuron>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
