// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Shapes as types, and the sentence that is printed where two of them do not meet.

#include "../core/config.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// N numbers a sample and step, without further order.
template <int N>
struct features {
    static_assert(N > 0, "spikefuse: a width must be at least 1.");
    static constexpr int width = N; ///< numbers of a sample in a step
    friend constexpr bool operator==(features, features) { return true; }
    template <int M>
    friend constexpr bool operator==(features, features<M>) {
        return false;
    }
};

/// Not known yet: the network has no `input<N>` in front and its first width is not said.
struct unknown_shape {
    static constexpr int width = 0; ///< taken from the left
    friend constexpr bool operator==(unknown_shape, unknown_shape) { return true; }
};

namespace detail {
/// `features`, or nothing yet where a width is 0.
template <int N>
struct features_or_unknown {
    using type = features<N>;
};
template <>
struct features_or_unknown<0> {
    using type = unknown_shape;
};
} // namespace detail
/// The shape of so many features; 0: not known yet.
template <int N>
using shape_of_width = typename detail::features_or_unknown<N>::type;

/// What a joint is shown as: a number of features, or an image.
template <auto Shape>
struct left_gives;
template <auto Shape>
struct right_wants;

/// The error at a joint. Compilers print its arguments: both widths.
template <class LeftGives, class RightWants>
struct widths_do_not_agree_at_this_joint {
    static constexpr bool cure = false;
};

namespace detail {

template <int Left, int Right, auto Shown = Left>
constexpr bool widths_meet() {
    if constexpr (Left != 0 && Right != 0 && Left != Right) {
        using joint = widths_do_not_agree_at_this_joint<left_gives<Shown>, right_wants<Right>>;
        static_assert(joint::cure, "spikefuse: the left side of >> gives another number of "
                                   "features than the right side wants (both widths "
                                   "stand in this message). Change one of the two widths, or write "
                                   "linear<N> without the first width: it is "
                                   "taken from the left.");
    }
    return true;
}

} // namespace detail
} // namespace spikefuse::inline SPIKEFUSE_ABI
