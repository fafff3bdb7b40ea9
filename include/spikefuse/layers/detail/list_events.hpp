// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// From a row of input to what a mixing layer adds up: a list of events, or the row itself where it
/// is too full for a list.

#include "../../core/bits.hpp"
#include "../../core/lanes.hpp"
#include "../row_map.hpp"
#include "rows.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// The 64 inputs from word w on, a word that there is; those beyond the width are 0.
SPIKEFUSE_FUNCTION std::uint64_t two_words(std::uint32_t const* row, int width, int w) {
    int const left = width - w * 32;
    std::uint64_t const set =
        row[w] | (left > 32 ? static_cast<std::uint64_t>(row[w + 1]) << 32 : 0);
    return left < 64 ? set & ((std::uint64_t(1) << left) - 1) : set;
}

SPIKEFUSE_FUNCTION int count_events(std::uint32_t const* row, int width) {
    int count = 0;
    for (int w = 0; w < (width + 31) / 32; w += 2) count += count_bits(two_words(row, width, w));
    return count;
}
template <class T>
SPIKEFUSE_FUNCTION int count_events(T const* row, int width) {
    return events_in(row, width);
}

/// Writes (offset + n) * Scale for every set n. Returns how many. `alone`: nobody has written
/// behind them yet, up to 31 places may be written over.
template <int Scale, class Entry>
SPIKEFUSE_FUNCTION int list_events(std::uint32_t const* row, int width, int offset, Entry* events,
                                   [[maybe_unused]] bool alone) {
    int count = 0;
    int const words = (width + 31) / 32;
    if constexpr (lanes<float>::width > 1) {
        int const room = alone ? words * 32 + 8 : count_events(row, width);
        for (int w = 0; w < words; w += 2) { // 64 inputs at a time, eight events without a branch:
                                             // what is too much is written over
            std::uint64_t set = two_words(row, width, w);
            int const here = count_bits(set), first = offset + w * 32;
            int done = 0;
            for (; done < here && count + done + 8 <= room; done += 8)
                for (int k = 0; k < 8; ++k, set &= set - 1)
                    events[count + done + k] = static_cast<Entry>(
                        (first + lowest_bit(set | std::uint64_t(1) << 63)) * Scale);
            for (; done < here; ++done, set &= set - 1)
                events[count + done] = static_cast<Entry>((first + lowest_bit(set)) * Scale);
            count += here;
        }
    } else {
        for (int w = 0; w < words; ++w) {
            std::uint32_t word = row[w];
            if (w == width / 32) word &= (1u << (width % 32)) - 1u;
            while (word != 0) {
                events[count++] = static_cast<Entry>((offset + w * 32 + lowest_bit(word)) * Scale);
                word &= word - 1;
            }
        }
    }
    return count;
}
#if SPIKEFUSE_HOST_LANES && defined(__AVX512VBMI2__) && defined(__AVX512BW__)
/// The same for short entries: 64 inputs at a time, without a branch a spike.
template <int Scale>
SPIKEFUSE_FUNCTION int list_events(std::uint32_t const* row, int width, int offset,
                                   std::uint16_t* events, bool alone) {
    alignas(64) static constexpr auto numbers = [] {
        std::array<std::uint8_t, 64> n{};
        for (std::size_t k = 0; k < 64; ++k) n[k] = static_cast<std::uint8_t>(k);
        return n;
    }();
    __m512i const all = _mm512_load_si512(numbers.data());
    int count = 0;
    int const words = (width + 31) / 32;
    for (int w = 0; w < words; w += 2) {
        std::uint64_t const set = two_words(row, width, w);
        int const here = count_bits(set);
        __m512i const which = _mm512_maskz_compress_epi8(set, all);
        __m512i const base = _mm512_set1_epi16(static_cast<short>((offset + w * 32) * Scale));
        auto const write = [&](__m256i some, int done) {
            __m512i const layout = _mm512_add_epi16(
                base, _mm512_mullo_epi16(_mm512_cvtepu8_epi16(some), _mm512_set1_epi16(Scale)));
            if (alone) { // cheaper than a masked store
                _mm512_storeu_si512(events + count + done, layout);
            } else {
                int const left = here - done;
                _mm512_mask_storeu_epi16(events + count + done,
                                         left >= 32 ? ~0u : (1u << left) - 1u, layout);
            }
        };
        write(_mm512_castsi512_si256(which), 0);
        if (here > 32) write(_mm512_extracti64x4_epi64(which, 1), 32);
        count += here;
    }
    return count;
}
#endif
/// The same by a device's warps: a row of at most 32 words, of which each warp lists some, a thread
/// an input.
template <int Words, int Scale, class Warp = warp>
struct list_of_warps {
    static constexpr int threads = [] { // of a warp, that have a word each; their neighbours too
        int some = 1;
        while (some < Words && some < Warp::width) some *= 2;
        return some;
    }();
    /// Lists the spikes, and `zeros` up to a multiple of `events_together`. All threads of each of
    /// `warps` call it, with word `lane % threads` of the row. Returns how long the list is.
    template <class Entry>
    static SPIKEFUSE_FUNCTION int fill(std::uint32_t word, int lane, int rank, int warps,
                                       int offset, int zeros, Entry* events) {
        int const own = lane % threads;
        auto const sums = Warp::template add_up<threads>(own, count_bits(word));
        for (int w = rank; w < Words; w += warps) {
            auto const here = Warp::template of_thread<threads>(w, word);
            int const before = Warp::template of_thread<threads>(w, sums.before);
            if (here >> lane & 1u)
                events[before + count_bits(here & ((1u << lane) - 1))] =
                    static_cast<Entry>((offset + w * 32 + lane) * Scale);
        }
        int const end = (sums.all + events_together - 1) / events_together * events_together;
        if (rank == 0 && sums.all + lane < end)
            events[sums.all + lane] = static_cast<Entry>(zeros * Scale);
        return end;
    }
};
template <int Scale, class T, class Entry>
SPIKEFUSE_FUNCTION int list_events(T const* row, int width, int offset, Entry* events, T* factors) {
    int count = 0;
    each_event(row, 0, width, [&](int n, T x) SPIKEFUSE_INLINE {
        events[count] = static_cast<Entry>((offset + n) * Scale);
        factors[count++] = x;
    });
    return count;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
