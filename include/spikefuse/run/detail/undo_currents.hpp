#pragma once
/// What mixing layers mean backwards: gradients of their weights, and of the rows that they read.

#include "../forward.hpp"

namespace spikefuse::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space>
struct undo_currents_kernel : forward_kernel<Schedule, T, Kind, Readout, Space, purpose::gradients> {
    using base = forward_kernel<Schedule, T, Kind, Readout, Space, purpose::gradients>;
    using base::run;
    using typename base::context, typename base::places, typename base::V;
    static constexpr int W = V::width;

    // --- rows of gradients -----------------------------------------------------------------------------------------------------------

    template <int Buffer>
    SPIKEFUSE_FUNCTION T* gradient_row(context const& here, int r) const {
        return here.template at<T>(places::template gradient_rows_at<Buffer>) +
               static_cast<std::ptrdiff_t>(r) * static_cast<std::ptrdiff_t>(places::template gradient_row<Buffer>());
    }
    template <int Buffer>
    SPIKEFUSE_FUNCTION void clear_row(context const& here, int r) const {
        T* const row = gradient_row<Buffer>(here, r);
        this->each_own_register(here, places::template gradient_row<Buffer>(), [&](std::size_t k) { V(T(0)).store(row + k); });
    }
    template <int Buffer>
    SPIKEFUSE_FUNCTION void copy_row(context const& here, int from, int to) const {
        T const* const source = gradient_row<Buffer>(here, from);
        T* const row = gradient_row<Buffer>(here, to);
        this->each_own_register(here, places::template gradient_row<Buffer>(), [&](std::size_t k) { V::load(source + k).store(row + k); });
    }
    /// The caller's array, row r of this block; a held input has one row for all.
    SPIKEFUSE_FUNCTION T* input_gradient_row(context const& here, int r) const {
        std::size_t const step = Kind == input_kind::held ? 0 : static_cast<std::size_t>(here.first_step + r);
        return run.input_gradient + (step * static_cast<std::size_t>(run.batch) + static_cast<std::size_t>(here.sample)) * Schedule::inputs;
    }
    SPIKEFUSE_FUNCTION void clear_input_gradient(context const& here) const {
        if (this->run.input_gradient == nullptr) return;
        bool const last = here.first_step + here.rows == run.steps;
        for (int r = 0; r < (Kind == input_kind::held ? (last ? 1 : 0) : here.rows); ++r) {
            T* const row = input_gradient_row(here, r);
            for (int n = here.team.team_rank(); n < Schedule::inputs; n += here.team.team_size()) row[n] = T(0);
        }
    }
    SPIKEFUSE_FUNCTION T* current_gradients(context const& here) const { return here.template at<T>(places::current_gradients_offset); }

    SPIKEFUSE_FUNCTION T* group_gradient(context const& here) const {
        return run.gradient + static_cast<std::size_t>(here.team.league_rank()) * places::bag_total;
    }

    // --- feeds, backwards ---------------------------------------------------------------------------------------------------------------

    template <class Stage>
    SPIKEFUSE_FUNCTION void undo_feeds(context const& here, int first, int rows) const {
        for_each_index<plan::mp11::mp_size<typename Stage::feeds>::value>([&](auto k) {
            using feed = plan::mp11::mp_at_c<typename Stage::feeds, k>;
            if constexpr (feed::layer == plan::no_layer) {
                each_source<feed>([&](auto source) {
                    for (int r = 0; r < rows; ++r) pass_back<decltype(source)>(here, first + r, row_of_currents(here, r));
                });
            } else {
                undo_weights<Stage, feed>(here, first, rows);
                if constexpr (!plan::mp11::mp_all_of<typename feed::sources, is_network_input>::value) {
                    undo_inputs<feed>(here, first, rows);
                } else {
                    if (this->run.input_gradient != nullptr) undo_inputs<feed>(here, first, rows);
                }
            }
        });
    }
    template <class Source>
    using is_network_input = std::bool_constant<Source::buffer == plan::network_input>;
    SPIKEFUSE_FUNCTION T* row_of_currents(context const& here, int r) const {
        return current_gradients(here) + static_cast<std::size_t>(r) * places::widest_stage;
    }
    template <class Feed, class Function>
    static SPIKEFUSE_FUNCTION void each_source(Function const& function) {
        for_each_index<plan::mp11::mp_size<typename Feed::sources>::value>(
            [&](auto k) { function(plan::mp11::mp_at_c<typename Feed::sources, k>{}); });
    }
    /// Adds a row of gradients, in the columns of the layer behind, to a source's.
    template <class Source>
    SPIKEFUSE_FUNCTION void pass_back(context const& here, int r, T const* row) const {
        constexpr int width = Schedule::template buffer_at<Source::buffer>::width;
        T* to = nullptr;
        if constexpr (is_network_input<Source>::value) {
            if (this->run.input_gradient == nullptr) return;
            to = input_gradient_row(here, r);
        } else {
            to = gradient_row<Source::buffer>(here, r - Source::delay);
        }
        for (int n = here.team.team_rank(); n < width; n += here.team.team_size())
            for (int k = 0; k < Source::each; ++k) to[n] += row[n * Source::each + k + Source::offset];
    }

    /// Gradients of weights and biases. Inactive inputs are not touched.
    template <class Stage, class Feed>
    SPIKEFUSE_FUNCTION void undo_weights(context const& here, int first, int rows) const {
        using over = typename Schedule::template word<Feed::layer>::template over<Schedule::template width_into<Feed::layer>>;
        using from = plan::mp11::mp_front<typename Feed::sources>;
        T* const bag = group_gradient(here) + places::template bag_at<Feed::layer>;
        if constexpr (over::has_bias)
            this->template own_panels<Stage>(here, [&](int p) {
                V sum = V::load(over::bias_place(bag, p));
                for (int r = 0; r < rows; ++r) sum += V::load(row_of_currents(here, r) + p * W);
                sum.store(over::bias_place(bag, p));
            });
        if constexpr (Kind == input_kind::held && base::template single<Feed> && is_network_input<from>::value) {
            this->template own_panels<Stage>(here, [&](int p) {
                V sum{T(0)};
                for (int r = 0; r < rows; ++r) sum += V::load(row_of_currents(here, r) + p * W);
                T whole[W];
                sum.store(whole);
                add_outer(over::panel(bag, p), this->template row_of<plan::network_input>(here, 0), 0, over::inputs, whole, 0, 1);
            });
            return;
        }
        for (int done = 0; done < rows;) {
            auto const list = this->template list_rows<Feed>(here, first + done, rows - done);
            this->template own_panels<Stage>(here, [&](int p) {
                T* const panel = over::panel(bag, p);
                for (int r = 0; r < list.rows; ++r) {
                    T const* const gradients = row_of_currents(here, done + r) + p * W;
                    if constexpr (base::template only_bits<Feed>) {
                        add_to_rows(panel, list.events + list.begin(r), list.count(r), V::load(gradients));
                    } else if (!base::template single<Feed> || !list.dense(r)) {
                        add_to_rows(panel, list.events + list.begin(r), list.factors + list.begin(r), list.count(r), V::load(gradients));
                    } else if constexpr (base::template single<Feed>) {
                        int together = 1;
                        while (r + together < list.rows && list.dense(r + together)) ++together;
                        add_outer(panel, this->template row_of<from::buffer>(here, list.first + r - from::delay),
                                  this->template stride_of<from::buffer>(), over::inputs, gradients, places::widest_stage, together);
                        r += together - 1;
                    }
                }
            });
            done += list.rows;
            here.team.team_barrier();
        }
    }

    /// Gradients of what a layer of weights reads, one source after the other: a buffer may stand in several.
    template <class Feed>
    SPIKEFUSE_FUNCTION void undo_inputs(context const& here, int first, int rows) const {
        using over = typename Schedule::template word<Feed::layer>::template over<Schedule::template width_into<Feed::layer>>;
        T const* const bag = run.bag + places::template bag_at<Feed::layer>;
        constexpr int panels = (over::outputs + W - 1) / W, tile = 8;
        constexpr std::size_t apart = static_cast<std::size_t>(over::inputs) * W;
        each_source<Feed>([&](auto source) {
            using from = decltype(source);
            constexpr int width = Schedule::template buffer_at<from::buffer>::width;
            if constexpr (is_network_input<from>::value)
                if (this->run.input_gradient == nullptr) return;
            for (int n = here.team.team_rank(); n < width; n += here.team.team_size()) {
                int r = 0;
                T sums[tile];
                for (; r + tile <= rows; r += tile) {
                    multiply_back<tile>(bag, apart, panels, n + from::offset, row_of_currents(here, r), places::widest_stage, sums);
                    give_back<from>(here, first + r, n, sums, tile);
                }
                for (; r < rows; ++r) {
                    multiply_back<1>(bag, apart, panels, n + from::offset, row_of_currents(here, r), places::widest_stage, sums);
                    give_back<from>(here, first + r, n, sums, 1);
                }
            }
            here.team.team_barrier();
        });
    }
    template <class Source>
    SPIKEFUSE_FUNCTION void give_back(context const& here, int first, int n, T const* sums, int rows) const {
        for (int r = 0; r < rows; ++r) {
            if constexpr (is_network_input<Source>::value) {
                input_gradient_row(here, first + r)[n] += sums[r];
            } else {
                gradient_row<Source::buffer>(here, first + r - Source::delay)[n] += sums[r];
            }
        }
    }
};

} // namespace spikefuse::detail
