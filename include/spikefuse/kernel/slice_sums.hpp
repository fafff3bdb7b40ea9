// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Sums of the rows of a matrix in a team's shared memory that bits name: a warp lists the bits,
/// then its threads add up the rows, a few neighbouring numbers each.

#include "../core/target.hpp"
#include "../layers/detail/rows.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Numbers of neighbouring outputs, which a thread reads at once.
template <class T, int Each>
struct alignas(sizeof(T) * (Each < 4 ? Each : 4)) some_numbers {
    T of[Each];
};

/// Entries of a list, which a thread reads at once: two in a word, the first one below.
struct alignas(16) [[gnu::may_alias]] eight_events {
    std::uint32_t of[4];

    /// Of the row of `Outputs` weights that entry j names, those of thread `lane`.
    template <class Some, int Outputs, class T>
    SPIKEFUSE_FUNCTION Some row(T const* weights, int j, int lane) const {
        if constexpr (warp::width > 1 && sizeof(T) * Outputs == 256) {
            auto const at = static_cast<std::uint32_t>(sizeof(Some)) * static_cast<unsigned>(lane);
            return *reinterpret_cast<Some const*>(reinterpret_cast<unsigned char const*>(weights) +
                                                  warp::half_times_256(of[j / 2], j % 2 == 1, at));
        } else {
            auto const entry = of[j / 2] >> (j % 2 * 16) & 0xffffu;
            return reinterpret_cast<Some const*>(weights + entry * Outputs)[lane];
        }
    }
};

/// Bits of `words` words: of the words before this thread's, and of all.
/// @param word this thread's, of a warp
template <class WordOf>
SPIKEFUSE_FUNCTION warp::sums count_words([[maybe_unused]] std::uint32_t word,
                                          [[maybe_unused]] WordOf const& word_of,
                                          [[maybe_unused]] int lane, [[maybe_unused]] int words) {
    if constexpr (warp::width > 1) {
        return warp::add_up(lane, count_bits(word));
    } else {
        int all = 0;
        for (int w = 0; w < words; ++w) all += count_bits(word_of(w));
        return {0, all};
    }
}

/// A sum that a warp makes.
template <class T, int Outputs>
struct listed_sum {
    using numbers = some_numbers<T, Outputs / warp::width>;
    T const* rows;         // [row][Outputs]
    std::uint16_t zeros;   // the number of a row of zeros
    std::uint16_t* events; // this warp's list
    int lane;
    numbers part[events_together] = {};

    /// Adds the rows that words [w, end) name, behind `done` others: rows of zeros lead them, so
    /// that each goes to its own part. Returns how many are done.
    /// @param word this thread's, of a warp; word_of(w): any, on a host
    template <class WordOf>
    SPIKEFUSE_FUNCTION int add([[maybe_unused]] std::uint32_t word,
                               [[maybe_unused]] WordOf const& word_of, warp::sums const& sums,
                               int words, int w, int end, int done) {
        int const lead = done % events_together;
        std::uint16_t* to = events + lead;
        int count = lead;
        if constexpr (warp::width > 1) {
            to += sums.before - done;
            if (lane >= w && lane < end)
                for (std::uint32_t left = word; left != 0; left &= left - 1)
                    *to++ = static_cast<std::uint16_t>(lane * 32 + lowest_bit(left));
            count += (end < words ? warp::of_thread(end, sums.before) : sums.all) - done;
        } else {
            for (; w < end; ++w)
                for (std::uint32_t left = word_of(w); left != 0; left &= left - 1)
                    to[count++ - lead] = static_cast<std::uint16_t>(w * 32 + lowest_bit(left));
        }
        auto const fill = [&](int k) {
            if (k < lead) events[k] = zeros;
            events[count + k] = zeros;
        };
        if constexpr (warp::width > 1) {
            if (lane < 8) fill(lane);
        } else {
            for (int k = 0; k < 8; ++k) fill(k);
        }
        warp::meet();
        for (int k = 0; k < count; k += 8) {
            auto const eight = *reinterpret_cast<eight_events const*>(events + k);
            for (int j = 0; j < 8; ++j) {
                auto const row = eight.template row<numbers, Outputs>(rows, j, lane);
                for (int q = 0; q < Outputs / warp::width; ++q)
                    part[j % events_together].of[q] += row.of[q];
            }
        }
        warp::meet(); // the list has been read
        return done + count - lead;
    }
    /// Number q of this thread.
    SPIKEFUSE_FUNCTION T total(int q) const {
        return (part[0].of[q] + part[1].of[q]) + (part[2].of[q] + part[3].of[q]);
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
