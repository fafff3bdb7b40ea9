// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A NIR file as a graph: what is settled, what is strange, and everything that is wrong at once.
#include "../support/data.hpp"
#include "../support/files.hpp"
#include "../support/nir_recording.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <spikefuse/io/nir.hpp>
#include <spikefuse/io/nir_graph.hpp>
#if __has_include(<nlohmann/json.hpp>)
#include <nlohmann/json.hpp>
#endif

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

std::string said(nir::report const& report) {
    std::string all;
    for (auto const& one : report.faults) all += one.place + ": " + one.why + "\n";
    return all;
}

} // namespace

TEST_CASE("a small file becomes a graph: types, shapes, parameters, what is left out") {
    test::folder const here;
    std::string const path = here / "one.nir";
    test::nir_file{.without = {"bias"}}.write(path);
    REQUIRE_THROWS_MATCHES(nir::read(path), file_error,
                           MessageMatches(ContainsSubstring("a Affine needs the field 'bias'")));
    test::nir_file{.edges = {"lif1", "output", "input", "fc", "fc", "lif1", "fc", "lif1"}}.write(
        path);
    nir::graph const graph = nir::read(path);
    REQUIRE(graph.nodes.size() == 4);
    REQUIRE(graph.edges.size() == 3);
    REQUIRE(graph.warnings.size() == 1); // the edge that is said twice
    REQUIRE_THAT(graph.warnings[0].why, ContainsSubstring("fc -> lif1 twice"));
    nir::node const& fc = graph.nodes[graph.find("fc")];
    REQUIRE((fc.type == "Affine" && fc.in == nir::extents{3} && fc.out == nir::extents{2}));
    REQUIRE(std::get<nir::nodes::affine>(fc.what).bias.values == std::vector<double>(2, 0.25));
    auto const& iaf = std::get<nir::nodes::iaf>(graph.nodes[graph.find("lif1")].what);
    REQUIRE((iaf.v_threshold.uniform() && iaf.v_threshold[1] == 1.5));
    REQUIRE(graph.numbers() == 6 + 2 + 3 * 2);
    REQUIRE(graph.inputs[0].label == "input");
    REQUIRE_THROWS_MATCHES(graph.find("lif"), name_error,
                           MessageMatches(ContainsSubstring("did you mean 'lif1'?")));
}

TEST_CASE("everything that is wrong with a file is said at once, each with its place") {
    test::folder const here;
    std::string const path = here / "bad.nir";
    test::nir_file file;
    file.without = {"v_threshold"};                                // a field
    file.edges = {"input", "fc", "fc", "lif2", "lif1", "outputs"}; // two edges
    file.weight_shape = {2, 4};                                    // a width
    file.bias = std::numeric_limits<float>::infinity();            // a number
    file.write(path);
    nir::report const report = nir::check(path);
    CAPTURE(said(report));
    REQUIRE(report.faults.size() == 5);
    auto const has = [&](std::string const& node, std::string const& field,
                         std::string const& why) {
        for (auto const& one : report.faults)
            if (one.node == node && one.field == field && one.why.find(why) != std::string::npos)
                return true;
        return false;
    };
    REQUIRE(has("lif1", "v_threshold", "a IF needs the field"));
    REQUIRE(has("", "edges", "fc -> lif2 names 'lif2', which is no node (did you mean 'lif1'?)"));
    REQUIRE(has("", "edges", "names 'outputs', which is no node (did you mean 'output'?)"));
    REQUIRE(has("fc", "weight", "it is [2, 4] and takes 4, and 'input' gives [3]"));
    REQUIRE(has("fc", "bias", "not finite at [0]"));
    for (auto const& one : report.faults)
        REQUIRE_THROWS_MATCHES(nir::read(path), file_error,
                               MessageMatches(ContainsSubstring(one.why)));
}

TEST_CASE("a file without ends has them put there; one whose node is joined to nothing says so") {
    test::folder const here;
    std::string const path = here / "ends.nir";
    test::nir_file{.without = {"input", "output"}, .edges = {"fc", "lif1"}}.write(path);
    nir::graph const graph = nir::read(path);
    REQUIRE((graph.inputs.size() == 1 && graph.inputs[0].label == "fc"));
    REQUIRE((graph.outputs.size() == 1 && graph.outputs[0].label == "lif1"));
    REQUIRE(graph.nodes[graph.inputs[0].node].out == nir::extents{3});
    REQUIRE(graph.warnings.size() == 2);
}

TEST_CASE("every recorded network is read, and its outputs have the recorded shapes") {
    int networks = 0;
    for (auto const& path : test::nir_files(test::nir_golden_data())) {
        CAPTURE(path.string());
        nir::graph const graph = nir::read(path.string());
        REQUIRE(nir::check(path.string()).faults.empty());
        REQUIRE_NOTHROW(io::read_nir(path.string()));
        auto recorded = path;
        io::hdf5_file const file(recorded.replace_extension(".h5").string());
        for (nir::port const& port : graph.inputs) {
            std::size_t count = 1, recorded_count = 1;
            for (std::size_t const extent : graph.nodes[port.node].out) count *= extent;
            auto const shape = file.shape("/in/" + port.label);
            for (std::size_t k = 1; k < shape.size(); ++k) recorded_count *= shape[k];
            REQUIRE(count == recorded_count);
        }
        for (nir::port const& port : graph.outputs) { // but for axes of one, which files add
            auto const bare = [](nir::extents shape) {
                std::erase(shape, std::size_t(1));
                return shape;
            };
            auto shape = file.shape("/expect/spec/out/" + port.label);
            shape.erase(shape.begin());
            REQUIRE(bare(graph.nodes[port.node].out) == bare(shape));
        }
        ++networks;
    }
    REQUIRE(networks > 0);
}

TEST_CASE("metadata is kept, dtypes and filters do not show, names stay as they are") {
    std::filesystem::path const folder = test::nir_golden_data();
    auto const read = [&](char const* name) {
        return nir::read((folder / (std::string(name) + ".nir")).string());
    };
    nir::graph const noted = read("net_metadata");
    REQUIRE(noted.metadata.at("framework") == "snntorch");
    REQUIRE(noted.metadata.at("nested/deep") == "x");
    REQUIRE(noted.nodes[noted.find("fc")].metadata.at("epoch") == "3");
    REQUIRE(read("net_nested").find("block/cell/lif") > 0);
    REQUIRE(read("net_braille_flat").find("lif1.w_rec") > 0);
    REQUIRE_THAT(read("net_batch_axis").warnings.back().why, ContainsSubstring("batch axis"));
}

TEST_CASE("broken files are refused with the words that a good sentence holds") {
    std::filesystem::path const broken = test::nir_golden_data() / ".." / "broken";
    if (!std::filesystem::exists(broken)) SKIP("no broken files at " + broken.string());
#if __has_include(<nlohmann/json.hpp>)
    std::ifstream text(broken / "expected.json");
    nlohmann::json const expected = nlohmann::json::parse(text);
    int refused = 0;
    for (auto const& [name, wanted] : expected.items()) {
        std::string what;
        try {
            (void)nir::read((broken / (name + ".nir")).string());
        } catch (file_error const& fault) {
            what = fault.what();
            ++refused;
        }
        CAPTURE(name, what);
        std::string const verdict = wanted["verdict"];
        if (verdict == "refuse") REQUIRE(!what.empty());
        if (verdict == "accept") REQUIRE(what.empty());
        for (std::string const word : wanted["mention"])
            if (!what.empty()) CHECK_THAT(what, ContainsSubstring(word));
    }
    REQUIRE(refused > 20);
#else
    SKIP("no nlohmann/json.hpp to read what is expected");
#endif
}
