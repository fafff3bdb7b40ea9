// NIR files: real ones where they are, small ones written here, and each way of being bad. A failed load changes nothing.
#include "../support/files.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <functional>
#include <spikefuse/io/load.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

#define SAYS(KIND, CALL, WORDS) REQUIRE_THROWS_MATCHES(CALL, KIND, MessageMatches(ContainsSubstring(WORDS)))

constexpr auto fitting = input<3> >> linear<2> >> iaf;

TEST_CASE("a file becomes a model's numbers") {
    test::folder const here;
    std::string const path = here / "good.nir";
    test::nir_file{.edges = {"lif1", "output", "input", "fc", "fc", "lif1", "fc", "lif1"}}.write(path); // any order, one of them twice
    auto network = model{fitting, {}};
    io::load_nir(network, path);
    REQUIRE(network.get("linear 1", "weight") == std::vector<float>(6, 0.5f));
    REQUIRE(network.get("linear 1", "bias") == std::vector<float>(2, 0.25f));
    REQUIRE(network.get("iaf 1", "threshold") == std::vector<float>(2, 1.5f));
    REQUIRE(network.get("iaf 1", "r") == std::vector<float>(2, 1.f));
    auto inclusive_network = model{input<3> >> linear<2> >> iaf(inclusive, subtract), {}};
    io::load_nir(inclusive_network, path); // v_reset is zero: nothing is lost
}

TEST_CASE("bad files get a sentence each, and change nothing") {
    test::folder const here;
    std::string const path = here / "bad.nir";
    auto network = model{fitting, {.seed = 9}};
    auto const weights = network.get("linear 1", "weight");
    auto load = [&] { io::load_nir(network, path); };
    auto with = [&](std::function<void(test::nir_file&)> const& change) {
        test::nir_file file;
        change(file);
        file.write(path);
    };
    SAYS(file_error, load(), "cannot be opened");
    test::write_bytes(path, "\x89HDF but not");
    SAYS(file_error, load(), "not a whole HDF5 file");
    with([](auto&) {});
    std::string const whole = test::bytes_of(path);
    test::write_bytes(path, whole.substr(0, whole.size() / 2));
    SAYS(file_error, load(), path);
    with([](auto& f) { f.without = {"node"}; });
    SAYS(file_error, load(), "no group /node");
    with([](auto& f) { f.without = {"edges"}; });
    SAYS(file_error, load(), "'nodes' and 'edges'");
    with([](auto& f) { f.without = {"v_threshold"}; });
    SAYS(file_error, load(), "a IF needs the field 'v_threshold'");
    with([](auto& f) { f.without = {"type"}; });
    SAYS(file_error, load(), "it has no type");
    with([](auto& f) { f.neuron = "IFF"; });
    SAYS(file_error, load(), "did you mean 'IF'?");
    with([](auto& f) { f.edges = {"input", "fc", "fc", "lif", "lif", "output"}; });
    SAYS(file_error, load(), "did you mean 'lif1'?");
    with([](auto& f) { f.weight = std::nanf(""); });
    SAYS(file_error, load(), "not finite at [0]");
    with([](auto& f) { f.thresholds = 3; });
    SAYS(file_error, load(), "different shapes");
    with([](auto& f) { f.without = {"output"}, f.edges = {"input", "fc", "fc", "lif1"}; });
    SAYS(file_error, load(), "1 Input and 0 Output");
    with([](auto& f) { f.edges = {"input", "fc", "fc", "lif1", "lif1", "fc"}; });
    SAYS(file_error, load(), "it loops through 'fc'");
    with([](auto& f) { f.edges = {"input", "fc", "fc", "lif1", "fc", "output"}; });
    SAYS(file_error, load(), "'fc' leads to 2 nodes");
    with([](auto& f) { f.edges = {"input", "fc", "fc", "output"}; });
    SAYS(file_error, load(), "do not lie between Input and Output");
    with([](auto& f) { f.weight_shape = {2, 4}; });
    SAYS(shape_error, load(), "is [2, 4] (this network wants [2, 3])");
    with([](auto& f) { f.neuron = "LIF"; });
    SAYS(file_error, load(), "a LIF needs the field 'tau'");
    {
        with([](auto&) {});
        auto longer = model{input<3> >> linear<2> >> iaf >> linear<1>, {}};
        SAYS(shape_error, io::load_nir(longer, path), "holds 2 layers (this network has 3)");
        auto other = model{input<3> >> linear<2> >> lif, {}};
        SAYS(name_error, io::load_nir(other, path), "'lif1' in '" + path + "' is a IF (the network has 'lif 1' there)");
        auto without_bias = model{input<3> >> linear<2>(no_bias) >> iaf, {}};
        SAYS(name_error, io::load_nir(without_bias, path), "'bias' of 'fc'");
    }
    with([](auto& f) { f.v_reset = -1; });
    auto subtracting = model{input<3> >> linear<2> >> iaf(subtract), {}};
    SAYS(name_error, io::load_nir(subtracting, path), "'v_reset' of 'lif1'");
    REQUIRE(network.get("linear 1", "weight") == weights);
    load();
    REQUIRE(network.get("iaf 1", "v_reset") == std::vector<float>(2, -1.f));
}

TEST_CASE("a name with a slash makes a group without a type: a sentence") {
    test::folder const here;
    std::string const path = here / "slash.nir";
    test::nir_file{}.write(path);
    hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    H5Gclose(H5Gcreate2(file, "/node/nodes/block", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Fclose(file);
    SAYS(file_error, io::read_nir(path), "with a slash");
}

TEST_CASE("real files") {
    std::string const folder = SPIKEFUSE_SOURCE_DIR "/../shared/nir/";
    if (!std::filesystem::exists(folder)) {
        WARN("no real NIR files here (" + folder + "): not read");
        return;
    }
    REQUIRE(io::read_nir(folder + "lif_norse.nir").nodes.size() == 4);
    auto const cnn = io::read_nir(folder + "cnn_sinabs.nir");
    REQUIRE(io::nir_chain(cnn, "cnn").size() == 13);
    REQUIRE(io::nir_chain(cnn, "cnn")[0]->field("weight").shape == std::vector<std::size_t>{16, 2, 5, 5});
    auto const braille = io::read_nir(folder + "braille_noDelay_bias_zero.nir");
    REQUIRE(braille.nodes.size() == 7);
    SAYS(file_error, io::nir_chain(braille, "braille"), "'lif1.lif' leads to 2 nodes");
    SAYS(file_error, io::read_nir(folder + "braille_noDelay_bias_zero_subgraph.nir"), "did you mean 'lif1'?");
    REQUIRE(io::nir_chain(io::read_nir(folder + "two_lif_neurons.nir"), "two").size() == 4);
    REQUIRE(io::nir_chain(io::read_nir(folder + "mnist_if.nir"), "mnist").size() == 6);
}
