// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Izhikevich's neuron: two equations that show most firing patterns of cortex.
///
/// Source: norse.torch.functional.izhikevich (order of operations; its tonic spiking neuron is the
/// default); Izhikevich, IEEE Trans. Neural Networks 14:1569 (2003). Membrane in mV; the equations'
/// own unit of time is `tau`.

#include "neuron.hpp"
#include "policies.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `izhikevich`, one number per neuron each.
struct izhikevich_parameters {
    double a = 0.02;       ///< how fast the recovery is
    double b = 0.2;        ///< how strongly the membrane drives it
    double c = -65;        ///< where a spike leaves the membrane, mV
    double d = 6;          ///< what a spike adds to the recovery, mV
    double square = 0.04;  ///< factor of v^2, 1/mV
    double slope = 5;      ///< factor of v
    double bias = 140;     ///< constant drive, mV
    double threshold = 30; ///< a spike is sent above it, mV
    duration tau = 4 * ms; ///< unit of time; 1 ms in the publication
    double v_start = -70;  ///< where the membrane begins, mV
};

template <class... Policies>
struct izhikevich_neuron {
    using kind = named<"izhikevich">;
    using parameters = izhikevich_parameters;
    using choices = asks<strict_policy, surrogate_policy, everyone_policy, attached_policy,
                         as_times_policy>::with<Policies...>;

    static constexpr auto equations() {
        namespace eq = spikefuse::equations;
        using namespace spikefuse::neuron_policies;
        using eq::state, eq::param, eq::start, eq::spike, eq::current, eq::dynamics, eq::on_spike;
        constexpr auto v = state<"v">; // membrane
        constexpr auto u = state<"u">; // recovery
        constexpr auto a = param<"a">(&parameters::a);
        constexpr auto b = param<"b">(&parameters::b);
        constexpr auto c = param<"c">(&parameters::c);
        constexpr auto leap = param<"d">(&parameters::d);
        constexpr auto square = param<"square">(&parameters::square);
        constexpr auto slope = param<"slope">(&parameters::slope);
        constexpr auto bias = param<"bias">(&parameters::bias);
        constexpr auto threshold = param<"threshold">(&parameters::threshold);
        constexpr auto v_start = param<"v_start">(&parameters::v_start);
        constexpr auto tau =
            policy<choices, axis::time_constants>::template time<"tau">(&parameters::tau);
        constexpr auto through = policy<choices, axis::reset_gradient>::through(spike);
        return dynamics(start(v = v_start, u = b * v_start),                                  //
                        eq::d(v) = (square * (v * v) + slope * v + bias - u + current) / tau, //
                        eq::d(u) = a / tau * (b * v - u),                                     //
                        fires<choices>(v, threshold), on_spike(through, v = c),
                        u += through * leap);
    }
};

/// States `v`, `u`; gives spikes.
inline constexpr auto izhikevich = neuron<izhikevich_neuron<>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
