// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a cell's layers read: rows of one body, and what they mean to a register of neurons.

#include "../layers/detail/mix.hpp"
#include "../plan/cell_layout.hpp"
#include "event_rows.hpp"
#include "passing_rows.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// A row of a buffer in one thread's memory, and those of the steps before that it keeps.
template <class T, class Buffer>
struct cell_row {
    static constexpr bool bits = Buffer::bits;
    using element = std::conditional_t<bits, std::uint32_t, T>;
    static constexpr int length = bits ? plan::round_up(Buffer::width, 64) / 32
                                       : plan::round_up(Buffer::width, lanes<T>::width);
    alignas(64) element rows[Buffer::kept + 1][length];
};
template <class T, class Buffers>
struct cell_rows_of;
template <class T, class... Buffer>
struct cell_rows_of<T, plan::mp11::mp_list<Buffer...>> {
    using type = tuple<cell_row<T, Buffer>...>;
};
template <class Schedule, class T>
using cell_rows = typename cell_rows_of<T, typename Schedule::buffers>::type;

/// The row that a source reads.
template <class Source, class Rows>
SPIKEFUSE_FUNCTION auto const* row_of_source(Rows const& rows) {
    return get<static_cast<std::size_t>(Source::buffer)>(rows).rows[Source::delay];
}

/// The sum of all that no weights stand before.
template <class Schedule, class T, class Feeds, class Rows>
SPIKEFUSE_FUNCTION lanes<T> all_passed_on(Rows const& rows, int first) {
    lanes<T> sum(T(0));
    for_each_index<plan::mp11::mp_size<Feeds>::value>([&](auto f) {
        using sources = typename plan::mp11::mp_at_c<Feeds, f>::sources;
        for_each_index<plan::mp11::mp_size<sources>::value>([&](auto s) {
            using from = plan::mp11::mp_at_c<sources, s>;
            sum += passed_on<T, from, typename Schedule::template buffer_at<from::buffer>>(
                row_of_source<from>(rows), first);
        });
    });
    return sum;
}

/// What a connection that reads earlier rows gives in one step.
template <class Schedule, class T, class Stage, class Feed>
class cell_past {
    using V = lanes<T>;
    using over = typename Schedule::template over<Feed::layer>;
    using from = plan::first_source<Feed>;
    using passing = plan::passing_feeds<typename Stage::feeds>;

  public:
    template <class Rows>
    SPIKEFUSE_FUNCTION cell_past(Rows const&, T const* all_parameters)
        : parameters_(all_parameters +
                      plan::layout<Schedule, T>::template parameter_offset<Feed::layer>) {}
    /// What arrives at register p of the stage.
    template <class Rows>
    SPIKEFUSE_FUNCTION V current(Rows const& rows, int p) const {
        auto const& kept = get<static_cast<std::size_t>(from::buffer)>(rows).rows;
        using element = std::remove_cvref_t<decltype(kept[0][0])>;
        past_rows<element> const past{kept[from::delay], -std::ptrdiff_t(std::size(kept[0]))};
        T numbers[V::width];
        for (int lane = 0; lane < V::width; ++lane) {
            int const n = p * V::width + lane;
            numbers[lane] = n < over::outputs ? over::output(past, parameters_, n) : T(0);
        }
        V const arriving = V::load(numbers);
        if constexpr (plan::mp11::mp_empty<passing>::value) {
            return arriving;
        } else {
            return all_passed_on<Schedule, T, passing>(rows, p * V::width) + arriving;
        }
    }

  private:
    T const* parameters_;
};

/// What a layer of weights reads in one step: a list of events or, where they are too many, the row
/// itself; as at host level, by the same counts (layers/detail/rows.hpp), so that sums have the
/// same bits.
template <class Schedule, class T, class Stage, class Feed>
class cell_events {
    using V = lanes<T>;
    using layout = plan::layout<Schedule, T>;
    using sources = typename Feed::sources;
    using over = typename Schedule::template over<Feed::layer>;
    using passing = plan::passing_feeds<typename Stage::feeds>;
    static constexpr bool bits = layout::template only_bits<Feed>;
    static constexpr int inputs = over::inputs;
    static_assert(pieces_of(inputs) == 1);
    static constexpr double full_above = listed_up_to<T, layout, Stage, Feed>;
    /// Rows with more events than this are not listed.
    static constexpr int most = static_cast<int>(full_above * inputs);
    /// A list of one event has the bits of the product, where nothing else arrives.
    static constexpr bool always_full =
                              !bits && most <= (plan::mp11::mp_empty<passing>::value ? 1 : 0),
                          never_full = full_above >= 1;
    /// A row of one word, for few registers: its bits are read again for each, without a list.
    static constexpr bool one_word = bits && plan::single<Feed> && inputs < 64 &&
                                     Stage::width <= (V::width > 1 ? 2 * V::width : 4);
    static constexpr int total = [] {
        int sum = 0;
        plan::mp11::mp_for_each<sources>(
            [&](auto from) { sum += Schedule::template buffer_at<decltype(from)::buffer>::width; });
        return sum;
    }();
    using event = entry_of<T, inputs>;
    static constexpr int scale = entry_scale<T>;
    static constexpr int room = // on a host a list is written in whole registers
        always_full || one_word ? events_together
                                : total + (V::width > 1 ? 64 + 32 : 0) + events_together;

  public:
    template <class Rows>
    SPIKEFUSE_FUNCTION cell_events(Rows const& rows, T const* all_parameters)
        : parameters_(all_parameters + layout::template parameter_offset<Feed::layer>) {
        if constexpr (always_full) {
            full_ = true;
        } else {
            if constexpr (!never_full) {
                using buffer =
                    typename Schedule::template buffer_at<plan::first_source<Feed>::buffer>;
                auto const* const row = row_of_source<plan::first_source<Feed>>(rows);
                full_ = count_events(row, buffer::width) > most;
                if constexpr (bits && !one_word)
                    if (full_)
                        for (int i = 0; i < inputs; i += 64)
                            words_[i / 64] = bits_from(row, buffer::width, i);
            }
            if constexpr (one_word) {
                using from = plan::first_source<Feed>;
                words_[0] = bits_from(row_of_source<from>(rows),
                                      Schedule::template buffer_at<from::buffer>::width, 0);
            } else {
                if (!full_) list(rows);
            }
        }
    }
    /// What arrives at register p of the stage.
    template <class Rows>
    SPIKEFUSE_FUNCTION V current(Rows const& rows, int p) const {
        know_global(parameters_);
        T const* const panel = over::panel(parameters_, p);
        V sums[1] = {V(T(0))};
        if constexpr (one_word) {
            if (!full_) sums[0] = sum_of_word(panel);
        } else if constexpr (!always_full) {
            sum_rows<bits, 1>(panel, 0, events_, factors_, count_, sums);
        }
        V arriving = sums[0];
        if constexpr (over::has_bias) arriving = over::bias(parameters_, p) + arriving;
        if constexpr (!plan::mp11::mp_empty<passing>::value) {
            V const base = all_passed_on<Schedule, T, passing>(rows, p * V::width);
            return (full_ ? with_full_row(rows, panel, base) : base) + arriving;
        } else {
            return full_ ? with_full_row(rows, panel, V(T(0))) + arriving : arriving;
        }
    }

  private:
    /// sum_rows of the set bits of a word. Behind its inputs one more is set: the row of zeros,
    /// with which the last four are filled up.
    SPIKEFUSE_FUNCTION V sum_of_word(T const* panel) const {
        constexpr auto behind = std::uint64_t(1) << inputs;
        std::uint64_t left = words_[0];
        V part[events_together] = {V(T(0)), V(T(0)), V(T(0)), V(T(0))};
        auto const take_four = [&](std::uint64_t& bits_left) SPIKEFUSE_INLINE {
            for (int j = 0; j < events_together; ++j, bits_left &= bits_left - 1)
                part[j] +=
                    V::load(panel + static_cast<std::size_t>(lowest_bit(bits_left | behind)) *
                                        panel_width<T>);
        };
        take_four(left); // rows of zeros cost less than a branch that nobody foresees
        if constexpr (inputs >= 24) take_four(left);
        while (left != 0) take_four(left);
        return (part[0] + part[1]) + (part[2] + part[3]);
    }
    template <class Rows>
    SPIKEFUSE_FUNCTION void list(Rows const& rows) {
        int at = 0;
        for_each_index<plan::mp11::mp_size<sources>::value>([&](auto s) {
            using from = plan::mp11::mp_at_c<sources, s>;
            using buffer = typename Schedule::template buffer_at<from::buffer>;
            auto const* const row = row_of_source<from>(rows);
            if constexpr (!buffer::bits) {
                at += list_events<scale>(row, buffer::width, from::offset, events_ + at,
                                         factors_ + at);
            } else {
                int const added =
                    list_events<scale>(row, buffer::width, from::offset, events_ + at, true);
                if constexpr (!bits)
                    for (int e = 0; e < added; ++e) factors_[at + e] = T(1);
                at += added;
            }
        });
        count_ = plan::round_up(at, events_together);
        for (int k = 0; k < events_together; ++k) { // the row of zeros
            events_[at + k] = static_cast<event>(inputs * scale);
            if constexpr (!bits) factors_[at + k] = T(0);
        }
    }
    template <class Rows>
    SPIKEFUSE_FUNCTION V with_full_row(Rows const& rows, T const* panel, V base) const {
        if constexpr (never_full) {
            return base;
        } else if constexpr (bits) {
            if constexpr (V::width > 1) {
                alignas(64) T sum[V::width];
                base.store(sum);
                int const which = 0;
                add_looked_up(panel, inputs, 1, words_, 1, &which, sum);
                return V::load(sum);
            } else {
                return base; // one number looks nothing up
            }
        } else {
            V sums[1][1] = {{base}};
            auto const* const row = row_of_source<plan::first_source<Feed>>(rows);
            multiply<1, 1>(panel, 0, [&](int) { return row; }, inputs, sums);
            return sums[0][0];
        }
    }

    T const* parameters_;
    int count_ = 0;
    bool full_ = false;
    alignas(8) event events_[room];
    alignas(64) T factors_[bits ? 1 : room];
    // Read of full rows alone, which the compiler does not see.
    std::uint64_t words_[bits ? (inputs + 63) / 64 : 1] = {};
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
