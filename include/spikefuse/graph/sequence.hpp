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
    static constexpr bool left_keeps_width =
        Left::gives(0) == 0 && Left::gives(Right::wants) == Right::wants;
    static constexpr int gives(int from_left) { return Right::gives(Left::gives(from_left)); }
    using wanted_shape =
        std::conditional_t<Left::wants != 0 || !left_keeps_width, spikefuse::wanted_shape<Left>,
                           spikefuse::wanted_shape<Right>>;
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

/// A network laid flat: how many layers it has, without the `input`; a walk over them; layer K; and
/// the same network of other layers. No list of them is built on the way: one list for each
/// layer that joins would cost the compiler the square of their number.
template <class L>
struct flat {
    static constexpr std::size_t count = computes_nothing<L> ? 0 : 1;
    template <std::size_t First, class Function>
    static constexpr void each(L const& one, Function const& function) {
        if constexpr (count == 1) function(constant<First>{}, one);
    }
    template <std::size_t>
    static constexpr L const* layer(L const& one) {
        return &one;
    }
    template <class Function>
    static constexpr auto map(L const& one, Function const& function) {
        if constexpr (count == 1) {
            return function(one);
        } else {
            return one;
        }
    }
};
/// Two parts, one behind the other.
template <class First, class Second>
struct flat_pair {
    static constexpr std::size_t count = flat<First>::count + flat<Second>::count;
    template <std::size_t Begin, class Function>
    static constexpr void each_of(First const& one, Second const& other, Function const& function) {
        flat<First>::template each<Begin>(one, function);
        flat<Second>::template each<Begin + flat<First>::count>(other, function);
    }
    template <std::size_t K>
    static constexpr auto const* layer_of(First const& one, Second const& other) {
        if constexpr (K < flat<First>::count) {
            return flat<First>::template layer<K>(one);
        } else {
            return flat<Second>::template layer<K - flat<First>::count>(other);
        }
    }
};
template <class Left, class Right>
struct flat<sequence<Left, Right>> : flat_pair<Left, Right> {
    template <std::size_t Begin, class Function>
    static constexpr void each(sequence<Left, Right> const& both, Function const& function) {
        flat_pair<Left, Right>::template each_of<Begin>(both.left, both.right, function);
    }
    template <std::size_t K>
    static constexpr auto const* layer(sequence<Left, Right> const& both) {
        return flat_pair<Left, Right>::template layer_of<K>(both.left, both.right);
    }
    template <class Function>
    static constexpr auto map(sequence<Left, Right> const& both, Function const& function) {
        return flat<Left>::map(both.left, function) >> flat<Right>::map(both.right, function);
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
