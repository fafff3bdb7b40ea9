// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a run keeps of each step for its adjoint: a neuron's states and current, and values that
/// are expensive to compute again. One step of a layer is [states in order, current, cached values
/// if they are reused], elements `apart` from each other.

#include "tape.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// No history is stored.
struct no_history {
    static constexpr bool stores = false, reuses_cache = false,
                          gives = true; // gives: fills the row of its target
};
/// The history of the panels from p on, and the rows of the readout, go to the team's scratch.
template <class C, class Stage>
struct scratch_history {
    static constexpr bool stores = true, reuses_cache = false, gives = true;
    static constexpr int apart = C::P;
    using T = typename C::number;
    C const& here;
    int p;

    template <std::size_t Point>
    SPIKEFUSE_FUNCTION T* history(int q) const {
        using layout = typename C::layout;
        constexpr int layer = plan::mp11::mp_at_c<typename Stage::points, Point>::value;
        return column_of_panel(here.template at<T>(layout::template history_at<layer>), p + q,
                               static_cast<std::size_t>(layout::block_steps) *
                                   (layout::template state_arrays<layer>() + 1));
    }
    SPIKEFUSE_FUNCTION T* output(int q, int r) const {
        return readout_row(here, r) + (p + q) * C::W;
    }
};
/// The history of a stage that is recomputed and differentiated block by block stays with the
/// thread: [Count][K of a point after the other, then outputs][W].
template <class C, class Stage, int Count>
struct stack_history {
    static constexpr bool stores = true, reuses_cache = true,
                          gives = false; // its row is there already
    static constexpr int W = C::W, apart = W;
    using T = typename C::number;
    using layout = typename C::layout;
    static constexpr int registers = layout::replay_registers(typename Stage::points{});
    static constexpr std::size_t size =
        static_cast<std::size_t>(Count) * registers * layout::block_steps * W;
    T* numbers;

    template <std::size_t Point>
    SPIKEFUSE_FUNCTION T* history(int q) const {
        constexpr int before = [] {
            int sum = 0;
            for_each_index<Point>([&](auto k) {
                constexpr int layer = plan::mp11::mp_at_c<typename Stage::points, k>::value;
                sum += layout::template state_arrays<layer>() + 1 +
                       layout::template cached_arrays<layer>();
            });
            return sum;
        }();
        return numbers +
               (static_cast<std::size_t>(q) * registers + before) * layout::block_steps * W;
    }
    SPIKEFUSE_FUNCTION T* output(int q, int r) const {
        return numbers + (static_cast<std::size_t>(q + 1) * registers * layout::block_steps -
                          layout::block_steps + static_cast<std::size_t>(r)) *
                             W;
    }
};

/// Step r of the history of a layer.
template <class Keep, class Cell, class T>
SPIKEFUSE_FUNCTION T* history_of_step(T* history, int r) {
    constexpr int numbers =
        Cell::about::state_count + 1 + (Keep::reuses_cache ? Cell::about::cached_count : 0);
    return history + static_cast<std::size_t>(r) * numbers * Keep::apart;
}
template <class Keep, int Q, class Cell, class T>
SPIKEFUSE_FUNCTION void store_history(T* history, int r, Cell const& cell) {
    T* const to = history_of_step<Keep, Cell>(history, r);
    for_each_index<Cell::about::state_count>(
        [&](auto j) { cell.states[j].template part<Q>().store(to + j * Keep::apart); });
    cell.current.template part<Q>().store(to + Cell::about::state_count * Keep::apart);
}
template <class Keep, int Q, class Cell, class T>
SPIKEFUSE_FUNCTION void store_cached(T* history, int r, Cell const& cell) {
    T* const to =
        history_of_step<Keep, Cell>(history, r) + (Cell::about::state_count + 1) * Keep::apart;
    for_each_index<Cell::about::cached_count>(
        [&](auto j) { cell.kept[j].template part<Q>().store(to + j * Keep::apart); });
}
/// The adjoint reads them.
template <class Keep, class Cell, class T>
SPIKEFUSE_FUNCTION void load_history(T const* history, int r, Cell& cell) {
    using V = lanes<T>;
    T const* const from = history_of_step<Keep, Cell>(history, r);
    for_each_index<Cell::about::state_count>(
        [&](auto j) { cell.states[j] = V::load(from + j * Keep::apart); });
    cell.current = V::load(from + Cell::about::state_count * Keep::apart);
    if constexpr (Keep::reuses_cache)
        for_each_index<Cell::about::cached_count>([&](auto j) {
            cell.kept[j] = V::load(from + (Cell::about::state_count + 1 + j) * Keep::apart);
        });
}
/// What was loaded before into another cell.
template <class Keep, class Cell>
SPIKEFUSE_FUNCTION void take_history(Cell const& from, Cell& cell) {
    for_each_index<Cell::about::state_count>([&](auto j) { cell.states[j] = from.states[j]; });
    cell.current = from.current;
    if constexpr (Keep::reuses_cache)
        for_each_index<Cell::about::cached_count>([&](auto j) { cell.kept[j] = from.kept[j]; });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
