// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Layers in which a single neuron may fire in a step: the one that stands farthest above its
/// threshold.

#include "input_currents.hpp"
#include "neuron_update.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// The winner of step r of this block.
template <int Layer, class C>
SPIKEFUSE_FUNCTION std::int32_t* winner_of(C const& here, int r) {
    return here.template region<plan::region::winners, std::int32_t>() +
           r * C::schedule::layer_count + Layer;
}
/// Row r of panel p.
template <class Stage, class C>
SPIKEFUSE_FUNCTION void run_step(C const& here, int p, int r, typename C::V current,
                                 int winner = 0) {
    currents_in_registers<1, typename C::number> const arriving{{current}};
    if constexpr (C::differentiates) {
        run_points<Stage>(here, p, r, 1, arriving, winner, scratch_history<C, Stage>{here, p});
    } else {
        run_points<Stage>(here, p, r, 1, arriving, winner);
    }
}
/// One step: first every neuron's distance above its threshold, then the step itself.
template <class Stage, class C>
SPIKEFUSE_FUNCTION void run_contest(C const& here, int r) {
    using V = typename C::V;
    using layout = typename C::layout;
    using points = typename Stage::points;
    constexpr int W = C::W;
    constexpr std::size_t last = plan::mp11::mp_size<points>::value - 1;
    auto* const currents = here.template region<plan::region::contest>();
    auto* const reaches = here.template at<typename C::number>(
        layout::template offset_of<plan::region::contest> + layout::contest_size);
    input_of<C, Stage>::each_panel(
        here, r, 1, [&](int group, auto count, int, int, auto const& arriving) {
            V row[decltype(count)::value];
            arriving.read(0, row);
            for (int q = 0; q < count; ++q) {
                int const p = group + q;
                typename cells_of<C, points>::type cells;
                load_cells<Stage, V>(here, p, cells);
                V flow = row[q];
                flow.store(currents + p * W);
                each_point<points>([&](auto k, auto layer) {
                    auto& cell = get<k>(cells);
                    cell.current = flow;
                    draw_noise<decltype(layer)::value, V>(here, p, r, cell);
                    if constexpr (k == last) {
                        equations::reach_threshold(cell).store(reaches + p * W);
                    } else {
                        equations::advance(cell);
                        flow = cell.output;
                    }
                });
            }
        });
    here.team.team_barrier();
    int winner = 0;
    for (int n = 1; n < Stage::width; ++n)
        if (reaches[n] > reaches[winner]) winner = n;
    if constexpr (C::differentiates)
        if (here.team.team_rank() == 0)
            *winner_of<plan::mp11::mp_back<points>::value>(here, r) = winner;
    for (int const p : own_panels<Stage>(here))
        run_step<Stage>(here, p, r, V::load(currents + p * W), winner);
    here.team.team_barrier();
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
