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
    for (int const k : own_share(here, (length + C::W - 1) / C::W))
        from(k * C::W).store(to + k * C::W);
}
template <class C>
SPIKEFUSE_FUNCTION void clear_kept_rows(C const& here) {
    using V = typename C::V;
    each_kept_row<C>([&](auto buffer, int ago) {
        move_row<buffer>(here, row_address<buffer>(here, -ago), [](int) { return V(0); });
    });
}
/// Saves the rows before row `next`, as many as each buffer keeps, to an entry of the tape.
template <class C>
SPIKEFUSE_FUNCTION void save_kept_rows(C const& here, int next, typename C::number* entry) {
    each_kept_row<C>([&](auto buffer, int ago) {
        auto const* const row = row_address<buffer>(here, next - ago);
        move_row<buffer>(here, entry + C::layout::template entry_row_at<buffer>(ago),
                         [&](int k) { return C::V::load(row + k); });
    });
}
/// The states and rows that a block of the tape began with.
template <class C>
SPIKEFUSE_FUNCTION void load_entry(C const& here, typename C::number const* entry) {
    auto* const states = here.template region<plan::region::states>();
    for (std::size_t const k : own_registers(here, C::layout::state_total))
        C::V::load(entry + k).store(states + k);
    each_kept_row<C>([&](auto buffer, int ago) {
        auto const* const row = entry + C::layout::template entry_row_at<buffer>(ago);
        move_row<buffer>(here, row_address<buffer>(here, -ago),
                         [&](int k) { return C::V::load(row + k); });
    });
}

/// Calls function(in scratch, in memory, live) for this thread's registers of all arrays of states:
/// where they begin, and how many neurons they have.
template <class C, class Function>
SPIKEFUSE_FUNCTION void each_own_state(C const& here, Function const& function) {
    using layout = typename C::layout;
    if constexpr (layout::kept_states == layout::state_total) { // whole registers, array by array
        for (std::size_t const k : own_registers(here, layout::state_total)) function(k, k, C::W);
    } else {
        constexpr auto all = layout::all_states; // a kernel's own
        for (std::size_t a = 0; a < layout::array_count; ++a)
            for (std::size_t const k :
                 own_registers(here, static_cast<std::size_t>(all.at[a].width)))
                function(all.at[a].in_scratch + k, all.at[a].in_memory + k,
                         all.at[a].width - static_cast<int>(k));
    }
}
/// From scratch to a sample's memory, or to an array that lies like it.
template <class C>
SPIKEFUSE_FUNCTION void save_states(C const& here, typename C::number const* states,
                                    typename C::number* to) {
    each_own_state(here, [&](std::size_t in_scratch, std::size_t in_memory, int live) {
        if (live >= C::W) {
            C::V::load(states + in_scratch).store(to + in_memory);
        } else {
            for (std::size_t n = 0; n < static_cast<std::size_t>(live); ++n)
                to[in_memory + n] = states[in_scratch + n];
        }
    });
}
/// Calls function(in scratch, in memory) for all words, or numbers, of the rows that buffers keep.
template <class C, class Function>
SPIKEFUSE_FUNCTION void each_row_in_memory(C const& here, typename C::number* memory,
                                           Function const& function) {
    each_kept_row<C>([&](auto buffer, int ago) {
        using element = element_of<C, decltype(buffer)::value>;
        auto* const row = reinterpret_cast<element*>(row_address<buffer>(here, -ago));
        auto* const kept =
            reinterpret_cast<element*>(memory + C::layout::template kept_row_at<buffer>(ago));
        for (int const k :
             own_share(here, C::layout::template kept_length<decltype(buffer)::value>))
            function(row[k], kept[k]);
    });
}
/// The sample's states and rows go to its memory.
template <class C>
SPIKEFUSE_FUNCTION void save_sample(C const& here) {
    auto* const memory = state_of_sample(here);
    save_states(here, here.template region<plan::region::states>(), memory);
    each_row_in_memory(here, memory, [](auto const& row, auto& kept) { kept = row; });
}
/// And come back. Behind the last neurons stand zeros.
template <class C>
SPIKEFUSE_FUNCTION void load_sample(C const& here) {
    using T = typename C::number;
    T* const memory = state_of_sample(here);
    T* const states = here.template region<plan::region::states>();
    each_own_state(here, [&](std::size_t in_scratch, std::size_t in_memory, int live) {
        if (live >= C::W) {
            C::V::load(memory + in_memory).store(states + in_scratch);
        } else {
            for (std::size_t n = 0; n < static_cast<std::size_t>(C::W); ++n)
                states[in_scratch + n] =
                    n < static_cast<std::size_t>(live) ? memory[in_memory + n] : T(0);
        }
    });
    each_row_in_memory(here, memory, [](auto& row, auto const& kept) { row = kept; });
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
