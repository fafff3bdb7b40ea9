// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Shapes side by side: what `|` gives, and what `input<5, 3>` takes. One row, which remembers its
/// parts, so that `take<K>` finds them again; to every other layer it is features, or an image of
/// all their channels.

#include "image.hpp"

#include <boost/mp11.hpp>

namespace spikefuse::inline SPIKEFUSE_ABI {
namespace detail {

/// One behind the other: features, or the channels of images of the same size.
template <class First, class Second>
struct one_shape {
    using type =
        shape_of_width<First::width == 0 || Second::width == 0 ? 0 : First::width + Second::width>;
};
template <int C, int D, int H, int W>
struct one_shape<image_shape<C, H, W>, image_shape<D, H, W>> {
    using type = image_shape<C + D, H, W>;
};
template <class First, class Second>
using one_shape_of = typename one_shape<First, Second>::type;

} // namespace detail

/// Parts side by side.
/// @tparam First, More their shapes, each known
template <class First, class... More>
struct joined_shape {
    /// What it is to who does not ask for parts.
    using plain = boost::mp11::mp_fold<boost::mp11::mp_list<More...>, First, detail::one_shape_of>;
    static constexpr int width = plain::width; ///< numbers of a sample in a step
    friend constexpr bool operator==(joined_shape, joined_shape) { return true; }
    template <class Other>
    friend constexpr bool operator==(joined_shape, Other other) {
        return plain{} == other;
    }
};

namespace detail {

/// The parts of a shape: itself, unless it is joined; what it is if nobody asks for them.
template <class Shape>
struct parts_of_shape {
    using list = boost::mp11::mp_list<Shape>;
    using plain = Shape;
};
template <class... Part>
struct parts_of_shape<joined_shape<Part...>> {
    using list = boost::mp11::mp_list<Part...>;
    using plain = typename joined_shape<Part...>::plain;
};
template <class Shape>
using plain_shape = typename parts_of_shape<Shape>::plain;
template <class Shape>
inline constexpr bool is_plain = true;
template <class... Part>
inline constexpr bool is_plain<joined_shape<Part...>> = false;
template <class Shape>
using shape_parts = typename parts_of_shape<Shape>::list;

/// Parts as a shape: one alone is itself; one that is not known makes all unknown.
template <class List>
struct shape_of_parts {
    template <class Part>
    using is_known = std::bool_constant<Part::width != 0>;
    using type = boost::mp11::mp_if<boost::mp11::mp_all_of<List, is_known>,
                                    boost::mp11::mp_apply<joined_shape, List>, unknown_shape>;
};
template <class Part>
struct shape_of_parts<boost::mp11::mp_list<Part>> {
    using type = Part;
};
template <class... Shape>
using joined_shapes = typename shape_of_parts<boost::mp11::mp_append<shape_parts<Shape>...>>::type;

/// Numbers before a part.
template <class... Part>
constexpr int width_before(boost::mp11::mp_list<Part...>, int which) {
    int sum = 0, k = 0;
    ((sum += k++ < which ? Part::width : 0), ...);
    return sum;
}

/// The error of `take<K>`. Compilers print its arguments.
template <int K, int Parts>
struct part_of_a_row {
    static_assert(
        K >= 0 && K < Parts,
        "spikefuse: take<K> takes a part that is not there (K, and how many there are, stand in "
        "this message). Parts are what input<...> and | put side by side, counted from 0.");
    static constexpr int index = K;
};

} // namespace detail
} // namespace spikefuse::inline SPIKEFUSE_ABI
