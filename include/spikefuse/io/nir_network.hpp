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
using open_ends = std::vector<open_end>; ///< they are added up
/// What stands side by side: of each part of a shape, its ends.
using open_row = std::vector<open_ends>;

inline std::size_t behind(outline& to, open_ends const& ends, outline::part const& one) {
    std::size_t const k = to.add(one);
    for (open_end const& end : ends) to.ways.push_back({end.from, k, end.steps});
    return k;
}
template <class... Part>
std::vector<extents> extents_of_each(boost::mp11::mp_list<Part...>) {
    return {extents_of<Part>()...};
}
template <class Shape>
std::vector<extents> extents_of_parts() {
    return extents_of_each(spikefuse::detail::shape_parts<Shape>{});
}
/// What a layer reads that takes parts side by side as one row, of which NIR has none.
template <class Shape>
open_ends in_one_row(outline& to, open_row const& row) {
    if (row.size() == 1) return row[0];
    outline::part const joint{"|", "", {}, extents_of<spikefuse::detail::plain_shape<Shape>>()};
    std::size_t const k = to.add(joint);
    for (open_ends const& ends : row)
        for (open_end const& end : ends) to.ways.push_back({end.from, k, end.steps});
    return {{k, 0}};
}

/// The parts of a row that is one layer's, of which NIR has none either.
template <class Shape>
open_row in_parts(outline& to, open_end const& whole) {
    if constexpr (spikefuse::detail::is_plain<Shape>) return {{whole}};
    open_row all;
    extents const row = extents_of<spikefuse::detail::plain_shape<Shape>>();
    for (extents const& part : extents_of_parts<Shape>())
        all.push_back({{behind(to, {whole}, {"take", "", row, part}), 0}});
    return all;
}

/// Walks over a word behind a shape; `First`: the number of its first layer.
template <class Word, class Left, std::size_t First>
struct walk {
    static open_row over(outline& to, open_row const& in) {
        using plain = spikefuse::detail::plain_shape<Left>;
        using given = shape_behind<Word, Left>;
        outline::part one;
        one.name = std::string(Word::kind::text());
        one.origin = First;
        if constexpr (std::is_same_v<Word, identity_word> ||
                      spikefuse::detail::begins_network<Word>) {
            return in;
        } else if constexpr (requires { Word::part; }) {
            return {in[static_cast<std::size_t>(Word::part)]};
        } else if constexpr (requires { one.delay = Word::steps; }) {
            one.type = "Delay", one.delay = Word::steps, one.remembers = true;
            open_row all;
            for (std::size_t k = 0; k < in.size(); ++k) {
                one.in = one.out = extents_of_parts<Left>()[k];
                all.push_back({{behind(to, in[k], one), 0}});
            }
            return all;
        } else {
            one.in = extents_of<plain>();
            one.out = extents_of<spikefuse::detail::plain_shape<given>>();
            if constexpr (std::is_same_v<Word, flatten_word>) {
                one.type = "Flatten", one.passes = true;
            } else {
                one.type = std::string(nir_mapping_of<Word>.types[0]);
                one.remembers = one.waits();
                if constexpr (neuron_layer<Word>)
                    one.remembers =
                        equations::equation_traits<typename Word::equations_of>::state_count > 0;
                one.how = manner_of<Word>();
            }
            return in_parts<given>(to, {behind(to, in_one_row<Left>(to, in), one), 0});
        }
    }
};
template <class Part>
inline constexpr std::size_t layers_in = spikefuse::detail::flat<Part>::count;
template <class One, class Other, class Left, std::size_t First>
struct walk<sequence<One, Other>, Left, First> {
    static open_row over(outline& to, open_row const& in) {
        return walk<Other, shape_behind<One, Left>, First + layers_in<One>>::over(
            to, walk<One, Left, First>::over(to, in));
    }
};
/// What both rows give, part by part.
inline void add_parts(open_row& to, open_row const& more) {
    for (std::size_t k = 0; k < more.size(); ++k)
        to[k].insert(to[k].end(), more[k].begin(), more[k].end());
}
template <class One, class Other, class Left, std::size_t First>
struct walk<sum_word<One, Other>, Left, First> {
    static open_row over(outline& to, open_row const& in) {
        using first = shape_behind<One, Left>;
        using second = shape_behind<Other, Left>;
        open_row all = walk<One, Left, First>::over(to, in),
                 more = walk<Other, Left, First + layers_in<One>>::over(to, in);
        if constexpr (!std::is_same_v<first, second>)
            all = {in_one_row<first>(to, all)}, more = {in_one_row<second>(to, more)};
        add_parts(all, more);
        return all;
    }
};
template <class One, class Other, class Left, std::size_t First>
struct walk<beside_word<One, Other>, Left, First> {
    static open_row over(outline& to, open_row const& in) {
        open_row all = walk<One, Left, First>::over(to, in);
        for (open_ends const& part : walk<Other, Left, First + layers_in<One>>::over(to, in))
            all.push_back(part);
        return all;
    }
};
template <class Body, class Path, class Left, std::size_t First>
struct walk<recurrent_word<Body, Path>, Left, First> { // a model counts the path's layers first
    static open_row over(outline& to, open_row const& in) {
        using given = shape_behind<Body, Left>;
        open_row outs, before;
        for (extents const& part : extents_of_parts<given>()) {
            std::size_t const out =
                to.add({"output of a loop", "Junction", part, part, 0, false, true});
            outs.push_back({{out, 0}}), before.push_back({{out, 1}});
        }
        using returns = shape_behind<Path, given>;
        open_row all = in, back = walk<Path, given, First>::over(to, before);
        bool const whole = returns::width == Left::width; // else to the first parts
        if (whole && extents_of_parts<returns>() != extents_of_parts<Left>()) {
            open_ends sum = in_one_row<Left>(to, in);
            for (open_end const& end : in_one_row<returns>(to, back)) sum.push_back(end);
            if constexpr (spikefuse::detail::is_plain<Left>) {
                all = {sum};
            } else {
                outline::part const row{
                    "|", "", {}, extents_of<spikefuse::detail::plain_shape<Left>>()};
                all = in_parts<Left>(to, {behind(to, sum, row), 0});
            }
        } else {
            add_parts(all, back);
        }
        open_row const ends = walk<Body, Left, First + layers_in<Path>>::over(to, all);
        for (std::size_t k = 0; k < ends.size(); ++k)
            for (open_end const& end : ends[k])
                to.ways.push_back({end.from, outs[k][0].from, end.steps});
        return outs;
    }
};

/// "input", or where there are several, "input_1".
inline std::string name_of_end(std::string const& name, std::size_t k, std::size_t count) {
    if (count == 1) return name;
    std::string number = std::to_string(k + 1); // in files names are sorted
    return name + "_" + std::string(std::to_string(count).size() - number.size(), '0') + number;
}
/// The outline of a network.
/// @param layers their names, in order
template <layer_word Network>
outline outline_of(std::vector<std::string> const& layers) {
    using taken = wanted_shape<Network>;
    using given = shape_behind<Network, taken>;
    outline made;
    open_row begins;
    std::vector<extents> const in = extents_of_parts<taken>(), out = extents_of_parts<given>();
    for (std::size_t k = 0; k < in.size(); ++k) {
        begins.push_back(
            {{made.add({name_of_end("input", k, in.size()), "Input", in[k], in[k], 0, true}), 0}});
        made.parts.back().port = k;
    }
    open_row const ends = walk<Network, taken, 0>::over(made, begins);
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
            one.name != "|" && one.name != "take")
            one.name = layers[one.origin];
        for (extents* const shape : {&one.in, &one.out})
            if (one_row && shape->size() == 3) *shape = {(*shape)[0], (*shape)[2]};
        if (one_row && one.type == "Conv2d") one.type = "Conv1d";
    }
    for (std::size_t k = 0; k < ends.size(); ++k) {
        extents const last = ends[k].size() == 1 ? made.parts[ends[k][0].from].out : out[k];
        behind(made, ends[k], {name_of_end("output", k, ends.size()), "Output", last, last});
        made.parts.back().port = k;
    }
    return made;
}

template <class Model>
struct network_of;
template <class Network, class T, class Space>
struct network_of<model<Network, T, Space>> {
    using type = std::remove_cv_t<Network>;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail
