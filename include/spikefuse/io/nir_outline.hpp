// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a network does, as parts and ways between them: by this a file and a network's type are
/// held against each other, and one is made of the other. What changes no number is left out.

#include "nir_fields.hpp"

#include <optional>

namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail {

/// How a layer's neurons do what a file leaves open; nothing where they have no choice.
struct manner {
    std::optional<resets> reset;
    std::optional<moments> moment;
    std::optional<firings> fires;
    std::optional<currents> current;
    bool spikes = false, begins_at_leak = false;
    char const* own_way = ""; ///< what no file can say: "one winner"
};

/// Parts, and the ways between them, each so many steps long.
class outline {
  public:
    struct part {
        std::string name;           ///< of the node, or of the layer
        std::string type;           ///< of NIR; of a layer the first that it may be, or none
        extents in, out;            ///< shapes
        std::size_t origin = 0;     ///< which node of the file, or which layer of the network
        bool remembers = false;     ///< a state: what it gives is not of this step's input alone
        bool passes = false;        ///< changes no number: a Junction, a Flatten
        std::optional<int> delay{}; ///< a Delay of so many steps, the same for all
        manner how{};               ///< of a network's layer
        int taken = 0;              ///< steps of a loop that a Delay of several times stands for
        std::size_t port = 0;       ///< of an Input or Output: which of them
        bool waits() const { return type == "Delay" && !delay; } ///< each for its own time
    };
    struct way {
        std::size_t from, to;
        int steps = 0;
        friend auto operator<=>(way const&, way const&) = default;
    };
    std::vector<part> parts;
    std::vector<way> ways;

    std::size_t add(part const& one) {
        parts.push_back(one);
        return parts.size() - 1;
    }

    /// What closes a cycle is a step late at the output of the last part with a state, whatever
    /// stands behind: a bias on the way back acts from the first step.
    void settle() {
        std::size_t moves = parts.size() * parts.size() + 1; // without a state it would go round
        for (bool moved = true; moved && moves > 0; --moves) {
            moved = false;
            for (std::size_t k = 0; k < parts.size(); ++k) {
                if (parts[k].remembers || parts[k].type == "Input") continue;
                bool late = false, now = false;
                for (way const& one : ways)
                    if (one.from == k) (one.steps > 0 && one.to != k ? late : now) = true;
                if (!late || now) continue;
                for (way& one : ways) one.steps += (one.to == k ? 1 : 0) - (one.from == k ? 1 : 0);
                moved = true;
            }
        }
    }
    /// Leaves out every part for which `which` is true; ways lead past it, by its steps longer.
    template <class Which>
    void leave_out(Which const& which) {
        for (std::size_t k = 0; k < parts.size(); ++k) {
            if (!which(parts[k])) continue;
            auto const loops = [&](way const& one) { return one.from == k && one.to == k; };
            if (std::any_of(ways.begin(), ways.end(), loops)) continue; // it stays: nothing fits it
            std::vector<way> past;
            for (way const& into : ways) {
                if (into.to == k) {
                    for (way const& out : ways)
                        if (out.from == k)
                            past.push_back({into.from, out.to,
                                            into.steps + out.steps + parts[k].delay.value_or(0)});
                } else if (into.from != k) {
                    past.push_back(into);
                }
            }
            ways = past;
            left_out_.resize(parts.size());
            left_out_[k] = true;
        }
        drop();
    }
    /// A Delay that closes a cycle by itself stands for the step that a loop takes: late at what
    /// leads to it, and a step shorter itself.
    void take_loops() {
        for (std::size_t k = 0; k < parts.size(); ++k) {
            if (!parts[k].waits() || !returns_at_once(k)) continue;
            parts[k].taken = 1;
            for (way& one : ways) one.steps += one.to == k ? 1 : 0;
        }
    }
    /// A step behind a Delay of several times is one before it: silence comes out of both.
    void step_before_delays() {
        for (bool moved = true; moved;) {
            moved = false;
            for (std::size_t k = 0; k < parts.size(); ++k) {
                if (!parts[k].waits() || joined(k, k)) continue;
                int const steps = least_steps([&](way const& one) { return one.from == k; });
                if (steps == 0) continue;
                for (way& one : ways) one.steps += one.to == k ? steps : one.from == k ? -steps : 0;
                moved = true;
            }
        }
    }
    /// What a network computes, and nothing else.
    void reduce() {
        leave_out([](part const& one) { return one.passes; });
        take_loops();
        settle();
        leave_out([](part const& one) { return one.delay.has_value(); });
        step_before_delays();
    }
    /// The fewest steps of some ways; 0 where there are none.
    template <class Which>
    int least_steps(Which const& which) const {
        std::optional<int> least;
        for (way const& one : ways)
            if (which(one)) least = std::min(least.value_or(one.steps), one.steps);
        return least.value_or(0);
    }
    /// Leaves out what is joined to nothing.
    void leave_out_loose() {
        for (part const& one : parts)
            left_out_.push_back(one.type != "Input" && one.type != "Output");
        for (way const& one : ways) left_out_[one.from] = left_out_[one.to] = false;
        drop();
    }
    /// Parts in an order in which ways of no step lead forward.
    std::vector<std::size_t> order() const {
        std::vector<std::size_t> all;
        std::vector<bool> done(parts.size());
        for (bool again = true; again;) {
            again = false;
            for (std::size_t k = 0; k < parts.size(); ++k) {
                auto const waits = [&](way const& one) {
                    return one.to == k && one.steps == 0 && !done[one.from];
                };
                if (done[k] || std::any_of(ways.begin(), ways.end(), waits)) continue;
                done[k] = again = true;
                all.push_back(k);
            }
        }
        for (std::size_t k = 0; k < parts.size(); ++k)
            if (!done[k]) all.push_back(k);
        return all;
    }

  private:
    bool joined(std::size_t from, std::size_t to) const {
        return std::any_of(ways.begin(), ways.end(),
                           [&](way const& one) { return one.from == from && one.to == to; });
    }
    /// Whether a way of no step leads from a part to itself.
    bool returns_at_once(std::size_t k) const {
        std::vector<bool> reached(parts.size());
        for (std::vector<std::size_t> at{k}; !at.empty();) {
            std::size_t const from = at.back();
            at.pop_back();
            for (way const& one : ways)
                if (one.from == from && one.steps == 0 && parts[from].delay.value_or(0) == 0 &&
                    !reached[one.to])
                    reached[one.to] = true, at.push_back(one.to);
        }
        return reached[k];
    }
    void drop() {
        left_out_.resize(parts.size());
        std::vector<part> kept;
        std::vector<std::size_t> now(parts.size());
        for (std::size_t k = 0; k < parts.size(); ++k) {
            now[k] = kept.size();
            if (!left_out_[k]) kept.push_back(parts[k]);
        }
        for (way& one : ways) one.from = now[one.from], one.to = now[one.to];
        parts = kept;
        left_out_.clear();
    }
    std::vector<bool> left_out_;
};

/// "linear 1" and "linear_1" are one name.
inline std::string plain_name(std::string name) {
    std::replace(name.begin(), name.end(), ' ', '_');
    return name;
}

/// Steps of a Delay, if all its neurons wait for as many.
inline std::optional<int> delay_of(node const& one, double dt) {
    auto const* const delay = std::get_if<nodes::delay>(&one.what);
    if (delay == nullptr) return {};
    std::size_t const steps = steps_of(*delay, 0, dt);
    for (std::size_t k = 1; k < delay->time.values.size(); ++k)
        if (steps_of(*delay, k, dt) != steps) return {};
    return static_cast<int>(steps);
}

/// The outline of a file: every node a part, of the same number.
inline outline whole_outline(graph const& file, choices const& chosen) {
    outline made;
    for (std::size_t k = 0; k < file.nodes.size(); ++k) {
        node const& one = file.nodes[k];
        bool const remembers = std::visit(
            []<class Node>(Node const&) {
                return stateful<Node> || std::is_same_v<Node, nodes::delay>;
            },
            one.what);
        std::string const type = matrices_of(one) > 1 ? "Conv1d" : one.type;
        made.add({one.name, type, one.in, one.out, k, remembers,
                  one.type == "Junction" || one.type == "Flatten", delay_of(one, chosen.dt)});
    }
    for (auto const* const ports : {&file.inputs, &file.outputs})
        for (std::size_t k = 0; k < ports->size(); ++k) made.parts[(*ports)[k].node].port = k;
    schedule const order = schedule_of(file, chosen);
    for (std::size_t e = 0; e < file.edges.size(); ++e)
        made.ways.push_back({file.edges[e].first, file.edges[e].second, order.late[e] ? 1 : 0});
    return made;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail
