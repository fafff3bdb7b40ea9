// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a layer of weights reads, row by row: lists of events, and which rows are too full for a
/// list.

#include "points.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space,
          purpose Purpose = purpose::run>
struct list_kernel : points_kernel<Schedule, T, Kind, Readout, Space, Purpose> {
    using base = points_kernel<Schedule, T, Kind, Readout, Space, Purpose>;
    using base::run;
    using typename base::context, typename base::layout, typename base::V;
    static constexpr int W = V::width, P = base::P;

    template <class Feed>
    using event_of = entry_of<T, Schedule::template width_into<Feed::layer>>;
    static constexpr int scale = entry_scale<T>;
    template <class Feed> // of each row
    static constexpr int pieces_of_feed =
        plan::single<Feed>
            ? pieces_of(Schedule::template buffer_at<plan::first_source<Feed>::buffer>::width)
            : 1;
    /// The share of inputs above which a row is not listed.
    template <class Stage, class Feed>
    static constexpr double full_above = [] {
        if constexpr (!plan::single<Feed>) {
            return 1;
        } else if constexpr (!layout::template only_bits<Feed>) {
            return multiplied_above<T>;
        } else {
            return layout::template replays<Stage>::value ? looked_up_above<T> : 1;
        }
    }();

    static constexpr int rows_ahead = 16; // are asked for
    /// Threads of a host (event_lists::of_threads) list what they read themselves: a line that
    /// another one has written costs more than listing it. Where they list together, they wait for
    /// each other.
    SPIKEFUSE_FUNCTION void list_barrier([[maybe_unused]] context const& here) const {
        if constexpr (!layout::lists::of_threads) here.team.team_barrier();
    }
    /// Counts the events of row r, piece by piece. Where they are too many for a list the first
    /// count is negative.
    template <class Stage, class Feed>
    SPIKEFUSE_FUNCTION void count_row(context const& here, int r, std::int32_t* counts) const {
        constexpr int most =
            static_cast<int>(full_above<Stage, Feed> * Schedule::template width_into<Feed::layer>);
        for (int k = 0; k < pieces_of_feed<Feed>; ++k) counts[k] = 0;
        int whole = 0;
        each_piece<Feed>(here, r, [&](int k, auto, auto const* row, int width, int) {
            int const events = count_events(row, width);
            counts[k] += events, whole += events;
        });
        if (full_above<Stage, Feed> < 1 && whole > most) counts[0] = -1;
    }
    /// Counted rows that share a list: how many fit, and how long their pieces are, or, from
    /// begin() on, where the next row's begin.
    template <class Stage, class Feed>
    struct sharing {
        static constexpr int pieces = pieces_of_feed<Feed>;
        std::int32_t const* counts; // [row][piece]
        int rows = 0, share = 0, entries = 0, at[pieces] = {};

        SPIKEFUSE_FUNCTION bool full(int r) const {
            return full_above<Stage, Feed> < 1 && counts[r * pieces] < 0;
        }
        SPIKEFUSE_FUNCTION int length(int r, int k) const {
            return full(r) ? 0 : plan::round_up(counts[r * pieces + k], events_together);
        }
        SPIKEFUSE_FUNCTION bool take(int r) {
            int whole = entries;
            for (int k = 0; k < pieces; ++k) whole += length(r, k);
            if (whole > layout::lists::event_capacity + events_together * pieces) return false;
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
    /// Lists the spikes of as many rows as fit. On a device all threads of the team together; then
    /// nobody writes a list before all have read the last one.
    template <class Stage, class Feed>
    SPIKEFUSE_FUNCTION auto list_rows(context const& here, int first, int wanted) const {
        constexpr bool may_be_full = full_above<Stage, Feed> < 1,
                       bits = layout::template only_bits<Feed>;
        constexpr int pieces = pieces_of_feed<Feed>;
        using from = plan::first_source<Feed>;
        auto* const counts = here.template in_lists<std::int32_t>(layout::lists::counts_offset);
        auto* const ends = here.template in_lists<std::int32_t>(layout::lists::ends_offset);
        auto* const words = here.template in_lists<std::uint64_t>(layout::lists::words_offset);
        int const rank = layout::lists::of_threads ? 0 : here.team.team_rank(),
                  size = layout::lists::of_threads ? 1 : here.team.team_size();
        sharing<Stage, Feed> shared{counts};
        [[maybe_unused]] int const row = rank / warp::width; // of this warp
        bool const by_warps = warp::width > 1 && a_warp_lists<Feed> && !may_be_full &&
                              wanted <= size / warp::width; // else a row a thread
        if constexpr (warp::width > 1 && a_warp_lists<Feed> && !may_be_full)
            if (by_warps && row < wanted) count_by_warp<Feed>(here, first + row, counts + row);
        for (int r = rank; r < wanted && !by_warps; r += size) {
            this->template ask_for_row<from::buffer>(here, first + r + rows_ahead * size);
            count_row<Stage, Feed>(here, first + r, counts + r * pieces);
            if (layout::lists::of_threads && !shared.take(r)) break;
        }
        list_barrier(here);
        // Every thread of a device adds up for itself; then it lists its own rows.
        while (!layout::lists::of_threads && shared.rows < wanted && shared.take(shared.rows)) {
        }
        int const rows = shared.rows;
        int full_rows = 0;
        shared.begin();
        if (rank == 0) ends[0] = 0;
        for (int r = 0; r < rows; ++r) {
            if (!shared.full(r)) {
                if constexpr (warp::width > 1 && a_warp_lists<Feed> && !may_be_full)
                    if (by_warps && r == row)
                        list_by_warp<Feed>(here, first + r, shared.at[0], ends + r + 1);
                if (r % size == rank && !by_warps)
                    list_row<Feed>(here, first + r, shared.at, ends + r + 1, rows);
                shared.pass(r);
            } else {
                for (int k = 0; k < pieces && rank == 0; ++k) ends[k * rows + r + 1] = shared.at[k];
                if constexpr (may_be_full && bits)
                    if (full_rows % size == rank)
                        copy_words<from>(here, first + r, words + full_rows);
                ++full_rows;
            }
        }
        list_barrier(here);
        listed_rows<T, event_of<Feed>, pieces> list{
            first,
            rows,
            full_rows,
            counts,
            ends,
            here.template in_lists<event_of<Feed>>(layout::lists::events_offset),
            here.template in_lists<T>(layout::lists::factors_offset),
            words,
            layout::block_steps,
            nullptr,
            0};
        if constexpr (may_be_full && !bits) {
            list.values = this->template row_of<from::buffer>(here, first - from::delay);
            list.stride = this->template stride_of<from::buffer>();
        }
        return list;
    }
    /// Lists a row of spikes that stands alone and is never full. The list of before has been read.
    template <class Feed>
    SPIKEFUSE_FUNCTION std::int32_t const* list_alone(context const& here, int r) const {
        auto* const ends = here.template in_lists<std::int32_t>(layout::lists::ends_offset);
        if constexpr (warp::width > 1 && a_warp_lists<Feed>) {
            if (here.team.team_rank() < warp::width) list_by_warp<Feed>(here, r, 0, ends + 1);
            if (here.team.team_rank() == 0) ends[0] = 0;
        } else if (layout::lists::of_threads || here.team.team_rank() == 0) {
            ends[0] = 0;
            list_row<Feed>(here, r, nullptr, ends + 1, 1);
        }
        list_barrier(here);
        return ends;
    }
    /// Whether a warp has a thread for each word of a row.
    template <class Feed>
    static constexpr bool a_warp_lists =
        plan::single<Feed> && layout::template only_bits<Feed> &&
        Schedule::template buffer_at<plan::first_source<Feed>::buffer>::width <= 1024;
    template <class Feed> // a thread's
    SPIKEFUSE_FUNCTION std::uint32_t word_of_row(context const& here, int r, int lane) const {
        using from = plan::first_source<Feed>;
        constexpr int width = Schedule::template buffer_at<from::buffer>::width;
        std::uint32_t const word =
            lane < layout::words(width)
                ? this->template row_of<from::buffer>(here, r - from::delay)[lane]
                : 0;
        return lane == width / 32 ? word & ((1u << (width % 32)) - 1u) : word;
    }
    template <class Feed>
    SPIKEFUSE_FUNCTION void count_by_warp(context const& here, int r, std::int32_t* count) const {
        int const lane = here.team.team_rank() % warp::width;
        auto const sums = warp::add_up(lane, count_bits(word_of_row<Feed>(here, r, lane)));
        if (lane == 0) *count = sums.all;
    }
    /// Lists a row from entry `begin` on, and says where it ends.
    template <class Feed>
    SPIKEFUSE_FUNCTION void list_by_warp(context const& here, int r, int begin,
                                         std::int32_t* ends) const {
        using from = plan::first_source<Feed>;
        auto* const events =
            here.template in_lists<event_of<Feed>>(layout::lists::events_offset) + begin;
        int const lane = here.team.team_rank() % warp::width;
        std::uint32_t word = word_of_row<Feed>(here, r, lane);
        auto const sums = warp::add_up(lane, count_bits(word));
        for (int at = sums.before; word != 0; word &= word - 1)
            events[at++] =
                static_cast<event_of<Feed>>((from::offset + lane * 32 + lowest_bit(word)) * scale);
        int const end = plan::round_up(sums.all, events_together);
        if (sums.all + lane < end)
            events[sums.all + lane] =
                static_cast<event_of<Feed>>(Schedule::template width_into<Feed::layer> * scale);
        if (lane == 0) *ends = begin + end;
    }
    /// Lists a row, its pieces from entries `begins` on or one behind the other, and where they
    /// end, `apart` from each other. Each is filled up to whole registers, with the row of zeros.
    template <class Feed>
    SPIKEFUSE_FUNCTION void list_row(context const& here, int r, int const* begins,
                                     std::int32_t* ends, int apart) const {
        constexpr bool bits = layout::template only_bits<Feed>;
        constexpr int pieces = pieces_of_feed<Feed>;
        constexpr bool alone =
            layout::lists::of_threads && pieces == 1; // nobody has written behind this row yet
        auto* const events = here.template in_lists<event_of<Feed>>(layout::lists::events_offset);
        auto* const factors = here.template in_lists<T>(layout::lists::factors_offset);
        int piece = 0, at = begins == nullptr ? 0 : begins[0];
        auto const fill_up = [&] {
            int const end = plan::round_up(at, events_together);
            for (int k = 0; alone ? k < events_together : at + k < end;
                 ++k) { // alone: without a branch
                events[at + k] =
                    static_cast<event_of<Feed>>(Schedule::template width_into<Feed::layer> * scale);
                if constexpr (!bits) factors[at + k] = T(0);
            }
            ends[piece++ * apart] = at = end;
        };
        each_piece<Feed>(here, r, [&](int k, auto source, auto const* row, int width, int offset) {
            if (k > piece) {
                fill_up();
                if (begins != nullptr) at = begins[k];
            }
            if constexpr (!layout::template holds_bits<decltype(source)>::value) {
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
    template <class Source>
    SPIKEFUSE_FUNCTION void copy_words(context const& here, int r, std::uint64_t* words) const {
        constexpr int width = Schedule::template buffer_at<Source::buffer>::width;
        for (int i = 0; i < width; i += 64)
            words[i / 64 * layout::block_steps] =
                bits_from(this->template row_of<Source::buffer>(here, r - Source::delay), width, i);
    }
    /// Calls function(piece, source, row, width, offset): a row of input in parts, each from one
    /// source and for one piece of the list.
    template <class Feed, class Function>
    SPIKEFUSE_FUNCTION void each_piece(context const& here, int r, Function const& function) const {
        for_each_index<plan::mp11::mp_size<typename Feed::sources>::value>([&](auto s) {
            using from = plan::mp11::mp_at_c<typename Feed::sources, s>;
            constexpr int width = Schedule::template buffer_at<from::buffer>::width,
                          pieces = pieces_of_feed<Feed>;
            constexpr int whole = pieces == 1 ? width : piece_of(width),
                          numbers = layout::template holds_bits<from>::value ? 32 : 1;
            auto const* const row = this->template row_of<from::buffer>(here, r - from::delay);
            for (int k = 0; k < pieces; ++k)
                function(k, from{}, row + k * (whole / numbers),
                         k < pieces - 1 ? whole : width - k * whole, from::offset + k * whole);
        });
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
