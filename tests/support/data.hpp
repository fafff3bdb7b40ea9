// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Where data lie that the project does not hold. Each folder has an environment variable of its
// own, and all of them have $SPIKEFUSE_SHARED_DIR; else it is ../shared beside the project. A test
// that asks skips where there is none, and says where it looked.

#include <catch2/catch_test_macros.hpp>
#include <cstdlib>
#include <filesystem>

namespace test {

/// `variable`: of this folder alone, such as SPIKEFUSE_GOLDEN_DIR. `within`: its path in the shared
/// folder.
inline std::filesystem::path data(char const* variable, std::filesystem::path const& within) {
    auto const of = [](char const* name) {
        char const* const value = std::getenv(name);
        return std::filesystem::path(value == nullptr ? "" : value);
    };
    std::filesystem::path const own = of(variable), shared = of("SPIKEFUSE_SHARED_DIR"),
                                found = !own.empty() ? own
                                        : !shared.empty()
                                            ? shared / within
                                            : std::filesystem::path(SPIKEFUSE_SOURCE_DIR) / ".." /
                                                  "shared" / within;
    if (!std::filesystem::exists(found))
        SKIP("no data at " + found.string() + " (set " + variable + " or SPIKEFUSE_SHARED_DIR)");
    return found;
}

inline std::filesystem::path golden_data() { return data("SPIKEFUSE_GOLDEN_DIR", "golden/public"); }
inline std::filesystem::path nir_data() { return data("SPIKEFUSE_NIR_DIR", "nir"); }
inline std::filesystem::path nir_golden_data() {
    return data("SPIKEFUSE_NIR_GOLDEN_DIR", "nir_golden/public");
}
inline std::filesystem::path mnist_data() { return data("SPIKEFUSE_MNIST_DIR", "data/mnist"); }
inline std::filesystem::path spoken_digits_data() {
    return data("SPIKEFUSE_SPOKEN_DIGITS_DIR", "data/spoken_digits");
}
inline std::filesystem::path event_camera_data() {
    return data("SPIKEFUSE_NMNIST_DIR", "data/nmnist_small");
}

} // namespace test
