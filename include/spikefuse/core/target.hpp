// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What host and device do in different ways, all of it: bits of words, threads of a warp,
/// prefetches. Everything else asks how many numbers a register has (core/lanes.hpp).

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

/// Of the code that is compiled here: a device's has several copies.
#if defined(__CUDA_ARCH__) || defined(__HIP_DEVICE_COMPILE__)
inline constexpr bool on_the_host = false;
#else
inline constexpr bool on_the_host = true;
#endif

/// Asks a host's caches for the line of an address: 3 the nearest, 2 those behind it.
template <int Level = 3>
SPIKEFUSE_FUNCTION void prefetch([[maybe_unused]] void const* address) {
#if !defined(__CUDA_ARCH__)
    __builtin_prefetch(address, 0, Level);
#endif
}

/// Tells a device's compiler that addresses are those of global memory: what a large kernel calls,
/// and what stood in a table, it would look up by generic loads.
template <class... Addresses>
SPIKEFUSE_FUNCTION void know_global([[maybe_unused]] Addresses const*... address) {
#if defined(__CUDA_ARCH__)
    (__builtin_assume(__isGlobal(address)), ...); // nullptr too
#endif
}
/// Likewise of a team's shared memory.
SPIKEFUSE_FUNCTION void know_shared([[maybe_unused]] void const* address) {
#if defined(__CUDA_ARCH__)
    __builtin_assume(__isShared(address));
#endif
}
/// An address of global memory, as if it came from somewhere else each time: a device's compiler
/// would move hundreds of loads out of a loop, and keep them where they are no nearer.
template <class Number>
SPIKEFUSE_FUNCTION Number const* anew(Number const* address) {
#if defined(__CUDA_ARCH__)
    asm volatile("" : "+l"(address));
    know_global(address);
#endif
    return address;
}

/// Threads that run together: those of a warp; on a host each by itself.
struct warp {
#if defined(__CUDA_ARCH__)
    static constexpr int width = 32;
#else
    static constexpr int width = 1;
#endif
    /// Whether teams of so many threads are made of whole warps.
    static SPIKEFUSE_FUNCTION bool are_whole([[maybe_unused]] int threads) {
#if defined(__CUDA_ARCH__)
        return blockDim.x == 1 && threads % width == 0;
#else
        return true;
#endif
    }
    /// The sum of what the threads before this one have, and of all.
    struct sums {
        int before, all;
    };
    /// Of `Threads` neighbours, of which this one is `lane`.
    template <int Threads = width>
    static SPIKEFUSE_FUNCTION sums add_up([[maybe_unused]] int lane, int mine) {
#if defined(__CUDA_ARCH__)
        int before = mine;
        for (int apart = 1; apart < Threads; apart *= 2) {
            int const other = __shfl_up_sync(~0u, before, apart, Threads);
            if (lane >= apart) before += other;
        }
        return {before - mine, of_thread<Threads>(Threads - 1, before)};
#else
        return {0, mine};
#endif
    }
    /// What thread `from` of `Threads` neighbours has.
    template <int Threads = width, class Number>
    static SPIKEFUSE_FUNCTION Number of_thread([[maybe_unused]] int from, Number mine) {
#if defined(__CUDA_ARCH__)
        return __shfl_sync(~0u, mine, from, Threads);
#else
        return mine;
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
    /// The largest number of `Threads` neighbours.
    template <int Threads = width>
    static SPIKEFUSE_FUNCTION int largest(int mine) {
#if defined(__CUDA_ARCH__)
        for (int apart = 1; apart < Threads; apart *= 2) {
            int const other = __shfl_xor_sync(~0u, mine, apart);
            if (other > mine) mine = other;
        }
#endif
        return mine;
    }
    /// Of what this thread has and what its likes have in the other parts of the warp, of `Threads`
    /// each.
    template <int Threads>
    static SPIKEFUSE_FUNCTION int largest_of_parts(int mine) {
#if defined(__CUDA_ARCH__)
        for (int apart = Threads; apart < width; apart *= 2) {
            int const other = __shfl_xor_sync(~0u, mine, apart);
            if (other > mine) mine = other;
        }
#endif
        return mine;
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

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
