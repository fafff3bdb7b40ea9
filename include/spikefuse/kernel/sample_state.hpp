// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a sample keeps from block to block and from call to call: states, then the rows that loops
/// feed back.

#include "buffers.hpp"
#include "threads.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// A sample's row of the model's states, [memory_total].
template <class C>
SPIKEFUSE_FUNCTION typename C::number* state_of_sample(C const& here) {
    return here.run.states + static_cast<std::size_t>(here.sample) * C::layout::memory_total;
}
/// Calls function(buffer) for every buffer that is fed back.
template <class C, class Function>
SPIKEFUSE_FUNCTION void each_fed_back(Function const& function) {
    for_each_index<static_cast<std::size_t>(C::layout::buffer_count)>([&](auto buffer) {
        if constexpr (C::template buffer_at<static_cast<int>(buffer)>::fed_back)
            function(fixed<static_cast<int>(buffer)>{});
    });
}
template <class C, int Buffer>
inline constexpr std::size_t fed_back_place =
    C::layout::state_total + C::layout::template kept_bytes<Buffer> / sizeof(typename C::number);
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
SPIKEFUSE_FUNCTION void clear_fed_back(C const& here) {
    using V = typename C::V;
    each_fed_back<C>([&](auto buffer) {
        move_row<buffer>(here, row_address<buffer>(here, -1), [](int) { return V(0); });
    });
}
/// Saves row r of every buffer that is fed back.
template <class C>
SPIKEFUSE_FUNCTION void save_fed_back(C const& here, int r, typename C::number* to) {
    each_fed_back<C>([&](auto buffer) {
        auto const* const last = row_address<buffer>(here, r);
        move_row<buffer>(here, to + fed_back_place<C, buffer>,
                         [&](int k) { return C::V::load(last + k); });
    });
}
template <class C>
SPIKEFUSE_FUNCTION void save_state(C const& here, typename C::number* to) {
    auto const* const states = here.template region<plan::region::states>();
    each_own_register(here, C::layout::state_total,
                      [&](std::size_t k) { C::V::load(states + k).store(to + k); });
    save_fed_back(here, -1, to);
}
template <class C>
SPIKEFUSE_FUNCTION void load_state(C const& here, typename C::number const* from) {
    auto* const states = here.template region<plan::region::states>();
    each_own_register(here, C::layout::state_total,
                      [&](std::size_t k) { C::V::load(from + k).store(states + k); });
    each_fed_back<C>([&](auto buffer) {
        move_row<buffer>(here, row_address<buffer>(here, -1),
                         [&](int k) { return C::V::load(from + fed_back_place<C, buffer> + k); });
    });
}
/// At the end of a block: its last row becomes the row before the next one.
template <class C>
SPIKEFUSE_FUNCTION void keep_last_row(C const& here) {
    if constexpr (C::layout::kept_total > 0) {
        each_fed_back<C>([&](auto buffer) {
            auto const* const last = row_address<buffer>(here, here.rows - 1);
            move_row<buffer>(here, row_address<buffer>(here, -1),
                             [&](int k) { return C::V::load(last + k); });
        });
        here.team.team_barrier();
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
