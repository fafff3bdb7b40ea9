// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The forward kernel of one step of many small bodies: each by one thread, as cells are, from and
/// to the samples' memory. The sample's way through a team's scratch, with its coefficients, lists
/// and barriers, costs several times the step of a small network.

#include "cell_step.hpp"
#include "sample_state.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// What a step of a network may cost, in weights (a state as much as 32), to run so. Measured:
/// docs/lab_notebook/speed.md.
inline constexpr std::size_t most_work_of_cells = 1 << 14;
/// Whether a network's single steps run so.
template <class Schedule, class T>
inline constexpr bool steps_as_cells = [] {
    using layout = plan::layout<Schedule, T>;
    if constexpr (lanes<T>::width == 1 || layout::work_of_step > most_work_of_cells ||
                  layout::mapped.row > 0 || shares_a_state<Schedule>) {
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

    run_arguments<T> run; // of one step, without records
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
        for (int sample = begin; sample < end; ++sample) step(constants, sample, end);
    }

  private:
    SPIKEFUSE_FUNCTION void step(cell_constants<T> const& constants, int sample, int end) const {
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
        T* const output = run.output + body * run.output_sample;
        auto const write = [&](int p, auto live, V flow, std::uint32_t) SPIKEFUSE_INLINE {
            constexpr int here = decltype(live)::value;
            V const value = result_of(flow);
            T* const to = output + static_cast<std::size_t>(p * V::width) * run.output_neuron;
            if (run.output_neuron == 1) {
                value.template store_first<here>(to);
            } else {
                for (int k = 0; k < here; ++k)
                    to[static_cast<std::size_t>(k) * run.output_neuron] = value.lane(k);
            }
        };
        step_body<Schedule>(
            constants, memory, kept_row,
            static_cast<element const*>(run.input) + body * run.input_sample, write,
            noise_index{run.first_sample + static_cast<std::uint32_t>(sample), run.elapsed});
    }
    /// The readout of this step alone.
    static SPIKEFUSE_FUNCTION V result_of(V flow) {
        if constexpr (Readout::every_step) {
            return flow;
        } else {
            return each_lane(Readout::combine(Readout::template start<T>(1), flow, 0),
                             [](T value) SPIKEFUSE_INLINE { return Readout::finish(value, 1); });
        }
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
