// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Neurons at rest: their coefficients from the parameters, and the states that a run begins with.

#include "../../plan/layout.hpp"
#include "arguments.hpp"

#include <Kokkos_Core.hpp>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Coefficients and states at rest of neurons [n, n + W) of a layer, whose parameters begin at
/// `parameters`.
template <class N, int Width, class V>
SPIKEFUSE_FUNCTION void set_initial_state(equations::neurons<N, V>& cell,
                                          typename V::number const* parameters, int n,
                                          typename V::number step) {
    using about = equations::equation_traits<N>;
    V params[equations::neurons<N, V>::template at_least_one<about::param_count>];
    for_each_index<about::param_count>(
        [&](auto k) { params[k] = V::load(parameters + k * Width + n); });
    equations::prepare<N>(params, step, cell.coefficients);
    equations::rest(cell);
}

/// Writes the states at rest of a sample, and empties what its loops feed back.
template <class Schedule, class T>
struct initial_state_kernel {
    using V = lanes<T>;
    using layout = plan::layout<Schedule, T>;
    run_arguments<T> run;

    SPIKEFUSE_FUNCTION void operator()(int sample) const {
        T* const memory = run.states + static_cast<std::size_t>(sample) * layout::memory_total;
        for (std::size_t k = layout::state_total; k < layout::memory_total; ++k) memory[k] = T(0);
        for_each_index<static_cast<std::size_t>(Schedule::layer_count)>([&](auto layer) {
            using word = typename Schedule::template word<layer>;
            if constexpr (neuron_layer<word>) {
                using N = typename word::equations_of;
                constexpr int width = layout::padded(Schedule::template width_from<layer>);
                for (int n = 0; n < width; n += V::width) {
                    equations::neurons<N, V> cell;
                    set_initial_state<N, width>(
                        cell, run.parameters + layout::template parameter_offset<layer>, n,
                        run.step);
                    for_each_index<equations::equation_traits<N>::state_count>([&](auto k) {
                        cell.states[k].store(memory + layout::template states_at<layer> +
                                             k * width + n);
                    });
                }
            }
        });
    }
};

/// Whether a layer gives all samples the state of the first one.
template <class Word>
inline constexpr bool broadcast_first_sample_state = false;
template <class Word>
    requires requires { Word::equations_of::broadcast_first_sample_state; }
inline constexpr bool broadcast_first_sample_state<Word> =
    Word::equations_of::broadcast_first_sample_state;

/// Gives every sample the first one's numbers: `length` of them, `apart` from sample to sample.
template <class T>
struct first_sample_kernel {
    T* first;
    std::size_t length, apart;

    SPIKEFUSE_FUNCTION void operator()(std::size_t k) const {
        first[k / length * apart + k % length] = first[k % length];
    }
};
/// Does nothing: its launch reserves scratch.
template <class Member>
struct empty_kernel {
    SPIKEFUSE_FUNCTION void operator()(Member const&) const {}
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
