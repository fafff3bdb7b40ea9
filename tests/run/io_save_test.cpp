// Saving as NIR: what is saved comes back to the bit, what cannot be said in a file is refused, and no half-written file is left.
#include "../../examples/mnist_network.hpp"
#include "../support/data.hpp"
#include "../support/files.hpp"
#include "../support/random_spikes.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <limits>
#include <spikefuse/io/load.hpp>
#include <spikefuse/io/save.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using test::host;

#define SAYS(KIND, CALL, WORDS) REQUIRE_THROWS_MATCHES(CALL, KIND, MessageMatches(ContainsSubstring(WORDS)))

namespace {

constexpr auto chain = input<40> >> scale(1.5) >> linear<33> >> iaf >> linear<16>(no_bias) >> iaf({.threshold = 0.5}) >> linear<5> >> iaf;
constexpr auto short_chain = input<3> >> linear<2> >> iaf;

template <class Network>
auto bits(Network const& network) {
    using value = typename Network::value_type;
    std::vector<decltype(test::bits_of(value()))> all;
    for (auto const& parameter : network.parameters())
        for (value x : network.get(parameter.layer, parameter.name)) all.push_back(test::bits_of(x));
    return all;
}

template <class View>
std::vector<typename View::non_const_value_type> listed(View const& view) {
    auto const h = host(view);
    return {h.data(), h.data() + h.size()};
}

bool stands(std::string const& path) { return std::filesystem::exists(std::filesystem::symlink_status(path)); }

} // namespace

TEMPLATE_TEST_CASE("what is saved comes back: every bit, and the same spikes", "", float, double) {
    using limits = std::numeric_limits<TestType>;
    test::folder const here;
    std::string const path = here / "chain.nir";
    auto first = model{chain, {.steps = 20, .batch = 3, .seed = 5}, precision<TestType>};
    auto weight = first.get("linear 1", "weight");
    for (auto& w : weight) w *= 8;
    weight[0] = -TestType(0), weight[1] = limits::denorm_min(), weight[2] = limits::epsilon() + 1;
    first.set("linear 1", "weight", weight);
    auto thresholds = first.get("iaf 2", "threshold");
    for (std::size_t k = 0; k < thresholds.size(); ++k) thresholds[k] = TestType(0.1) * static_cast<TestType>(k + 1);
    first.set("iaf 2", "threshold", thresholds);
    first.set("iaf 1", "v_reset", -0.3);
    first.set("scale 1", "factor", TestType(1) / 3);
    io::save_nir(first, path);
    REQUIRE_FALSE(stands(path + ".part"));

    auto second = model{chain, {.steps = 20, .batch = 3, .seed = 6}, precision<TestType>};
    REQUIRE(bits(first) != bits(second));
    io::load_nir(second, path);
    REQUIRE(bits(first) == bits(second));
    for (auto* network : {&first, &second})
        for (auto const* layer : {"iaf 1", "iaf 2"}) network->record(layer, "spikes");
    auto const input = test::unpacked<TestType>(test::random_spikes(20, 3, 40, 0.4, 9), 40);
    auto const a = listed(first(input)), b = listed(second(input));
    REQUIRE(a == b);
    REQUIRE(std::any_of(a.begin(), a.end(), [](TestType z) { return z != 0; }));
    for (auto const* layer : {"iaf 1", "iaf 2"}) REQUIRE(listed(first.recorded_spikes(layer)) == listed(second.recorded_spikes(layer)));

    std::string const again = here / "again.nir";
    io::save_nir(second, again);
    REQUIRE(test::bytes_of(again) == test::bytes_of(path));
}

TEST_CASE("lif and li are NIR's CubaLIF and CubaLI: what comes back fires the same spikes; at another dt it is refused") {
    test::folder const here;
    std::string const path = here / "trained.nir";
    constexpr auto network = input<20> >> linear<30> >> lif({.tau_mem = 8 * ms, .v_leak = 0.1}) >> linear<5> >> li({.tau_syn = 3 * ms});
    model saved{network, {.steps = 40, .batch = 3, .dt = 0.5 * ms, .seed = 1}},
        loaded{network, {.steps = 40, .batch = 3, .dt = 0.5 * ms, .seed = 2}};
    auto weights = saved.get("linear 1", "weight");
    for (float& one : weights) one *= 9;
    saved.set("linear 1", "weight", weights);
    std::vector<double> taus(30);
    for (std::size_t k = 0; k < 30; ++k) taus[k] = 0.004 + 0.0003 * static_cast<double>(k);
    saved.set("lif 1", "tau_syn", taus);
    io::save_nir(saved, path);
    io::load_nir(loaded, path);
    auto const spikes = test::random_spikes(40, 3, 20, 0.3, 1);
    saved.record("lif 1", "spikes"), loaded.record("lif 1", "spikes");
    auto const a = host(saved(spikes)), b = host(loaded(spikes));
    REQUIRE(std::equal(a.data(), a.data() + a.size(), b.data()));
    auto const x = host(saved.recorded_spikes("lif 1")), y = host(loaded.recorded_spikes("lif 1"));
    REQUIRE(std::equal(x.data(), x.data() + x.size(), y.data()));
    REQUIRE(std::count_if(x.data(), x.data() + x.size(), [](auto word) { return word != 0; }) > 20);
    io::hdf5_file const file(path);
    REQUIRE(file.text("/node/nodes/1/type") == "CubaLIF");
    REQUIRE(std::abs(file.numbers("/node/nodes/1/w_in").values[0] - 8) < 1e-5); // 4 ms / 0.5 ms
    model slower{network, {.steps = 40, .batch = 3, .dt = 1 * ms}};
    SAYS(value_error, io::load_nir(slower, path), "'w_in' of");
}

TEST_CASE("the file is laid out as NIR's own") {
    test::folder const here;
    std::string const path = here / "chain.nir";
    io::save_nir(model{chain, {}}, path);
    auto const graph = io::read_nir(path);
    std::vector<std::string> types;
    for (auto const* node : io::nir_chain(graph, path)) types.push_back(node->name + " " + node->type);
    REQUIRE(types == std::vector<std::string>{"0 Scale", "1 Affine", "2 IF", "3 Linear", "4 IF", "5 Affine", "6 IF"});
    REQUIRE(graph.edges.size() == 8);
    io::hdf5_file const file(path);
    REQUIRE(file.numbers("/node/nodes/input/shape").values == std::vector<double>{40});
    REQUIRE(file.numbers("/node/nodes/output/shape").values == std::vector<double>{5});
    REQUIRE(file.numbers("/node/nodes/1/weight").shape == std::vector<std::size_t>{33, 40});
    REQUIRE(file.numbers("/node/nodes/4/v_threshold").values == std::vector<double>(16, 0.5));
    REQUIRE(file.numbers("/node/nodes/0/scale").values == std::vector<double>(40, 1.5));
    REQUIRE(file.text("/version") == "1.0.8");
    REQUIRE(file.names("/node/nodes/3") == std::vector<std::string>{"type", "weight"});

    io::save_nir(model{input<3> >> identity >> linear<2> >> iaf(subtract), {}}, path); // another reset is not in the format
    REQUIRE(io::hdf5_file(path).names("/node/nodes/1") == std::vector<std::string>{"r", "type", "v_threshold"});
    auto subtracting = model{input<3> >> linear<2> >> iaf(subtract), {.seed = 3}};
    io::load_nir(subtracting, path);
}

TEST_CASE("what a chain of NIR's nodes cannot say is refused, and nothing is written") {
    test::folder const here;
    std::string const path = here / "never.nir";
    auto refuses = [&](auto network, std::string const& words) {
        auto const made = model{network, {}};
        SAYS(name_error, io::save_nir(made, path), "the network cannot be saved to '" + path + "' (" + words);
        REQUIRE(std::filesystem::is_empty(here.name()));
    };
    refuses(input<3> >> linear<2> >> izhikevich, "'izhikevich 1' is no node of NIR)");
    refuses(input<3> >> linear<2> >> iaf >> linear<2> >> leaky, "'leaky 1' is no node of NIR)");
    refuses(input<3> >> population<4> >> linear<2> >> iaf, "'population 1' is no node of NIR)");
    refuses(input<3> >> poisson >> linear<2> >> iaf, "'poisson 1' is no node of NIR)");
    refuses(input<3> >> linear<2> >> recurrent(iaf), "it is no plain chain of layers: 'recurrent 1' is part of a 'recurrent')");
    refuses(input<3> >> linear<3> >> iaf >> (identity + (linear<3> >> iaf)),
            "it is no plain chain of layers: 'linear 2' is part of a 'sum')");
    refuses(input<3> >> (linear<3> | linear<2>) >> iaf, "it is no plain chain of layers: 'linear 1' is part of a 'beside')");
    refuses(input<3> >> linear<3> >> (identity + identity), "it is no plain chain of layers: 'identity' is part of a 'sum')");

    auto network = model{short_chain, {}};
    network.set("iaf 1", "threshold", std::vector<double>{1, 1e300}); // no float reaches so far
    SAYS(value_error, io::save_nir(network, path), "'threshold' of 'iaf 1' is not finite at [1]");
    REQUIRE(std::filesystem::is_empty(here.name()));
}

TEST_CASE("a disk that refuses gets a sentence; the old file stays, the temporary one goes") {
    test::folder const here;
    auto network = model{short_chain, {.seed = 1}};
    SAYS(file_error, io::save_nir(network, here / "no folder/x.nir"),
         "cannot be written ('" + (here / "no folder/x.nir") + ".part' cannot be made");
    SAYS(file_error, io::save_nir(network, ""), "cannot be written");
    std::filesystem::create_directories(here / "folder/inside");
    SAYS(file_error, io::save_nir(network, here / "folder"), "cannot take its name");
    REQUIRE_FALSE(stands(here / "folder.part"));
    REQUIRE(stands(here / "folder/inside"));

    std::string const path = here / "old.nir";
    io::save_nir(network, path);
    std::string const old = test::bytes_of(path);
    network.set("linear 1", "bias", 7);
    std::filesystem::create_directory(path + ".part"); // in the way, and not ours
    SAYS(file_error, io::save_nir(network, path), "cannot be made");
    REQUIRE(stands(path + ".part"));
    REQUIRE(test::bytes_of(path) == old);
    std::filesystem::remove(path + ".part");
    if (std::filesystem::exists("/dev/full")) {
        std::filesystem::create_symlink("/dev/full", path + ".part"); // a disk without room
        SAYS(file_error, io::save_nir(network, path), "No space left on device");
        REQUIRE_FALSE(stands(path + ".part"));
        REQUIRE(stands("/dev/full"));
        REQUIRE(test::bytes_of(path) == old);
    }
    SAYS(name_error, io::save_nir(model{input<3> >> izhikevich, {}}, path), "'izhikevich 1'");
    REQUIRE(test::bytes_of(path) == old);
    test::write_bytes(path + ".part", "left by a run that was killed");
    io::save_nir(network, path);
    REQUIRE(test::bytes_of(path) != old);
    REQUIRE_FALSE(stands(path + ".part"));
    auto loaded = model{short_chain, {.seed = 2}};
    io::load_nir(loaded, path);
    REQUIRE(bits(loaded) == bits(network));
}

TEST_CASE("a real file, loaded, saved and loaded, is the same network") {
    std::string const real = test::nir_data() / "mnist_if.nir";
    test::folder const here;
    std::string const path = here / "mnist.nir";
    auto first = model{mnist_network::strict, {}}, second = model{mnist_network::strict, {.seed = 4}};
    io::load_nir(first, real);
    io::save_nir(first, path);
    io::load_nir(second, path);
    REQUIRE(bits(first) == bits(second));
    auto const before = io::read_nir(real), after = io::read_nir(path);
    auto const theirs = io::nir_chain(before, real), ours = io::nir_chain(after, path);
    REQUIRE(theirs.size() == ours.size());
    for (std::size_t k = 0; k < ours.size(); ++k) {
        REQUIRE(theirs[k]->type == ours[k]->type);
        REQUIRE(theirs[k]->fields.size() == ours[k]->fields.size());
        for (auto const& [key, value] : theirs[k]->fields) {
            REQUIRE(ours[k]->field(key).shape == value.shape);
            REQUIRE(ours[k]->field(key).values == value.values);
        }
    }
}
