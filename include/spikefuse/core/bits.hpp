#pragma once
/// Bits of words: spikes are kept as bits.

#include "macros.hpp"

#include <cstdint>

namespace spikefuse::detail {

SPIKEFUSE_FUNCTION int count_bits(std::uint32_t word) {
#if defined(__CUDA_ARCH__)
    return __popc(word);
#else
    return __builtin_popcount(word);
#endif
}
SPIKEFUSE_FUNCTION int lowest_bit(std::uint64_t word) {
#if defined(__CUDA_ARCH__)
    return __ffsll(static_cast<long long>(word)) - 1;
#else
    return __builtin_ctzll(word);
#endif
}
SPIKEFUSE_FUNCTION int lowest_bit(std::uint32_t word) {
#if defined(__CUDA_ARCH__)
    return __ffs(static_cast<int>(word)) - 1;
#else
    return __builtin_ctz(word);
#endif
}

/// The 64 bits of a row of `width` bits that begin at bit `at`; outside the row they are 0.
SPIKEFUSE_FUNCTION std::uint64_t bits_from(std::uint32_t const* row, int width, int at) {
    std::uint64_t bits = 0;
    int const begin = at < 0 ? 0 : at;
    if (begin >= width || at <= -64) return 0;
    for (int w = begin / 32; w <= (width - 1) / 32 && w * 32 < at + 64; ++w) {
        std::uint32_t word = row[w];
        if (w == width / 32) word &= (1u << (width % 32)) - 1u;
        int const shift = w * 32 - at;
        bits |= shift >= 0 ? static_cast<std::uint64_t>(word) << shift : static_cast<std::uint64_t>(word) >> -shift;
    }
    return bits;
}

/// A square of 64 times 64 bits, its rows for its columns.
SPIKEFUSE_FUNCTION void transpose_bits(std::uint64_t* square) {
    std::uint64_t mask = 0x00000000ffffffffu;
    for (int size = 32; size != 0; size /= 2, mask ^= mask << size)
        for (int first = 0; first < 64; first += 2 * size)
            for (int k = first; k < first + size; ++k) {
                std::uint64_t const change = (square[k] >> size ^ square[k + size]) & mask;
                square[k] ^= change << size;
                square[k + size] ^= change;
            }
}

} // namespace spikefuse::detail
