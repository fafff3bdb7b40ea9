// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Bits of words: spikes are kept as bits.

#include "config.hpp"

#include <cstdint>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

SPIKEFUSE_FUNCTION int count_bits(std::uint32_t word) {
#if defined(__CUDA_ARCH__)
    return __popc(word);
#else
    return __builtin_popcount(word);
#endif
}
SPIKEFUSE_FUNCTION int count_bits(std::uint64_t word) {
#if defined(__CUDA_ARCH__)
    return __popcll(word);
#else
    return __builtin_popcountll(word);
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

/// Stores a word that 32 threads running together hold, a bit each: `bit` is this thread's place in
/// it, `count` how many of them there are. False where threads do not run together: then nothing is
/// stored.
SPIKEFUSE_FUNCTION bool store_together([[maybe_unused]] std::uint32_t* word,
                                       [[maybe_unused]] int bit, [[maybe_unused]] bool set,
                                       [[maybe_unused]] int count) {
#if defined(__CUDA_ARCH__)
    std::uint32_t const bits = __ballot_sync(count < 32 ? (1u << count) - 1u : ~0u, set);
    if (bit == 0) *word = bits;
    return true;
#else
    return false;
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
        bits |= shift >= 0 ? static_cast<std::uint64_t>(word) << shift
                           : static_cast<std::uint64_t>(word) >> -shift;
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

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
