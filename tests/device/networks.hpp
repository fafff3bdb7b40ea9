// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// What the device sources compile: views that lie on a device, and models for it.

#include <spikefuse/spikefuse.hpp>

namespace test {

template <class T>
using values = Kokkos::View<T***, Kokkos::LayoutRight, Kokkos::Cuda>; // [T, B, N]
template <class T>
using held = Kokkos::View<T**, Kokkos::LayoutRight, Kokkos::Cuda>; // [B, N]
using spikes =
    Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, Kokkos::Cuda>; // [T, B, ceil(N/32)]

template <class T, class Network>
spikefuse::model<Network, T, Kokkos::Cuda> on_device(Network network) {
    return spikefuse::model<Network, T, Kokkos::Cuda>(network, {});
}

} // namespace test
