#pragma once
/// Runs a program on one register of neurons.

#include "anatomy.hpp"

namespace spikefuse::equations {

/// One register of neurons of kind N while a step runs. Where it Recalls, what is costly is not computed: `kept` holds it since the step
/// ran.
template <class N, class T, bool Recalls = false>
struct neurons {
    using register_type = lanes<T>;
    template <int Count>
    static constexpr int at_least_one = Count > 0 ? Count : 1;
    using about = anatomy<N>;
    register_type states[at_least_one<about::state_count>];
    register_type locals[at_least_one<about::local_count>];
    register_type coefficients[at_least_one<about::coefficient_count>];
    register_type current;
    register_type noise; // of this step, where the equations ask for it
    register_type uniform;
    register_type spike;  // 0 or 1, or how often
    register_type output; // what the next layer sees: the spike, or a value
    typename register_type::mask fired;
    mutable register_type kept[at_least_one<about::costly_count>]; // what is costly, in this step
    typename register_type::mask highest;                          // the layer's winner, where the equations ask for one
    T const* tables[at_least_one<about::table_count>];             // shared by all neurons of the layer
};

namespace detail {

// Parameters alone: used before the time loop.
template <class N, class T, class E>
SPIKEFUSE_FUNCTION lanes<T> evaluate_constant(E const& e, lanes<T> const* params, T step) {
    if constexpr (is_literal<E>::value) {
        return lanes<T>(static_cast<T>(e.value));
    } else if constexpr (is_param<E>::value) {
        return params[anatomy<N>::template param_index<E>];
    } else {
        static_assert(std::is_same_v<E, step_word>);
        return lanes<T>(step);
    }
}
template <class N, class T, class Operation, class... A>
SPIKEFUSE_FUNCTION lanes<T> evaluate_constant(node<Operation, A...> const& e, lanes<T> const* params, T step) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return as_number(Operation::apply(evaluate_constant<N, T>(get<I>(e.arguments), params, step)...));
    }(std::index_sequence_for<A...>{});
}

template <class N, class T, std::uint64_t Place, class E>
SPIKEFUSE_FUNCTION void prepare(E const& e, lanes<T> const* params, T step, lanes<T>* coefficients) {
    if constexpr (is_literal<E>::value) {
        return;
    } else if constexpr (is_constant<E>) {
        coefficients[anatomy<N>::template coefficient_index<E, Place>] = evaluate_constant<N, T>(e, params, step);
    } else if constexpr (mp11::mp_size<words<E>>::value > 1) {
        [&]<class Operation, class... A>(node<Operation, A...> const& inner) {
            for_each_index<sizeof...(A)>(
                [&](auto i) { prepare<N, T, inside(Place, i)>(get<i>(inner.arguments), params, step, coefficients); });
        }(e);
    }
}

template <int Count, class T>
SPIKEFUSE_FUNCTION lanes<T> nearest(lanes<T> x, T const* table) {
    lanes<T> result = table[0], distance = abs(table[0] - x);
    for (int k = 1; k < Count; ++k) {
        lanes<T> const level = table[k], other = abs(level - x);
        auto const nearer = other < distance;
        result = select(nearer, level, result);
        distance = select(nearer, other, distance);
    }
    return result;
}

template <class N, class T, std::uint64_t Place, class E, bool Recalls>
SPIKEFUSE_FUNCTION auto evaluate(E const& e, neurons<N, T, Recalls> const& cell) {
    using about = anatomy<N>;
    if constexpr (is_literal<E>::value) {
        return lanes<T>(static_cast<T>(e.value));
    } else if constexpr (is_constant<E>) {
        return cell.coefficients[about::template coefficient_index<E, Place>];
    } else if constexpr (is_state<E>::value) {
        return cell.states[about::template state_index<E>];
    } else if constexpr (is_local<E>::value) {
        return cell.locals[about::template local_index<E>];
    } else if constexpr (std::is_same_v<E, current_word>) {
        return cell.current;
    } else if constexpr (std::is_same_v<E, noise_word>) {
        return cell.noise;
    } else if constexpr (std::is_same_v<E, uniform_word>) {
        return cell.uniform;
    } else if constexpr (std::is_same_v<E, spike_word>) {
        return cell.spike;
    } else if constexpr (std::is_same_v<E, output_word>) {
        return cell.output;
    } else {
        return [&]<class Operation, class... A, std::size_t... I>(node<Operation, A...> const& inner, std::index_sequence<I...>) {
            if constexpr (std::is_same_v<Operation, nearest_level>) {
                using table = std::remove_cvref_t<decltype(get<1>(inner.arguments))>;
                return nearest<table::count>(as_number(evaluate<N, T, inside(Place, 0)>(get<0>(inner.arguments), cell)),
                                             cell.tables[about::template table_index<table>]);
            } else if constexpr (std::is_same_v<Operation, winning>) {
                return (evaluate<N, T, inside(Place, I)>(get<I>(inner.arguments), cell) & ...) & cell.highest;
            } else if constexpr (requires { Operation::costly; }) {
                auto& kept = cell.kept[about::template costly_index<Place>];
                if constexpr (!Recalls)
                    kept = Operation::apply(as_number(evaluate<N, T, inside(Place, I)>(get<I>(inner.arguments), cell))...);
                return kept;
            } else if constexpr (requires { Operation::of_conditions; }) {
                return Operation::apply(evaluate<N, T, inside(Place, I)>(get<I>(inner.arguments), cell)...);
            } else {
                return Operation::apply(as_number(evaluate<N, T, inside(Place, I)>(get<I>(inner.arguments), cell))...);
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

/// Everything that depends on parameters alone. `params` in the order of `anatomy<N>::params`; step in seconds.
template <class N, class T>
SPIKEFUSE_FUNCTION void prepare(lanes<T> const* params, T step, lanes<T>* coefficients) {
    constexpr auto lines = tree<N>::value;
    for_each_index<anatomy<N>::size>([&](auto k) { detail::prepare<N, T, k + 1>(get<k>(lines).value, params, step, coefficients); });
}

/// The states at rest.
template <class N, class T>
SPIKEFUSE_FUNCTION void rest(neurons<N, T>& cell) {
    constexpr auto lines = tree<N>::value;
    for (int k = 0; k < anatomy<N>::state_count; ++k) cell.states[k] = lanes<T>(T(0));
    for_each_index<anatomy<N>::size>([&](auto k) {
        using statement = mp11::mp_at_c<typename anatomy<N>::statements, k>;
        if constexpr (detail::is_start<statement>::value)
            detail::place_of(cell, detail::target_of<statement>{}) = detail::evaluate<N, T, k + 1>(get<k>(lines).value, cell);
    });
}

namespace detail {

/// By how much a condition holds: its left side less its right side.
template <class N, class T, std::uint64_t Place, class Operation, class... A, bool Recalls>
SPIKEFUSE_FUNCTION lanes<T> margin(node<Operation, A...> const& condition, neurons<N, T, Recalls> const& cell) {
    if constexpr (requires { Operation::of_conditions; } || std::is_same_v<Operation, winning>) {
        static_assert(sizeof...(A) == 1, "spikefuse: only_winner(...) takes one comparison, `only_winner(v > threshold)`.");
        return margin<N, T, inside(Place, 0)>(get<0>(condition.arguments), cell);
    } else {
        return as_number(evaluate<N, T, inside(Place, 0)>(get<0>(condition.arguments), cell)) -
               as_number(evaluate<N, T, inside(Place, 1)>(get<1>(condition.arguments), cell));
    }
}

/// Lines that act together: a run of d(...) lines, which all read the values before the first of them, or a single line.
template <class N, std::size_t Line>
inline constexpr std::size_t behind_group = [] {
    using statements = typename anatomy<N>::statements;
    if constexpr (is_euler<mp11::mp_at_c<statements, Line>>::value) {
        return Line + mp11::mp_find_if_q<mp11::mp_drop_c<statements, Line>, mp11::mp_not_fn<is_euler>>::value;
    } else {
        return Line + 1;
    }
}();

/// Runs the group that begins at a line.
template <std::size_t Line, class N, class T, bool Recalls>
SPIKEFUSE_FUNCTION void advance_group(neurons<N, T, Recalls>& cell) {
    using about = anatomy<N>;
    using statement = mp11::mp_at_c<typename about::statements, Line>;
    constexpr auto lines = tree<N>::value;
    if constexpr (is_start<statement>::value) {
        return;
    } else if constexpr (is_euler<statement>::value) {
        constexpr std::size_t count = behind_group<N, Line> - Line;
        lanes<T> increments[count];
        for_each_index<count>([&](auto k) { increments[k] = evaluate<N, T, Line + k + 1>(get<Line + k>(lines).value, cell); });
        for_each_index<count>([&](auto k) {
            auto& state = place_of(cell, target_of<mp11::mp_at_c<typename about::statements, Line + k>>{});
            state = state + increments[k];
        });
    } else {
        auto const value = evaluate<N, T, Line + 1>(get<Line>(lines).value, cell);
        auto& place = place_of(cell, target_of<statement>{});
        if constexpr (is_on_spike<statement>::value) {
            place = select(cell.fired, as_number(value), place);
        } else {
            place = as_number(value);
        }
        if constexpr (fires_bits<statement>::value) {
            cell.fired = value;
        } else if constexpr (assigns_spike<statement>::value) {
            cell.fired = cell.spike > lanes<T>(T(0));
        }
    }
}

/// Runs lines [Line, End) of a step.
template <std::size_t End, std::size_t Line = 0, class N, class T>
SPIKEFUSE_FUNCTION void advance_lines(neurons<N, T>& cell) {
    if constexpr (Line < End) {
        advance_group<Line>(cell);
        advance_lines<End, behind_group<N, Line>>(cell);
    }
}

} // namespace detail

/// One time step: reads `current`, moves `states`, writes `output` and, for spiking neurons, `fired`.
template <class N, class T>
SPIKEFUSE_FUNCTION void advance(neurons<N, T>& cell) {
    detail::advance_lines<anatomy<N>::size>(cell);
    if constexpr (!anatomy<N>::has_output) cell.output = cell.spike;
}

/// A step up to the line that fires: by how much the membranes exceed the threshold. For neurons of which only one may fire.
template <class N, class T>
SPIKEFUSE_FUNCTION lanes<T> reach_threshold(neurons<N, T> cell) {
    constexpr std::size_t line = anatomy<N>::spike_line;
    detail::advance_lines<line>(cell);
    constexpr auto lines = tree<N>::value;
    return detail::margin<N, T, line + 1>(get<line>(lines).value, cell);
}

} // namespace spikefuse::equations
