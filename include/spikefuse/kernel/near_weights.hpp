// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A device's loop, undone: each step reads all weights of the loop for a row of gradients, and
/// would wait for the second cache. As many as there is room for stay in the team's shared memory,
/// with the row of gradients.

#include "tape.hpp"
#include "threads.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Which weights of a network stay near: those of the largest connection between the neurons of a
/// loop, in the copy that is read backwards, [panel of inputs][output][P].
template <class Schedule, class T>
struct near_weights {
    using layout = plan::layout<Schedule, T, true>;
    template <class Stage>
    static constexpr int layer_of = [] {
        using mixing = plan::mixing_feeds<typename Stage::feeds>;
        if constexpr (!plan::mp11::mp_contains<typename Schedule::nodes,
                                               Stage>::value && // a loop's
                      plan::mp11::mp_size<mixing>::value == 1) {
            using feed = plan::mp11::mp_front<mixing>;
            if constexpr (plan::single<feed> && !plan::feed_maps_rows<Schedule, feed>)
                if (plan::first_source<feed>::buffer != plan::network_input) return feed::layer;
        }
        return plan::no_layer;
    }();
    static constexpr int layer = [] {
        int found = plan::no_layer;
        std::size_t most = 0;
        if constexpr (lanes<T>::width == 1 && layout::lists::near)
            plan::mp11::mp_for_each<typename Schedule::stages>([&](auto stage) {
                constexpr int here = layer_of<decltype(stage)>;
                if constexpr (here != plan::no_layer) {
                    constexpr std::size_t numbers =
                        Schedule::template over<here>::template transposed<T>;
                    constexpr int outputs = Schedule::template over<here>::outputs;
                    if (outputs <= 2048 && numbers > most) found = here, most = numbers;
                }
            });
        return found;
    }();
    static constexpr bool possible = layer != plan::no_layer;
    static constexpr int outputs = [] {
        if constexpr (possible) return Schedule::template over<layer>::outputs;
        return 0;
    }();
    /// Of what an output's gradient means to all inputs.
    static constexpr std::size_t row_numbers = [] {
        if constexpr (possible)
            return Schedule::template over<layer>::template transposed<T> / std::size_t(outputs);
        return std::size_t(0);
    }();
    static constexpr std::size_t gradients_at =
                                     plan::line(layout::lists::total), // behind the lists
        weights_at = gradients_at + plan::line(sizeof(T) * static_cast<std::size_t>(outputs));
    /// Shared memory of a team that keeps so many rows.
    static constexpr std::size_t bytes(int rows) {
        return weights_at + sizeof(T) * row_numbers * static_cast<std::size_t>(rows) + 64;
    }
    /// Rows that fit, a multiple of four.
    static int rows_in(std::size_t room) {
        if (room < bytes(0)) return 0;
        auto const fit = static_cast<int>((room - bytes(0)) / (sizeof(T) * row_numbers));
        return (fit < outputs ? fit : outputs) / 4 * 4;
    }
};
template <class C>
using near_weights_of = near_weights<typename C::schedule, typename C::number>;
template <class C, class Stage>
inline constexpr bool has_near_weights =
    near_weights_of<C>::possible && weights_of<Stage> == near_weights_of<C>::layer;
/// The row of gradients in shared memory: of a step that is being undone.
template <class C>
SPIKEFUSE_FUNCTION auto* near_gradients(C const& here) {
    return here.template in_lists<typename C::number>(near_weights_of<C>::gradients_at);
}
/// Fetches the rows that stay near. All meet before they are read.
template <class C>
SPIKEFUSE_FUNCTION void load_near_weights([[maybe_unused]] C const& here) {
    using near = near_weights_of<C>;
    if constexpr (near::possible) {
        using T = typename C::number;
        using four = some_numbers<T, 4>;
        T const* const from = here.run.transposed + C::layout::template transposed_at<near::layer>;
        T* const to = here.template in_lists<T>(near::weights_at); // [panel of inputs][row][P]
        int const of_panel = here.run.near_rows * C::P / 4;
        if (of_panel > 0)
            for (int const k :
                 own_share(here, of_panel * static_cast<int>(near::row_numbers / C::P)))
                reinterpret_cast<four*>(to)[k] = reinterpret_cast<four const*>(
                    from)[k / of_panel * (near::outputs * C::P / 4) + k % of_panel];
    }
}
/// What the row of gradients means to input p: the sum of multiply().
template <class C>
SPIKEFUSE_FUNCTION typename C::V near_product(C const& here, int p) {
    using near = near_weights_of<C>;
    using V = typename C::V;
    using T = typename C::number;
    using four = some_numbers<T, 4>;
    using over = typename C::template panels_of<near::layer>;
    T const* const gradients = near_gradients(here);
    V even(T(0)), odd(T(0));
    auto const add = [&](T const* weights, int first, int end) {
        SPIKEFUSE_ROUNDS(4)
        for (int i = first; i < end; i += 4) {
            four const g = reinterpret_cast<four const*>(gradients)[i / 4];
            T const* const row = weights + static_cast<std::size_t>(i) * C::P;
            even += V(g.of[0]) * V::load(row);
            odd += V(g.of[1]) * V::load(row + C::P);
            even += V(g.of[2]) * V::load(row + 2 * C::P);
            odd += V(g.of[3]) * V::load(row + 3 * C::P);
        }
    };
    T const* const far = over::transposed_panel(
        here.run.transposed + C::layout::template transposed_at<near::layer>, p);
    int const rows = here.run.near_rows;
    constexpr int whole = near::outputs / 4 * 4;
    add(column_of_panel(here.template in_lists<T>(near::weights_at), p, rows), 0, rows);
    add(far, rows, whole);
    for (int i = whole; i < near::outputs; ++i)
        (i % 2 == 0 ? even : odd) +=
            V(gradients[i]) * V::load(far + static_cast<std::size_t>(i) * C::P);
    return even + odd;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
