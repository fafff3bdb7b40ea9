// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The symbols of an equation: empty structs that record what was written. Nothing is computed
/// here.

#include "../core/name.hpp"
#include "../core/tuple.hpp"
#include "../core/units.hpp"

#include <concepts>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI::equations {

namespace detail {
using spikefuse::detail::for_each_index, spikefuse::detail::make_tuple, spikefuse::detail::tuple;
} // namespace detail

struct expression {}; // every word derives from it

template <class T>
concept word = std::derived_from<T, expression>;
template <class T>
concept number = std::is_arithmetic_v<T> || std::same_as<T, duration>;
template <class T>
concept operand = word<T> || number<T>;

struct literal : expression {
    double value;
    constexpr explicit literal(double v) : value(v) {}
};

template <class Operation, class... Arguments>
struct node : expression {
    detail::tuple<Arguments...> arguments;
    constexpr explicit node(Arguments... a) : arguments(detail::make_tuple(a...)) {}
};

template <word E>
constexpr E as_word(E e) {
    return e;
}
constexpr literal as_word(duration d) { return literal(d.seconds); }
template <class T>
    requires std::is_arithmetic_v<T>
constexpr literal as_word(T v) {
    return literal(static_cast<double>(v));
}
template <class T>
using word_for = decltype(as_word(std::declval<T>()));

template <class Operation, class... T>
constexpr auto build(T... arguments) {
    return node<Operation, word_for<T>...>(as_word(arguments)...);
}

template <class Target, class Value>
struct assignment { // sequential: later lines read the new value
    Value value;
};
template <class State, class Rate>
struct differential { // d(state) = rate
    Rate rate;
};

/// What `=`, `+=` and `-=` mean for a word that can stand on the left.
template <class Self>
struct assignable : expression {
    template <operand E>
    constexpr auto operator=(E value) const {
        return assignment<Self, word_for<E>>{as_word(value)};
    }
    template <operand E>
    constexpr auto operator+=(E value) const;
    template <operand E>
    constexpr auto operator-=(E value) const;
};

/// Kept from step to step, one number a neuron: `state<"v">`. Starts at zero unless `start(v =
/// ...)` says otherwise.
template <class Name>
struct state_word : assignable<state_word<Name>> {
    using name = Name;
    using assignable<state_word>::operator=;
};
/// Forgotten after the step: `local<"jump">`.
template <class Name>
struct local_word : assignable<local_word<Name>> {
    using name = Name;
    using assignable<local_word>::operator=;
};
/// Fixed for the run, one number a neuron: `param<"tau">(20 * ms)`. The default carries the unit: a
/// time or a plain number.
template <class Name, class Default>
struct param_word : expression {
    using name = Name;
    Default initial;
    constexpr explicit param_word(Default d) : initial(d) {}
};
template <class Name>
struct param_maker {
    template <class Default>
    constexpr param_word<Name, Default> operator()(Default initial) const {
        return param_word<Name, Default>(initial);
    }
};

/// The default of a parameter that is the inverse of a time.
template <class Struct>
struct inverse_time {
    using field = duration Struct::*; // else nvcc writes parentheses that g++ warns about
    field time;
};
/// A table that all neurons of a layer share: `levels<"level", 16>(-1, 1.2)`, equally spaced to
/// begin with.
template <class Name, int Count>
struct levels_word : expression {
    using name = Name;
    static constexpr int count = Count;
    double first, last;
    constexpr levels_word(double lowest, double highest) : first(lowest), last(highest) {}
};
template <class Name, int Count>
struct levels_maker {
    constexpr levels_word<Name, Count> operator()(double first, double last) const {
        return {first, last};
    }
};

struct noise_word : expression {
}; // a standard normal number, another one for every neuron, sample and step
struct uniform_word : expression {}; // likewise, uniform in [0, 1)
struct current_word : expression {}; // what arrives at the neuron in this step
struct step_word : expression {};    // dt, in seconds
struct spike_word : assignable<spike_word> {
    using assignable<spike_word>::operator=;
};
struct output_word : assignable<output_word> {
    using assignable<output_word>::operator=;
};

template <spikefuse::detail::spelling Text>
inline constexpr state_word<named<Text>> state{};
template <spikefuse::detail::spelling Text>
inline constexpr local_word<named<Text>> local{};
template <spikefuse::detail::spelling Text>
inline constexpr param_maker<named<Text>> param{};
template <spikefuse::detail::spelling Text, int Count>
inline constexpr levels_maker<named<Text>, Count> levels{};
inline constexpr noise_word noise{};
inline constexpr uniform_word uniform{};
inline constexpr current_word current{};
inline constexpr step_word dt{};
inline constexpr spike_word spike{}; // `spike = v > threshold` fires; read afterwards it is 0 or 1
inline constexpr output_word output{}; // `output = v` for a neuron that does not spike

template <class State>
struct differential_maker {
    template <operand E>
    constexpr auto operator=(E rate) const {
        return differential<State, word_for<E>>{as_word(rate)};
    }
};
/// `d(v) = rate`: one forward Euler step. Neighbouring lines of this kind all read the values
/// before the first of them.
template <class Name>
constexpr differential_maker<state_word<Name>> d(state_word<Name>) {
    return {};
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::equations
