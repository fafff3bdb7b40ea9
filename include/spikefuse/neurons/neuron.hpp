// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a neuron file needs: the equations' language, and `neuron<N>`, which turns equations into a
/// word of the network.

#include "../core/layer.hpp"
#include "../core/policy.hpp"
#include "../equations/evaluate.hpp"

#include <array>
#include <string_view>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Of a neuron without a struct `parameters`.
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
    } else if constexpr (requires { initial.time; }) {
        return 1 / (values.*initial.time).seconds;
    } else if constexpr (std::is_same_v<Default, positive>) {
        return initial.value;
    } else {
        return static_cast<double>(initial);
    }
}
constexpr array_unit unit_of(duration) { return array_unit::time; }
constexpr array_unit unit_of(double) { return array_unit::number; }
template <class Struct>
constexpr array_unit unit_of(duration Struct::*) {
    return array_unit::time;
}
template <class Struct>
constexpr array_unit unit_of(double Struct::*) {
    return array_unit::number;
}
template <class Struct>
constexpr array_unit unit_of(positive Struct::*) {
    return array_unit::positive;
}
template <class Struct>
constexpr array_unit unit_of(equations::inverse_time<Struct>) {
    return array_unit::rate;
}

/// Where a word first stands in an expression that stands at a place; 0: nowhere.
template <class Word, class E>
struct first_place {
    static constexpr std::uint64_t in(std::uint64_t place) {
        return std::is_same_v<Word, E> ? place : 0;
    }
};
template <class Word, class Operation, class... A>
struct first_place<Word, equations::node<Operation, A...>> {
    static constexpr std::uint64_t in(std::uint64_t place) {
        std::uint64_t found = 0, branch = 0;
        ((found = found != 0 ? found
                             : first_place<Word, A>::in(equations::detail::inside(place, branch)),
          ++branch),
         ...);
        return found;
    }
};
/// A word as the equations of N first mention it, with the default it was written with.
template <class N, class Word>
consteval Word first_mention() {
    constexpr std::uint64_t place = []<class... S>(boost::mp11::mp_list<S...>) {
        std::uint64_t found = 0, line = 0;
        ((++line,
          found = found != 0 ? found : first_place<Word, equations::detail::value_of<S>>::in(line)),
         ...);
        return found;
    }(typename equations::equation_traits<N>::statements{});
    return equations::detail::expression_at<N, place>();
}

template <class N>
constexpr nir_mapping exchange_of() {
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
    requires requires { typename N<Policies...>::choices; }
struct with_policy<N<Policies...>, P> {
    static constexpr bool known = N<Policies...>::choices::template knows<P::question>;
    using others = boost::mp11::mp_remove_if_q<N<Policies...>, answers<P::question>>;
    using type = boost::mp11::mp_push_back<others, P>;
};

} // namespace detail

/// A neuron N in a network, with its parameters as written. `lif`, `lif({.tau_mem = 40 * ms})`,
/// `lif({...}, inclusive)`.
template <class N>
struct neuron_word : layer {
    using kind = typename detail::kind_of<N>::type;
    using equations_of = N;
    static constexpr bool mixes = false;
    static constexpr int wants = 0; ///< any width
    static constexpr int gives(int left) { return left; }
    static constexpr nir_mapping exchange = detail::exchange_of<N>();
    using parameters = typename detail::parameters_of<N>::type;
    parameters values{};

    constexpr neuron_word() = default;
    constexpr explicit neuron_word(parameters p) : values(p) {}

    constexpr neuron_word operator()(parameters p) const { return neuron_word(p); }

    /// Its arrays behind a shape, in the order of the equations' parameters.
    template <class Left>
    constexpr auto arrays() const {
        using about = equations::equation_traits<N>;
        std::array<array_info, static_cast<std::size_t>(about::param_count + about::table_count)>
            result{};
        std::size_t filled = 0;
        auto const fill = [&]<class Word>(Word word) {
            if constexpr (equations::detail::is_table<Word>::value) {
                double const apart = (word.last - word.first) / (Word::count - 1);
                result[filled++] = {Word::name::text(), Word::count, 0,     array_unit::number,
                                    word.first,         0,           false, apart};
            } else {
                result[filled++] = {Word::name::text(), Left::width, 0,
                                    detail::unit_of(word.initial),
                                    detail::initial_of(word.initial, values)};
            }
        };
        [&]<class... Word>(boost::mp11::mp_list<Word...>) {
            (fill(detail::first_mention<N, Word>()), ...);
        }(boost::mp11::mp_append<typename about::params, typename about::tables>{});
        return result;
    }

    template <class First, class... Policies>
        requires requires { First::question; }
    constexpr auto operator()(First, Policies... rest) const {
        static_assert(detail::with_policy<N, First>::known,
                      "spikefuse: this neuron has no such choice. Its file in neurons/ lists the "
                      "questions it answers (`choices`).");
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
/// @tparam N may have `kind` (its name), `parameters` (a struct) and `choices` too
template <class N>
inline constexpr neuron_word<N> neuron{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
