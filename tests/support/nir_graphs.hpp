// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// NIR graphs made by hand.

#include <spikefuse/io/nir_graph.hpp>

namespace test {

namespace nir = spikefuse::nir;
namespace nodes = spikefuse::nir::nodes;

class nir_graph {
  public:
    nir::graph made;

    explicit nir_graph(nir::extents const& input) {
        made.path = "by hand";
        made.inputs = {{add("input", "Input", nodes::input{}, input, input), "input"}};
    }
    /// Adds a node that gives `out`, and an edge from the one that was added before it.
    std::size_t then(std::string const& name, nir::kind const& what, nir::extents const& out) {
        std::size_t const before = made.nodes.size() - 1;
        std::size_t const k = add(name, type_of(what), what, made.nodes[before].out, out);
        made.edges.emplace_back(before, k);
        return k;
    }
    /// Adds a node behind another one.
    std::size_t behind(std::size_t before, std::string const& name, nir::kind const& what,
                       nir::extents const& out) {
        std::size_t const k = add(name, type_of(what), what, made.nodes[before].out, out);
        made.edges.emplace_back(before, k);
        return k;
    }
    /// One more Input.
    std::size_t input(std::string const& name, nir::extents const& shape) {
        std::size_t const k = add(name, "Input", nodes::input{}, shape, shape);
        made.inputs.push_back({k, name});
        return k;
    }
    nir::graph end() {
        std::size_t const before = made.nodes.size() - 1;
        end(before);
        return made;
    }
    void end(std::size_t behind, std::string const& name = "output") {
        std::size_t const k =
            add(name, "Output", nodes::output{}, made.nodes[behind].out, made.nodes[behind].out);
        made.edges.emplace_back(behind, k);
        made.outputs.push_back({k, name});
    }

    /// Weights [out, in] of a fixed pattern, about as large as a network has them.
    static nir::array weight(std::size_t out, std::size_t in, int seed, double size = 1) {
        nir::array made{{out, in}, {}};
        unsigned state = static_cast<unsigned>(seed) * 2654435761u + 1u;
        for (std::size_t k = 0; k < out * in; ++k) {
            state = state * 1664525u + 1013904223u;
            made.values.push_back(size * (static_cast<double>(state >> 8) / 8388608. - 1));
        }
        return made;
    }
    static nir::parameter numbers(std::size_t count, int seed, double middle, double spread) {
        nir::parameter made{weight(count, 1, seed, spread).values};
        for (double& one : made.values) one += middle;
        return made;
    }

  private:
    std::size_t add(std::string const& name, std::string const& type, nir::kind const& what,
                    nir::extents const& in, nir::extents const& out) {
        made.nodes.push_back({name, type, what, in, out, {}});
        return made.nodes.size() - 1;
    }
    static std::string type_of(nir::kind const& what) {
        static char const* const names[] = {
            "Input",  "Output",    "Junction",  "Affine",  "Linear", "Scale",     "Conv1d",
            "Conv2d", "SumPool2d", "AvgPool2d", "Flatten", "Delay",  "Threshold", "I",
            "LI",     "IF",        "LIF",       "CubaLI",  "CubaLIF"};
        return names[what.index()];
    }
};

/// A loop with a bias in it, a residual way, a readout; names that C++ does not take.
inline nir::graph loops_and_branches() {
    using make = nir_graph;
    nir_graph graph({5});
    graph.then("fc 1", nodes::affine{make::weight(6, 5, 1, 1.5), make::numbers(6, 2, 0.2, 0.1)},
               {6});
    std::size_t const lif = graph.then(
        "lif", nodes::lif{make::numbers(6, 3, 2e-3, 5e-4), {{10}}, {{0}}, {{1}}, {{0}}}, {6});
    std::size_t const rec = graph.behind(
        lif, "lif.rec", nodes::affine{make::weight(6, 6, 4), make::numbers(6, 5, 0.1, 0.1)}, {6});
    graph.made.edges.emplace_back(rec, lif);
    graph.behind(lif, "2.fc", nodes::linear{make::weight(6, 6, 6, 2)}, {6});
    std::size_t const second = graph.then(
        "lif_", nodes::lif{{{1e-3}}, {{5}}, {{0.1}}, make::numbers(6, 7, 1, 0.2), {{-0.1}}}, {6});
    std::size_t const out = graph.behind(lif, "out", nodes::linear{make::weight(3, 6, 8)}, {3});
    graph.made.edges.emplace_back(second, out);
    graph.then("readout", nodes::li{{{5e-3}}, {{10}}, {{0}}}, {3});
    return graph.end();
}

} // namespace test
