// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Adjoint of the neurons of a stage: from the gradients of their outputs to those of their
/// currents.

#include "../../equations/differentiate.hpp"
#include "backward_currents.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space>
struct backward_points_kernel : backward_currents_kernel<Schedule, T, Kind, Readout, Space> {
    using base = backward_currents_kernel<Schedule, T, Kind, Readout, Space>;
    using base::run;
    using typename base::context, typename base::layout, typename base::V;
    static constexpr int W = V::width;
    template <int Layer>
    using equations_of = typename base::template equations_of<Layer>;
    template <int Layer>
    static constexpr int padded_width = layout::padded(Schedule::template width_from<Layer>);

    /// The history of a stage that is recomputed and differentiated block by block stays with the
    /// thread.
    template <class Stage, int Count>
    struct stack_history {
        static constexpr bool stores = true, reuses_cache = true,
                              gives = false; // its row is there already
        static constexpr int apart = W;
        static constexpr int registers = layout::replay_registers(typename Stage::points{});
        T* numbers; // [Count][K of a point after the other, then outputs][W]

        template <std::size_t Point>
        SPIKEFUSE_FUNCTION T* history(int q) const {
            constexpr int before = [] {
                int sum = 0;
                for_each_index<Point>([&](auto k) {
                    constexpr int layer = plan::mp11::mp_at_c<typename Stage::points, k>::value;
                    sum += layout::template state_arrays<layer>() + 1 +
                           layout::template cached_arrays<layer>();
                });
                return sum;
            }();
            return numbers +
                   (static_cast<std::size_t>(q) * registers + before) * layout::block_steps * W;
        }
        SPIKEFUSE_FUNCTION T* output(int q, int r) const {
            return numbers + (static_cast<std::size_t>(q + 1) * registers * layout::block_steps -
                              layout::block_steps + static_cast<std::size_t>(r)) *
                                 W;
        }
    };

    template <class Points>
    struct gradients_of;
    template <class... Layer>
    struct gradients_of<plan::mp11::mp_list<Layer...>> {
        using type = tuple<equations::gradients<equations_of<Layer::value>, V>...>;
    };

    /// Differentiates `Count` interleaved panels of a stage's neurons, from panel p + q on, over a
    /// range of steps. `keep`: the history of the panels from p on. `deliver(panel, r, gradient)`
    /// receives the gradients of the currents.
    template <class Stage, int Count, class Keep, class Deliver>
    SPIKEFUSE_FLATTEN void backward_points(context const& here, int p, int q, int first, int rows,
                                           Keep const& keep, Deliver const& deliver) const {
        if (run.constants) {
            backward_panels<Stage, Count>(here, p, q, first, rows, keep, deliver, true);
        } else { // sums that nobody reads are no more there
            backward_panels<Stage, Count>(here, p, q, first, rows, keep, deliver, false);
        }
    }
    template <class Stage, int Count, class Keep, class Deliver>
    SPIKEFUSE_FUNCTION void backward_panels(context const& here, int p, int q, int first, int rows,
                                            Keep const& keep, Deliver const& deliver,
                                            bool constants) const {
        using points = typename Stage::points;
        constexpr std::size_t depth = plan::mp11::mp_size<points>::value;
        // Coefficients and tables: states come from the history.
        typename base::template cells_of<points, V, Keep::reuses_cache>::type cells[Count];
        typename gradients_of<points>::type to[Count];
        V charges[Count][depth == 0 ? 1 : depth]; // a penalty on activity, the same in every step
        T* const all_states =
            here.template at<T>(layout::template offset_of<plan::region::state_gradients>);
        T* const all_coefficients =
            here.template at<T>(layout::template offset_of<plan::region::coefficient_gradients>);
        auto const each_place =
            [&](auto const& function) { // function(gradient, its place in scratch)
                for_each_index<Count>([&](auto beside) {
                    for_each_index<depth>([&](auto k) {
                        constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
                        using about = equations::equation_traits<equations_of<layer>>;
                        constexpr int width = padded_width<layer>;
                        auto& gradient = get<k>(to[beside]);
                        int const at = (p + q + static_cast<int>(beside)) * W;
                        for_each_index<about::state_count>([&](auto j) {
                            function(gradient.states[j], all_states +
                                                             layout::template states_at<layer> +
                                                             j * width + at);
                        });
                        for_each_index<about::coefficient_count>([&](auto j) {
                            V& one = gradient.coefficients[j];
                            if (constants) {
                                function(one, all_coefficients +
                                                  layout::template coefficients_at<layer> +
                                                  j * width + at);
                            } else {
                                one = V(T(0));
                            }
                        });
                    });
                });
            };
        for_each_index<Count>([&](auto beside) {
            int const panel = p + q + static_cast<int>(beside);
            this->template load_cells<Stage>(here, panel, cells[beside]);
            for_each_index<depth>([&](auto k) {
                charges[beside][k] = charge<plan::mp11::mp_at_c<points, k>::value>(here, panel);
            });
        });
        each_place([](V& gradient, T const* place) { gradient = V::load(place); });
        for (int r = first + rows - 1; r >= first; --r)
            for_each_index<Count>([&](auto beside) {
                int const own = q + static_cast<int>(beside), panel = p + own;
                V arriving;
                if constexpr (Stage::target == plan::readout) {
                    arriving = V::load(keep.output(own, r));
                } else {
                    arriving = V::load(this->template gradient_at<Stage::target>(here, r, panel));
                }
                for_each_index<depth>([&](auto from_behind) {
                    constexpr std::size_t k = depth - 1 - from_behind;
                    constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
                    using about = equations::equation_traits<equations_of<layer>>;
                    auto& cell = get<k>(cells[beside]);
                    auto& gradient = get<k>(to[beside]);
                    T const* const before =
                        base::template history_at<Keep, std::remove_reference_t<decltype(cell)>>(
                            keep.template history<k>(own), r);
                    for_each_index<about::state_count>(
                        [&](auto j) { cell.states[j] = V::load(before + j * Keep::apart); });
                    this->template arrive<points, k>(
                        here, panel, r, V::load(before + about::state_count * Keep::apart),
                        cells[beside]);
                    if constexpr (Keep::reuses_cache)
                        for_each_index<about::cached_count>([&](auto j) {
                            cell.kept[j] =
                                V::load(before + (about::state_count + 1 + j) * Keep::apart);
                        });
                    if constexpr (about::competes)
                        cell.highest =
                            lane_is<T>(*this->template winner_of<layer>(here, r) - panel * W);
                    constexpr int slot = layout::template record_slot<layer>();
                    for_each_index<about::state_count>([&](auto j) {
                        gradient.states[j] += seed<layer>(here, slot + j, panel, r);
                    });
                    gradient.output =
                        arriving + charges[beside][k] +
                        seed<layer>(here, base::template output_slot<layer>, panel, r);
                    equations::step_adjoint(cell, gradient);
                    arriving = gradient.current;
                });
                deliver(panel, r, arriving);
            });
        each_place([](V const& gradient, T* place) { gradient.store(place); });
    }
    /// The gradient that the caller injects at a state or an output.
    template <int Layer>
    SPIKEFUSE_FUNCTION V seed(context const& here, int slot, int p, int r) const {
        if (run.seeds == nullptr || run.seeds[slot] == 0) return V(T(0));
        constexpr int width = Schedule::template width_from<Layer>;
        T const* const from =
            reinterpret_cast<T const*>(run.seeds[slot]) +
            (static_cast<std::size_t>(here.first_step + r) * static_cast<std::size_t>(run.batch) +
             static_cast<std::size_t>(here.sample)) *
                width +
            p * W;
        T numbers[W];
        for (int lane = 0; lane < W; ++lane)
            numbers[lane] = p * W + lane < width ? from[lane] : T(0);
        return V::load(numbers);
    }
    // --- penalties ---

    /// The penalty on this sample's activity: strength * excess^2, a mean over samples and neurons.
    SPIKEFUSE_FUNCTION double charged(context const& here) const {
        double sum = 0;
        if (run.penalties == nullptr) return sum;
        base::each_population([&](auto layer) {
            double const* const count = this->template penalized_counts<layer>(here);
            if (count == nullptr) return;
            constexpr int width = Schedule::template width_from<layer>;
            auto const& penalty = run.penalties[base::template output_slot<layer>];
            double squares = 0;
            for (int n = 0; n < width; ++n) {
                double const excess = static_cast<double>(penalty.excess(count[n], run.steps));
                squares += excess * excess;
            }
            sum += static_cast<double>(penalty.strength) * squares /
                   (static_cast<double>(run.batch) * width);
        });
        return sum;
    }
    /// The gradient of the penalty with respect to every output of panel p.
    template <int Layer>
    SPIKEFUSE_FUNCTION V charge(context const& here, int p) const {
        double const* const count = this->template penalized_counts<Layer>(here);
        if (count == nullptr) return V(T(0));
        constexpr int width = Schedule::template width_from<Layer>;
        auto const& penalty = run.penalties[base::template output_slot<Layer>];
        T const factor =
            2 * penalty.strength /
            (static_cast<T>(run.batch) * static_cast<T>(width) * static_cast<T>(run.steps));
        T numbers[W];
        for (int lane = 0; lane < W; ++lane)
            numbers[lane] = p * W + lane < width
                                ? factor * penalty.excess(count[p * W + lane], run.steps)
                                : T(0);
        return V::load(numbers);
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
