// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Headers that spikefuse-nir wrote, compiled: they give what the interpreter gives, and what was
// recorded.
#include "../../tools/nir/data.hpp"
#include "../../tools/nir/interpreter.hpp"
#include "../support/data.hpp"
#include "../support/files.hpp"
#include "../support/generated/loops_and_branches.hpp"
#include "../support/generated/loops_and_branches_inside.hpp"
#include "../support/generated/net_braille_subgraph.hpp"
#include "../support/nir_graphs.hpp"
#include "../support/nir_interpreted.hpp"
#include "../support/nir_recording.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <spikefuse/io/nir_load.hpp>
#include <spikefuse/io/nir_write.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

using test::run, test::same;

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
    auto const holds = [&](auto network, nir::kind const& what, nir::choices const& choices) {
        nir_graph made({2});
        made.then("readout", what, {2});
        nir::graph const graph = made.end();
        model one{network, {.steps = 40, .dt = 1 * ms}, precision<double>};
        one.load(graph, choices);
        same(one, graph, choices, x);
    };
    nir::choices choices{.dt = 1e-3};
    holds(input<2> >> nir::li, nodes::li{number(1, 5e-3), number(2, 3), number(3, 0.4)}, choices);
    holds(input<2> >> nir::integrator, nodes::integrator{number(4, 900)}, choices);
    nodes::cuba_li const cuba{number(5, 5e-3), number(6, 2e-3), number(7, 3), number(8, 0.3),
                              number(9, 2)};
    holds(input<2> >> nir::cuba_li, cuba, choices);
    choices.current = nir::currents::before;
    holds(input<2> >> nir::cuba_li(use_old_current), cuba, choices);
}

namespace {

template <class Model>
auto bits(Model const& network) {
    std::vector<std::vector<typename Model::value_type>> all;
    for (auto const& one : network.parameters()) all.push_back(network.get(one.layer, one.name));
    return all;
}
/// Holds a model with the numbers of a header against one with those of the file, in `T`.
template <class T>
void same_bits_inside_and_beside() {
    constexpr model_settings chosen{.dt = loops_and_branches::dt};
    model beside{loops_and_branches::network, chosen, precision<T>};
    model inside{loops_and_branches_inside::network, chosen, precision<T>};
    static_assert(std::is_same_v<decltype(beside), decltype(inside)>);
    loops_and_branches::load(beside, test::loops_and_branches());
    REQUIRE(bits(inside) != bits(beside));
    loops_and_branches_inside::load(inside);
    REQUIRE(bits(inside) == bits(beside));
}

/// A graph as lines that do not depend on the order of its nodes.
std::set<std::string> lines_of(nir::graph const& graph) {
    std::set<std::string> all;
    for (nir::node const& one : graph.nodes) {
        std::string line = one.name + " " + one.type;
        io::nir_node const fields = nir::detail::as_in_file(one);
        for (nir::extents const& shape : {one.in, one.out})
            line += " " + io::detail::shape_text(shape);
        for (auto const& [key, word] : fields.texts) line += " " + key + " " + word;
        for (auto const& [key, field] : fields.fields) {
            std::vector<double> values = field.values; // one number for all stands for each
            if (values.size() == 1 && !io::detail::is_geometry(key))
                values.assign(io::detail::count_of(one.in), values[0]);
            line += " " + key;
            for (double const x : values) line += " " + spikefuse::detail::number_text(x);
        }
        all.insert(line);
    }
    for (auto const& [from, to] : graph.edges)
        all.insert(graph.nodes[from].name + " -> " + graph.nodes[to].name);
    return all;
}

} // namespace

TEST_CASE("a header with its numbers inside gives a model the bits that the file gives") {
    same_bits_inside_and_beside<double>();
    same_bits_inside_and_beside<float>();
}

TEST_CASE("numbers of another dt, or of another network, are refused, and nothing changes") {
    auto const refuses = [](auto network, std::string const& words) {
        auto const before = bits(network);
        REQUIRE_THROWS_MATCHES(loops_and_branches_inside::load(network), error,
                               MessageMatches(ContainsSubstring(words)));
        REQUIRE(bits(network) == before);
    };
    refuses(model{loops_and_branches_inside::network, {.dt = 2 * ms}, precision<double>},
            "value_error: these numbers were written for dt = 0.001 s (the network steps by "
            "0.002 s)");
    refuses(model{input<5> >> linear<6>, {.dt = 1 * ms}, precision<double>},
            "name_error: there is no parameter 'weight' of 'linear 2'");
}

namespace {

/// The edges that carry the value of a step earlier.
std::set<std::string> late_edges(nir::graph const& graph) {
    std::set<std::string> all;
    std::vector<bool> const late = nir::schedule_of(graph, {.dt = 1e-12}).late;
    for (std::size_t e = 0; e < graph.edges.size(); ++e)
        if (late[e])
            all.insert(graph.nodes[graph.edges[e].first].name + " -> " +
                       graph.nodes[graph.edges[e].second].name);
    return all;
}

/// Every kind of word that NIR has a node for, and a loop through a delay.
constexpr auto of_all_kinds =
    input<image<2, 6, 6>> >> conv2d<4, 3>.padding<1>() >> iaf
    >> sum_pool2d<2> >> conv2d<6, 2>.padding<same_size>().groups<2>()(no_bias) >>
    nir::lif({.r = 20}) >> avg_pool2d<2>.stride<1>() >> scale(2) >> flatten >> linear<5> >>
    recurrent(nir::cuba_lif({.w_in = 40}), through(delay<2> >> linear<5>)) >> delay<3> >>
    (identity + (linear<5>(no_bias) >> nir::threshold({.threshold = 0.1}))) >>
    recurrent(nir::lif({.r = 30}), with_autapses) >> linear<2> >> nir::cuba_li({.w_in = 5});

template <class Model>
void randomise(Model& network, int seed) {
    for (auto const& one : network.parameters()) {
        auto values = network.get(one.layer, one.name);
        auto const noise = test::nir_graph::weight(values.size(), 1, ++seed).values;
        bool const weight = one.name == "weight" || one.name == "bias";
        for (std::size_t k = 0; k < values.size(); ++k)
            values[k] = weight ? values[k] * 2 : values[k] * (1 + 0.2 * noise[k]);
        network.set(one.layer, one.name, values);
    }
}

/// Writes a model to a file, with a test, which holds what the interpreter gives; what loads the
/// file is the same model. Returns what the file holds.
template <class Network>
nir::graph round_trip(Network network, int seed, std::size_t inputs, std::string const& path) {
    model_settings const chosen{.steps = 40, .dt = 1 * ms};
    model first{network, chosen, precision<double>}, second{first};
    randomise(first, seed);
    io::array const x{{40, inputs}, test::nir_graph::weight(40, inputs, 3, 2 * seed).values};
    nir::write(path, first, {.test = x});
    nir::graph const written = nir::read(path);
    REQUIRE(written.warnings.empty());
    REQUIRE(lines_of(written) == lines_of(nir::graph_of(first)));
    same(first, written, {.dt = 1e-3}, x.values);
    REQUIRE(bits(first) != bits(second));
    second.load(written, {.dt = 1e-3}); // and its test is met
    REQUIRE(bits(first) == bits(second));
    return written;
}

} // namespace

TEST_CASE("a model of every kind of node becomes a file, a graph, and the same model again") {
    test::folder const here;
    std::string const path = here / "all.nir";
    nir::graph const written = round_trip(of_all_kinds, 1, 72, path);

    nir::write(here / "again.nir", written); // a graph too, its test with it
    nir::graph const again = nir::read(here / "again.nir");
    REQUIRE(lines_of(again) == lines_of(written));
    REQUIRE(again.test->output.values == written.test->output.values);
    io::hdf5_file const file(path);
    REQUIRE(file.numbers("/node/nodes/delay_1/delay").values == std::vector<double>(5, 3e-3));
    REQUIRE(file.text("/node/nodes/conv2d_2/padding") == "same");
    REQUIRE(file.numbers("/node/nodes/conv2d_2/weight").shape == nir::extents{6, 2, 2, 2});
}

namespace {

constexpr auto exciting = take<0> >> nir::lif({.r = 20});
constexpr auto across = take<0> >> linear<4>;
/// Two inputs, two populations that drive each other, three outputs.
constexpr auto of_several_ends =
    input<6, image<1, 4, 4>> >>
    ((take<0> >> linear<5>) | (take<1> >> conv2d<2, 3> >> iaf >> flatten >> linear<4>)) >>
    recurrent((exciting | take<1>) >> (take<0> | ((across + take<1>) >> nir::lif({.r = 30}))),
              through(take<1> >> linear<5>)) >>
    ((take<0> >> linear<2> >> nir::li) | take<1> | (take<1> >> delay<2> >> linear<3>));

} // namespace

TEST_CASE("a model of several inputs and outputs becomes a file, and the same model again") {
    test::folder const here;
    std::string const path = here / "ends.nir";
    nir::graph const written = round_trip(of_several_ends, 2, 22, path);
    REQUIRE((written.inputs.size() == 2 && written.outputs.size() == 3));
    REQUIRE(written.nodes[written.find("input_2")].out == nir::extents{1, 4, 4});
    REQUIRE(written.nodes[written.find("output_3")].out == nir::extents{3});
}

TEST_CASE("inputs and outputs are those of a file in its order, whatever else would fit") {
    test::nir_graph made({3});
    auto const weights = [](int seed) {
        return nir::nodes::linear{test::nir_graph::weight(2, 3, seed)};
    };
    std::size_t const a = made.behind(0, "a", weights(1), {2}),
                      b = made.behind(0, "b", weights(2), {2});
    made.end(b, "left"), made.end(a, "right");
    model network{
        input<3> >> (linear<2>(no_bias) | linear<2>(no_bias)), {.dt = 1 * ms}, precision<double>};
    network.load(made.made);
    REQUIRE(network.get("linear 1", "weight") == weights(2).weight.values);
    model joined{input<3> >> (linear<2>(no_bias) + linear<2>(no_bias)), {.dt = 1 * ms}};
    REQUIRE_THROWS_MATCHES(joined.load(made.made), shape_error,
                           MessageMatches(ContainsSubstring("right: Output [2] of a")));
}

TEST_CASE("every recorded graph, written and read again, is the same graph") {
    test::folder const here;
    std::string const path = here / "again.nir";
    for (auto const& file : test::nir_files(test::nir_golden_data())) {
        CAPTURE(file.string());
        nir::graph const graph = nir::read(file.string());
        nir::write(path, graph);
        nir::graph const again = nir::read(path);
        REQUIRE(lines_of(again) == lines_of(graph));
        REQUIRE(late_edges(again) == late_edges(graph));
        io::hdf5_file const original(file.string()), mine(path);
        for (nir::node const& one : graph.nodes) // which a network reads whatever its axes
            if (std::string const bias = "/node/nodes/" + one.name + "/bias"; mine.has(bias))
                REQUIRE(mine.numbers(bias).shape == original.numbers(bias).shape);
    }
}

TEST_CASE("nested graphs are written as such; what joins them past their ends is refused") {
    using test::nir_graph;
    auto const some = nir::nodes::lif{{{1e-3}}, {{1}}, {{0}}, {{1}}, {{0}}};
    test::folder const here;
    std::string const path = here / "nested.nir";
    nir_graph made({2}); // without Junctions: the ends are those that nothing precedes or follows
    std::size_t const first = made.then("block/first", some, {2}),
                      last = made.then("block/last", some, {2});
    made.then("block/cell/lif", some, {2});
    nir::graph const left_out = [&] {
        nir_graph ends = made;
        ends.made.nodes.pop_back(), ends.made.edges.pop_back();
        return ends.end();
    }();
    nir::write(path, left_out);
    REQUIRE(io::hdf5_file(path).text("/node/nodes/block/nodes/last/type") == "LIF");
    REQUIRE(lines_of(nir::read(path)) == lines_of(left_out));
    auto const refuses = [&](nir::graph const& graph, std::string const& words) {
        REQUIRE_THROWS_MATCHES(nir::write(path, graph), name_error,
                               MessageMatches(ContainsSubstring(words)));
        REQUIRE(lines_of(nir::read(path)) == lines_of(left_out)); // what was there
    };
    refuses(made.end(), "'block' cannot be written"); // it ends in a graph of its own
    nir::graph other = left_out;
    other.edges.emplace_back(0, last);
    refuses(other, "'block/last' cannot be written");
    other = left_out;
    other.nodes[first].name = "block";
    refuses(other, "a node and a graph have names of their own");
    other = left_out;
    other.nodes[last].name = "block//";
    refuses(other, "a name is not empty");
    other = left_out;
    other.nodes[first].type = "Junction", other.nodes[first].what = nir::nodes::junction{};
    other.nodes[first].name = "first";
    refuses(other, "around it there is none");
}

TEST_CASE("a network that does not compute what the file's test says is refused, and unchanged") {
    nir::graph graph = test::loops_and_branches();
    model network{loops_and_branches::network,
                  {.steps = 60, .dt = loops_and_branches::dt},
                  precision<double>};
    network.load(graph);
    std::vector<double> const x = test::nir_graph::weight(60, 5, 11, 1).values;
    test::folder const here;
    nir::write(here / "tested.nir", network, {.test = {{60, 5}, x}});
    nir::graph tested = nir::read(here / "tested.nir");
    auto const before = bits(network);
    auto const refuses = [&](nir::graph const& file, std::string const& words) {
        REQUIRE_THROWS_MATCHES(network.load(file), error, MessageMatches(ContainsSubstring(words)));
        REQUIRE(bits(network) == before);
    };
    nir::graph other = tested;
    std::get<nir::nodes::lif>(other.nodes[other.find("nir_lif_2")].what).v_threshold = {{3}};
    refuses(other, " numbers differ, the furthest by ");
    other.test.reset();
    model taken = network;
    taken.load(other); // without it nobody would know
    REQUIRE(taken.get("nir_lif 2", "v_threshold")[0] == 3);
    other = tested;
    other.test->dt = 2e-3;
    refuses(other, "its test ran at dt = 0.002 s, this network steps by 0.001");
    other = tested;
    other.test->input.shape = {75, 4};
    refuses(other, "its test goes from [75, 4] to [60, 3], this network from [T, 5] to [T, 3]");
    REQUIRE_THROWS_AS(nir::write(here / "x.nir", network, {.test = {{5, 60}, x}}), shape_error);
}

TEST_CASE("a file fits by structure, whatever its names; what differs is said of both sides") {
    nir::graph const graph = test::loops_and_branches();
    model network{loops_and_branches::network, {.dt = loops_and_branches::dt}, precision<double>};
    auto const before = bits(network);
    auto const refuses = [&](nir::graph const& file, nir::choices const& choices,
                             std::vector<std::string> const& words) {
        std::string text = "nothing";
        try {
            network.load(file, choices);
        } catch (error const& fault) {
            text = fault.what();
        }
        for (std::string const& one : words) REQUIRE_THAT(text, ContainsSubstring(one));
        REQUIRE(bits(network) == before);
    };
    refuses(graph, {.dt = 1e-4}, {"is to be read at dt = 0.0001 s (the network steps by 0.001 s)"});
    refuses(graph, {.dt = 1e-3, .reset = nir::resets::subtract, .fires = nir::firings::at},
            {"2 differences:", "'nir_lif 1' is set to v_reset (for 'lif' it was said: .reset = "
                               "subtract)"});
    refuses(graph, {.dt = 1e-3, .start = nir::starts::leak},
            {"'nir_lif 2' begins at 0 (for 'lif_' it was said: .start = leak)"});
    nir::graph other = graph;
    other.nodes[other.find("readout")].type = "CubaLI";
    other.nodes[other.find("readout")].what =
        nir::nodes::cuba_li{{{1}}, {{1}}, {{1}}, {{0}}, {{1}}};
    std::get<nir::nodes::linear>(other.nodes[other.find("out")].what).weight =
        test::nir_graph::weight(2, 6, 1);
    refuses(other, {.dt = 1e-3},
            {"'by hand' does not fit this network (2 differences:",
             "'weight' of 'out' in 'by hand' is [2, 6] (this network wants [3, 6])",
             "'readout' in 'by hand' is a CubaLI (the network has 'nir_li 1' there, NIR's LI)"});
    other = graph;
    other.edges.erase(other.edges.begin() + 3); // the way back
    refuses(other, {.dt = 1e-3},
            {"joined otherwise than the layers of this network (it has 7:", "the network ",
             "| the file"});
    other = graph;
    for (nir::node& one : other.nodes) one.name += " of another";
    std::reverse(other.edges.begin(), other.edges.end());
    network.load(other, {.dt = 1e-3});
    model by_name{network};
    by_name.load(graph);
    REQUIRE(bits(network) == bits(by_name));
    REQUIRE(bits(network) != before);
}

TEST_CASE("for nir 1.0.4 a v_reset of zero is left out, another one refused") {
    test::folder const here;
    auto const write = [&](nir::graph const& graph) {
        nir::write(here / "old.nir", graph, {.package = nir::packages::nir_1_0_4});
    };
    nir::graph graph = test::loops_and_branches();
    REQUIRE_THROWS_MATCHES(write(graph), value_error,
                           MessageMatches(ContainsSubstring("'lif_' has a v_reset that is not")));
    std::get<nir::nodes::lif>(graph.nodes[graph.find("lif_")].what).v_reset = {{0}};
    write(graph);
    io::hdf5_file const file(here / "old.nir");
    REQUIRE(!file.has("/node/nodes/lif/v_reset"));
    REQUIRE(file.text("/version") == "1.0.4");
    REQUIRE(nir::read(here / "old.nir").nodes.size() == 9);
    graph.nodes[0].name = "a/b";
    REQUIRE_THROWS_AS(write(graph), name_error);
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
