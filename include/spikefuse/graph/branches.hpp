// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `+`: side by side, summed. `|`: side by side, joined. `identity`: what passes unchanged.

#include "../layers/take.hpp"
#include "sequence.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Gives what it takes: the straight way of a residual branch, `identity + (linear<128> >> lif)`.
struct identity_word : layer {
    using kind = named<"identity">;
    static constexpr bool mixes = false, computes_nothing = true;
    static constexpr int wants = 0;
    static constexpr int gives(int left) { return left; }
};
/// Passes what comes: `identity + (linear<128> >> lif)`.
inline constexpr identity_word identity{};

namespace detail {

template <int First, int Second>
struct wants_of_both {
    static_assert(First == 0 || Second == 0 || First == Second,
                  "spikefuse: two branches side by side take inputs of different widths "
                  "(both stand in this message). They see the same input: give them "
                  "the same width, or none.");
    static constexpr int value = First != 0 ? First : Second;
};
template <class First, class Second>
using shape_for_both =
    std::conditional_t<First::wants != 0, wanted_shape<First>, wanted_shape<Second>>;
template <int First, int Second>
struct sum_of_both {
    static_assert(First == Second, "spikefuse: the branches of + give different widths (both stand "
                                   "in this message). + adds feature by feature: give both the "
                                   "same width, or join them with |.");
    static constexpr int value = First;
};

/// What both branches give; where an image meets features, features.
template <class First, class Second>
struct shape_of_sum : shape_of_sum<plain_shape<First>, plain_shape<Second>> {};
template <class Shape>
struct shape_of_sum<Shape, Shape> {
    using type = Shape;
};
template <class First, class Second>
    requires(!std::is_same_v<First, Second> && is_plain<First> && is_plain<Second>)
struct shape_of_sum<First, Second> {
    using known = std::conditional_t<First::width != 0, First, Second>;
    using type = std::conditional_t<First::width == 0 || Second::width == 0, known,
                                    shape_of_width<known::width>>;
};
} // namespace detail

/// Both branches see the same input; their outputs are added.
template <class First, class Second>
struct sum_word : layer {
    First first;
    Second second;
    constexpr sum_word(First one, Second other) : first(one), second(other) {}
    using kind = named<"sum">;
    static constexpr bool mixes = true;
    static constexpr int wants = detail::wants_of_both<First::wants, Second::wants>::value;
    static constexpr bool keeps_width = detail::keeps_width<First> && detail::keeps_width<Second>;
    using wanted_shape = detail::shape_for_both<First, Second>;
    template <class Left>
    using shape =
        typename detail::shape_of_sum<shape_behind<First, Left>, shape_behind<Second, Left>>::type;
};
/// Both branches see the same input; the features of the second follow those of the first.
template <class First, class Second>
struct beside_word : layer {
    First first;
    Second second;
    constexpr beside_word(First one, Second other) : first(one), second(other) {}
    using kind = named<"beside">;
    static constexpr bool mixes = true;
    static constexpr int wants = detail::wants_of_both<First::wants, Second::wants>::value;
    static constexpr bool keeps_width = false;
    using wanted_shape = detail::shape_for_both<First, Second>;
    template <class Left>
    using shape = detail::joined_shapes<shape_behind<First, Left>, shape_behind<Second, Left>>;
};

/// `a + b`: both see the same input, their outputs are added, feature by feature.
/// @return a layer as wide as each of them; other widths do not compile
template <layer_word First, layer_word Second>
constexpr sum_word<First, Second> operator+(First first, Second second) {
    static_assert(detail::wants_of_both<First::wants, Second::wants>::value >= 0);
    constexpr int one = shape_behind<First, wanted_shape<First>>::width,
                  other = shape_behind<Second, wanted_shape<Second>>::width;
    if constexpr (one != 0 && other != 0) static_assert(detail::sum_of_both<one, other>::value > 0);
    return {first, second};
}
/// `a | b`: both see the same input, the features of b follow those of a.
/// @return a layer as wide as both together
template <layer_word First, layer_word Second>
constexpr beside_word<First, Second> operator|(First first, Second second) {
    static_assert(detail::wants_of_both<First::wants, Second::wants>::value >= 0);
    return {first, second};
}

namespace detail {
template <class Word>
using parts_of_branches = parts_in<Word, &Word::first, &Word::second>;
template <class First, class Second>
struct parts<sum_word<First, Second>> : parts_of_branches<sum_word<First, Second>> {
    template <class One, class Other>
    static constexpr auto join(One one, Other other) {
        return one + other;
    }
};
template <class First, class Second>
struct parts<beside_word<First, Second>> : parts_of_branches<beside_word<First, Second>> {
    template <class One, class Other>
    static constexpr auto join(One one, Other other) {
        return one | other;
    }
};
} // namespace detail

} // namespace spikefuse::inline SPIKEFUSE_ABI
