// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Files for tests: a folder that goes away, idx files and NIR files written by hand.

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <hdf5.h>
#include <random>
#include <string>
#include <vector>
#include <zlib.h>

namespace test {

class folder {
  public:
    folder()
        : path_(std::filesystem::temp_directory_path() /
                ("spikefuse-test-" + std::to_string(std::random_device{}()))) {
        std::filesystem::create_directories(path_);
    }
    folder(folder const&) = delete;
    folder& operator=(folder const&) = delete;
    ~folder() { std::filesystem::remove_all(path_); }
    std::string operator/(std::string const& name) const { return (path_ / name).string(); }
    std::string name() const { return path_.string(); }

  private:
    std::filesystem::path path_;
};

inline std::string bytes_of(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
inline void write_bytes(std::string const& path, std::string const& bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
}
inline void write_gz(std::string const& path, std::string const& bytes) {
    gzFile const file = gzopen(path.c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
}

inline std::string big_endian(std::uint32_t n) {
    return {static_cast<char>(n >> 24), static_cast<char>(n >> 16), static_cast<char>(n >> 8),
            static_cast<char>(n)};
}
inline std::string idx_images(std::uint32_t count, std::uint32_t rows = 28,
                              std::uint32_t columns = 28) {
    std::string bytes =
        big_endian(0x803) + big_endian(count) + big_endian(rows) + big_endian(columns);
    for (std::uint32_t k = 0; k < count * rows * columns; ++k) bytes += static_cast<char>(k % 251);
    return bytes;
}
inline std::string idx_labels(std::uint32_t count) {
    std::string bytes = big_endian(0x801) + big_endian(count);
    for (std::uint32_t k = 0; k < count; ++k) bytes += static_cast<char>(k % 10);
    return bytes;
}

/// Writes HDF5 with the bare library.
class hdf5_writer {
  public:
    explicit hdf5_writer(std::string const& path)
        : file_(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT)) {}
    hdf5_writer(hdf5_writer const&) = delete;
    hdf5_writer& operator=(hdf5_writer const&) = delete;
    ~hdf5_writer() { H5Fclose(file_); }

    void group(std::string const& name) const {
        H5Gclose(H5Gcreate2(file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    }
    void numbers(std::string const& name, std::vector<hsize_t> const& shape,
                 std::vector<float> const& values) const {
        hid_t const space =
            shape.empty() ? H5Screate(H5S_SCALAR)
                          : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
        hid_t const set = H5Dcreate2(file_, name.c_str(), H5T_IEEE_F32LE, space, H5P_DEFAULT,
                                     H5P_DEFAULT, H5P_DEFAULT);
        H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
        H5Dclose(set);
        H5Sclose(space);
    }
    void text(std::string const& name, std::string const& value) const { texts(name, {}, {value}); }
    void texts(std::string const& name, std::vector<hsize_t> const& shape,
               std::vector<std::string> const& values) const {
        hid_t const type = H5Tcopy(H5T_C_S1);
        H5Tset_size(type, H5T_VARIABLE);
        H5Tset_cset(type, H5T_CSET_UTF8);
        hid_t const space =
            shape.empty() ? H5Screate(H5S_SCALAR)
                          : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
        hid_t const set =
            H5Dcreate2(file_, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        std::vector<char const*> raw;
        for (auto const& value : values) raw.push_back(value.c_str());
        H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data());
        H5Dclose(set);
        H5Sclose(space);
        H5Tclose(type);
    }

  private:
    hid_t file_;
};

/// A small chain in NIR's layout: input (3) -> Affine (2) -> IF (2) -> output. What a test names in
/// `without` or `instead` is left out or changed.
struct nir_file {
    std::vector<std::string> without = {};
    std::vector<std::string> edges = {"input", "fc", "fc", "lif1", "lif1", "output"};
    std::string neuron = "IF";
    std::vector<hsize_t> weight_shape = {2, 3};
    float weight = 0.5f, bias = 0.25f, v_reset = 0;
    hsize_t thresholds = 2;
    float inputs = 3;

    void write(std::string const& path) const {
        hdf5_writer const file(path);
        auto keeps = [&](std::string const& name) {
            for (auto const& one : without)
                if (one == name) return false;
            return true;
        };
        if (!keeps("node")) return;
        file.group("/node");
        file.text("/node/type", "NIRGraph");
        file.group("/node/nodes");
        for (std::string const name : {"input", "fc", "lif1", "output"})
            if (keeps(name)) file.group("/node/nodes/" + name);
        if (keeps("input"))
            file.text("/node/nodes/input/type", "Input"),
                file.numbers("/node/nodes/input/shape", {1}, {inputs});
        if (keeps("output"))
            file.text("/node/nodes/output/type", "Output"),
                file.numbers("/node/nodes/output/shape", {1}, {2});
        file.text("/node/nodes/fc/type", "Affine");
        file.numbers("/node/nodes/fc/weight", weight_shape,
                     std::vector<float>(weight_shape[0] * weight_shape[1], weight));
        if (keeps("bias"))
            file.numbers("/node/nodes/fc/bias", {weight_shape[0]},
                         std::vector<float>(weight_shape[0], bias));
        if (keeps("type")) file.text("/node/nodes/lif1/type", neuron);
        file.numbers("/node/nodes/lif1/r", {2}, {1, 1});
        if (keeps("v_threshold"))
            file.numbers("/node/nodes/lif1/v_threshold", {thresholds},
                         std::vector<float>(thresholds, 1.5f));
        file.numbers("/node/nodes/lif1/v_reset", {2}, {v_reset, v_reset});
        if (keeps("edges")) file.texts("/node/edges", {edges.size() / 2, 2}, edges);
    }
};

} // namespace test
