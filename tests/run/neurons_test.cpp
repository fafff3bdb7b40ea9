// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What holds for every neuron: its page, its bad parameters, its states; and layers of which one
// neuron wins.
#include "../support/random_spikes.hpp"
#include "../support/says.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <spikefuse/spikefuse.hpp>
#include <sstream>

using namespace spikefuse;

namespace {

/// Calls f(name of the section in docs/reference/models.md, neuron).
template <class Function>
void each_neuron(Function const& f) {
    f("li", li), f("lif", lif), f("lif_box", lif_box), f("lif_ex", lif_ex), f("lif_adex", lif_adex),
        f("lif_adex_encoder", lif_adex_encoder);
    f("lif_refrac", lif_refrac), f("lsnn", lsnn), f("izhikevich", izhikevich), f("iaf", iaf);
    f("nir::lif", nir::lif), f("nir::cuba_lif", nir::cuba_lif);
    f("nir::li", nir::li), f("nir::cuba_li", nir::cuba_li), f("nir::integrator", nir::integrator);
    f("synaptic", synaptic(graded)), f("leaky", leaky(graded)), f("alpha_synapse", alpha_synapse);
    f("exp_syn", noisy_exp_syn), f("rockpool_lif", rockpool_lif);
    f("poisson", poisson), f("latency", latency), f("delta_encoder", delta_encoder),
        f("population", population<1>);
}

/// The section of a page below `## name`.
std::string section(std::string const& page, std::string const& name) {
    std::size_t const begin = page.find("\n## " + name + "\n");
    REQUIRE(begin != std::string::npos);
    return page.substr(begin, page.find("\n## ", begin + 1) - begin);
}
std::string as_written(array_info const& info) {
    std::ostringstream text;
    if (info.measure == array_unit::time) {
        text << info.initial * 1e3 << " ms";
    } else {
        text << info.initial;
    }
    return text.str();
}

} // namespace

TEST_CASE("the page lists every neuron's parameters with the defaults that they have") {
    std::ifstream file(SPIKEFUSE_SOURCE_DIR "/docs/reference/models.md");
    if (!file) SKIP("no pages here: the program was carried to another machine");
    std::string const page{std::istreambuf_iterator<char>(file), {}};
    each_neuron([&](char const* name, auto neuron) {
        std::string const here = section(page, name);
        std::size_t count = 0;
        for (array_info const& info : neuron.template arrays<features<1>>()) {
            std::string const row =
                "| `" + std::string(info.name) + "` | " + as_written(info) + " |";
            INFO(name << " should have a row " << row);
            REQUIRE(here.find(row) != std::string::npos);
            ++count;
        }
        std::size_t rows = 0;
        for (std::size_t at = here.find("\n| `"); at != std::string::npos;
             at = here.find("\n| `", at + 1))
            ++rows;
        INFO(name << " has " << count << " parameters, its table " << rows << " rows");
        REQUIRE(rows == count);
    });
}

TEST_CASE("bad parameters are one error before anything runs, and change nothing") {
    each_neuron([&](char const* name, auto neuron) {
        INFO(name);
        model network{input<3> >> neuron, {}};
        for (auto const& one : network.parameters()) {
            INFO(one.name);
            auto const before = network.get(one.layer, one.name);
            SAYS(value_error, network.set(one.layer, one.name, std::nan("")), "finite");
            SAYS(value_error,
                 network.set(one.layer, one.name, std::numeric_limits<double>::infinity()),
                 "finite");
            SAYS(shape_error, network.set(one.layer, one.name, std::vector<double>{1, 2}),
                 "this network wants [3]");
            if (one.name.starts_with("tau") || one.name == "delta_t") {
                SAYS(value_error, network.set(one.layer, one.name, 0.), "positive");
                SAYS(value_error,
                     network.set(one.layer, one.name, std::vector<double>{0.1, -0.1, 0.1}),
                     "at [1]");
            }
            REQUIRE(network.get(one.layer, one.name) == before);
        }
    });
    SAYS(value_error, (model{input<1> >> lif({.tau_mem = 0 * ms}), {}}),
         "'tau_mem' of 'lif 1' is 0");
    SAYS(value_error, (model{input<1> >> lif_adex({.delta_t = 0.}), {}}), "it is divided by");
    model rated{input<1> >> lif(rates), {}};
    SAYS(value_error, rated.set("lif 1", "tau_mem_inv", -1.), "not negative");
}

TEST_CASE("states are read and set, also what a loop feeds back") {
    model network{input<40> >> recurrent(lif), {.steps = 3, .batch = 2}};
    REQUIRE(network.state("lif 1", "v") == std::vector<float>(80, 0.f));
    REQUIRE(network.state("lif 1", "spikes") == std::vector<float>(80, 0.f));
    std::vector<float> v(80), fired(80);
    for (std::size_t k = 0; k < 80; ++k)
        v[k] = 0.01f * static_cast<float>(k), fired[k] = k % 3 == 0 ? 1.f : 0.f;
    network.set_state("lif 1", "v", std::span(v));
    network.set_state("lif 1", "spikes", fired);
    REQUIRE(network.state("lif 1", "v") == v);
    REQUIRE(network.state("lif 1", "spikes") == fired);
    network.set_state("lif 1", "i", 0.5); // one for all
    REQUIRE(network.state("lif 1", "i") == std::vector<float>(80, 0.5f));
    network.set_state("lif 1", "i", std::vector<float>(v.begin(), v.begin() + 40)); // one a neuron
    REQUIRE(network.state("lif 1", "i")[45] == v[5]);

    // A single spike of the step before arrives through its weights.
    model loop{input<2> >> recurrent(lif), {}};
    loop.set("recurrent 1", "weight", std::vector<float>{0, 3, 4, 0}); // [post, pre]
    loop.set_state("lif 1", "spikes", std::vector<float>{0, 1});
    Kokkos::View<float**, Kokkos::LayoutRight> const silence("x", 1, 2);
    loop.record("lif 1", "v");
    loop(silence);
    Kokkos::fence();
    auto const shown = test::host(loop.recorded("lif 1", "v"));
    REQUIRE(std::abs(shown(0, 0, 0) - 0.3f) < 1e-6f);
    REQUIRE(shown(0, 0, 1) == 0.f);

    // After a run the state is where the run ended, and a reset takes it back to rest.
    model rested{input<2> >> lif({.v_leak = 0.25}), {}};
    REQUIRE(rested.state("lif 1", "v") == std::vector<float>(2, 0.25f));
    rested.set_state("lif 1", "v", 0.75);
    rested(silence);
    Kokkos::fence();
    REQUIRE(std::abs(rested.state("lif 1", "v")[0] - 0.7f) < 1e-6f);
    rested.reset();
    REQUIRE(rested.state("lif 1", "v") == std::vector<float>(2, 0.25f));

    SAYS(name_error, network.state("lif 1", "w"), "'lif 1' i, 'lif 1' v, 'lif 1' spikes");
    SAYS(shape_error, network.set_state("lif 1", "v", std::vector<float>(3)), "[2, 40]");
    SAYS(value_error, network.set_state("lif 1", "v", std::nan("")), "finite");
    REQUIRE(network.state("lif 1", "v") == v);
}

TEST_CASE("a step is a run of one step") {
    constexpr auto network = input<5> >> linear<20> >> recurrent(synaptic) >> linear<3> >> li;
    model whole{network, {.steps = 30, .batch = 2, .seed = 4}},
        cell{network, {.batch = 2, .seed = 4}};
    Kokkos::View<float***, Kokkos::LayoutRight> x("x", 30, 2, 5);
    test::fill(x, [](std::size_t k) { return std::sin(static_cast<float>(k)) * 3; });
    auto const trace_of_all = test::host(whole(x));
    for (int t = 0; t < 30; ++t) {
        auto const out = test::host(cell.step(Kokkos::subview(x, t, Kokkos::ALL, Kokkos::ALL)));
        for (int b = 0; b < 2; ++b)
            for (int n = 0; n < 3; ++n) REQUIRE(out(b, n) == trace_of_all(t, b, n));
    }
}

TEST_CASE(
    "one winner a layer, across registers, samples and threads, whatever the layers around it") {
    constexpr int width = 50, steps = 60;
    for (int batch : {1, 5}) {
        constexpr auto network = input<8> >> linear<width> >> scale(1.5) >>
                                 leaky(one_winner, at_once) >> scale(2) >> linear<4> >> li;
        auto make = [&] { return model{network, {.steps = steps, .batch = batch, .seed = 3}}; };
        auto contest = make();
        contest.record("leaky 1", "spikes");
        contest.record("leaky 1", "mem");
        Kokkos::View<float***, Kokkos::LayoutRight> x("x", steps, static_cast<std::size_t>(batch),
                                                      8);
        test::fill(x, [](std::size_t k) { return 1 + std::sin(static_cast<float>(k * k % 97)); });
        auto const x_of_host = test::host(x);
        auto const out = test::host(contest(x));
        auto const spikes = test::host(contest.recorded_spikes("leaky 1"));
        auto const mem = test::host(contest.recorded("leaky 1", "mem"));
        auto const weight = contest.get("linear 1", "weight"),
                   bias = contest.get("linear 1", "bias");
        int wins = 0;
        std::vector<int> who(width);
        for (int b = 0; b < batch; ++b) {
            std::vector<double> now(width, 0.);
            for (int t = 0; t < steps; ++t) {
                std::vector<double> due(width);
                for (std::size_t n = 0; n < width; ++n) {
                    double current = bias[n];
                    for (std::size_t i = 0; i < 8; ++i)
                        current += weight[n * 8 + i] * x_of_host(t, b, i);
                    due[n] = now[n] > 1 ? 1 : 0;
                    now[n] = 0.9 * now[n] + 1.5 * current - due[n];
                }
                std::size_t winner = 0;
                for (std::size_t n = 1; n < width; ++n)
                    if (now[n] > now[winner]) winner = n;
                for (std::size_t n = 0; n < width; ++n) {
                    bool const fires = n == winner && now[n] > 1;
                    REQUIRE(((spikes(t, b, n / 32) >> (n % 32)) & 1u) == (fires ? 1u : 0u));
                    now[n] -= (fires ? 1 : 0) - due[n];
                    REQUIRE(std::abs(mem(t, b, n) - now[n]) < 1e-4);
                    wins += fires ? 1 : 0, who[n] += fires ? 1 : 0;
                    now[n] = mem(t, b, n); // small differences shall not add up
                }
            }
        }
        REQUIRE(wins > steps * batch / 4);
        REQUIRE(std::count_if(who.begin(), who.end(), [](int n) { return n > 0; }) > 3);

        auto pieces = make(); // the same bits in pieces
        for (int t = 0; t < steps; t += 20) {
            auto const part = test::host(
                pieces(Kokkos::subview(x, std::pair(t, t + 20), Kokkos::ALL, Kokkos::ALL)));
            for (int r = 0; r < 20; ++r)
                for (int b = 0; b < batch; ++b)
                    for (int n = 0; n < 4; ++n) REQUIRE(part(r, b, n) == out(t + r, b, n));
        }
    }
}
