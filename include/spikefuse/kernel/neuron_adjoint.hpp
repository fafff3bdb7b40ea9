// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Adjoint of neuron_update.hpp: from the gradients of neurons' outputs to those of their currents;
/// and of initial_state.hpp: from those of states at rest and of coefficients to those of the
/// parameters.

#include "../equations/differentiate.hpp"
#include "competition.hpp"
#include "left_for_weights.hpp"
#include "near_weights.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class C, class Points>
struct gradients_of;
template <class C, class... Layer>
struct gradients_of<C, plan::mp11::mp_list<Layer...>> {
    using type = tuple<
        equations::gradients<typename C::template equations_of<Layer::value>, typename C::V>...>;
};

/// Differentiates `Count` interleaved panels of a stage's neurons, from panel p + q on, over a
/// range of steps, the last one first. `keep`: the history of the panels from p on. `deliver(panel,
/// r, gradient)` receives the gradients of the currents. `constants`: whether those of coefficients
/// are wanted.
template <class Stage, int Count, class C, class Keep, class Deliver>
SPIKEFUSE_FUNCTION void backward_panels(C const& here, int p, int q, int first, int rows,
                                        Keep const& keep, Deliver const& deliver, bool constants) {
    using T = typename C::number;
    using V = typename C::V;
    using layout = typename C::layout;
    using points = typename Stage::points;
    constexpr int W = C::W;
    constexpr std::size_t depth = plan::mp11::mp_size<points>::value;
    // Coefficients and tables: states come from the history.
    typename cells_of<C, points, V, Keep::reuses_cache>::type cells[Count];
    typename gradients_of<C, points>::type to[Count];
    V charges[Count][depth == 0 ? 1 : depth]; // a penalty on activity, the same in every step
    T* const all_states = here.template region<plan::region::state_gradients>();
    T* const all_coefficients = here.template region<plan::region::coefficient_gradients>();
    auto const each_place = [&](auto const& function) { // function(gradient, its place in scratch)
        for_each_index<Count>([&](auto beside) {
            each_point<points>([&](auto k, auto number) {
                constexpr int layer = decltype(number)::value;
                using about = traits_of<C, layer>;
                constexpr int width = padded_width<C, layer>;
                auto& gradient = get<k>(to[beside]);
                int const at = (p + q + static_cast<int>(beside)) * W;
                for_each_index<about::state_count>([&](auto j) {
                    function(gradient.states[j],
                             all_states + layout::template states_at<layer> + j * width + at);
                });
                for_each_index<about::coefficient_count>([&](auto j) {
                    V& one = gradient.coefficients[j];
                    if (constants) {
                        function(one, all_coefficients + layout::template coefficients_at<layer> +
                                          j * width + at);
                    } else {
                        one = V(T(0));
                    }
                });
            });
        });
    };
    for_each_index<Count>([&](auto beside) {
        int const panel = p + q + static_cast<int>(beside);
        load_cells<Stage, V>(here, panel, cells[beside]);
        each_point<points>([&](auto k, auto layer) {
            charges[beside][k] = penalty_gradient<decltype(layer)::value>(here, panel);
        });
    });
    each_place([](V& gradient, T const* place) { gradient = V::load(place); });
    auto const arriving_at = [&](int own, int r) {
        if constexpr (Stage::target == plan::readout) {
            return V::load(keep.output(own, r));
        } else {
            return V::load(gradient_at<Stage::target>(here, r, p + own));
        }
    };
    auto const load_step = [&](int own, int r, auto& of) {
        for_each_index<depth>([&](auto k) {
            load_history<Keep>(static_cast<T const*>(keep.template history<k>(own)), r, get<k>(of));
        });
    };
    // With one lane what a step reads is on its way while the step behind it is undone.
    constexpr bool ahead = W == 1;
    constexpr std::size_t places = ahead ? Count : 1;
    [[maybe_unused]] typename cells_of<C, points, V, Keep::reuses_cache>::type next[places];
    [[maybe_unused]] V next_arriving[places];
    if constexpr (ahead)
        for_each_index<Count>([&](auto beside) {
            int const own = q + static_cast<int>(beside);
            next_arriving[beside] = arriving_at(own, first + rows - 1);
            load_step(own, first + rows - 1, next[beside]);
        });
    bool const seeded = here.run.seeds != nullptr;
    for (int r = first + rows - 1; r >= first; --r)
        for_each_index<Count>([&](auto beside) {
            int const own = q + static_cast<int>(beside), panel = p + own;
            V arriving;
            if constexpr (ahead) {
                arriving = next_arriving[beside];
                for_each_index<depth>([&](auto k) {
                    take_history<Keep>(get<k>(next[beside]), get<k>(cells[beside]));
                });
                if (r > first) {
                    next_arriving[beside] = arriving_at(own, r - 1);
                    load_step(own, r - 1, next[beside]);
                }
            } else {
                arriving = arriving_at(own, r);
                load_step(own, r, cells[beside]);
            }
            for_each_index<depth>([&](auto from_behind) {
                constexpr std::size_t k = depth - 1 - from_behind;
                constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
                using about = traits_of<C, layer>;
                auto& cell = get<k>(cells[beside]);
                auto& gradient = get<k>(to[beside]);
                draw_noise<layer, V>(here, panel, r, cell);
                if constexpr (about::competes)
                    cell.highest = lane_is<T>(*winner_of<layer>(here, r) - panel * W);
                constexpr int slot = layout::template record_slot<layer>();
                gradient.output = arriving + charges[beside][k];
                if (seeded) {
                    for_each_index<about::state_count>([&](auto j) {
                        gradient.states[j] += injected_gradient<layer>(here, slot + j, panel, r);
                    });
                    gradient.output +=
                        injected_gradient<layer>(here, output_slot<C, layer>, panel, r);
                }
                equations::step_adjoint(cell, gradient);
                arriving = gradient.current;
            });
            deliver(panel, r, arriving);
        });
    each_place([](V const& gradient, T* place) { gradient.store(place); });
}
template <class Stage, int Count, class C, class Keep, class Deliver>
SPIKEFUSE_FLATTEN void backward_points(C const& here, int p, int q, int first, int rows,
                                       Keep const& keep, Deliver const& deliver) {
    if (here.run.constants) {
        backward_panels<Stage, Count>(here, p, q, first, rows, keep, deliver, true);
    } else { // sums that nobody reads are no more there
        backward_panels<Stage, Count>(here, p, q, first, rows, keep, deliver, false);
    }
}
/// The gradient of a panel's currents in step r: for those who pass it on, and, where a launch of
/// their own sums the gradients of weights, for that one.
template <class Stage, class C>
SPIKEFUSE_FUNCTION void leave_gradient(C const& here, int panel, int r, typename C::V gradient) {
    gradient.store(current_row<Stage>(here, r) + panel * C::W);
    if constexpr (weights_of<Stage> != plan::no_layer)
        if (leaves_weights(here)) gradient.store(kept_currents<weights_of<Stage>>(here, panel, r));
    if constexpr (has_near_weights<C, Stage>) gradient.store(near_gradients(here) + panel * C::W);
}
/// Adjoint of a stage whose history lies in scratch.
template <class Stage, class C>
SPIKEFUSE_FUNCTION void backward_steps(C const& here, int first, int rows) {
    using T = typename C::number;
    constexpr int together = Stage::width > C::W && !simd_is_composite<T> ? interleave<T>(2) : 1;
    own_groups<Stage, together, true>(here, [&](int p, auto count) {
        backward_points<Stage, decltype(count)::value>(
            here, p, 0, first, rows, scratch_history<C, Stage>{here, p},
            [&](int panel, int r, typename C::V gradient) {
                leave_gradient<Stage>(here, panel, r, gradient);
            });
    });
}
/// Adjoint of a stage that is computed again: some panels at a time over the whole block, with
/// their history in L1. `seed(panel, row_of)`: outputs of a panel become their gradients.
template <class Stage, class C, class Seed>
SPIKEFUSE_FUNCTION void replay(C const& here, Seed const& seed) {
    using T = typename C::number;
    using V = typename C::V;
    using layout = typename C::layout;
    using points = typename Stage::points;
    auto const deliver = [&](int panel, int r, V gradient) {
        if constexpr (layout::template gradient_bypasses_buffer<Stage>) {
            pass_plain_gradient<Stage>(here, r, panel, gradient);
        } else {
            leave_gradient<Stage>(here, panel, r, gradient);
        }
    };
    if constexpr (plan::mp11::mp_empty<points>::value && Stage::target != plan::readout) {
        for (int const p : own_panels<Stage>(here)) {
            for (int r = 0; r < here.rows; ++r)
                deliver(p, r, V::load(gradient_at<Stage::target>(here, r, p)));
        }
        return;
    }
    input_of<C, Stage>::each_panel(
        here, 0, here.rows,
        [&](int p, auto count, int, int rows, auto const& currents) SPIKEFUSE_INLINE {
            using keeps = stack_history<C, Stage, decltype(count)::value>;
            alignas(sizeof(V)) T numbers[keeps::size];
            keeps const keep{numbers};
            T* const states = here.template region<plan::region::states>();
            T const* const entry = tape_entry(here, here.first_step);
            copy_states<C, Stage>(entry, states, p, count);
            run_points<Stage, decltype(count)::value>(here, p, 0, rows, currents, 0, keep);
            if constexpr (Stage::target == plan::readout)
                for (int q = 0; q < count; ++q)
                    seed(p + q, [&](int r) { return keep.output(q, r); });
            constexpr int whole = decltype(count)::value, together = whole < 2 ? whole : 2;
            for (int q = 0; q + together <= whole; q += together)
                backward_points<Stage, together>(here, p, q, 0, rows, keep, deliver);
            if constexpr (whole % together != 0)
                backward_points<Stage, 1>(here, p, whole - 1, 0, rows, keep, deliver);
        });
}

// --- neurons at rest ---

/// From the adjoints of a layer's initial states to those of the coefficients that define them. A
/// named template: g++ 12 and 13 fail on these constants inside a generic lambda.
template <int Layer, class C>
SPIKEFUSE_FUNCTION void initial_states_adjoint(C const& here, typename C::number const* states) {
    using V = typename C::V;
    using layout = typename C::layout;
    using N = typename C::template equations_of<Layer>;
    using about = equations::equation_traits<N>;
    constexpr int width = padded_width<C, Layer>;
    auto* const coefficients = here.template region<plan::region::coefficient_gradients>() +
                               layout::template coefficients_at<Layer>;
    for (int const own : own_share(here, width / C::W)) {
        int const n = own * C::W;
        equations::neurons<N, V> cell{};
        equations::gradients<N, V> to;
        for_each_index<about::coefficient_count>(
            [&](auto k) { to.coefficients[k] = V::load(coefficients + k * width + n); });
        for_each_index<about::state_count>([&](auto k) {
            to.states[k] = V::load(states + layout::template states_at<Layer> + k * width + n);
        });
        equations::initial_state_adjoint(cell, to);
        for_each_index<about::coefficient_count>(
            [&](auto k) { to.coefficients[k].store(coefficients + k * width + n); });
    }
}
/// From the gradients of a layer's coefficients, summed over all samples, to those of its
/// parameters.
template <int Layer, class C>
SPIKEFUSE_FUNCTION void coefficients_adjoint(C const& here, typename C::number* to) {
    using V = typename C::V;
    using layout = typename C::layout;
    using N = typename C::template equations_of<Layer>;
    using about = equations::equation_traits<N>;
    using cell = equations::neurons<N, V>;
    constexpr int width = padded_width<C, Layer>;
    auto const* const parameters = here.template parameters_of<Layer>();
    auto const* const coefficients = here.template region<plan::region::coefficient_gradients>() +
                                     layout::template coefficients_at<Layer>;
    for (int const own : own_share(here, width / C::W)) {
        int const n = own * C::W;
        V params[cell::template at_least_one<about::param_count>];
        V sums[cell::template at_least_one<about::param_count>];
        V arrived[cell::template at_least_one<about::coefficient_count>];
        for_each_index<about::param_count>(
            [&](auto k) { params[k] = V::load(parameters + k * width + n), sums[k] = V(0); });
        for_each_index<about::coefficient_count>(
            [&](auto k) { arrived[k] = V::load(coefficients + k * width + n); });
        equations::parameter_adjoints<N>(params, here.run.step, arrived, sums);
        for_each_index<about::param_count>([&](auto k) { sums[k].store(to + k * width + n); });
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
