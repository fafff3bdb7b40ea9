// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What spikefuse-nir says and writes: tables, pictures, data, verdicts, headers.
#include "../../tools/nir/data.hpp"
#include "../../tools/nir/generate.hpp"
#include "../../tools/nir/inspect.hpp"
#include "../support/files.hpp"
#include "../support/generated/loops_and_branches_inside.hpp"
#include "../support/nir_graphs.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <spikefuse/io/nir_graph.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using test::nir_graph;
namespace nodes = nir::nodes;

namespace {

std::string written(nir::graph const& graph, nir::choices const& choices = {.dt = 1e-3}) {
    try {
        return nir_tool::generate(graph, choices, "made").text;
    } catch (nir_tool::no_word const& reason) {
        return "no: " + reason.why;
    }
}
nodes::lif some_lif(double r = 10) { return {{{2e-3}}, {{r}}, {{0}}, {{1}}, {{0}}}; }

} // namespace

TEST_CASE("a graph as a table and as a picture: order, shapes, ranges, loops") {
    nir::graph const graph = test::loops_and_branches();
    std::string const table = nir_tool::table(graph);
    INFO(table);
    REQUIRE_THAT(table, ContainsSubstring("9 nodes, 10 edges, 1 loop, "));
    REQUIRE_THAT(table, ContainsSubstring("fc 1 + lif.rec (a step earlier)"));
    REQUIRE_THAT(table, ContainsSubstring("weight [3, 6] -"));
    REQUIRE_THAT(table, ContainsSubstring("tau 0.005, r 10, v_leak 0"));
    REQUIRE(table.find("\nfc 1 ") < table.find("\nlif "));
    REQUIRE(table.find("\nlif ") < table.find("\nout "));
    std::string const picture = nir_tool::picture(graph);
    REQUIRE_THAT(picture, ContainsSubstring("label=\"a step earlier\""));
    REQUIRE(std::count(picture.begin(), picture.end(), '>') == 10);
}

TEST_CASE("data in HDF5: places, shapes, and what a run leaves") {
    test::folder const here;
    std::string const in = here / "in.h5", out = here / "out.h5";
    nir_graph made({2});
    made.then("fc", nodes::linear{{{1, 2}, {2, 3}}}, {1});
    made.then("i/membrane", nodes::integrator{{{1}}}, {1});
    nir::graph const graph = made.end();
    auto const read = [&] { return nir_tool::read_arrays(in, graph, graph.inputs, {"/in/", "/"}); };
    test::hdf5_writer(in).numbers("/lone", {3, 2}, {1, 0, 0, 1, 1, 1});
    nir_tool::recording const input = read();
    REQUIRE(input.steps == 3);
    std::size_t told = 0;
    auto const results =
        nir_tool::run(graph, {.dt = 0.5}, input, true, [&](std::size_t done) { told = done; });
    REQUIRE(told == 3);
    nir_tool::write(out, results);
    io::hdf5_file const file(out);
    REQUIRE(file.numbers("/out/output").values == std::vector<double>{1, 2.5, 5});
    REQUIRE(file.numbers("/node/i/membrane/v").shape == std::vector<std::size_t>{3, 1});
    test::hdf5_writer(in).numbers("/lone", {2, 3}, std::vector<float>(6, 1));
    REQUIRE_THROWS_MATCHES(
        read(), shape_error,
        MessageMatches(ContainsSubstring("is [2, 3] ('input' takes [T, then [2]")));
    { // two, of other names
        test::hdf5_writer const two(in);
        two.numbers("/a", {1, 2}, {1, 1}), two.numbers("/b", {1, 2}, {1, 1});
    }
    REQUIRE_THROWS_MATCHES(read(), file_error, MessageMatches(ContainsSubstring("'/in/input' in")));
}

TEST_CASE("a verdict: spikes exactly, other numbers to a tolerance, NaN never") {
    double const nan = std::numeric_limits<double>::quiet_NaN();
    auto const compare = [](std::vector<double> const& made, std::vector<double> const& wanted) {
        return nir_tool::compare("out", made, wanted, 0.1);
    };
    REQUIRE(compare({0, 1, 1}, {0, 1, 1}).equal);
    auto const wrong = compare({0, 0, 1}, {0, 1, 1});
    REQUIRE((!wrong.equal && wrong.spikes && wrong.wrong == 1 && wrong.first == 1));
    REQUIRE(compare({0, 10.9}, {0, 10}).equal);
    REQUIRE(!compare({0, 11.1}, {0, 10}).equal);
    REQUIRE(!compare({nan, 10}, {0, 10}).equal);
    REQUIRE(!compare({0, 10}, {nan, 10}).equal);
}

TEST_CASE("the header of a network with loops and branches is the one that a test compiles") {
    nir::graph const graph = test::loops_and_branches();
    auto const is = [&](std::string const& name,
                        std::vector<nir_tool::parameter_table> const* inside) {
        std::string const text = nir_tool::generate(graph, {.dt = 1e-3}, name, inside).text;
        INFO(text);
        REQUIRE(
            test::bytes_of(std::string(SPIKEFUSE_SOURCE_DIR) + "/tests/support/generated/" + name +
                           ".hpp") ==
            "// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception\n// clang-format off\n" +
                text);
    };
    is("loops_and_branches", nullptr);
    // With numbers inside: those that the header gives a model, so that they are written as they
    // are read. That they are the file's is a test of its own.
    model network{loops_and_branches_inside::network,
                  {.dt = loops_and_branches_inside::dt},
                  precision<double>};
    loops_and_branches_inside::load(network);
    std::vector<nir_tool::parameter_table> numbers;
    for (auto const& one : network.parameters())
        numbers.push_back({one.layer, one.name, one.shape, network.get(one.layer, one.name)});
    is("loops_and_branches_inside", &numbers);
}

TEST_CASE("numbers as literals: as short as they can be, and the same bits again") {
    auto const limits = std::numeric_limits<double>();
    for (auto const& [value, text] :
         std::vector<std::pair<double, std::string>>{{0, "0.0f"},
                                                     {-0.0, "-0.0f"},
                                                     {3, "3.0f"},
                                                     {0.1f, "0.1f"},
                                                     {0x1p-149, "1e-45f"},
                                                     {0.1, "0.1"},
                                                     {1e22, "1e+22"},
                                                     {1. / 3, "0.3333333333333333"},
                                                     {limits.denorm_min(), "5e-324"},
                                                     {limits.max(), "1.7976931348623157e+308"}}) {
        REQUIRE(nir_tool::literal(value, nir_tool::are_floats({value})) == text);
        double const again = text.back() == 'f' ? std::strtof(text.c_str(), nullptr)
                                                : std::strtod(text.c_str(), nullptr);
        REQUIRE(std::bit_cast<std::uint64_t>(again) == std::bit_cast<std::uint64_t>(value));
    }
    std::string const text =
        nir_tool::numbers_inside({{"li 1", "tau", {2}, {0.5, 0.5}}, {"li 1", "r", {2}, {0, -0.0}}});
    INFO(text);
    REQUIRE_THAT(text, ContainsSubstring("{\"li 1\", \"tau\", 0.5f},"));
    REQUIRE_THAT(text, ContainsSubstring("float li_1_r[] = { // [2]\n    0.0f, -0.0f,\n};"));
    REQUIRE_THROWS_MATCHES(nir_tool::expect_few(2'000'001, "large.nir"), value_error,
                           MessageMatches(ContainsSubstring("'large.nir' holds 2000001 numbers") &&
                                          ContainsSubstring("Leave out --weights inside")));
}

TEST_CASE("a sentence: repetitions, sums, windows, choices") {
    nir_graph deep({4});
    for (int k = 0; k < 3; ++k) {
        deep.then("fc" + std::to_string(k), nodes::linear{nir_graph::weight(4, 4, k)}, {4});
        deep.then("lif" + std::to_string(k), some_lif(), {4});
    }
    deep.then("out", nodes::linear{nir_graph::weight(2, 4, 9)}, {2});
    std::string const text = written(deep.end());
    INFO(text);
    REQUIRE_THAT(text, ContainsSubstring(">> repeat<3>(fc0 >> lif0)\n    >> out;"));
    REQUIRE_THAT(text, !ContainsSubstring("auto fc1"));
    REQUIRE_THAT(text, ContainsSubstring("nir::choices choices{.dt = 0.001};"));

    nir_graph image({2, 8, 8});
    nodes::conv2d conv;
    conv.weight = {{4, 2, 3, 5}, std::vector<double>(120, 1)};
    conv.stride = {2, 1}, conv.dilation = {1, 1}, conv.before = conv.after = {1, 2};
    image.then("conv", conv, {4, 4, 8});
    nodes::sum_pool2d pool;
    pool.kernel = pool.stride = {2, 2};
    image.then("pool", pool, {4, 2, 4});
    image.then("flat", nodes::flatten{0, 2}, {32});
    auto const made = nir_tool::generate(image.end(), {.dt = 1e-3}, "made");
    INFO(made.text);
    REQUIRE_THAT(made.text, ContainsSubstring("input<image<2, 8, 8>>"));
    REQUIRE_THAT(made.text, ContainsSubstring("conv2d<4, 3, 5>.stride<2, 1>().padding<1, 2>()"));
    REQUIRE_THAT(made.text, ContainsSubstring("sum_pool2d<2>;"));

    nir_graph cuba({1});
    cuba.then("a", nodes::cuba_lif{{{1e-2}}, {{5e-3}}, {{1}}, {{0}}, {{2}}, {{0.5}}, {{1}}}, {1});
    nir::choices choices{.dt = 1e-4};
    choices.reset = nir::resets::subtract, choices.current = nir::currents::before;
    REQUIRE_THAT(written(cuba.made.outputs.empty() ? cuba.end() : cuba.made, choices),
                 ContainsSubstring("nir::cuba_lif({.tau_mem = 10 * ms, .tau_syn = 5 * ms, "
                                   ".v_threshold = 2}, subtract, use_old_current)"));
}

TEST_CASE(
    "a Delay that a cycle leads through takes the cycle's step; decays and steps become numbers") {
    nir_graph loop({4});
    std::size_t const lif = loop.then("cells", some_lif(), {4});
    loop.then("axon", nodes::delay{{{3e-3}}}, {4});
    std::size_t const back = loop.then("back", nodes::linear{nir_graph::weight(4, 4, 1)}, {4});
    loop.made.edges.emplace_back(back, lif);
    loop.end(lif);
    std::string const text = written(loop.made);
    INFO(text);
    REQUIRE_THAT(text, ContainsSubstring("axon = delay<2>;"));
    REQUIRE_THAT(text, ContainsSubstring("recurrent(cells, through(axon >> back))"));

    auto& axon = std::get<nodes::delay>(loop.made.nodes[loop.made.find("axon")].what);
    axon.time = {{3e-3, 1e-3, 2e-3, 3e-3}};
    REQUIRE_THAT(written(loop.made), ContainsSubstring("axon = delays<2>;"));
    nir::choices as_late{.dt = 1e-3}; // the step behind the Delay goes before it
    as_late.loop = nir::loops::late;
    std::string const later = written(loop.made, as_late);
    INFO(later);
    REQUIRE_THAT(later, ContainsSubstring("axon = delays<3>;"));
    REQUIRE_THAT(later, ContainsSubstring("recurrent(cells, through(axon >> back))"));
    nir_graph rows({1, 8}); // as Rockpool writes it
    rows.then("fc", nodes::linear{nir_graph::weight(5, 8, 1)}, {1, 5});
    std::string const axes = written(rows.end());
    INFO(axes);
    REQUIRE_THAT(axes, ContainsSubstring("input<8>"));
    REQUIRE_THAT(axes, ContainsSubstring("fc = linear<5>(no_bias);"));
    nir_graph stacked({3, 5});
    nir::array each_row = nir_graph::weight(12, 5, 1);
    each_row.shape = {3, 4, 5};
    stacked.then("fc", nodes::linear{each_row}, {3, 4});
    std::string const groups = written(stacked.end());
    INFO(groups);
    REQUIRE_THAT(groups, ContainsSubstring("input<image<3, 1, 5>>"));
    REQUIRE_THAT(groups, ContainsSubstring("fc = conv1d<12, 5>.groups<3>() >> flatten;"));
    nir_graph nothing({3});
    REQUIRE_THAT(written(nothing.end()), ContainsSubstring("network = input<3> >> identity;"));
    nir_graph alone({3});
    alone.then("axon", nodes::delay{{{0, 2e-3, 1.49e-3}}}, {3});
    REQUIRE_THAT(written(alone.end()), ContainsSubstring("axon = delays<2>;"));

    nir_graph chosen({2});
    chosen.then("cells", nodes::lif{{{1e-3}}, {{1}}, {{0.5}}, {{1}}, {{0}}}, {2});
    nir::choices said{.dt = 1e-3};
    said.moment = nir::moments::next_step, said.start = nir::starts::leak;
    said.reset = nir::resets::subtract;
    REQUIRE_THAT(written(chosen.end(), said),
                 ContainsSubstring("nir::lif({.tau = 1 * ms, .v_leak = 0.5}, subtract, next_step, "
                                   "start_at_leak)"));

    nir_graph steps({1});
    steps.then("a", nodes::iaf{{{1}}, {{1}}, {{0}}}, {1});
    steps.then("b", nodes::lif{{{1e-3}}, {{1}}, {{0}}, {{1}}, {{0}}}, {1});
    nir::choices choices{.dt = 1e-3};
    choices.integrator = nir::integrators::per_step;
    choices.integration = nir::integrations::exponential;
    std::string const other = written(steps.end(), choices);
    INFO(other);
    REQUIRE_THAT(other, ContainsSubstring("a = iaf;")); // 1000 a second
    REQUIRE_THAT(other, ContainsSubstring("b = nir::lif({.tau = 1.581977 * ms});"));
    REQUIRE_THAT(other, ContainsSubstring(".integration = nir::integrations::exponential}"));
}

TEST_CASE("names become identifiers that no two nodes share") {
    std::set<std::string> taken;
    for (auto const& [name, wanted] :
         std::vector<std::pair<std::string, std::string>>{{"a.lif", "a_lif"},
                                                          {"a_lif", "a_lif_2"},
                                                          {"a/lif", "a_lif_3"},
                                                          {"1", "node_1"},
                                                          {"class", "class_"},
                                                          {"lif", "lif_"},
                                                          {"__x", "node_x"},
                                                          {"\xc3\xa4", "node_"}})
        REQUIRE(nir_tool::identifier(name, taken) == wanted);
}

TEST_CASE("any graph is a sentence: several ends, ways that cross, loops in loops") {
    auto const is = [](nir::graph const& graph, std::string const& sentence) {
        std::string const text = written(graph);
        INFO(text);
        REQUIRE_THAT(text, ContainsSubstring("auto network = " + sentence + ";"));
    };
    nir_graph two({2});
    std::size_t const fc = two.then("fc", nodes::linear{nir_graph::weight(2, 2, 1)}, {2});
    std::size_t const other = two.input("other", {3});
    std::size_t const more =
        two.behind(other, "more", nodes::linear{nir_graph::weight(2, 3, 2)}, {2});
    std::size_t const lif = two.behind(fc, "one", some_lif(), {2});
    two.made.edges.emplace_back(more, lif);
    two.end(lif, "left"), two.end(more, "right");
    is(two.made, "input<2, 3>\n    >> (take<0> | (take<1> >> more))\n"
                 "    >> (((take<1> + (take<0> >> fc)) >> one) | take<1>)");
    REQUIRE_THAT(written(two.made), ContainsSubstring("in a row: input [2], other [3]"));

    nir_graph crossing({2}); // a - c, a - d, b - d: no sum of branches
    std::size_t const first = crossing.then("first", some_lif(), {2}),
                      a = crossing.behind(first, "a", some_lif(1), {2}),
                      b = crossing.behind(first, "b", some_lif(2), {2}),
                      c = crossing.behind(a, "c", some_lif(3), {2}),
                      d = crossing.behind(a, "d", some_lif(4), {2});
    crossing.made.edges.emplace_back(b, d);
    std::size_t const sum = crossing.behind(c, "sum", some_lif(5), {2});
    crossing.made.edges.emplace_back(d, sum);
    crossing.end(sum);
    is(crossing.made, "input<2>\n    >> first\n    >> (identity | a)\n    >> ((take<1> >> c) + "
                      "((take<1> + (take<0> >> b)) >> d))\n    >> sum");

    // Two populations that drive each other, one of which drives itself.
    nir_graph loops({2});
    std::size_t const A = loops.then("A", some_lif(1), {2}),
                      ab = loops.behind(A, "ab", nodes::linear{nir_graph::weight(3, 2, 1)}, {3}),
                      B = loops.behind(ab, "B", some_lif(2), {3}),
                      ba = loops.behind(B, "ba", nodes::linear{nir_graph::weight(2, 3, 1)}, {2});
    loops.made.edges.emplace_back(ba, A);
    loops.made.edges.emplace_back(B, B);
    loops.end(B);
    is(loops.made, "input<2>\n    >> recurrent(A >> ab >> recurrent(B, through(identity)), "
                   "through(ba))");
    loops.made.edges.emplace_back(loops.input("more", {3}), B);
    is(loops.made, "input<2, 3>\n    >> recurrent((take<1> + (take<0> >> A >> ab)) >> B, "
                   "through(ba | identity))");

    // What leads back to where no other way enters is a loop inside.
    nir_graph inside({2});
    std::size_t const outer = inside.then("outer", some_lif(1), {2}),
                      in = inside.behind(outer, "in", some_lif(2), {2}),
                      last = inside.behind(in, "last", some_lif(3), {2}),
                      rec = inside.behind(last, "rec", nodes::linear{nir_graph::weight(2, 2, 1)},
                                          {2});
    inside.made.edges.emplace_back(rec, in);
    inside.made.edges.emplace_back(last, outer);
    inside.end(last);
    is(inside.made, "input<2>\n    >> recurrent(outer >> recurrent(in >> last, through(rec)), "
                    "through(identity))");

    nir_graph dead({2});
    dead.then("lif", some_lif(), {2});
    nir::graph ends = dead.end();
    dead.made = ends;
    dead.behind(1, "nowhere", some_lif(), {2});
    REQUIRE_THAT(written(dead.made), ContainsSubstring("no: nothing follows 'nowhere'"));
}
TEST_CASE("populations joined at random have a sentence, whatever their loops") {
    unsigned state = 1;
    auto const pick = [&](std::size_t count) {
        state = state * 1664525u + 1013904223u;
        return (state >> 16) % count;
    };
    for (int graph = 0; graph < 300; ++graph) {
        nir_graph made({2});
        std::vector<std::size_t> ends{0, made.input("other", {2})}, neurons;
        std::size_t const count = 2 + pick(5);
        for (std::size_t k = 0; k < count; ++k) {
            std::size_t const from = pick(k + 2);
            neurons.push_back(made.behind(from < k ? neurons[from] : ends[from - k],
                                          "n" + std::to_string(k), some_lif(), {2}));
        }
        for (std::size_t k = pick(3 * count); k > 0; --k) {
            std::size_t const from = neurons[pick(count)], to = neurons[pick(count)];
            auto const weight = nodes::linear{nir_graph::weight(2, 2, 1)};
            bool const bare = pick(2) == 0;
            made.made.edges.emplace_back(
                bare ? from : made.behind(from, "w" + std::to_string(k), weight, {2}), to);
        }
        for (std::size_t const k : neurons) made.end(k, "out" + std::to_string(k));
        REQUIRE_THAT(written(made.made), ContainsSubstring("auto network = input<2, 2>"));
    }
}
TEST_CASE("what no sentence says is refused with its reason") {
    nir_graph partly({2, 3, 4}); // no word gives an image of [6, 4]
    nodes::conv1d each;
    each.stride = each.dilation = {1}, each.weight = {{5, 6, 4}, std::vector<double>(120, 1)};
    each.bias = {std::vector<double>(5)};
    partly.then("some", nodes::flatten{0, 1}, {6, 4});
    partly.then("conv", each, {5, 1});
    REQUIRE_THAT(written(partly.end()),
                 ContainsSubstring("no: 'conv' takes an image, and what comes to it is features"));
}
