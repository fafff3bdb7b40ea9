// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "host_level.h"

#include "../../examples/steering.hpp"

#include <algorithm>
#include <spikefuse/run/model.hpp>
#include <thread>
#include <utility>

using namespace spikefuse;

namespace {

std::size_t allocated = 0;

template <class Array>
void copy(Array const& from, float* to) {
    std::copy_n(from.data(), from.size(), to);
}

} // namespace

void host_level(int steps, int batch, float const* weight, float const* x, float* traces,
                float* sums, float* v, float* held) {
    model_of<brain> network(brain, {.steps = steps, .batch = batch, .seed = 3});
    network.set("linear 1", "weight", std::span(weight, 32 * 4));
    using input = Kokkos::View<float const***, Kokkos::LayoutRight, Kokkos::HostSpace,
                               Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
    input const all(x, steps, batch, 4);
    copy(network(all), traces);
    copy(network(all, counts), sums);
    auto const state = network.state("lif 1", "v");
    copy(state, v);
    network.reset();
    copy(network(Kokkos::subview(all, 0, Kokkos::ALL, Kokkos::ALL), last_step), held);
}

std::size_t host_allocated() {
    Kokkos::Tools::Experimental::set_allocate_data_callback(
        [](Kokkos::Tools::SpaceHandle, char const*, void const*, std::uint64_t size) {
            allocated += size;
        });
    return std::exchange(allocated, 0);
}

char const* host_on_a_thread(char const* (*call)()) {
    static std::string answer;
    std::thread([&] { answer = call(); }).join();
    return answer.c_str();
}
