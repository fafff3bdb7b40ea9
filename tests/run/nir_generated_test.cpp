// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Headers that spikefuse-nir wrote, compiled: they give what the interpreter gives, and what was
// recorded.
#include "../../tools/nir/interpreter.hpp"
#include "../support/data.hpp"
#include "../support/files.hpp"
#include "../support/generated/loops_and_branches.hpp"
#include "../support/generated/net_braille_subgraph.hpp"
#include "../support/nir_graphs.hpp"
#include "../support/nir_recording.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <spikefuse/io/nir_load.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

/// What a model gives over an input [T, N], row-major.
template <class Model>
std::vector<double> run(Model& network, std::vector<double> const& input) {
    std::size_t const in = static_cast<std::size_t>(Model::inputs), steps = input.size() / in;
    Kokkos::View<typename Model::value_type***, Kokkos::LayoutRight> x("x", steps, 1, in);
    auto const host = Kokkos::create_mirror_view(x);
    for (std::size_t k = 0; k < input.size(); ++k)
        host.data()[k] = static_cast<typename Model::value_type>(input[k]);
    Kokkos::deep_copy(x, host);
    auto const out = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), network(x));
    return {out.data(), out.data() + out.size()};
}

} // namespace

namespace {

/// Holds a model against the interpreter of its graph, over the same input [T, N].
template <class Model>
void same(Model& network, nir::graph const& graph, nir::choices const& choices,
          std::vector<double> const& input) {
    nir_tool::interpreter truth(graph, choices);
    std::vector<double> wanted;
    for (auto at = input.begin(); at != input.end(); at += Model::inputs) {
        truth.step({{"input", {at, at + Model::inputs}}});
        auto const& out = truth.at(graph.outputs[0].node).gives;
        wanted.insert(wanted.end(), out.begin(), out.end());
    }
    std::vector<double> const made = run(network, input);
    REQUIRE(made.size() == wanted.size());
    double largest = 0, furthest = 0;
    for (std::size_t k = 0; k < made.size(); ++k) {
        largest = std::max(largest, std::abs(wanted[k]));
        furthest = std::max(furthest, std::abs(wanted[k] - made[k]));
    }
    REQUIRE(largest > 0.1);
    REQUIRE(furthest < 1e-12 * largest);
}

} // namespace

TEST_CASE("a generated network with a loop, a branch and a readout does what its graph says") {
    nir::graph const graph = test::loops_and_branches();
    int const steps = 60;
    model network{loops_and_branches::network,
                  {.steps = steps, .dt = loops_and_branches::dt},
                  precision<double>};
    loops_and_branches::load(network, graph);
    std::vector<double> const input =
        test::nir_graph::weight(static_cast<std::size_t>(steps), 5, 11, 1).values;
    same(network, graph, {.dt = 1e-3}, input);
}

TEST_CASE("the readouts of NIR do what its interpreter does, with every number that they have") {
    using test::nir_graph;
    namespace nodes = nir::nodes;
    auto const number = [](int seed, double middle) {
        return nir_graph::numbers(2, seed, middle, middle / 3);
    };
    std::vector<double> const x = nir_graph::weight(40, 2, 11, 2).values;
    auto const holds = [&](auto network, nir::kind const& what, char const* layer,
                           nir::choices const& choices) {
        nir_graph made({2});
        made.then("readout", what, {2});
        nir::graph const graph = made.end();
        model one{network, {.steps = 40, .dt = 1 * ms}, precision<double>};
        nir::load(one, graph, {{layer, "readout"}});
        same(one, graph, choices, x);
    };
    nir::choices choices{.dt = 1e-3};
    holds(input<2> >> nir::li, nodes::li{number(1, 5e-3), number(2, 3), number(3, 0.4)}, "nir_li 1",
          choices);
    holds(input<2> >> nir::integrator, nodes::integrator{number(4, 900)}, "nir_integrator 1",
          choices);
    nodes::cuba_li const cuba{number(5, 5e-3), number(6, 2e-3), number(7, 3), number(8, 0.3),
                              number(9, 2)};
    holds(input<2> >> nir::cuba_li, cuba, "nir_cuba_li 1", choices);
    choices.current = nir::currents::before;
    holds(input<2> >> nir::cuba_li(use_old_current), cuba, "nir_cuba_li 1", choices);
}

TEST_CASE("a graph's numbers are loaded by name, all of them or none") {
    nir::graph const graph = test::loops_and_branches();
    model network{loops_and_branches::network, {.dt = loops_and_branches::dt}};
    auto const weights = network.get("linear 1", "weight");
    auto const says = [&](std::vector<std::pair<std::string, std::string>> const& names,
                          std::string const& words) {
        REQUIRE_THROWS_MATCHES(nir::load(network, graph, names), error,
                               MessageMatches(ContainsSubstring(words)));
        REQUIRE(network.get("linear 1", "weight") == weights);
    };
    says({{"linear 1", "fc 1"}, {"linaer 2", "lif.rec"}},
         "no layer 'linaer 2' (did you mean 'linear 2'?)");
    says({{"linear 1", "fc 2"}}, "has no node 'fc 2' (did you mean 'fc 1'?)");
    says({{"linear 1", "fc 1"}}, "'linear 2' gets no numbers");
    says({{"linear 1", "lif"}}, "'lif' in 'by hand' is a LIF");
    says({{"linear 1", "fc 1"}, {"linear 2", "out"}}, "is [3, 6] (this network wants [6, 6])");
    nir::graph more = graph;
    more.nodes[more.find("readout")].name = "another";
    REQUIRE_THROWS_AS(loops_and_branches::load(network, more), name_error);
    REQUIRE(network.get("linear 1", "weight") == weights);
    more.nodes.push_back(graph.nodes[graph.find("readout")]);
    REQUIRE_THROWS_MATCHES(
        loops_and_branches::load(network, more), name_error,
        MessageMatches(ContainsSubstring("'another' in 'by hand' is given to no layer")));
}

TEST_CASE("the generated header of a recorded network gives what was recorded") {
    std::filesystem::path const folder = test::nir_golden_data();
    std::string const file = (folder / "net_braille_subgraph.nir").string(),
                      recorded = (folder / "net_braille_subgraph.h5").string();
    if (!std::filesystem::exists(file)) SKIP("no " + file);
    nir::graph const graph = nir::read(file);
    io::hdf5_file const data(recorded);
    auto const input = data.numbers("/in/input"), wanted = data.numbers("/expect/spec/out/output");
    using network_type = std::remove_const_t<decltype(net_braille_subgraph::network)>;
    using made_model = model<network_type, float>;
    if (graph.nodes[graph.inputs[0].node].out !=
            nir::extents{static_cast<std::size_t>(made_model::inputs)} ||
        graph.nodes[graph.find("lif1/lif")].out != nir::extents{20})
        SKIP("a recording of other widths");
    REQUIRE(test::dt_of(recorded) == net_braille_subgraph::dt.seconds);
    made_model network(net_braille_subgraph::network,
                       {.steps = static_cast<int>(input.shape[0]), .dt = net_braille_subgraph::dt});
    net_braille_subgraph::load(network, graph);
    std::vector<double> const made = run(network, input.values);
    REQUIRE(std::count(wanted.values.begin(), wanted.values.end(), 1) > 0);
    REQUIRE(made == wanted.values);
}
