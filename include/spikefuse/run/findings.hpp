// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What is said of runs that are looked at (`model::check_runs`).

#include "../core/errors.hpp"
#include "../core/numbers.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spikefuse {

/// What neurons can do all the time that is seldom meant.
enum class activity_fault {
    dead,     ///< no spike in any step of any sample
    saturated ///< a spike in 9 of 10 steps or more, as a mean over samples
};

/// Neurons of one layer with the same fault.
struct finding {
    activity_fault fault;
    std::string layer;    ///< such as "lif 1"
    std::size_t neurons;  ///< how many have it
    std::size_t of;       ///< neurons of the layer
    std::size_t first;    ///< the first that has it, from 0
    std::string sentence; ///< what is wrong, of how many steps, and the cure
};

namespace detail {

/// Adds the spikes of each neuron of packed rows, [rows, ceil(N / 32)].
inline void count_spikes(std::uint32_t const* rows, std::size_t count, std::size_t width,
                         std::size_t* of_neuron) {
    std::size_t const words = (width + 31) / 32;
    for (std::size_t row = 0; row < count; ++row)
        for (std::size_t n = 0; n < width; ++n)
            of_neuron[n] += (rows[row * words + n / 32] >> (n % 32)) & 1u;
}
/// The neurons of a layer that have a fault, of `width` that fired so often in `steps` steps.
inline finding find_fault(activity_fault fault, std::string_view layer,
                          std::size_t const* of_neuron, std::size_t width, std::size_t steps) {
    bool const dead = fault == activity_fault::dead;
    std::size_t count = 0, first = width;
    for (std::size_t n = 0; n < width; ++n) {
        if (dead ? of_neuron[n] != 0 : of_neuron[n] * 10 < steps * 9) continue;
        if (count++ == 0) first = n;
    }
    std::string const name(layer), all = std::to_string(width);
    std::string which = std::to_string(count) + " of the " + all + " neurons of '" + name + "'" +
                        (dead ? " never" : "");
    if (count == width)
        which = "'" + name + "' is " + (dead ? "dead: none" : "saturated: each") + " of its " +
                all + " neurons";
    return {fault,
            name,
            count,
            width,
            first,
            which + " fired in " + (dead ? "" : "9 of 10 of ") + std::to_string(steps) +
                " steps (of all samples)" +
                (count == width ? "" : ", the first is neuron " + std::to_string(first)) + ". " +
                (dead ? "Give it larger weights or inputs, a lower threshold, or more steps."
                      : "Give it smaller weights or inputs, a higher threshold, or a refractory "
                        "time.")};
}

/// The first number that is not finite: of the earliest step, and of its layers the first.
template <class T>
struct first_fault {
    std::size_t step = static_cast<std::size_t>(-1), sample = 0, neuron = 0;
    double value = 0;
    std::string layer = {}, name = {};

    /// @param trace [steps, samples, width]
    void look(T const* trace, std::size_t steps, std::size_t samples, std::size_t width,
              std::string_view of, std::string_view what) {
        std::size_t const end = (steps < step ? steps : step) * samples * width;
        for (std::size_t k = 0; k < end; ++k) {
            if (is_finite(trace[k])) continue;
            step = k / (samples * width), sample = k / width % samples, neuron = k % width;
            value = static_cast<double>(trace[k]), layer = of, name = what;
            return;
        }
    }
    /// Throws value_error where there is one.
    void say() const {
        if (layer.empty()) return;
        throw value_error(
            "'" + name + "' of '" + layer + "' is " + (is_nan(value) ? "nan" : number_text(value)) +
                " in step " + std::to_string(step) + ", sample " + std::to_string(sample) +
                ", neuron " + std::to_string(neuron),
            "the first number that is not finite: steps before, and layers before, "
            "are",
            "Look at the input of that step, and at the weights, dt or learning rate "
            "before '" +
                layer + "'; recorded(\"" + layer + "\", \"" + name + "\") shows the steps before");
    }
};

} // namespace detail
} // namespace spikefuse
