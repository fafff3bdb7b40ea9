// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The loss in the kernel backwards: what a sample's outputs cost, and their gradients. A loss of a
/// reduced readout is computed once, one of the trace block by block.

#include "initial_state.hpp"
#include "neuron_adjoint.hpp"

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

/// The loss of a run, and what its kernel needs of it.
/// @tparam Loss see train/loss.hpp
template <class T, class Loss>
struct loss_in_kernel {
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

    /// Elements from a place on the tape to the next, of `outputs` outputs.
    SPIKEFUSE_FUNCTION static std::size_t costs_apart(int block, int outputs) {
        return !of_trace
                   ? 0
                   : static_cast<std::size_t>(of_rows ? plan::round_up(block, 8)
                                                      : plan::round_up(outputs, panel_width<T>));
    }
    SPIKEFUSE_FUNCTION static std::size_t row_gradients_apart(int block, int outputs) {
        return !of_rows ? 0
                        : static_cast<std::size_t>(block) *
                              static_cast<std::size_t>(plan::round_up(outputs, panel_width<T>));
    }

    /// What the steps of a sample's trace cost, in double: a long run's mean would drift in float.
    template <class C>
    SPIKEFUSE_FUNCTION double* costs_of(C const& here) const {
        return costs + static_cast<std::size_t>(here.place) *
                           costs_apart(here.run.block, C::schedule::outputs);
    }
    template <class C>
    SPIKEFUSE_FUNCTION int cost_count(C const& here) const {
        return of_rows ? here.run.block : C::schedule::outputs;
    }
    template <class C>
    SPIKEFUSE_FUNCTION T* row_gradient(C const& here, int r) const {
        return row_gradients +
               static_cast<std::size_t>(here.place) *
                   row_gradients_apart(here.run.block, C::schedule::outputs) +
               static_cast<std::size_t>(r) * C::layout::padded(C::schedule::outputs);
    }

    /// Before the way back: a loss of a reduced readout, and its gradient.
    template <class C>
    SPIKEFUSE_FUNCTION void begin_costs(C const& here) const {
        constexpr int outputs = C::schedule::outputs;
        if constexpr (!of_trace) {
            T* const gradient = here.template region<plan::region::readout_gradient>();
            for (int const n : own_share(here, C::layout::padded(outputs) - outputs))
                gradient[outputs + n] = T(0);
            if (here.team.team_rank() == 0)
                losses[here.sample] =
                    loss.template of_readout<T>(
                        here.run.output + static_cast<std::size_t>(here.sample) * outputs, outputs,
                        targets, here.sample, here.run.batch, gradient) +
                    static_cast<T>(penalty(here));
        } else {
            double* const cost = costs_of(here);
            for (int const k : own_share(here, cost_count(here))) cost[k] = 0;
        }
    }
    /// At its end: a loss of the trace.
    template <class C>
    SPIKEFUSE_FUNCTION void end_costs([[maybe_unused]] C const& here) const {
        if constexpr (of_trace)
            if (here.team.team_rank() == 0) {
                double sum = penalty(here);
                for (int k = 0; k < cost_count(here); ++k) sum += costs_of(here)[k];
                losses[here.sample] = static_cast<T>(sum);
            }
    }
    /// The penalty on this sample's activity.
    template <class C>
    static SPIKEFUSE_FUNCTION double penalty(C const& here) {
        double sum = 0;
        if (here.run.penalties == nullptr) return sum;
        each_population<typename C::schedule>(
            [&](auto layer) { sum += penalty_of_layer<layer>(here); });
        return sum;
    }

    /// The loss, and its gradient, of each step of this block, whose outputs the run forwards left
    /// in the trace.
    template <class C>
    SPIKEFUSE_FUNCTION void charge_rows(C const& here) const {
        constexpr int outputs = C::schedule::outputs;
        auto const& run = here.run;
        for (int const r : own_share(here, here.rows)) {
            int const step = here.first_step + r;
            T const* const row =
                run.output + (static_cast<std::size_t>(step) * static_cast<std::size_t>(run.batch) +
                              static_cast<std::size_t>(here.sample)) *
                                 outputs;
            T* const gradient = row_gradient(here, r);
            for (int n = outputs; n < C::layout::padded(outputs); ++n) gradient[n] = T(0);
            costs_of(here)[r] += static_cast<double>(loss.template of_row<T>(
                row, outputs, targets, step, here.sample, run.steps, run.batch, gradient));
        }
    }
    /// The readout's rows hold outputs: now their gradients.
    template <class C>
    SPIKEFUSE_FUNCTION void seed_readout(C const& here) const {
        for (int const p : own_share(here, (C::schedule::outputs + C::W - 1) / C::W)) {
            seed_panel(here, p, [&](int r) { return readout_row(here, r) + p * C::W; });
        }
    }
    /// Panel p of outputs, in all rows of this block: where row_of(r) says, their gradients take
    /// their place.
    template <class C, class RowOf>
    SPIKEFUSE_FUNCTION void seed_panel(C const& here, int p, RowOf const& row_of) const {
        constexpr int W = C::W;
        lanes<T> cost(T(0));
        for (int r = 0; r < here.rows; ++r) cost += seed_output(here, p, r, row_of(r));
        if constexpr (of_trace && !of_rows)
            for (int k = 0; k < W && p * W + k < C::schedule::outputs; ++k)
                costs_of(here)[p * W + k] += static_cast<double>(cost.lane(k));
    }
    /// One row of it; returns what its numbers cost, where each is charged by itself.
    template <class C>
    SPIKEFUSE_FUNCTION lanes<T> seed_output(C const& here, int p, int r, T* row) const {
        using V = lanes<T>;
        constexpr int W = C::W, outputs = C::schedule::outputs;
        auto const& run = here.run;
        [[maybe_unused]] int const step = here.first_step + r;
        if constexpr (of_rows) {
            V::load(row_gradient(here, r) + p * W).store(row);
        } else if constexpr (of_trace) {
            int const left = outputs - p * W, count = left < W ? left : W;
            T gradients[W], sums[W];
            for (int k = 0; k < W; ++k) gradients[k] = T(0), sums[k] = T(0);
            for (int k = 0; k < count; ++k)
                sums[k] = loss.template of_step<T>(row[k], outputs, targets, step, here.sample,
                                                   p * W + k, run.steps, run.batch, gradients + k);
            V::load(gradients).store(row);
            return V::load(sums);
        } else {
            V const whole = V::load(here.template region<plan::region::readout_gradient>() + p * W);
            if constexpr (picking_readout<typename Loss::readout>) {
                V const when = V::load(when_row(here) + p * W);
                select(when != V(static_cast<T>(step)), V(T(0)),
                       V(Loss::readout::template gradient_sign<T>) * whole)
                    .store(row);
            } else {
                (V(Loss::readout::template share<T>(step, run.steps)) * whole).store(row);
            }
        }
        return V(T(0));
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
