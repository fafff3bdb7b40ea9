// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a sample keeps from block to block and from call to call: states, then the rows that loops
/// feed back and delays read.

#include "buffers.hpp"
#include "threads.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// A sample's row of the model's states, [memory_total].
template <class C>
SPIKEFUSE_FUNCTION typename C::number* state_of_sample(C const& here) {
    return here.run.states + static_cast<std::size_t>(here.sample) * C::layout::memory_total;
}
/// Calls function(buffer) for every buffer that keeps rows.
template <class C, class Function>
SPIKEFUSE_FUNCTION void each_keeping(Function const& function) {
    for_each_index<static_cast<std::size_t>(C::layout::buffer_count)>([&](auto buffer) {
        if constexpr (C::template buffer_at<static_cast<int>(buffer)>::kept > 0)
            function(fixed<static_cast<int>(buffer)>{});
    });
}
/// Calls function(buffer, ago) for every row that is kept, the oldest of a buffer first.
template <class C, class Function>
SPIKEFUSE_FUNCTION void each_kept_row(Function const& function) {
    each_keeping<C>([&](auto buffer) {
        for (int ago = C::template buffer_at<buffer>::kept; ago > 0; --ago) function(buffer, ago);
    });
}
/// Row r of a buffer as registers hold it. Rows are padded to whole registers, so packed spikes are
/// copied with the same vector loads as values.
template <int Buffer, class C>
SPIKEFUSE_FUNCTION typename C::number* row_address(C const& here, int r) {
    return reinterpret_cast<typename C::number*>(row_between<Buffer>(here, r));
}
/// Stores from(k) as this thread's registers of a row of a buffer.
template <int Buffer, class C, class Source>
SPIKEFUSE_FUNCTION void move_row(C const& here, typename C::number* to, Source const& from) {
    constexpr int length =
        static_cast<int>(C::layout::template row_bytes<typename C::template buffer_at<Buffer>> /
                         sizeof(typename C::number));
    each_own(here, (length + C::W - 1) / C::W, [&](int k) { from(k * C::W).store(to + k * C::W); });
}
template <class C>
SPIKEFUSE_FUNCTION void clear_kept_rows(C const& here) {
    using V = typename C::V;
    each_kept_row<C>([&](auto buffer, int ago) {
        move_row<buffer>(here, row_address<buffer>(here, -ago), [](int) { return V(0); });
    });
}
/// Saves the rows before row `next`, as many as each buffer keeps.
template <class C>
SPIKEFUSE_FUNCTION void save_kept_rows(C const& here, int next, typename C::number* to) {
    each_kept_row<C>([&](auto buffer, int ago) {
        auto const* const row = row_address<buffer>(here, next - ago);
        move_row<buffer>(here, to + C::layout::template kept_row_at<buffer>(ago),
                         [&](int k) { return C::V::load(row + k); });
    });
}
template <class C>
SPIKEFUSE_FUNCTION void save_state(C const& here, typename C::number* to) {
    auto const* const states = here.template region<plan::region::states>();
    each_own_register(here, C::layout::state_total,
                      [&](std::size_t k) { C::V::load(states + k).store(to + k); });
    save_kept_rows(here, 0, to);
}
template <class C>
SPIKEFUSE_FUNCTION void load_state(C const& here, typename C::number const* from) {
    auto* const states = here.template region<plan::region::states>();
    each_own_register(here, C::layout::state_total,
                      [&](std::size_t k) { C::V::load(from + k).store(states + k); });
    each_kept_row<C>([&](auto buffer, int ago) {
        auto const* const row = from + C::layout::template kept_row_at<buffer>(ago);
        move_row<buffer>(here, row_address<buffer>(here, -ago),
                         [&](int k) { return C::V::load(row + k); });
    });
}
/// At the end of a block: its last rows become those before the next one.
template <class C>
SPIKEFUSE_FUNCTION void keep_last_rows(C const& here) {
    if constexpr (C::layout::kept_total > 0) {
        each_kept_row<C>([&](auto buffer, int ago) { // the oldest first: rows may be fewer
            auto const* const row = row_address<buffer>(here, here.rows - ago);
            move_row<buffer>(here, row_address<buffer>(here, -ago),
                             [&](int k) { return C::V::load(row + k); });
        });
        here.team.team_barrier();
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
