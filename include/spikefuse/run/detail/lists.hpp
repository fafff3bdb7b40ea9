#pragma once
/// What a layer of weights reads, row by row: lists of events, and which rows are too full for a list.

#include "sample.hpp"

namespace spikefuse::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space, purpose Purpose = purpose::run>
struct list_kernel : sample_kernel<Schedule, T, Kind, Readout, Space, Purpose> {
    using base = sample_kernel<Schedule, T, Kind, Readout, Space, Purpose>;
    using base::run;
    using typename base::context, typename base::places, typename base::V;
    static constexpr int W = V::width, P = base::P;

    template <class Feed> // of each row
    static constexpr int pieces_of_feed =
        plan::single<Feed> ? pieces_of(Schedule::template buffer_at<plan::first_source<Feed>::buffer>::width) : 1;
    /// The share of inputs above which a row is not listed.
    template <class Stage, class Feed>
    static constexpr double full_above = [] {
        if constexpr (!plan::single<Feed>) {
            return 1;
        } else if constexpr (!places::template only_bits<Feed>) {
            return multiplied_above<T>;
        } else {
            return places::template replays<Stage>::value && W >= 8 ? looked_up_above<T> : 1;
        }
    }();

    static constexpr int rows_ahead = 16; // are asked for
    /// Lists the spikes of as many rows as fit, all threads of the team together.
    template <class Stage, class Feed>
    SPIKEFUSE_FUNCTION listed_rows<T> list_rows(context const& here, int first, int wanted) const {
        constexpr bool may_be_full = full_above<Stage, Feed> < 1;
        constexpr int pieces = pieces_of_feed<Feed>;
        constexpr int most = static_cast<int>(full_above<Stage, Feed> * Schedule::template width_into<Feed::layer>);
        auto* const ends = here.template at<std::int32_t>(places::ends_offset);
        auto* const events = here.template at<std::uint32_t>(places::events_offset);
        auto* const factors = here.template at<T>(places::factors_offset);
        int const rank = here.team.team_rank(), size = here.team.team_size();
        for (int r = rank; r < wanted; r += size) {
            this->template ask_for_row<plan::first_source<Feed>::buffer>(here, first + r + rows_ahead * size);
            for (int k = 0; k < pieces; ++k) ends[r * pieces + k + 1] = 0;
            each_piece<Feed>(here, first + r,
                             [&](int k, auto, auto const* row, int width, int) { ends[r * pieces + k + 1] += count_events(row, width); });
        }
        here.team.team_barrier();
        int rows = wanted;
        if (rank == 0) {
            int total = 0;
            ends[0] = 0;
            for (rows = 0; rows < wanted; ++rows) {
                std::int32_t* const of_row = ends + rows * pieces + 1;
                int count = 0, whole = 0;
                for (int k = 0; k < pieces; ++k) count += of_row[k], whole += plan::round_up(of_row[k], events_together);
                bool const full = may_be_full && count > most;
                if (!full && total + whole > places::event_capacity + events_together * pieces) break;
                for (int k = 0; k < pieces; ++k) of_row[k] = full ? ~total : (total += plan::round_up(of_row[k], events_together));
            }
        }
        here.team.team_broadcast(rows, 0);
        using from = plan::first_source<Feed>;
        auto* const words = here.template at<std::uint64_t>(places::full_words_offset);
        listed_rows<T> list{first, rows, pieces, 0, ends, events, factors, words, places::block_steps, nullptr, 0};
        if constexpr (may_be_full)
            for (int r = 0; r < rows; ++r) list.full_rows += list.full(r) ? 1 : 0;
        if constexpr (may_be_full && !places::template only_bits<Feed>) {
            list.values = this->template row_of<from::buffer>(here, first - from::delay);
            list.stride = this->template stride_of<from::buffer>();
        }
        for (int r = rank; r < rows; r += size) {
            if (list.full(r)) continue;
            int at = list.begin(r);
            auto const fill_up = [&](int end) { // with the row of zeros
                for (; at < end; ++at) {
                    events[at] = static_cast<std::uint32_t>(Schedule::template width_into<Feed::layer>) * P;
                    if constexpr (!places::template only_bits<Feed>) factors[at] = T(0);
                }
            };
            each_piece<Feed>(here, first + r, [&](int k, auto source, auto const* row, int width, int offset) {
                fill_up(k == 0 ? at : list.begin(r, k));
                if constexpr (!places::template holds_bits<decltype(source)>::value) {
                    at += list_events<P>(row, width, offset, events + at, factors + at);
                } else {
                    int const added = list_events<P>(row, width, offset, events + at);
                    if constexpr (!places::template only_bits<Feed>)
                        for (int e = 0; e < added; ++e) factors[at + e] = T(1);
                    at += added;
                }
            });
            fill_up(list.begin(r + 1));
        }
        if constexpr (may_be_full && places::template only_bits<Feed>) {
            constexpr int width = Schedule::template width_into<Feed::layer>;
            int which[places::block_steps];
            int const count = list.which_full(which);
            for (int k = rank; k < count; k += size)
                for (int i = 0; i < width; i += 64)
                    words[i / 64 * places::block_steps + k] =
                        bits_from(this->template row_of<from::buffer>(here, first + which[k] - from::delay), width, i);
        }
        here.team.team_barrier();
        return list;
    }
    /// Calls function(piece, source, row, width, offset): a row of input in parts, each from one source and for one piece of the list.
    template <class Feed, class Function>
    SPIKEFUSE_FUNCTION void each_piece(context const& here, int r, Function const& function) const {
        for_each_index<plan::mp11::mp_size<typename Feed::sources>::value>([&](auto s) {
            using from = plan::mp11::mp_at_c<typename Feed::sources, s>;
            constexpr int width = Schedule::template buffer_at<from::buffer>::width, pieces = pieces_of_feed<Feed>;
            constexpr int whole = pieces == 1 ? width : piece_of(width), numbers = places::template holds_bits<from>::value ? 32 : 1;
            auto const* const row = this->template row_of<from::buffer>(here, r - from::delay);
            for (int k = 0; k < pieces; ++k)
                function(k, from{}, row + k * (whole / numbers), k < pieces - 1 ? whole : width - k * whole, from::offset + k * whole);
        });
    }
};

} // namespace spikefuse::detail
