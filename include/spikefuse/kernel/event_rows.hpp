// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a connection reads, row by row: lists of events, and which rows are too full for a list.

#include "../layers/detail/list_events.hpp"
#include "../layers/detail/mix.hpp"
#include "buffers.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class C, class Feed>
using event_of = entry_of<typename C::number, C::schedule::template width_into<Feed::layer>>;
template <class C, class Feed> // of each row
inline constexpr int pieces_of_feed =
    plan::single<Feed>
        ? pieces_of(C::schedule::template buffer_at<plan::first_source<Feed>::buffer>::width)
        : 1;
template <class C, class Feed>
inline constexpr bool lists_bits = C::layout::template only_bits<Feed>;
/// The share of inputs above which a row is not listed. Cells ask too (cell_rows.hpp): what is
/// listed decides bits. A device multiplies all values: a run by slices does, and steps one by one
/// give the same.
template <class T, class Layout, class Stage, class Feed>
inline constexpr double listed_up_to =
    !plan::single<Feed>                      ? 1
    : !Layout::template only_bits<Feed>      ? (lanes<T>::width == 1 ? 0 : multiplied_above<T>)
    : Layout::template replays<Stage>::value ? looked_up_above<T>
                                             : 1;
template <class C, class Stage, class Feed>
inline constexpr double full_above =
    listed_up_to<typename C::number, typename C::layout, Stage, Feed>;

inline constexpr int rows_ahead = 16; // are prefetched
/// Threads of a host (event_lists::of_threads) list what they read themselves: a line that another
/// one has written costs more than listing it. Where they list together, they wait for each other.
template <class C>
SPIKEFUSE_FUNCTION void list_barrier([[maybe_unused]] C const& here) {
    if constexpr (!C::layout::lists::of_threads) here.team.team_barrier();
}
/// Calls function(piece, source, row, width, offset): a row of input in parts, each from one source
/// and for one piece of the list.
template <class Feed, class C, class Function>
SPIKEFUSE_FUNCTION void each_piece(C const& here, int r, Function const& function) {
    each_source<Feed>([&](auto source) {
        using from = decltype(source);
        constexpr int width = C::schedule::template buffer_at<from::buffer>::width,
                      pieces = pieces_of_feed<C, Feed>;
        constexpr int whole = pieces == 1 ? width : piece_of(width),
                      numbers = C::layout::template holds_bits<from>::value ? 32 : 1;
        auto const* const row = row_of<from::buffer>(here, r - from::delay);
        for (int k = 0; k < pieces; ++k)
            function(k, from{}, row + k * (whole / numbers),
                     k < pieces - 1 ? whole : width - k * whole, from::offset + k * whole);
    });
}
/// Counts the events of row r, piece by piece. Where they are too many for a list the first count
/// is negative.
template <class Stage, class Feed, class C>
SPIKEFUSE_FUNCTION void count_row(C const& here, int r, std::int32_t* counts) {
    constexpr double above = full_above<C, Stage, Feed>;
    if constexpr (above == 0) { // whatever is in it
        counts[0] = -1;
        return;
    }
    constexpr int most = static_cast<int>(above * C::schedule::template width_into<Feed::layer>);
    for (int k = 0; k < pieces_of_feed<C, Feed>; ++k) counts[k] = 0;
    int whole = 0;
    each_piece<Feed>(here, r, [&](int k, auto, auto const* row, int width, int) {
        int const events = count_events(row, width);
        counts[k] += events, whole += events;
    });
    if (above < 1 && whole > most) counts[0] = -1;
}
/// Counted rows that share a list: how many fit, and how long their pieces are, or, from begin()
/// on, where the next row's begin.
template <class C, class Stage, class Feed>
struct sharing {
    using lists = typename C::layout::lists;
    static constexpr int pieces = pieces_of_feed<C, Feed>;
    std::int32_t const* counts; // [row][piece]
    int rows = 0, share = 0, entries = 0, at[pieces] = {};

    SPIKEFUSE_FUNCTION bool full(int r) const {
        return full_above<C, Stage, Feed> < 1 && counts[r * pieces] < 0;
    }
    SPIKEFUSE_FUNCTION int length(int r, int k) const {
        return full(r) ? 0 : plan::round_up(counts[r * pieces + k], events_together);
    }
    SPIKEFUSE_FUNCTION bool take(int r) {
        int whole = entries;
        for (int k = 0; k < pieces; ++k) whole += length(r, k);
        if (whole > lists::event_capacity + events_together * pieces) return false;
        share += full(r) ? 1 : 2;
        if (share > most_rows) return false;
        entries = whole, rows = r + 1;
        pass(r);
        return true;
    }
    SPIKEFUSE_FUNCTION void begin() {
        for (int k = pieces; k-- > 0;) at[k] = entries -= at[k];
    }
    SPIKEFUSE_FUNCTION void pass(int r) {
        for (int k = 0; k < pieces; ++k) at[k] += length(r, k);
    }
};
/// Lists a row, its pieces from entries `begins` on or one behind the other, and where they end,
/// `apart` from each other. Each is filled up to whole registers, with the row of zeros.
template <class Feed, class C>
SPIKEFUSE_FUNCTION void list_row(C const& here, int r, int const* begins, std::int32_t* ends,
                                 int apart) {
    using T = typename C::number;
    using lists = typename C::layout::lists;
    constexpr int scale = entry_scale<T>;
    constexpr bool bits = lists_bits<C, Feed>;
    constexpr int pieces = pieces_of_feed<C, Feed>;
    constexpr bool alone =
        lists::of_threads && pieces == 1; // nobody has written behind this row yet
    auto* const events = here.template in_lists<event_of<C, Feed>>(lists::events_offset);
    auto* const factors = here.template in_lists<T>(lists::factors_offset);
    int piece = 0, at = begins == nullptr ? 0 : begins[0];
    auto const fill_up = [&] {
        int const end = plan::round_up(at, events_together);
        for (int k = 0; alone ? k < events_together : at + k < end;
             ++k) { // alone: without a branch
            events[at + k] = static_cast<event_of<C, Feed>>(
                C::schedule::template width_into<Feed::layer> * scale);
            if constexpr (!bits) factors[at + k] = T(0);
        }
        ends[piece++ * apart] = at = end;
    };
    each_piece<Feed>(here, r, [&](int k, auto source, auto const* row, int width, int offset) {
        if (k > piece) {
            fill_up();
            if (begins != nullptr) at = begins[k];
        }
        if constexpr (!C::layout::template holds_bits<decltype(source)>::value) {
            at += list_events<scale>(row, width, offset, events + at, factors + at);
        } else {
            int const added = list_events<scale>(row, width, offset, events + at, alone);
            if constexpr (!bits)
                for (int e = 0; e < added; ++e) factors[at + e] = T(1);
            at += added;
        }
    });
    static_assert(pieces == 1 || plan::single<Feed>); // piece after piece
    fill_up();
}
/// A row of spikes that is too full for a list.
template <class Source, class C>
SPIKEFUSE_FUNCTION void copy_words(C const& here, int r, std::uint64_t* words) {
    constexpr int width = C::schedule::template buffer_at<Source::buffer>::width;
    for (int i = 0; i < width; i += 64)
        words[i / 64 * C::layout::block_steps] =
            bits_from(row_of<Source::buffer>(here, r - Source::delay), width, i);
}
/// Whether a warp has a thread for each word of a row.
template <class C, class Feed>
inline constexpr bool a_warp_lists =
    warp::width > 1 &&
    plan::single<Feed>&& lists_bits<C, Feed>&&
            C::schedule::template buffer_at<plan::first_source<Feed>::buffer>::width <= 1024;
template <class Feed, class C> // a thread's
SPIKEFUSE_FUNCTION std::uint32_t word_of_row(C const& here, int r, int lane) {
    using from = plan::first_source<Feed>;
    constexpr int width = C::schedule::template buffer_at<from::buffer>::width;
    return lane < C::layout::words(width)
               ? word_at(row_of<from::buffer>(here, r - from::delay), width, lane)
               : 0;
}
template <class Feed, class C>
SPIKEFUSE_FUNCTION void count_by_warp(C const& here, int r, std::int32_t* count) {
    int const lane = here.team.team_rank() % warp::width;
    auto const sums = warp::add_up(lane, count_bits(word_of_row<Feed>(here, r, lane)));
    if (lane == 0) *count = sums.all;
}
/// Lists a row from entry `begin` on, and says where it ends; of `warps`, each some of its words.
template <class Feed, class C>
SPIKEFUSE_FUNCTION void list_by_warps(C const& here, int r, int begin, std::int32_t* ends, int rank,
                                      int warps) {
    using from = plan::first_source<Feed>;
    constexpr int inputs = C::schedule::template width_into<Feed::layer>;
    using list =
        list_of_warps<C::layout::words(C::schedule::template buffer_at<from::buffer>::width),
                      entry_scale<typename C::number>>;
    auto* const events =
        here.template in_lists<event_of<C, Feed>>(C::layout::lists::events_offset) + begin;
    int const lane = here.team.team_rank() % warp::width;
    int const end = list::fill(word_of_row<Feed>(here, r, lane % list::threads), lane, rank, warps,
                               from::offset, inputs, events);
    if (lane == 0 && rank == 0) *ends = begin + end;
}
/// Lists the spikes of as many rows as fit. On a device all threads of the team together; then
/// nobody writes a list before all have read the last one.
template <class Stage, class Feed, class C>
SPIKEFUSE_FUNCTION auto list_rows(C const& here, int first, int wanted) {
    using T = typename C::number;
    using layout = typename C::layout;
    using lists = typename layout::lists;
    constexpr bool may_be_full = full_above<C, Stage, Feed> < 1, bits = lists_bits<C, Feed>;
    constexpr int pieces = pieces_of_feed<C, Feed>;
    using from = plan::first_source<Feed>;
    auto* const counts = here.template in_lists<std::int32_t>(lists::counts_offset);
    auto* const ends = here.template in_lists<std::int32_t>(lists::ends_offset);
    auto* const words = here.template in_lists<std::uint64_t>(lists::words_offset);
    int const rank = lists::of_threads ? 0 : here.team.team_rank(),
              size = lists::of_threads ? 1 : here.team.team_size();
    sharing<C, Stage, Feed> shared{counts};
    constexpr bool warps_list = a_warp_lists<C, Feed> && !may_be_full;
    [[maybe_unused]] int const row = rank / warp::width;              // of this warp
    bool const by_warps = warps_list && wanted <= size / warp::width; // else a row a thread
    if constexpr (warps_list)
        if (by_warps && row < wanted) count_by_warp<Feed>(here, first + row, counts + row);
    for (int r = rank; r < wanted && !by_warps; r += size) {
        prefetch_row<from::buffer>(here, first + r + rows_ahead * size);
        count_row<Stage, Feed>(here, first + r, counts + r * pieces);
        if (lists::of_threads && !shared.take(r)) break;
    }
    list_barrier(here);
    // Every thread of a device adds up for itself; then it lists its own rows.
    while (!lists::of_threads && shared.rows < wanted && shared.take(shared.rows)) {
    }
    int const rows = shared.rows;
    int full_rows = 0;
    shared.begin();
    if (rank == 0) ends[0] = 0;
    for (int r = 0; r < rows; ++r) {
        if (!shared.full(r)) {
            if constexpr (warps_list)
                if (by_warps && r == row)
                    list_by_warps<Feed>(here, first + r, shared.at[0], ends + r + 1, 0, 1);
            if (r % size == rank && !by_warps)
                list_row<Feed>(here, first + r, shared.at, ends + r + 1, rows);
            shared.pass(r);
        } else {
            for (int k = 0; k < pieces && rank == 0; ++k) ends[k * rows + r + 1] = shared.at[k];
            if constexpr (may_be_full && bits)
                if (full_rows % size == rank) copy_words<from>(here, first + r, words + full_rows);
            ++full_rows;
        }
    }
    list_barrier(here);
    listed_rows<T, event_of<C, Feed>, pieces> list{
        first,
        rows,
        full_rows,
        counts,
        ends,
        here.template in_lists<event_of<C, Feed>>(lists::events_offset),
        here.template in_lists<T>(lists::factors_offset),
        words,
        layout::block_steps,
        nullptr,
        0};
    if constexpr (may_be_full && !bits) {
        list.values = row_of<from::buffer>(here, first - from::delay);
        list.stride = row_stride<from::buffer>(here);
    }
    return list;
}

/// Lists a row of spikes that stands alone and is never full. The list of before has been read.
template <class Feed, class C>
SPIKEFUSE_FUNCTION std::int32_t const* list_alone(C const& here, int r) {
    using lists = typename C::layout::lists;
    auto* const ends = here.template in_lists<std::int32_t>(lists::ends_offset);
    if constexpr (a_warp_lists<C, Feed>) {
        list_by_warps<Feed>(here, r, 0, ends + 1, here.team.team_rank() / warp::width,
                            here.team.team_size() / warp::width);
        if (here.team.team_rank() == 0) ends[0] = 0;
    } else if (lists::of_threads || here.team.team_rank() == 0) {
        ends[0] = 0;
        list_row<Feed>(here, r, nullptr, ends + 1, 1);
    }
    list_barrier(here);
    return ends;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
