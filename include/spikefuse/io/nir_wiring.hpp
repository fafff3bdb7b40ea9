// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A NIR file's nodes in one list, nested graphs opened, and what holds of their edges: a network
/// begins and ends, nothing is left over, a cycle remembers.

#include "nir_faults.hpp"
#include "nir_geometry.hpp"

#include <deque>

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

/// A node of the opened graph. The Input and Output of a nested graph are junctions: what arrives
/// is summed and passed on.
struct wired_node {
    nir_node* source = nullptr; ///< none: an end that the file leaves out
    std::string name;           ///< "block/lif"
    std::string place;          ///< "/node/nodes/block/nodes/lif"
    std::string type;           ///< of NIR, or "Junction"; empty: nobody knows
    std::string label;          ///< of an end: the name that its data have
    std::vector<std::size_t> next, before;
    bool nested = false;
    std::optional<std::vector<std::size_t>> arrives, gives;
};

/// Opens the graphs of a file.
class nir_wiring {
  public:
    nir_wiring(nir_node& root, nir_faults& faults) : faults_(faults) {
        open(root, "", "/node");
        if (!faults.none()) return; // of half a graph nothing is missing
        check_cycles();
    }
    std::vector<wired_node> nodes;
    std::vector<std::pair<std::size_t, std::size_t>> edges; ///< in the file's order
    std::vector<nir::fault> warnings;

    void join(std::size_t from, std::size_t to) {
        nodes[from].next.push_back(to);
        nodes[to].before.push_back(from);
        edges.emplace_back(from, to);
    }

  private:
    static bool is_end(nir_node const& node) {
        return node.type == "Input" || node.type == "Output";
    }
    struct ends {
        std::size_t in = none, out = none;
    };
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    void say(std::string const& place, std::string const& field, std::string const& why) {
        faults_.say(place, field, why);
    }
    void warn(std::size_t node, std::string const& why) {
        warnings.push_back({nodes[node].place, nodes[node].name, "", why});
    }

    /// Adds a graph's nodes and edges; gives where edges into it and out of it lead.
    ends open(nir_node& whole, std::string const& prefix, std::string const& place) {
        bool const nested = !prefix.empty(), sound = faults_.none();
        std::map<std::string, ends> at;
        std::vector<std::size_t> own, inputs, outputs;
        for (nir_node& node : whole.nodes) {
            std::string const name = prefix + node.name, here = place + "/nodes/" + node.name;
            if (node.type == "NIRGraph") {
                at[node.name] = open(node, name + "/", here);
                continue;
            }
            std::size_t const k = nodes.size();
            nodes.push_back({&node,
                             name,
                             here,
                             nested && is_end(node) ? "Junction" : node.type,
                             name,
                             {},
                             {},
                             nested,
                             {},
                             {}});
            own.push_back(k);
            at[node.name] = {k, k};
            if (node.type == "Input") inputs.push_back(k);
            if (node.type == "Output") outputs.push_back(k);
        }
        for (auto const& [from, to] : whole.edges) {
            std::string const edge = "an edge " + from + " -> " + to;
            auto const type = [&](std::string const& one) {
                return std::find_if(whole.nodes.begin(), whole.nodes.end(),
                                    [&](nir_node const& node) { return node.name == one; })
                    ->type;
            };
            if (type(to) == "Input")
                say(place, "edges", edge + " leads into an Input, where a network begins");
            else if (type(from) == "Output")
                say(place, "edges", edge + " leads out of an Output, where a network ends");
            else if (at[from].out != none && at[to].in != none)
                join(at[from].out, at[to].in);
        }
        if (!sound || !faults_.none()) return missing(inputs, outputs, own);
        check_chains(own, !inputs.empty());
        if (nested) return nested_ends(inputs, outputs, own, place);
        add_ends(own, inputs.empty(), outputs.empty());
        return {};
    }
    static ends missing(std::vector<std::size_t> const& inputs,
                        std::vector<std::size_t> const& outputs,
                        std::vector<std::size_t> const& own) {
        std::size_t const any = own.empty() ? none : own[0];
        return {inputs.empty() ? any : inputs[0], outputs.empty() ? any : outputs[0]};
    }

    /// Where edges of the graph around lead: to the one Input, or where that is left out, to the
    /// one node that nothing leads to.
    ends nested_ends(std::vector<std::size_t> inputs, std::vector<std::size_t> outputs,
                     std::vector<std::size_t> const& own, std::string const& place) {
        if (inputs.empty())
            for (std::size_t const k : own)
                if (nodes[k].before.empty()) inputs.push_back(k);
        if (outputs.empty())
            for (std::size_t const k : own)
                if (nodes[k].next.empty()) outputs.push_back(k);
        for (auto const& [type, found] :
             {std::pair{"Input", &inputs}, std::pair{"Output", &outputs}})
            if (found->size() != 1)
                say(place, "",
                    "it has " + std::to_string(found->size()) + " " + type +
                        " nodes, and an edge cannot say which of them it means");
        return missing(inputs, outputs, own);
    }

    /// A node that leads somewhere and that nothing leads to, where the network has an Input.
    void check_chains(std::vector<std::size_t> const& own, bool has_input) {
        for (std::size_t const k : own) {
            if (!nodes[k].before.empty() || nodes[k].source->type == "Input") continue;
            if (nodes[k].next.empty()) {
                if (own.size() > 1) warn(k, "it is joined to nothing");
                continue;
            }
            if (!has_input) continue;
            std::string loose;
            for (std::size_t const n : own)
                if (nodes[n].next.empty() && !nodes[n].before.empty() &&
                    nodes[n].source->type != "Output")
                    loose += (loose.empty() ? "" : ", ") + nodes[n].name;
            say(nodes[k].place, "",
                "nothing leads to it" +
                    (loose.empty() ? std::string() : ", and nothing follows " + loose));
        }
    }

    /// The ends that the earliest files leave out, named as the nir package names them.
    void add_ends(std::vector<std::size_t> const& own, bool inputs, bool outputs) {
        std::size_t const count = nodes.size();
        for (std::size_t k = 0; k < count; ++k) {
            bool const first = nodes[k].before.empty(), last = nodes[k].next.empty();
            if (first && last && own.size() > 1) continue;
            for (bool const input : {true, false}) {
                if (input ? !(inputs && first) : !last || nodes[k].type == "Output") continue;
                if (!input && !outputs) {
                    if (nodes[k].type != "Input") warn(k, "nothing follows it");
                    continue;
                }
                std::string const type = input ? "Input" : "Output",
                                  name = (input ? "input_" : "output_") + nodes[k].name;
                warn(k, "the file has no " + type + ": '" + name + "' is put there");
                nodes.push_back(
                    {nullptr, name, nodes[k].place, type, nodes[k].name, {}, {}, false, {}, {}});
                input ? join(nodes.size() - 1, k) : join(k, nodes.size() - 1);
            }
        }
    }

    /// A cycle in which nothing remembers: nothing says which of its nodes comes first.
    void check_cycles() {
        static std::set<std::string> const at_once = {
            "Affine",    "Linear",    "Scale",   "Conv1d",    "Conv2d",
            "SumPool2d", "AvgPool2d", "Flatten", "Threshold", "Junction"};
        std::size_t const count = nodes.size();
        auto const passes = [&](std::size_t k) { return at_once.contains(nodes[k].type); };
        std::vector<std::size_t> waiting(count, 0), open;
        std::vector<bool> done(count, false);
        for (std::size_t k = 0; k < count; ++k)
            for (std::size_t const to : nodes[k].next) waiting[to] += passes(k) ? 1 : 0;
        for (std::size_t k = 0; k < count; ++k)
            if (passes(k) && waiting[k] == 0) open.push_back(k);
        while (!open.empty()) {
            std::size_t const k = open.back();
            open.pop_back();
            done[k] = true;
            for (std::size_t const to : nodes[k].next)
                if (--waiting[to] == 0 && passes(to)) open.push_back(to);
        }
        std::vector<bool> reported(count, false);
        for (std::size_t k = 0; k < count; ++k) {
            if (!passes(k) || done[k]) continue;
            // Back along edges from nodes that wait, a cycle comes for certain.
            std::vector<bool> seen(count, false);
            auto const back = [&](std::size_t at) {
                for (std::size_t const from : nodes[at].before)
                    if (passes(from) && !done[from]) return from;
                return at;
            };
            std::size_t at = k;
            for (; !seen[at]; at = back(at)) seen[at] = true;
            if (reported[at]) continue;
            reported[at] = true;
            std::string way = nodes[at].name;
            for (std::size_t one = back(at); one != at; one = back(one)) {
                reported[one] = true;
                way = nodes[one].name + " -> " + way;
            }
            say("/node", "edges",
                nodes[at].name + " -> " + way +
                    " is a cycle without a neuron or a Delay: nothing says what comes first");
        }
    }

    nir_faults& faults_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
