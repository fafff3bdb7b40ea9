#pragma once
/// Leaky integrate-and-fire neuron with an exponential current synapse.
///
/// Source: norse.torch.functional.lif, `lif_feed_forward_step` (the defaults and the order of operations are its own):
/// the input jumps into the synapse, the membrane reads the jumped, not yet decayed current, the spike resets at once.
/// Neglected: refractoriness, adaptation, conductances.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse {

struct lif_parameters {
    duration tau_mem = 10 * ms; // membrane time constant
    duration tau_syn = 5 * ms;  // synaptic time constant
    double v_leak = 0;          // where the membrane rests
    double threshold = 1;
    double v_reset = 0; // where a spike leaves the membrane
};

template <class Threshold = strict_policy, class Reset = reset_to_value_policy>
struct lif_neuron {
    using kind = named<"lif">;
    using parameters = lif_parameters;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">; // membrane
        constexpr auto i = state<"i">; // synaptic current
        constexpr auto tau_mem = param<"tau_mem">(&parameters::tau_mem);
        constexpr auto tau_syn = param<"tau_syn">(&parameters::tau_syn);
        constexpr auto v_leak = param<"v_leak">(&parameters::v_leak);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto v_reset = param<"v_reset">(&parameters::v_reset);
        return dynamics(start(v = v_leak),                      //
                        i += current,                           //
                        d(v) = ((v_leak - v) + i) / tau_mem,    //
                        d(i) = -i / tau_syn,                    //
                        spike = Threshold::fires(v, threshold), //
                        Reset::reset(v, threshold, v_reset));
    }
};

inline constexpr auto lif = neuron<lif_neuron<>>;

} // namespace spikefuse
