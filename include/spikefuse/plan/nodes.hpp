// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The nodes of a plan, as types. A network becomes stages: weights (feeds) and the neurons behind
/// them, which run together.

#include "../equations/evaluate.hpp"

#include <boost/mp11.hpp>

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

namespace mp11 = boost::mp11;

inline constexpr int network_input = 0; // buffer 0 is what the caller passes
inline constexpr int readout = -1;      // the target of the last stage
inline constexpr int no_layer = -1;     // a feed that passes its sources on unchanged

/// A buffer between stages, in team scratch: spikes as bits or values.
/// `Kept`: rows of the steps before the block that it also keeps, for loops (1) and delays.
template <int Width, bool Bits, int Kept = 0>
struct buffer {
    static constexpr int width = Width, kept = Kept;
    static constexpr bool bits = Bits;
    static constexpr int length = Bits ? (Width + 31) / 32 : Width; // words, or numbers, of a row
};
/// What a feed reads: a buffer, whose first column is input `Offset` of the layer; `Delay` 1 is the
/// previous step. A column goes to `Each` neighbouring inputs. `Count`: of the buffer only so many
/// columns, from `First` on; such a source passes on unchanged, and weights do not read it.
template <int Buffer, int Offset, int Delay = 0, int Each = 1, int First = 0, int Count = 0>
struct source {
    static_assert(First == 0 || Offset == 0);
    static constexpr int buffer = Buffer, offset = Offset, delay = Delay, each = Each,
                         first = First, taken = Count;
    static constexpr bool whole = Count == 0;
    /// Columns that it reads of its buffer.
    template <class Of>
    static constexpr int width = whole ? Of::width : Count;
};
/// A mixing layer (or no_layer) over the sum of its sources.
template <int Layer, class... Sources>
struct feed {
    static constexpr int layer = Layer;
    using sources = mp11::mp_list<Sources...>;
};
/// Feeds summed into a current, then pointwise layers in registers. Target: the buffer it fills.
template <int Width, class Feeds, class Points, int Target>
struct stage {
    static constexpr int width = Width, target = Target;
    using feeds = Feeds;
    using points = Points; // mp_list<mp_int<layer>...>
};

/// Nodes that run step by step: a recurrent part.
template <class... Nodes>
struct loop {
    using nodes = mp11::mp_list<Nodes...>;
};

/// The stages of nodes in order, those of loops too: the one walk over a plan. Only what runs it,
/// or writes it down, has to know where a loop begins.
template <class Node>
struct stages_of {
    using type = mp11::mp_list<Node>;
};
template <class... Node>
struct stages_of<mp11::mp_list<Node...>> {
    using type = mp11::mp_append<mp11::mp_list<>, typename stages_of<Node>::type...>;
};
template <class... Nodes>
struct stages_of<loop<Nodes...>> : stages_of<mp11::mp_list<Nodes...>> {};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
