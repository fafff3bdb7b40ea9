// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Adjoint of connections: gradients of their weights, and of the rows that they read.

#include "../forward.hpp"
#include "sample_group.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space>
struct backward_currents_kernel
    : forward_kernel<Schedule, T, Kind, Readout, Space, purpose::gradients> {
    using base = forward_kernel<Schedule, T, Kind, Readout, Space, purpose::gradients>;
    using base::run;
    using typename base::context, typename base::layout, typename base::V;
    static constexpr int W = V::width, P = base::P;

    // --- rows of gradients ---
    /// Register p of row r of the gradients of a buffer.
    template <int Buffer>
    SPIKEFUSE_FUNCTION T* gradient_at(context const& here, int r, int p) const {
        T* const first = here.template at<T>(layout::template gradient_rows_at<Buffer>);
        return column_of_panel(first, p, layout::gradient_rows_of_panel) +
               static_cast<std::ptrdiff_t>(r + 1) *
                   static_cast<std::ptrdiff_t>(layout::template gradient_step<Buffer>());
    }
    /// Calls function(p) for this thread's registers of a row of a buffer's gradients.
    template <int Buffer, class Function>
    SPIKEFUSE_FUNCTION void each_own_gradient(context const& here, Function const& function) const {
        this->each_own(here, static_cast<int>(layout::template gradient_row<Buffer>()) / W,
                       function);
    }
    /// The caller's array of input gradients, row r of this block; a held input has one row for all
    /// steps.
    SPIKEFUSE_FUNCTION T* input_gradient_row(context const& here, int r) const {
        std::size_t const step =
            Kind == input_kind::held ? 0 : static_cast<std::size_t>(here.first_step + r);
        return run.input_gradient + (step * static_cast<std::size_t>(run.batch) +
                                     static_cast<std::size_t>(here.sample)) *
                                        Schedule::inputs;
    }
    /// Whether every input gradient is written once, without accumulation.
    static constexpr bool writes_input_gradient =
        Kind != input_kind::held && layout::input_passes_straight;
    SPIKEFUSE_FUNCTION void clear_input_gradient(context const& here) const {
        if (this->run.input_gradient == nullptr || writes_input_gradient) return;
        bool const last = here.first_step + here.rows == run.steps;
        for (int r = 0; r < (Kind == input_kind::held ? (last ? 1 : 0) : here.rows); ++r) {
            T* const row = input_gradient_row(here, r);
            this->each_own(here, Schedule::inputs, [&](int n) { row[n] = T(0); });
        }
    }
    SPIKEFUSE_FUNCTION T* group_gradient(context const& here) const {
        return run.gradient +
               static_cast<std::size_t>(here.team.league_rank()) * layout::parameter_total;
    }

    // --- feeds, backwards ---
    using sample_group = samples_at_once<context, layout::samples_together>;
    using row_range = rows_at_once<context, layout::sample_total / sizeof(T)>;
    /// Propagates the gradients of a stage's currents to the rows that the stage reads.
    template <class Stage>
    SPIKEFUSE_FUNCTION void backward_feeds(row_range const& all) const {
        for_each_index<plan::mp11::mp_size<typename Stage::feeds>::value>([&](auto f) {
            using feed = plan::mp11::mp_at_c<typename Stage::feeds, f>;
            if constexpr (!plan::has_weights<feed>::value) {
                each_source<feed>([&](auto source) {
                    for (int k = 0; k < all.total(); ++k)
                        pass_back<decltype(source)>(
                            all.sample(k), all.row(k),
                            this->template current_row<Stage>(all.sample(k), all.row(k)));
                });
                all.samples->team.team_barrier(); // another feed may add to the same rows
            } else if constexpr (!layout::all_input(typename feed::sources{})) {
                backward_inputs<Stage, feed>(all);
            } else {
                if (this->run.input_gradient != nullptr) backward_inputs<Stage, feed>(all);
            }
        });
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
    /// Register p of the gradients of what a source gives to row r.
    template <class Source>
    SPIKEFUSE_FUNCTION T* source_gradient(context const& here, int r, int p) const {
        if constexpr (plan::is_network_input<Source>::value) {
            return input_gradient_row(here, r) + p * W;
        } else {
            return gradient_at<Source::buffer>(here, r - Source::delay, p);
        }
    }
    /// Adds a register's numbers, `Each` of them to one, to register p of those.
    template <class Source, int Each>
    SPIKEFUSE_FUNCTION void add_to_source(context const& here, int r, int p, T const* from) const {
        T* const to = source_gradient<Source>(here, r, p);
        auto const add = [&](int count) SPIKEFUSE_INLINE {
            for (int n = 0; n < count; ++n)
                for (int k = 0; k < Each; ++k) to[n] += from[n * Each + k];
        };
        int const left = Schedule::template buffer_at<Source::buffer>::width - p * W;
        if (left >= W) {
            add(W);
        } else {
            add(left);
        }
    }
    /// Adds a row of gradients of the currents to those of a source.
    template <class Source>
    SPIKEFUSE_FUNCTION void pass_back(context const& here, int r, T const* row) const {
        if (plan::is_network_input<Source>::value && this->run.input_gradient == nullptr) return;
        this->each_own(here, (Schedule::template buffer_at<Source::buffer>::width + W - 1) / W,
                       [&](int p) {
                           add_to_source<Source, Source::each>(
                               here, r, p, row + Source::offset + p * W * Source::each);
                       });
    }

    /// The gradient of panel p of a stage that reads one source as it stands.
    template <class Stage>
    SPIKEFUSE_FUNCTION void pass_plain_gradient(context const& here, int r, int p,
                                                V gradient) const {
        using from = plan::first_source<plan::mp11::mp_front<typename Stage::feeds>>;
        if constexpr (!plan::is_network_input<from>::value || !writes_input_gradient) {
            if (!plan::is_network_input<from>::value || this->run.input_gradient != nullptr)
                give_back<from>(here, r, p, gradient);
        } else if (this->run.input_gradient != nullptr) { // nobody else adds to it
            T* const to = input_gradient_row(here, r) + p * W;
            if ((p + 1) * W <= Schedule::inputs) {
                this->store_line(to, gradient, Schedule::inputs);
            } else {
                for (int lane = 0; p * W + lane < Schedule::inputs; ++lane)
                    to[lane] = gradient.lane(lane);
            }
        }
    }

    template <class Feed>
    static constexpr bool multiplies_held = Kind == input_kind::held && plan::single<Feed> &&
                                            plan::is_network_input<plan::first_source<Feed>>::value;
    template <class Feed>
    static constexpr bool by_columns =
        !multiplies_held<Feed> && layout::template only_bits<Feed> && W >= 8;
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
        this->each_own(here, squares * words, [&](int square) {
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
            this->template each_own_part<(Stage::width + W - 1) / W, 8>(
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
            add_words(fixed<1>{}, Stage::width > 8 * W ? tile : tile / 4);
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
    /// Gradients of what a layer of weights reads, one source after the other: a buffer may stand
    /// in several.
    template <class Stage, class Feed>
    SPIKEFUSE_FUNCTION void backward_inputs(row_range const& all) const {
        using over = typename base::template panels_of<Feed::layer>;
        T const* const transposed = run.transposed + layout::template transposed_at<Feed::layer>;
        constexpr std::size_t apart = static_cast<std::size_t>(over::outputs) * P;
        // Step by step as many rows as samples; else a tile that fills the registers.
        constexpr bool stepwise = !layout::template replays<Stage>::value;
        constexpr int tile = stepwise && !simd_is_composite<T> ? layout::samples_together : 0;
        each_source<Feed>([&](auto source) {
            using from = decltype(source);
            constexpr int begin = from::offset / W,
                          end = (from::offset + Schedule::template buffer_at<from::buffer>::width +
                                 W - 1) /
                                W;
            if constexpr (plan::is_network_input<from>::value)
                if (this->run.input_gradient == nullptr) return;
            std::size_t const stride = all.stride(base::template current_stride<Stage>);
            auto const gradients = [&](int k) {
                return this->template current_row<Stage>(all.sample(k), all.row(k));
            };
            auto const some = [&]<int Count>(fixed<Count>, int p) {
                T const* const panels = over::transposed_panel(transposed, p);
                if constexpr (!plan::is_network_input<from>::value &&
                              from::offset == 0) { // rows of gradients are whole registers long
                    add_products<Count, tile>(
                        panels, apart, gradients(0), stride, all.total(), over::outputs,
                        gradient_at<from::buffer>(*all.samples, all.first - from::delay, p),
                        all.stride(layout::template gradient_step<from::buffer>()),
                        layout::gradient_rows_of_panel * P);
                } else {
                    constexpr int most = 12;
                    alignas(sizeof(V)) T sums[most * Count * W];
                    for (int k = 0; k < all.total(); k += most) {
                        int const these = all.total() - k < most ? all.total() - k : most;
                        for (int j = 0; j < these * Count; ++j) V(T(0)).store(sums + j * W);
                        add_products<Count, tile>(
                            panels, apart, gradients(k), stride, these, over::outputs, sums,
                            static_cast<std::size_t>(Count * W), static_cast<std::size_t>(W));
                        for (int j = 0; j < these * Count; ++j)
                            give_back<from>(all.sample(k + j / Count), all.row(k + j / Count),
                                            p + j % Count, V::load(sums + j * W));
                    }
                }
            };
            constexpr int together =
                interleave<T>(stepwise && layout::samples_together == 1 ? 8 : 2);
            this->template each_own_group<end - begin, together>(
                *all.samples, [&](int p, auto count) { some(count, begin + p); });
            all.samples->team.team_barrier();
        });
    }
    /// Adds the gradients of panel p of a layer's inputs to the columns of a source among them.
    template <class Source>
    SPIKEFUSE_FUNCTION void give_back(context const& here, int r, int p, V sum) const {
        if constexpr (!plan::is_network_input<Source>::value &&
                      Source::offset == 0) { // rows of gradients are whole registers long
            T* const to = source_gradient<Source>(here, r, p);
            (V::load(to) + sum).store(to);
        } else if constexpr (Source::offset == 0) {
            alignas(sizeof(V)) T numbers[W];
            sum.store(numbers);
            add_to_source<Source, 1>(here, r, p, numbers);
        } else {
            for (int lane = 0; lane < W; ++lane) {
                int const n = p * W + lane - Source::offset;
                if (n >= 0 && n < Schedule::template buffer_at<Source::buffer>::width)
                    source_gradient<Source>(here, r, n / W)[n % W] += sum.lane(lane);
            }
        }
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
