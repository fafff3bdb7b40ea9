// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `take<K>`: a part of what stands side by side, in the shape in which it was put there. With it
/// and `|` a network is any graph without a sentence of its own: what is needed later stands beside
/// what is needed now, and each layer takes its parts.

#include "../core/layer.hpp"
#include "../core/name.hpp"
#include "../shapes/joined.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {

template <int K, class Left>
struct taken_part {
    using parts = shape_parts<Left>;
    using which = part_of_a_row<K, static_cast<int>(boost::mp11::mp_size<parts>::value)>;
    using type = boost::mp11::mp_at_c<parts, which::index>;
};
template <int K>
struct taken_part<K, unknown_shape> {
    using type = unknown_shape;
};

} // namespace detail

/// Reads a part where it lies: free where parts are rows of their own, as behind `|`; a part of one
/// row, as of `input<5, 3>`, is copied before weights.
template <int K>
struct take_word : layer {
    using kind = named<"take">;
    static constexpr bool mixes = false, computes_nothing = true, keeps_width = false;
    static constexpr int wants = 0, part = K;
    template <class Left>
    using shape = typename detail::taken_part<K, Left>::type;
};
/// `input<5, 3> >> (take<0> >> linear<4>) + (take<1> >> linear<4>) >> lif`
/// @tparam K which part, from 0, in the order of `input<...>` and `|`; `a | b | c` are three
template <int K>
inline constexpr take_word<K> take{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
