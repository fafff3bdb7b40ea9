// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Adjoint of connections: gradients of their weights.

#include "../forward.hpp"
#include "sample_group.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space>
struct backward_weights_kernel
    : forward_kernel<Schedule, T, Kind, Readout, Space, purpose::gradients> {
    using base = forward_kernel<Schedule, T, Kind, Readout, Space, purpose::gradients>;
    using base::run;
    using typename base::context, typename base::layout, typename base::V;
    static constexpr int W = V::width, P = base::P;
    using sample_group = samples_at_once<context, layout::samples_together>;

    SPIKEFUSE_FUNCTION T* group_gradient(context const& here) const {
        return run.gradient +
               static_cast<std::size_t>(here.team.league_rank()) * layout::parameter_total;
    }
    /// Accumulates the gradients of a stage's weights over all rows of the block.
    template <class Stage>
    SPIKEFUSE_FUNCTION void backward_mixing(sample_group const& all) const {
        for_each_index<plan::mp11::mp_size<typename Stage::feeds>::value>([&](auto k) {
            using feed = plan::mp11::mp_at_c<typename Stage::feeds, k>;
            if constexpr (plan::has_weights<feed>::value) {
                for (int s = 0; s < all.count; ++s) backward_weights<Stage, feed>(all.of[s]);
                if constexpr (by_columns<feed>) add_by_columns<Stage, feed>(all);
            }
        });
    }
    template <class Feed, class Function>
    static SPIKEFUSE_FUNCTION void each_source(Function const& function) {
        for_each_index<plan::mp11::mp_size<typename Feed::sources>::value>(
            [&](auto k) { function(plan::mp11::mp_at_c<typename Feed::sources, k>{}); });
    }
    template <class Feed>
    static constexpr bool multiplies_held = Kind == input_kind::held && plan::single<Feed> &&
                                            plan::is_network_input<plan::first_source<Feed>>::value;
    template <class Feed>
    static constexpr bool by_columns =
        !multiplies_held<Feed> && layout::template only_bits<Feed> && (W >= 8 || W == 1);
    /// Gradients of weights and biases, from all rows of the block. Inactive inputs are not
    /// touched. Where the weights' come by columns, of the biases alone.
    template <class Stage, class Feed>
    SPIKEFUSE_FUNCTION void backward_weights(context const& here) const {
        using over = typename base::template panels_of<Feed::layer>;
        T* const parameters = group_gradient(here) + layout::template parameter_offset<Feed::layer>;
        auto const sum_of_rows = [&](int p, V sum) {
            for (int r = 0; r < here.rows; ++r)
                sum += V::load(this->template current_row<Stage>(here, r) + p * W);
            return sum;
        };
        if constexpr (over::has_bias)
            this->template own_panels<Stage>(here, [&](int p) {
                T* const place = over::bias_place(parameters, p);
                sum_of_rows(p, V::load(place)).store(place);
            });
        if constexpr (multiplies_held<Feed>) {
            this->template own_panels<Stage>(here, [&](int p) {
                T whole[W];
                sum_of_rows(p, V(T(0))).store(whole);
                int const only = 0;
                add_outer<1>(over::panel(parameters, p), 0,
                             this->template row_of<plan::network_input>(here, 0), 0, over::inputs,
                             whole, 0, &only, 1);
            });
        } else if constexpr (!by_columns<Feed>) {
            add_by_lists<Stage, Feed>(here, parameters);
        }
    }
    template <class Stage, class Feed>
    SPIKEFUSE_FUNCTION void add_by_lists(context const& here, T* parameters) const {
        using over = typename base::template panels_of<Feed::layer>;
        constexpr std::size_t apart = static_cast<std::size_t>(over::inputs + 1) * P;
        for (int done = 0; done < here.rows;) {
            auto const list = this->template list_rows<Stage, Feed>(here, done, here.rows - done);
            this->template own_groups<Stage>(here, [&](int p, auto count) {
                T* const panel = over::panel(parameters, p);
                for (int k = 0; k < list.pieces; ++k)
                    for (int r = 0; r < list.rows; ++r) {
                        T const* const gradients =
                            this->template current_row<Stage>(here, done + r) + p * W;
                        int const begin = list.begin(r, k), events = list.count(r, k);
                        for (int q = 0; q < count; ++q) {
                            V const gradient = V::load(gradients + q * W);
                            if constexpr (layout::template only_bits<Feed>) {
                                add_to_rows(panel + static_cast<std::size_t>(q) * apart,
                                            list.events + begin, events, gradient);
                            } else {
                                add_to_rows(panel + static_cast<std::size_t>(q) * apart,
                                            list.events + begin, list.factors + begin, events,
                                            gradient);
                            }
                        }
                    }
            });
            if constexpr (plan::single<Feed> && !layout::template only_bits<Feed>)
                if (list.full_rows > 0) add_full<Stage, over>(here, parameters, list, done);
            done += list.rows;
            if (done < here.rows)
                this->list_barrier(here); // counts are read until here, and written next
        }
    }
    /// Rows of values that are full: a few inputs at a time, whose numbers of all steps lie
    /// together, since rows are far from each other.
    template <class Stage, class Over, class List>
    SPIKEFUSE_FUNCTION void add_full(context const& here, T* parameters, List const& list,
                                     int first) const {
        constexpr int tile = 16;
        constexpr std::size_t apart = static_cast<std::size_t>(Over::inputs + 1) * P;
        int which[layout::block_steps];
        list.which_full(which);
        T near[layout::block_steps * tile];
        for (int i = 0; i < Over::inputs; i += tile) {
            int const inputs = Over::inputs - i < tile ? Over::inputs - i : tile;
            for (int k = 0; k < list.full_rows; ++k)
                for (int j = 0; j < inputs; ++j)
                    near[k * tile + j] =
                        list.values[static_cast<std::size_t>(which[k]) * list.stride +
                                    static_cast<std::size_t>(i + j)];
            this->template own_groups<Stage>(here, [&](int p, auto count) {
                add_outer<decltype(count)::value>(
                    Over::panel(parameters, p) + static_cast<std::size_t>(i) * P, apart, near, tile,
                    inputs, this->template current_row<Stage>(here, first) + p * W,
                    base::template current_stride<Stage>, which, list.full_rows);
            });
        }
    }
    /// Where all that a layer reads are bits: first, in which steps each input fired, then a row of
    /// weights after the other.
    template <class Stage, class Feed>
    SPIKEFUSE_FUNCTION void add_by_columns(sample_group const& all) const {
        constexpr int words = layout::column_words;
        constexpr unsigned each = static_cast<unsigned>(words) * 64 /
                                  layout::samples_together; // bits, one for each step of a sample
        static_assert(layout::block_steps <= static_cast<int>(each));
        using over = typename base::template panels_of<Feed::layer>;
        context const& here = all.of[0];
        T* const parameters = group_gradient(here) + layout::template parameter_offset<Feed::layer>;
        auto* const columns =
            here.template at<std::uint64_t>(layout::template offset_of<plan::region::columns>);
        constexpr int squares = (over::inputs + 63) / 64;
        constexpr bool a_word_each = warp::width > 1 && words == 1 && plan::single<Feed> &&
                                     plan::first_source<Feed>::offset == 0;
        if constexpr (a_word_each) {
            using from = plan::first_source<Feed>;
            columns_by_warps<Schedule::template buffer_at<from::buffer>::width>(
                here.team.team_rank(), here.team.team_size(), here.rows,
                [&](int r) { return this->template row_of<from::buffer>(here, r - from::delay); },
                columns);
        }
        this->each_own(here, a_word_each ? 0 : squares * words, [&](int square) {
            int const first = square % squares * 64, word = square / squares;
            std::uint64_t* const bits =
                columns + static_cast<std::size_t>(word) * layout::column_apart + first;
            for (unsigned k = 0; k < 64; ++k) {
                unsigned const bit = static_cast<unsigned>(word) * 64 + k;
                int const s = static_cast<int>(bit / each), r = static_cast<int>(bit % each);
                bits[k] = 0;
                if (s >= all.count || r >= here.rows) continue;
                each_source<Feed>([&](auto source) {
                    using from = decltype(source);
                    if (first == 0)
                        this->template ask_for_row<from::buffer>(all.of[s], r + base::rows_ahead);
                    constexpr int width = Schedule::template buffer_at<from::buffer>::width;
                    bits[k] |=
                        bits_from(this->template row_of<from::buffer>(all.of[s], r - from::delay),
                                  width, first - from::offset);
                });
            }
            transpose_bits(bits);
        });
        here.team.team_barrier();
        constexpr std::size_t apart = static_cast<std::size_t>(over::inputs + 1) * P;
        // Panels side by side, and so many inputs, are a thread's; so many words at a time.
        auto const add_words = [&]<int Words>(fixed<Words>, int inputs) {
            int const tiles = (over::inputs + inputs - 1) / inputs;
            this->template each_own_part<(Stage::width + W - 1) / W, W == 1 ? 1 : 8>(
                here, tiles, [&](int p, auto count, int part) {
                    int const tile = part * inputs;
                    for (int first = 0; first < words; first += Words) {
                        T const* const gradients =
                            this->template current_row<Stage>(here, first * 64) + p * W;
                        add_columns<decltype(count)::value, Words>(
                            over::panel(parameters, p) + static_cast<std::size_t>(tile) * P, apart,
                            columns + static_cast<std::size_t>(first) * layout::column_apart + tile,
                            layout::column_apart,
                            over::inputs - tile < inputs ? over::inputs - tile : inputs,
                            [&](unsigned bit) {
                                T const* const row =
                                    gradients + static_cast<std::size_t>(bit % each) *
                                                    base::template current_stride<Stage>;
                                return layout::samples_together == 1
                                           ? row
                                           : row + static_cast<std::size_t>(bit / each) *
                                                       layout::sample_total / sizeof(T);
                            });
                    }
                });
        };
        constexpr int tile =
            128; // inputs whose columns meet 64 steps' gradients in the first cache
        if constexpr (words == 1) { // a narrow layer's few panels are dealt out in smaller tiles,
                                    // so that each thread has some
            add_words(fixed<1>{}, W > 1 && Stage::width > 8 * W ? tile : tile / 4);
        } else { // measured: docs/lab_notebook/speed.md
            constexpr double few_spikes = 0.04;
            std::size_t spikes = 0;
            for (std::size_t k = 0; k < layout::column_apart * words; ++k)
                spikes += static_cast<std::size_t>(count_bits(columns[k]));
            if (static_cast<double>(spikes) <
                few_spikes * over::inputs * here.rows) { // each weight is touched once
                add_words(fixed<words>{}, over::inputs);
            } else { // a group's gradients of 64 steps come from the first cache, its weights' from
                     // the second
                add_words(fixed<1>{}, tile);
            }
        }
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
