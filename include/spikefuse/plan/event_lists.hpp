// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The memory of event lists: how many events a block of steps lists at a time, and where they lie.

#include "memory_map.hpp"
#include "schedule.hpp"

#include <cstdint>

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

/// Lists lie together: of each row, piece by piece, how many events it has, and where they end; the
/// events, and their factors; of rows of spikes that are too full for a list, their words,
/// [64 inputs][row]. Each thread of a host has its own. On a device they lie in shared memory, if
/// they fit, and else behind what a sample carries.
/// `Widest`: inputs of the widest connection. `Values`: whether factors are listed. `Work`: what
/// else is done in the same memory. `Parted`: neurons whose sums threads share, behind a row that
/// is listed alone. Sizes in bytes.
template <class T, int Widest, bool Values, int Steps, std::size_t Work = 0, std::size_t Parted = 0>
struct event_lists {
    static constexpr std::size_t event_bytes = sizeof(spikefuse::detail::entry_of<T, Widest>);
    static constexpr std::size_t factor_bytes = Values ? sizeof(T) : 0;
    /// Pieces of a row, each filled up to whole registers.
    static constexpr int most_pieces = spikefuse::detail::pieces_of(Widest);
    /// Events that are listed at a time, at least one whole row of the widest connection; on a
    /// device as many as its shared memory holds for each of the teams that a multiprocessor runs
    /// side by side.
    static constexpr int event_capacity = [] {
        constexpr int near = lanes<T>::width > 1
                                 ? 256 * 256
                                 : 24 * 1024 / static_cast<int>(event_bytes + factor_bytes);
        constexpr int most = near < 256 * Steps ? near : 256 * Steps;
        return Widest > most ? Widest : most;
    }();
    static constexpr std::size_t event_room =
        static_cast<std::size_t>(event_capacity) + 64 + 4 * static_cast<std::size_t>(most_pieces);
    static constexpr std::size_t ends_room =
        line((static_cast<std::size_t>(Steps) * most_pieces + 1) * sizeof(std::int32_t));

    static constexpr std::size_t counts_offset = 0;
    static constexpr std::size_t ends_offset = counts_offset + ends_room;
    static constexpr std::size_t events_offset = ends_offset + ends_room;
    static constexpr std::size_t factors_offset = events_offset + line(event_room * event_bytes);
    static constexpr std::size_t words_offset = factors_offset + line(event_room * factor_bytes);
    static constexpr std::size_t listed =
        words_offset + (spikefuse::detail::looked_up_above<T> < 1
                            ? line(static_cast<std::size_t>(Steps) *
                                   static_cast<std::size_t>(round_up(Widest, 64)) / 8)
                            : 0);
    static constexpr std::size_t parts_offset =
        events_offset + line((static_cast<std::size_t>(Widest) + 4 * most_pieces) * event_bytes);
    static constexpr std::size_t total = [] {
        constexpr std::size_t parts =
            parts_offset + spikefuse::detail::events_together * Parted * sizeof(T);
        std::size_t const most = listed > Work ? listed : Work;
        return Parted != 0 && parts > most ? parts : most;
    }();
    static constexpr bool of_threads = lanes<T>::width > 1;
    static constexpr bool near = !of_threads && total <= 32 * 1024;
    static constexpr bool apart = of_threads || near; // from what a sample carries
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
