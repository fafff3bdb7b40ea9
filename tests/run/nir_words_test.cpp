// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Words that stand for what NIR's files say or leave open: delays of another time for each neuron,
// a reset a step later, membranes that begin at v_leak. Each beside the interpreter.
#include "../support/files.hpp"
#include "../support/nir_graphs.hpp"
#include "../support/nir_interpreted.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <spikefuse/io/nir_write.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using test::nir_graph, test::same;

namespace {

constexpr auto delayed = input<4> >> delays<2> >> linear<5> >>
                         recurrent(nir::lif({.r = 30}), through(delays<3> >> linear<5>)) >>
                         delays<4> >> linear<2>(no_bias) >> nir::li({.r = 5});

std::vector<double> const x = nir_graph::weight(60, 4, 11, 2).values;

/// A model with delays that differ.
auto with_delays() {
    model network{delayed, {.steps = 60, .dt = 1 * ms, .seed = 2}, precision<double>};
    network.set("delays 1", "delay", std::vector<double>{0, 2, 1, 1});
    network.set("delays 2", "delay", std::vector<double>{0, 3, 1, 2, 2});
    network.set("delays 3", "delay", std::vector<double>{4, 0, 1, 2, 3});
    return network;
}
std::vector<std::vector<double>> delays_of(auto const& network) {
    return {network.get("delays 1", "delay"), network.get("delays 2", "delay"),
            network.get("delays 3", "delay")};
}
std::vector<std::string> names(nir::graph const& graph) {
    std::vector<std::string> all;
    for (nir::node const& one : graph.nodes) all.push_back(one.name);
    return all;
}
std::vector<double> times(nir::graph const& graph, std::string const& name) {
    return std::get<nir::nodes::delay>(graph.nodes[graph.find(name)].what).time.values;
}

} // namespace

TEST_CASE("delays of neurons go into a file as times, and come out of it as steps") {
    test::folder const here;
    auto const network = with_delays();
    nir::write(here / "delays.nir", network, {.test = {{60, 4}, x}});
    nir::graph const written = nir::read(here / "delays.nir");
    REQUIRE(times(written, "delays_1") == std::vector<double>{0, 2e-3, 1e-3, 1e-3});
    // in the loop they stand for the loop's step too
    REQUIRE(times(written, "delays_2") == std::vector<double>{1e-3, 4e-3, 2e-3, 3e-3, 3e-3});
    model read{delayed, {.steps = 60, .dt = 1 * ms}, precision<double>};
    read.load(written, {.dt = 1e-3}); // and its test is met
    REQUIRE(delays_of(read) == delays_of(network));
    same(read, written, {.dt = 1e-3}, x);

    nir::graph late = written; // the loop takes a step more
    late.test.reset();
    std::get<nir::nodes::delay>(late.nodes[late.find("delays_2")].what).time = {
        {0, 3e-3, 1e-3, 2e-3, 2e-3}};
    nir::choices choices{.dt = 1e-3, .loop = nir::loops::late};
    model later{read};
    later.load(late, choices);
    REQUIRE(delays_of(later) == delays_of(network));
    later.reset();
    same(later, late, choices, x);
}

TEST_CASE("delays that are alike by chance, or too long, or none") {
    model network = with_delays();
    test::folder const here;
    for (auto const* layer : {"delays 1", "delays 2"}) network.set(layer, "delay", 2);
    nir::write(here / "alike.nir", network);
    nir::graph graph = nir::read(here / "alike.nir");
    model read{delayed, {.steps = 60, .dt = 1 * ms}, precision<double>};
    read.load(graph, {.dt = 1e-3});
    REQUIRE(delays_of(read) == delays_of(network));
    same(read, graph, {.dt = 1e-3}, x);

    auto const before = delays_of(read);
    std::get<nir::nodes::delay>(graph.nodes[graph.find("delays_3")].what).time = {
        {4e-3, 0, 1e-3, 7e-3, 3e-3}};
    REQUIRE_THROWS_MATCHES(read.load(graph, {.dt = 1e-3}), value_error,
                           MessageMatches(ContainsSubstring("'delay' of 'delays 3' is 7 at [3]")));
    REQUIRE(delays_of(read) == before);
    model without{input<4> >> linear<5> >> nir::lif >> linear<2>(no_bias) >> nir::li,
                  {.dt = 1 * ms},
                  precision<double>};
    REQUIRE_THROWS_MATCHES(without.load(graph, {.dt = 1e-3}), shape_error,
                           MessageMatches(ContainsSubstring("delays_3: Delay [5] of nir_lif_1")));
}

TEST_CASE("a reset a step later, and membranes that begin at v_leak") {
    namespace nodes = nir::nodes;
    auto const number = [](int seed, double middle) {
        return nir_graph::numbers(4, seed, middle, middle / 3);
    };
    auto const holds = [&](auto network, nir::kind const& what, nir::choices const& choices,
                           std::string const& refused) {
        nir_graph made({4});
        made.then("cells", what, {4});
        nir::graph const graph = made.end();
        model one{network, {.steps = 60, .dt = 1 * ms}, precision<double>};
        one.load(graph, choices);
        same(one, graph, choices, x);
        REQUIRE_THROWS_MATCHES(one.load(graph, {.dt = 1e-3}), name_error,
                               MessageMatches(ContainsSubstring(refused)));
    };
    nir::choices late{.dt = 1e-3}, rest{.dt = 1e-3};
    late.moment = nir::moments::next_step;
    rest.start = nir::starts::leak;
    nodes::lif const lif{number(1, 4e-3), number(2, 6), number(3, 0.6), number(4, 1),
                         number(5, 0.2)};
    nodes::cuba_lif const cuba{number(6, 4e-3), number(7, 2e-3), number(8, 8), number(9, 0.6),
                               number(10, 1),   number(11, 0.2), number(12, 2)};
    std::string const other_reset = "resets with the next step (for 'cells' it was said: .moment = "
                                    "at_once)",
                      other_start = "begins at v_leak (for 'cells' it was said: .start = zero)";
    holds(input<4> >> nir::lif(next_step), lif, late, other_reset);
    holds(input<4> >> nir::cuba_lif(next_step), cuba, late, other_reset);
    holds(input<4> >> iaf(next_step), nodes::iaf{number(13, 900), number(14, 1), number(15, 0.2)},
          late, other_reset);
    holds(input<4> >> nir::lif(start_at_leak), lif, rest, other_start);
    holds(input<4> >> nir::cuba_lif(start_at_leak), cuba, rest, other_start);
    holds(input<4> >> nir::li(start_at_leak),
          nodes::li{number(16, 4e-3), number(17, 3), number(18, 0.4)}, rest, other_start);
    holds(input<4> >> nir::cuba_li(start_at_leak),
          nodes::cuba_li{number(19, 4e-3), number(20, 2e-3), number(21, 3), number(22, 0.4),
                         number(23, 2)},
          rest, other_start);
    late.reset = nir::resets::subtract;
    holds(input<4> >> nir::lif(subtract, next_step), lif, late, other_reset);
    holds(input<4> >> nir::cuba_lif(subtract, next_step), cuba, late, other_reset);
}

TEST_CASE("a file whose nodes compute nothing is a network that passes on what it takes") {
    namespace nodes = nir::nodes;
    std::vector<double> const y = nir_graph::weight(20, 12, 5, 2).values;
    nir_graph straight({12}), some({2, 3, 2});
    model passes{input<12> >> identity, {.steps = 20, .dt = 1 * ms}, precision<double>};
    passes.load(straight.end(), {.dt = 1e-3});
    REQUIRE(test::run(passes, y) == y);
    some.then("flat", nodes::flatten{0, 1}, {6, 2});
    model flat{input<image<2, 3, 2>> >> flatten, {.steps = 20, .dt = 1 * ms}, precision<float>};
    flat.load(some.end(), {.dt = 1e-3});
    REQUIRE(test::run(flat, y) == [&] {
        std::vector<double> rounded;
        for (double const one : y) rounded.push_back(static_cast<float>(one));
        return rounded;
    }());
    REQUIRE(names(nir::graph_of(passes)) == std::vector<std::string>{"input", "output"});
    Kokkos::View<double*> const seen("seen", 12), given("given", 12);
    Kokkos::deep_copy(seen, 3.);
    auto const cell = passes.cell();
    Kokkos::parallel_for(
        1, KOKKOS_LAMBDA(int) {
            auto state = cell.rest();
            cell.step(state, seen, given);
        });
    auto const out = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), given);
    REQUIRE((out(0) == 3 && out(11) == 3));
}

TEST_CASE("a matrix for each leading index is a convolution in groups") {
    namespace nodes = nir::nodes;
    std::vector<double> const y = nir_graph::weight(20, 6, 5, 2).values;
    nir_graph made({2, 3});
    nir::array weight = nir_graph::weight(8, 3, 9);
    weight.shape = {2, 4, 3};
    made.then("each", nodes::affine{weight, nir_graph::numbers(8, 4, 0.1, 0.3)}, {2, 4});
    made.then("cells", nodes::li{nir_graph::numbers(8, 3, 4e-3, 1e-3), {{2}}, {{0}}}, {2, 4});
    nir::graph const graph = made.end();
    model one{input<image<2, 1, 3>> >> conv1d<8, 3>.groups<2>() >> flatten >> nir::li,
              {.steps = 20, .dt = 1 * ms},
              precision<double>};
    one.load(graph, {.dt = 1e-3});
    same(one, graph, {.dt = 1e-3}, y);
}

TEST_CASE("a loop whose step a file's Delay cannot take is not written") {
    // the Delay gives its output to what follows too, which the loop's step would delay as well
    model network{input<4> >> recurrent(delay<2>, through(scale(0.5))) >> linear<2>,
                  {.dt = 1 * ms}};
    REQUIRE_THROWS_MATCHES(
        nir::graph_of(network), name_error,
        MessageMatches(ContainsSubstring("does not say where one of its loops takes its step")));
}
