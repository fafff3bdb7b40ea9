// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Adjoint of connections: gradients of the rows that they read.

#include "near_weights.hpp"
#include "row_maps.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class C>
using row_range = rows_at_once<C, C::layout::samples_together,
                               C::layout::sample_total / sizeof(typename C::number)>;

/// Gradients of what a layer of weights reads, one source after the other: a buffer may stand in
/// several.
template <class Stage, class Feed, class C>
SPIKEFUSE_FUNCTION void backward_inputs(row_range<C> const& all) {
    using T = typename C::number;
    using V = typename C::V;
    using layout = typename C::layout;
    using over = typename C::template panels_of<Feed::layer>;
    constexpr int W = C::W;
    auto const& run = all.samples->run;
    T const* const transposed = run.transposed + layout::template transposed_at<Feed::layer>;
    constexpr std::size_t apart = static_cast<std::size_t>(over::outputs) * C::P;
    // Step by step as many rows as samples; else a tile that fills the registers.
    constexpr bool stepwise = !layout::template replays<Stage>::value;
    constexpr int tile = stepwise && !simd_is_composite<T> ? layout::samples_together : 0;
    each_source<Feed>([&](auto source) {
        using from = decltype(source);
        constexpr int width = C::schedule::template buffer_at<from::buffer>::width;
        constexpr int begin = from::offset / W, end = (from::offset + width + W - 1) / W;
        if constexpr (plan::is_network_input<from>::value)
            if (run.input_gradient == nullptr) return;
        std::size_t const stride = all.stride(current_stride<C, Stage>);
        auto const gradients = [&](int k) { return current_row<Stage>(all.sample(k), all.row(k)); };
        auto const some = [&]<int Count>(fixed<Count>, int p) {
            T const* const panels = over::transposed_panel(transposed, p);
            if constexpr (has_near_weights<C, Stage>) {
                static_assert(from::offset == 0 && Count == 1);
                C const& here = *all.samples;
                for (int k = 0; k < all.total(); ++k) {
                    auto* const to = gradient_at<from::buffer>(here, all.row(k) - from::delay, p);
                    (V::load(to) + near_product(here, p)).store(to);
                }
            } else if constexpr (!plan::is_network_input<from>::value &&
                                 from::offset == 0) { // rows of gradients are whole registers long
                add_products<Count, tile>(
                    panels, apart, gradients(0), stride, all.total(), over::outputs,
                    gradient_at<from::buffer>(*all.samples, all.first - from::delay, p),
                    all.stride(layout::template gradient_step<from::buffer>()),
                    layout::gradient_rows_of_panel * C::P);
            } else {
                constexpr int most = 12;
                alignas(sizeof(V)) T sums[most * Count * W];
                for (int k = 0; k < all.total(); k += most) {
                    int const these = all.total() - k < most ? all.total() - k : most;
                    for (int j = 0; j < these * Count; ++j) V(T(0)).store(sums + j * W);
                    add_products<Count, tile>(
                        panels, apart, gradients(k), stride, these, over::outputs, sums,
                        static_cast<std::size_t>(Count * W), static_cast<std::size_t>(W));
                    for (int j = 0; j < these * Count; ++j)
                        give_back<from>(all.sample(k + j / Count), all.row(k + j / Count),
                                        p + j % Count, V::load(sums + j * W));
                }
            }
        };
        constexpr int together = interleave<T>(stepwise && layout::samples_together == 1 ? 8 : 2);
        each_own_part<end - begin, together>(
            *all.samples, 1, [&](int p, auto count, int) { some(count, begin + p); });
        all.samples->team.team_barrier();
    });
}
/// Propagates the gradients of a stage's currents to the rows that the stage reads.
template <class Stage, class C>
SPIKEFUSE_FUNCTION void backward_feeds(row_range<C> const& all) {
    for_each_index<plan::mp11::mp_size<typename Stage::feeds>::value>([&](auto f) {
        using feed = plan::mp11::mp_at_c<typename Stage::feeds, f>;
        if constexpr (!plan::has_weights<feed>::value) {
            each_source<feed>([&](auto source) {
                for (int k = 0; k < all.total(); ++k)
                    pass_back<decltype(source)>(all.sample(k), all.row(k),
                                                current_row<Stage>(all.sample(k), all.row(k)));
            });
            all.samples->team.team_barrier(); // another feed may add to the same rows
        } else if constexpr (maps_rows<C, feed>) {
            backward_map_inputs<Stage, feed, C>(all);
        } else if constexpr (!C::layout::all_input(typename feed::sources{})) {
            backward_inputs<Stage, feed, C>(all);
        } else {
            if (all.samples->run.input_gradient != nullptr) backward_inputs<Stage, feed, C>(all);
        }
    });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
