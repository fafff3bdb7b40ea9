// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NIR files: real ones where they are, small ones written here, and each way of being bad. A failed
// load changes nothing.
#include "../support/data.hpp"
#include "../support/files.hpp"
#include "../support/says.hpp"

#include <algorithm>
#include <bit>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <set>
#include <spikefuse/io/load.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;

constexpr auto fitting = input<3> >> linear<2> >> iaf;

TEST_CASE("a file becomes a model's numbers") {
    test::folder const here;
    std::string const path = here / "good.nir";
    test::nir_file{.edges = {"lif1", "output", "input", "fc", "fc", "lif1", "fc", "lif1"}}.write(
        path); // any order, one of them twice
    auto network = model{fitting, {}};
    network.load(nir::read(path));
    REQUIRE(network.get("linear 1", "weight") == std::vector<float>(6, 0.5f));
    REQUIRE(network.get("linear 1", "bias") == std::vector<float>(2, 0.25f));
    REQUIRE(network.get("iaf 1", "threshold") == std::vector<float>(2, 1.5f));
    REQUIRE(network.get("iaf 1", "r") == std::vector<float>(2, 1.f));
    auto inclusive_network = model{input<3> >> linear<2> >> iaf(inclusive, subtract), {}};
    inclusive_network.load(nir::read(path)); // v_reset is zero: nothing is lost
}

TEST_CASE("bad files get a sentence each, and change nothing") {
    test::folder const here;
    std::string const path = here / "bad.nir";
    auto network = model{fitting, {.seed = 9}};
    auto const weights = network.get("linear 1", "weight");
    auto load = [&] { network.load(nir::read(path)); };
    auto chain = [&] { (void)io::nir_chain(io::read_nir(path), path); };
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
    SAYS(file_error, chain(), "1 Input and 0 Output");
    with([](auto& f) {
        f.edges = {"input", "fc", "fc", "lif1", "lif1", "fc"}, f.weight_shape = {2, 2},
        f.inputs = 2;
    });
    SAYS(file_error, chain(), "it loops through 'fc'");
    with([](auto& f) { f.edges = {"input", "fc", "fc", "lif1", "fc", "output"}; });
    SAYS(file_error, chain(), "'fc' leads to 2 nodes");
    SAYS(shape_error, load(), "  ! output: Output [2] of iaf 1   | output: Output [2] of fc");
    with([](auto& f) { f.edges = {"input", "fc", "fc", "output"}; });
    SAYS(file_error, chain(), "do not lie between Input and Output");
    with([](auto& f) { f.weight_shape = {2, 4}; });
    SAYS(file_error, load(), "(it is [2, 4] and takes 4, and 'input' gives [3])");
    with([](auto& f) { f.weight_shape = {2, 4}, f.inputs = 4; });
    SAYS(shape_error, load(), "is [2, 4] (this network wants [2, 3])");
    with([](auto& f) { f.neuron = "LIF"; });
    SAYS(file_error, load(), "a LIF needs the field 'tau'");
    {
        with([](auto&) {});
        auto longer = model{input<3> >> linear<2> >> iaf >> linear<1>, {}};
        SAYS(shape_error, longer.load(nir::read(path)), "! linear 2: Affine [1] of iaf 1  | \n");
        auto other = model{input<3> >> linear<2> >> lif, {}};
        SAYS(name_error, other.load(nir::read(path)),
             "'lif1' in '" + path +
                 "' is a IF (the network has 'lif 1' there, NIR's CubaLIF). Write the network as "
                 "the file has it, layer by layer: a IF is "
                 "iaf");
        auto without_bias = model{input<3> >> linear<2>(no_bias) >> iaf, {}};
        SAYS(name_error, without_bias.load(nir::read(path)), "'bias' of 'fc'");
    }
    with([](auto& f) { f.v_reset = -1; });
    auto subtracting = model{input<3> >> linear<2> >> iaf(subtract), {}};
    SAYS(name_error, subtracting.load(nir::read(path)), "'v_reset' of 'lif1'");
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
    std::string const folder = test::nir_data() / "";
    REQUIRE(io::read_nir(folder + "lif_norse.nir").nodes.size() == 4);
    auto const cnn = io::read_nir(folder + "cnn_sinabs.nir");
    REQUIRE(io::nir_chain(cnn, "cnn").size() == 13);
    REQUIRE(io::nir_chain(cnn, "cnn")[0]->field("weight").shape ==
            std::vector<std::size_t>{16, 2, 5, 5});
    auto const braille = io::read_nir(folder + "braille_noDelay_bias_zero.nir");
    REQUIRE(braille.nodes.size() == 7);
    SAYS(file_error, io::nir_chain(braille, "braille"), "'lif1.lif' leads to 2 nodes");
    SAYS(file_error, io::read_nir(folder + "braille_noDelay_bias_zero_subgraph.nir"),
         "did you mean 'lif1'?");
    REQUIRE(io::nir_chain(io::read_nir(folder + "two_lif_neurons.nir"), "two").size() == 4);
    REQUIRE(io::nir_chain(io::read_nir(folder + "mnist_if.nir"), "mnist").size() == 6);
}

namespace {

/// Changes the good file at `path` with the bare library.
void change(std::string const& path, std::function<void(hid_t)> const& how) {
    test::nir_file{}.write(path);
    hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    how(file);
    H5Fclose(file);
}
void remove(hid_t file, std::string const& name) { H5Ldelete(file, name.c_str(), H5P_DEFAULT); }
void group(hid_t file, std::string const& name) {
    H5Gclose(H5Gcreate2(file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
}
/// A data set that replaces another. No values: it is never written. Chunks: deflated.
void dataset(hid_t file, std::string const& name, hid_t type, std::vector<hsize_t> const& shape,
             hid_t memory, void const* values, std::vector<hsize_t> const& chunks = {}) {
    if (H5Lexists(file, name.c_str(), H5P_DEFAULT) > 0) remove(file, name);
    hid_t const space =
        shape.empty() ? H5Screate(H5S_SCALAR)
                      : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    hid_t const how = H5Pcreate(H5P_DATASET_CREATE);
    if (!chunks.empty())
        H5Pset_chunk(how, static_cast<int>(chunks.size()), chunks.data()), H5Pset_deflate(how, 9);
    hid_t const set = H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, how, H5P_DEFAULT);
    if (values != nullptr) H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    H5Pclose(how);
    H5Sclose(space);
}
void numbers(hid_t file, std::string const& name, std::vector<hsize_t> const& shape,
             std::vector<double> const& values, std::vector<hsize_t> const& chunks = {}) {
    dataset(file, name, H5T_IEEE_F64LE, shape, H5T_NATIVE_DOUBLE, values.data(), chunks);
}
void texts(hid_t file, std::string const& name, std::vector<hsize_t> const& shape,
           std::vector<char const*> const& values) {
    hid_t const type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    dataset(file, name, type, shape, type, values.data());
    H5Tclose(type);
}
void fixed_text(hid_t file, std::string const& name, std::string const& value, H5T_str_t padding) {
    hid_t const type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, value.size());
    H5Tset_strpad(type, padding);
    dataset(file, name, type, {}, type, value.data());
    H5Tclose(type);
}

template <class Network>
std::vector<std::uint32_t> bits(Network const& network) {
    std::vector<std::uint32_t> all;
    for (auto const& parameter : network.parameters())
        for (float value : network.get(parameter.layer, parameter.name))
            all.push_back(std::bit_cast<std::uint32_t>(value));
    return all;
}
std::string const nodes = "/node/nodes/";

} // namespace

TEST_CASE("what frameworks write: deflated, integers, texts of fixed length, one number for all, "
          "an image's shape") {
    test::folder const here;
    std::string const path = here / "good.nir";
    change(path, [](hid_t file) {
        numbers(file, nodes + "fc/weight", {2, 3}, {1, 2, 3, 4, 5, 6}, {1, 2});
        std::int64_t const bias[] = {-7, 8};
        dataset(file, nodes + "fc/bias", H5T_STD_I64LE, {2}, H5T_NATIVE_INT64, bias);
        fixed_text(file, nodes + "fc/type", "Affine", H5T_STR_NULLPAD);
        fixed_text(file, nodes + "lif1/type", "IF", H5T_STR_NULLPAD);
        numbers(file, nodes + "lif1/r", {}, {2});
        numbers(file, nodes + "lif1/v_threshold", {}, {3});
        remove(file, nodes + "lif1/v_reset"); // older files: zero
        group(file, nodes + "lif1/metadata");
    });
    auto network = model{fitting, {}};
    network.load(nir::read(path));
    REQUIRE(network.get("linear 1", "weight") == std::vector<float>{1, 2, 3, 4, 5, 6});
    REQUIRE(network.get("linear 1", "bias") == std::vector<float>{-7, 8});
    REQUIRE(network.get("iaf 1", "r") == std::vector<float>{2, 2});
    REQUIRE(network.get("iaf 1", "threshold") == std::vector<float>{3, 3});
    REQUIRE(network.get("iaf 1", "v_reset") == std::vector<float>{0, 0});
    change(path, [](hid_t file) {
        for (auto const* key : {"r", "v_threshold", "v_reset"})
            numbers(file, nodes + "lif1/" + key, {1, 2, 1}, {4, 5});
    });
    network.load(nir::read(path));
    REQUIRE(network.get("iaf 1", "r") == std::vector<float>{4, 5});
}

TEST_CASE("damage inside a file: a sentence, and every bit of the model stays") {
    test::folder const here;
    std::string const path = here / "bad.nir";
    auto network = model{fitting, {.seed = 5}};
    auto const before = bits(network);
    auto says = [&](char const* kind, std::string const& words,
                    std::function<void(hid_t)> const& how) {
        change(path, how);
        std::string text = "nothing";
        try {
            network.load(nir::read(path));
        } catch (error const& fault) {
            text = fault.what();
        }
        INFO(text);
        REQUIRE(text.find(std::string("spikefuse::") + kind) == 0);
        REQUIRE(text.find(words) != std::string::npos);
        REQUIRE((text.find('\n') == std::string::npos) ==
                (text.find("faults:") == std::string::npos &&
                 text.find("differences:") == std::string::npos &&
                 text.find("the network ") == std::string::npos));
        REQUIRE(bits(network) == before);
    };
    for (std::string const key :
         {"fc/weight", "fc/bias", "lif1/r", "lif1/v_threshold", "input/shape", "output/shape"}) {
        std::string const field = "needs the field '" + key.substr(key.find('/') + 1) + "'";
        says("file_error", field, [&](hid_t f) { remove(f, nodes + key); });
        says("file_error", "text where numbers belong",
             [&](hid_t f) { texts(f, nodes + key, {}, {"half"}); });
        says("file_error", "a group where an array belongs",
             [&](hid_t f) { remove(f, nodes + key), group(f, nodes + key); });
        says("file_error", nodes + key + "' in '" + path + "' is not", [&](hid_t f) {
            numbers(f, nodes + key, {1}, {std::numeric_limits<double>::infinity()});
        });
    }
    says("file_error", "text where numbers belong",
         [](hid_t f) { texts(f, nodes + "lif1/v_reset", {}, {"zero"}); });
    says("file_error", "promises more than the file holds", [](hid_t f) {
        dataset(f, nodes + "fc/weight", H5T_IEEE_F64LE, {1u << 20, 1u << 14}, H5T_NATIVE_DOUBLE,
                nullptr, {1024, 1024});
    });
    says("file_error", "extents are absurd", [](hid_t f) {
        dataset(f, nodes + "fc/weight", H5T_IEEE_F64LE, {hsize_t(1) << 40, hsize_t(1) << 22},
                H5T_NATIVE_DOUBLE, nullptr, {1024, 1024});
    });
    says("file_error", "it is a Linear, not a NIRGraph", [](hid_t f) {
        texts(f, "/node/type", {}, {"Linear"});
        numbers(f, "/node/weight", {1, 1}, {1});
    });
    says("file_error", "(did you mean 'NIRGraph'?)",
         [](hid_t f) { texts(f, "/node/type", {}, {"NIRGraf"}); });
    says("file_error", "it holds no text", [](hid_t f) { numbers(f, nodes + "fc/type", {}, {1}); });
    says("file_error", "it holds 2 texts instead of one",
         [](hid_t f) { texts(f, nodes + "fc/type", {2}, {"Affine", "Affine"}); });
    says("file_error", "it holds no text",
         [](hid_t f) { numbers(f, "/node/edges", {1, 2}, {0, 1}); });
    says("file_error", "edges have the shape [E, 2]",
         [](hid_t f) { texts(f, "/node/edges", {2}, {"input", "fc"}); });
    says("file_error", "edges have the shape [E, 2]",
         [](hid_t f) { texts(f, "/node/edges", {1, 3}, {"input", "fc", "lif1"}); });
    says("file_error", "edges have the shape [E, 2]",
         [](hid_t f) { texts(f, "/node/edges", {}, {"input"}); });
    says("file_error", "it is missing, or not a data set",
         [](hid_t f) { remove(f, "/node/edges"), group(f, "/node/edges"); });
    says("file_error", "it is missing, or not a group",
         [](hid_t f) { remove(f, "/node/nodes"), numbers(f, "/node/nodes", {}, {1}); });
    says("shape_error", "holds 0 nodes that compute",
         [](hid_t f) { dataset(f, "/node/edges", H5T_C_S1, {0, 2}, H5T_C_S1, nullptr); });
    says("file_error", "an edge output -> fc leads out of an Output", [](hid_t f) {
        texts(f, "/node/edges", {4, 2},
              {"input", "fc", "fc", "lif1", "lif1", "output", "output", "fc"});
    });
    says("file_error", "nested more than 16 deep", [](hid_t f) { // a graph that holds itself
        remove(f, nodes + "fc");
        H5Lcreate_hard(f, "/node", f, (nodes + "fc").c_str(), H5P_DEFAULT, H5P_DEFAULT);
    });
    says("file_error", "'" + nodes + "block': it has no type",
         [](hid_t f) { // a node called "block/lif1"
             group(f, nodes + "block");
             H5Lmove(f, (nodes + "lif1").c_str(), f, (nodes + "block/lif1").c_str(), H5P_DEFAULT,
                     H5P_DEFAULT);
         });
    says("file_error", "it is not a group", [](hid_t f) { // a link to nothing
        remove(f, nodes + "fc");
        H5Lcreate_soft("/nowhere", f, (nodes + "fc").c_str(), H5P_DEFAULT, H5P_DEFAULT);
    });
    says("file_error", "it is [3] beside a weight [2, 3]",
         [](hid_t f) { numbers(f, nodes + "fc/bias", {3}, {1, 2, 3}); });
    says("file_error", "it is [3], and 'fc' gives [2]",
         [](hid_t f) { // the last array of the last layer
             for (auto const* key : {"r", "v_threshold", "v_reset"})
                 numbers(f, nodes + "lif1/" + key, {3}, {1, 2, 3});
         });
    auto const wider = [](hid_t f) { // a network of another width, whole
        numbers(f, nodes + "fc/weight", {3, 3}, std::vector<double>(9, 1)),
            numbers(f, nodes + "fc/bias", {3}, {1, 2, 3});
        for (auto const* key : {"r", "v_threshold", "v_reset"})
            numbers(f, nodes + "lif1/" + key, {3}, {1, 2, 3});
        numbers(f, nodes + "output/shape", {1}, {3});
    };
    says("shape_error", "is [3, 3] (this network wants [2, 3])", wider);
    says("name_error", "is a Scale", [](hid_t f) {
        texts(f, nodes + "fc/type", {}, {"Scale"});
        numbers(f, nodes + "fc/scale", {3}, {1, 2, 3});
        for (auto const* key : {"r", "v_threshold", "v_reset"})
            numbers(f, nodes + "lif1/" + key, {}, {1});
        numbers(f, nodes + "output/shape", {1}, {3});
    });
    says("value_error", "in float this one is inf",
         [](hid_t f) { numbers(f, nodes + "lif1/v_threshold", {2}, {1, 1e300}); });
}

TEST_CASE("a file cut anywhere, or with a broken heap of texts, gets a sentence") {
    test::folder const here;
    std::string const path = here / "bad.nir";
    test::nir_file{}.write(path);
    std::string const whole = test::bytes_of(path);
    for (std::size_t length = 0; length < whole.size(); length += 101) {
        test::write_bytes(path, whole.substr(0, length));
        REQUIRE_THROWS_AS(io::read_nir(path), file_error);
    }
    std::size_t const heap = whole.find("GCOL");
    REQUIRE(heap != std::string::npos);
    for (std::size_t at :
         {heap + 8, heap + 24, heap + 14}) { // the heap's size, the first text's, an enormous one
        std::string broken = whole;
        broken.replace(at, 2, "\xff\x7f");
        test::write_bytes(path, broken);
        SAYS(file_error, io::read_nir(path), "heap of texts does not hold together");
    }
    std::string broken = whole;
    broken.replace(heap + 16, 16,
                   std::string(16, '\0')); // free space without an end: HDF5 would walk on the spot
    test::write_bytes(path, broken);
    SAYS(file_error, io::read_nir(path), "heap of texts does not hold together");
}

namespace {

/// input -> c -> output, c a node of any kind: its texts, its numbers.
struct one_node {
    std::string type;
    std::vector<std::pair<std::string, std::vector<double>>> fields; // [K], or () for one number
    std::vector<double> input = {2, 8, 8}, output = {};
    std::vector<hsize_t> weight = {};
    std::string padding = {};

    std::string refused(std::string const& path) const {
        {
            test::hdf5_writer const file(path);
            file.group("/node"), file.text("/node/type", "NIRGraph"), file.group("/node/nodes");
            for (std::string const name : {"input", "c", "output"}) file.group(nodes + name);
            auto const put = [&](std::string const& name, std::vector<double> const& values) {
                std::vector<hsize_t> shape;
                if (values.size() != 1) shape.push_back(values.size());
                file.numbers(nodes + name, shape, std::vector<float>(values.begin(), values.end()));
            };
            file.text(nodes + "input/type", "Input"), put("input/shape", input);
            if (output.empty()) {
                file.text(nodes + "output/type", "Threshold"), put("output/threshold", {1});
            } else {
                file.text(nodes + "output/type", "Output"), put("output/shape", output);
            }
            file.text(nodes + "c/type", type);
            for (auto const& [key, values] : fields) put("c/" + key, values);
            if (!padding.empty()) file.text(nodes + "c/padding", padding);
            if (!weight.empty()) {
                std::size_t count = 1;
                for (hsize_t extent : weight) count *= extent;
                file.numbers(nodes + "c/weight", weight, std::vector<float>(count, 0.5f));
            }
            file.texts("/node/edges", {2, 2}, {"input", "c", "c", "output"});
        }
        try {
            io::read_nir(path);
            return "";
        } catch (file_error const& fault) {
            return fault.what();
        }
    }
};

} // namespace

TEST_CASE("nodes whose numbers mean nothing get a sentence each") {
    test::folder const here;
    std::string const path = here / "one.nir";
    auto const says = [&](std::string const& place, std::string const& words,
                          one_node const& node) {
        std::string const text = node.refused(path);
        INFO(text);
        REQUIRE(text.find("'" + nodes + "c" + place + "' in '") != std::string::npos);
        REQUIRE(text.find(words) != std::string::npos);
    };
    auto const reads = [&](one_node const& node) {
        INFO(node.refused(path));
        REQUIRE(node.refused(path).empty());
    };
    auto const conv = [](std::vector<std::pair<std::string, std::vector<double>>> const& changes,
                         std::string const& padding = "") {
        std::vector<std::pair<std::string, std::vector<double>>> fields = {{"stride", {1, 1}},
                                                                           {"padding", {0, 0}},
                                                                           {"dilation", {1, 1}},
                                                                           {"groups", {1}},
                                                                           {"bias", {1, 2, 3, 4}}};
        for (auto const& change : changes) {
            auto const same = std::find_if(fields.begin(), fields.end(),
                                           [&](auto const& f) { return f.first == change.first; });
            if (same == fields.end())
                fields.push_back(change);
            else
                *same = change;
        }
        if (!padding.empty())
            std::erase_if(fields, [](auto const& f) { return f.first == "padding"; });
        return one_node{
            .type = "Conv2d", .fields = fields, .weight = {4, 2, 3, 3}, .padding = padding};
    };
    reads(conv({}));
    reads(conv({{"input_shape", {8, 8}}, {"stride", {2}}, {"padding", {1}}}));
    reads(conv({}, "same"));
    reads(conv({}, "valid"));
    for (double const stride : {0., -1., 1.5})
        says("/stride", "at [1], and a whole number from 1 on", conv({{"stride", {1, stride}}}));
    says("/stride", "it holds 3 numbers, and there are 2 axes", conv({{"stride", {1, 1, 1}}}));
    says("/dilation", "it is 0 at [0]", conv({{"dilation", {0}}}));
    says("/padding", "it is -1 at [0], and a whole number from 0 on", conv({{"padding", {-1}}}));
    says("/padding", "it is 'reflect', and NIR has numbers, 'same' and 'valid'",
         conv({}, "reflect"));
    says("/padding", "it is 'same' beside a stride of 2", conv({{"stride", {1, 2}}}, "same"));
    says("/groups", "it is 0 at [0]", conv({{"groups", {0}}}));
    says("/groups", "3 groups do not divide 4 channels", conv({{"groups", {3}}}));
    says("/weight", "it takes 4 channels, and 'input' gives [2, 8, 8]", conv({{"groups", {2}}}));
    says("/bias", "it is [3] beside a weight [4, 2, 3, 3]", conv({{"bias", {1, 2, 3}}}));
    says("/input_shape", "it says [9, 9], and 'input' gives [2, 8, 8]",
         conv({{"input_shape", {9, 9}}}));
    says("/weight", "its kernel reaches over 9, and its input with padding has 8 along axis 0",
         conv({{"dilation", {4, 1}}}));
    reads(conv({{"dilation", {4, 1}}, {"padding", {1, 0}}}));
    one_node flat = conv({});
    flat.weight = {4, 3, 3};
    says("/weight", "it is [4, 3, 3], and [out, in, kernel] has 4 axes", flat);
    flat = conv({});
    flat.input = {64};
    says("", "'input' gives [64], and it takes [channels, height, width]", flat);

    auto const pool = [](std::vector<double> const& kernel, std::vector<double> const& stride,
                         std::vector<double> const& padding) {
        return one_node{
            .type = "SumPool2d",
            .fields = {{"kernel_size", kernel}, {"stride", stride}, {"padding", padding}}};
    };
    reads(pool({2, 2}, {2, 2}, {0, 0}));
    says("/kernel_size", "it is 0 at [0]", pool({0, 2}, {2, 2}, {0, 0}));
    says("/stride", "it is 0 at [1]", pool({2, 2}, {2, 0}, {0, 0}));
    says("/padding", "it is -2 at [0]", pool({2, 2}, {2, 2}, {-2, 0}));
    says("/kernel_size",
         "its kernel reaches over 11, and its input with padding has 10 along axis 1",
         pool({2, 11}, {2, 2}, {1, 1}));

    auto const flatten = [](double start, double end) {
        return one_node{.type = "Flatten", .fields = {{"start_dim", {start}}, {"end_dim", {end}}}};
    };
    reads(flatten(0, -1)), reads(flatten(-3, -2)), reads(flatten(1, 1));
    says("/start_dim", "it flattens the axes 3 to -1 of [2, 8, 8], which are none", flatten(3, -1));
    says("/start_dim", "of [2, 8, 8], which are none", flatten(-4, -1));
    says("/end_dim", "it flattens the axes 2 to 1", flatten(2, 1));
    says("/end_dim", "of [2, 8, 8], which are none", flatten(0, 3));
    says("/start_dim", "it is 0.5 at [0]", flatten(0.5, 1));
    says("/input_type", "it says [2, 8, 9], and 'input' gives [2, 8, 8]",
         {.type = "Flatten",
          .fields = {{"start_dim", {0}}, {"end_dim", {-1}}, {"input_type", {2, 8, 9}}}});

    for (double const tau : {0., -1e-3}) {
        says("/tau", "at [1], and a time constant is positive",
             {.type = "LIF",
              .fields =
                  {{"tau", {1, tau}}, {"r", {1, 1}}, {"v_leak", {0, 0}}, {"v_threshold", {1, 1}}},
              .input = {2}});
        for (bool const synapse : {false, true})
            says(synapse ? "/tau_syn" : "/tau_mem", "at [0], and a time constant is positive",
                 {.type = "CubaLIF",
                  .fields = {{"tau_mem", {synapse ? 1 : tau}},
                             {"tau_syn", {synapse ? tau : 1}},
                             {"r", {1}},
                             {"v_leak", {0}},
                             {"v_threshold", {1}}},
                  .input = {2}});
    }
    says("/delay", "it is -0.001 at [1], and a delay is not negative",
         {.type = "Delay", .fields = {{"delay", {0, -1e-3}}}, .input = {2}});
    reads({.type = "LIF",
           .fields = {{"tau", {1, 2}}, {"r", {1}}, {"v_leak", {0}}, {"v_threshold", {1, 1}}},
           .input = {2}}); // one for all
    says("", "have different shapes",
         {.type = "LIF",
          .fields = {{"tau", {1, 2}}, {"r", {1, 2, 3}}, {"v_leak", {0}}, {"v_threshold", {1}}},
          .input = {2}});
    says("/weight", "it is [6], and [out, in] has 2 axes",
         {.type = "Linear", .fields = {}, .input = {6}, .weight = {6}});
    says("/weight", "it is [8, 6] and takes 6, and 'input' gives [8]: is it transposed?",
         {.type = "Linear", .fields = {}, .input = {8}, .weight = {8, 6}});
    std::string const output =
        one_node{.type = "Linear", .fields = {}, .input = {6}, .output = {7}, .weight = {8, 6}}
            .refused(path);
    REQUIRE_THAT(output, ContainsSubstring("output/shape") &&
                             ContainsSubstring("it is [7], and 'c' gives [8]"));
}

TEST_CASE(
    "a graph without sense is refused: a cycle at once, a chain in two, an edge into an input") {
    test::folder const here;
    std::string const path = here / "graph.nir";
    change(path, [](hid_t f) {
        texts(f, nodes + "lif1/type", {}, {"Scale"}), numbers(f, nodes + "lif1/scale", {2}, {1, 1}),
            numbers(f, nodes + "fc/weight", {2, 2}, {1, 2, 3, 4});
        numbers(f, nodes + "input/shape", {1}, {2});
        texts(f, "/node/edges", {4, 2},
              {"input", "fc", "fc", "lif1", "lif1", "fc", "lif1", "output"});
    });
    SAYS(file_error, io::read_nir(path), "is a cycle without a neuron or a Delay");
    change(path,
           [](hid_t f) { texts(f, "/node/edges", {2, 2}, {"input", "fc", "lif1", "output"}); });
    SAYS(file_error, io::read_nir(path), "nothing leads to it, and nothing follows fc");
    change(path, [](hid_t f) {
        texts(f, "/node/edges", {4, 2},
              {"input", "fc", "fc", "lif1", "lif1", "output", "lif1", "input"});
    });
    SAYS(file_error, io::read_nir(path), "an edge lif1 -> input leads into an Input");
    change(path, [](hid_t f) {
        for (auto const* name : {"input", "fc", "lif1", "output"}) remove(f, nodes + name);
        std::vector<double> none;
        dataset(f, "/node/edges", H5T_IEEE_F64LE, {0}, H5T_NATIVE_DOUBLE, none.data());
    });
    SAYS(file_error, io::read_nir(path), "it has no node");
}

TEST_CASE("what a small file unpacks to is bounded; a link into another file, another filter: "
          "refused by name") {
    test::folder const here;
    std::string const path = here / "bomb.nir";
    auto const zeros = [&](hsize_t out, hsize_t in) {
        change(path, [&](hid_t f) {
            std::vector<float> const none(out * in);
            dataset(f, nodes + "fc/weight", H5T_IEEE_F32LE, {out, in}, H5T_NATIVE_FLOAT,
                    none.data(), {512, in});
            remove(f, nodes + "fc/bias"), texts(f, nodes + "fc/type", {}, {"Linear"});
            numbers(f, nodes + "input/shape", {1}, {static_cast<double>(in)}),
                numbers(f, nodes + "output/shape", {1}, {static_cast<double>(out)});
            for (auto const* key : {"r", "v_threshold", "v_reset"})
                numbers(f, nodes + "lif1/" + key, {}, {1});
        });
    };
    zeros(8192, 2048); // 64 MiB of zeros in 75 kB
    REQUIRE(std::filesystem::file_size(path) < 200000);
    SAYS(file_error, io::read_nir(path),
         "it unpacks to 16777216 numbers, and of a file of this size 8388608 are read");
    REQUIRE(io::read_nir(path, 1 << 25).nodes.size() == 4); // who knows better says so
    change(path, [](hid_t f) {                              // several that each are small enough
        std::vector<float> const none(std::size_t(1) << 22);
        for (auto const* key : {"r", "v_threshold", "v_reset"})
            dataset(f, nodes + "lif1/" + key, H5T_IEEE_F32LE, {1u << 22}, H5T_NATIVE_FLOAT,
                    none.data(), {1u << 19});
        texts(f, nodes + "fc/type", {}, {"Threshold"}), numbers(f, nodes + "fc/threshold", {}, {1}),
            numbers(f, nodes + "input/shape", {1}, {1u << 22});
        numbers(f, nodes + "output/shape", {1}, {1u << 22});
    });
    SAYS(file_error, io::read_nir(path),
         "with its 4194304 numbers the network has more than 8388608");

    std::string const other = here / "other.h5";
    test::nir_file{}.write(other);
    change(path, [&](hid_t f) {
        remove(f, nodes + "fc/weight");
        H5Lcreate_external(other.c_str(), "/node/nodes/fc/weight", f, (nodes + "fc/weight").c_str(),
                           H5P_DEFAULT, H5P_DEFAULT);
    });
    SAYS(file_error, io::read_nir(path), "it is a link into another file, which is not followed");
    change(path, [&](hid_t f) { // numbers that lie in another file
        remove(f, nodes + "fc/weight");
        hsize_t const shape[] = {2, 3};
        hid_t const space = H5Screate_simple(2, shape, nullptr),
                    how = H5Pcreate(H5P_DATASET_CREATE);
        H5Pset_external(how, other.c_str(), 0, 24);
        H5Dclose(H5Dcreate2(f, (nodes + "fc/weight").c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT,
                            how, H5P_DEFAULT));
        H5Pclose(how), H5Sclose(space);
    });
    SAYS(file_error, io::read_nir(path), "its numbers lie in another file, which is not followed");
}

TEST_CASE("a graph made by hand is held to the same") {
    auto node = [](char const* name, char const* type) {
        io::nir_node made;
        made.name = name;
        made.type = type;
        return made;
    };
    io::nir_node graph = node("network", "NIRGraph");
    graph.nodes = {node("in", "Input"), node("out", "Output")};
    graph.edges = {{"in", "out"}};
    REQUIRE(io::nir_chain(graph, "x").empty());
    graph.edges = {{"in", "away"}};
    SAYS(file_error, io::nir_chain(graph, "x"),
         "an edge in -> away names a node that is not there");
    graph.edges = {{"in", "in"}};
    SAYS(file_error, io::nir_chain(graph, "x"), "it loops through 'in'");
    graph.nodes.push_back(node("out 2", "Output"));
    SAYS(file_error, io::nir_chain(graph, "x"), "1 Input and 2 Output");
}
