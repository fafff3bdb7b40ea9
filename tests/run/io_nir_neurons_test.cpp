// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NIR's LIF and CubaLIF: files of single neurons and of chains, loaded, run and saved, beside what
// others computed for them.
#include "../support/data.hpp"
#include "../support/files.hpp"
#include "../support/nir_recording.hpp"
#include "../support/random_spikes.hpp"
#include "../support/says.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <spikefuse/io/load.hpp>
#include <spikefuse/io/save.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/trainer.hpp>
#include <sstream>

using namespace spikefuse;

namespace {

/// Runs the network of NAME.nir over the input in NAME.h5, and holds the spikes of its last layer
/// against those recorded for `variant`. Their seeds were chosen so that float and double fire
/// alike. Another width is another recording.
template <class T, class Network>
void agrees(Network network, char const* name, std::string const& variant) {
    std::filesystem::path const folder = test::nir_golden_data();
    std::string const nir = (folder / (std::string(name) + ".nir")).string(),
                      recorded = (folder / (std::string(name) + ".h5")).string();
    if (!std::filesystem::exists(nir)) return;
    CAPTURE(name, variant);
    io::hdf5_file const file(recorded);
    auto const input = file.numbers("/in/" + file.names("/in").at(0));
    auto const wanted = file.numbers("/expect/" + variant + "/out/output");
    std::size_t const steps = input.shape[0], in = input.values.size() / steps,
                      out = wanted.values.size() / steps;
    using made = model<std::remove_const_t<Network>, T>;
    if (in != static_cast<std::size_t>(made::inputs)) return;
    made loaded(
        network,
        {.steps = static_cast<int>(steps), .batch = 1, .dt = test::dt_of(recorded) * 1000 * ms});
    loaded.load(nir::read(nir));
    Kokkos::View<T***, Kokkos::LayoutRight> x("x", steps, 1, in);
    test::fill(x, [&](std::size_t k) { return static_cast<T>(input.values[k]); });
    auto const z = test::host(loaded(x));
    std::size_t wrong = 0, fired = 0;
    for (std::size_t t = 0; t < steps; ++t)
        for (std::size_t n = 0; n < out; ++n) {
            wrong += static_cast<double>(z(t, 0, n)) != wanted.values[t * out + n];
            fired += wanted.values[t * out + n] != 0;
        }
    REQUIRE(fired > 0);
    REQUIRE(wrong == 0);

    // What is saved comes back, and says the same.
    test::folder const here;
    nir::write(here / "again.nir", loaded);
    made again(network, {.steps = static_cast<int>(steps),
                         .batch = 1,
                         .dt = test::dt_of(recorded) * 1000 * ms,
                         .seed = 3});
    again.load(nir::read(here / "again.nir"));
    for (auto const& one : loaded.parameters())
        REQUIRE(loaded.get(one.layer, one.name) == again.get(one.layer, one.name));
    REQUIRE(again.layer_names() == loaded.layer_names());
}

} // namespace

TEST_CASE("the paper's LIF, step by step") {
    std::filesystem::path const folder = test::nir_data();
    for (auto const* columns : {"lif_exact.csv", "lif_norse.csv"}) {
        model network{input<1> >> linear<1> >> nir::lif,
                      {.steps = 1000, .batch = 1, .dt = 0.1 * ms}};
        network.load(nir::read((folder / "lif_norse.nir").string()));
        std::istringstream lines(test::bytes_of((folder / columns).string()));
        std::vector<double> input, spikes;
        for (std::string line; std::getline(lines, line);) {
            double x = 0, v = 0, z = 0;
            REQUIRE(std::sscanf(line.c_str(), "%lf,%lf,%lf", &x, &v, &z) == 3);
            input.push_back(x), spikes.push_back(z);
        }
        REQUIRE(input.size() == 1000);
        Kokkos::View<float***, Kokkos::LayoutRight> x("x", 1000, 1, 1);
        test::fill(x, [&](std::size_t k) { return static_cast<float>(input[k]); });
        auto const z = test::host(network(x));
        std::size_t same = 0, fired = 0;
        for (std::size_t t = 0; t < 1000; ++t)
            same += (z(t, 0, 0) != 0) == (spikes[t] != 0), fired += spikes[t] != 0;
        CAPTURE(columns);
        REQUIRE(fired > 1);
        REQUIRE(same == 1000);
    }
}

TEST_CASE("LIF of others' recordings: parameters of every shape, another reset") {
    agrees<float>(input<7> >> nir::lif, "node_lif_full", "spec");
    agrees<float>(input<4> >> nir::lif(subtract), "node_lif_old",
                  "subtract"); // it has no v_reset that would be lost
    agrees<float>(input<5> >> nir::lif, "node_lif_scalar", "spec");
    agrees<float>(input<5> >> nir::lif, "node_lif_one", "spec");
    agrees<float>(input<4> >> nir::lif, "node_lif_mixed_shapes", "spec");
    agrees<float>(input<4> >> nir::lif, "node_lif_old", "spec");
    agrees<float>(input<24> >> nir::lif, "node_lif_chw", "spec");
}

TEST_CASE("CubaLIF of others' recordings: the old current and the new one, any r and w_in") {
    agrees<float>(input<6> >> nir::cuba_lif(use_old_current), "node_cubalif_full", "spec");
    agrees<float>(input<6> >> nir::cuba_lif, "node_cubalif_full", "i_new");
    agrees<float>(input<10> >> linear<14> >> nir::cuba_lif, "spikingjelly_cuba", "i_new");
}

TEST_CASE("a file that another layer cannot hold: the sentence names the one that can") {
    test::folder const here;
    std::string const path = here / "saved.nir";
    nir::write(path, model{input<3> >> linear<2> >> nir::lif, {}});
    model integrates{input<3> >> linear<2> >> iaf, {}};
    SAYS(
        name_error, integrates.load(nir::read(path)),
        "is a LIF (the network has 'iaf 1' there, NIR's IF). Write the network as the file has it, "
        "layer by layer: a LIF is nir::lif");
    nir::write(path, model{input<3> >> linear<2> >> nir::cuba_lif({.r = 2}), {}});
    model plain{input<3> >> linear<2> >> lif, {}};
    SAYS(value_error, plain.load(nir::read(path)),
         "or write nir::cuba_lif, which has this number as a parameter");
    // What `lif` saves, nir::cuba_lif computes.
    model_settings const chosen{.steps = 40, .batch = 2, .seed = 4};
    model saved{input<20> >> linear<30> >> lif >> linear<4>, chosen, precision<double>};
    model loaded{input<20> >> linear<30> >> nir::cuba_lif >> linear<4>, chosen, precision<double>};
    auto weights = saved.get("linear 1", "weight");
    for (double& one : weights) one *= 9;
    saved.set("linear 1", "weight", weights);
    nir::write(path, saved);
    loaded.load(nir::read(path));
    REQUIRE(std::abs(loaded.get("nir_cuba_lif 1", "w_in")[0] - 5) < 1e-12); // 5 ms / 1 ms
    auto const spikes = test::random_spikes(40, 2, 20, 0.3, 1);
    saved.record("lif 1", "spikes"), loaded.record("nir_cuba_lif 1", "spikes");
    saved(spikes), loaded(spikes);
    auto const a = test::host(saved.recorded_spikes("lif 1")),
               b = test::host(loaded.recorded_spikes("nir_cuba_lif 1"));
    REQUIRE(std::equal(a.data(), a.data() + a.size(), b.data()));
    REQUIRE(std::any_of(a.data(), a.data() + a.size(), [](auto word) { return word != 0; }));
}

TEST_CASE("networks of NIR's neurons learn, their parameters too") {
    auto learns = [](auto network, char const* layer, std::vector<std::string> const& names) {
        model trained{network, {.steps = 30, .batch = 4, .seed = 2}};
        auto weights = trained.get("linear 1", "weight");
        for (float& one : weights) one *= 12;
        trained.set("linear 1", "weight", weights);
        trainer training{trained,
                         cross_entropy(max_over_time),
                         adam{.learning_rate = 1e-3},
                         {.epochs = 1, .show_progress = false}};
        for (auto const& name : names) training.learn(layer, name);
        std::vector<std::vector<float>> before{trained.get("linear 1", "weight")};
        for (auto const& name : names) before.push_back(trained.get(layer, name));
        auto const spikes = test::random_spikes(30, 4, 10, 0.5, 3);
        for (int k = 0; k < 3; ++k) training.step(spikes, {0, 1, 2, 0});
        REQUIRE(trained.get("linear 1", "weight") != before[0]);
        for (std::size_t k = 0; k < names.size(); ++k) {
            CAPTURE(names[k]);
            REQUIRE(trained.get(layer, names[k]) != before[k + 1]);
        }
    };
    learns(input<10> >> linear<12> >> nir::cuba_lif({.w_in = 5}) >> linear<3> >> li,
           "nir_cuba_lif 1",
           {"tau_mem", "tau_syn", "r", "v_leak", "v_threshold", "v_reset", "w_in"});
}
