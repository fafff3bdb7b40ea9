// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Which nodes of a NIR graph give images, and which features: the language joins words by that,
// NIR by shapes alone.

#include "words.hpp"

namespace nir_tool {

// What a node wants before it, and gives.
enum class rows { as_they_come, images, features };

inline rows wanted_by(nir::node const& node) {
    return std::visit(
        [&]<class Node>(Node const&) {
            if constexpr (std::is_same_v<Node, nodes::affine> ||
                          std::is_same_v<Node, nodes::linear>)
                return nir::detail::matrices_of(node) > 1 ? rows::images : rows::features;
            else if constexpr (std::is_base_of_v<nodes::pool, Node> ||
                               requires(Node one) { one.groups; })
                return rows::images;
            else
                return rows::as_they_come;
        },
        node.what);
}
inline rows given_by(nir::node const& node) {
    bool const joins = node.type == "Flatten" || nir::detail::matrices_of(node) > 1;
    return joins ? rows::features : wanted_by(node);
}

// Whether each node gives an image. Throws no_word where a node gets the other.
inline std::vector<bool> images_of(nir::graph const& graph, nir::schedule const& plan) {
    // Whether a row that leaves `from` comes as it is to a node that wants such.
    auto const comes_to = [&](std::size_t from, rows wanted) {
        std::vector<bool> seen(graph.nodes.size());
        for (std::vector<std::size_t> at{from}; !at.empty();) {
            std::size_t const k = at.back();
            at.pop_back();
            for (auto const& [source, target] : graph.edges) {
                if (source != k || seen[target]) continue;
                seen[target] = true;
                if (wanted_by(graph.nodes[target]) == wanted) return true;
                if (given_by(graph.nodes[target]) == rows::as_they_come) at.push_back(target);
            }
        }
        return false;
    };
    std::vector<bool> image(graph.nodes.size());
    for (std::size_t const k : plan.order) {
        nir::node const& node = graph.nodes[k];
        if (node.type == "Input") {
            bool const shaped = node.out.size() == 2 || node.out.size() == 3;
            image[k] = shaped && (!comes_to(k, rows::features) || comes_to(k, rows::images));
            continue;
        }
        bool before = false;
        for (std::size_t e = 0; e < graph.edges.size(); ++e)
            if (graph.edges[e].second == k && !plan.late[e])
                before = before || image[graph.edges[e].first];
        rows const wanted = wanted_by(node), given = given_by(node);
        if (wanted == rows::images && !before)
            throw no_word{"'" + node.name + "' takes an image, and what comes to it is features"};
        if (wanted == rows::features && before)
            throw no_word{"'" + node.name + "' takes features, and what comes to it is an image"};
        image[k] = given == rows::as_they_come ? before : given == rows::images;
    }
    return image;
}

} // namespace nir_tool
