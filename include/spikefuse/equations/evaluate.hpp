#pragma once
/// Runs a program on one register of neurons. What depends on parameters alone (dt / tau, exp(-dt / tau)) is a
/// *coefficient*: computed once a run, never inside the time loop.

#include "dynamics.hpp"

#include <boost/mp11.hpp>
#include <cstdint>

namespace spikefuse::equations {

namespace mp11 = boost::mp11;

namespace detail {

template <class E>
struct all_words {
    using type = mp11::mp_list<E>;
};
template <class Operation, class... A>
struct all_words<node<Operation, A...>> {
    using type = mp11::mp_append<mp11::mp_list<node<Operation, A...>>, typename all_words<A>::type...>;
};
template <class E>
using words = typename all_words<E>::type;

template <class E>
struct is_state : std::false_type {};
template <class Name>
struct is_state<state_word<Name>> : std::true_type {};
template <class E>
struct is_local : std::false_type {};
template <class Name>
struct is_local<local_word<Name>> : std::true_type {};
template <class E>
struct is_param : std::false_type {};
template <class Name, class Default>
struct is_param<param_word<Name, Default>> : std::true_type {};
template <class E>
struct is_literal : std::is_same<E, literal> {};
template <class E>
struct changes
    : mp11::mp_or<is_state<E>, is_local<E>, std::is_same<E, current_word>, std::is_same<E, spike_word>, std::is_same<E, output_word>> {};

template <class E>
inline constexpr bool is_constant = !mp11::mp_any_of<words<E>, changes>::value;
template <class E>
inline constexpr bool has_literal = mp11::mp_any_of<words<E>, is_literal>::value;

template <class S>
struct statement_parts;
template <template <class, class> class S, class Target, class Value>
struct statement_parts<S<Target, Value>> {
    using target = Target;
    using value = Value;
};
template <class S>
using value_of = typename statement_parts<S>::value;
template <class S>
using target_of = typename statement_parts<S>::target;

template <class S>
struct is_start : std::false_type {};
template <class State, class Value>
struct is_start<start_statement<State, Value>> : std::true_type {};
template <class S>
struct is_on_spike : std::false_type {};
template <class Target, class Value>
struct is_on_spike<on_spike_statement<Target, Value>> : std::true_type {};
template <class S>
struct is_euler : std::false_type {};
template <class State, class Value>
struct is_euler<euler_statement<State, Value>> : std::true_type {};

// A coefficient is named by its expression; where a literal stands in it, by its place too, since types hold no values.
template <class E, std::uint64_t Place>
struct coefficient_key {};
template <class E, std::uint64_t Place>
using key = coefficient_key<E, has_literal<E> ? Place : 0>;

template <class E, std::uint64_t Place>
struct coefficient_keys {
    using type = std::conditional_t<is_constant<E>, mp11::mp_list<key<E, Place>>, mp11::mp_list<>>;
};
template <std::uint64_t Place>
struct coefficient_keys<literal, Place> {
    using type = mp11::mp_list<>;
};
template <class Operation, class... A, std::uint64_t Place>
struct coefficient_keys<node<Operation, A...>, Place> {
    template <class Indices>
    struct inner;
    template <std::size_t... I>
    struct inner<std::index_sequence<I...>> {
        using type = mp11::mp_append<mp11::mp_list<>, typename coefficient_keys<A, Place * 4 + I + 1>::type...>;
    };
    using whole = node<Operation, A...>;
    using type = typename mp11::mp_if_c<is_constant<whole>, mp11::mp_identity<mp11::mp_list<key<whole, Place>>>,
                                        inner<std::index_sequence_for<A...>>>::type;
};

template <class Program>
struct program_words;
template <class... S>
struct program_words<program<S...>> {
    using all = mp11::mp_unique<mp11::mp_append<mp11::mp_list<>, words<value_of<S>>..., mp11::mp_list<target_of<S>>...>>;
    using states = mp11::mp_copy_if<all, is_state>;
    using locals = mp11::mp_copy_if<all, is_local>;
    using params = mp11::mp_copy_if<all, is_param>;
    using statements = mp11::mp_list<S...>;
    static constexpr std::size_t size = sizeof...(S);

    template <class Indices>
    struct keys_of;
    template <std::size_t... I>
    struct keys_of<std::index_sequence<I...>> {
        using type = mp11::mp_unique<mp11::mp_append<mp11::mp_list<>, typename coefficient_keys<value_of<S>, I + 1>::type...>>;
    };
    using coefficients = typename keys_of<std::index_sequence_for<S...>>::type;
};

// Wrong programs, each with its sentence.
template <class S>
struct starts_from_something_that_moves : std::false_type {};
template <class State, class Value>
struct starts_from_something_that_moves<start_statement<State, Value>> : std::bool_constant<!is_constant<Value>> {};

template <class S>
struct fires_bits : std::false_type {};
template <class Operation, class... A>
    requires is_condition<Operation>
struct fires_bits<assign_statement<spike_word, node<Operation, A...>>> : std::true_type {};
template <class S>
using assigns_spike = std::is_same<target_of<S>, spike_word>;
template <class S>
using assigns_output = std::is_same<target_of<S>, output_word>;

} // namespace detail

/// The equations of neuron N as a constant that device code may use.
template <class N>
struct tree {
    static constexpr auto value = N::equations();
};

/// What N's equations contain, as types: states, parameters, coefficients.
template <class N>
struct anatomy : detail::program_words<std::remove_cvref_t<decltype(tree<N>::value)>> {
    using base = detail::program_words<std::remove_cvref_t<decltype(tree<N>::value)>>;
    static constexpr int state_count = static_cast<int>(mp11::mp_size<typename base::states>::value);
    static constexpr int local_count = static_cast<int>(mp11::mp_size<typename base::locals>::value);
    static constexpr int param_count = static_cast<int>(mp11::mp_size<typename base::params>::value);
    static constexpr int coefficient_count = static_cast<int>(mp11::mp_size<typename base::coefficients>::value);
    static constexpr bool spikes = mp11::mp_any_of<typename base::statements, detail::assigns_spike>::value;
    static constexpr bool emits_bits = mp11::mp_any_of<typename base::statements, detail::fires_bits>::value;
    static constexpr bool has_output = mp11::mp_any_of<typename base::statements, detail::assigns_output>::value;
    static_assert(spikes || has_output,
                  "spikefuse: these equations give nothing to the next layer. Write `spike = v > threshold` or `output = v`.");

    static_assert(!mp11::mp_any_of<typename base::statements, detail::starts_from_something_that_moves>::value,
                  "spikefuse: only parameters may stand on the right of start(...). A state begins where a parameter or a number says.");
    static_assert(
        !mp11::mp_any_of<mp11::mp_take<typename base::statements, mp11::mp_find_if<typename base::statements, detail::assigns_spike>>,
                         detail::is_on_spike>::value,
        "spikefuse: on_spike stands before `spike = ...`. Lines run in order: first say when the neuron fires, then what a spike does.");

    template <class State>
    static constexpr std::size_t state_index = mp11::mp_find<typename base::states, State>::value;
    template <class Local>
    static constexpr std::size_t local_index = mp11::mp_find<typename base::locals, Local>::value;
    template <class Param>
    static constexpr std::size_t param_index = mp11::mp_find<typename base::params, Param>::value;
    template <class E, std::uint64_t Place>
    static constexpr std::size_t coefficient_index = mp11::mp_find<typename base::coefficients, detail::key<E, Place>>::value;
};

/// One register of neurons of kind N while a step runs.
template <class N, class T>
struct neurons {
    using register_type = lanes<T>;
    template <int Count>
    static constexpr int at_least_one = Count > 0 ? Count : 1;
    register_type states[at_least_one<anatomy<N>::state_count>];
    register_type locals[at_least_one<anatomy<N>::local_count>];
    register_type coefficients[at_least_one<anatomy<N>::coefficient_count>];
    register_type current;
    register_type output; // spikes as 0 and 1, or a value
    typename register_type::mask fired;
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
                [&](auto i) { prepare<N, T, Place * 4 + i + 1>(get<i>(inner.arguments), params, step, coefficients); });
        }(e);
    }
}

template <class N, class T, std::uint64_t Place, class E>
SPIKEFUSE_FUNCTION auto evaluate(E const& e, neurons<N, T> const& cell) {
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
    } else if constexpr (std::is_same_v<E, spike_word> || std::is_same_v<E, output_word>) {
        return cell.output;
    } else {
        return [&]<class Operation, class... A, std::size_t... I>(node<Operation, A...> const& inner, std::index_sequence<I...>) {
            return Operation::apply(as_number(evaluate<N, T, Place * 4 + I + 1>(get<I>(inner.arguments), cell))...);
        }(e, std::make_index_sequence<mp11::mp_size<E>::value - 1>{});
    }
}

template <class N, class T, class Target>
SPIKEFUSE_FUNCTION auto& place_of(neurons<N, T>& cell, Target) {
    if constexpr (is_state<Target>::value) {
        return cell.states[anatomy<N>::template state_index<Target>];
    } else if constexpr (is_local<Target>::value) {
        return cell.locals[anatomy<N>::template local_index<Target>];
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

/// One time step: reads `current`, moves `states`, writes `output` and, for spiking neurons, `fired`.
template <class N, class T>
SPIKEFUSE_FUNCTION void advance(neurons<N, T>& cell) {
    using about = anatomy<N>;
    constexpr auto lines = tree<N>::value;
    lanes<T> moved[neurons<N, T>::template at_least_one<about::state_count>];
    for_each_index<about::size>([&](auto k) {
        using statement = mp11::mp_at_c<typename about::statements, k>;
        using target = detail::target_of<statement>;
        if constexpr (detail::is_start<statement>::value) {
            return;
        } else if constexpr (detail::is_euler<statement>::value) {
            moved[about::template state_index<target>] =
                cell.states[about::template state_index<target>] + detail::evaluate<N, T, k + 1>(get<k>(lines).value, cell);
            // The run ends here: now all of its states move at once.
            using next = mp11::mp_at_c<mp11::mp_push_back<typename about::statements, assign_statement<output_word, literal>>, k + 1>;
            if constexpr (!detail::is_euler<next>::value)
                for_each_index<k + 1>([&](auto back) {
                    constexpr std::size_t line = k - back;
                    constexpr bool same_run =
                        mp11::mp_all_of<mp11::mp_take_c<mp11::mp_drop_c<typename about::statements, line>, k - line + 1>,
                                        detail::is_euler>::value;
                    if constexpr (same_run) {
                        using state = detail::target_of<mp11::mp_at_c<typename about::statements, line>>;
                        cell.states[about::template state_index<state>] = moved[about::template state_index<state>];
                    }
                });
        } else {
            auto const value = detail::evaluate<N, T, k + 1>(get<k>(lines).value, cell);
            auto& place = detail::place_of(cell, target{});
            if constexpr (detail::fires_bits<statement>::value) {
                cell.fired = value;
                place = as_number(value);
            } else if constexpr (detail::is_on_spike<statement>::value) {
                place = select(cell.fired, as_number(value), place);
            } else {
                place = as_number(value);
            }
        }
    });
}

} // namespace spikefuse::equations
