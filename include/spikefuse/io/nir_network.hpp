// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A network's type as an outline: its layers, and the ways between them.

#include "../graph/recurrent.hpp"
#include "../layers/delay.hpp"
#include "../layers/flatten.hpp"
#include "../layers/input.hpp"
#include "../neurons/policies.hpp"
#include "../run/model.hpp"
#include "nir_outline.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail {

template <class Shape>
extents extents_of() {
    if constexpr (spikefuse::detail::is_image<Shape>) {
        return {Shape::channels, Shape::rows, Shape::columns};
    } else {
        return {Shape::width};
    }
}

/// What a neuron says of what a file leaves open.
template <class Word>
manner manner_of() {
    manner made;
    made.begins_at_leak = nir_mapping_of<Word>.starts_at_leak;
    if constexpr (neuron_layer<Word>) {
        if constexpr (requires { typename Word::equations_of::choices; }) {
            using own = typename Word::equations_of::choices;
            auto const answer = [&]<neuron_policies::axis Question>(
                                    spikefuse::detail::fixed<Question>, auto const& take) {
                if constexpr (own::template knows<Question>)
                    take(typename own::template of<Question>{});
            };
            answer(spikefuse::detail::fixed<neuron_policies::axis::threshold>{},
                   [&]<class Policy>(Policy) {
                       made.spikes = true;
                       if constexpr (std::is_same_v<Policy, strict_policy>)
                           made.fires = firings::above;
                       else if constexpr (std::is_same_v<Policy, inclusive_policy>)
                           made.fires = firings::at;
                       else
                           made.own_way = "it fires several times a step";
                   });
            answer(spikefuse::detail::fixed<neuron_policies::axis::reset>{},
                   [&]<class Policy>(Policy) {
                       if constexpr (std::is_same_v<Policy, subtract_policy>)
                           made.reset = resets::subtract;
                       else if constexpr (std::is_same_v<Policy, reset_to_value_policy> ||
                                          std::is_same_v<Policy, pull_to_value_policy>)
                           made.reset = resets::to_value;
                       else
                           made.own_way = "it is not reset";
                   });
            answer(spikefuse::detail::fixed<neuron_policies::axis::reset_time>{},
                   [&]<class Policy>(Policy) {
                       made.moment = std::is_same_v<Policy, next_step_policy> ? moments::next_step
                                                                              : moments::at_once;
                   });
            answer(spikefuse::detail::fixed<neuron_policies::axis::start>{},
                   [&]<class Policy>(Policy) {
                       made.begins_at_leak = std::is_same_v<Policy, start_at_leak_policy>;
                   });
            answer(spikefuse::detail::fixed<neuron_policies::axis::synapse>{},
                   [&]<class Policy>(Policy) {
                       if constexpr (std::is_same_v<Policy, use_old_current_policy>)
                           made.current = currents::before;
                       else if constexpr (std::is_same_v<Policy, add_then_decay_policy>)
                           made.own_way = "its input decays before the membrane reads it";
                       else
                           made.current = currents::after;
                   });
            answer(spikefuse::detail::fixed<neuron_policies::axis::competition>{},
                   [&]<class Policy>(Policy) {
                       if constexpr (!std::is_same_v<Policy, everyone_policy>)
                           made.own_way = "one neuron of it fires at most";
                   });
            answer(spikefuse::detail::fixed<neuron_policies::axis::shown>{},
                   [&]<class Policy>(Policy) {
                       if constexpr (!std::is_same_v<Policy, spikes_out_policy>)
                           made.own_way = "it gives its membrane";
                   });
        }
    }
    return made;
}

/// An open end: of what part, and whether it is of the step before.
struct open_end {
    std::size_t from;
    int steps;
};
using open_ends = std::vector<open_end>;

inline std::size_t behind(outline& to, open_ends const& ends, outline::part const& one) {
    std::size_t const k = to.add(one);
    for (open_end const& end : ends) to.ways.push_back({end.from, k, end.steps});
    return k;
}

/// Walks over a word behind a shape; `First`: the number of its first layer.
template <class Word, class Left, std::size_t First>
struct walk {
    static open_ends over(outline& to, open_ends const& in) {
        if constexpr (std::is_same_v<Word, identity_word> ||
                      spikefuse::detail::begins_network<Word>) {
            return in;
        } else {
            outline::part one;
            one.name = std::string(Word::kind::text());
            one.in = extents_of<Left>(), one.out = extents_of<shape_behind<Word, Left>>();
            one.origin = First;
            if constexpr (std::is_same_v<Word, flatten_word>) {
                one.type = "Flatten", one.passes = true;
            } else if constexpr (requires { one.delay = Word::steps; }) {
                one.type = "Delay", one.delay = Word::steps, one.remembers = true;
            } else {
                one.type = std::string(nir_mapping_of<Word>.types[0]);
                one.remembers = one.waits();
                if constexpr (neuron_layer<Word>)
                    one.remembers =
                        equations::equation_traits<typename Word::equations_of>::state_count > 0;
                one.how = manner_of<Word>();
            }
            return {{behind(to, in, one), 0}};
        }
    }
};
template <class Part>
inline constexpr std::size_t layers_in = spikefuse::detail::flat<Part>::count;
template <class One, class Other, class Left, std::size_t First>
struct walk<sequence<One, Other>, Left, First> {
    static open_ends over(outline& to, open_ends const& in) {
        return walk<Other, shape_behind<One, Left>, First + layers_in<One>>::over(
            to, walk<One, Left, First>::over(to, in));
    }
};
template <class One, class Other, class Left, std::size_t First>
open_ends both(outline& to, open_ends const& in) {
    open_ends all = walk<One, Left, First>::over(to, in);
    for (open_end const& end : walk<Other, Left, First + layers_in<One>>::over(to, in))
        all.push_back(end);
    return all;
}
template <class One, class Other, class Left, std::size_t First>
struct walk<sum_word<One, Other>, Left, First> {
    static open_ends over(outline& to, open_ends const& in) {
        return both<One, Other, Left, First>(to, in);
    }
};
template <class One, class Other, class Left, std::size_t First>
struct walk<beside_word<One, Other>, Left, First> { // of which NIR has none
    static open_ends over(outline& to, open_ends const& in) {
        open_ends const ends = both<One, Other, Left, First>(to, in);
        return {{behind(to, ends,
                        {"|", "", {}, extents_of<shape_behind<beside_word<One, Other>, Left>>()}),
                 0}};
    }
};
template <class Body, class Path, class Left, std::size_t First>
struct walk<recurrent_word<Body, Path>, Left, First> { // a model counts the path's layers first
    static open_ends over(outline& to, open_ends const& in) {
        using given = shape_behind<Body, Left>;
        std::size_t const out = to.add({"output of a loop", "Junction", extents_of<given>(),
                                        extents_of<given>(), 0, false, true});
        open_ends all = in;
        for (open_end const& end : walk<Path, given, First>::over(to, {{out, 1}}))
            all.push_back(end);
        for (open_end const& end : walk<Body, Left, First + layers_in<Path>>::over(to, all))
            to.ways.push_back({end.from, out, end.steps});
        return {{out, 0}};
    }
};

/// The outline of a network.
/// @param layers their names, in order
template <layer_word Network>
outline outline_of(std::vector<std::string> const& layers) {
    using taken = wanted_shape<Network>;
    outline made;
    extents const in = extents_of<taken>(), out = extents_of<shape_behind<Network, taken>>();
    made.add({"input", "Input", in, in, 0, true});
    open_ends const ends = walk<Network, taken, 0>::over(made, {{0, 0}});
    bool const one_row = [&] { // of pixels: a Conv1d's
        for (outline::part const& one : made.parts) {
            bool const pool = one.type == "SumPool2d" || one.type == "AvgPool2d";
            for (extents const* const shape : {&one.in, &one.out})
                if (pool || (shape->size() == 3 && (*shape)[1] != 1)) return false;
        }
        return true;
    }();
    for (outline::part& one : made.parts) {
        if (one.type != "Input" && one.type != "Flatten" && !one.delay && one.type != "Junction" &&
            one.name != "|")
            one.name = layers[one.origin];
        for (extents* const shape : {&one.in, &one.out})
            if (one_row && shape->size() == 3) *shape = {(*shape)[0], (*shape)[2]};
        if (one_row && one.type == "Conv2d") one.type = "Conv1d";
    }
    extents const last = ends.size() == 1 ? made.parts[ends[0].from].out : out;
    behind(made, ends, {"output", "Output", last, last});
    return made;
}

template <class Model>
struct network_of;
template <class Network, class T, class Space>
struct network_of<model<Network, T, Space>> {
    using type = std::remove_cv_t<Network>;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail
