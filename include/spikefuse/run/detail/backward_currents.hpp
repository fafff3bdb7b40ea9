// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Adjoint of connections: gradients of the rows that they read.

#include "backward_weights.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space>
struct backward_currents_kernel : backward_weights_kernel<Schedule, T, Kind, Readout, Space> {
    using base = backward_weights_kernel<Schedule, T, Kind, Readout, Space>;
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
    // --- feeds, backwards ---
    using row_range = rows_at_once<context, layout::sample_total / sizeof(T)>;
    /// Propagates the gradients of a stage's currents to the rows that the stage reads.
    template <class Stage>
    SPIKEFUSE_FUNCTION void backward_feeds(row_range const& all) const {
        for_each_index<plan::mp11::mp_size<typename Stage::feeds>::value>([&](auto f) {
            using feed = plan::mp11::mp_at_c<typename Stage::feeds, f>;
            if constexpr (!plan::has_weights<feed>::value) {
                base::template each_source<feed>([&](auto source) {
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
        base::template each_source<Feed>([&](auto source) {
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
