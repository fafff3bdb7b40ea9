// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What arrives at a stage: listed events or dense rows times weights, and rows that pass
/// unchanged. Adjoints: weight_gradients.hpp, input_gradients.hpp.

#include "event_rows.hpp"
#include "passing_rows.hpp"
#include "row_maps.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Whether a stage is behind one connection to the network's input, which all steps share.
template <class C, class Feed>
inline constexpr bool reads_held_input = C::kind == input_kind::held && plan::single<Feed> &&
                                         plan::is_network_input<plan::first_source<Feed>>::value;
template <class C, class Stage, class Feed>
inline constexpr bool is_held =
    plan::mp11::mp_size<typename Stage::feeds>::value == 1 && reads_held_input<C, Feed>;

/// Panels whose weights are summed together. Listed spikes alone want one, which the first cache
/// holds: its neurons step while the next row's weights are loaded.
template <class C, class Stage, class Feed>
inline constexpr int mixed_together =
    C::layout::template replays<Stage>::value && lists_bits<C, Feed> && pieces_of_feed<C, Feed> == 1
        ? 1
        : C::layout::template side_by_side<Stage>;
/// What listed rows mean for `Count` panels from p on. `adds`: something stands in `below` already.
template <class Feed, int Count, class C, class List>
SPIKEFUSE_FUNCTION auto mixed(C const& here, int p, List const& list, bool adds,
                              typename C::number* below, std::size_t apart) {
    using over = typename C::template panels_of<Feed::layer>;
    auto const* const parameters = here.template parameters_of<Feed::layer>();
    return mixed_currents<Count, lists_bits<C, Feed>, typename C::number, event_of<C, Feed>,
                          pieces_of_feed<C, Feed>>{
        over::panel(parameters, p),
        static_cast<std::size_t>(over::inputs + 1) * C::P,
        over::inputs,
        list,
        over::has_bias ? over::bias_place(parameters, p) : nullptr,
        adds,
        below,
        apart};
}
/// What arrives at panels from p on in a step of a loop, whose row of spikes stands alone in the
/// list.
template <class Stage, class Feed, int Panels, class C>
SPIKEFUSE_FUNCTION void sum_alone(C const& here, int p, int r, std::int32_t const* ends,
                                  typename C::V (&row)[Panels]) {
    using T = typename C::number;
    using V = typename C::V;
    using passing_feeds = plan::passing_feeds<typename Stage::feeds>;
    using over = typename C::template panels_of<Feed::layer>;
    constexpr std::size_t apart = static_cast<std::size_t>(over::inputs + 1) * C::P;
    auto const* const events =
        here.template in_lists<event_of<C, Feed>>(C::layout::lists::events_offset);
    T const* const parameters = here.template parameters_of<Feed::layer>();
    V whole[Panels], sums[Panels]; // of its own: what a reference names stays in memory
    for (int k = 0; k < pieces_of_feed<C, Feed>; ++k) {
        sum_rows<true>(over::panel(parameters, p), apart, events + ends[k],
                       static_cast<T const*>(nullptr), ends[k + 1] - ends[k], sums);
        for (int q = 0; q < Panels; ++q) whole[q] = k == 0 ? sums[q] : whole[q] + sums[q];
    }
    for (int q = 0; q < Panels; ++q) {
        if constexpr (over::has_bias) whole[q] = over::bias(parameters, p + q) + whole[q];
        if constexpr (!plan::mp11::mp_empty<passing_feeds>::value)
            whole[q] = passing_sum<passing_feeds>(here, p + q, r) + whole[q];
        row[q] = whole[q];
    }
}
/// Whether a device's threads share the sums of a loop's step.
template <class C, class Stage>
inline constexpr bool parts_sums = C::layout::template parted_width<Stage>() > 0;
/// What arrives in a step of a loop, by all threads: each adds up a quarter of the events for four
/// neurons. The sums are those of sum_alone.
template <class Stage, class Feed, class C, class Consume>
SPIKEFUSE_FUNCTION void sum_in_parts(C const& here, int r, std::int32_t const* ends,
                                     Consume const& consume) {
    using T = typename C::number;
    using V = typename C::V;
    using lists = typename C::layout::lists;
    using passing_feeds = plan::passing_feeds<typename Stage::feeds>;
    using over = typename C::template panels_of<Feed::layer>;
    constexpr int width = C::layout::padded(Stage::width), fours = width / 4;
    auto const* const events = here.template in_lists<event_of<C, Feed>>(lists::events_offset);
    T* const parts = here.template in_lists<T>(lists::parts_offset); // [part][N]
    T const* const parameters = here.template parameters_of<Feed::layer>();
    int const own = here.team.team_rank(), count = ends[1];
    struct rest {
        V bias, passing;
    };
    auto const rest_of = [&](int n) {
        rest some{V(T(0)), V(T(0))};
        if constexpr (over::has_bias) some.bias = over::bias(parameters, n);
        if constexpr (!plan::mp11::mp_empty<passing_feeds>::value)
            some.passing = passing_sum<passing_feeds>(here, n, r);
        return some;
    };
    rest const first = rest_of(own < Stage::width ? own : 0); // on its way
    for (int const k : own_share(here, events_together * fours)) {
        int const part = k / fours, n = k % fours * 4;
        *reinterpret_cast<some_numbers<T, 4>*>(parts + part * width + n) =
            sum_part(over::panel(parameters, n), events, count, part);
    }
    here.team.team_barrier();
    for (int const n : own_panels<Stage>(here)) {
        rest const other = n == own ? first : rest_of(n);
        auto const part = [&](int k) { return V::load(parts + k * width + n); };
        V sum = (part(0) + part(1)) + (part(2) + part(3));
        if constexpr (over::has_bias) sum = other.bias + sum;
        if constexpr (!plan::mp11::mp_empty<passing_feeds>::value) sum = other.passing + sum;
        consume(n, fixed<1>{}, r, 1, currents_in_registers<1, T>{{sum}});
    }
}
/// Whether a device's threads may share the sums of a stage by rows.
template <class C, class Stage, class Feed>
inline constexpr bool may_share_rows =
    C::layout::template shared_width<Stage>() > 0 && pieces_of_feed<C, Feed> == 1 &&
    lists_bits<C, Feed>&& full_above<C, Stage, Feed> >= 1;
/// Whether they do: where that has work for at least half of them.
template <class Stage, class C>
SPIKEFUSE_FUNCTION bool shares_rows(C const& here, int rows) {
    return rows * C::layout::padded(Stage::width) >= 2 * here.team.team_size();
}
/// Sums of listed rows by all threads, for four neurons each; calls consume as each_panel does.
template <class Stage, class Feed, class C, class List, class Consume>
SPIKEFUSE_FUNCTION void sum_shared_rows(C const& here, List const& list, Consume const& consume) {
    using T = typename C::number;
    using over = typename C::template panels_of<Feed::layer>;
    constexpr int width = C::layout::padded(Stage::width), fours = width / 4;
    T* const sums = here.template region<plan::region::shared_rows>(); // [row][N]
    auto const* const parameters = here.template parameters_of<Feed::layer>();
    for (int const k : own_share(here, list.rows * fours)) {
        int const r = k / fours, n = k % fours * 4;
        auto sum =
            sum_four(over::panel(parameters, n), list.events + list.begin(r, 0), list.count(r, 0));
        if constexpr (over::has_bias)
            for (int q = 0; q < 4; ++q)
                sum.of[q] = *over::bias_place(parameters, n + q) + sum.of[q];
        *reinterpret_cast<some_numbers<T, 4>*>(sums + 4 * k) = sum;
    }
    here.team.team_barrier();
    for (int const n : own_panels<Stage>(here))
        consume(n, fixed<1>{}, list.first, list.rows,
                currents_in_memory<T>{sums + n, static_cast<std::size_t>(width), 1});
}
/// Listed rows times weights.
template <class Stage, class Feed>
struct listed_input {
    template <class C, class Consume>
    static SPIKEFUSE_FUNCTION void each_panel(C const& here, int first, int rows,
                                              Consume const& consume) {
        using T = typename C::number;
        using layout = typename C::layout;
        using passing_feeds = plan::passing_feeds<typename Stage::feeds>;
        constexpr bool alone = plan::mp11::mp_empty<passing_feeds>::value;
        constexpr int together = mixed_together<C, Stage, Feed>;
        if constexpr (layout::lists::of_threads) { // a thread without a panel lists nothing
            bool idle = true;
            own_groups<Stage, together>(here, [&](int, auto) { idle = false; });
            if (idle) return;
        }
        if constexpr (!layout::template replays<Stage>::value && lists_bits<C, Feed>) {
            auto const* const ends = list_alone<Feed>(here, first);
            if constexpr (parts_sums<C, Stage>) {
                sum_in_parts<Stage, Feed>(here, first, ends, consume);
                return;
            }
            own_groups<Stage, together>(here, [&](int p, auto count) {
                currents_in_registers<decltype(count)::value, T> arriving;
                sum_alone<Stage, Feed>(here, p, first, ends, arriving.row);
                consume(p, count, first, 1, arriving);
            });
        } else {
            for (int done = 0; done < rows;) {
                auto const list = list_rows<Stage, Feed>(here, first + done, rows - done);
                bool shared = false;
                if constexpr (may_share_rows<C, Stage, Feed>) {
                    shared = shares_rows<Stage>(here, list.rows);
                    if (shared) sum_shared_rows<Stage, Feed>(here, list, consume);
                }
                if (!shared)
                    own_groups<Stage, together>(here, [&](int p, auto count) {
                        constexpr std::size_t apart =
                            static_cast<std::size_t>(layout::block_steps) * C::W;
                        alignas(sizeof(typename C::V)) T below[decltype(count)::value * apart];
                        if constexpr (!alone)
                            for (int q = 0; q < count; ++q)
                                add_passing<passing_feeds>(here, p + q, list.first, list.rows,
                                                           below + q * apart);
                        consume(p, count, list.first, list.rows,
                                mixed<Feed, decltype(count)::value>(here, p, list, !alone, below,
                                                                    apart));
                    });
                done += list.rows;
                if (done < rows) list_barrier(here); // counts are read until here, and written next
            }
        }
    }
    /// One row by itself.
    template <class C>
    static SPIKEFUSE_FUNCTION void sum_row(C const& here, int r, typename C::number* to) {
        using V = typename C::V;
        auto const list = list_rows<Stage, Feed>(here, r, 1);
        own_groups<Stage>(here, [&](int p, auto count) {
            constexpr std::size_t apart = static_cast<std::size_t>(C::layout::block_steps) * C::W;
            alignas(sizeof(V)) typename C::number below[decltype(count)::value * apart];
            V row[decltype(count)::value];
            mixed<Feed, decltype(count)::value>(here, p, list, false, below, apart).read(0, row);
            for (int q = 0; q < count; ++q) row[q].store(to + (p + q) * C::W);
        });
    }
};
/// An input that is held for all steps is summed once, as one row of it is elsewhere: a step by
/// itself gives the bits of a long run.
template <class Stage, class Feed, class Connection>
struct held_input {
    template <class C, class Consume>
    static SPIKEFUSE_FUNCTION void each_panel(C const& here, int first, int rows,
                                              Consume const& consume) {
        using T = typename C::number;
        constexpr int W = C::W;
        T* const held = here.template at<T>(C::layout::template held_at<Feed::layer>);
        if (first == 0) // of each block: the backward pass begins with the last one
            Connection::sum_row(here, 0, held);
        own_groups<Stage>(here, [&](int p, auto count) {
            consume(p, count, first, rows,
                    currents_in_memory<T>{held + p * W, 0, static_cast<std::size_t>(W)});
        });
    }
};
/// What a tape keeps, if it does, when a run that will be undone reads it.
template <class Feed, class Connection>
struct taped_input {
    template <class C, class Consume>
    static SPIKEFUSE_FUNCTION void each_panel(C const& here, int first, int rows,
                                              Consume const& consume) {
        using T = typename C::number;
        auto const& run = here.run;
        Connection::each_panel(
            here, first, rows, [&](int p, auto count, int from, int steps, auto const& currents) {
                T* const to =
                    run.currents == nullptr || !C::layout::template keeps_currents<Feed::layer>
                        ? nullptr
                        : kept_currents<Feed::layer>(here, p, from);
                consume(p, count, from, steps,
                        kept_when_read<T, std::decay_t<decltype(currents)>>{
                            currents, to, static_cast<std::size_t>(run.steps) * C::P});
            });
    }
};
/// When a block is undone: from the tape; else from what `recompute_currents` left, or, of a stage
/// that steps by itself, from the connection again.
template <class Stage, class Feed, class Connection>
struct replayed_input {
    template <class C, class Consume>
    static SPIKEFUSE_FUNCTION void each_panel(C const& here, int first, int rows,
                                              Consume const& consume) {
        using T = typename C::number;
        auto const& run = here.run;
        if (run.currents != nullptr) {
            own_groups<Stage>(here, [&](int p, auto count) {
                consume(p, count, first, rows,
                        currents_in_memory<T>{kept_currents<Feed::layer>(here, p, first),
                                              static_cast<std::size_t>(C::P),
                                              static_cast<std::size_t>(run.steps) * C::P});
            });
        } else if constexpr (C::layout::template replays<Stage>::value) {
            own_groups<Stage>(here, [&](int p, auto count) {
                consume(p, count, first, rows,
                        currents_in_memory<T>{current_row<Stage>(here, first) + p * C::W,
                                              current_stride<C, Stage>,
                                              static_cast<std::size_t>(C::W)});
            });
        } else {
            Connection::each_panel(here, first, rows, consume);
        }
    }
};

template <class C, class Stage, class Feed>
using connection_of =
    std::conditional_t<maps_rows<C, Feed>, mapped_input<Stage, Feed>, listed_input<Stage, Feed>>;
/// How a stage's currents come: one of the types above, passing_input or mapped_input, each with
/// each_panel(here, first, rows, consume), which calls consume(p, count, first, rows, currents) for
/// the panels of this thread, some at a time; currents.read(r, registers): what arrives in row r
/// of a range of rows, to be read once and in order.
template <class C, class Stage>
constexpr auto choose_input() {
    using mixing = plan::mixing_feeds<typename Stage::feeds>;
    if constexpr (plan::mp11::mp_empty<mixing>::value) {
        return passing_input<Stage>{};
    } else {
        static_assert(plan::mp11::mp_size<mixing>::value == 1);
        using feed = plan::mp11::mp_front<mixing>;
        using connection = connection_of<C, Stage, feed>;
        if constexpr (is_held<C, Stage, feed>) {
            return held_input<Stage, feed, connection>{};
        } else if constexpr (C::differentiates) {
            return replayed_input<Stage, feed, connection>{};
        } else if constexpr (C::keeps_tape) {
            return taped_input<feed, connection>{};
        } else {
            return connection{};
        }
    }
}
template <class C, class Stage>
using input_of = decltype(choose_input<C, Stage>());

/// Before a block is undone: where no tape keeps them, the currents of a stage that will be
/// replayed.
template <class Stage, class C>
SPIKEFUSE_FUNCTION void recompute_currents(C const& here, int first, int rows) {
    if constexpr (weights_of<Stage> != plan::no_layer) {
        using feed = plan::mp11::mp_front<plan::mixing_feeds<typename Stage::feeds>>;
        if (here.run.currents != nullptr || is_held<C, Stage, feed>) return;
        connection_of<C, Stage, feed>::each_panel(
            here, first, rows, [&](int p, auto count, int from, int steps, auto const& currents) {
                for (int r = 0; r < steps; ++r) {
                    typename C::V row[decltype(count)::value];
                    currents.read(r, row);
                    for (int q = 0; q < count; ++q)
                        row[q].store(current_row<Stage>(here, from + r) + (p + q) * C::W);
                }
            });
        here.team.team_barrier();
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
