// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Evaluates a program on one register of neurons.

#include "anatomy.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::equations {

/// As many neurons of kind N as V has lanes, during a step. With UsesCache expensive values are
/// read from `kept`, which holds them since the step ran forward.
template <class N, class V, bool UsesCache = false>
struct neurons {
    template <int Count>
    static constexpr int at_least_one = Count > 0 ? Count : 1;
    using about = equation_traits<N>;
    V states[at_least_one<about::state_count>];
    V locals[at_least_one<about::local_count>];
    V coefficients[at_least_one<about::coefficient_count>];
    V current;
    V noise; // of this step, where the equations ask for it
    V uniform;
    V spike;  // 0 or 1, or how often
    V output; // what the next layer sees: the spike, or a value
    typename V::mask fired;
    mutable V kept[at_least_one<about::cached_count>]; // what is costly, in this step
    typename V::mask highest; // the layer's winner, where the equations ask for one
    typename V::number const*
        tables[at_least_one<about::table_count>]; // shared by all neurons of the layer
};

namespace detail {

// Parameters alone: used before the time loop.
template <class N, class V, class E>
SPIKEFUSE_FUNCTION V evaluate_constant(E const& e, V const* params, typename V::number step) {
    if constexpr (is_literal<E>::value) {
        return V(e.value);
    } else if constexpr (is_param<E>::value) {
        return params[equation_traits<N>::template param_index<E>];
    } else {
        static_assert(std::is_same_v<E, step_word>);
        return V(step);
    }
}
template <class N, class V, class Operation, class... A>
SPIKEFUSE_FUNCTION V evaluate_constant(node<Operation, A...> const& e, V const* params,
                                       typename V::number step) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return as_number(
            Operation::apply(evaluate_constant<N, V>(get<I>(e.arguments), params, step)...));
    }(std::index_sequence_for<A...>{});
}

template <int Count, class V>
SPIKEFUSE_FUNCTION V nearest(V x, typename V::number const* table) {
    V result = table[0], distance = abs(table[0] - x);
    for (int k = 1; k < Count; ++k) {
        V const level = table[k], other = abs(level - x);
        auto const nearer = other < distance;
        result = select(nearer, level, result);
        distance = select(nearer, other, distance);
    }
    return result;
}

/// A number of a cell, register by register: as a whole, several of them would be copied through
/// memory (g++ 14).
template <class V>
SPIKEFUSE_FUNCTION V taken(V const& field) {
    return V::join([&](auto k) { return field.template part<k>(); });
}

template <class N, class V, std::uint64_t Path, class E, bool UsesCache>
SPIKEFUSE_FUNCTION auto evaluate(E const& e, neurons<N, V, UsesCache> const& cell) {
    using about = equation_traits<N>;
    if constexpr (is_literal<E>::value) {
        return V(e.value);
    } else if constexpr (is_constant<E>) {
        return taken(cell.coefficients[about::template coefficient_index<E, Path>]);
    } else if constexpr (is_state<E>::value) {
        return taken(cell.states[about::template state_index<E>]);
    } else if constexpr (is_local<E>::value) {
        return taken(cell.locals[about::template local_index<E>]);
    } else if constexpr (std::is_same_v<E, current_word>) {
        return taken(cell.current);
    } else if constexpr (std::is_same_v<E, noise_word>) {
        return taken(cell.noise);
    } else if constexpr (std::is_same_v<E, uniform_word>) {
        return taken(cell.uniform);
    } else if constexpr (std::is_same_v<E, spike_word>) {
        return taken(cell.spike);
    } else if constexpr (std::is_same_v<E, output_word>) {
        return taken(cell.output);
    } else {
        return [&]<class Operation, class... A, std::size_t... I>(
                   node<Operation, A...> const& inner, std::index_sequence<I...>) {
            if constexpr (std::is_same_v<Operation, nearest_level>) {
                using table = std::remove_cvref_t<decltype(get<1>(inner.arguments))>;
                return nearest<table::count>(
                    as_number(evaluate<N, V, inside(Path, 0)>(get<0>(inner.arguments), cell)),
                    cell.tables[about::template table_index<table>]);
            } else if constexpr (std::is_same_v<Operation, winning>) {
                return (evaluate<N, V, inside(Path, I)>(get<I>(inner.arguments), cell) & ...) &
                       cell.highest;
            } else if constexpr (requires { Operation::costly; }) {
                auto& kept = cell.kept[about::template cached_index<Path>];
                if constexpr (!UsesCache)
                    kept = Operation::apply(as_number(
                        evaluate<N, V, inside(Path, I)>(get<I>(inner.arguments), cell))...);
                return kept;
            } else if constexpr (requires { Operation::of_conditions; }) {
                return Operation::apply(
                    evaluate<N, V, inside(Path, I)>(get<I>(inner.arguments), cell)...);
            } else {
                return Operation::apply(
                    as_number(evaluate<N, V, inside(Path, I)>(get<I>(inner.arguments), cell))...);
            }
        }(e, std::make_index_sequence<mp11::mp_size<E>::value - 1>{});
    }
}

template <class Neurons, class Target>
SPIKEFUSE_FUNCTION auto& place_of(Neurons& cell, Target) {
    using about = typename Neurons::about;
    if constexpr (is_state<Target>::value) {
        return cell.states[about::template state_index<Target>];
    } else if constexpr (is_local<Target>::value) {
        return cell.locals[about::template local_index<Target>];
    } else if constexpr (std::is_same_v<Target, spike_word>) {
        return cell.spike;
    } else {
        return cell.output;
    }
}

} // namespace detail

/// Everything that depends on parameters alone. `params` in the order of
/// `equation_traits<N>::params`; step in seconds.
template <class N, class V>
SPIKEFUSE_FUNCTION void prepare(V const* params, typename V::number step, V* coefficients) {
    detail::for_each_index<equation_traits<N>::coefficient_count>([&](auto k) {
        constexpr auto e =
            detail::expression_at<N, equation_traits<N>::template coefficient_place<k>>();
        coefficients[k] = detail::evaluate_constant<N, V>(e, params, step);
    });
}

/// The initial states.
template <class N, class V>
SPIKEFUSE_FUNCTION void rest(neurons<N, V>& cell) {
    constexpr auto lines = tree<N>::value;
    for (int k = 0; k < equation_traits<N>::state_count; ++k) cell.states[k] = V(0);
    detail::for_each_index<equation_traits<N>::size>([&](auto k) {
        using statement = mp11::mp_at_c<typename equation_traits<N>::statements, k>;
        if constexpr (detail::is_start<statement>::value)
            detail::place_of(cell, detail::target_of<statement>{}) =
                detail::evaluate<N, V, k + 1>(get<k>(lines).value, cell);
    });
}

namespace detail {

/// By how much a condition holds: its left side less its right side.
template <class N, class V, std::uint64_t Path, class Operation, class... A, bool UsesCache>
SPIKEFUSE_FUNCTION V margin(node<Operation, A...> const& condition,
                            neurons<N, V, UsesCache> const& cell) {
    if constexpr (requires { Operation::of_conditions; } || std::is_same_v<Operation, winning>) {
        static_assert(
            sizeof...(A) == 1,
            "spikefuse: only_winner(...) takes one comparison, `only_winner(v > threshold)`.");
        return margin<N, V, inside(Path, 0)>(get<0>(condition.arguments), cell);
    } else {
        return as_number(evaluate<N, V, inside(Path, 0)>(get<0>(condition.arguments), cell)) -
               as_number(evaluate<N, V, inside(Path, 1)>(get<1>(condition.arguments), cell));
    }
}

/// Lines that act together: a run of d(...) lines, which all read the values before the first of
/// them, or a single line.
template <class N, std::size_t Line>
inline constexpr std::size_t behind_group = [] {
    using statements = typename equation_traits<N>::statements;
    if constexpr (is_euler<mp11::mp_at_c<statements, Line>>::value) {
        return Line + mp11::mp_find_if_q<mp11::mp_drop_c<statements, Line>,
                                         mp11::mp_not_fn<is_euler>>::value;
    } else {
        return Line + 1;
    }
}();

/// Runs the group that begins at a line.
template <std::size_t Line, class N, class V, bool UsesCache>
SPIKEFUSE_FUNCTION void advance_group(neurons<N, V, UsesCache>& cell) {
    using about = equation_traits<N>;
    using statement = mp11::mp_at_c<typename about::statements, Line>;
    constexpr auto lines = tree<N>::value;
    if constexpr (is_start<statement>::value) {
        return;
    } else if constexpr (is_euler<statement>::value) {
        constexpr std::size_t count = behind_group<N, Line> - Line;
        V increments[count];
        for_each_index<count>([&](auto k) {
            increments[k] = evaluate<N, V, Line + k + 1>(get<Line + k>(lines).value, cell);
        });
        for_each_index<count>([&](auto k) {
            auto& state =
                place_of(cell, target_of<mp11::mp_at_c<typename about::statements, Line + k>>{});
            state = state + increments[k];
        });
    } else {
        auto const value = evaluate<N, V, Line + 1>(get<Line>(lines).value, cell);
        auto& place = place_of(cell, target_of<statement>{});
        if constexpr (is_on_spike<statement>::value) {
            place = select(cell.fired, as_number(value), place);
        } else {
            place = as_number(value);
        }
        if constexpr (fires_bits<statement>::value) {
            cell.fired = value;
        } else if constexpr (assigns_spike<statement>::value) {
            cell.fired = cell.spike > V(0);
        }
    }
}

/// Runs lines [Line, End) of a step.
template <std::size_t End, std::size_t Line = 0, class N, class V>
SPIKEFUSE_FUNCTION void advance_lines(neurons<N, V>& cell) {
    if constexpr (Line < End) {
        advance_group<Line>(cell);
        advance_lines<End, behind_group<N, Line>>(cell);
    }
}

} // namespace detail

/// One time step: reads `current`, moves `states`, writes `output` and, for spiking neurons,
/// `fired`.
template <class N, class V>
SPIKEFUSE_FUNCTION void advance(neurons<N, V>& cell) {
    detail::advance_lines<equation_traits<N>::size>(cell);
    if constexpr (!equation_traits<N>::has_output) cell.output = cell.spike;
}

/// A step up to the line that fires: by how much the membranes exceed the threshold. For neurons of
/// which only one may fire.
template <class N, class V>
SPIKEFUSE_FUNCTION V reach_threshold(neurons<N, V> cell) {
    constexpr std::size_t line = equation_traits<N>::spike_line;
    detail::advance_lines<line>(cell);
    constexpr auto lines = tree<N>::value;
    return detail::margin<N, V, line + 1>(get<line>(lines).value, cell);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::equations
