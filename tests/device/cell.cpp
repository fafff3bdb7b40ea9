// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A network inside a user's kernel, compiled for a device: one body a thread.
#include "networks.hpp"

using namespace spikefuse;
using test::on_device, test::held;

void controller(held<float> const& in, held<float> const& out) {
    auto network = on_device<float>(input<4> >> linear<32> >> lif >> linear<2> >> li);
    auto const cell = network.cell();
    using state = decltype(network.cell())::state;
    Kokkos::View<state*, Kokkos::Cuda> const states("states", in.extent(0));
    Kokkos::parallel_for(
        "begin", Kokkos::RangePolicy<Kokkos::Cuda>(0, in.extent_int(0)),
        KOKKOS_LAMBDA(int b) { cell.begin(states(b)); });
    Kokkos::parallel_for(
        "bodies", Kokkos::RangePolicy<Kokkos::Cuda>(0, in.extent_int(0)), KOKKOS_LAMBDA(int b) {
            float seen[4], push[2];
            for (int k = 0; k < 4; ++k) seen[k] = in(b, k);
            cell.step(states(b), seen, push);
            cell.set<"lif 1", "v">(states(b), 0, cell.get<"lif 1", "v">(states(b), 1));
            for (int k = 0; k < 2; ++k) out(b, k) = push[k];
        });
}
void loops_and_chance(held<double> const& in, held<double> const& out) {
    auto network = on_device<double>(input<40> >> poisson >> linear<20> >> recurrent(lif) >>
                                     linear<20> >> leaky(one_winner) >> linear<3> >> li);
    auto const cell = network.cell();
    using state = decltype(network.cell())::state;
    Kokkos::View<state*, Kokkos::Cuda> const states("states", in.extent(0));
    Kokkos::parallel_for(
        "bodies", Kokkos::RangePolicy<Kokkos::Cuda>(0, in.extent_int(0)), KOKKOS_LAMBDA(int b) {
            cell.step(states(b), Kokkos::subview(in, b, Kokkos::ALL),
                      Kokkos::subview(out, b, Kokkos::ALL),
                      {.sample = static_cast<std::uint32_t>(b), .step = 7});
        });
}
