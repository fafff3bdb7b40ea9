// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Properties of a neuron's equations, as types: states, parameters, and coefficients, which depend
/// on parameters alone (dt / tau, exp(-dt / tau)) and are computed once per run, outside the time
/// loop.

#include "dynamics.hpp"

#include <boost/mp11.hpp>
#include <cstddef>
#include <cstdint>

namespace spikefuse::inline SPIKEFUSE_ABI::equations {

namespace mp11 = boost::mp11;

namespace detail {

template <class E>
struct all_words {
    using type = mp11::mp_list<E>;
};
template <class Operation, class... A>
struct all_words<node<Operation, A...>> {
    using type =
        mp11::mp_append<mp11::mp_list<node<Operation, A...>>, typename all_words<A>::type...>;
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
struct is_table : std::false_type {};
template <class Name, int Count>
struct is_table<levels_word<Name, Count>> : std::true_type {};
template <class E>
struct is_noise : std::is_same<E, noise_word> {};
template <class E>
struct is_uniform : std::is_same<E, uniform_word> {};
template <class E>
struct is_winning : std::false_type {};
template <class... A>
struct is_winning<node<winning, A...>> : std::true_type {};
template <class E> // a condition that says which derivative it has
inline constexpr bool has_surrogate = false;
template <class Operation, class... A>
inline constexpr bool has_surrogate<node<Operation, A...>> =
    (has_surrogate<A> || ...) || requires { typename Operation::surrogate; };
template <class E>
struct is_literal : std::is_same<E, literal> {};
template <class E>
struct changes : mp11::mp_or<is_state<E>, is_local<E>, is_table<E>, is_noise<E>, is_uniform<E>,
                             std::is_same<E, current_word>, std::is_same<E, spike_word>,
                             std::is_same<E, output_word>> {};

template <class E>
inline constexpr bool is_constant = !mp11::mp_any_of<words<E>, changes>::value;
template <class E>
inline constexpr bool has_literal = mp11::mp_any_of<words<E>, is_literal>::value;

template <class S>
using value_of = decltype(S::value);
template <class S>
using target_of = typename S::target;

template <class S>
struct is_start : std::false_type {};
template <class State, class Value>
struct is_start<start_statement<State, Value>> : std::true_type {};
template <class S>
struct is_on_spike : std::false_type {};
template <class Target, class Value, bool Detached>
struct is_on_spike<on_spike_statement<Target, Value, Detached>> : std::true_type {};
template <class S>
struct is_euler : std::false_type {};
template <class State, class Value>
struct is_euler<euler_statement<State, Value>> : std::true_type {};

// A coefficient is named by its expression; where a literal stands in it, by its place too, since
// types hold no values. A place is the line (its number and 1, below 64) and the way from its root:
// four branches at most at each turn.
constexpr std::uint64_t lines_at_most = 62;
SPIKEFUSE_FUNCTION constexpr std::uint64_t inside(std::uint64_t place, std::uint64_t branch) {
    return place % 64 + (place / 64 * 4 + branch + 1) * 64;
}
template <class E, std::uint64_t Path>
struct coefficient_key {};
template <class E, std::uint64_t Path>
using key = coefficient_key<E, has_literal<E> ? Path : 0>;
/// A coefficient where it stands.
template <class E, std::uint64_t Path>
struct coefficient {
    using key = detail::key<E, Path>;
    static constexpr std::uint64_t path = Path;
};

template <class E, std::uint64_t Path>
struct coefficients_in {
    using type =
        std::conditional_t<is_constant<E>, mp11::mp_list<coefficient<E, Path>>, mp11::mp_list<>>;
};
template <std::uint64_t Path>
struct coefficients_in<literal, Path> {
    using type = mp11::mp_list<>;
};
template <class Operation, class... A, std::uint64_t Path>
struct coefficients_in<node<Operation, A...>, Path> {
    template <class Indices>
    struct inner;
    template <std::size_t... I>
    struct inner<std::index_sequence<I...>> {
        using type =
            mp11::mp_append<mp11::mp_list<>, typename coefficients_in<A, inside(Path, I)>::type...>;
    };
    using whole = node<Operation, A...>;
    using type = typename mp11::mp_if_c<is_constant<whole>,
                                        mp11::mp_identity<mp11::mp_list<coefficient<whole, Path>>>,
                                        inner<std::index_sequence_for<A...>>>::type;
};
template <class Coefficient>
using key_of = typename Coefficient::key;

// Places of costly operations on what changes.
template <class E, std::uint64_t Path>
struct cached_places {
    using type = mp11::mp_list<>;
};
template <class Operation, class... A, std::uint64_t Path>
    requires(!is_constant<node<Operation, A...>>)
struct cached_places<node<Operation, A...>, Path> {
    template <class Indices>
    struct inner;
    template <std::size_t... I>
    struct inner<std::index_sequence<I...>> {
        using type =
            mp11::mp_append<mp11::mp_list<>, typename cached_places<A, inside(Path, I)>::type...>;
    };
    using own = std::conditional_t<requires {
        Operation::costly;
    }, mp11::mp_list<std::integral_constant<std::uint64_t, Path>>, mp11::mp_list<>>;
    using type = mp11::mp_append<own, typename inner<std::index_sequence_for<A...>>::type>;
};

template <class Program>
struct program_words;
template <class... S>
struct program_words<program<S...>> {
    using all = mp11::mp_unique<
        mp11::mp_append<mp11::mp_list<>, words<value_of<S>>..., mp11::mp_list<target_of<S>>...>>;
    using states = mp11::mp_copy_if<all, is_state>;
    using locals = mp11::mp_copy_if<all, is_local>;
    using params = mp11::mp_copy_if<all, is_param>;
    using tables = mp11::mp_copy_if<all, is_table>;
    static constexpr bool noisy = mp11::mp_any_of<all, is_noise>::value;
    static constexpr bool draws = mp11::mp_any_of<all, is_uniform>::value;
    static constexpr bool competes = mp11::mp_any_of<all, is_winning>::value;
    using statements = mp11::mp_list<S...>;
    static constexpr std::size_t size = sizeof...(S);
    static_assert(size <= lines_at_most, "spikefuse: a neuron has at most 62 equations.");

    template <class Indices>
    struct places_of;
    template <std::size_t... I>
    struct places_of<std::index_sequence<I...>> {
        using coefficients =
            mp11::mp_append<mp11::mp_list<>, typename coefficients_in<value_of<S>, I + 1>::type...>;
        using costly =
            mp11::mp_append<mp11::mp_list<>, typename cached_places<value_of<S>, I + 1>::type...>;
    };
    using places = typename places_of<std::index_sequence_for<S...>>::coefficients;
    using keys_of_places = mp11::mp_transform<key_of, places>;
    using coefficients = mp11::mp_unique<keys_of_places>;
    using costly = typename places_of<std::index_sequence_for<S...>>::costly;
    static_assert(
        mp11::mp_is_set<costly>::value,
        "spikefuse: an equation is nested too deeply. Give a part of it a name: local<...>.");
};

// Wrong programs, each with its sentence.
template <class S>
struct starts_from_something_that_moves : std::false_type {};
template <class State, class Value>
struct starts_from_something_that_moves<start_statement<State, Value>>
    : std::bool_constant<!is_constant<Value>> {};

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
struct equation_traits : detail::program_words<std::remove_cvref_t<decltype(tree<N>::value)>> {
    using base = detail::program_words<std::remove_cvref_t<decltype(tree<N>::value)>>;
    static constexpr int state_count =
        static_cast<int>(mp11::mp_size<typename base::states>::value);
    static constexpr int local_count =
        static_cast<int>(mp11::mp_size<typename base::locals>::value);
    static constexpr int table_count =
        static_cast<int>(mp11::mp_size<typename base::tables>::value);
    static constexpr int param_count =
        static_cast<int>(mp11::mp_size<typename base::params>::value);
    static constexpr int coefficient_count =
        static_cast<int>(mp11::mp_size<typename base::coefficients>::value);
    static constexpr int cached_count =
        static_cast<int>(mp11::mp_size<typename base::costly>::value);
    static constexpr bool spikes =
        mp11::mp_any_of<typename base::statements, detail::assigns_spike>::value;
    static constexpr bool fires = mp11::mp_any_of<typename base::statements,
                                                  detail::fires_bits>::value; // once a step at most
    static constexpr bool has_output =
        mp11::mp_any_of<typename base::statements, detail::assigns_output>::value;
    static constexpr bool emits_bits = fires && !has_output;
    static_assert(spikes || has_output, "spikefuse: these equations give nothing to the next "
                                        "layer. Write `spike = v > threshold` or `output = v`.");

    static_assert(!mp11::mp_any_of<typename base::statements,
                                   detail::starts_from_something_that_moves>::value,
                  "spikefuse: only parameters may stand on the right of start(...). A state begins "
                  "where a parameter or a number says.");
    static_assert(
        !mp11::mp_any_of<
            mp11::mp_take<typename base::statements,
                          mp11::mp_find_if<typename base::statements, detail::assigns_spike>>,
            detail::is_on_spike>::value,
        "spikefuse: on_spike stands before `spike = ...`. Lines run in order: first say when the "
        "neuron fires, then what a spike does.");

    template <class State>
    static constexpr std::size_t state_index = mp11::mp_find<typename base::states, State>::value;
    template <class Local>
    static constexpr std::size_t local_index = mp11::mp_find<typename base::locals, Local>::value;
    template <class Param>
    static constexpr std::size_t param_index = mp11::mp_find<typename base::params, Param>::value;
    template <class Table>
    static constexpr std::size_t table_index = mp11::mp_find<typename base::tables, Table>::value;
    /// Which line fires.
    static constexpr std::size_t spike_line =
        mp11::mp_find_if<typename base::statements, detail::assigns_spike>::value;
    template <std::uint64_t Path>
    static constexpr std::size_t cached_index =
        mp11::mp_find<typename base::costly, std::integral_constant<std::uint64_t, Path>>::value;
    template <class E, std::uint64_t Path>
    static constexpr std::size_t coefficient_index =
        mp11::mp_find<typename base::coefficients, detail::key<E, Path>>::value;
    /// Where a coefficient first stands.
    template <std::size_t Coefficient>
    static constexpr std::uint64_t coefficient_place = mp11::mp_at_c<
        typename base::places,
        mp11::mp_find<typename base::keys_of_places,
                      mp11::mp_at_c<typename base::coefficients, Coefficient>>::value>::path;
};

namespace detail {
/// The expression at a place.
template <class N, std::uint64_t Path>
consteval auto expression_at() {
    constexpr std::uint64_t way = Path / 64;
    if constexpr (way == 0) {
        return get<Path - 1>(tree<N>::value).value;
    } else {
        return get<(way - 1) % 4>(expression_at<N, Path % 64 + (way - 1) / 4 * 64>().arguments);
    }
}
} // namespace detail

} // namespace spikefuse::inline SPIKEFUSE_ABI::equations
