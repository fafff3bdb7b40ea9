// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// NIR files: the exchange format of spiking networks, HDF5 inside. Link spikefuse::io.

#include "../core/finite.hpp"
#include "nir_rules.hpp"

#include <cmath>
#include <set>

namespace spikefuse::inline SPIKEFUSE_ABI::io {

namespace detail {

/// Reads in two passes: first what is small (names, edges, shapes, the geometry of convolutions),
/// until all of it fits together; then the arrays themselves. What does not fit is refused before a
/// number of it is unpacked.
class nir_reader {
  public:
    nir_reader(std::string const& path, std::size_t most) : file_(path, most) {}

    nir_node read() {
        if (!file_.has("/node"))
            throw file_error("'" + file_.path() + "' is no NIR file", "it has no group /node",
                             "Was it written by nir.write?");
        nir_node root = node("/node", "network", 0);
        if (root.type != "NIRGraph") complain("/node", "it is a " + root.type + ", not a NIRGraph");
        nir_shapes flow([&](std::string const& place, std::string const& why) {
            complain("/node" + place, why);
        });
        flow.graph(root, "");
        fill("/node", root);
        return root;
    }

  private:
    [[noreturn]] void complain(std::string const& place, std::string const& why) const {
        throw file_error("'" + place + "' in '" + file_.path() +
                             "' is not a NIR node that can be used",
                         why, "Write the file again from the framework it comes from");
    }

    nir_node node(std::string const& place, std::string const& name, int depth) {
        if (depth > 16) complain(place, "graphs are nested more than 16 deep");
        if (++nodes_ > file_.size_in_bytes() / 64)
            complain(place,
                     "there are more nodes than the file has room for: one of them holds itself");
        if (!file_.is_group(place) || !file_.has(place + "/type")) {
            complain(place, file_.is_group(place) ? "it has no type. A node's name with a slash "
                                                    "makes such a group: rename the node"
                                                  : "it is not a group");
        }
        nir_node result;
        result.name = name;
        result.type = file_.text(place + "/type");
        std::vector<std::string> known;
        for (nir_type const& type : nir_types()) known.emplace_back(type.name);
        auto const type = std::find_if(nir_types().begin(), nir_types().end(),
                                       [&](nir_type const& t) { return result.type == t.name; });
        if (type == nir_types().end())
            complain(place, "its type '" + result.type + "' is not one of NIR's" +
                                suggestion(result.type, known));
        if (result.type == "NIRGraph") {
            graph(place, result, depth);
            return result;
        }
        for (std::string const& key : type->required) field(place, key, result, true);
        for (std::string const& key : type->optional) field(place, key, result, false);
        if (type->one_shape) {
            std::string const* first = nullptr; // of more than one number
            for (auto const& [key, value] : result.fields) {
                if (count_of(value.shape) == 1) continue;
                if (first != nullptr && value.shape != result.field(*first).shape)
                    complain(place, "its '" + key + "' and '" + *first + "' have different shapes");
                if (first == nullptr) first = &key;
            }
        }
        if (auto const fault = geometry_fault(result))
            complain(place + (fault->field.empty() ? "" : "/" + fault->field), fault->why);
        return result;
    }

    void field(std::string const& place, std::string const& key, nir_node& into, bool required) {
        std::string const path = place + "/" + key;
        if (!file_.has(path)) {
            if (required) complain(place, "a " + into.type + " needs the field '" + key + "'");
            return;
        }
        if (file_.is_group(path)) {
            if (key == "input_type") return; // older Flatten nodes
            complain(path, "it is a group where an array belongs");
        }
        if (file_.is_text(path)) {
            if (key != "padding" && key != "input_shape" && key != "input_type")
                complain(path, "it holds text where numbers belong");
            into.texts[key] = file_.text(path);
            return;
        }
        array& value = into.fields[key];
        value.shape = file_.shape(path);
        std::size_t const count = count_of(value.shape);
        if (is_geometry(key)) {
            if (count > 16)
                complain(path, "it holds " + std::to_string(count) +
                                   " numbers, and a shape has no more than 16");
            value = numbers(path);
        } else if (count > file_.most() - promised_) {
            complain(path, "with its " + std::to_string(count) +
                               " numbers the network has more than " +
                               std::to_string(file_.most()) +
                               ", which a file of this size is not read to. If it is meant: "
                               "read_nir(path, how many)");
        } else {
            promised_ += count;
        }
    }
    array numbers(std::string const& path) const {
        array value = file_.numbers(path);
        for (std::size_t k = 0; k < value.values.size(); ++k)
            if (!spikefuse::detail::is_finite(value.values[k]))
                complain(path,
                         "it holds a number that is not finite at [" + std::to_string(k) + "]");
        return value;
    }
    void fill(std::string const& place, nir_node& into) {
        for (auto& [key, value] : into.fields) {
            if (is_geometry(key)) continue;
            value = numbers(place + "/" + key);
            if (auto const fault = value_fault(key, value)) complain(place + "/" + key, *fault);
        }
        for (nir_node& one : into.nodes) fill(place + "/nodes/" + one.name, one);
    }

    void graph(std::string const& place, nir_node& into, int depth) {
        if (!file_.has(place + "/nodes") || !file_.has(place + "/edges"))
            complain(place, "a NIRGraph has 'nodes' and 'edges'");
        std::vector<std::string> const names = file_.names(place + "/nodes");
        std::set<std::string> const known(names.begin(), names.end());
        for (std::string const& name : names)
            into.nodes.push_back(node(place + "/nodes/" + name, name, depth + 1));
        std::vector<std::size_t> shape;
        if (names.empty()) complain(place, "it has no node");
        if (count_of(file_.shape(place + "/edges")) == 0)
            return; // an empty list may be one of numbers
        std::vector<std::string> const ends = file_.texts(place + "/edges", &shape);
        if (shape.size() != 2 || shape[1] != 2)
            complain(place + "/edges", "edges have the shape [E, 2]");
        std::set<std::pair<std::string, std::string>> seen;
        for (std::size_t k = 0; k + 1 < ends.size(); k += 2) {
            for (std::string const& end : {ends[k], ends[k + 1]})
                if (!known.contains(end))
                    complain(place + "/edges", "an edge " + ends[k] + " -> " + ends[k + 1] +
                                                   " names '" + end + "', which is no node" +
                                                   suggestion(end, names));
            if (seen.emplace(ends[k], ends[k + 1]).second)
                into.edges.emplace_back(ends[k], ends[k + 1]); // some files say an edge twice
        }
    }

    static std::string suggestion(std::string const& wrong, std::vector<std::string> const& known) {
        std::string const near = nearest(wrong, known);
        return near.empty() ? "" : " (did you mean '" + near + "'?)";
    }

    hdf5_file file_;
    std::size_t nodes_ = 0, promised_ = 0; // numbers that are to be read
};

} // namespace detail

/// Reads a NIR file, whole or not at all.
/// @param path of the file
/// @param most numbers that it may hold, if that is more than its size makes likely (see
///     `hdf5_file`)
/// @return the root, a NIRGraph
/// @throws file_error the file, a node that the format does not have, shapes that do not fit
///     together, a time constant that is not positive, and what else means nothing
inline nir_node read_nir(std::string const& path, std::size_t most = 0) {
    return detail::within_memory(path, [&] { return detail::nir_reader(path, most).read(); });
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
