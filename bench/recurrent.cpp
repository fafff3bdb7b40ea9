// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 700-256-20 whose hidden layer feeds itself, batch 32, 100 steps, spikes at 2 %: the shape of
// spoken digits.
#include "twin.hpp"

using namespace spikefuse;

int main(int argc, char** argv) {
    bench::options const chosen = bench::read_options(argc, argv);
    Kokkos::ScopeGuard const kokkos;
    auto const about = [](char const* family, double loop_strength = 1) {
        bench::setup result{"recurrent", family, "recurrent", {700, 256, 20}, 100, 32};
        result.activity = 0.02, result.loop_strength = loop_strength;
        return result;
    };
    constexpr auto before = input<700> >> linear<256>(no_bias);
    constexpr auto behind = linear<20>(no_bias);
    using twin = bench::lif_twin<700, 256, 20, true, false>;
    bench::measure<false, twin>(chosen, about("norse"),
                                before >> recurrent(lif(superspike<1>, detached)) >> behind >> li);
    bench::measure<false, bench::no_twin>(chosen, about("snntorch"),
                                          before >> recurrent(synaptic, with_autapses) >> behind >>
                                              synaptic);
    bench::measure<false, bench::no_twin>(
        chosen, about("rockpool", 0.05), // several spikes a step: stronger ones run away
        before >> recurrent(rockpool_lif, with_autapses) >> behind >> rockpool_lif);
    bench::measure<false, bench::no_twin>(chosen, about("spikingjelly"),
                                          before >>
                                              recurrent(bench::spikingjelly_lif, with_autapses) >>
                                              behind >> bench::spikingjelly_lif);
}
