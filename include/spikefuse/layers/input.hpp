// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Where a network begins: `input<784>`, `input<image<2, 34, 34>>`; with several sources,
/// `input<5, image<1, 8, 8>>`. Says the shape, computes nothing.

#include "../core/config.hpp"

#include "../core/layer.hpp"
#include "../core/name.hpp"
#include "../shapes/joined.hpp"

#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI {

template <class Shape>
struct input_word : layer {
    using kind = named<"input">;
    static constexpr bool mixes = false;
    static constexpr bool begins = true, computes_nothing = true;
    static constexpr int wants = Shape::width;
    static constexpr int gives(int) { return Shape::width; }
    using wanted_shape = Shape;
    template <class>
    using shape = Shape;
};

namespace detail {

/// `784` or a shape, as a shape.
template <auto Shape>
constexpr auto said_shape() {
    if constexpr (std::is_convertible_v<decltype(Shape), int>) {
        static_assert(Shape > 0, "spikefuse: input<N> takes a width of at least 1.");
        return features<(Shape > 0 ? int(Shape) : 1)>{};
    } else {
        return Shape;
    }
}
template <auto... Shape>
using input_of_shapes = input_word<joined_shapes<decltype(said_shape<Shape>())...>>;

} // namespace detail

/// `input<784> >> ...`, `input<image<2, 34, 34>> >> ...`; of two sources `input<5, 3> >> ...`,
/// which stand one behind the other in each row that the network is given, `[T, B, 5 + 3]`:
/// `take<0>` is the first of them.
/// @tparam Shape of each: features of a sample in a step, at least 1; or an image
template <auto... Shape>
inline constexpr detail::input_of_shapes<Shape...> input{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
