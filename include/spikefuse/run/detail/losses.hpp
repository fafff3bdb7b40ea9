// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The loss in the kernel backwards: what a sample's outputs cost, and their gradients. A loss of a
/// reduced readout is computed once, one of the trace block by block.

#include "backward_points.hpp"

#include <concepts>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// A loss of the trace that sees all outputs of a step together, or each by itself; see
/// train/loss.hpp.
template <class Loss, class T>
concept row_loss = Loss::readout::every_step &&
                   requires(Loss const loss, typename Loss::template targets<T> wanted,
                            T const* row, T* gradient) {
                       {
                           loss.template of_row<T>(row, 1, wanted, 0, 0, 1, 1, gradient)
                       } -> std::convertible_to<T>;
                   };
template <class Loss, class T>
concept step_loss =
    Loss::readout::every_step &&
    requires(Loss const loss, typename Loss::template targets<T> wanted, T* gradient) {
        {
            loss.template of_step<T>(T(0), 1, wanted, 0, 0, 0, 1, 1, gradient)
        } -> std::convertible_to<T>;
    };

template <class Schedule, class T, input_kind Kind, class Loss, class Space>
struct losses_kernel : backward_points_kernel<Schedule, T, Kind, typename Loss::readout, Space> {
    using base = backward_points_kernel<Schedule, T, Kind, typename Loss::readout, Space>;
    using base::run;
    using typename base::context, typename base::layout, typename base::V;
    static constexpr int W = V::width;

    static constexpr bool of_trace = Loss::readout::every_step, of_rows = row_loss<Loss, T>;
    static_assert(!of_trace || of_rows || step_loss<Loss, T>,
                  "spikefuse: a loss of the trace has of_row, or of_step, with the parameters that "
                  "train/loss.hpp names.");

    Loss loss;
    typename Loss::template targets<T> targets;
    T* losses; // [B]
    // Of a loss of the trace, for each sample on the tape:
    double* costs;    // what its steps cost: [places, an output each]; of rows [places, a row of a
                      // block each]: no sum depends on threads
    T* row_gradients; // of rows: [places, K, N in whole registers]

    SPIKEFUSE_FUNCTION static std::size_t costs_apart(int block) {
        return !of_trace ? 0
                         : static_cast<std::size_t>(of_rows ? plan::round_up(block, 8)
                                                            : layout::padded(Schedule::outputs));
    }
    SPIKEFUSE_FUNCTION static std::size_t row_gradients_apart(int block) {
        return !of_rows ? 0
                        : static_cast<std::size_t>(block) *
                              static_cast<std::size_t>(layout::padded(Schedule::outputs));
    }

    /// [N]: gradients of the reduced readout.
    SPIKEFUSE_FUNCTION T* seeds_of(context const& here) const {
        return here.template at<T>(layout::template offset_of<plan::region::readout_gradient>);
    }

    /// Before the way back: a loss of a reduced readout, and its gradient.
    SPIKEFUSE_FUNCTION void begin_costs(context const& here) const {
        if constexpr (!of_trace) {
            T* const seeds = seeds_of(here);
            this->each_own(here, layout::padded(Schedule::outputs) - Schedule::outputs,
                           [&](int n) { seeds[Schedule::outputs + n] = T(0); });
            if (here.team.team_rank() == 0)
                losses[here.sample] =
                    loss.template of_readout<T>(
                        run.output + static_cast<std::size_t>(here.sample) * Schedule::outputs,
                        Schedule::outputs, targets, here.sample, run.batch, seeds) +
                    static_cast<T>(this->charged(here));
        } else {
            double* const cost = costs_of(here);
            this->each_own(here, cost_count(), [&](int k) { cost[k] = 0; });
        }
    }
    /// At its end: a loss of the trace.
    SPIKEFUSE_FUNCTION void end_costs([[maybe_unused]] context const& here) const {
        if constexpr (of_trace)
            if (here.team.team_rank() == 0) {
                double sum = this->charged(here);
                for (int k = 0; k < cost_count(); ++k) sum += costs_of(here)[k];
                losses[here.sample] = static_cast<T>(sum);
            }
    }

    /// What the steps of a sample's trace cost, in double: a long run's mean would drift in float.
    SPIKEFUSE_FUNCTION double* costs_of(context const& here) const {
        return costs + static_cast<std::size_t>(here.place) * costs_apart(run.block);
    }
    SPIKEFUSE_FUNCTION int cost_count() const { return of_rows ? run.block : Schedule::outputs; }
    SPIKEFUSE_FUNCTION T* row_gradient(context const& here, int r) const {
        return row_gradients +
               static_cast<std::size_t>(here.place) * row_gradients_apart(run.block) +
               static_cast<std::size_t>(r) * layout::padded(Schedule::outputs);
    }
    /// The loss, and its gradient, of each step of this block, whose outputs the run forwards left
    /// in the trace.
    SPIKEFUSE_FUNCTION void charge_rows(context const& here) const {
        this->each_own(here, here.rows, [&](int r) {
            int const step = here.first_step + r;
            T const* const row =
                run.output + (static_cast<std::size_t>(step) * static_cast<std::size_t>(run.batch) +
                              static_cast<std::size_t>(here.sample)) *
                                 Schedule::outputs;
            T* const gradient = row_gradient(here, r);
            for (int n = Schedule::outputs; n < layout::padded(Schedule::outputs); ++n)
                gradient[n] = T(0);
            costs_of(here)[r] += static_cast<double>(
                loss.template of_row<T>(row, Schedule::outputs, targets, step, here.sample,
                                        run.steps, run.batch, gradient));
        });
    }
    /// The readout's rows hold outputs: now their gradients.
    SPIKEFUSE_FUNCTION void seed_readout(context const& here) const {
        this->each_own(here, (Schedule::outputs + W - 1) / W, [&](int p) {
            seed_panel(here, p, [&](int r) { return this->readout_row(here, r) + p * W; });
        });
    }
    /// Panel p of outputs, in all rows of this block: where row_of(r) says, their gradients take
    /// their place.
    template <class RowOf>
    SPIKEFUSE_FUNCTION void seed_panel(context const& here, int p, RowOf const& row_of) const {
        V cost(T(0));
        for (int r = 0; r < here.rows; ++r) cost += seed_output(here, p, r, row_of(r));
        if constexpr (of_trace && !of_rows)
            for (int k = 0; k < W && p * W + k < Schedule::outputs; ++k)
                costs_of(here)[p * W + k] += static_cast<double>(cost.lane(k));
    }
    /// One row of it; returns what its numbers cost, where each is charged by itself.
    SPIKEFUSE_FUNCTION V seed_output(context const& here, int p, int r, T* row) const {
        [[maybe_unused]] int const step = here.first_step + r;
        if constexpr (of_rows) {
            V::load(row_gradient(here, r) + p * W).store(row);
        } else if constexpr (of_trace) {
            int const left = Schedule::outputs - p * W, count = left < W ? left : W;
            T gradients[W], sums[W];
            for (int k = 0; k < W; ++k) gradients[k] = T(0), sums[k] = T(0);
            for (int k = 0; k < count; ++k)
                sums[k] =
                    loss.template of_step<T>(row[k], Schedule::outputs, targets, step, here.sample,
                                             p * W + k, run.steps, run.batch, gradients + k);
            V::load(gradients).store(row);
            return V::load(sums);
        } else if constexpr (picking_readout<typename Loss::readout>) {
            V const when = V::load(this->when_row(here) + p * W),
                    seed = V::load(seeds_of(here) + p * W);
            select(when != V(static_cast<T>(step)), V(T(0)),
                   V(Loss::readout::template gradient_sign<T>) * seed)
                .store(row);
        } else {
            (V(Loss::readout::template share<T>(step, run.steps)) * V::load(seeds_of(here) + p * W))
                .store(row);
        }
        return V(T(0));
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
