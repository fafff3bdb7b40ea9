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

/// `784` or a shape, as a shape, whose type is put together anew: as decltype of a parameter nvcc
/// would write it out for g++ with a name that g++ does not know.
template <class, auto Number>
struct said_shape {
    static_assert(Number > 0, "spikefuse: input<N> takes a width of at least 1.");
    using type = features<(Number > 0 ? int(Number) : 1)>;
};
template <template <int...> class S, int... Extents, auto Shape>
struct said_shape<S<Extents...>, Shape> {
    using type = S<Extents...>;
};
template <auto... Shape>
using input_of_shapes = input_word<
    joined_shapes<typename said_shape<std::remove_cvref_t<decltype(Shape)>, Shape>::type...>>;

} // namespace detail

/// `input<784> >> ...`, `input<image<2, 34, 34>> >> ...`; of two sources `input<5, 3> >> ...`,
/// which stand one behind the other in each row that the network is given, `[T, B, 5 + 3]`:
/// `take<0>` is the first of them.
/// @tparam Shape of each: features of a sample in a step, at least 1; or an image
template <auto... Shape>
inline constexpr detail::input_of_shapes<Shape...> input{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
