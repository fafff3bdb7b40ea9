// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Event data in the HDF5 layout of the Spiking Heidelberg Digits, and their binning into packed
/// spikes. Source: Cramer, Stradmann, Schemmel, Zenke 2020, "The Heidelberg spiking data sets for
/// the systematic evaluation of spiking neural networks". Link spikefuse::io.

#include "../core/finite.hpp"
#include "../core/units.hpp"
#include "hdf5.hpp"

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io {

/// Recordings, one behind the other: the events of recording r are offsets[r] up to offsets[r + 1],
/// in any order.
struct event_data {
    std::vector<double> times;              ///< [events], in seconds
    std::vector<std::uint32_t> unit_of;     ///< [events]
    std::vector<std::size_t> offsets = {0}; ///< [recordings + 1]
    std::vector<int> labels;                ///< [recordings]
    fraction_type written = {}; ///< how finely the times were stored before they were read

    std::size_t size() const { return labels.size(); } ///< recordings
    /// The largest label + 1.
    int classes() const {
        return labels.empty() ? 0 : *std::max_element(labels.begin(), labels.end()) + 1;
    }
    /// The largest unit + 1. Looks at all events.
    int units() const {
        return unit_of.empty()
                   ? 0
                   : static_cast<int>(*std::max_element(unit_of.begin(), unit_of.end())) + 1;
    }
};

/// Reads `spikes/times` (lists of seconds), `spikes/units` (lists of whole numbers) and `labels`,
/// all [recordings], which may be empty; all of one file, also where another takes its name
/// meanwhile.
/// @param path of the file
/// @param units what a unit's number lies below
/// @throws file_error missing, damaged, of unequal lengths, holding a number that none of them can
///     be
inline event_data read_events(std::string const& path, int units);

namespace detail {

inline event_data read_all_events(std::string const& path, int units) {
    if (units < 1)
        throw value_error("events of " + std::to_string(units) + " units cannot be read",
                          "each event belongs to a unit",
                          "Pass the number of channels, such as 700");
    hdf5_file const file(path);
    ragged<double> times = file.lists<double>("spikes/times");
    ragged<std::int64_t> const channels = file.lists<std::int64_t>("spikes/units");
    array const labels = file.numbers("labels");
    if (labels.shape.size() != 1)
        file.fail("labels",
                  "it has " + std::to_string(labels.shape.size()) + " axes instead of one");

    auto fault = [&](char const* place, std::string const& holds, std::string const& why) {
        throw file_error("'" + std::string(place) + "' in '" + path + "' holds " + holds, why,
                         "Look at the file with h5dump, or write it again");
    };
    auto at = [](std::size_t k) { return "[" + std::to_string(k) + "]"; };
    std::size_t const recordings = times.size();
    std::string const per_recording =
        "each of the " + std::to_string(recordings) + " recordings in 'spikes/times' has one";
    if (channels.size() != recordings)
        fault("spikes/units", std::to_string(channels.size()) + " lists", per_recording);
    if (labels.values.size() != recordings)
        fault("labels", std::to_string(labels.values.size()) + " labels", per_recording);
    if (recordings == 0) fault("spikes/times", "no recordings", "its extent is 0");

    event_data result;
    result.unit_of.reserve(channels.values.size());
    for (std::size_t r = 0; r < recordings; ++r) {
        std::size_t const first = times.offsets[r], count = times.offsets[r + 1] - first;
        if (std::size_t const given = channels.offsets[r + 1] - channels.offsets[r]; given != count)
            fault("spikes/units", std::to_string(given) + " units at " + at(r),
                  "the recording has " + std::to_string(count) +
                      " times, and each event has one of both");
        for (std::size_t k = 0; k < count; ++k) {
            double const time = times.values[first + k];
            if (!spikefuse::detail::is_finite(time) || time < 0)
                fault("spikes/times", "the time " + std::to_string(time) + " at " + at(r) + at(k),
                      "times are finite and not negative");
            std::int64_t const unit = channels.values[first + k];
            if (unit < 0 || unit >= units)
                fault("spikes/units", "the unit " + std::to_string(unit) + " at " + at(r) + at(k),
                      "units are 0 to " + std::to_string(units - 1));
            result.unit_of.push_back(static_cast<std::uint32_t>(unit));
        }
        double const label = labels.values[r];
        if (!(label >= 0 && label < std::numeric_limits<int>::max()) || label != std::floor(label))
            fault("labels", "the label " + std::to_string(label) + " at " + at(r),
                  "labels are whole numbers, and not negative");
        result.labels.push_back(static_cast<int>(label));
    }
    result.times = std::move(times.values);
    result.offsets = std::move(times.offsets);
    result.written = file.fractions("spikes/times");
    return result;
}

/// The step of a time, which may be that of no step: what is written as k * step belongs to step k,
/// though it was rounded when it was stored, and again when somebody multiplied in few digits.
/// Below: `bin_events` says the rule.
inline double step_of(double time, double step, fraction_type const& stored) {
    double const before = std::floor(time / step), edge = (before + 1) * step;
    int exponent = 0;
    std::frexp(edge, &exponent);
    double const unit = std::max(std::ldexp(1., exponent - stored.digits), stored.finest);
    double const nearest = std::nearbyint(edge / unit) * unit;
    return time >= std::min(edge, nearest) - std::min(2 * unit, step / 100) ? before + 1 : before;
}

} // namespace detail

inline event_data read_events(std::string const& path, int units) {
    return detail::within_memory(path, [&] { return detail::read_all_events(path, units); });
}

/// Writes the chosen recordings as packed spikes uint32_t [T, B, ceil(N/32)] into a view that the
/// host can reach; recording recordings[b] becomes sample b. Events from step T on are dropped, and
/// several of one unit in one step are one spike. An event's step is the last k whose beginning, k
/// * step, is not later than its time. A time that lies before k * step counts as k * step all the
/// same where it is what k * step becomes in the type that the file stores (float16, float32,
/// float64), or where at most two of that type's last digits are missing, if these are less than a
/// hundredth of a step: who multiplies in that type loses them.
/// @param data recordings
/// @param recordings which, `[B]`
/// @param step length of a time step
/// @param packed `[T, B, ceil(N/32)]`, written
/// @throws shape_error B is not recordings.size(), a unit has no bit
/// @throws value_error a step that is not positive, a recording that there is not
template <class View>
void bin_events(event_data const& data, std::span<std::size_t const> recordings, duration step,
                View const& packed) {
    static_assert(Kokkos::is_view_v<View> && View::rank() == 3 &&
                      std::is_same_v<typename View::value_type, std::uint32_t>,
                  "spikefuse: events are binned into packed spikes: a Kokkos::View of uint32_t [T, "
                  "B, ceil(N/32)].");
    static_assert(
        Kokkos::SpaceAccessibility<Kokkos::HostSpace, typename View::memory_space>::accessible,
        "spikefuse: events are binned on the host. Pass a host mirror of the view, then copy it.");
    std::size_t const steps = packed.extent(0), words = packed.extent(2);
    std::string const shape = "the packed spikes are [" + std::to_string(steps) + ", " +
                              std::to_string(packed.extent(1)) + ", " + std::to_string(words) + "]";
    if (packed.extent(1) != recordings.size())
        throw shape_error(
            shape, "there are " + std::to_string(recordings.size()) + " recordings to be binned",
            "Pass a view [T, " + std::to_string(recordings.size()) + ", ceil(N/32)]");
    if (!(step.seconds > 0) || !spikefuse::detail::is_finite(step.seconds))
        throw value_error("a step of " + std::to_string(step.seconds) + " s cannot be binned into",
                          "a step lasts longer than 0, and ends", "Pass a duration such as 1 * ms");
    for (std::size_t r : recordings) {
        if (r >= data.size())
            throw value_error("recording " + std::to_string(r) + " cannot be binned",
                              "there are " + std::to_string(data.size()), "Count from 0");
        for (std::size_t k = data.offsets[r]; k < data.offsets[r + 1]; ++k)
            if (data.unit_of[k] / 32 >= words)
                throw shape_error(shape,
                                  "unit " + std::to_string(data.unit_of[k]) + " of recording " +
                                      std::to_string(r) + " has no bit there",
                                  "The data's " + std::to_string(data.units()) + " units need " +
                                      std::to_string((data.units() + 31) / 32) + " words");
    }
    auto bin_one = [&data, recordings, step, packed, steps, words](std::size_t b) {
        for (std::size_t t = 0; t < steps; ++t)
            for (std::size_t w = 0; w < words; ++w) packed(t, b, w) = 0;
        std::size_t const r = recordings[b];
        for (std::size_t k = data.offsets[r]; k < data.offsets[r + 1]; ++k) {
            double const at = detail::step_of(data.times[k], step.seconds, data.written);
            if (!(at >= 0 && at < static_cast<double>(steps))) continue;
            std::uint32_t const unit = data.unit_of[k];
            packed(static_cast<std::size_t>(at), b, unit / 32) |= 1u << (unit % 32);
        }
    };
    using host = Kokkos::DefaultHostExecutionSpace;
    Kokkos::parallel_for(
        "spikefuse: bin events",
        Kokkos::RangePolicy<host, Kokkos::IndexType<std::size_t>>(0, recordings.size()), bin_one);
    host().fence("spikefuse: bin events");
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
