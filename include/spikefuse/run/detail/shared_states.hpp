// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Layers that keep one state for all samples.

#include "../../kernel/initial_state.hpp"

#include <string>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Gives every sample the state that such layers have in the first one.
/// @param states [batch, memory_total]
template <class Schedule, class T, class Space>
void spread_first_sample(std::string const& label, Space const& space, T* states, int batch) {
    using layout = plan::layout<Schedule, T>;
    plan::mp11::mp_for_each<plan::mp11::mp_iota_c<static_cast<std::size_t>(Schedule::layer_count)>>(
        [&](auto layer) {
            constexpr int l = static_cast<int>(layer);
            if constexpr (broadcast_first_sample_state<typename Schedule::template word<l>>) {
                constexpr auto begin = layout::template kept_states_at<l>,
                               length = layout::template kept_states_at<l + 1> - begin;
                Kokkos::parallel_for(
                    label,
                    Kokkos::RangePolicy<Space>(space, 0, length * static_cast<std::size_t>(batch)),
                    first_sample_kernel<T>{states + begin, length, layout::memory_total});
            }
        });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
