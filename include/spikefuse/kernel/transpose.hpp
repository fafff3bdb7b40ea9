// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A copy of the weights for the pass backwards.

#include "../core/tuple.hpp"
#include "../plan/layout.hpp"
#include "arguments.hpp"

#include <cstddef>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Copies weights to [input panel][output][P]; one index per input register. Layers that read the
/// network's input alone are skipped unless its gradient is requested.
template <class Schedule, class T>
struct transpose_kernel {
    using V = lanes<T>;
    using layout = plan::layout<Schedule, T, true>;
    static constexpr int W = V::width, P = panel_width<T>;

    run_arguments<T> run;

    KOKKOS_FUNCTION int registers() const {
        int sum = 0;
        each_copied([&](auto, int count) { sum += count; });
        return sum;
    }
    KOKKOS_FUNCTION void operator()(int k) const {
        each_copied([&](auto layer, int count) {
            if (k >= 0 && k < count) {
                using over = typename Schedule::template word<layer>::template over<
                    Schedule::template width_into<layer>>;
                int const output = k % over::outputs, first = k / over::outputs * W;
                T const* const from =
                    over::panel(run.parameters + layout::template parameter_offset<layer>,
                                output / W) +
                    output % W;
                T numbers[W];
                for (int lane = 0; lane < W; ++lane)
                    numbers[lane] = first + lane < over::inputs
                                        ? from[static_cast<std::size_t>(first + lane) * P]
                                        : T(0);
                V::load(numbers).store(
                    over::transposed_panel(run.transposed + layout::template transposed_at<layer>,
                                           first / W) +
                    static_cast<std::size_t>(output) * P);
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
                using over = typename Schedule::template word<layer>::template over<
                    Schedule::template width_into<layer>>;
                function(fixed<layer>{}, layout::padded(over::inputs) / W * over::outputs);
            }
        });
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
