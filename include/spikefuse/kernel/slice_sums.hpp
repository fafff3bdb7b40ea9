// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Sums of the rows of a matrix in a team's shared memory that bits name: threads list the bits,
/// then add up the rows, a few neighbouring numbers each. A warp makes two or four sums at once, so
/// that what a list costs is paid for all of them, and a thread reads sixteen bytes of a row.

#include "../core/target.hpp"
#include "../layers/detail/rows.hpp"
#include "../plan/memory_map.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Entries of a list, which a thread reads at once: two in a word, the first one below.
struct alignas(16) [[gnu::may_alias]] eight_events {
    std::uint32_t of[4];

    /// In the row of `Outputs` numbers that entry j names, the first ones of thread `lane`.
    template <class Some, int Outputs, class T>
    SPIKEFUSE_FUNCTION Some const* row(T const* rows, int j, int lane) const {
        auto const at = static_cast<std::uint32_t>(sizeof(Some)) * static_cast<unsigned>(lane);
        auto const* const bytes = reinterpret_cast<unsigned char const*>(rows);
        constexpr std::size_t size = sizeof(T) * Outputs; // of a row
        if constexpr (size == 256 || size == 128) { // of 128 bytes half of what is twice as much
            std::uint32_t const twice =
                warp::half_times_256(of[j / 2], j % 2 == 1, at * (256 / size));
            return reinterpret_cast<Some const*>(bytes + (twice >> (size == 128 ? 1 : 0)));
        } else {
            auto const entry = of[j / 2] >> (j % 2 * 16) & 0xffffu;
            return reinterpret_cast<Some const*>(bytes +
                                                 (entry * static_cast<std::uint32_t>(size) + at));
        }
    }
};

/// Sums of a warp at once, so that a thread reads sixteen bytes of a row: two, of short rows four.
constexpr int sums_at_once(std::size_t bytes_of_row) { return bytes_of_row <= 128 ? 4 : 2; }
template <class T, int Outputs>
inline constexpr int sums_of_warp = sums_at_once(Outputs * sizeof(T));
/// What a thread has of a row of `Outputs` sums that a part of a warp makes, beside the other parts
/// (`AtOnce` of them); on a host a thread has all.
template <class T, int Outputs, class Warp,
          int AtOnce = (Warp::width > 1 ? sums_of_warp<T, Outputs> : 1)>
struct share_of_row {
    static constexpr int at_once = AtOnce, threads = Warp::width / at_once; // of a sum
    /// Numbers of a thread: sixteen bytes, or what there is, in each of some parts of a row, so
    /// that neighbours read from neighbouring banks.
    static constexpr int each = Outputs / threads,
                         near = each * static_cast<int>(sizeof(T)) < 16
                                    ? each
                                    : 16 / static_cast<int>(sizeof(T)),
                         pieces = each / near;
    using numbers = some_numbers<T, near>;
    /// The output of which a thread's number q is.
    SPIKEFUSE_FUNCTION static int output_of(int lane, int q) {
        return q / near * (near * threads) + lane * near + q % near;
    }
};
/// A part of a warp: which of all of a team, which of its warp, and this thread of it.
struct part_of_warp {
    int rank, of_warp, lane, all;

    /// Of a team of whole warps, of which `warps` take part; on a host each thread is one.
    template <class Share>
    SPIKEFUSE_FUNCTION static part_of_warp of_thread(int thread, int warps) {
        constexpr int parts = Share::at_once;
        int const part = thread % warp::width / Share::threads;
        return {parts * (thread / warp::width) + part, part, thread % Share::threads,
                parts * warps};
    }
};
/// A sum that a part of a warp makes, beside those of the other parts; on a host a thread.
/// @tparam Words of bits, at most
/// @tparam Listed words whose bits have room in a list; more events than that are listed in pieces
template <class T, int Outputs, int Words, int Listed = Words, class Warp = warp>
struct listed_sum : share_of_row<T, Outputs, Warp> {
    using share = share_of_row<T, Outputs, Warp>;
    using share::near, share::pieces, share::threads;
    using typename share::numbers;
    static constexpr int own = (Words + threads - 1) / threads; // words of a thread, neighbours
    static_assert(Listed >= (threads > 1 ? own : 1), "a list has room for what cannot be parted");

    T const* rows;         // [row][Outputs]
    std::uint16_t zeros;   // the number of a row of zeros
    std::uint16_t* events; // this sum's list, with room for 32 * Listed entries and 16 more
    int lane;              // of this thread, of those of the sum
    numbers part[events_together][pieces] = {};

    SPIKEFUSE_FUNCTION listed_sum(T const* matrix, std::uint16_t row_of_zeros, std::uint16_t* list,
                                  int thread)
        : rows(matrix), zeros(row_of_zeros), events(list), lane(thread) {}

    /// Adds the rows that the words of all threads name: bit b of word w row 32 w + b, and word k
    /// of this thread is w = lane * own + k. All parts of a warp call it together. Returns how
    /// many they are.
    SPIKEFUSE_FUNCTION int add(std::uint32_t const (&word)[own]) {
        int mine = 0;
        for (int k = 0; k < own; ++k) mine += count_bits(word[k]);
        auto const sums = Warp::template add_up<threads>(lane, mine);
        int done = 0;
        do {
            int const until = Listed >= Words ? sums.all : that_fit(word, sums, mine, done);
            add_events(word, sums.before, done, until);
            done = until;
        } while (Listed < Words && Warp::template largest_of_parts<threads>(sums.all - done) > 0);
        return sums.all;
    }
    /// Number q of this thread.
    SPIKEFUSE_FUNCTION T total(int q) const {
        auto const of = [&](int j) { return part[j][q / near].of[q % near]; };
        return (of(0) + of(1)) + (of(2) + of(3));
    }

  private:
    /// How far a list comes that begins behind `done` events, in events; it ends with a thread's
    /// last, on a host with a word's.
    SPIKEFUSE_FUNCTION static int that_fit([[maybe_unused]] std::uint32_t const (&word)[own],
                                           typename Warp::sums const& sums,
                                           [[maybe_unused]] int mine, int done) {
        constexpr int room = 32 * Listed;
        if (Warp::template largest_of_parts<threads>(sums.all - done) <= room) return sums.all;
        if constexpr (threads > 1) {
            int const until = sums.before + mine;
            return Warp::template largest<threads>(until - done <= room ? until : 0);
        } else {
            int until = 0;
            for (int k = 0; k < own && until + count_bits(word[k]) - done <= room; ++k)
                until += count_bits(word[k]);
            return until;
        }
    }
    /// Adds the rows of events `done` to `until`: rows of zeros lead them, so that each goes to its
    /// own part.
    /// @param before events of the threads before this one
    SPIKEFUSE_FUNCTION void add_events(std::uint32_t const (&word)[own], int before, int done,
                                       int until) {
        int const lead = done % events_together, count = lead + until - done,
                  most = plan::round_up(Warp::template largest_of_parts<threads>(count), 8);
        std::uint16_t* to = events + lead + (before > done ? before - done : 0);
        for (int k = 0; k < own; ++k) {
            int const after = before + count_bits(word[k]);
            for (std::uint32_t left = before >= done && after <= until ? word[k] : 0; left != 0;
                 left &= left - 1)
                *to++ = static_cast<std::uint16_t>((lane * own + k) * 32 + lowest_bit(left));
            before = after;
        }
        SPIKEFUSE_ROUNDS(1)
        for (int k = lane; k < lead; k += threads) events[k] = zeros;
        SPIKEFUSE_ROUNDS(1)
        for (int k = count + lane; k < most; k += threads) events[k] = zeros;
        Warp::meet();
        for (int k = 0; k < most; k += 8) {
            auto const eight = *reinterpret_cast<eight_events const*>(events + k);
            for (int j = 0; j < 8; ++j) {
                auto const* const row = eight.template row<numbers, Outputs>(rows, j, lane);
                for (int p = 0; p < pieces; ++p) {
                    numbers const some = row[p * threads];
                    for (int q = 0; q < near; ++q) part[j % events_together][p].of[q] += some.of[q];
                }
            }
        }
        Warp::meet(); // the lists have been read
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
