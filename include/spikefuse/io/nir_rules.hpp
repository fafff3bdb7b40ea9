// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What holds along the edges of a NIR graph: shapes that fit together.

#include "nir_geometry.hpp"

#include <cmath>
#include <cstdlib>
#include <functional>
#include <optional>
#include <set>

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

/// Follows shapes along the edges of a graph, and complains where they cannot fit. Where a file
/// does not say a shape, and none can be found, nothing is held against it. Axes of 1 in front, as
/// files of 2023 have for the batch, are let through.
class nir_shapes {
  public:
    using shape = std::vector<std::size_t>;
    /// `complain(place below the graph, why)` throws.
    explicit nir_shapes(std::function<void(std::string const&, std::string const&)> complain)
        : complain_(std::move(complain)) {}

    void graph(nir_node const& whole, std::string const& place) {
        std::map<std::string, std::size_t> index;
        for (std::size_t k = 0; k < whole.nodes.size(); ++k) index[whole.nodes[k].name] = k;
        std::size_t const count = whole.nodes.size();
        std::vector<std::vector<std::size_t>> next(count);
        std::vector<bool> reached(count, false);
        bool has_input = false;
        for (auto const& [from, to] : whole.edges) {
            if (whole.nodes[index.at(to)].type == "Input")
                complain_(place + "/edges", "an edge " + from + " -> " + to +
                                                " leads into an Input, where a network begins");
            next[index.at(from)].push_back(index.at(to));
            reached[index.at(to)] = true;
        }
        for (std::size_t k = 0; k < count; ++k) {
            nir_node const& node = whole.nodes[k];
            has_input = has_input || node.type == "Input";
            if (node.type != "NIRGraph") continue;
            graph(node, place + "/nodes/" + node.name);
            for (auto const& [type, joined] :
                 {std::pair{"Input", bool(reached[k])}, std::pair{"Output", !next[k].empty()}})
                if (auto const ends = number_of(node, type); joined && ends > 1)
                    complain_(place + "/nodes/" + node.name,
                              "it has " + std::to_string(ends) + " " + type +
                                  " nodes, and an edge cannot say which of them it means");
        }
        check_chains(whole, next, reached, has_input, place);
        check_cycles(whole, next, place);

        std::vector<std::optional<shape>> given(count);
        std::vector<std::size_t> open;
        auto const know = [&](std::size_t k, std::optional<shape> found) {
            if (given[k] || !found) return;
            given[k] = std::move(found);
            open.push_back(k);
        };
        // A subgraph's Input is what arrives there; some files give the width of the outermost one.
        for (bool const inputs : {true, false})
            for (std::size_t k = 0; k < count; ++k)
                if ((whole.nodes[k].type == "Input") == inputs && !(inputs && !place.empty()))
                    know(k, after(whole.nodes[k], {}, place));
        for (std::size_t at = 0; at < open.size(); ++at) {
            std::size_t const from = open[at];
            if (whole.nodes[from].type == "Output") continue; // a network ends there
            for (std::size_t const to : next[from]) {
                from_ = whole.nodes[from].name;
                know(to, after(whole.nodes[to], given[from], place));
            }
        }
    }

  private:
    static std::size_t number_of(nir_node const& graph, std::string const& type) {
        return static_cast<std::size_t>(
            std::count_if(graph.nodes.begin(), graph.nodes.end(),
                          [&](nir_node const& one) { return one.type == type; }));
    }

    /// A node that leads somewhere and that nothing leads to, where the network has an Input.
    void check_chains(nir_node const& whole, std::vector<std::vector<std::size_t>> const& next,
                      std::vector<bool> const& reached, bool has_input,
                      std::string const& place) const {
        for (std::size_t k = 0; has_input && k < whole.nodes.size(); ++k) {
            if (reached[k] || next[k].empty() || whole.nodes[k].type == "Input") continue;
            std::string ends;
            for (std::size_t n = 0; n < whole.nodes.size(); ++n)
                if (next[n].empty() && reached[n] && whole.nodes[n].type != "Output")
                    ends += (ends.empty() ? "" : ", ") + whole.nodes[n].name;
            complain_(place + "/nodes/" + whole.nodes[k].name,
                      "nothing leads to it" +
                          (ends.empty() ? std::string() : ", and nothing follows " + ends));
        }
    }

    /// A cycle in which nothing remembers: nothing says which of its nodes comes first.
    void check_cycles(nir_node const& whole, std::vector<std::vector<std::size_t>> const& next,
                      std::string const& place) const {
        static std::set<std::string> const at_once = {"Affine",    "Linear",  "Scale",
                                                      "Conv1d",    "Conv2d",  "SumPool2d",
                                                      "AvgPool2d", "Flatten", "Threshold"};
        std::size_t const count = whole.nodes.size();
        auto const passes = [&](std::size_t k) { return at_once.contains(whole.nodes[k].type); };
        std::vector<std::size_t> waiting(count, 0), open;
        for (std::size_t k = 0; k < count; ++k)
            for (std::size_t const to : next[k]) waiting[to] += passes(k) ? 1 : 0;
        std::vector<bool> done(count, false);
        for (std::size_t k = 0; k < count; ++k)
            if (passes(k) && waiting[k] == 0) open.push_back(k);
        while (!open.empty()) {
            std::size_t const k = open.back();
            open.pop_back();
            done[k] = true;
            for (std::size_t const to : next[k])
                if (--waiting[to] == 0 && passes(to)) open.push_back(to);
        }
        for (std::size_t k = 0; k < count; ++k) {
            if (!passes(k) || done[k]) continue;
            // Back along edges from nodes that wait, a cycle comes for certain.
            std::vector<std::size_t> before(count, count);
            for (std::size_t from = 0; from < count; ++from)
                for (std::size_t const to : next[from])
                    if (passes(from) && !done[from]) before[to] = from;
            std::vector<bool> seen(count, false);
            std::size_t at = k;
            for (; !seen[at]; at = before[at]) seen[at] = true;
            std::string way = whole.nodes[at].name;
            for (std::size_t back = before[at]; back != at; back = before[back])
                way = whole.nodes[back].name + " -> " + way;
            complain_(place + "/edges",
                      whole.nodes[at].name + " -> " + way +
                          " is a cycle without a neuron or a Delay: nothing says what comes first");
        }
    }

    [[noreturn]] void refuse(std::string const& place, nir_node const& node,
                             std::string const& field, std::string const& why) const {
        complain_(place + "/nodes/" + node.name + (field.empty() ? "" : "/" + field), why);
        std::abort(); // never: complaints throw
    }
    std::string arriving(shape const& given) const {
        return "'" + from_ + "' gives " + shape_text(given);
    }

    /// What a node gives where `given` arrives, as far as it can be known.
    std::optional<shape> after(nir_node const& node, std::optional<shape> const& given,
                               std::string const& place) const {
        if (node.type == "Affine" || node.type == "Linear") return after_weight(node, given, place);
        if (is_convolution(node) || is_pool(node)) return after_kernel(node, given, place);
        if (node.type == "Flatten") return after_flatten(node, given, place);
        if (node.type == "NIRGraph") {
            for (nir_node const& inner : node.nodes)
                if (inner.type == "Output" && number_of(node, "Output") == 1)
                    return after(inner, {}, place);
            return {};
        }
        // Elementwise: each parameter is one number, or one for each of what arrives, or one a
        // channel.
        shape own;
        for (auto const& [key, value] : node.fields) {
            shape wanted = value.shape;
            if (key == "shape") {
                wanted.clear();
                for (double extent : value.values)
                    wanted.push_back(static_cast<std::size_t>(extent));
            }
            std::size_t const count = count_of(wanted);
            if (key != "shape" && count == 1) continue;
            bool const a_channel = given && wanted.size() < given->size() && key != "shape" &&
                                   (count == given->front() || count == given->back());
            if (given && count != count_of(*given) && !a_channel)
                refuse(place, node, key,
                       "it is " + shape_text(wanted) + ", and " + arriving(*given));
            if (count > count_of(own) || own.empty()) own = wanted;
        }
        if (node.type == "Input" || node.type == "Output") return own;
        if (given) return given;
        return own.empty() ? std::optional<shape>() : own;
    }

    std::optional<shape> after_weight(nir_node const& node, std::optional<shape> const& given,
                                      std::string const& place) const {
        shape const& weight = node.field("weight").shape;
        std::size_t const in = weight.back(),
                          all = count_of(weight) /
                                std::max<std::size_t>(weight[weight.size() - 2], 1);
        if (given && !(!given->empty() && given->back() == in) && count_of(*given) != all &&
            count_of(*given) != in)
            refuse(place, node, "weight",
                   "it is " + shape_text(weight) + " and takes " + std::to_string(in) + ", and " +
                       arriving(*given) +
                       (!given->empty() && given->back() == weight[weight.size() - 2]
                            ? ": is it transposed?"
                            : ""));
        if (weight.size() == 2 && given && !given->empty() && given->back() == in) {
            shape result = *given;
            result.back() = weight[0];
            return result;
        }
        return shape(weight.begin(), weight.end() - 1);
    }

    std::optional<shape> after_kernel(nir_node const& node, std::optional<shape> const& given,
                                      std::string const& place) const {
        std::size_t const axes = kernel_axes(node);
        bool const convolution = is_convolution(node);
        shape arrives;
        auto const own = node.fields.find("input_shape");
        shape promised;
        if (convolution && own != node.fields.end())
            for (std::size_t k = 0; k < axes; ++k)
                promised.push_back(static_cast<std::size_t>(geometry(node, "input_shape", k, 0)));
        std::size_t const channels =
            convolution ? node.field("weight").shape[1] *
                              static_cast<std::size_t>(geometry(node, "groups", 0, 1))
                        : 0;
        if (given) {
            if (given->size() < axes + 1)
                refuse(place, node, "",
                       arriving(*given) + ", and it takes [channels, " +
                           (axes == 1 ? "length]" : "height, width]"));
            arrives = *given;
            std::size_t const first = arrives.size() - axes;
            if (convolution && arrives[first - 1] != channels)
                refuse(place, node, "weight",
                       "it takes " + std::to_string(channels) + " channels, and " +
                           arriving(*given));
            if (!promised.empty() && !std::equal(promised.begin(), promised.end(),
                                                 arrives.end() - static_cast<std::ptrdiff_t>(axes)))
                refuse(place, node, "input_shape",
                       "it says " + shape_text(promised) + ", and " + arriving(*given));
        } else if (!promised.empty()) {
            arrives = promised;
            arrives.insert(arrives.begin(), channels);
        } else {
            return {};
        }
        for (std::size_t k = 0; k < axes; ++k) {
            std::size_t const axis = arrives.size() - axes + k;
            auto const word = node.texts.find("padding");
            long const kernel = convolution ? static_cast<long>(node.field("weight").shape[2 + k])
                                            : geometry(node, "kernel_size", k, 1);
            long const reach = (kernel - 1) * geometry(node, "dilation", k, 1) + 1,
                       around = word != node.texts.end() ? 0 : geometry(node, "padding", k, 0);
            long const length = static_cast<long>(arrives[axis]) + 2 * around;
            if (word != node.texts.end() && word->second == "same") continue;
            if (reach > length)
                refuse(place, node, convolution ? "weight" : "kernel_size",
                       "its kernel reaches over " + std::to_string(reach) +
                           ", and its input with padding has " + std::to_string(length) +
                           " along axis " + std::to_string(k));
            arrives[axis] =
                static_cast<std::size_t>((length - reach) / geometry(node, "stride", k, 1) + 1);
        }
        if (convolution) arrives[arrives.size() - axes - 1] = node.field("weight").shape[0];
        return arrives;
    }

    std::optional<shape> after_flatten(nir_node const& node, std::optional<shape> given,
                                       std::string const& place) const {
        auto const type = node.fields.find("input_type");
        shape own;
        if (type != node.fields.end())
            for (double extent : type->second.values)
                own.push_back(static_cast<std::size_t>(std::max(extent, 0.)));
        if (!own.empty() && given && count_of(own) != count_of(*given))
            refuse(place, node, "input_type",
                   "it says " + shape_text(own) + ", and " + arriving(*given));
        if (!given && own.empty()) return {};
        shape const arrives = given ? *given : own;
        long const rank = static_cast<long>(arrives.size()),
                   start = geometry(node, "start_dim", 0, 1),
                   end = geometry(node, "end_dim", 0, -1);
        long const first = start < 0 ? start + rank : start, last = end < 0 ? end + rank : end;
        if (first < 0 || last >= rank || first > last)
            refuse(place, node, first < 0 || first >= rank ? "start_dim" : "end_dim",
                   "it flattens the axes " + std::to_string(start) + " to " + std::to_string(end) +
                       " of " + shape_text(arrives) + ", which are none");
        shape result(arrives.begin(), arrives.begin() + first);
        result.push_back(count_of(shape(arrives.begin() + first, arrives.begin() + last + 1)));
        result.insert(result.end(), arrives.begin() + last + 1, arrives.end());
        return result;
    }

    std::function<void(std::string const&, std::string const&)> complain_;
    std::string from_; // whose output is being held against a node
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
