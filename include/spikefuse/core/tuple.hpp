// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A tuple for device code: an aggregate of leaves. (std's needs --expt-relaxed-constexpr there.)

#include "config.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <std::size_t Index, class T>
struct leaf {
    T value;
};

template <class Indices, class... T>
struct leaves;
template <std::size_t... Index, class... T>
struct leaves<std::index_sequence<Index...>, T...> : leaf<Index, T>... {};

template <class... T>
struct tuple : leaves<std::index_sequence_for<T...>, T...> {};
template <class... T>
tuple(T...) -> tuple<T...>;

/// Makes a tuple: the leaves are initialised in order.
template <class... T>
constexpr tuple<T...> make_tuple(T... values) {
    return {{{values}...}};
}

template <std::size_t Index, class T>
SPIKEFUSE_FUNCTION constexpr T const& get(leaf<Index, T> const& one) {
    return one.value;
}
template <std::size_t Index, class T>
SPIKEFUSE_FUNCTION constexpr T& get(leaf<Index, T>& one) {
    return one.value;
}

/// A number that is a type. (std's own converts itself into a number on the host alone.)
template <auto Value>
struct fixed : std::integral_constant<decltype(Value), Value> {
    SPIKEFUSE_FUNCTION constexpr operator decltype(Value)() const { return Value; }
};
template <std::size_t Index>
using constant = fixed<Index>;

template <std::size_t First, class Function, std::size_t... Index>
SPIKEFUSE_FUNCTION constexpr void unroll(Function&& function, std::index_sequence<Index...>) {
    (function(constant<First + Index>{}), ...);
}

/// Calls `function(constant<0>, ...)` to `function(constant<Count - 1>)`, unrolled: the one way to
/// walk layers and statements in a kernel. Few calls stand here themselves: a walk is then one
/// function to compile, and not two.
template <std::size_t Count, class Function>
SPIKEFUSE_FUNCTION constexpr void for_each_index([[maybe_unused]] Function&& function) {
    if constexpr (Count > 0) function(constant<0>{});
    if constexpr (Count > 1) function(constant<1>{});
    if constexpr (Count > 2) function(constant<2>{});
    if constexpr (Count > 3) function(constant<3>{});
    if constexpr (Count > 4) unroll<4>(function, std::make_index_sequence<Count - 4>{});
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
