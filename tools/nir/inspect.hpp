// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A NIR graph for people: as a table, and as a picture in the language of Graphviz.

#include <algorithm>
#include <array>
#include <cstdio>
#include <spikefuse/io/nir_schedule.hpp>
#include <string>
#include <vector>

namespace nir_tool {

namespace nir = spikefuse::nir;

inline std::string short_number(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4g", value);
    return text.data();
}
inline std::string shape_of(nir::extents const& shape) {
    return spikefuse::io::detail::shape_text(shape);
}

// What a field holds: "tau 0.001" where all are equal, "tau 0.0005 .. 0.003" where not.
inline std::string range_of(std::vector<double> const& values) {
    if (values.empty()) return "nothing";
    auto const [least, most] = std::minmax_element(values.begin(), values.end());
    return *least == *most ? short_number(*least)
                           : short_number(*least) + " .. " + short_number(*most);
}
template <std::size_t Axes>
std::string axes(std::array<std::size_t, Axes> const& each) {
    std::string text;
    for (std::size_t const one : each) text += (text.empty() ? "" : "x") + std::to_string(one);
    return text;
}
inline std::string shape_before(nir::array const& field) { return " " + shape_of(field.shape); }
inline std::string shape_before(nir::parameter const&) { return ""; } // one a neuron, or for all
inline std::string fields_of(nir::node const& node) {
    std::string text;
    auto const add = [&](std::string const& one) { text += (text.empty() ? "" : ", ") + one; };
    std::visit(
        [&]<class Node>(Node const& what) {
            if constexpr (requires { what.groups; }) {
                if (what.padding.empty() && what.before != decltype(what.before){})
                    add("padding " + axes(what.before));
                if (!what.padding.empty()) add("padding " + what.padding);
                add("stride " + axes(what.stride));
                if (*std::max_element(what.dilation.begin(), what.dilation.end()) > 1)
                    add("dilation " + axes(what.dilation));
                if (what.groups > 1) add("groups " + std::to_string(what.groups));
            }
            if constexpr (std::derived_from<Node, nir::nodes::pool>) {
                add("kernel " + axes(what.kernel)), add("stride " + axes(what.stride));
                if (what.padding[0] + what.padding[1] > 0) add("padding " + axes(what.padding));
            }
            if constexpr (std::is_same_v<Node, nir::nodes::flatten>)
                add("axes " + std::to_string(what.first) + " to " + std::to_string(what.last));
            Node::fields(what, [&](char const* key, auto const& field) {
                add(key + shape_before(field) + " " + range_of(field.values));
            });
        },
        node.what);
    return text;
}

// The order of a table: delays of any length count as some step.
inline nir::schedule order_of(nir::graph const& graph) {
    return nir::schedule_of(graph, {.dt = 1e-12});
}

inline std::string table(nir::graph const& graph) {
    nir::schedule const plan = order_of(graph);
    std::vector<std::array<std::string, 5>> rows{{"node", "type", "gives", "from", "fields"}};
    for (std::size_t const k : plan.order) {
        std::string from;
        for (std::size_t e = 0; e < graph.edges.size(); ++e)
            if (graph.edges[e].second == k)
                from += (from.empty() ? "" : " + ") + graph.nodes[graph.edges[e].first].name +
                        (plan.late[e] ? " (a step earlier)" : "");
        nir::node const& node = graph.nodes[k];
        rows.push_back({node.name, node.type, shape_of(node.out), from, fields_of(node)});
    }
    std::array<std::size_t, 4> width{};
    auto const length = [](std::string const& text) { // letters, not bytes
        return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
            return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
        }));
    };
    for (auto const& row : rows)
        for (std::size_t k = 0; k < width.size(); ++k)
            width[k] = std::max(width[k], length(row[k]));
    std::size_t loops = 0;
    for (bool const late : plan.late) loops += late ? 1 : 0;
    std::string text =
        graph.path + ": " + (graph.version.empty() ? "NIR" : "NIR " + graph.version) + ", " +
        std::to_string(graph.nodes.size()) + " nodes, " + std::to_string(graph.edges.size()) +
        " edges, " + std::to_string(loops) + (loops == 1 ? " loop, " : " loops, ") +
        std::to_string(graph.numbers()) + " numbers\n\n";
    for (auto const& row : rows) {
        std::string line;
        for (std::size_t k = 0; k < width.size(); ++k)
            line += row[k] + std::string(width[k] - length(row[k]) + 2, ' ');
        line += row[4];
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    for (auto const& [key, value] : graph.metadata) text += "\n" + key + ": " + value;
    if (!graph.metadata.empty()) text += "\n";
    return text;
}

// In Graphviz' language: `dot -Tsvg`.
inline std::string picture(nir::graph const& graph) {
    nir::schedule const plan = order_of(graph);
    auto const quoted = [](std::string const& text) {
        std::string safe;
        for (char const c : text) {
            if (c == '"' || c == '\\') safe += '\\';
            safe += c;
        }
        return "\"" + safe + "\"";
    };
    std::string text =
        "digraph network {\n  rankdir=LR; node [shape=box, fontname=\"sans-serif\"];\n";
    for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
        nir::node const& node = graph.nodes[k];
        bool const neuron =
            std::visit([]<class Node>(Node const&) { return nir::stateful<Node>; }, node.what);
        text += "  n" + std::to_string(k) +
                " [label=" + quoted(node.name + "\n" + node.type + " " + shape_of(node.out)) +
                (neuron ? ", style=rounded" : "") + "];\n";
    }
    for (std::size_t e = 0; e < graph.edges.size(); ++e)
        text +=
            "  n" + std::to_string(graph.edges[e].first) + " -> n" +
            std::to_string(graph.edges[e].second) +
            (plan.late[e] ? " [style=dashed, label=\"a step earlier\", constraint=false]" : "") +
            ";\n";
    return text + "}\n";
}

} // namespace nir_tool
