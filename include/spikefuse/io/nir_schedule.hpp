// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// In which order the nodes of a NIR graph step, and which edges carry the value of one step
/// earlier. The format does not say: an edge that closes a cycle, seen depth first from the Inputs,
/// is one step late, unless a Delay of at least one step stands in the cycle (`loops::delays`).

#include "nir_choices.hpp"
#include "nir_graph.hpp"

#include <cmath>

namespace spikefuse::inline SPIKEFUSE_ABI::nir {

/// An order of the nodes.
struct schedule {
    std::vector<std::size_t> order; ///< every node once; what an edge that is not late leads to
                                    ///< comes behind its source
    std::vector<bool> late;         ///< for each edge: it carries the value of one step earlier
};

/// Steps of `dt` seconds that a delay of neuron `k` takes: the nearest whole number.
inline std::size_t steps_of(nodes::delay const& delay, std::size_t k, double dt) {
    return static_cast<std::size_t>(std::lround(std::min(delay.time[k] / dt, 1e9)));
}

namespace detail {

class scheduler {
  public:
    scheduler(graph const& whole, choices const& chosen)
        : whole_(whole), dt_(chosen.dt), leaving_(whole.nodes.size()),
          state_(whole.nodes.size(), fresh) {
        made_.late.assign(whole.edges.size(), false);
        for (std::size_t e = 0; e < whole.edges.size(); ++e)
            if (chosen.loop == loops::late || !remembers(whole.edges[e].second))
                leaving_[whole.edges[e].first].push_back(e);
        for (port const& input : whole.inputs) visit(input.node);
        for (std::size_t k = 0; k < whole.nodes.size(); ++k) visit(k);
        std::reverse(made_.order.begin(), made_.order.end());
    }
    schedule made_;

  private:
    enum progress : char { fresh, open, done };

    /// What a Delay of a step or more gives does not depend on what arrives now.
    bool remembers(std::size_t node) const {
        auto const* const delay = std::get_if<nodes::delay>(&whole_.nodes[node].what);
        for (std::size_t k = 0; delay != nullptr && k < delay->time.values.size(); ++k)
            if (steps_of(*delay, k, dt_) == 0) return false;
        return delay != nullptr;
    }

    void visit(std::size_t root) {
        if (state_[root] != fresh) return;
        std::vector<std::pair<std::size_t, std::size_t>> path{{root, 0}}; // node, edges followed
        state_[root] = open;
        while (!path.empty()) {
            auto& [at, followed] = path.back();
            if (followed == leaving_[at].size()) {
                state_[at] = done;
                made_.order.push_back(at);
                path.pop_back();
                continue;
            }
            std::size_t const edge = leaving_[at][followed++], to = whole_.edges[edge].second;
            if (state_[to] == fresh) {
                state_[to] = open;
                path.emplace_back(to, 0);
            } else if (state_[to] == open) {
                check(path, to);
                made_.late[edge] = true;
            }
        }
    }
    void check(std::vector<std::pair<std::size_t, std::size_t>> const& path, std::size_t to) const {
        for (std::size_t k = path.size(); k-- > 0;) {
            if (remembers(path[k].first) ||
                std::visit([]<class Node>(Node const&) { return stateful<Node>; },
                           whole_.nodes[path[k].first].what))
                return;
            if (path[k].first == to) break;
        }
        throw value_error("a cycle through '" + whole_.nodes[to].name + "' in '" + whole_.path +
                              "' has no neuron, and its Delay is shorter than half a step",
                          "nothing says what comes first", "Choose a smaller dt");
    }

    graph const& whole_;
    double dt_;
    std::vector<std::vector<std::size_t>> leaving_; // edges
    std::vector<progress> state_;
};

} // namespace detail

/// The order of a graph's nodes.
/// @param whole graph
/// @param chosen `dt`, by which delays become steps, and what a Delay does to a cycle
/// @throws value_error a cycle that only a Delay of less than half a step breaks
inline schedule schedule_of(graph const& whole, choices const& chosen) {
    return detail::scheduler(whole, chosen).made_;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir
