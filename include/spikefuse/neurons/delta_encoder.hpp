#pragma once
/// Delta encoder: fires when its input has risen by the threshold since its last spike; `off_spikes`: also -1 when it has fallen by it.
/// Source: snntorch.spikegen.delta, which compares neighbouring steps; here the reference is what was told last, so that a slow change is
/// not lost.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse {

struct delta_encoder_parameters {
    double threshold = 0.1;
};

template <bool Falls>
struct delta_encoder_neuron {
    using kind = named<"delta_encoder">;
    using parameters = delta_encoder_parameters;
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto told = state<"told">; // what the spikes so far add up to
        constexpr auto rise = local<"rise">;
        constexpr auto fall = local<"fall">;
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        if constexpr (Falls) {
            return dynamics(rise = current - told >= threshold, fall = told - current >= threshold, //
                            told += (rise - fall) * threshold, output = rise - fall);
        } else {
            return dynamics(spike = current - told >= threshold, told = min(told + spike * threshold, max(current, told)));
        }
    }
};

inline constexpr auto delta_encoder = neuron<delta_encoder_neuron<false>>;
inline constexpr auto signed_delta_encoder = neuron<delta_encoder_neuron<true>>;

} // namespace spikefuse
