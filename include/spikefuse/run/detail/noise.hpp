#pragma once
/// Noise that depends on where and when alone: counter-based, so that threads, order and backend do not matter.

#include "../../core/lanes.hpp"

#include <cmath>
#include <cstdint>

#if __has_include(<Random123/philox.h>)
#include <Random123/philox.h>
#define SPIKEFUSE_HAS_NOISE 1
#else
#define SPIKEFUSE_HAS_NOISE 0
#endif

namespace spikefuse::detail {

/// A standard normal number for each of the neurons [first, first + W): Philox 4x32-10 and the transform of Box and Muller.
template <class T>
SPIKEFUSE_FUNCTION lanes<T> normal_noise(std::uint64_t seed, std::uint64_t step, std::uint32_t layer, std::uint32_t sample, int first) {
    static_assert(SPIKEFUSE_HAS_NOISE || sizeof(T) == 0,
                  "spikefuse: this network is noisy, and noise needs the header Random123/philox.h (Debian: librandom123-dev).");
#if SPIKEFUSE_HAS_NOISE
    T numbers[lanes<T>::width < 4 ? 4 : lanes<T>::width];
    for (int group = first / 4; group * 4 < first + lanes<T>::width; ++group) {
        r123::Philox4x32 const philox;
        r123::Philox4x32::ctr_type const counter = {{static_cast<std::uint32_t>(group), sample, static_cast<std::uint32_t>(step),
                                                     static_cast<std::uint32_t>(step >> 32) ^ (layer << 16)}};
        r123::Philox4x32::key_type const key = {{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)}};
        auto const bits = philox(counter, key);
        for (unsigned pair = 0; pair < 2; ++pair) {
            double const radius = std::sqrt(-2 * std::log((bits[2 * pair] + 0.5) * 0x1p-32));
            double const angle = 6.283185307179586 * ((bits[2 * pair + 1] + 0.5) * 0x1p-32);
            int const at = group * 4 - first / 4 * 4 + static_cast<int>(2 * pair);
            numbers[at] = static_cast<T>(radius * std::cos(angle));
            numbers[at + 1] = static_cast<T>(radius * std::sin(angle));
        }
    }
    if constexpr (lanes<T>::width < 4) {
        return lanes<T>(numbers[first % 4]);
    } else {
        return lanes<T>::load(numbers);
    }
#else
    return lanes<T>(T(0));
#endif
}

} // namespace spikefuse::detail
