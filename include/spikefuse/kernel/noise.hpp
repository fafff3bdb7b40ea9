// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Counter-based noise: it depends on seed, layer, sample, neuron and step alone, not on threads,
/// order or backend.

#include "../core/lanes.hpp"

#include <cmath>
#include <cstdint>

#if __has_include(<Random123/philox.h>)
#include <Random123/philox.h>
#define SPIKEFUSE_HAS_NOISE 1
#else
#define SPIKEFUSE_HAS_NOISE 0
#endif

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Calls group_of(bits, numbers) for groups of four neurons, bits being four random words of Philox
/// 4x32-10; the numbers of the neurons [first, first + W) of a layer, in a sample and a step.
/// `kind` tells different uses of a step apart.
template <class T, class Group>
SPIKEFUSE_FUNCTION lanes<T> random_numbers(std::uint64_t seed, std::uint64_t step,
                                           std::uint32_t layer, std::uint32_t sample, int first,
                                           std::uint32_t kind, Group const& group_of) {
    static_assert(SPIKEFUSE_HAS_NOISE || sizeof(T) == 0,
                  "spikefuse: this network is noisy, and noise needs the header Random123/philox.h "
                  "(Debian: librandom123-dev).");
#if SPIKEFUSE_HAS_NOISE
    constexpr int width = lanes<T>::width;
    T numbers[width < 4 ? 4 : width];
    for (int group = first / 4; group * 4 < first + width; ++group) {
        r123::Philox4x32 philox;
        r123::Philox4x32::ctr_type const counter = {
            {static_cast<std::uint32_t>(group), sample, static_cast<std::uint32_t>(step),
             static_cast<std::uint32_t>(step >> 32) ^ (layer << 16) ^ (kind << 15)}};
        r123::Philox4x32::key_type const key = {
            {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
        group_of(philox(counter, key), numbers + (group * 4 - first / 4 * 4));
    }
    if constexpr (width < 4) {
        return lanes<T>(numbers[first % 4]);
    } else {
        return lanes<T>::load(numbers);
    }
#else
    return lanes<T>(T(0));
#endif
}

/// A standard normal number for each neuron, by the transform of Box and Muller.
template <class T>
SPIKEFUSE_FUNCTION lanes<T> normal_noise(std::uint64_t seed, std::uint64_t step,
                                         std::uint32_t layer, std::uint32_t sample, int first) {
    return random_numbers<T>(seed, step, layer, sample, first, 0, [](auto const& bits, T* numbers) {
        for (unsigned pair = 0; pair < 2; ++pair) {
            double const radius = std::sqrt(-2 * std::log((bits[2 * pair] + 0.5) * 0x1p-32));
            double const angle = 6.283185307179586 * ((bits[2 * pair + 1] + 0.5) * 0x1p-32);
            numbers[2 * pair] = static_cast<T>(radius * std::cos(angle));
            numbers[2 * pair + 1] = static_cast<T>(radius * std::sin(angle));
        }
    });
}
/// A number in [0, 1) for each neuron, on a grid of 2^-24.
template <class T>
SPIKEFUSE_FUNCTION lanes<T> uniform_noise(std::uint64_t seed, std::uint64_t step,
                                          std::uint32_t layer, std::uint32_t sample, int first) {
    return random_numbers<T>(seed, step, layer, sample, first, 1, [](auto const& bits, T* numbers) {
        for (unsigned k = 0; k < 4; ++k)
            numbers[k] = static_cast<T>(bits[k] >> 8) * static_cast<T>(0x1p-24);
    });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
