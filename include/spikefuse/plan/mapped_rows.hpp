// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The memory of row maps: what of their currents a sample keeps at a time, and what a thread of a
/// host works in.

#include "memory_map.hpp"
#include "stage_traits.hpp"

#include <algorithm>

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

template <class Schedule, class T, bool Training>
struct mapped_rows {
    /// Numbers of the widest row of currents, in whole registers, and of a thread's memory.
    struct sizes {
        std::size_t row = 0, work = 0;
    };
    static constexpr sizes mapped = [] {
        sizes most{};
        mp11::mp_for_each<mp11::mp_iota_c<static_cast<std::size_t>(Schedule::layer_count)>>(
            [&](auto l) {
                constexpr int layer = static_cast<int>(l);
                if constexpr (maps_rows<Schedule, layer>) {
                    using over = typename Schedule::template over<layer>;
                    constexpr auto row =
                        static_cast<std::size_t>(round_up(over::outputs, panel_width<T>));
                    constexpr std::size_t work = over::template work<T, Training>;
                    most.row = std::max(most.row, row);
                    most.work = std::max(most.work, work);
                }
            });
        return most;
    }();
    /// Rows of currents that stand in the near caches before neurons read them.
    static constexpr int mapped_at_a_time = [] {
        constexpr std::size_t near = 64 << 10,
                              row = std::max<std::size_t>(mapped.row, 1) * sizeof(T);
        return mapped.row == 0 ? 0 : static_cast<int>(std::clamp<std::size_t>(near / row, 1, 64));
    }();
    static constexpr std::size_t mapped_bytes = static_cast<std::size_t>(mapped_at_a_time) *
                                                mapped.row * sizeof(T),
                                 work_bytes = mapped.work * sizeof(T);
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
