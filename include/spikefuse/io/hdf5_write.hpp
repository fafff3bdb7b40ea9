// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// HDF5 made in memory and written in one step: a file is the old one or the new one, never half of
/// it. Link spikefuse::io.

#include "../core/config.hpp"

#include "hdf5.hpp"
#include "replace_file.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

/// Writes HDF5 into memory: the disk sees bytes only, and its faults are those of a plain file.
/// While one is made, no other thread uses HDF5 here; so it is made, asked for its bytes, and gone
/// before they are written.
class hdf5_image {
  public:
    hdf5_image() {
        handle const how(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
        check(how);
        check(H5Pset_fapl_core(how, std::size_t(1) << 20, false));
        file_ = {H5Fcreate(name_in_memory().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, how), H5Fclose};
        check(file_);
    }

    void group(std::string const& name) const {
        handle const made(H5Gcreate2(file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                          H5Gclose);
        check(made);
    }
    void text(std::string const& name, std::string const& value) const { texts(name, {}, {value}); }
    void texts(std::string const& name, std::vector<std::size_t> const& shape,
               std::vector<std::string> const& values) const {
        handle const type(H5Tcopy(H5T_C_S1), H5Tclose);
        check(H5Tset_size(type, H5T_VARIABLE));
        check(H5Tset_cset(type, H5T_CSET_UTF8));
        std::vector<char const*> raw;
        for (auto const& value : values) raw.push_back(value.c_str());
        write(name, type, type, shape, raw.data());
    }
    void numbers(std::string const& name, std::vector<std::size_t> const& shape,
                 std::vector<float> const& values) const {
        write(name, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, shape, values.data());
    }
    void numbers(std::string const& name, std::vector<std::size_t> const& shape,
                 std::vector<double> const& values) const {
        write(name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, shape, values.data());
    }
    void numbers(std::string const& name, std::vector<std::size_t> const& shape,
                 std::vector<std::int64_t> const& values) const {
        write(name, H5T_STD_I64LE, H5T_NATIVE_INT64, shape, values.data());
    }

    std::string bytes() const {
        check(H5Fflush(file_, H5F_SCOPE_GLOBAL));
        ssize_t const size = H5Fget_file_image(file_, nullptr, 0);
        check(size);
        std::string image(static_cast<std::size_t>(size), '\0');
        check(H5Fget_file_image(file_, image.data(), image.size()));
        return image;
    }

  private:
    /// HDF5 says less than zero where it fails.
    static void check(std::int64_t answer) {
        if (answer < 0)
            throw file_error("HDF5 cannot make the file",
                             "it refuses in memory, before anything is written",
                             "Is memory short?");
    }
    void write(std::string const& name, hid_t type, hid_t memory,
               std::vector<std::size_t> const& shape, void const* values) const {
        std::vector<hsize_t> const extents(shape.begin(), shape.end());
        handle const space(shape.empty() ? H5Screate(H5S_SCALAR)
                                         : H5Screate_simple(static_cast<int>(shape.size()),
                                                            extents.data(), nullptr),
                           H5Sclose);
        check(space);
        handle const timeless(
            H5Pcreate(H5P_DATASET_CREATE),
            H5Pclose); // the same network gives the same file, whenever it is saved
        check(timeless);
        check(H5Pset_obj_track_times(timeless, false));
        handle const set(
            H5Dcreate2(file_, name.c_str(), type, space, H5P_DEFAULT, timeless, H5P_DEFAULT),
            H5Dclose);
        check(set);
        check(H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
    }

    session session_;
    handle file_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
