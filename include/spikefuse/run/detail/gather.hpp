#pragma once
/// From a row of input to what a mixing layer adds up: a list of events, or the row itself where it is too full for a list.

#include "../../core/lanes.hpp"

#include <cstddef>
#include <cstdint>

namespace spikefuse::detail {

/// Above this share of non-zero inputs a dense product is faster than a list (measured: docs/speed.md).
inline constexpr double dense_above = 0.43;

SPIKEFUSE_FUNCTION int count_bits(std::uint32_t word) {
#if defined(__CUDA_ARCH__)
    return __popc(word);
#else
    return __builtin_popcount(word);
#endif
}
SPIKEFUSE_FUNCTION int lowest_bit(std::uint32_t word) {
#if defined(__CUDA_ARCH__)
    return __ffs(static_cast<int>(word)) - 1;
#else
    return __builtin_ctz(word);
#endif
}

SPIKEFUSE_FUNCTION int count_events(std::uint32_t const* row, int width) {
    int count = 0;
    for (int w = 0; w < (width + 31) / 32; ++w) {
        std::uint32_t word = row[w];
        if (w == width / 32) word &= (1u << (width % 32)) - 1u; // bits beyond the width are not inputs
        count += count_bits(word);
    }
    return count;
}
template <class T>
SPIKEFUSE_FUNCTION int count_events(T const* row, int width) {
    int count = 0;
    for (int n = 0; n < width; ++n) count += row[n] != T(0) ? 1 : 0;
    return count;
}

/// Writes (offset + n) * scale for every set n. Returns how many.
SPIKEFUSE_FUNCTION int list_events(std::uint32_t const* row, int width, int offset, int scale, std::uint32_t* events) {
    int count = 0;
    for (int w = 0; w < (width + 31) / 32; ++w) {
        std::uint32_t word = row[w];
        if (w == width / 32) word &= (1u << (width % 32)) - 1u;
        while (word != 0) {
            events[count++] = static_cast<std::uint32_t>((offset + w * 32 + lowest_bit(word)) * scale);
            word &= word - 1;
        }
    }
    return count;
}
template <class T>
SPIKEFUSE_FUNCTION int list_events(T const* row, int width, int offset, int scale, std::uint32_t* events, T* factors) {
    int count = 0;
#if SPIKEFUSE_HOST_LANES
    using V = lanes<T>;
    int n = 0;
    for (; n + V::width <= width; n += V::width) {
        typename V::mask const set{V::load(row + n).value != typename V::native{}};
        for (std::uint32_t word = set.bits(); word != 0; word &= word - 1) {
            int const at = n + lowest_bit(word);
            events[count] = static_cast<std::uint32_t>((offset + at) * scale);
            factors[count++] = row[at];
        }
    }
#else
    int n = 0;
#endif
    for (; n < width; ++n) {
        if (row[n] != T(0)) {
            events[count] = static_cast<std::uint32_t>((offset + n) * scale);
            factors[count++] = row[n];
        }
    }
    return count;
}

} // namespace spikefuse::detail
