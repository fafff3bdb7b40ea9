// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A NIR graph's numbers into a model, layer by layer, by name: for networks that are no chain.
/// Link spikefuse::io.

#include "load.hpp"
#include "nir_graph.hpp"

#include <array>
#include <set>

namespace spikefuse::inline SPIKEFUSE_ABI::nir {

namespace detail {

/// A node as it stands in a file.
inline io::nir_node as_in_file(node const& one) {
    io::nir_node made;
    made.name = one.name, made.type = one.type;
    std::visit(
        [&]<class Node>(Node const& what) {
            [[maybe_unused]] auto const put = [&](char const* key, auto const& numbers) {
                for (auto const number : numbers)
                    made.fields[key].values.push_back(static_cast<double>(number));
            };
            if constexpr (requires { what.groups; }) {
                put("stride", what.stride), put("dilation", what.dilation);
                put("groups", std::array{what.groups});
                if (what.padding.empty())
                    put("padding", what.before);
                else
                    made.texts["padding"] = what.padding;
            } else if constexpr (requires { what.kernel[0]; }) {
                put("kernel_size", what.kernel), put("stride", what.stride);
                put("padding", what.padding);
            }
            what.fields(what, [&]<class Field>(char const* key, Field const& field) {
                array& into = made.fields[key];
                into.values = field.values;
                if constexpr (std::is_same_v<Field, array>)
                    into.shape = field.shape;
                else if (field.values.size() != 1)
                    into.shape = {field.values.size()};
            });
        },
        one.what);
    return made;
}

} // namespace detail

/// Sets every parameter of a model from the nodes of a graph, or throws and sets none.
/// @param network any; what `spikefuse-nir generate` writes knows its names
/// @param file the graph
/// @param names of a layer and of the node that it gets its numbers from
/// @throws name_error a layer or a node that is not there, or has no partner; another kind of node
/// @throws shape_error an array of another shape
/// @throws value_error a number that the parameter cannot be
template <class Model>
void load(Model& network, graph const& file,
          std::vector<std::pair<std::string, std::string>> const& names) {
    auto const& layers = network.layer_names();
    std::vector<io::detail::planned_write> writes;
    std::set<std::string> given, taken;
    for (auto const& [layer, name] : names) {
        auto const at = std::find(layers.begin(), layers.end(), layer);
        if (at == layers.end()) {
            std::string const near = io::detail::nearest(layer, layers);
            throw name_error("the network has no layer '" + layer + "'",
                             near.empty() ? "" : "did you mean '" + near + "'?",
                             "`describe` lists them");
        }
        io::detail::plan_layer(network, static_cast<std::size_t>(at - layers.begin()),
                               detail::as_in_file(file.nodes[file.find(name)]), file.path, writes);
        given.insert(layer), taken.insert(name);
    }
    for (auto const& parameter : network.parameters())
        if (!given.contains(parameter.layer))
            throw name_error("'" + parameter.layer + "' gets no numbers from '" + file.path + "'",
                             "no node is named for it", "Name one");
    for (node const& one : file.nodes) {
        // How a window slides, and for how long a delay waits, is in the network's type.
        bool const numbers = std::visit(
            [&](auto const& what) {
                bool some = false;
                what.fields(what, [&](char const*, auto const&) { some = true; });
                return some && one.type != "Delay";
            },
            one.what);
        if (numbers && !taken.contains(one.name))
            throw name_error("'" + one.name + "' in '" + file.path + "' is given to no layer",
                             "its numbers would be lost", "Name the layer that gets them");
    }
    io::detail::set_all(network, writes);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir
