// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A NIR network beside what others recorded of it: NAME.nir and NAME.h5.

#include <algorithm>
#include <filesystem>
#include <hdf5.h>
#include <map>
#include <spikefuse/io/hdf5.hpp>
#include <spikefuse/io/nir_choices.hpp>
#include <string>
#include <vector>

namespace test {

/// What the attribute `dt` says: seconds a step.
inline double dt_of(std::string const& path) {
    hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT),
                attribute = H5Aopen(file, "dt", H5P_DEFAULT);
    double dt = 0;
    H5Aread(attribute, H5T_NATIVE_DOUBLE, &dt);
    H5Aclose(attribute);
    H5Fclose(file);
    return dt;
}

/// All .nir files of a folder, by name.
inline std::vector<std::filesystem::path> nir_files(std::filesystem::path const& folder) {
    std::vector<std::filesystem::path> found;
    for (auto const& one : std::filesystem::directory_iterator(folder))
        if (one.path().extension() == ".nir") found.push_back(one.path());
    std::sort(found.begin(), found.end());
    return found;
}

/// The choices that a variant's name stands for; false where it is not about choices.
inline bool choose(std::string const& variant, spikefuse::nir::choices& into) {
    namespace nir = spikefuse::nir;
    into.current = nir::currents::before; // as the recordings' makers take the format
    into.loop = nir::loops::late;         // as they were made, against their own README (R4)
    for (std::size_t at = 0; at <= variant.size();) {
        std::size_t const end = std::min(variant.find('+', at), variant.size());
        std::string const word = variant.substr(at, end - at);
        if (word == "subtract")
            into.reset = nir::resets::subtract;
        else if (word == "late")
            into.moment = nir::moments::next_step;
        else if (word == "i_new")
            into.current = nir::currents::after;
        else if (word == "rest")
            into.start = nir::starts::leak;
        else if (word == "inclusive")
            into.fires = nir::firings::at;
        else if (word == "exp")
            into.integration = nir::integrations::exponential;
        else if (word == "norm")
            into.integrator = nir::integrators::per_step;
        else if (word != "spec")
            return false; // "twice": an edge that is said twice counts twice
        at = end + 1;
    }
    return true;
}

} // namespace test
