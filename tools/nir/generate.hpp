// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// From a NIR graph to the sentence that a person would write: `input<12> >> fc1 >> recurrent(...)`.

#include "images.hpp"
#include "inside.hpp"
#include "options.hpp"
#include "sentence.hpp"

#include <cctype>

namespace nir_tool {

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

inline std::string exact(double value) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%.17g", value);
    return digits.data();
}
// Choices as an initialiser: those that are not the default.
inline std::string initialiser_of(nir::choices const& chosen) {
    std::string text = "{.dt = " + exact(chosen.dt);
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

// How several Inputs, or Outputs, stand in a row.
inline std::string row_of(char const* type, nir::graph const& graph,
                          std::vector<nir::port> const& ports) {
    std::string text;
    for (nir::port const& one : ports)
        text += (text.empty() ? "" : ", ") + escaped(one.label) + " " +
                shape_of(graph.nodes[one.node].out);
    return ports.size() < 2
               ? ""
               : std::string("// ") + type + "s, one behind the other in a row: " + text + "\n";
}

// The C++ header of a network: its words by the nodes' names, the sentence, and how a model gets
// the file's numbers: `inside` the header, or from the file. Throws no_word where there is no such
// sentence.
inline header generate(nir::graph graph, nir::choices const& choices, std::string const& place,
                       std::vector<parameter_table> const* inside = nullptr) {
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
        pieces[k].stateful = std::visit(
            []<class Node>(Node const&) {
                return nir::stateful<Node> || std::is_same_v<Node, nodes::delay>;
            },
            node.what);
    }
    piece const whole = sentence(graph, plan, pieces).whole();

    repetition const again = longest_repetition(whole.items);
    std::vector<bool> const images = images_of(graph);
    std::vector<std::pair<nir::extents, bool>> taken;
    for (nir::port const& one : graph.inputs)
        taken.emplace_back(graph.nodes[one.node].out, images[one.node]);
    std::string line = spell.input(taken);
    if (whole.items.empty()) line += " >> identity";
    std::vector<std::size_t> said; // nodes whose constants the sentence names
    for (std::size_t k = 0; k < whole.items.size(); ++k) {
        auto const item = [&](std::size_t at, bool alone) {
            piece::item const& one = whole.items[at];
            said.insert(said.end(), one.nodes.begin(), one.nodes.end());
            return one.joins && !alone ? "(" + one.text + ")" : one.text;
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
    text += row_of("Input", graph, graph.inputs) + row_of("Output", graph, graph.outputs);
    std::string const filled = inside == nullptr ? "#include <spikefuse/io/nir_load.hpp>\n"
                                                 : "#include <spikefuse/run/written_numbers.hpp>\n",
                      chosen = inside == nullptr
                                   ? "inline constexpr nir::choices choices" +
                                         initialiser_of(choices) +
                                         ";\ninline constexpr duration dt{choices.dt};\n\n"
                                   : "inline constexpr duration dt{" + exact(choices.dt) + "};\n\n";
    text += "\n" + filled + "#include <spikefuse/spikefuse.hpp>\n\nnamespace " + space +
            " {\n\nusing namespace spikefuse;\n\n" + chosen;
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
    text += inside == nullptr
                ? "/// Gives a model of `network` the numbers of the file.\n"
                  "template <class Model>\nvoid load(Model& made, nir::graph const& file) {\n"
                  "    made.load(file, choices);\n}\n"
                : numbers_inside(*inside);
    text += "\n} // namespace " + space + "\n";
    return {text, space};
}

} // namespace nir_tool
