// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What callers from C pass, and the sentences for what cannot be.

#include "../kernel/readout.hpp"
#include "status.hpp"

#include <Kokkos_Core.hpp>

#include <cstddef>
#include <string>

namespace spikefuse::inline SPIKEFUSE_ABI::bindings {

/// Readouts as C counts them, in the order of kernel/readout.hpp.
enum class readout : int { trace, last_step, counts, mean_over_time, max_over_time, first_spike };

/// An array by its names: a parameter [rows, columns] (columns 0: one number a row), or a state.
struct named_array {
    std::string layer, name;
    int rows = 0, columns = 0;
};

namespace detail {

/// Whether this library's `initialise` began Kokkos, which its `finalise` then ends.
inline bool& began_kokkos() {
    static bool began = false;
    return began;
}
inline void expect_kokkos() {
    if (Kokkos::is_finalized())
        throw runtime_error("Kokkos has ended", "all models ended with it",
                            "Finalise at the end of the program: Kokkos cannot begin twice");
    if (!Kokkos::is_initialized())
        throw runtime_error("Kokkos does not run", "models live in its memory",
                            "Call the initialise of this library, or Kokkos::initialize, first");
}
inline void expect_pointer(void const* given, char const* what) {
    if (given == nullptr)
        throw value_error(std::string(what) + " is a null pointer", "it is read or written",
                          "Pass an array or a variable");
}
/// Throws shape_error: an array that is not of so many steps, samples and features, [T, B, N].
inline void expect_count(char const* what, std::size_t given, int steps, int batch, int features) {
    std::size_t const of_step =
        static_cast<std::size_t>(batch) * static_cast<std::size_t>(features);
    if (given % of_step == 0 && given / of_step == static_cast<std::size_t>(steps)) return;
    std::string const shape = "[" + (steps == 1 ? "" : std::to_string(steps) + ", ") +
                              std::to_string(batch) + ", " + std::to_string(features) + "]";
    throw shape_error("the " + std::string(what) + " has " + std::to_string(given) + " numbers",
                      "this call takes " + shape, "Pass so many, the last extent the fastest");
}
inline void expect_steps(int steps) {
    if (steps < 1)
        throw value_error("a run of " + std::to_string(steps) + " steps", "a run has at least one",
                          "Pass 1 or more");
}
template <readout One>
constexpr auto word_of() {
    if constexpr (One == readout::trace)
        return trace;
    else if constexpr (One == readout::last_step)
        return last_step;
    else if constexpr (One == readout::counts)
        return counts;
    else if constexpr (One == readout::mean_over_time)
        return mean_over_time;
    else if constexpr (One == readout::max_over_time)
        return max_over_time;
    else
        return first_spike;
}
inline std::string text_of(char const* given, char const* what) {
    expect_pointer(given, what);
    return given;
}

} // namespace detail

} // namespace spikefuse::inline SPIKEFUSE_ABI::bindings
