// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Neurons at rest: their coefficients from the parameters, and the states that a run begins with.
/// The adjoint, which a program that only runs does not parse: neuron_adjoint.hpp.

#include "../equations/evaluate.hpp"
#include "threads.hpp"

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

/// Calls function(layer) for every layer of neurons.
template <class Schedule, class Function>
SPIKEFUSE_FUNCTION void each_population(Function const& function) {
    for_each_index<static_cast<std::size_t>(Schedule::layer_count)>([&](auto layer) {
        using word = typename Schedule::template word<static_cast<int>(layer)>;
        if constexpr (neuron_layer<word>) function(fixed<static_cast<int>(layer)>{});
    });
}
/// Coefficients, and states at rest, of the register from neuron n on, into the sample's scratch.
template <int Layer, class C>
SPIKEFUSE_FUNCTION void initialize_neuron(C const& here, int n) {
    using layout = typename C::layout;
    using N = typename C::template equations_of<Layer>;
    using about = equations::equation_traits<N>;
    constexpr int width = padded_width<C, Layer>;
    auto* const states =
        here.template region<plan::region::states>() + layout::template states_at<Layer>;
    auto* const coefficients = here.template region<plan::region::coefficients>() +
                               layout::template coefficients_at<Layer>;
    equations::neurons<N, typename C::V> cell;
    set_initial_state<N, width>(cell, here.template parameters_of<Layer>(), n, here.run.step);
    for_each_index<about::coefficient_count>(
        [&](auto j) { cell.coefficients[j].store(coefficients + j * width + n); });
    for_each_index<about::state_count>(
        [&](auto j) { cell.states[j].store(states + j * width + n); });
}
template <int Layer, class C>
SPIKEFUSE_FUNCTION void initialize_layer(C const& here) {
    for (int const k : own_share(here, padded_width<C, Layer> / C::W))
        initialize_neuron<Layer>(here, k * C::W);
}
template <class C>
SPIKEFUSE_FUNCTION void initialize_neurons(C const& here) {
    each_population<typename C::schedule>([&](auto layer) { initialize_layer<layer>(here); });
}

// --- kernels of their own ---

/// Layers that keep one state for all samples.
template <class Word>
inline constexpr bool broadcast_first_sample_state = false;
template <class Word>
    requires requires { Word::equations_of::broadcast_first_sample_state; }
inline constexpr bool broadcast_first_sample_state<Word> =
    Word::equations_of::broadcast_first_sample_state;

/// Whether a network has such a layer.
template <class Schedule>
inline constexpr bool shares_a_state = []<int... Layer>(std::integer_sequence<int, Layer...>) {
    return (broadcast_first_sample_state<typename Schedule::template word<Layer>> || ...);
}(std::make_integer_sequence<int, Schedule::layer_count>{});

/// Writes the states at rest of a sample, and empties what its loops feed back.
template <class Schedule, class T>
struct initial_state_kernel {
    using V = lanes<T>;
    using layout = plan::layout<Schedule, T>;
    run_arguments<T> run;

    SPIKEFUSE_FUNCTION void operator()(int sample) const {
        T* const memory = run.states + static_cast<std::size_t>(sample) * layout::memory_total;
        for (std::size_t k = layout::kept_states; k < layout::memory_total; ++k) memory[k] = T(0);
        each_population<Schedule>([&](auto layer) { initialize<layer>(memory); });
    }

  private:
    template <int Layer> // a named template: g++ 12 and 13 end with an internal error in a lambda
    SPIKEFUSE_FUNCTION void initialize(T* memory) const {
        using N = typename Schedule::template word<Layer>::equations_of;
        constexpr int width = Schedule::template width_from<Layer>, W = V::width;
        for (int n = 0; n < width; n += W) {
            equations::neurons<N, V> cell;
            set_initial_state<N, layout::padded(width)>(
                cell, run.parameters + layout::template parameter_offset<Layer>, n, run.step);
            for_each_index<equations::equation_traits<N>::state_count>([&](auto k) {
                T* const to = memory + layout::template kept_states_at<Layer> + k * width + n;
                if (width - n >= W) {
                    cell.states[k].store(to);
                } else {
                    cell.states[k].template store_first<width % W>(to);
                }
            });
        }
    }
};
/// The same for samples of a list, or those for which a mask is true.
template <class Schedule, class T, class Samples>
struct reset_kernel {
    initial_state_kernel<Schedule, T> rest;
    Samples which;

    KOKKOS_FUNCTION void operator()(int k) const {
        if constexpr (std::is_same_v<typename Samples::non_const_value_type, bool>) {
            if (which(k)) rest(k);
        } else {
            int const sample = which(k);
            if (sample < 0 || sample >= rest.run.batch)
                Kokkos::abort("spikefuse: reset() was given the number of a sample that the model "
                              "does not have. Samples are numbered from 0 to batch - 1.");
            rest(sample);
        }
    }
};
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
