// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Damaged files, thousands of them, from a fixed seed: whatever is in a file, reading it ends in
// data or in a spikefuse::error. SPIKEFUSE_FUZZ_FILES: about how many NIR files are damaged.
#include "../support/data.hpp"
#include "../support/files.hpp"
#include "../support/nir_recording.hpp"

#include <cstdlib>
#include <iostream>
#include <spikefuse/core/errors.hpp>
#include <spikefuse/io/event_files.hpp>
#include <spikefuse/io/idx.hpp>
#include <spikefuse/io/load.hpp>
#include <spikefuse/io/nir.hpp>
#include <spikefuse/io/nir_graph.hpp>
#include <spikefuse/io/nir_schedule.hpp>
#include <spikefuse/spikefuse.hpp>

#if defined(__SANITIZE_ADDRESS__)
// A damaged file makes HDF5 ask for 2^57 bytes; it takes the refusal for what it is, so the
// sanitizer must refuse and not abort.
extern "C" char const* __asan_default_options();
extern "C" char const* __asan_default_options() { return "allocator_may_return_null=1"; }
#endif

using namespace spikefuse;

namespace {

template <class Read>
int damage(std::string const& whole, std::string const& path, int rounds, Read const& read) {
    std::mt19937 random(2024);
    int refused = 0;
    for (int round = 0; round < rounds; ++round) {
        std::string bytes = whole;
        for (unsigned k = 0; k < 1 + random() % 4; ++k) {
            std::size_t const at = random() % bytes.size();
            switch (random() % 4) {
            case 0:
                bytes[at] = static_cast<char>(random());
                break;
            case 1:
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
                break;
            case 2:
                bytes = bytes.substr(0, at + 1);
                break;
            default:
                bytes.insert(at, 1 + random() % 16, static_cast<char>(random()));
            }
        }
        test::write_bytes(path, bytes);
        try {
            read();
        } catch (error const& fault) {
            REQUIRE(std::string(fault.what()).find("spikefuse::") == 0);
            ++refused;
        }
    }
    return refused;
}

} // namespace

TEST_CASE("damaged idx files") {
    test::folder const here;
    std::string const path = here / "images";
    REQUIRE(damage(test::idx_images(3, 5, 5), path, 1000,
                   [&] { io::read_idx(path, io::idx_images); }) > 250);
    test::write_gz(path, test::idx_images(3, 5, 5));
    REQUIRE(damage(test::bytes_of(path), path, 1000, [&] { io::read_idx(path, io::idx_images); }) >
            250);
}

TEST_CASE("damaged files of events, with marks of the clock among them") {
    test::folder const here;
    std::string const path = here / "00002.bs2";
    std::mt19937 random(3);
    std::string whole;
    for (int k = 0; k < 200; ++k) {
        bool const mark = k % 20 == 19;
        for (unsigned const one : {random() % 34, mark ? 240 : random() % 34, random() % 2 << 7,
                                   static_cast<std::uint_fast32_t>(k / 8), random() % 256})
            whole.push_back(static_cast<char>(one));
    }
    int read = 0;
    int const refused = damage(whole, path, 2000, [&] {
        io::event_data some;
        io::add_event_file(some, path, 0, {});
        REQUIRE(some.size() == 1);
        REQUIRE(some.unit_of.size() == some.times.size());
        REQUIRE(some.units() <= io::camera{}.units());
        for (double const time : some.times) // 23 bits, and a mark for each of 200 records at most
            REQUIRE((time >= 0 && time < 8.388608 + 216 * 8192e-6));
        ++read;
    });
    REQUIRE(read > 200);
    REQUIRE(refused > 1000);
}

TEST_CASE("damaged NIR files") {
    test::folder const here;
    std::string const path = here / "network.nir";
    test::nir_file{}.write(path);
    REQUIRE(damage(test::bytes_of(path), path, 2000,
                   [&] { (void)io::nir_chain(io::read_nir(path), path); }) > 500);
}

TEST_CASE("damaged files of every kind of node, as a graph: what is read has an order") {
    test::folder const here;
    std::string const path = here / "network.nir";
    int refused = 0, files = 0, damaged = 0;
    char const* const wanted = std::getenv("SPIKEFUSE_FUZZ_FILES");
    int const each = wanted == nullptr ? 12 : 1 + std::atoi(wanted) / 120; // of some 120 files
    auto const graph = [&] {
        auto const report = nir::check(path);
        if (report.faults.empty())
            (void)nir::schedule_of(nir::read(path), {.dt = 1e-3});
        else
            REQUIRE_THROWS_AS(nir::read(path), file_error);
        if (!report.faults.empty()) nir::read(path); // counted as refused
    };
    std::filesystem::path const whole = test::nir_golden_data(), broken = whole / ".." / "broken";
    for (auto const& folder : {whole, broken}) {
        if (!std::filesystem::exists(folder)) continue;
        for (auto const& one : test::nir_files(folder)) {
            std::string const bytes = test::bytes_of(one.string());
            if (bytes.size() > 200000) continue;
            CAPTURE(one.string());
            refused += damage(bytes, path, each, graph);
            damaged += each, ++files;
        }
    }
    std::cout << damaged << " damaged files of " << files << ", " << refused << " refused\n";
    REQUIRE(files > 50);
    REQUIRE(refused > files);
}

TEST_CASE("names and edges in disorder, thousands of them: a graph or a sentence") {
    test::folder const here;
    std::string const path = here / "network.nir";
    std::mt19937 random(7);
    std::vector<std::string> const names = {"input", "fc", "lif1", "output", "lif", ""};
    int refused = 0, read = 0;
    for (int round = 0; round < 300; ++round) {
        test::nir_file file;
        file.edges.clear();
        for (unsigned k = 0; k < 2 * (1 + random() % 5); ++k)
            file.edges.push_back(names[random() % (round % 4 == 0 ? names.size() : 4)]);
        file.weight_shape = {2, 2 + random() % 2};
        file.neuron = round % 3 == 0 ? "LIF" : "IF";
        file.inputs = static_cast<float>(2 + random() % 2);
        if (random() % 5 == 0) file.without = {"v_threshold"};
        if (random() % 5 == 0) file.without.emplace_back(random() % 2 == 0 ? "input" : "output");
        file.write(path);
        try {
            (void)nir::schedule_of(nir::read(path), {.dt = 1e-3});
            ++read;
        } catch (error const& fault) {
            REQUIRE(std::string(fault.what()).find("spikefuse::") == 0);
            ++refused;
        }
    }
    REQUIRE(refused > 100);
    REQUIRE(read > 3);
}

TEST_CASE("damage under a whole wrapping: gzip's own check is passed") {
    test::folder const here;
    std::string const raw = here / "raw", labels = here / "t10k-labels-idx1-ubyte.gz";
    test::write_gz(here / "t10k-images-idx3-ubyte.gz", test::idx_images(20, 2, 2));
    REQUIRE(damage(test::idx_labels(20), raw, 600, [&] {
                test::write_gz(labels, test::bytes_of(raw));
                (void)io::read_mnist(here.name());
            }) > 300);
}

TEST_CASE("damaged NIR files with deflated weights, into a model: it is loaded or as it was") {
    test::folder const here;
    std::string const path = here / "network.nir";
    test::nir_file{}.write(path);
    hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    H5Ldelete(file, "/node/nodes/fc/weight", H5P_DEFAULT);
    hsize_t const shape[] = {2, 3}, chunk[] = {1, 3};
    float const values[] = {1, 2, 3, 4, 5, 6};
    hid_t const space = H5Screate_simple(2, shape, nullptr), how = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(how, 2, chunk);
    H5Pset_deflate(how, 9);
    hid_t const set = H5Dcreate2(file, "/node/nodes/fc/weight", H5T_IEEE_F32LE, space, H5P_DEFAULT,
                                 how, H5P_DEFAULT);
    H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    H5Dclose(set);
    H5Pclose(how);
    H5Sclose(space);
    H5Fclose(file);

    auto network = model{input<3> >> linear<2> >> iaf, {}};
    auto numbers = [&] {
        std::vector<float> all;
        for (auto const& parameter : network.parameters())
            for (float value : network.get(parameter.layer, parameter.name))
                all.push_back(value); // never NaN: == compares all
        return all;
    };
    REQUIRE(damage(test::bytes_of(path), path, 1000, [&] {
                auto const before = numbers();
                try {
                    network.load(nir::read(path));
                } catch (error const&) {
                    REQUIRE(numbers() == before);
                    throw;
                }
            }) > 200);
}
