// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// kokkos
// expect: a loss of the trace has of_row, or of_step
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>
using namespace spikefuse;
struct incomplete {
    using readout = trace_readout;
    template <class>
    struct targets {};
    template <class T>
    SPIKEFUSE_FUNCTION T of_row(T const*, int,
                                T*) const { // without the step, and what else there is
        return T(0);
    }
};
void wrong(Kokkos::View<float**, Kokkos::LayoutRight> const& input) {
    auto network = model{spikefuse::input<4> >> lif, {.steps = 1}};
    backpropagation{network, incomplete{}}.run(input);
}
