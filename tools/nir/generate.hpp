// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// From a NIR graph to the sentence that a person would write: `input<12> >> fc1 >> recurrent(...)`.

#include "images.hpp"
#include "options.hpp"
#include "words.hpp"

#include <spikefuse/io/nir_outline.hpp>

#include <cctype>
#include <list>
#include <optional>
#include <set>
#include <tuple>

namespace nir_tool {

// A piece of the sentence: items joined by >>.
struct piece {
    struct item {
        std::string text;    // "fc1", "recurrent(lif1, through(rec))"
        std::string meaning; // the same in words and widths: equal where a repetition is
        std::vector<std::size_t> nodes;
        bool sum = false;
    };
    std::vector<item> items;
    bool stateful = false; // or, silent, it gives something at first that a late edge would not
    bool delays = false, biased = false;

    void join(piece const& more) {
        stateful = stateful || more.stateful || (biased && more.delays);
        delays = delays || more.delays, biased = biased || more.biased;
    }

    std::string text() const {
        std::string all;
        for (item const& one : items) {
            bool const wrapped = one.sum && items.size() > 1;
            all += (all.empty() ? "" : " >> ") + (wrapped ? "(" + one.text + ")" : one.text);
        }
        return items.empty() ? "identity" : all;
    }
    std::string meaning() const {
        std::string all;
        for (item const& one : items) all += one.meaning + " >> ";
        return all;
    }
    std::string branch() const { return items.size() > 1 ? "(" + text() + ")" : text(); }
    std::vector<std::size_t> nodes() const {
        std::vector<std::size_t> all;
        for (item const& one : items) all.insert(all.end(), one.nodes.begin(), one.nodes.end());
        return all;
    }
};

// Contracts a graph until one piece stands between Input and Output: a chain to a sequence, two
// branches to a sum, a late edge to a loop.
class sentence {
  public:
    sentence(nir::graph const& graph, nir::schedule const& plan, std::vector<piece> pieces)
        : graph_(graph) {
        for (piece& one : pieces) vertices_.push_back(std::move(one));
        for (std::size_t e = 0; e < graph.edges.size(); ++e)
            edges_.push_back({graph.edges[e].first, graph.edges[e].second, plan.late[e]});
        first_ = graph.inputs[0].node, last_ = graph.outputs[0].node;
        while (series() || loop() || parallel()) {
        }
    }
    piece whole() const {
        if (edges_.size() == 1) return {}; // nothing stands between
        if (edges_.size() == 2 && edges_.front().from == first_ && edges_.back().to == last_)
            return vertices_[edges_.front().to];
        if (edges_.size() == 2 && edges_.back().from == first_) return vertices_[edges_.back().to];
        std::set<std::string> left;
        for (edge const& one : edges_)
            for (std::size_t const k : {one.from, one.to})
                if (k != first_ && k != last_) left.insert(graph_.nodes[k].name);
        std::string names;
        for (std::string const& name : left) names += (names.empty() ? "'" : ", '") + name + "'";
        throw no_word{"its ways cross at " + names +
                      ": that is no sum of branches, and no loop around a part"};
    }

  private:
    struct edge {
        std::size_t from, to;
        bool late;
    };
    using place = std::list<edge>::iterator;

    std::size_t leaving(std::size_t k) const {
        return static_cast<std::size_t>(std::count_if(edges_.begin(), edges_.end(),
                                                      [&](edge const& e) { return e.from == k; }));
    }
    std::size_t entering(std::size_t k) const {
        return static_cast<std::size_t>(
            std::count_if(edges_.begin(), edges_.end(), [&](edge const& e) { return e.to == k; }));
    }
    bool inner(std::size_t k) const { return k != first_ && k != last_; }

    bool series() {
        for (place at = edges_.begin(); at != edges_.end(); ++at) {
            auto const [u, v, late] = *at;
            if (late || u == v || !inner(u) || !inner(v) || leaving(u) != 1 || entering(v) != 1)
                continue;
            piece& into = vertices_[u];
            piece const& more = vertices_[v];
            into.items.insert(into.items.end(), more.items.begin(), more.items.end());
            into.join(more);
            edges_.erase(at);
            for (edge& one : edges_)
                if (one.from == v) one.from = u;
            return true;
        }
        return false;
    }
    bool loop() {
        for (place back = edges_.begin(); back != edges_.end(); ++back) {
            if (!back->late) continue;
            if (back->from == back->to) {
                wrap(back->to, {});
                edges_.erase(back);
                return true;
            }
            for (place there = edges_.begin(); there != edges_.end(); ++there) {
                // body -> path -> body, of which one is late; the path has no other edge
                if (there->from != back->to || there->to != back->from) continue;
                for (auto const& [path, body, first_late] :
                     {std::tuple{back->from, back->to, false},
                      std::tuple{back->to, back->from, true}}) {
                    if (leaving(path) != 1 || entering(path) != 1 || !inner(path)) continue;
                    if (vertices_[path].stateful && !first_late) continue;
                    if (there->late) continue; // late twice: two steps
                    wrap(body, vertices_[path]);
                    edges_.erase(back), edges_.erase(there);
                    return true;
                }
            }
        }
        return false;
    }
    void wrap(std::size_t body, piece const& path) {
        piece& inside = vertices_[body];
        piece::item whole;
        whole.text = "recurrent(" + inside.text() + ", through(" + path.text() + "))";
        whole.meaning = "recurrent(" + inside.meaning() + "," + path.meaning() + ")";
        whole.nodes = path.nodes();
        for (std::size_t const k : inside.nodes()) whole.nodes.push_back(k);
        inside = {{whole}, true};
    }
    bool parallel() {
        for (place one = edges_.begin(); one != edges_.end(); ++one)
            for (place two = std::next(one); two != edges_.end(); ++two) {
                auto const way = [&](place at) -> std::optional<std::pair<place, place>> {
                    std::size_t const k = at->to;
                    if (at->late || !inner(k) || leaving(k) != 1 || entering(k) != 1) return {};
                    for (place next = edges_.begin(); next != edges_.end(); ++next)
                        if (next->from == k && !next->late) return std::pair{at, next};
                    return {};
                };
                if (one->from != two->from || one->late || two->late) continue;
                auto const a = way(one), b = way(two);
                bool const straight_one = b && one->to == b->second->to,
                           straight_two = a && two->to == a->second->to,
                           both = a && b && a->second->to == b->second->to;
                if (both)
                    add(one->to, two->to, *b);
                else if (straight_two)
                    add_straight(one->to, two);
                else if (straight_one)
                    add_straight(two->to, one);
                else
                    continue;
                return true;
            }
        return false;
    }
    void add(std::size_t a, std::size_t b, std::pair<place, place> const& gone) {
        piece& into = vertices_[a];
        piece const& other = vertices_[b];
        piece::item both{into.branch() + " + " + other.branch(),
                         "(" + into.meaning() + "+" + other.meaning() + ")", into.nodes(), true};
        for (std::size_t const k : other.nodes()) both.nodes.push_back(k);
        piece whole{{both}};
        whole.stateful = into.stateful || other.stateful;
        whole.delays = into.delays || other.delays, whole.biased = into.biased || other.biased;
        into = whole;
        edges_.erase(gone.first), edges_.erase(gone.second);
    }
    void add_straight(std::size_t a, place gone) {
        piece& into = vertices_[a];
        piece::item const both{"identity + " + into.branch(), "(identity+" + into.meaning() + ")",
                               into.nodes(), true};
        into.items = {both};
        edges_.erase(gone);
    }

    nir::graph const& graph_;
    std::vector<piece> vertices_;
    std::list<edge> edges_;
    std::size_t first_ = 0, last_ = 0;
};

// A name as C++ has it, that no other node has.
inline std::string identifier(std::string const& name, std::set<std::string>& taken) {
    std::string made;
    for (char const c : name) made += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    while (made.find("__") != std::string::npos) made.erase(made.find("__"), 1);
    if (made.empty() || made == "_" || made.front() == '_') made = "node" + made;
    if (std::isdigit(static_cast<unsigned char>(made.front())) != 0) made = "node_" + made;
    if (is_taken(made)) made += "_";
    std::string unique = made; // two underscores are the compiler's
    for (int k = 2; !taken.insert(unique).second; ++k)
        unique = made + (made.back() == '_' ? "" : "_") + std::to_string(k);
    return unique;
}

inline std::string escaped(std::string const& text) {
    std::string safe;
    for (char const c : text) {
        if (c == '"' || c == '\\') safe += '\\';
        safe += static_cast<unsigned char>(c) < ' ' ? '?' : c;
    }
    return safe;
}

struct header {
    std::string text;
    std::string space; // the namespace that it stands in
};

// A part of a sequence that stands there several times in a row: items from `begin`, `length` each.
struct repetition {
    std::size_t begin = 0, length = 0, times = 1;
};
inline repetition longest_repetition(std::vector<piece::item> const& items) {
    repetition best;
    for (std::size_t length = 1; length <= 4; ++length)
        for (std::size_t begin = 0; begin + 2 * length <= items.size(); ++begin) {
            std::size_t times = 1;
            auto const same = [&](std::size_t copy) {
                for (std::size_t k = 0; k < length; ++k)
                    if (items[begin + k].meaning != items[begin + copy * length + k].meaning)
                        return false;
                return true;
            };
            while (begin + (times + 1) * length <= items.size() && same(times)) ++times;
            if (times > 1 && times * length > best.times * best.length)
                best = {begin, length, times};
        }
    return best;
}

// A Delay that a cycle leads back to takes the cycle's step: late at what leads to it, and a step
// shorter itself.
inline void take_steps_of_loops(nir::graph& graph, nir::schedule& plan, double dt) {
    for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
        auto* const delay = std::get_if<nodes::delay>(&graph.nodes[k].what);
        if (delay == nullptr) continue;
        auto const waits_a_step = [&, n = std::size_t(0)](double) mutable {
            return nir::steps_of(*delay, n++, dt) > 0;
        };
        if (!std::all_of(delay->time.values.begin(), delay->time.values.end(), waits_a_step))
            continue;
        std::vector<bool> reached(graph.nodes.size());
        for (std::vector<std::size_t> at{k}; !at.empty();) {
            std::size_t const from = at.back();
            at.pop_back();
            for (std::size_t e = 0; e < graph.edges.size(); ++e)
                if (graph.edges[e].first == from && !plan.late[e] &&
                    !reached[graph.edges[e].second])
                    reached[graph.edges[e].second] = true, at.push_back(graph.edges[e].second);
        }
        if (!reached[k]) continue;
        for (std::size_t e = 0; e < graph.edges.size(); ++e)
            if (graph.edges[e].second == k) plan.late[e] = true;
        for (double& time : delay->time.values) time -= dt;
    }
}

// Choices as an initialiser: those that are not the default.
inline std::string initialiser_of(nir::choices const& chosen) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.17g", chosen.dt);
    std::string text = std::string("{.dt = ") + digits.data();
    nir::choices const usual;
    auto const say = [&](bool other, char const* what) {
        if (other) text += std::string(", .") + what;
    };
    using namespace spikefuse::nir;
    say(chosen.reset != usual.reset, "reset = nir::resets::subtract");
    say(chosen.moment != usual.moment, "moment = nir::moments::next_step");
    say(chosen.current != usual.current, "current = nir::currents::before");
    say(chosen.integrator != usual.integrator, "integrator = nir::integrators::per_step");
    say(chosen.fires != usual.fires, "fires = nir::firings::at");
    say(chosen.start != usual.start, "start = nir::starts::leak");
    say(chosen.integration != usual.integration, "integration = nir::integrations::exponential");
    say(chosen.loop != usual.loop, "loop = nir::loops::late");
    return text + "}";
}

// The C++ header of a network: its words by the nodes' names, the sentence, and how a model gets
// the file's numbers. Throws no_word where there is no such sentence.
inline header generate(nir::graph graph, nir::choices const& choices, std::string const& place) {
    for (auto const& [ports, type] :
         {std::pair{&graph.inputs, "Input"}, {&graph.outputs, "Output"}})
        if (ports->size() != 1)
            throw no_word{"it has " + std::to_string(ports->size()) + " " + type +
                          " nodes, and a network has one"};
    auto const loose = [&](std::size_t k) { // joined to nothing
        return std::none_of(graph.edges.begin(), graph.edges.end(),
                            [&](auto const& edge) { return edge.first == k || edge.second == k; });
    };
    speller const spell(choices);
    nir::schedule plan = nir::schedule_of(graph, choices);
    take_steps_of_loops(graph, plan, choices.dt);
    std::set<std::string> names;
    std::string const space = identifier(place, names);
    std::vector<std::string> constants(graph.nodes.size()), words(graph.nodes.size());
    std::vector<piece> pieces(graph.nodes.size());
    for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
        nir::node const& node = graph.nodes[k];
        if (node.type == "Input" || node.type == "Output" || node.type == "Junction" || loose(k))
            continue;
        words[k] = spell(node);
        constants[k] = identifier(node.name, names);
        pieces[k].items = {{constants[k], words[k] + shape_of(node.in), {k}, false}};
        std::visit(
            [&]<class Node>(Node const& what) {
                pieces[k].stateful = nir::stateful<Node>;
                pieces[k].delays = std::is_same_v<Node, nodes::delay>;
                if constexpr (requires { what.bias; })
                    pieces[k].biased = std::any_of(what.bias.values.begin(), what.bias.values.end(),
                                                   [](double one) { return one != 0; });
            },
            node.what);
    }
    piece const whole = sentence(graph, plan, pieces).whole();

    repetition const again = longest_repetition(whole.items);
    std::size_t const first = graph.inputs[0].node;
    std::string line = spell.input(graph.nodes[first].out, images_of(graph, plan)[first]);
    if (whole.items.empty()) line += " >> identity";
    std::vector<std::size_t> said; // nodes whose constants the sentence names
    for (std::size_t k = 0; k < whole.items.size(); ++k) {
        auto const item = [&](std::size_t at, bool alone) {
            piece::item const& one = whole.items[at];
            said.insert(said.end(), one.nodes.begin(), one.nodes.end());
            return one.sum && !alone ? "(" + one.text + ")" : one.text;
        };
        std::string part;
        if (again.times > 1 && k == again.begin) {
            for (std::size_t n = 0; n < again.length; ++n)
                part += (n > 0 ? " >> " : "") + item(k + n, again.length == 1);
            part = "repeat<" + std::to_string(again.times) + ">(" + part + ")";
            k += again.times * again.length - 1;
        } else {
            part = item(k, false);
        }
        line += "\n    >> " + part;
    }

    std::string text =
        "#pragma once\n"
        "// The network of a NIR file, by spikefuse-nir. What the file leaves open is "
        "taken so:\n";
    text += "//   dt = " + short_number(choices.dt) + " s\n" + said_of(choices, "//   ");
    text +=
        "\n#include <spikefuse/io/nir_load.hpp>\n#include <spikefuse/spikefuse.hpp>\n\nnamespace " +
        space + " {\n\nusing namespace spikefuse;\n\ninline constexpr nir::choices choices" +
        initialiser_of(choices) + ";\ninline constexpr duration dt{choices.dt};\n\n";
    std::map<std::string, std::string> earlier; // of words that are said
    for (std::size_t const k : said) {
        auto const [known, fresh] = earlier.emplace(words[k], constants[k]);
        bool const lengthy = words[k].find('{') != std::string::npos;
        text += "inline constexpr auto " + constants[k] + " = " +
                (fresh || !lengthy ? words[k] : known->second) + ";";
        if (constants[k] != graph.nodes[k].name) text += " // " + escaped(graph.nodes[k].name);
        text += "\n";
    }
    text += "\ninline constexpr auto network = " + line + ";\n\n";
    text += "/// Gives a model of `network` the numbers of the file.\n"
            "template <class Model>\nvoid load(Model& made, nir::graph const& file) {\n"
            "    made.load(file, choices);\n}\n\n} // namespace " +
            space + "\n";
    return {text, space};
}

} // namespace nir_tool
