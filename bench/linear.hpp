#pragma once
/// linear(n) and one population of n neurons, batch 16, 500 steps.

#include "twin.hpp"

namespace bench {

inline setup linear_setup(int width, std::string const& suffix, char const* family, double activity = 0.1, bool analog = false) {
    setup about{"lin" + std::to_string(width) + suffix, family, "feedforward", {width, width}, 500, 16};
    about.activity = activity, about.analog = analog;
    return about;
}

/// norse's LIF beside its twin: spikes at 10 % and 50 %, analog values of which none is zero.
template <int Width>
void measure_linear(options const& chosen) {
    using namespace spikefuse;
    constexpr auto before = input<Width> >> linear<Width>;
    measure<false, lif_twin<Width, Width, 0, false, false>>(chosen, linear_setup(Width, "", "norse"), before >> lif(superspike<1>));
    measure<false, lif_twin<Width, Width, 0, false, false>>(chosen, linear_setup(Width, "-half", "norse", 0.5),
                                                            before >> lif(superspike<1>));
    measure<true, lif_twin<Width, Width, 0, false, true>>(chosen, linear_setup(Width, "-analog", "norse", 1, true),
                                                          before >> lif(superspike<1>));
    measure<false, no_twin>(chosen, linear_setup(Width, "", "snntorch"), before >> synaptic);
    measure<false, no_twin>(chosen, linear_setup(Width, "", "snntorch_leaky"), before >> leaky);
    measure<false, no_twin>(chosen, linear_setup(Width, "", "rockpool"), before >> rockpool_lif);
    measure<false, no_twin>(chosen, linear_setup(Width, "", "spikingjelly"), before >> spikingjelly_lif);
}

} // namespace bench
