// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Names in types: "v" becomes `name<'v'>` at once, so kernel symbols stay short and nvcc can match
/// them.

#include "config.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {

/// A name as a type: compared by type, read as text on the host.
template <char... Letters>
struct name {
    static constexpr char letters[sizeof...(Letters) + 1] = {Letters..., '\0'};
    /// The letters, as text.
    static constexpr std::string_view text() { return {letters, sizeof...(Letters)}; }
};

template <std::size_t Size>
struct spelling {
    char letters[Size]{};
    consteval spelling(char const (&text)[Size]) {
        for (std::size_t k = 0; k < Size; ++k) letters[k] = text[k];
    }
};

template <auto Text,
          class Positions> // auto: nvcc does not match a specialisation on the class itself
struct spell;
template <auto Text, std::size_t... Position>
struct spell<Text, std::index_sequence<Position...>> {
    using type = name<Text.letters[Position]...>;
};

} // namespace detail

/// `named<"v">` is `name<'v'>`.
template <detail::spelling Text>
using named =
    typename detail::spell<Text, std::make_index_sequence<sizeof(Text.letters) - 1>>::type;

namespace detail {
/// Two names in a row.
template <class First, class Second>
struct joined_name;
/// `joined_name<name<'a'>, name<'b'>>::type` is `name<'a', 'b'>`.
template <char... First, char... Second>
struct joined_name<name<First...>, name<Second...>> {
    using type = name<First..., Second...>; ///< both, one behind the other
};
} // namespace detail

} // namespace spikefuse::inline SPIKEFUSE_ABI
