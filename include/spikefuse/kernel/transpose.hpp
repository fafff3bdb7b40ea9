// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A copy of the weights for the pass backwards.

#include "../core/tuple.hpp"
#include "../plan/layout.hpp"
#include "arguments.hpp"

#include <cstddef>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Copies weights; one index a register of the copy. Layers that read the network's input alone are
/// skipped unless its gradient is requested.
template <class Schedule, class T>
struct transpose_kernel {
    using V = lanes<T>;
    using layout = plan::layout<Schedule, T, true>;

    run_arguments<T> run;

    KOKKOS_FUNCTION int registers() const {
        int sum = 0;
        each_copied([&](auto, int count) { sum += count; });
        return sum;
    }
    KOKKOS_FUNCTION void operator()(int k) const {
        each_copied([&](auto layer, int count) {
            if (k >= 0 && k < count) {
                Schedule::template over<layer>::transpose(
                    run.parameters + layout::template parameter_offset<layer>,
                    run.transposed + layout::template transposed_at<layer>, k);
            }
            k -= count;
        });
    }

  private:
    template <class Function>
    SPIKEFUSE_FUNCTION void each_copied(Function const& function) const {
        for_each_index<static_cast<std::size_t>(Schedule::layer_count)>([&](auto l) {
            constexpr int layer = static_cast<int>(l);
            if constexpr (Schedule::template word<layer>::mixes) {
                if (run.input_gradient == nullptr && layout::template reads_input_alone<layer>)
                    return;
                function(fixed<layer>{},
                         static_cast<int>(layout::template transposed_size<layer>() / V::width));
            }
        });
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
