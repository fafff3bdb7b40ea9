// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Inputs for tests, and weights that pass them on.

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <cstring>
#include <random>

namespace test {

inline constexpr bool on_a_device =
    !Kokkos::SpaceAccessibility<Kokkos::HostSpace,
                                Kokkos::DefaultExecutionSpace::memory_space>::accessible;

using spike_view = Kokkos::View<std::uint32_t***, Kokkos::LayoutRight>;

template <class View>
auto host(View const& view) {
    Kokkos::fence();
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
}

/// Numbers of the host where a model reads them.
template <class View, class Numbers>
void fill(View const& view, Numbers const& number) { // number(k): of the k-th, row-major
    auto const h = Kokkos::create_mirror_view(view);
    for (std::size_t k = 0; k < h.size(); ++k)
        h.data()[k] = static_cast<typename View::non_const_value_type>(number(k));
    Kokkos::deep_copy(view, h);
}

/// Packed spikes [T, B, ceil(N/32)]; the bits beyond N are set, to show that nobody reads them.
inline spike_view random_spikes(int steps, int batch, int width, double activity, unsigned seed) {
    auto const words = static_cast<std::size_t>((width + 31) / 32);
    spike_view const spikes("random spikes", static_cast<std::size_t>(steps),
                            static_cast<std::size_t>(batch), words);
    auto const h = Kokkos::create_mirror_view(spikes);
    std::mt19937 random(seed);
    for (std::size_t t = 0; t < h.extent(0); ++t)
        for (std::size_t b = 0; b < h.extent(1); ++b)
            for (std::size_t n = 0; n < words * 32; ++n)
                if (n >= static_cast<std::size_t>(width) || random() < activity * 4294967296.0)
                    h(t, b, n / 32) |= 1u << (n % 32);
    Kokkos::deep_copy(spikes, h);
    return spikes;
}

/// Spikes as values of 0 and 1: [T, B, N].
template <class T, class Spikes>
Kokkos::View<T***, Kokkos::LayoutRight> unpacked(Spikes const& spikes, int width) {
    auto const packed = host(spikes);
    Kokkos::View<T***, Kokkos::LayoutRight> const values("random spikes as values",
                                                         packed.extent(0), packed.extent(1),
                                                         static_cast<std::size_t>(width));
    auto const h = Kokkos::create_mirror_view(values);
    for (std::size_t t = 0; t < h.extent(0); ++t)
        for (std::size_t b = 0; b < h.extent(1); ++b)
            for (std::size_t n = 0; n < h.extent(2); ++n)
                h(t, b, n) = static_cast<T>((packed(t, b, n / 32) >> (n % 32)) & 1u);
    Kokkos::deep_copy(values, h);
    return values;
}

template <class T>
auto bits_of(T value) {
    std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t> bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}
/// How many numbers of two views differ in their bits; all where one has more.
template <class View, class Other>
std::size_t differences(View const& a, Other const& b) {
    auto const one = host(a), other = host(b);
    if (one.size() != other.size()) return one.size() + other.size();
    std::size_t count = 0;
    for (std::size_t k = 0; k < one.size(); ++k)
        count += bits_of(one.data()[k]) != bits_of(other.data()[k]) ? 1 : 0;
    return count;
}

/// Louder weights, so that neurons fire.
template <class Model>
void amplify(Model& network, double gain) {
    for (auto const& one : network.parameters()) {
        if (one.name != "weight" && one.name != "bias") continue;
        auto values = network.get(one.layer, one.name);
        for (auto& value : values) value = static_cast<typename Model::value_type>(value * gain);
        network.set(one.layer, one.name, values);
    }
}

} // namespace test
