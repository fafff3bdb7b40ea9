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
inline std::vector<bool> images_of(nir::graph const& graph) {
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
    auto const before = [&](std::size_t k) {
        return std::any_of(graph.edges.begin(), graph.edges.end(),
                           [&](auto const& edge) { return edge.second == k && image[edge.first]; });
    };
    for (bool changed = true; changed;) {
        changed = false;
        for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
            nir::node const& node = graph.nodes[k];
            bool const shaped = node.out.size() == 2 || node.out.size() == 3;
            rows const given = given_by(node);
            bool const gives =
                node.type == "Input"
                    ? shaped && (!comes_to(k, rows::features) || comes_to(k, rows::images))
                    : given == rows::images || (given == rows::as_they_come && before(k));
            changed = changed || gives != image[k];
            image[k] = gives;
        }
    }
    for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
        nir::node const& node = graph.nodes[k];
        if (wanted_by(node) == rows::images && !before(k))
            throw no_word{"'" + node.name + "' takes an image, and what comes to it is features"};
        if (wanted_by(node) == rows::features && before(k))
            throw no_word{"'" + node.name + "' takes features, and what comes to it is an image"};
    }
    return image;
}

} // namespace nir_tool
