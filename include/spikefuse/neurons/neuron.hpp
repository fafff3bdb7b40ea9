#pragma once
/// What a neuron file needs: the equations' language, and `neuron<N>`, which turns equations into a word of the network.

#include "../core/layer.hpp"
#include "../equations/evaluate.hpp"

#include <array>
#include <string_view>

namespace spikefuse {

struct no_parameters {};

namespace detail {

template <class N>
struct parameters_of {
    using type = no_parameters;
};
template <class N>
    requires requires { typename N::parameters; }
struct parameters_of<N> {
    using type = typename N::parameters;
};

template <class N>
struct kind_of {
    using type = named<"neuron">;
};
template <class N>
    requires requires { typename N::kind; }
struct kind_of<N> {
    using type = typename N::kind;
};

template <class Default, class Values>
constexpr double initial_of(Default initial, Values const& values) {
    if constexpr (std::is_same_v<Default, duration>) {
        return initial.seconds;
    } else if constexpr (std::is_member_object_pointer_v<Default>) {
        return initial_of(values.*initial, values);
    } else {
        return static_cast<double>(initial);
    }
}
constexpr unit unit_of(duration) { return unit::time; }
constexpr unit unit_of(double) { return unit::number; }
template <class Struct>
constexpr unit unit_of(duration Struct::*) {
    return unit::time;
}
template <class Struct>
constexpr unit unit_of(double Struct::*) {
    return unit::number;
}

/// Finds the word of a parameter in an expression, with the default it was written with.
template <class Param, class E, class Function>
constexpr bool visit_parameter(E const& e, Function& function) {
    if constexpr (std::is_same_v<Param, E>) {
        function(e);
        return true;
    } else {
        return false;
    }
}
template <class Param, class Operation, class... A, class Function>
constexpr bool visit_parameter(equations::node<Operation, A...> const& e, Function& function) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
        return (visit_parameter<Param>(get<I>(e.arguments), function) || ...);
    }(std::index_sequence_for<A...>{});
}
template <class N, class Param, class Function>
constexpr void first_mention(Function& function) {
    constexpr auto lines = equations::tree<N>::value;
    bool found = false;
    for_each_index<equations::anatomy<N>::size>([&](auto k) { found = found || visit_parameter<Param>(get<k>(lines).value, function); });
}
/// Calls function(word) for every parameter, in the order of `anatomy<N>::params`.
template <class N, class Function>
constexpr void for_each_parameter(Function& function) {
    [&]<class... Param>(boost::mp11::mp_list<Param...>) {
        (first_mention<N, Param>(function), ...);
    }(typename equations::anatomy<N>::params{});
}

template <class N>
constexpr exchange_rule exchange_of() {
    if constexpr (requires { N::exchange; }) {
        return N::exchange;
    } else {
        return {};
    }
}

/// Replaces the policy of P's axis among N's template arguments.
template <class N, class P>
struct with_policy {
    static constexpr bool known = false;
    using type = N;
};
template <template <class...> class N, class... Policies, class P>
struct with_policy<N<Policies...>, P> {
    static constexpr bool known = ((Policies::question == P::question) || ...);
    using type = N<std::conditional_t<Policies::question == P::question, P, Policies>...>;
};

} // namespace detail

/// A neuron N in a network, with its parameters as written. `lif`, `lif({.tau_mem = 40 * ms})`, `lif({...}, inclusive)`.
template <class N>
struct neuron_word : layer {
    using kind = typename detail::kind_of<N>::type;
    using equations_of = N;
    static constexpr bool mixes = false;
    static constexpr int wants = 0; // any width
    static constexpr int gives(int left) { return left; }
    static constexpr exchange_rule exchange = detail::exchange_of<N>();
    using parameters = typename detail::parameters_of<N>::type;
    parameters values{};

    constexpr neuron_word() = default;
    constexpr explicit neuron_word(parameters p) : values(p) {}

    constexpr neuron_word operator()(parameters p) const { return neuron_word(p); }

    /// Its arrays for a population of `width`, in the order of the equations' parameters.
    template <int Width>
    constexpr auto arrays() const {
        using params = typename equations::anatomy<N>::params;
        std::array<array_info, boost::mp11::mp_size<params>::value> result{};
        std::size_t filled = 0;
        auto const fill = [&]<class Word>(Word word) {
            result[filled++] = {Word::name::text(), Width, 0, detail::unit_of(word.initial), detail::initial_of(word.initial, values), 0};
        };
        detail::for_each_parameter<N>(fill);
        return result;
    }

    template <class First, class... Policies>
        requires requires { First::question; }
    constexpr auto operator()(First, Policies... rest) const {
        static_assert(detail::with_policy<N, First>::known, "spikefuse: this neuron has no such choice. Its file in neurons/ lists its "
                                                            "policies as template arguments.");
        neuron_word<typename detail::with_policy<N, First>::type> const changed(values);
        if constexpr (sizeof...(Policies) == 0) {
            return changed;
        } else {
            return changed(rest...);
        }
    }
    template <class First, class... Policies>
        requires requires { First::question; }
    constexpr auto operator()(parameters p, First first, Policies... rest) const {
        return neuron_word(p)(first, rest...);
    }
};

/// Any struct with `static constexpr auto equations()` as a layer: `neuron<alif>`.
template <class N>
inline constexpr neuron_word<N> neuron{};

} // namespace spikefuse
