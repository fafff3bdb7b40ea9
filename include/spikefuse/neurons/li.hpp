#pragma once
/// Leaky integrator: a membrane that never fires, the usual readout. Its output is the membrane.
///
/// Source: norse.torch.functional.leaky_integrator, `li_feed_forward_step`.

#include "neuron.hpp"

namespace spikefuse {

struct li_parameters {
    duration tau_mem = 10 * ms; // membrane time constant
    duration tau_syn = 5 * ms;  // synaptic time constant
    double v_leak = 0;          // where the membrane rests
};

struct li_neuron {
    using kind = named<"li">;
    using parameters = li_parameters;

    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">; // membrane
        constexpr auto i = state<"i">; // synaptic current
        constexpr auto tau_mem = param<"tau_mem">(&parameters::tau_mem);
        constexpr auto tau_syn = param<"tau_syn">(&parameters::tau_syn);
        constexpr auto v_leak = param<"v_leak">(&parameters::v_leak);
        return dynamics(start(v = v_leak),                   //
                        i += current,                        //
                        d(v) = ((v_leak - v) + i) / tau_mem, //
                        d(i) = -i / tau_syn,                 //
                        output = v);
    }
};

inline constexpr auto li = neuron<li_neuron>;

} // namespace spikefuse
