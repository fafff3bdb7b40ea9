// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Rows of bits: spikes are kept as bits.

#include "target.hpp"

#include <cstdint>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Word w of a row of `width` bits, without what stands behind them.
SPIKEFUSE_FUNCTION std::uint32_t word_at(std::uint32_t const* row, int width, int w) {
    std::uint32_t const word = row[w];
    return w == width / 32 ? word & ((1u << (width % 32)) - 1u) : word;
}
/// The 64 bits of a row of `width` bits that begin at bit `at`; outside the row they are 0.
SPIKEFUSE_FUNCTION std::uint64_t bits_from(std::uint32_t const* row, int width, int at) {
    std::uint64_t bits = 0;
    int const begin = at < 0 ? 0 : at;
    if (begin >= width || at <= -64) return 0;
    for (int w = begin / 32; w <= (width - 1) / 32 && w * 32 < at + 64; ++w) {
        std::uint32_t const word = word_at(row, width, w);
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
