// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What arrives at a stage: listed events or dense rows times weights, and rows that pass
/// unchanged.

#include "kept_currents.hpp"
#include "lists.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space,
          purpose Purpose = purpose::run>
struct current_kernel : list_kernel<Schedule, T, Kind, Readout, Space, Purpose> {
    using base = list_kernel<Schedule, T, Kind, Readout, Space, Purpose>;
    using base::run;
    using typename base::context, typename base::member, typename base::layout, typename base::V;
    static constexpr int W = V::width, P = base::P;

    template <class Stage, class Feed>
    static constexpr bool is_held =
        Kind == input_kind::held && plan::mp11::mp_size<typename Stage::feeds>::value == 1 &&
        plan::single<Feed> && plan::is_network_input<plan::first_source<Feed>>::value;

    /// Calls consume(p, count, first, rows, currents) for the panels of this thread, some at a
    /// time. currents.read(r, registers): what arrives in row r of a range of rows, to be read
    /// once and in order.
    template <class Stage, class Consume>
    SPIKEFUSE_FUNCTION void each_panel(context const& here, int first, int rows,
                                       Consume const& consume) const {
        using mixing = plan::mixing_feeds<typename Stage::feeds>;
        static_assert(plan::mp11::mp_size<mixing>::value <= 1);
        if constexpr (plan::mp11::mp_empty<mixing>::value) {
            // A few rows at a time, which stay in the caches while all panels read them. A replay
            // takes its block at once.
            constexpr int most = Purpose == purpose::gradients || layout::block_steps < 32
                                     ? layout::block_steps
                                     : 32;
            for (int done = 0; done < rows; done += most) {
                near_words<most> near;
                own_groups<Stage>(here, [&](int p, auto count) {
                    pass<Stage, most>(here, p, count, first + done,
                                      rows - done < most ? rows - done : most, near, consume);
                });
            }
        } else {
            using feed = plan::mp11::mp_front<mixing>;
            if constexpr (is_held<Stage, feed>) {
                run_held<Stage, feed>(here, first, rows, consume);
            } else if constexpr (Purpose == purpose::gradients) {
                if (run.currents != nullptr) {
                    own_groups<Stage>(here, [&](int p, auto count) {
                        consume(p, count, first, rows,
                                currents_in_memory<T>{kept_currents<feed::layer>(here, p, first),
                                                      static_cast<std::size_t>(P),
                                                      static_cast<std::size_t>(run.steps) * P});
                    });
                } else if constexpr (layout::template replays<Stage>::value) {
                    own_groups<Stage>(here, [&](int p, auto count) {
                        consume(p, count, first, rows,
                                currents_in_memory<T>{current_row<Stage>(here, first) + p * W,
                                                      current_stride<Stage>,
                                                      static_cast<std::size_t>(W)});
                    });
                } else {
                    each_mixed_panel<Stage, feed>(here, first, rows, consume);
                }
            } else if constexpr (Purpose == purpose::tape) {
                each_mixed_panel<Stage, feed>(
                    here, first, rows,
                    [&](int p, auto count, int from, int steps, auto const& currents) {
                        T* const to =
                            run.currents == nullptr || !layout::template keeps_currents<feed::layer>
                                ? nullptr
                                : kept_currents<feed::layer>(here, p, from);
                        consume(p, count, from, steps,
                                kept_when_read<T, std::decay_t<decltype(currents)>>{
                                    currents, to, static_cast<std::size_t>(run.steps) * P});
                    });
            } else {
                each_mixed_panel<Stage, feed>(here, first, rows, consume);
            }
        }
    }
    /// Before a block is undone: where no tape keeps them, the currents of a stage that will be
    /// replayed.
    template <class Stage>
    SPIKEFUSE_FUNCTION void recompute_currents(context const& here, int first, int rows) const {
        if constexpr (weights_of<Stage> != plan::no_layer) {
            using feed = plan::mp11::mp_front<plan::mixing_feeds<typename Stage::feeds>>;
            if (run.currents != nullptr || is_held<Stage, feed>) return;
            each_mixed_panel<Stage, feed>(
                here, first, rows,
                [&](int p, auto count, int from, int steps, auto const& currents) {
                    for (int r = 0; r < steps; ++r) {
                        V row[decltype(count)::value];
                        currents.read(r, row);
                        for (int q = 0; q < count; ++q)
                            row[q].store(current_row<Stage>(here, from + r) + (p + q) * W);
                    }
                });
            here.team.team_barrier();
        }
    }
    /// Panels whose weights are summed together. Listed spikes alone want one, which the first
    /// cache holds: its neurons step while the next row's weights are loaded.
    template <class Stage, class Feed>
    static constexpr int mixed_together =
        layout::template replays<Stage>::value && layout::template only_bits<Feed> &&
                base::template pieces_of_feed<Feed> == 1
            ? 1
            : layout::template side_by_side<Stage>;
    /// What listed rows mean for `Count` panels from p on. `adds`: something stands in `below`
    /// already.
    template <class Feed, int Count, class List>
    SPIKEFUSE_FUNCTION auto mixed(int p, List const& list, bool adds, T* below,
                                  std::size_t apart) const {
        using over = typename base::template panels_of<Feed::layer>;
        T const* const parameters = run.parameters + layout::template parameter_offset<Feed::layer>;
        return mixed_currents<Count, layout::template only_bits<Feed>, T,
                              typename base::template event_of<Feed>,
                              base::template pieces_of_feed<Feed>>{
            over::panel(parameters, p),
            static_cast<std::size_t>(over::inputs + 1) * P,
            over::inputs,
            list,
            over::has_bias ? over::bias_place(parameters, p) : nullptr,
            adds,
            below,
            apart};
    }
    template <class Stage, class Feed, class Consume>
    SPIKEFUSE_FUNCTION void each_mixed_panel(context const& here, int first, int rows,
                                             Consume const& consume) const {
        using passing = plan::passing_feeds<typename Stage::feeds>;
        constexpr bool alone = plan::mp11::mp_empty<passing>::value;
        if constexpr (layout::lists::of_threads) { // a thread without a panel lists nothing
            bool idle = true;
            own_groups<Stage, mixed_together<Stage, Feed>>(here, [&](int, auto) { idle = false; });
            if (idle) return;
        }
        if constexpr (!layout::template replays<Stage>::value && layout::template only_bits<Feed>) {
            auto const* const ends = this->template list_alone<Feed>(here, first);
            own_groups<Stage, mixed_together<Stage, Feed>>(here, [&](int p, auto count) {
                currents_in_registers<decltype(count)::value, T> arriving;
                sum_alone<Stage, Feed>(here, p, first, ends, arriving.row);
                consume(p, count, first, 1, arriving);
            });
        } else {
            for (int done = 0; done < rows;) {
                auto const list =
                    this->template list_rows<Stage, Feed>(here, first + done, rows - done);
                own_groups<Stage, mixed_together<Stage, Feed>>(here, [&](int p, auto count) {
                    constexpr std::size_t apart = static_cast<std::size_t>(layout::block_steps) * W;
                    alignas(sizeof(V)) T below[decltype(count)::value * apart];
                    if constexpr (!alone)
                        for (int q = 0; q < count; ++q)
                            add_passing<passing>(here, p + q, list.first, list.rows,
                                                 below + q * apart);
                    consume(p, count, list.first, list.rows,
                            mixed<Feed, decltype(count)::value>(p, list, !alone, below, apart));
                });
                done += list.rows;
                if (done < rows)
                    this->list_barrier(here); // counts are read until here, and written next
            }
        }
    }
    /// What arrives at panels from p on in a step of a loop, whose row of spikes stands alone in
    /// the list.
    template <class Stage, class Feed, int Panels>
    SPIKEFUSE_FUNCTION void sum_alone(context const& here, int p, int r, std::int32_t const* ends,
                                      V (&row)[Panels]) const {
        using passing = plan::passing_feeds<typename Stage::feeds>;
        using over = typename base::template panels_of<Feed::layer>;
        constexpr std::size_t apart = static_cast<std::size_t>(over::inputs + 1) * P;
        auto const* const events = here.template in_lists<typename base::template event_of<Feed>>(
            layout::lists::events_offset);
        T const* const parameters = run.parameters + layout::template parameter_offset<Feed::layer>;
        V whole[Panels], sums[Panels]; // of its own: what a reference names stays in memory
        for (int k = 0; k < base::template pieces_of_feed<Feed>; ++k) {
            sum_panels<true>(over::panel(parameters, p), apart, events + ends[k],
                             static_cast<T const*>(nullptr), ends[k + 1] - ends[k], sums);
            for (int q = 0; q < Panels; ++q) whole[q] = k == 0 ? sums[q] : whole[q] + sums[q];
        }
        for (int q = 0; q < Panels; ++q) {
            if constexpr (over::has_bias) whole[q] = over::bias(parameters, p + q) + whole[q];
            if constexpr (!plan::mp11::mp_empty<passing>::value)
                whole[q] = passing_sum<passing>(here, p + q, r) + whole[q];
            row[q] = whole[q];
        }
    }
    /// Where the tape keeps the currents of panel p behind a layer of weights, from row r of this
    /// block on.
    template <int Layer>
    SPIKEFUSE_FUNCTION T* kept_currents(context const& here, int p, int r) const {
        auto const steps = static_cast<std::size_t>(run.steps);
        T* const these =
            run.currents + (static_cast<std::size_t>(here.place) * layout::kept_currents +
                            layout::template kept_currents_at<Layer>)*steps;
        return column_of_panel(these, p, steps) + static_cast<std::size_t>(here.first_step + r) * P;
    }
    template <class Stage>
    static constexpr int weights_of = [] {
        int layer = plan::no_layer;
        plan::mp11::mp_for_each<typename Stage::feeds>([&](auto feed) {
            layer = plan::has_weights<decltype(feed)>::value ? decltype(feed)::layer : layer;
        });
        return layer;
    }();
    template <class Stage>
    static constexpr std::size_t current_stride = [] {
        if constexpr (weights_of<Stage> != plan::no_layer) {
            return layout::template current_row<weights_of<Stage>>();
        } else {
            return layout::unweighted_row;
        }
    }();
    /// In training: a stage's currents in row r of this block where the tape keeps none, and then
    /// their gradients.
    template <class Stage>
    SPIKEFUSE_FUNCTION T* current_row(context const& here, int r) const {
        std::size_t const numbers = static_cast<std::size_t>(r) * current_stride<Stage>;
        if constexpr (weights_of<Stage> != plan::no_layer) {
            return here.template at<T>(layout::template currents_at<weights_of<Stage>>) + numbers;
        } else {
            return here.template at<T>(
                       layout::template offset_of<plan::region::current_gradients>) +
                   numbers;
        }
    }

    template <class Stage, class Function>
    SPIKEFUSE_FUNCTION void own_panels(context const& here, Function const& function) const {
        this->each_own(here, (Stage::width + W - 1) / W, function);
    }

    /// Panels in groups of so many, and what remains. `function(p, count)`. Splits: one by one
    /// where groups are too few for all threads.
    template <class Stage, int Together = layout::template side_by_side<Stage>,
              bool Splits = (Together > 2 && !layout::template replays<Stage>::value),
              class Function>
    SPIKEFUSE_FUNCTION void own_groups(context const& here, Function const& function) const {
        constexpr int panels = (Stage::width + W - 1) / W;
        if constexpr (Splits)
            if (here.team.team_size() > 1 && panels / Together < here.team.team_size()) {
                own_panels<Stage>(here, [&](int p) { function(p, fixed<1>{}); });
                return;
            }
        this->template each_own_group<panels, Together>(here, function);
    }

    /// Words of some rows of the network's input, of 512 inputs at a time. Rows lie a batch apart,
    /// so that many fall into few sets of the first cache, and are gone before all panels have read
    /// them.
    template <int Rows>
    struct near_words {
        static constexpr int together = 16;
        int begin = -1;
        std::uint32_t words[W > 1 ? Rows* together : 1];
    };
    template <class Stage, int Buffer, int Rows>
    SPIKEFUSE_FUNCTION currents_as_bits<T> as_bits(context const& here, int p, int first, int rows,
                                                   near_words<Rows>& near) const {
        constexpr int words = layout::words(Stage::width), together = near_words<Rows>::together;
        std::uint32_t const* const row = this->template row_of<Buffer>(here, first);
        std::size_t const apart = this->template stride_of<Buffer>();
        if constexpr (W == 1 || !plan::is_network_input<plan::source<Buffer, 0, 0, 1>>::value) {
            return {row, apart, static_cast<unsigned>(p * W)};
        } else {
            int const begin = p * W / 32 / together * together,
                      count = words - begin < together ? words - begin : together;
            if (begin != near.begin)
                for (int r = 0; r < rows; ++r) {
                    std::uint32_t* const to = near.words + r * together;
                    std::memcpy(to, row + static_cast<std::size_t>(r) * apart + begin,
                                static_cast<std::size_t>(count) * sizeof(std::uint32_t));
                    if constexpr (Stage::width % 32 != 0) // bits beyond the width are not inputs
                        if (begin + count == words)
                            to[count - 1] &= (1u << (Stage::width % 32)) - 1u;
                }
            near.begin = begin;
            return {near.words, together, static_cast<unsigned>(p * W - begin * 32)};
        }
    }
    /// A stage without weights: its currents are buffers' rows, at most so many.
    template <class Stage, int Most, int Count, class Consume>
    SPIKEFUSE_FUNCTION void pass(context const& here, int p, fixed<Count> count, int first,
                                 int rows, [[maybe_unused]] near_words<Most>& near,
                                 Consume const& consume) const {
        using feed = plan::mp11::mp_front<typename Stage::feeds>;
        using from = plan::first_source<feed>;
        auto const summed = [&] {
            constexpr int apart = Most * W;
            alignas(sizeof(V)) T currents[Count * apart];
            for (int q = 0; q < Count; ++q)
                add_passing<typename Stage::feeds>(here, p + q, first, rows, currents + q * apart);
            consume(p, count, first, rows,
                    currents_in_memory<T>{currents, static_cast<std::size_t>(W),
                                          static_cast<std::size_t>(apart)});
        };
        if constexpr (layout::template is_plain_read<Stage>::value &&
                      !layout::template holds_bits<from>::value) {
            auto const as_they_lie = [&] {
                consume(p, count, first, rows,
                        currents_in_memory<T>{
                            this->template row_of<from::buffer>(here, first) + p * W,
                            this->template stride_of<from::buffer>(), static_cast<std::size_t>(W)});
            };
            if constexpr (!plan::is_network_input<from>::value || Stage::width % W == 0) {
                as_they_lie();
            } else { // behind the caller's rows there is nothing to read
                (p + Count) * W <= Stage::width ? as_they_lie() : summed();
            }
        } else if constexpr (layout::template is_plain_read<Stage>::value) {
            consume(p, count, first, rows,
                    as_bits<Stage, from::buffer>(here, p, first, rows, near));
        } else {
            summed();
        }
    }
    /// The sum of all sources that no weights stand before.
    template <class Feeds>
    SPIKEFUSE_FUNCTION void add_passing(context const& here, int p, int first, int rows,
                                        T* currents) const {
        for (int r = 0; r < rows; ++r)
            passing_sum<Feeds>(here, p, first + r).store(currents + r * W);
    }
    template <class Feeds>
    SPIKEFUSE_FUNCTION V passing_sum(context const& here, int p, int r) const {
        using sources = plan::mp11::mp_flatten<plan::mp11::mp_transform<sources_of, Feeds>>;
        V sum(T(0));
        for_each_index<plan::mp11::mp_size<sources>::value>(
            [&](auto k) { sum += passing<plan::mp11::mp_at_c<sources, k>>(here, p, r); });
        return sum;
    }
    /// What a source gives to panel p in row r of this block.
    template <class Source>
    SPIKEFUSE_FUNCTION V passing(context const& here, int p, int r) const {
        constexpr int width = Schedule::template buffer_at<Source::buffer>::width;
        auto const* const row = this->template row_of<Source::buffer>(here, r - Source::delay);
        int const place = p * W - Source::offset;
        if constexpr (Source::each == 1 && layout::template holds_bits<Source>::value) {
            if constexpr (Source::offset % 32 == 0) { // a panel lies within a word
                if (place >= 0 && place + W <= width)
                    return V::of_bits(row[place / 32] >> (place % 32));
            }
            return V::of_bits(static_cast<std::uint32_t>(bits_from(row, width, place)));
        } else {
            if (Source::each == 1 && place >= 0 && place + W <= width) {
                if constexpr (!layout::template holds_bits<Source>::value)
                    return V::load(row + place);
            }
            T numbers[W];
            for (int lane = 0; lane < W; ++lane) {
                int const n = (place + lane) / Source::each;
                numbers[lane] = T(0);
                if (place + lane < 0 || n >= width) continue;
                if constexpr (layout::template holds_bits<Source>::value) {
                    numbers[lane] = static_cast<T>((row[n / 32] >> (n % 32)) & 1u);
                } else {
                    numbers[lane] = row[n];
                }
            }
            return V::load(numbers);
        }
    }
    template <class Feed>
    using sources_of = typename Feed::sources;

    /// An input that is held for all steps is summed once, as one row of it is elsewhere: a step by
    /// itself gives the bits of a long run.
    template <class Stage, class Feed, class Consume>
    SPIKEFUSE_FUNCTION void run_held(context const& here, int first, int rows,
                                     Consume const& consume) const {
        T* const held = here.template at<T>(layout::template held_at<Feed::layer>);
        if (first == 0) { // of each block: the backward pass begins with the last one
            auto const list = this->template list_rows<Stage, Feed>(here, 0, 1);
            own_groups<Stage>(here, [&](int p, auto count) {
                constexpr std::size_t apart = static_cast<std::size_t>(layout::block_steps) * W;
                alignas(sizeof(V)) T below[decltype(count)::value * apart];
                V row[decltype(count)::value];
                mixed<Feed, decltype(count)::value>(p, list, false, below, apart).read(0, row);
                for (int q = 0; q < count; ++q) row[q].store(held + (p + q) * W);
            });
        }
        own_groups<Stage>(here, [&](int p, auto count) {
            consume(p, count, first, rows,
                    currents_in_memory<T>{held + p * W, 0, static_cast<std::size_t>(W)});
        });
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
