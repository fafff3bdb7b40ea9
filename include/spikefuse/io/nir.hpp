#pragma once
/// NIR files: the exchange format of spiking networks, HDF5 inside.
/// Source: Pedersen et al. 2024, Nature Communications 15:8122, and the layout that the nir package writes. Link spikefuse::io.

#include "hdf5.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace spikefuse::io {

/// A node of a NIR graph. Numbers stand in `fields`, words ("same", "valid") in `texts`.
struct nir_node {
    std::string name, type;
    std::map<std::string, array> fields;
    std::map<std::string, std::string> texts;
    std::vector<nir_node> nodes;                            // of a NIRGraph
    std::vector<std::pair<std::string, std::string>> edges; // of a NIRGraph: source, target

    array const& field(std::string const& key) const { return fields.at(key); }
};

namespace detail {

/// The format's node types in one table: the fields each must have, and those it may have.
struct nir_type {
    char const* name;
    std::vector<std::string> required, optional;
    bool one_shape = false; // its parameters agree in shape (w_in is broadcast)
};
inline std::vector<nir_type> const& nir_types() {
    static std::vector<nir_type> const types = {
        {"Input", {"shape"}, {}},
        {"Output", {"shape"}, {}},
        {"Affine", {"weight", "bias"}, {}},
        {"Linear", {"weight"}, {}},
        {"Scale", {"scale"}, {}},
        {"Conv1d", {"weight", "stride", "padding", "dilation", "groups", "bias"}, {"input_shape"}},
        {"Conv2d", {"weight", "stride", "padding", "dilation", "groups", "bias"}, {"input_shape"}},
        {"SumPool2d", {"kernel_size", "stride", "padding"}, {}},
        {"AvgPool2d", {"kernel_size", "stride", "padding"}, {}},
        {"Flatten", {}, {"start_dim", "end_dim", "input_type"}},
        {"Delay", {"delay"}, {}},
        {"Threshold", {"threshold"}, {}},
        {"I", {"r"}, {}},
        {"LI", {"tau", "r", "v_leak"}, {}, true},
        {"IF", {"r", "v_threshold"}, {"v_reset"}, true},
        {"LIF", {"tau", "r", "v_leak", "v_threshold"}, {"v_reset"}, true},
        {"CubaLI", {"tau_syn", "tau_mem", "r", "v_leak"}, {"w_in"}, true},
        {"CubaLIF", {"tau_syn", "tau_mem", "r", "v_leak", "v_threshold"}, {"v_reset", "w_in"}, true},
        {"NIRGraph", {}, {}},
    };
    return types;
}

/// The known name that is nearest to a wrong one, for the sentence.
inline std::string nearest(std::string const& wrong, std::vector<std::string> const& known) {
    std::string best;
    std::size_t least = wrong.size() / 2 + 2;
    for (std::string const& candidate : known) {
        std::vector<std::size_t> row(candidate.size() + 1);
        for (std::size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
        for (std::size_t i = 1; i <= wrong.size(); ++i) {
            std::size_t diagonal = row[0]++;
            for (std::size_t j = 1; j <= candidate.size(); ++j) {
                std::size_t const above = row[j];
                row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (wrong[i - 1] == candidate[j - 1] ? 0 : 1)});
                diagonal = above;
            }
        }
        if (row.back() < least) {
            least = row.back();
            best = candidate;
        }
    }
    return best;
}

class nir_reader {
  public:
    explicit nir_reader(std::string const& path) : file_(path) {}

    nir_node read() {
        if (!file_.has("/node"))
            throw file_error("'" + file_.path() + "' is no NIR file", "it has no group /node", "Was it written by nir.write?");
        nir_node root = node("/node", "network", 0);
        if (root.type != "NIRGraph") complain("/node", "it is a " + root.type + ", not a NIRGraph");
        return root;
    }

  private:
    [[noreturn]] void complain(std::string const& place, std::string const& why) const {
        throw file_error("'" + place + "' in '" + file_.path() + "' is not a NIR node that can be used", why,
                         "Write the file again from the framework it comes from");
    }

    nir_node node(std::string const& place, std::string const& name, int depth) {
        if (depth > 16) complain(place, "graphs are nested more than 16 deep");
        if (!file_.is_group(place) || !file_.has(place + "/type")) {
            complain(place, file_.is_group(place) ? "it has no type. A node's name with a slash makes such a group: rename the node"
                                                  : "it is not a group");
        }
        nir_node result;
        result.name = name;
        result.type = file_.text(place + "/type");
        std::vector<std::string> known;
        for (nir_type const& type : nir_types()) known.emplace_back(type.name);
        auto const type = std::find_if(nir_types().begin(), nir_types().end(), [&](nir_type const& t) { return result.type == t.name; });
        if (type == nir_types().end())
            complain(place, "its type '" + result.type + "' is not one of NIR's" + suggestion(result.type, known));
        if (result.type == "NIRGraph") {
            graph(place, result, depth);
            return result;
        }
        for (std::string const& key : type->required) field(place, key, result, true);
        for (std::string const& key : type->optional) field(place, key, result, false);
        if (type->one_shape) {
            std::vector<std::size_t> const& shape = result.field(type->required.front()).shape;
            for (auto const& [key, value] : result.fields)
                if (key != "w_in" && value.shape != shape)
                    complain(place, "its '" + key + "' and '" + type->required.front() + "' have different shapes");
        }
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
            if (key != "padding" && key != "input_shape" && key != "input_type") complain(path, "it holds text where numbers belong");
            into.texts[key] = file_.text(path);
            return;
        }
        array value = file_.numbers(path);
        for (std::size_t k = 0; k < value.values.size(); ++k)
            if (!std::isfinite(value.values[k])) complain(path, "it holds a number that is not finite at [" + std::to_string(k) + "]");
        into.fields[key] = std::move(value);
    }

    void graph(std::string const& place, nir_node& into, int depth) {
        if (!file_.has(place + "/nodes") || !file_.has(place + "/edges")) complain(place, "a NIRGraph has 'nodes' and 'edges'");
        std::vector<std::string> const names = file_.names(place + "/nodes");
        std::set<std::string> const known(names.begin(), names.end());
        for (std::string const& name : names) into.nodes.push_back(node(place + "/nodes/" + name, name, depth + 1));
        std::vector<std::size_t> shape;
        std::vector<std::string> const ends = file_.texts(place + "/edges", &shape);
        if (shape.size() != 2 || shape[1] != 2) complain(place + "/edges", "edges have the shape [E, 2]");
        std::set<std::pair<std::string, std::string>> seen;
        for (std::size_t k = 0; k + 1 < ends.size(); k += 2) {
            for (std::string const& end : {ends[k], ends[k + 1]})
                if (!known.contains(end))
                    complain(place + "/edges", "an edge " + ends[k] + " -> " + ends[k + 1] + " names '" + end + "', which is no node" +
                                                   suggestion(end, names));
            if (seen.emplace(ends[k], ends[k + 1]).second) into.edges.emplace_back(ends[k], ends[k + 1]); // some files say an edge twice
        }
    }

    static std::string suggestion(std::string const& wrong, std::vector<std::string> const& known) {
        std::string const near = nearest(wrong, known);
        return near.empty() ? "" : " (did you mean '" + near + "'?)";
    }

    hdf5_file file_;
};

} // namespace detail

/// Reads a NIR file, whole or not at all. Throws file_error.
inline nir_node read_nir(std::string const& path) { return detail::nir_reader(path).read(); }

/// The nodes between Input and Output, in order, of a graph that is a plain chain. Throws file_error: says which node branches,
/// loops or is left over.
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
        fail("it has " + std::to_string(inputs.size()) + " Input and " + std::to_string(outputs.size()) +
             " Output nodes; a chain has one of each");
    std::map<std::string, std::vector<std::string>> next;
    for (auto const& [from, to] : graph.edges) {
        if (!by_name.contains(from) || !by_name.contains(to)) fail("an edge " + from + " -> " + to + " names a node that is not there");
        next[from].push_back(to);
    }
    std::vector<nir_node const*> chain;
    std::set<std::string> visited;
    for (nir_node const* at = inputs[0]; at != outputs[0];) {
        if (!visited.insert(at->name).second) fail("it loops through '" + at->name + "'");
        auto const& ways = next[at->name];
        if (ways.size() != 1) fail("'" + at->name + "' leads to " + std::to_string(ways.size()) + " nodes");
        at = by_name.at(ways[0]);
        if (at != outputs[0]) chain.push_back(at);
    }
    if (auto const& beyond = next[outputs[0]->name]; !beyond.empty()) fail("its output leads back to '" + beyond[0] + "'");
    if (chain.size() + 2 != graph.nodes.size())
        fail(std::to_string(graph.nodes.size() - chain.size() - 2) + " of its nodes do not lie between Input and Output");
    return chain;
}

} // namespace spikefuse::io
