// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// NIR files: the exchange format of spiking networks, HDF5 inside, as they stand there. As a graph
/// whose shapes are known: nir_graph.hpp. Link spikefuse::io.

#include "nir_reader.hpp"
#include "nir_shapes.hpp"

#include <set>

namespace spikefuse::inline SPIKEFUSE_ABI::io {

/// Reads a NIR file, whole or not at all.
/// @param path of the file
/// @param most numbers that it may hold, if that is more than its size makes likely (see
///     `hdf5_file`)
/// @return the root, a NIRGraph
/// @throws file_error with everything that is wrong: a node that the format does not have, shapes
///     that do not fit together, a time constant that is not positive, and what else means nothing
inline nir_node read_nir(std::string const& path, std::size_t most = 0) {
    return detail::within_memory(path, [&] {
        detail::nir_faults faults(path);
        detail::nir_reader reader(path, most, faults);
        nir_node root = reader.outline();
        detail::nir_wiring wiring(root, faults);
        detail::infer_shapes(wiring, faults);
        reader.fill(root);
        faults.raise();
        return root;
    });
}

/// The nodes between Input and Output, in order, of a graph that is a plain chain.
/// @param graph is pointed into
/// @param path of its file, for the message
/// @throws file_error says which node branches, loops or is left over
inline std::vector<nir_node const*> nir_chain(nir_node const& graph, std::string const& path) {
    auto fail = [&](std::string const& why) -> void {
        throw file_error("the network in '" + path + "' is not a plain chain of layers", why,
                         "Only chains can be loaded into a sequence of layers");
    };
    std::map<std::string, nir_node const*> by_name;
    std::vector<nir_node const*> inputs, outputs;
    for (nir_node const& node : graph.nodes) {
        by_name[node.name] = &node;
        if (node.type == "Input") inputs.push_back(&node);
        if (node.type == "Output") outputs.push_back(&node);
    }
    if (inputs.size() != 1 || outputs.size() != 1)
        fail("it has " + std::to_string(inputs.size()) + " Input and " +
             std::to_string(outputs.size()) + " Output nodes; a chain has one of each");
    std::map<std::string, std::vector<std::string>> next;
    for (auto const& [from, to] : graph.edges) {
        if (!by_name.contains(from) || !by_name.contains(to))
            fail("an edge " + from + " -> " + to + " names a node that is not there");
        next[from].push_back(to);
    }
    std::vector<nir_node const*> chain;
    std::set<std::string> visited;
    for (nir_node const* at = inputs[0]; at != outputs[0];) {
        if (!visited.insert(at->name).second) fail("it loops through '" + at->name + "'");
        auto const& ways = next[at->name];
        if (ways.size() != 1)
            fail("'" + at->name + "' leads to " + std::to_string(ways.size()) + " nodes");
        at = by_name.at(ways[0]);
        if (at != outputs[0]) chain.push_back(at);
    }
    if (auto const& beyond = next[outputs[0]->name]; !beyond.empty())
        fail("its output leads back to '" + beyond[0] + "'");
    if (chain.size() + 2 != graph.nodes.size())
        fail(std::to_string(graph.nodes.size() - chain.size() - 2) +
             " of its nodes do not lie between Input and Output");
    return chain;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
