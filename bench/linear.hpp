// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// linear(n) and one population of n neurons, batch 16, 500 steps.

#include "twin.hpp"

namespace bench {

/// In the neurons of one library after the other, norse's beside their twin.
template <int Width, bool Analog>
void measure_linear(options const& chosen, char const* suffix, double activity) {
    using namespace spikefuse;
    auto const about = [&](char const* family) {
        setup result{
            "lin" + std::to_string(Width) + suffix, family, "feedforward", {Width, Width}, 500, 16};
        result.activity = activity, result.analog = Analog;
        return result;
    };
    constexpr auto before = input<Width> >> linear<Width>;
    measure<Analog, lif_twin<Width, Width, 0, false, Analog>>(chosen, about("norse"),
                                                              before >> lif(superspike<1>));
    measure<Analog, no_twin>(chosen, about("snntorch"), before >> synaptic);
    measure<Analog, no_twin>(chosen, about("snntorch_leaky"), before >> leaky);
    measure<Analog, no_twin>(chosen, about("rockpool"), before >> rockpool_lif);
    measure<Analog, no_twin>(chosen, about("spikingjelly"), before >> spikingjelly_lif);
}

/// Spikes at 10 % and 50 %, analog values of which none is zero.
template <int Width>
void measure_linear(options const& chosen) {
    measure_linear<Width, false>(chosen, "", 0.1);
    measure_linear<Width, false>(chosen, "-half", 0.5);
    measure_linear<Width, true>(chosen, "-analog", 1);
}

} // namespace bench
