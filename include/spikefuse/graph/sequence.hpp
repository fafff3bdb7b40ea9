// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `>>`: how layers become a network. Shapes are checked here, as soon as the left end is known.

#include "../core/layer.hpp"
#include "../core/name.hpp"
#include "../core/tuple.hpp"
#include "../shapes/behind.hpp"

#include <boost/mp11.hpp>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Left, then right. A network is a tree of these; `each_layer` walks over what it holds.
template <class Left, class Right>
struct sequence : layer {
    Left left;   ///< what comes first
    Right right; ///< what reads it
    constexpr sequence(Left l, Right r) : left(l), right(r) {}

    using kind = named<"sequence">;
    static constexpr bool mixes = true;
    static constexpr bool keeps_width = detail::keeps_width<Left> && detail::keeps_width<Right>;
    using wanted_shape =
        std::conditional_t<Left::wants != 0 || !detail::keeps_width<Left>,
                           spikefuse::wanted_shape<Left>, spikefuse::wanted_shape<Right>>;
    static constexpr int wants = wanted_shape::width;
    template <class Shape>
    using shape = shape_behind<Right, shape_behind<Left, Shape>>;
};

namespace detail {

template <class L>
inline constexpr bool begins_network = false;
template <class L>
    requires requires { L::begins; }
inline constexpr bool begins_network<L> = true;

template <class Left, class Right>
constexpr void check_joint() {
    static_assert(!begins_network<Right>, "spikefuse: input<N> stands on the right of >>. It "
                                          "begins a network: put it first, or leave it out.");
    using joint = shape_behind<Left, spikefuse::wanted_shape<Left>>;
    widths_meet<joint::width, Right::wants, shown_shape<joint>()>();
    if constexpr (joint::width != 0) (void)sizeof(shape_behind<Right, joint>);
}

} // namespace detail

/// `left >> right`: right reads what left gives.
/// @return a network of both; widths that do not agree do not compile
template <layer_word Left, layer_word Right>
constexpr sequence<Left, Right> operator>>(Left left, Right right) {
    detail::check_joint<Left, Right>();
    return {left, right};
}

template <class T>
struct is_not_a_layer {
    static constexpr bool cure = false;
};
template <layer_word Left, class Right>
    requires(!layer_word<Right>)
constexpr auto operator>>(Left left, Right const&) {
    static_assert(is_not_a_layer<Right>::cure,
                  "spikefuse: what stands on the right of >> is not a layer. Layers are linear<N>, "
                  "lif, li, iaf, "
                  "scale(factor), or neuron<N> for a struct N with equations().");
    return left;
}
template <class Left, layer_word Right>
    requires(!layer_word<Left>)
constexpr auto operator>>(Left const&, Right right) {
    static_assert(
        is_not_a_layer<Left>::cure,
        "spikefuse: what stands on the left of >> is not a layer. Networks begin with input<N> or "
        "linear<In, Out>.");
    return right;
}

namespace detail {

/// A word that joins two parts: these, in the order in which their layers are met, and how others
/// are joined likewise. All that walks over a network asks this.
template <class Word>
struct parts;
template <class Word, auto First, auto Second> // members of the word
struct parts_in {
    static constexpr auto const& first_of(Word const& word) { return word.*First; }
    static constexpr auto const& second_of(Word const& word) { return word.*Second; }
    using first = std::remove_cvref_t<decltype(std::declval<Word>().*First)>;
    using second = std::remove_cvref_t<decltype(std::declval<Word>().*Second)>;
};
template <class Left, class Right>
struct parts<sequence<Left, Right>>
    : parts_in<sequence<Left, Right>, &sequence<Left, Right>::left, &sequence<Left, Right>::right> {
    template <class One, class Other>
    static constexpr auto join(One one, Other other) {
        return one >> other;
    }
};

/// A network laid flat: how many layers it has, without the `input`; a walk over them; layer K; and
/// the same network of other layers. No list of them is built on the way: one list for each
/// layer that joins would cost the compiler the square of their number.
template <class Word>
struct flat {
    static constexpr std::size_t count = computes_nothing<Word> ? 0 : 1;
    template <std::size_t First, class Function>
    static constexpr void each(Word const& one, Function const& function) {
        if constexpr (count == 1) function(constant<First>{}, one);
    }
    template <std::size_t>
    static constexpr Word const* layer(Word const& one) {
        return &one;
    }
    template <class Function>
    static constexpr auto map(Word const& one, Function const& function) {
        if constexpr (count == 1) {
            return function(one);
        } else {
            return one;
        }
    }
};
template <class Word>
    requires requires { typename parts<Word>::first; }
struct flat<Word> {
    using both = parts<Word>;
    using first = flat<typename both::first>;
    using second = flat<typename both::second>;
    static constexpr std::size_t count = first::count + second::count;
    template <std::size_t Begin, class Function>
    static constexpr void each(Word const& word, Function const& function) {
        first::template each<Begin>(both::first_of(word), function);
        second::template each<Begin + first::count>(both::second_of(word), function);
    }
    template <std::size_t K>
    static constexpr auto const* layer(Word const& word) {
        if constexpr (K < first::count) {
            return first::template layer<K>(both::first_of(word));
        } else {
            return second::template layer<K - first::count>(both::second_of(word));
        }
    }
    template <class Function>
    static constexpr auto map(Word const& word, Function const& function) {
        return both::join(first::map(both::first_of(word), function),
                          second::map(both::second_of(word), function));
    }
};

/// function(layer 0, layer 1, ...). Each layer is looked up by itself: lambdas that hand more and
/// more of them on would cost the compiler minutes for a hundred.
template <class Network, class Function, std::size_t... K>
constexpr decltype(auto) collect(Network const& network, Function&& function,
                                 std::index_sequence<K...>) {
    return function(*flat<Network>::template layer<K>(network)...);
}
template <class Network, class Function>
constexpr decltype(auto) collect(Network const& network, Function&& function) {
    return collect(network, function, std::make_index_sequence<flat<Network>::count>{});
}

} // namespace detail

/// Calls function(constant<k>, word) for every layer of a network in order, without the `input`.
/// @param network any part of one
/// @param function called when the program compiles or runs; returns nothing
template <layer_word Network, class Function>
constexpr void each_layer(Network const& network, Function const& function) {
    detail::flat<Network>::template each<0>(network, function);
}

/// The network with function(word) in the place of each layer; one that gives back what it takes
/// changes nothing. Joints are checked again.
/// @param network any part of one
/// @param function from a word to a word
/// @return the new network
template <layer_word Network, class Function>
constexpr auto transform(Network const& network, Function const& function) {
    return detail::flat<Network>::map(network, function);
}
/// A part, `Count` times in a row: `repeat<8>(linear<128> >> lif)`.
/// @tparam Count at least 1
template <int Count, layer_word Part>
constexpr auto repeat(Part part) {
    static_assert(Count >= 1, "spikefuse: repeat<N>(part) repeats a part N times: at least once.");
    if constexpr (Count <= 1) {
        return part;
    } else {
        return repeat<Count - 1>(part) >> part;
    }
}

/// The shape that a network takes: `input_shape<classifier>`.
template <auto const& Network>
inline constexpr auto input_shape = wanted_shape<std::remove_cvref_t<decltype(Network)>>{};
/// The shape that a network gives.
template <auto const& Network>
inline constexpr auto output_shape =
    shape_behind<std::remove_cvref_t<decltype(Network)>,
                 wanted_shape<std::remove_cvref_t<decltype(Network)>>>{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
