// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The forward kernel of few steps of many small bodies: each by one thread, as cells are, from and
/// to the samples' memory. The sample's way through a team's scratch, with its coefficients, lists
/// and barriers, costs several times the step of a small network. Of a host: where a register is
/// one number, teams run all.

#include "cell_step.hpp"
#include "outputs.hpp"
#include "sample_state.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// What a step of a network may cost, in weights (a state as much as 32), and how many steps, to
/// run so. Measured: docs/lab_notebook/speed.md. Sums over time of up to 16 steps are one number.
inline constexpr std::size_t most_work_of_cells = 1 << 15;
inline constexpr int most_steps_of_cells = 4;
static_assert(most_steps_of_cells <= steps_per_total);
/// Whether a network's few steps run so.
template <class Schedule, class T>
inline constexpr bool steps_as_cells = [] {
    using layout = plan::layout<Schedule, T>;
    if constexpr (lanes<T>::width == 1 || layout::work_of_step > most_work_of_cells ||
                  layout::memory_total > plan::states_of_cell || layout::mapped.row > 0 ||
                  shares_a_state<Schedule>) {
        return false;
    } else {
        return layout::facts::listed.widest <= plan::widest_of_cell;
    }
}();

template <class Schedule, class T, class Readout>
struct forward_cells_kernel {
    using V = lanes<T>;
    using layout = plan::layout<Schedule, T>;
    using input = typename Schedule::template buffer_at<plan::network_input>;
    using element = std::conditional_t<input::bits, std::uint32_t, T>;
    /// Bodies that are asked for ahead of their step: as many as fill some lines, for memory to
    /// come while others compute.
    static constexpr std::size_t body_bytes = layout::memory_total * sizeof(T),
                                 bodies_ahead = 4096 / (body_bytes + 64) + 1;

    run_arguments<T> run; // of few steps, without records
    int parts;            // of the batch, neighbours each

    SPIKEFUSE_FLATTEN void operator()(int part) const {
        alignas(64) T coefficients[layout::coefficient_total + 1];
        alignas(64) T initial[layout::kept_states + 1];
        cell_prepare_kernel<Schedule, T> const prepare{run.parameters, coefficients, initial,
                                                       run.step};
        for (std::size_t k = 0; k < prepare.count; ++k) prepare(static_cast<int>(k));
        cell_constants<T> const constants{run.parameters, coefficients, initial, run.seed};
        auto const begin = static_cast<int>(static_cast<long long>(part) * run.batch / parts),
                   end = static_cast<int>((static_cast<long long>(part) + 1) * run.batch / parts);
        for (int sample = begin; sample < end; ++sample) run_body(constants, sample, end);
    }

  private:
    SPIKEFUSE_FUNCTION void run_body(cell_constants<T> const& constants, int sample,
                                     int end) const {
        auto const body = static_cast<std::size_t>(sample);
        T* const memory = run.states + body * layout::memory_total;
        if (sample >= run.begun) {
            for (std::size_t k = 0; k < layout::memory_total; ++k)
                memory[k] = k < layout::kept_states ? constants.initial[k] : T(0);
        } else if (sample + static_cast<int>(bodies_ahead) < end) {
            auto const* const ahead =
                reinterpret_cast<char const*>(memory + bodies_ahead * layout::memory_total);
            for (std::size_t k = 0; k < body_bytes; k += 64) prefetch(ahead + k);
        }
        auto const kept_row = [&](auto b, int ago) SPIKEFUSE_INLINE {
            constexpr int buffer = decltype(b)::value;
            return reinterpret_cast<
                std::conditional_t<Schedule::template buffer_at<buffer>::bits, std::uint32_t, T>*>(
                memory + layout::template kept_row_at<buffer>(ago));
        };
        constexpr int W = V::width, whole = Schedule::outputs / W, rest = Schedule::outputs % W;
        V reduced[Readout::every_step ? 1 : whole + 1];
        if constexpr (!Readout::every_step)
            for (V& one : reduced) one = Readout::template start<T>(run.steps);
        for (int t = 0; t < run.steps; ++t) {
            auto const write = [&](int p, auto live, V flow, std::uint32_t) SPIKEFUSE_INLINE {
                if constexpr (Readout::every_step) {
                    give<decltype(live)::value>(body, t, p, flow);
                } else {
                    reduced[p] = Readout::combine(reduced[p], flow, t);
                }
            };
            step_body<Schedule>(constants, memory, kept_row,
                                static_cast<element const*>(run.input) + body * run.input_sample +
                                    static_cast<std::size_t>(t) * run.input_step,
                                write,
                                noise_index{run.number_of(static_cast<std::size_t>(sample)),
                                            run.elapsed + static_cast<std::uint64_t>(t)});
        }
        if constexpr (!Readout::every_step) {
            auto const finished = [&](int p) {
                return each_lane(reduced[p], [&](T value) SPIKEFUSE_INLINE {
                    return Readout::finish(value, run.steps);
                });
            };
            for (int p = 0; p < whole; ++p) give<W>(body, 0, p, finished(p));
            if constexpr (rest != 0) give<rest>(body, 0, whole, finished(whole));
        }
    }
    /// Register p of a step's output, or of the readout.
    template <int Live>
    SPIKEFUSE_FUNCTION void give(std::size_t body, int t, int p, V value) const {
        T* const to = run.output + static_cast<std::size_t>(t) * run.output_step +
                      body * run.output_sample +
                      static_cast<std::size_t>(p * V::width) * run.output_neuron;
        if (run.output_neuron == 1) {
            value.template store_first<Live>(to);
        } else {
            for (int k = 0; k < Live; ++k)
                to[static_cast<std::size_t>(k) * run.output_neuron] = value.lane(k);
        }
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
