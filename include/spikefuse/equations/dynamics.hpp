// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The grammar of a neuron: `dynamics(line, line, ...)` makes a program, a flat tuple of simple
/// statements.

#include "firing.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::equations {

template <class State, class Value>
struct start_statement { // the state at rest, before the first step
    using target = State;
    Value value;
};
template <class Target, class Value>
struct assign_statement {
    using target = Target;
    Value value;
};
template <class State, class Increment>
struct euler_statement { // state + increment; a run of these reads the values before its first line
    using target = State;
    Increment value;
};
template <class Target, class Value, bool Detached = false>
struct on_spike_statement { // only where the neuron fired; detached: the spike's own gradient is
                            // left out
    using target = Target;
    static constexpr bool detached = Detached;
    Value value;
};

template <class... Statements>
struct program : detail::tuple<Statements...> {};

namespace detail {

// The reference libraries write dt * rate * (...), from the left: dt meets the rate first. So that
// a time constant's share of a step is known before the run, `x / tau` becomes (dt * (1 / tau)) *
// x: their inverse time constant, to the bit.
template <word E>
constexpr auto times_step(E e) {
    return build<multiply>(dt, e);
}
template <class A>
constexpr auto times_step(node<negate, A> e);
template <class A, class B>
constexpr auto times_step(node<divide, A, B> e) {
    return build<multiply>(build<multiply>(dt, inverse(get<1>(e.arguments))), get<0>(e.arguments));
}
template <class A, class B>
constexpr auto times_step(node<multiply, A, B> e) {
    return build<multiply>(times_step(get<0>(e.arguments)), get<1>(e.arguments));
}
template <class A>
constexpr auto times_step(node<negate, A> e) {
    return build<negate>(times_step(get<0>(e.arguments)));
}

template <class... A, class... B>
constexpr auto joined(tuple<A...> a, tuple<B...> b) {
    return [&]<std::size_t... I, std::size_t... J>(std::index_sequence<I...>,
                                                   std::index_sequence<J...>) {
        return make_tuple(get<I>(a)..., get<J>(b)...);
    }(std::index_sequence_for<A...>{}, std::index_sequence_for<B...>{});
}
constexpr tuple<> flat() { return {}; }

template <class Target, class Value>
constexpr auto statements(assignment<Target, Value> line) {
    return make_tuple(assign_statement<Target, Value>{line.value});
}
template <class State, class Rate>
constexpr auto statements(differential<State, Rate> line) {
    auto const increment = times_step(line.rate);
    return make_tuple(euler_statement<State, std::remove_const_t<decltype(increment)>>{increment});
}
template <class... Statements>
constexpr auto statements(tuple<Statements...> several) {
    return several;
}
template <class Line, class... Lines>
constexpr auto flat(Line first, Lines... rest) {
    return joined(statements(first), flat(rest...));
}

} // namespace detail

/// `start(v = v_leak)`: where states begin. Only parameters may stand on the right.
template <class... Name, class... Value>
constexpr auto start(assignment<state_word<Name>, Value>... lines) {
    return detail::make_tuple(start_statement<state_word<Name>, Value>{lines.value}...);
}

/// `on_spike(v = v_reset, a += 1)`: done in the neurons that fired in this step.
template <class... Target, class... Value>
constexpr auto on_spike(assignment<Target, Value>... lines) {
    return detail::make_tuple(on_spike_statement<Target, Value>{lines.value}...);
}
/// `on_spike(detach(spike), v = v_reset)`: the same, and what it does to the state is no reason to
/// fire or not, in training.
template <class... Target, class... Value>
constexpr auto on_spike(node<detached, spike_word>, assignment<Target, Value>... lines) {
    return detail::make_tuple(on_spike_statement<Target, Value, true>{lines.value}...);
}
template <class Word, class... Lines>
    requires(word<Word>)
constexpr auto on_spike(Word, Lines...) {
    static_assert(!word<Word>, "spikefuse: on_spike(...) begins with `spike`, `detach(spike)` or "
                               "its first line. A neuron whose spike acts in the "
                               "next step takes the resets subtract, reset_to_zero and no_reset.");
}
template <class... Target, class... Value>
constexpr auto on_spike(spike_word, assignment<Target, Value>... lines) {
    return on_spike(lines...);
}

/// The value of a state one forward Euler step on: `i = after_step(i, -i / tau)`, for a line that
/// must stand in its place among others. `d(i) = -i / tau` is the same where it stands alone.
template <class Name, operand Rate>
constexpr auto after_step(state_word<Name> state, Rate rate) {
    return state + detail::times_step(as_word(rate));
}

/// Lines that stand for one: what a policy gives.
template <class... Lines>
constexpr auto lines(Lines... several) {
    return detail::flat(several...);
}

/// One step of a neuron, line by line. A line reads what the lines above it wrote.
template <class... Lines>
constexpr auto dynamics(Lines... lines) {
    auto const all = detail::flat(lines...);
    return [&]<class... S>(detail::tuple<S...> const& statements) {
        return program<S...>{statements};
    }(all);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::equations
