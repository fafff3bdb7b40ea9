// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What the pictures are made of: spikes and values over time, on the host.

#include "../../core/config.hpp"

#include "../../core/errors.hpp"
#include "../../core/units.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot {

/// Not a number: a gap in a line, a threshold that is not drawn.
inline constexpr double none = std::numeric_limits<double>::quiet_NaN();

/// Who fired when: fired[t * neurons + n] is not zero.
struct spike_trace {
    std::size_t steps = 0;           ///< T
    std::size_t neurons = 0;         ///< N
    std::vector<std::uint8_t> fired; ///< [T, N]
};

/// A quantity over time. What is not finite leaves a gap.
struct series {
    std::string name;           ///< for the legend
    std::vector<double> values; ///< [T]
};

/// Whether `fired` is of that shape.
/// @throws shape_error it does not hold steps * neurons numbers
inline void check(spike_trace const& spikes) {
    if (spikes.neurons == 0 ? spikes.fired.empty()
                            : spikes.fired.size() % spikes.neurons == 0 &&
                                  spikes.fired.size() / spikes.neurons == spikes.steps)
        return;
    throw shape_error("a spike trace of " + std::to_string(spikes.steps) + " steps and " +
                          std::to_string(spikes.neurons) + " neurons holds " +
                          std::to_string(spikes.fired.size()) + " numbers",
                      "`fired` is [steps, neurons], one number for each",
                      "Fill `fired` with steps * neurons numbers");
}

/// All spikes together.
inline std::size_t spike_count(spike_trace const& spikes) {
    return spikes.fired.size() - static_cast<std::size_t>(std::count(
                                     spikes.fired.begin(), spikes.fired.end(), std::uint8_t{0}));
}

/// Spikes a neuron and step. Divided by the step's seconds: a rate in Hz.
inline double mean_spikes(spike_trace const& spikes) {
    return spikes.fired.empty() ? 0
                                : static_cast<double>(spike_count(spikes)) /
                                      static_cast<double>(spikes.fired.size());
}

/// One sample of packed spikes.
/// @param words `[T, B, ceil(N / 32)]`: neuron n is bit n % 32 of word n / 32
/// @param steps T
/// @param neurons N
/// @param batch B
/// @param sample which, from 0
/// @throws error a shape or value error
inline spike_trace unpack_spikes(std::span<std::uint32_t const> words, std::size_t steps,
                                 std::size_t neurons, std::size_t batch = 1,
                                 std::size_t sample = 0) {
    std::size_t const row = (neurons + 31) / 32;
    if (words.size() != steps * batch * row)
        throw shape_error("packed spikes of " + std::to_string(steps) + " steps, " +
                              std::to_string(batch) + " samples and " + std::to_string(neurons) +
                              " neurons have " + std::to_string(words.size()) + " words",
                          "they are [steps, batch, " + std::to_string(row) + "]",
                          "Give the whole array, row-major");
    if (sample >= batch)
        throw value_error("there is no sample " + std::to_string(sample),
                          "the batch has " + std::to_string(batch), "Count from 0");
    spike_trace spikes{steps, neurons, std::vector<std::uint8_t>(steps * neurons)};
    for (std::size_t t = 0; t < steps; ++t)
        for (std::size_t n = 0; n < neurons; ++n)
            spikes.fired[t * neurons + n] =
                (words[(t * batch + sample) * row + n / 32] >> (n % 32)) & 1u;
    return spikes;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot
