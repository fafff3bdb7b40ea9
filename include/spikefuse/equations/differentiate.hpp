// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A step of a neuron backwards: gradients of its states before the step, of what arrived, and of
/// its coefficients, derived from the same lines that run it forwards. Nobody writes a derivative
/// of a neuron.
///
/// The step is run once more, line by line, and undone in the opposite order; each line reads the
/// values that it read forwards.

#include "../surrogates/superspike.hpp"
#include "evaluate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::equations {

/// Adjoints of as many neurons as V has lanes.
template <class N, class V>
struct gradients {
    template <int Count>
    static constexpr int at_least_one = neurons<N, V>::template at_least_one<Count>;
    V states[at_least_one<equation_traits<N>::state_count>];
    V locals[at_least_one<equation_traits<N>::local_count>];
    V coefficients[at_least_one<equation_traits<N>::coefficient_count>];
    V current;
    V spike;
    V output;
};

namespace detail {

using default_surrogate = superspike_surrogate<>; // of a plain `spike = v > threshold`

template <class N, class V, class Target>
SPIKEFUSE_FUNCTION auto& gradient_of(gradients<N, V>& of, Target) {
    if constexpr (is_state<Target>::value) {
        return of.states[equation_traits<N>::template state_index<Target>];
    } else if constexpr (is_local<Target>::value) {
        return of.locals[equation_traits<N>::template local_index<Target>];
    } else if constexpr (std::is_same_v<Target, spike_word>) {
        return of.spike;
    } else if constexpr (std::is_same_v<Target, output_word>) {
        return of.output;
    } else {
        static_assert(std::is_same_v<Target, current_word>);
        return of.current;
    }
}

/// Reverse-mode sweep of expression e: adds gradient * factor * de/dx to the adjoint of every leaf
/// x. Local derivatives accumulate in `factor`, so they do not depend on the incoming gradient
/// (shorter dependency chain); their product must be representable in a lane.
template <std::uint64_t Path, class N, class V, bool UsesCache, class E>
SPIKEFUSE_FUNCTION void accumulate_adjoint(E const& e, neurons<N, V, UsesCache> const& cell,
                                           V gradient, V factor, gradients<N, V>& to) {
    using about = equation_traits<N>;
    if constexpr (is_literal<E>::value || is_noise<E>::value || is_uniform<E>::value ||
                  is_table<E>::value) {
        return;
    } else if constexpr (is_constant<E>) {
        to.coefficients[about::template coefficient_index<E, Path>] += gradient * factor;
    } else if constexpr (mp11::mp_size<words<E>>::value == 1) {
        gradient_of(to, e) += gradient * factor;
    } else {
        [&]<class Operation, class... A, std::size_t... I>(node<Operation, A...> const& inner,
                                                           std::index_sequence<I...>) {
            if constexpr (requires { Operation::most; }) {
                using surrogate = typename Operation::surrogate;
                gradient = spikefuse::detail::arriving<surrogate>(gradient * factor);
                V const membrane =
                    as_number(evaluate<N, V, inside(Path, 0)>(get<0>(inner.arguments), cell));
                V const threshold =
                    as_number(evaluate<N, V, inside(Path, 1)>(get<1>(inner.arguments), cell));
                accumulate_adjoint<inside(Path, 0)>(
                    get<0>(inner.arguments), cell, gradient,
                    spikefuse::detail::by_membrane<surrogate>(membrane, threshold), to);
                accumulate_adjoint<inside(Path, 1)>(
                    get<1>(inner.arguments), cell, gradient,
                    spikefuse::detail::by_threshold<surrogate>(membrane, threshold), to);
            } else if constexpr (std::is_same_v<Operation, nearest_level>) {
                accumulate_adjoint<inside(Path, 0)>(get<0>(inner.arguments), cell, gradient, factor,
                                                    to); // straight through
            } else if constexpr (std::is_same_v<Operation, detached> || is_condition<Operation>) {
                return;
            } else if constexpr (requires { Operation::costly; }) {
                V const result = evaluate<N, V, Path>(inner, cell),
                        value = as_number(
                            evaluate<N, V, inside(Path, 0)>(get<0>(inner.arguments), cell));
                accumulate_adjoint<inside(Path, 0)>(get<0>(inner.arguments), cell, gradient,
                                                    Operation::back(factor, value, result), to);
            } else {
                V const values[] = {
                    as_number(evaluate<N, V, inside(Path, I)>(get<I>(inner.arguments), cell))...};
                (accumulate_adjoint<inside(Path, I)>(
                     get<I>(inner.arguments), cell, gradient,
                     Operation::template back<I>(factor, values[I]...), to),
                 ...);
            }
        }(e, std::make_index_sequence<mp11::mp_size<E>::value - 1>{});
    }
}

/// The same for a firing condition: the derivative of a comparison is its surrogate's.
template <class S, std::uint64_t Path, class N, class V, bool UsesCache, class E>
SPIKEFUSE_FUNCTION void accumulate_condition_adjoint(E const& e,
                                                     neurons<N, V, UsesCache> const& cell,
                                                     V gradient, V factor, gradients<N, V>& to) {
    [&]<class Operation, class... A>(node<Operation, A...> const& inner) {
        auto const& first = get<0>(inner.arguments);
        if constexpr (requires { typename Operation::surrogate; }) {
            accumulate_condition_adjoint<typename Operation::surrogate, inside(Path, 0)>(
                first, cell, gradient, factor, to);
        } else if constexpr (std::is_same_v<Operation, winning>) {
            accumulate_condition_adjoint<S, inside(Path, 0)>(first, cell, gradient,
                                                             factor * as_number(cell.highest), to);
        } else if constexpr (std::is_same_v<Operation, both>) {
            auto const& second = get<1>(inner.arguments);
            V const left = as_number(evaluate<N, V, inside(Path, 0)>(first, cell));
            V const right = as_number(evaluate<N, V, inside(Path, 1)>(second, cell));
            // Where one of the two names a surrogate, the other is a gate.
            constexpr bool named_left = has_surrogate<std::remove_cvref_t<decltype(first)>>;
            constexpr bool named_right = has_surrogate<std::remove_cvref_t<decltype(second)>>;
            if constexpr (named_left || !named_right)
                accumulate_condition_adjoint<S, inside(Path, 0)>(first, cell, gradient,
                                                                 factor * right, to);
            if constexpr (named_right || !named_left)
                accumulate_condition_adjoint<S, inside(Path, 1)>(second, cell, gradient,
                                                                 factor * left, to);
        } else {
            V const left = as_number(evaluate<N, V, inside(Path, 0)>(first, cell));
            V const right =
                as_number(evaluate<N, V, inside(Path, 1)>(get<1>(inner.arguments), cell));
            gradient = spikefuse::detail::arriving<S>(gradient * factor);
            constexpr bool rises =
                std::is_same_v<Operation, greater> || std::is_same_v<Operation, greater_equal>;
            V const by_left = rises ? spikefuse::detail::by_membrane<S>(left, right)
                                    : spikefuse::detail::by_threshold<S>(right, left);
            V const by_right = rises ? spikefuse::detail::by_threshold<S>(left, right)
                                     : spikefuse::detail::by_membrane<S>(right, left);
            accumulate_adjoint<inside(Path, 0)>(first, cell, gradient, by_left, to);
            accumulate_adjoint<inside(Path, 1)>(get<1>(inner.arguments), cell, gradient, by_right,
                                                to);
        }
    }(e);
}

/// Adjoint of the group of lines that begins at Line; `before` holds the cell before those lines.
template <std::size_t Line, class N, class V, bool UsesCache>
SPIKEFUSE_FUNCTION void statement_group_adjoint(neurons<N, V, UsesCache> const& before,
                                                gradients<N, V>& to) {
    using about = equation_traits<N>;
    using statement = mp11::mp_at_c<typename about::statements, Line>;
    using target = target_of<statement>;
    constexpr auto lines = tree<N>::value;
    V const one(1);
    if constexpr (is_start<statement>::value) {
        return;
    } else if constexpr (is_euler<statement>::value) {
        constexpr std::size_t count = behind_group<N, Line> - Line;
        V arriving[count];
        for_each_index<count>([&](auto k) {
            arriving[k] =
                gradient_of(to, target_of<mp11::mp_at_c<typename about::statements, Line + k>>{});
        });
        for_each_index<count>([&](auto k) {
            accumulate_adjoint<Line + k + 1>(get<Line + k>(lines).value, before, arriving[k], one,
                                             to);
        });
    } else {
        auto& place = gradient_of(to, target{});
        V const arriving = place;
        if constexpr (is_on_spike<statement>::value) { // (1 - spike) old + spike new
            V const zero(0);
            place = select(before.fired, zero, arriving);
            if constexpr (!statement::detached) {
                V const fresh = as_number(evaluate<N, V, Line + 1>(get<Line>(lines).value, before));
                to.spike += arriving * (fresh - place_of(before, target{}));
            }
            accumulate_adjoint<Line + 1>(get<Line>(lines).value, before,
                                         select(before.fired, arriving, zero), one, to);
        } else {
            place = V(0);
            if constexpr (fires_bits<statement>::value) {
                accumulate_condition_adjoint<default_surrogate, Line + 1>(
                    get<Line>(lines).value, before, arriving, one, to);
            } else {
                accumulate_adjoint<Line + 1>(get<Line>(lines).value, before, arriving, one, to);
            }
        }
    }
}

/// Recomputes the lines from Line on and runs their adjoint. What a group of lines overwrites is
/// restored for its own adjoint: a copy of the whole cell would go through memory where a register
/// of neurons is several of the processor's.
template <std::size_t Line, class N, class V, bool UsesCache>
SPIKEFUSE_FUNCTION void recompute_and_backpropagate(neurons<N, V, UsesCache>& cell,
                                                    gradients<N, V>& to) {
    if constexpr (Line < equation_traits<N>::size) {
        using statements = typename equation_traits<N>::statements;
        constexpr std::size_t behind = behind_group<N, Line>;
        if constexpr (is_start<mp11::mp_at_c<statements, Line>>::value) {
            recompute_and_backpropagate<behind>(cell, to);
        } else {
            V found[behind - Line];
            auto const fired = cell.fired;
            for_each_index<behind - Line>([&](auto k) {
                found[k] = place_of(cell, target_of<mp11::mp_at_c<statements, Line + k>>{});
            });
            advance_group<Line>(cell);
            recompute_and_backpropagate<behind>(cell, to);
            for_each_index<behind - Line>([&](auto k) {
                place_of(cell, target_of<mp11::mp_at_c<statements, Line + k>>{}) = found[k];
            });
            cell.fired = fired;
            statement_group_adjoint<Line>(cell, to);
        }
    }
}

/// Gradients of parameters from the gradient of an expression of parameters.
template <class N, class V, class E>
SPIKEFUSE_FUNCTION void accumulate_constant_adjoint(E const& e, V const* params,
                                                    typename V::number step, V gradient, V* to) {
    if constexpr (is_param<E>::value) {
        to[equation_traits<N>::template param_index<E>] += gradient;
    } else if constexpr (mp11::mp_size<words<E>>::value > 1) {
        [&]<class Operation, class... A, std::size_t... I>(node<Operation, A...> const& inner,
                                                           std::index_sequence<I...>) {
            if constexpr (requires { Operation::costly; }) {
                V const value = evaluate_constant<N, V>(get<0>(inner.arguments), params, step);
                accumulate_constant_adjoint<N, V>(
                    get<0>(inner.arguments), params, step,
                    Operation::back(gradient, value, Operation::apply(value)), to);
            } else if constexpr (!is_condition<Operation> && !std::is_same_v<Operation, detached>) {
                V const values[] = {
                    evaluate_constant<N, V>(get<I>(inner.arguments), params, step)...};
                (accumulate_constant_adjoint<N, V>(
                     get<I>(inner.arguments), params, step,
                     Operation::template back<I>(gradient, values[I]...), to),
                 ...);
            }
        }(e, std::make_index_sequence<mp11::mp_size<E>::value - 1>{});
    }
}
} // namespace detail

/// A step backwards. `cell`: the neurons as the step found them (states, current, coefficients,
/// noise, highest, and where it recalls them its costly values), and as it leaves them. `to.states`
/// comes in as the gradient of the states after the step and goes out as that of the states before
/// it; `to.output` is the gradient of what the next layer saw; `to.current` goes out as the
/// gradient of what arrived; coefficients are added to.
template <class N, class V, bool UsesCache>
SPIKEFUSE_FUNCTION void step_adjoint(neurons<N, V, UsesCache>& cell, gradients<N, V>& to) {
    detail::for_each_index<equation_traits<N>::local_count>(
        [&](auto k) { to.locals[k] = V(0); }); // in a loop g++ keeps all of `to` in memory
    to.current = V(0);
    to.spike = V(0);
    if constexpr (!equation_traits<N>::has_output) to.spike = to.output;
    detail::recompute_and_backpropagate<0>(cell, to);
}

/// Adjoint of the initial states: their gradients go to the coefficients that define them.
template <class N, class V>
SPIKEFUSE_FUNCTION void initial_state_adjoint(neurons<N, V> const& cell, gradients<N, V>& to) {
    constexpr auto lines = tree<N>::value;
    detail::for_each_index<equation_traits<N>::size>([&](auto k) {
        using statement = mp11::mp_at_c<typename equation_traits<N>::statements, k>;
        if constexpr (detail::is_start<statement>::value)
            detail::accumulate_adjoint<k + 1>(
                get<k>(lines).value, cell, detail::gradient_of(to, detail::target_of<statement>{}),
                V(1), to);
    });
}

/// From coefficients to parameters: adds to `to`, in the order of `equation_traits<N>::params`, and
/// empties `gradients`.
template <class N, class V>
SPIKEFUSE_FUNCTION void parameter_adjoints(V const* params, typename V::number step, V* gradients,
                                           V* to) {
    detail::for_each_index<equation_traits<N>::coefficient_count>([&](auto k) {
        constexpr auto e =
            detail::expression_at<N, equation_traits<N>::template coefficient_place<k>>();
        detail::accumulate_constant_adjoint<N, V>(e, params, step, gradients[k], to);
        gradients[k] = V(0);
    });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::equations
