// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A graph as a file has it: nodes whose names are paths ("block/lif") stand in graphs of their
/// own, each with one beginning and one end.

#include "../core/errors.hpp"
#include "nir_graph.hpp"

#include <algorithm>

namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail {

/// A graph of a file, and those in it.
struct nest {
    struct member {
        std::size_t node;       ///< index among all nodes
        std::string name, type; ///< within this graph, and in the file
        bool leads = false;     ///< to a node of this graph
        bool is_led_to = false; ///< by one
    };
    std::string name;
    std::vector<member> members;
    std::vector<nest> inner;
    std::vector<std::string> edges; ///< source, target, source, target ...

    nest* find(std::string const& called) {
        for (nest& one : inner)
            if (one.name == called) return &one;
        return nullptr;
    }
};

class nesting {
  public:
    /// @param from all nodes, named by the graphs that they stand in
    /// @param path of the file, for messages
    /// @throws name_error what no nested graph can hold
    nesting(graph const& from, std::string path) : from_(from), path_(std::move(path)) {
        for (node const& one : from.nodes) ways_.push_back(parts_of(one.name));
        for (std::size_t k = 0; k < from.nodes.size(); ++k) {
            nest* at = &root;
            for (std::size_t depth = 0; depth + 1 < ways_[k].size(); ++depth) {
                std::string const& name = ways_[k][depth];
                if (at->find(name) == nullptr) at->inner.push_back({name, {}, {}, {}});
                at = at->find(name);
            }
            at->members.push_back({k, ways_[k].back(), from.nodes[k].type});
        }
        for (auto const& [source, target] : from.edges) {
            auto const &one = ways_[source], &other = ways_[target];
            nest* at = &root; // in which both stand
            std::size_t depth = 0;
            while (depth + 1 < std::min(one.size(), other.size()) && one[depth] == other[depth])
                at = at->find(one[depth++]);
            at->edges.insert(at->edges.end(), {one[depth], other[depth]});
            for (nest::member& own : at->members) {
                own.leads = own.leads || own.node == source;
                own.is_led_to = own.is_led_to || own.node == target;
            }
        }
        check_names(root);
        for (nest& one : root.inner) name_ends(one, one.name);
        for (nest::member const& one : root.members)
            if (one.type == "Junction") fail(one.name, "around it there is none");
        for (auto const& [source, target] : from.edges) {
            hold(source, target, "Output");
            hold(target, source, "Input");
        }
    }
    nest root;

  private:
    [[noreturn]] void fail(std::string const& name, std::string const& why) const {
        throw name_error("'" + name + "' cannot be written to '" + path_ + "'",
                         "in a file a slash makes a nested graph, with one Input and one Output; " +
                             why,
                         "Name it without a slash, or join what is around the graph to its ends");
    }
    static std::vector<std::string> parts_of(std::string const& name) {
        std::vector<std::string> made{""};
        for (char const letter : name)
            if (letter == '/')
                made.emplace_back();
            else
                made.back() += letter;
        return made;
    }
    void check_names(nest& of) const {
        for (nest::member const& one : of.members)
            if (one.name.empty() || of.find(one.name) != nullptr)
                fail(from_.nodes[one.node].name,
                     one.name.empty() ? "a name is not empty"
                                      : "a node and a graph have names of their own");
        for (nest& one : of.inner) {
            if (one.name.empty()) fail(one.name, "a name is not empty");
            check_names(one);
        }
    }
    /// A Junction is its graph's Input where nothing in it leads there, else its Output.
    void name_ends(nest& of, std::string const& place) const {
        for (nest::member& one : of.members) {
            if (one.type == "Input" || one.type == "Output")
                fail(place + "/" + one.name, "those of the network stand in none");
            if (one.type != "Junction") continue;
            if (one.leads && one.is_led_to) fail(place + "/" + one.name, "this is amid the graph");
            one.type = one.is_led_to ? "Output" : "Input";
        }
        if (end_of(of, "Input") == nullptr || end_of(of, "Output") == nullptr)
            fail(place, "it has none, or several");
        for (nest& one : of.inner) name_ends(one, place + "/" + one.name);
    }
    /// The one node at which a graph begins ("Input") or ends, as who reads it finds it: none if
    /// there are several.
    static nest::member const* end_of(nest const& of, std::string const& type) {
        for (bool const said : {true, false}) {
            nest::member const* found = nullptr;
            int count = 0;
            for (nest::member const& one : of.members)
                if (said ? one.type == type : !(type == "Input" ? one.is_led_to : one.leads))
                    found = &one, ++count;
            if (count > 0) return count == 1 ? found : nullptr;
        }
        return nullptr;
    }
    /// A way out of a graph, or into it, to a node `beyond`, begins or ends at its end.
    void hold(std::size_t node, std::size_t beyond, std::string const& type) {
        auto const &own = ways_[node], &other = ways_[beyond];
        nest* at = &root;
        bool within = true; // of what holds the other node too
        for (std::size_t depth = 0; depth + 1 < own.size(); ++depth) {
            at = at->find(own[depth]);
            within = within && depth + 1 < other.size() && own[depth] == other[depth];
            if (within) continue;
            if (end_of(*at, type)->node != node)
                fail(from_.nodes[node].name,
                     "'" + from_.nodes[beyond].name + "' is joined to it past these");
        }
    }

    graph const& from_;
    std::string path_;
    std::vector<std::vector<std::string>> ways_; ///< of each node: the graphs around it, and it
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail
