// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What the threads of a device's warp do together.

#include "../../core/config.hpp"

#include <cstdint>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Threads that run together: those of a warp; on a host each by itself.
struct warp {
#if defined(__CUDA_ARCH__)
    static constexpr int width = 32;
#else
    static constexpr int width = 1;
#endif
    /// The sum of what the threads before this one have, and of all.
    struct sums {
        int before, all;
    };
    static SPIKEFUSE_FUNCTION sums add_up([[maybe_unused]] int lane, int mine) {
#if defined(__CUDA_ARCH__)
        int before = mine;
        for (int apart = 1; apart < 32; apart *= 2) {
            int const other = __shfl_up_sync(~0u, before, apart);
            if (lane >= apart) before += other;
        }
        return {before - mine, __shfl_sync(~0u, before, 31)};
#else
        return {0, mine};
#endif
    }
    /// Bit k of the result is this thread's bit of what thread k has.
    static SPIKEFUSE_FUNCTION std::uint32_t transpose([[maybe_unused]] int lane,
                                                      std::uint32_t row) {
#if defined(__CUDA_ARCH__)
        std::uint32_t column = 0;
        for (int k = 0; k < 32; ++k) {
            std::uint32_t const bits = __ballot_sync(~0u, row >> k & 1u);
            if (k == lane) column = bits;
        }
        return column;
#else
        return row;
#endif
    }
    /// What thread k has.
    static SPIKEFUSE_FUNCTION int of_thread([[maybe_unused]] int k, int mine) {
#if defined(__CUDA_ARCH__)
        return __shfl_sync(~0u, mine, k);
#else
        return mine;
#endif
    }
    /// 256 times the upper or lower half of a word, plus `below`, which is less: one instruction.
    static SPIKEFUSE_FUNCTION std::uint32_t half_times_256(std::uint32_t word, bool upper,
                                                           std::uint32_t below) {
#if defined(__CUDA_ARCH__)
        return __byte_perm(word, below, upper ? 0x5324 : 0x5104);
#else
        return (upper ? word >> 16 : word & 0xffffu) << 8 | below;
#endif
    }
    static SPIKEFUSE_FUNCTION void meet() {
#if defined(__CUDA_ARCH__)
        __syncwarp();
#endif
    }
};

/// In which of up to 64 rows each of `Width` inputs fired: a warp turns 32 inputs of 32 rows at a
/// time. row_of(r): where the words of a row begin.
template <int Width, class Rows>
SPIKEFUSE_FUNCTION void columns_by_warps(int rank, int threads, int rows, Rows const& row_of,
                                         std::uint64_t* columns) {
    constexpr int words = (Width + 31) / 32;
    int const lane = rank % warp::width;
    for (int tile = rank / warp::width; tile < 2 * words; tile += threads / warp::width) {
        int const word = tile % words, half = tile / words, r = half * 32 + lane;
        std::uint32_t row = r < rows ? row_of(r)[word] : 0;
        if (word == Width / 32) row &= (1u << (Width % 32)) - 1u;
        reinterpret_cast<std::uint32_t*>(columns)[(word * 32 + lane) * 2 + half] =
            warp::transpose(lane, row);
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
