// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `recurrent(lif)`: what a population gives comes back to its input one step later.
///
/// Source of the order: norse's lif_step, where the spikes of the step before, times the recurrent
/// weights, join this step's current.

#include "../layers/recurrent_weights.hpp"
#include "branches.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// A path given in words: `through(linear<64>)`, `through(identity)`, `through(scale(0.5))`.
template <class Path>
struct through_word {
    Path path;
};
/// `recurrent(body, through(path))`.
/// @param path layers from the body's output back to its input
template <layer_word Path>
constexpr through_word<Path> through(Path path) {
    return {path};
}

/// Every neuron to every other, none to itself (no autapses): the default.
inline constexpr through_word<recurrent_weights_word<false>> all_to_all{{}};
/// Every neuron to every neuron, itself too.
inline constexpr through_word<recurrent_weights_word<true>> with_autapses{{}};

/// The body's output of the step before, through the path, is added to the body's input. Where
/// parts come side by side, to as many of them as the path gives, the first ones.
template <class Body, class Path>
struct recurrent_word : layer {
    Body body;
    Path path;
    constexpr recurrent_word(Body b, Path p) : body(b), path(p) {}
    using kind = named<"recurrent">;
    static constexpr bool mixes = true;
    static constexpr int wants = Body::wants;
    static constexpr bool keeps_width = detail::keeps_width<Body>;
    using wanted_shape = spikefuse::wanted_shape<Body>;
    template <class Left>
    using shape = shape_behind<Body, Left>;
};

template <int BodyWants, int PathGives>
struct path_leads_back {
    static_assert(
        BodyWants == PathGives,
        "spikefuse: the path of recurrent(...) gives another width than the body takes (both stand "
        "in this message: what the body "
        "takes, what the path gives). The path leads from the body's output back to its input.");
    static constexpr bool value = true;
};

/// `recurrent(lif)`: fed back one step later by weights "recurrent 1", "weight" `[post, pre]`, all
/// to all without autapses.
/// @param body one layer of neurons, or several layers
template <layer_word Body>
constexpr auto recurrent(Body body) {
    return recurrent_word<Body, recurrent_weights_word<false>>(body, {});
}
/// The same by another path: `with_autapses`, `through(identity)`, `through(linear<64>)`.
/// @param body what is fed back
/// @param path leads from its output to its input; another width does not compile
template <layer_word Body, layer_word Path>
constexpr auto recurrent(Body body, through_word<Path> path) {
    return recurrent_word<Body, Path>(body, path.path);
}

namespace detail {
template <class Body, class Path>
struct parts<recurrent_word<Body, Path>> // the path's layers are met first
    : parts_in<recurrent_word<Body, Path>, &recurrent_word<Body, Path>::path,
               &recurrent_word<Body, Path>::body> {
    template <class One, class Other>
    static constexpr auto join(One path, Other body) {
        return recurrent(body, through(path));
    }
};
} // namespace detail

} // namespace spikefuse::inline SPIKEFUSE_ABI
