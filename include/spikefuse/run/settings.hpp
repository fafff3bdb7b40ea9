// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a model is made with.

#include "../core/units.hpp"
#include "inputs.hpp"

#include <limits>
#include <string>

namespace spikefuse {

/// `{.steps = 100, .batch = 256, .dt = 1 * ms}`. A model throws value_error for what cannot be.
struct model_settings {
    int steps = 1;          ///< T for an input that is held, and the most steps that are recorded
    int batch = 1;          ///< B: the most samples that run side by side; a call may have fewer
    duration dt = 1 * ms;   ///< one time step
    std::uint64_t seed = 0; ///< of the start values of weights, and of noise
    /// The number of this model's first sample, by which noise is drawn: models that share a batch
    /// (MPI ranks, say) draw what one would.
    std::uint32_t first_sample = 0;
    std::uint32_t sample_stride = 1; ///< from one sample's number to the next one's
    /// Stands before its kernels' and regions' names in profilers, "brain: spikefuse::forward";
    /// outlives the model.
    char const* name = "";
};

template <class T>
struct precision_word {};
/// `model{network, settings, precision<double>}` computes in double.
/// @tparam T float or double
template <class T>
inline constexpr precision_word<T> precision{};

namespace detail {

/// What a kernel or a region of a model is called in profilers.
inline std::string kernel_label(model_settings const& of, char const* what) {
    bool const named = of.name != nullptr && *of.name != 0;
    return (named ? std::string(of.name) + ": " : "") + "spikefuse::" + what;
}

/// Throws value_error: a setting that cannot be, or not in a model that computes in T.
template <class T>
inline model_settings checked_settings(model_settings chosen) {
    if (chosen.steps < 1)
        throw value_error("settings.steps is " + std::to_string(chosen.steps),
                          "a run has at least one step", "Set .steps to 1 or more");
    if (chosen.batch < 1)
        throw value_error("settings.batch is " + std::to_string(chosen.batch),
                          "a run has at least one sample", "Set .batch to 1 or more");
    if (static_cast<std::size_t>(chosen.steps) > most_steps)
        throw value_error("settings.steps is " + std::to_string(chosen.steps),
                          "one call runs up to " + std::to_string(most_steps) + " steps",
                          "Run them in chunks");
    if (T const dt = static_cast<T>(chosen.dt.seconds); !is_finite(dt) || !(dt > 0))
        throw value_error("settings.dt is " + number_text(chosen.dt.seconds) + " s",
                          "a time step is positive and finite" + beyond<T>(chosen.dt.seconds),
                          "Set .dt, for example to 1 * ms");
    if (chosen.sample_stride < 1)
        throw value_error("settings.sample_stride is 0", "all samples would draw the same noise",
                          "Leave it at 1, or set the number of models that share the batch");
    if (chosen.first_sample + static_cast<std::uint64_t>(chosen.batch - 1) * chosen.sample_stride >
        std::numeric_limits<std::uint32_t>::max())
        throw value_error("settings.first_sample is " + std::to_string(chosen.first_sample),
                          "with " + std::to_string(chosen.batch) + " samples from there on, " +
                              std::to_string(chosen.sample_stride) +
                              " apart, numbers end at 4294967295",
                          "Number the samples from 0 on");
    return chosen;
}

} // namespace detail
} // namespace spikefuse
