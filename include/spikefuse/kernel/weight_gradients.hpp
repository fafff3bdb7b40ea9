// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Adjoint of connections: gradients of their weights, accumulated over all rows of a block.

#include "input_currents.hpp"
#include "sample_group.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// In which of up to 64 rows each of `Width` inputs fired: a warp turns 32 inputs of 32 rows at a
/// time. row_of(r): where the words of a row begin.
template <int Width, class Rows>
SPIKEFUSE_FUNCTION void columns_by_warps(int rank, int threads, int rows, Rows const& row_of,
                                         std::uint64_t* columns) {
    constexpr int words = (Width + 31) / 32;
    int const lane = rank % warp::width;
    for (int tile = rank / warp::width; tile < 2 * words; tile += threads / warp::width) {
        int const word = tile % words, half = tile / words, r = half * 32 + lane;
        std::uint32_t const row = r < rows ? word_at(row_of(r), Width, word) : 0;
        reinterpret_cast<std::uint32_t*>(columns)[(word * 32 + lane) * 2 + half] =
            warp::transpose(lane, row);
    }
}

/// Samples that a team differentiates together.
template <class C>
using sample_group = samples_at_once<C, C::layout::samples_together>;

template <class C>
SPIKEFUSE_FUNCTION typename C::number* group_gradient(C const& here) {
    return here.run.gradient +
           static_cast<std::size_t>(here.team.league_rank()) * C::layout::parameter_total;
}
template <class C, class Feed>
inline constexpr bool by_columns =
    !reads_held_input<C, Feed> && lists_bits<C, Feed> && (C::W >= 8 || C::W == 1);

/// Rows of values that are full: a few inputs at a time, whose numbers of all steps lie together,
/// since rows are far from each other.
template <class Stage, class Over, class C, class List>
SPIKEFUSE_FUNCTION void add_full(C const& here, typename C::number* parameters, List const& list,
                                 int first) {
    using T = typename C::number;
    using layout = typename C::layout;
    constexpr int tile = 16;
    constexpr std::size_t apart = static_cast<std::size_t>(Over::inputs + 1) * C::P;
    int which[layout::block_steps];
    list.which_full(which);
    T near[layout::block_steps * tile];
    for (int i = 0; i < Over::inputs; i += tile) {
        int const inputs = Over::inputs - i < tile ? Over::inputs - i : tile;
        for (int k = 0; k < list.full_rows; ++k)
            for (int j = 0; j < inputs; ++j)
                near[k * tile + j] = list.values[static_cast<std::size_t>(which[k]) * list.stride +
                                                 static_cast<std::size_t>(i + j)];
        own_groups<Stage>(here, [&](int p, auto count) {
            add_outer<decltype(count)::value>(
                Over::panel(parameters, p) + static_cast<std::size_t>(i) * C::P, apart, near, tile,
                inputs, current_row<Stage>(here, first) + p * C::W, current_stride<C, Stage>, which,
                list.full_rows);
        });
    }
}
template <class Stage, class Feed, class C>
SPIKEFUSE_FUNCTION void add_by_lists(C const& here, typename C::number* parameters) {
    using T = typename C::number;
    using V = typename C::V;
    using over = typename C::template panels_of<Feed::layer>;
    constexpr int W = C::W;
    constexpr std::size_t apart = static_cast<std::size_t>(over::inputs + 1) * C::P;
    for (int done = 0; done < here.rows;) {
        auto const list = list_rows<Stage, Feed>(here, done, here.rows - done);
        own_groups<Stage>(here, [&](int p, auto count) {
            T* const panel = over::panel(parameters, p);
            for (int k = 0; k < list.pieces; ++k)
                for (int r = 0; r < list.rows; ++r) {
                    T const* const gradients = current_row<Stage>(here, done + r) + p * W;
                    int const begin = list.begin(r, k), events = list.count(r, k);
                    for (int q = 0; q < count; ++q) {
                        V const gradient = V::load(gradients + q * W);
                        if constexpr (lists_bits<C, Feed>) {
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
        if constexpr (plan::single<Feed> && !lists_bits<C, Feed>)
            if (list.full_rows > 0) add_full<Stage, over>(here, parameters, list, done);
        done += list.rows;
        if (done < here.rows) list_barrier(here); // counts are read until here, and written next
    }
}
/// Gradients of weights and biases, from all rows of the block. Inactive inputs are not touched.
/// Where the weights' come by columns, of the biases alone.
template <class Stage, class Feed, class C>
SPIKEFUSE_FUNCTION void backward_weights(C const& here) {
    using T = typename C::number;
    using V = typename C::V;
    using over = typename C::template panels_of<Feed::layer>;
    constexpr int W = C::W;
    T* const parameters = group_gradient(here) + C::layout::template parameter_offset<Feed::layer>;
    auto const sum_of_rows = [&](int p, V sum) {
        for (int r = 0; r < here.rows; ++r) sum += V::load(current_row<Stage>(here, r) + p * W);
        return sum;
    };
    if constexpr (over::has_bias)
        for (int const p : own_panels<Stage>(here)) {
            T* const place = over::bias_place(parameters, p);
            sum_of_rows(p, V::load(place)).store(place);
        }
    if constexpr (reads_held_input<C, Feed>) {
        for (int const p : own_panels<Stage>(here)) {
            T whole[W];
            sum_of_rows(p, V(T(0))).store(whole);
            int const only = 0;
            add_outer<1>(over::panel(parameters, p), 0, row_of<plan::network_input>(here, 0), 0,
                         over::inputs, whole, 0, &only, 1);
        }
    } else if constexpr (!by_columns<C, Feed>) {
        add_by_lists<Stage, Feed>(here, parameters);
    }
}

/// In which steps each input fired: a bit each for the steps of a group's samples, [input].
template <class Feed, class C>
SPIKEFUSE_FUNCTION void list_columns(sample_group<C> const& all, std::uint64_t* columns) {
    using layout = typename C::layout;
    using from = plan::first_source<Feed>;
    constexpr int words = layout::column_words,
                  inputs = C::schedule::template width_into<Feed::layer>;
    constexpr unsigned each = static_cast<unsigned>(words) * 64 / layout::samples_together;
    constexpr int squares = (inputs + 63) / 64;
    constexpr bool a_word_each =
        warp::width > 1 && words == 1 && plan::single<Feed> && from::offset == 0;
    C const& here = all.of[0];
    if constexpr (a_word_each) {
        columns_by_warps<C::schedule::template buffer_at<from::buffer>::width>(
            here.team.team_rank(), here.team.team_size(), here.rows,
            [&](int r) { return row_of<from::buffer>(here, r - from::delay); }, columns);
    }
    for (int const square : own_share(here, a_word_each ? 0 : squares * words)) {
        int const first = square % squares * 64, word = square / squares;
        std::uint64_t* const bits =
            columns + static_cast<std::size_t>(word) * layout::column_apart + first;
        for (unsigned k = 0; k < 64; ++k) {
            unsigned const bit = static_cast<unsigned>(word) * 64 + k;
            int const s = static_cast<int>(bit / each), r = static_cast<int>(bit % each);
            bits[k] = 0;
            if (s >= all.count || r >= here.rows) continue;
            each_source<Feed>([&](auto source) {
                using one = decltype(source);
                if (first == 0) prefetch_row<one::buffer>(all.sample(s), r + rows_ahead);
                constexpr int width = C::schedule::template buffer_at<one::buffer>::width;
                bits[k] |= bits_from(row_of<one::buffer>(all.sample(s), r - one::delay), width,
                                     first - one::offset);
            });
        }
        transpose_bits(bits);
    }
}
/// Where all that a layer reads are bits: first, in which steps each input fired, then a row of
/// weights after the other.
template <class Stage, class Feed, class C>
SPIKEFUSE_FUNCTION void add_by_columns(sample_group<C> const& all) {
    using T = typename C::number;
    using layout = typename C::layout;
    using over = typename C::template panels_of<Feed::layer>;
    constexpr int W = C::W;
    constexpr int words = layout::column_words;
    constexpr unsigned each = static_cast<unsigned>(words) * 64 /
                              layout::samples_together; // bits, one for each step of a sample
    static_assert(layout::block_steps <= static_cast<int>(each));
    C const& here = all.of[0];
    T* const parameters = group_gradient(here) + layout::template parameter_offset<Feed::layer>;
    auto* const columns = here.template region<plan::region::columns, std::uint64_t>();
    list_columns<Feed, C>(all, columns);
    here.team.team_barrier();
    constexpr std::size_t apart = static_cast<std::size_t>(over::inputs + 1) * C::P;
    // Panels side by side, and so many inputs, are a thread's; so many words at a time.
    auto const add_words = [&]<int Words>(fixed<Words>, int inputs) {
        int const tiles = (over::inputs + inputs - 1) / inputs;
        each_own_part<(Stage::width + W - 1) / W, W == 1 ? 1 : 8>(
            here, tiles, [&](int p, auto count, int part) {
                int const tile = part * inputs;
                for (int first = 0; first < words; first += Words) {
                    T const* const gradients = current_row<Stage>(here, first * 64) + p * W;
                    add_columns<decltype(count)::value, Words>(
                        over::panel(parameters, p) + static_cast<std::size_t>(tile) * C::P, apart,
                        columns + static_cast<std::size_t>(first) * layout::column_apart + tile,
                        layout::column_apart,
                        over::inputs - tile < inputs ? over::inputs - tile : inputs,
                        [&](unsigned bit) {
                            T const* const row = gradients + static_cast<std::size_t>(bit % each) *
                                                                 current_stride<C, Stage>;
                            return layout::samples_together == 1
                                       ? row
                                       : row + static_cast<std::size_t>(bit / each) *
                                                   layout::sample_total / sizeof(T);
                        });
                }
            });
    };
    constexpr int tile = 128;   // inputs whose columns meet 64 steps' gradients in the first cache
    if constexpr (words == 1) { // a narrow layer's few panels are dealt out in smaller tiles, so
                                // that each thread has some
        add_words(fixed<1>{}, W > 1 && Stage::width > 8 * W ? tile : tile / 4);
    } else { // measured: docs/lab_notebook/speed.md
        constexpr double few_spikes = 0.04;
        std::size_t spikes = 0;
        for (std::size_t k = 0; k < layout::column_apart * words; ++k)
            spikes += static_cast<std::size_t>(count_bits(columns[k]));
        if (static_cast<double>(spikes) <
            few_spikes * over::inputs * here.rows) { // each weight is touched once
            add_words(fixed<words>{}, over::inputs);
        } else { // a group's gradients of 64 steps come from the first cache, its weights' from the
                 // second
            add_words(fixed<1>{}, tile);
        }
    }
}
/// Accumulates the gradients of a stage's weights over all rows of the block.
template <class Stage, class C>
SPIKEFUSE_FUNCTION void backward_mixing(sample_group<C> const& all) {
    for_each_index<plan::mp11::mp_size<typename Stage::feeds>::value>([&](auto k) {
        using feed = plan::mp11::mp_at_c<typename Stage::feeds, k>;
        if constexpr (maps_rows<C, feed>) {
            for (int s = 0; s < all.count; ++s) {
                C const& here = all.sample(s);
                backward_map_parameters<Stage, feed>(
                    here, group_gradient(here) + C::layout::template parameter_offset<feed::layer>);
            }
        } else if constexpr (plan::has_weights<feed>::value) {
            for (int s = 0; s < all.count; ++s) backward_weights<Stage, feed>(all.sample(s));
            if constexpr (by_columns<C, feed>) add_by_columns<Stage, feed, C>(all);
        }
    });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
