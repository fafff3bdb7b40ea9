// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// From nodes and edges to a sentence. What one layer alone takes stands before it; what several
// take stands side by side, and each takes its part; what leads in a circle becomes a loop around
// where it is entered, and so on inside of it. So every graph has a sentence.

#include "piece.hpp"
#include "words.hpp"

#include <spikefuse/io/nir_outline.hpp>

#include <functional>
#include <map>
#include <set>

namespace nir_tool {

class sentence {
  public:
    sentence(nir::graph const& graph, nir::schedule const& plan, std::vector<piece> pieces)
        : graph_(graph), pieces_(std::move(pieces)) {
        for (std::size_t e = 0; e < graph.edges.size(); ++e)
            edges_.push_back({graph.edges[e].first, graph.edges[e].second, plan.late[e] ? 1 : 0});
        pass_junctions();
        settle();
        std::vector<std::size_t> inner;
        for (std::size_t const k : plan.order)
            if (graph.nodes[k].type != "Input" && graph.nodes[k].type != "Output" &&
                std::any_of(edges_.begin(), edges_.end(),
                            [&](edge const& e) { return e.from == k || e.to == k; }))
                inner.push_back(k);
        std::vector<std::size_t> row;
        std::vector<terms> wanted;
        for (nir::port const& one : graph.inputs) row.push_back(one.node);
        for (nir::port const& one : graph.outputs) wanted.push_back(into(one.node, edges_));
        whole_ = build(inner, edges_, row, wanted);
    }
    piece const& whole() const { return whole_; }

  private:
    struct edge {
        std::size_t from, to;
        int steps;
    };
    struct term { // what a node gives, or what comes from outside of a loop (`outside`)
        std::size_t of;
        int steps;
    };
    using terms = std::vector<term>;          // are added up
    using members = std::vector<std::size_t>; // in the order in which they step
    struct unit {
        std::vector<terms> takes; // side by side
        piece what;
        std::vector<std::size_t> gives;
    };

    std::size_t outside(std::size_t node) const { return graph_.nodes.size() + node; }
    static bool contains(members const& all, std::size_t one) {
        return std::find(all.begin(), all.end(), one) != all.end();
    }
    static terms into(std::size_t node, std::vector<edge> const& edges) {
        terms all;
        for (edge const& one : edges)
            if (one.to == node) all.push_back({one.from, one.steps});
        return all;
    }
    [[noreturn]] void cross(members const& some) const {
        std::string names;
        for (std::size_t const k : some)
            names += (names.empty() ? "'" : ", '") + graph_.nodes[k].name + "'";
        throw no_word{"a loop through " + names + " has steps that no loop of words takes"};
    }

    // A Junction with one way in, or one way out, is a way.
    void pass_junctions() {
        for (std::size_t k = 0; k < graph_.nodes.size(); ++k) {
            if (graph_.nodes[k].type != "Junction") continue;
            std::vector<edge> in, out, others;
            for (edge const& one : edges_)
                (one.to == k ? in : one.from == k ? out : others).push_back(one);
            if (in.size() != 1 && out.size() != 1) continue;
            for (edge const& one : in)
                for (edge const& next : out)
                    others.push_back({one.from, next.to, one.steps + next.steps});
            edges_ = others;
        }
    }
    // As outline::settle: what closes a cycle is a step late at the last node with a state.
    void settle() {
        std::size_t moves = graph_.nodes.size() * graph_.nodes.size() + 1;
        for (bool moved = true; moved && moves > 0; --moves) {
            moved = false;
            for (std::size_t k = 0; k < graph_.nodes.size(); ++k) {
                if (pieces_[k].stateful || graph_.nodes[k].type == "Input") continue;
                bool late = false, now = false;
                for (edge const& one : edges_)
                    if (one.from == k) (one.steps > 0 && one.to != k ? late : now) = true;
                if (!late || now) continue;
                for (edge& one : edges_) one.steps += (one.to == k ? 1 : 0) - (one.from == k);
                moved = true;
            }
        }
        // A step behind a Delay is one before it: silence comes out of both.
        for (std::size_t k = 0; k < graph_.nodes.size(); ++k) {
            if (!std::holds_alternative<nodes::delay>(graph_.nodes[k].what)) continue;
            auto const now = [&](edge const& one) { return one.from == k && one.steps == 0; };
            while (std::none_of(edges_.begin(), edges_.end(), now) && leaves_others(k))
                for (edge& one : edges_) one.steps += (one.to == k ? 1 : 0) - (one.from == k);
        }
    }

    bool leaves_others(std::size_t k) const {
        return std::any_of(edges_.begin(), edges_.end(),
                           [&](edge const& one) { return one.from == k; }) &&
               std::none_of(edges_.begin(), edges_.end(),
                            [&](edge const& one) { return one.from == k && one.to == k; });
    }

    // --- loops --------------------------------------------------------------------------------

    // Members from which each leads to each, in order.
    static std::vector<members> circles(members const& all, std::vector<edge> const& edges) {
        std::map<std::size_t, std::set<std::size_t>> reached;
        for (std::size_t const k : all) {
            std::vector<std::size_t> open{k};
            while (!open.empty()) {
                std::size_t const at = open.back();
                open.pop_back();
                for (edge const& one : edges)
                    if (one.from == at && contains(all, one.to) && reached[k].insert(one.to).second)
                        open.push_back(one.to);
            }
        }
        std::vector<members> found;
        std::set<std::size_t> done;
        for (std::size_t const k : all) {
            if (!done.insert(k).second) continue;
            members one{k};
            for (std::size_t const n : all)
                if (n != k && reached[k].contains(n) && reached[n].contains(k))
                    one.push_back(n), done.insert(n);
            found.push_back(one);
        }
        return found;
    }
    // The sentence of some nodes: from a row of signals to a row of sums of signals.
    piece build(members const& all, std::vector<edge> const& edges, members const& row,
                std::vector<terms> const& wanted) const {
        std::vector<unit> units;
        for (members const& one : circles(all, edges)) {
            bool const turns = std::any_of(edges.begin(), edges.end(), [&](edge const& e) {
                return e.from == one[0] && e.to == one[0];
            });
            if (one.size() == 1 && !turns)
                units.push_back({{into(one[0], edges)}, pieces_[one[0]], one});
            else
                units.push_back(loop(one, edges, wanted));
        }
        return composer(*this, std::move(units), row, wanted).made;
    }
    // Nodes that lead to each other: around where they are entered stands a loop.
    unit loop(members const& all, std::vector<edge> const& edges,
              std::vector<terms> const& wanted) const {
        std::vector<edge> inner, body_edges, path_edges;
        std::map<std::size_t, terms> comes, back;
        members needed, path, body;
        auto const need = [&](std::size_t k) {
            if (contains(all, k) && !contains(needed, k)) needed.push_back(k);
        };
        for (terms const& one : wanted)
            for (term const& part : one) need(part.of);
        for (edge const& one : edges) {
            bool const into = contains(all, one.to), from = contains(all, one.from);
            if (into && from) inner.push_back(one);
            if (into && !from) comes[one.to].push_back({one.from, one.steps});
            if (from && !into) need(one.from);
        }
        // The way back: what reads nothing but the step before, and leads to entries alone.
        auto const steps_back = [&](std::size_t k) {
            return std::all_of(inner.begin(), inner.end(), [&](edge const& e) {
                return e.to != k || (e.steps > 0) != contains(path, e.from);
            });
        };
        auto const leads_back = [&](std::size_t k) {
            return std::all_of(inner.begin(), inner.end(), [&](edge const& e) {
                return e.from != k || contains(path, e.to) || comes.contains(e.to);
            });
        };
        for (bool more = true; more;) {
            more = false;
            for (std::size_t const k : all)
                if (!contains(path, k) && !comes.contains(k) && !contains(needed, k) &&
                    steps_back(k))
                    path.push_back(k), more = true;
        }
        for (bool less = true; less;) {
            members kept;
            for (std::size_t const k : path)
                if (leads_back(k) && steps_back(k)) kept.push_back(k);
            less = kept.size() < path.size();
            path = kept;
        }
        for (std::size_t const k : all)
            if (!contains(path, k)) body.push_back(k);
        bool turns = false;
        members gives = needed;
        for (edge const& one : inner) {
            bool const from_path = contains(path, one.from), to_path = contains(path, one.to),
                       late = one.steps > 0;
            if (from_path && to_path) {
                path_edges.push_back(one);
            } else if (from_path) {
                if (late || !comes.contains(one.to)) cross(all);
                back[one.to].push_back({one.from, 0});
            } else if (late && (to_path || comes.contains(one.to))) {
                if (to_path)
                    path_edges.push_back({one.from, one.to, one.steps - 1});
                else
                    back[one.to].push_back({one.from, one.steps - 1});
                if (!contains(gives, one.from)) gives.push_back(one.from);
                turns = true;
            } else {
                body_edges.push_back(one);
            }
        }
        if (!turns) cross(all);
        unit made;
        members entries;
        std::vector<terms> returns, given;
        for (bool const returned : {true, false})
            for (std::size_t const k : body) {
                if (!comes.contains(k) || back.contains(k) != returned) continue;
                entries.push_back(outside(k));
                made.takes.push_back(comes[k]);
                if (returned) returns.push_back(back[k]);
                body_edges.push_back({outside(k), k, 0});
            }
        for (std::size_t const k : gives) given.push_back({{k, 0}});
        piece const inside = build(body, body_edges, entries, given),
                    way = build(path, path_edges, gives, returns);
        piece::item whole;
        whole.text = "recurrent(" + inside.text() + ", through(" + way.text() + "))";
        whole.meaning = "recurrent(" + inside.meaning() + "," + way.meaning() + ")";
        whole.nodes = way.nodes();
        for (std::size_t const k : inside.nodes()) whole.nodes.push_back(k);
        made.what = {{whole}, true};
        made.gives = gives;
        return made;
    }

    // --- rows ---------------------------------------------------------------------------------

    // Units without circles: what several take is put side by side, level by level.
    class composer {
      public:
        piece made;

        composer(sentence const& of, std::vector<unit> units, members row,
                 std::vector<terms> const& wanted)
            : units_(std::move(units)) {
            for (std::size_t u = 0; u < units_.size(); ++u)
                for (std::size_t const k : units_[u].gives) giver_[k] = u;
            std::map<std::size_t, int> uses;
            auto const each_use = [&](auto const& function) {
                for (std::size_t u = 0; u < units_.size(); ++u)
                    for (terms const& sum : units_[u].takes)
                        for (term const& one : sum) function(one.of, u);
                for (terms const& sum : wanted)
                    for (term const& one : sum) function(one.of, units_.size());
            };
            each_use([&](std::size_t signal, std::size_t) { ++uses[signal]; });
            for (unit const& one : units_) {
                shared_.push_back(one.gives.size() > 1 || uses[one.gives[0]] > 1);
                if (one.gives.size() == 1 && uses[one.gives[0]] == 0)
                    throw no_word{"nothing follows '" + of.graph_.nodes[one.gives[0]].name + "'"};
            }
            levels_.assign(units_.size(), 0);
            int last = 0;
            for (std::size_t u = 0; u < units_.size(); ++u)
                if (shared_[u]) last = std::max(last, level(u));
            // When a unit is written: at its level, or with the one that takes it.
            std::vector<int> when(units_.size() + 1, last + 1);
            for (std::size_t u = units_.size(); u-- > 0;) when[u] = shared_[u] ? level(u) : 0;
            for (bool more = true; more;) {
                more = false;
                each_use([&](std::size_t signal, std::size_t by) {
                    auto const from = giver_.find(signal);
                    if (from == giver_.end() || shared_[from->second]) return;
                    int& own = when[from->second];
                    more = more || own != when[by];
                    own = when[by];
                });
            }
            row_ = std::move(row);
            for (int at = 1; at <= last; ++at) {
                std::vector<piece> parts;
                members next;
                for (std::size_t const signal : row_) {
                    bool later = false;
                    each_use([&](std::size_t one, std::size_t by) {
                        later = later || (one == signal && when[by] > at);
                    });
                    if (!later) continue;
                    parts.push_back(taken(signal));
                    next.push_back(signal);
                }
                std::size_t const kept = parts.size();
                for (std::size_t u = 0; u < units_.size(); ++u) {
                    if (!shared_[u] || level(u) != at) continue;
                    parts.push_back(chain(u));
                    next.insert(next.end(), units_[u].gives.begin(), units_[u].gives.end());
                }
                if (kept == row_.size() && kept > 1) // the row as it is
                    parts.erase(parts.begin() + 1, parts.begin() + static_cast<long>(kept)),
                        parts[0] = {};
                made.append(piece::joined(parts, " | "));
                row_ = next;
            }
            made.append(side_by_side(wanted));
        }

      private:
        // The level at which a shared unit stands; of another one, that of what it reads.
        int level(std::size_t u) {
            if (levels_[u] != 0) return levels_[u] - 1;
            int deepest = 0;
            for (terms const& sum : units_[u].takes)
                for (term const& one : sum)
                    if (auto const from = giver_.find(one.of); from != giver_.end())
                        deepest = std::max(deepest, level(from->second));
            levels_[u] = deepest + (shared_[u] ? 1 : 0) + 1;
            return levels_[u] - 1;
        }
        piece taken(std::size_t signal) const {
            if (row_.size() == 1) return {};
            auto const at = std::find(row_.begin(), row_.end(), signal) - row_.begin();
            std::string const word = "take<" + std::to_string(at) + ">";
            return {{{word, word, {}, false}}, false};
        }
        piece chain(std::size_t u) const {
            piece all = side_by_side(units_[u].takes);
            all.append(units_[u].what);
            return all;
        }
        piece summed(terms const& sum) const {
            std::vector<piece> bare, others;
            for (term const& one : sum) {
                bool const here = contains(row_, one.of);
                piece made_of = here ? taken(one.of) : chain(giver_.at(one.of));
                std::string const word = "delay<" + std::to_string(one.steps) + ">";
                if (one.steps > 0) made_of.items.push_back({word, word, {}, false});
                (here && one.steps == 0 ? bare : others).push_back(made_of);
            }
            bare.insert(bare.end(), others.begin(), others.end());
            return piece::joined(bare, " + ");
        }
        piece side_by_side(std::vector<terms> const& sums) const {
            bool same = sums.size() == row_.size();
            for (std::size_t k = 0; same && k < sums.size(); ++k)
                same = sums[k].size() == 1 && sums[k][0].of == row_[k] && sums[k][0].steps == 0;
            if (same) return {};
            std::vector<piece> parts;
            for (terms const& sum : sums) parts.push_back(summed(sum));
            return piece::joined(parts, " | ");
        }

        std::vector<unit> units_;
        std::map<std::size_t, std::size_t> giver_; // which unit gives a signal
        std::vector<bool> shared_;
        std::vector<int> levels_;
        members row_;
    };

    nir::graph const& graph_;
    std::vector<piece> pieces_;
    std::vector<edge> edges_;
    piece whole_;
};

} // namespace nir_tool
