// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 784-256-10 over 100 steps, spikes at 10 %: norse's LIF and LI with its twin, and the same sizes
// in the neurons of the other libraries.
#include "twin.hpp"

using namespace spikefuse;

namespace {

bench::setup about(int batch, char const* family) {
    return {"mlp" + std::to_string(batch), family, "feedforward", {784, 256, 10}, 100, batch};
}

} // namespace

int main(int argc, char** argv) {
    bench::options const chosen = bench::read_options(argc, argv);
    Kokkos::ScopeGuard const kokkos;
    using twin = bench::lif_twin<784, 256, 10, false, false>;
    for (int batch : {1, 32, 256}) {
        bench::measure<false, twin>(chosen, about(batch, "norse"),
                                    input<784> >> linear<256> >> lif(superspike<1>) >> linear<10> >>
                                        li);
        bench::measure<false, bench::no_twin>(chosen, about(batch, "snntorch"),
                                              input<784> >> linear<256> >> synaptic >> linear<10> >>
                                                  synaptic);
        bench::measure<false, bench::no_twin>(chosen, about(batch, "rockpool"),
                                              input<784> >> linear<256> >> rockpool_lif >>
                                                  linear<10> >> rockpool_lif);
        bench::measure<false, bench::no_twin>(chosen, about(batch, "spikingjelly"),
                                              input<784> >> linear<256> >>
                                                  bench::spikingjelly_lif >> linear<10> >>
                                                  bench::spikingjelly_lif);
    }
}
