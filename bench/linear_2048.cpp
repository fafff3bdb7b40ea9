// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// linear(2048) and 2048 neurons, batch 16, 500 steps: in the neurons of four libraries, with spikes
// and with analog values.
#include "linear.hpp"

int main(int argc, char** argv) {
    bench::options const chosen = bench::read_options(argc, argv);
    Kokkos::ScopeGuard const kokkos;
    bench::measure_linear<2048>(chosen);
}
