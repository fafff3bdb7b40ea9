// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The tape, between a run and its adjoint: what each block of steps began with, and what arrived
/// behind weights; and, in scratch, a block's currents, which then are their gradients.

#include "context.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// The tape's entry of the block that begins at `step`.
template <class C>
SPIKEFUSE_FUNCTION typename C::number* tape_entry(C const& here, int step) {
    auto const& run = here.run;
    auto const blocks = static_cast<std::size_t>((run.steps + run.block - 1) / run.block);
    return run.tape + (static_cast<std::size_t>(here.place) * blocks +
                       static_cast<std::size_t>(step / run.block)) *
                          C::layout::entry_apart;
}
/// The first step from `step` on that has an entry.
template <class C>
SPIKEFUSE_FUNCTION int next_entry(C const& here, int step) {
    return (step + here.run.block - 1) / here.run.block * here.run.block;
}
/// Where the tape keeps the currents of panel p behind a layer of weights, from row r of this block
/// on.
template <int Layer, class C>
SPIKEFUSE_FUNCTION typename C::number* kept_currents(C const& here, int p, int r) {
    using layout = typename C::layout;
    auto const steps = static_cast<std::size_t>(here.run.steps);
    auto* const these =
        here.run.currents + (static_cast<std::size_t>(here.place) * layout::kept_currents +
                             layout::template kept_currents_at<Layer>)*steps;
    return column_of_panel(these, p, steps) + static_cast<std::size_t>(here.first_step + r) * C::P;
}
/// Currents that stay on the tape, if it keeps any, when a run reads them.
template <class T, class Currents>
struct kept_when_read {
    Currents currents;
    T* to;
    std::size_t apart;

    template <int Count>
    SPIKEFUSE_FUNCTION void read(int r, lanes<T> (&row)[Count]) const {
        currents.read(r, row);
        for (int q = 0; to != nullptr && q < Count; ++q)
            row[q].store(to + static_cast<std::size_t>(q) * apart +
                         static_cast<std::size_t>(r) * panel_width<T>);
    }
};

/// The connection of a stage.
template <class Stage>
inline constexpr int weights_of = [] {
    int layer = plan::no_layer;
    plan::mp11::mp_for_each<typename Stage::feeds>([&](auto feed) {
        layer = plan::has_weights<decltype(feed)>::value ? decltype(feed)::layer : layer;
    });
    return layer;
}();
/// Elements between two rows of a stage's currents.
template <class C, class Stage>
inline constexpr std::size_t current_stride = [] {
    if constexpr (weights_of<Stage> != plan::no_layer) {
        return C::layout::template current_row<weights_of<Stage>>();
    } else {
        return C::layout::unweighted_row;
    }
}();
/// In training: a stage's currents in row r of this block where the tape keeps none, and then their
/// gradients.
template <class Stage, class C>
SPIKEFUSE_FUNCTION typename C::number* current_row(C const& here, int r) {
    using layout = typename C::layout;
    std::size_t const numbers = static_cast<std::size_t>(r) * current_stride<C, Stage>;
    if constexpr (weights_of<Stage> != plan::no_layer) {
        return here.template at<typename C::number>(
                   layout::template currents_at<weights_of<Stage>>) +
               numbers;
    } else {
        return here.template region<plan::region::current_gradients>() + numbers;
    }
}
/// The output of row r of this block, and later its gradient.
template <class C>
SPIKEFUSE_FUNCTION typename C::number* readout_row(C const& here, int r) {
    return here.template region<plan::region::outputs>() +
           static_cast<std::size_t>(r) * C::layout::padded(C::schedule::outputs);
}
/// The step from which each neuron's readout took its value, padded to whole registers.
template <class C>
SPIKEFUSE_FUNCTION typename C::number* when_row(C const& here) {
    return here.run.when + static_cast<std::size_t>(here.sample) *
                               static_cast<std::size_t>(C::layout::padded(C::schedule::outputs));
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
