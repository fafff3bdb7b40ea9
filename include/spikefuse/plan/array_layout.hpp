// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The arrays of layers: parameters in one flat array, states and coefficients of a sample in
/// another, and the slots of what can be recorded.

#include "memory_map.hpp"
#include "stage_traits.hpp"

#include <cstddef>

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

/// Sizes and offsets, counted in T.
template <class Schedule, class T>
struct array_layout {
    static constexpr int panel = panel_width<T>; // neurons whose numbers lie side by side
    static constexpr int count = Schedule::layer_count;
    SPIKEFUSE_FUNCTION static constexpr int padded(int width) { return round_up(width, panel); }
    /// Numbers of a row behind a layer of weights, in whole registers; other layers have none.
    template <int Layer>
    static constexpr std::size_t mixed_width() {
        return Schedule::template word<Layer>::mixes
                   ? static_cast<std::size_t>(padded(Schedule::template width_from<Layer>))
                   : 0;
    }

    template <int Layer>
    static constexpr std::size_t parameter_size() {
        std::size_t total = 0;
        for (array_info const& one : Schedule::template arrays_of<Layer>())
            total += static_cast<std::size_t>(padded(one.rows)) *
                     static_cast<std::size_t>(one.columns == 0 ? 1 : one.columns + 1); // zeros too
        return total;
    }
    /// Arrays of a layer, each as long as it has neurons; a layer without equations has none.
    struct array_counts {
        int states, coefficients, cached;
    };
    template <int Layer>
    static constexpr array_counts arrays_of = [] {
        using word = typename Schedule::template word<Layer>;
        if constexpr (neuron_layer<word>) {
            using about = equations::equation_traits<typename word::equations_of>;
            return array_counts{about::state_count, about::coefficient_count, about::cached_count};
        } else {
            return array_counts{0, 0, 0};
        }
    }();
    template <int Layer>
    SPIKEFUSE_FUNCTION static constexpr int state_arrays() {
        return arrays_of<Layer>.states;
    }
    /// Expensive intermediate values of a step that a replay caches for its adjoint.
    template <int Layer>
    SPIKEFUSE_FUNCTION static constexpr int cached_arrays() {
        return arrays_of<Layer>.cached;
    }
    template <int Layer>
    static constexpr int coefficient_arrays() {
        return arrays_of<Layer>.coefficients;
    }

    static constexpr auto slot_sums =
        running_sums<count>([](auto l) { return static_cast<std::size_t>(state_arrays<l>()) + 1; });
    /// Where the records of a layer begin: a slot for each of its states in order, then one for its
    /// output.
    template <int Layer>
    SPIKEFUSE_FUNCTION static constexpr int record_slot() {
        return static_cast<int>(slot_sums.before[Layer]);
    }

    /// Numbers of `arrays` arrays of a layer, each as long as it has neurons, in whole registers.
    template <int Layer>
    static constexpr std::size_t of_all_neurons(int arrays) {
        return static_cast<std::size_t>(arrays) *
               static_cast<std::size_t>(padded(Schedule::template width_from<Layer>));
    }
    static constexpr auto parameter_sums =
        running_sums<count>([](auto l) { return parameter_size<l>(); });
    static constexpr auto state_sums =
        running_sums<count>([](auto l) { return of_all_neurons<l>(state_arrays<l>()); });
    static constexpr auto coefficient_sums =
        running_sums<count>([](auto l) { return of_all_neurons<l>(coefficient_arrays<l>()); });
    /// Those of neurons alone.
    static constexpr auto constant_sums = running_sums<count>(
        [](auto l) { return Schedule::template word<l>::mixes ? 0 : parameter_size<l>(); });
    template <int Layer>
    static constexpr std::size_t constants_at = constant_sums.before[Layer];
    static constexpr std::size_t constant_total = constants_at<count>;
    template <int Layer>
    static constexpr std::size_t parameter_offset = parameter_sums.before[Layer];
    template <int Layer>
    static constexpr std::size_t states_at = state_sums.before[Layer];
    template <int Layer>
    static constexpr std::size_t coefficients_at = coefficient_sums.before[Layer];
    static constexpr std::size_t parameter_total = parameter_sums.before[count];
    static constexpr std::size_t state_total = state_sums.before[count];
    static constexpr std::size_t coefficient_total = coefficient_sums.before[count];
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
