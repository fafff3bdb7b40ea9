// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Event cameras' recordings as N-MNIST and N-Caltech101 have them: a file (.bin, .bs2) is one
/// recording, a folder one class. Source: Orchard, Jayawant, Cohen, Thakor 2015, "Converting static
/// image datasets to spiking neuromorphic datasets using saccades". Link spikefuse::io.

#include "events.hpp"
#include "file_bytes.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io {

/// Pixels of a camera: N-MNIST 34 x 34, N-Caltech101 up to 180 x 240.
struct camera {
    int rows = 34;    ///< y
    int columns = 34; ///< x
    /// Units of its events, [2, rows, columns]: first those that got darker, then brighter.
    int units() const { return 2 * rows * columns; }
};

/// Recordings of a folder, and what their labels are called.
struct labelled_events {
    event_data events;                ///< unit (polarity * rows + y) * columns + x, times in s
    std::vector<std::string> classes; ///< names of folders, by label
};

/// Adds a file's recording to others. An event is 40 bits, the highest byte first: x, y (8 bits
/// each), polarity (1: brighter), microseconds (23). A record of y = 240 is no event: it marks that
/// the camera's clock has gone round, and all that follows is 8192 us later, as the authors'
/// readers have it (Garrick Orchard's eventvision). Of a camera with more than 240 rows it is a
/// pixel.
/// @param into recordings, of one camera
/// @param path of the file
/// @param label of the recording, 0 or more
/// @param of what camera
/// @throws file_error missing, without events, cut within one, an event outside the camera's pixels
/// @throws value_error a camera without pixels, or with more than 8 bits count; a negative label
inline void add_event_file(event_data& into, std::string const& path, int label, camera of) {
    constexpr std::size_t each = 5;
    constexpr unsigned went_round = 240, clock_us = 8192;
    if (of.rows < 1 || of.columns < 1 || of.rows > 256 || of.columns > 256)
        throw value_error("a camera of " + std::to_string(of.rows) + " x " +
                              std::to_string(of.columns) + " pixels cannot be read",
                          "x and y are 8 bits each", "N-MNIST has 34 x 34, N-Caltech101 180 x 240");
    if (label < 0)
        throw value_error("the label " + std::to_string(label) + " is negative", "",
                          "Count classes from 0");
    std::string const bytes = detail::read_whole(path);
    auto const refuse = [&](std::string const& what, std::string const& why) {
        throw file_error("'" + path + "' " + what, why, "Is it whole, and of such a camera?");
    };
    if (bytes.empty()) refuse("holds no events", "it is empty");
    if (bytes.size() % each != 0)
        refuse("is cut short",
               "it has " + std::to_string(bytes.size()) + " bytes, and an event takes 5");
    auto const byte = [&](std::size_t at) {
        return static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at]));
    };
    event_data one;
    double round_us = 0;
    for (std::size_t at = 0; at < bytes.size(); at += each) {
        std::uint32_t const x = byte(at), y = byte(at + 1), polarity = byte(at + 2) >> 7;
        if (y == went_round && of.rows <= static_cast<int>(went_round)) {
            round_us += clock_us;
            continue;
        }
        if (x >= static_cast<std::uint32_t>(of.columns) || y >= static_cast<std::uint32_t>(of.rows))
            refuse("holds an event at x = " + std::to_string(x) + ", y = " + std::to_string(y) +
                       ", number " + std::to_string(at / each),
                   "the camera has " + std::to_string(of.columns) + " columns and " +
                       std::to_string(of.rows) + " rows");
        std::uint32_t const us = (byte(at + 2) & 127u) << 16 | byte(at + 3) << 8 | byte(at + 4);
        one.times.push_back((us + round_us) / 1e6);
        one.unit_of.push_back((polarity * static_cast<std::uint32_t>(of.rows) + y) *
                                  static_cast<std::uint32_t>(of.columns) +
                              x);
    }
    if (one.times.empty()) refuse("holds no events", "all of it are marks of the clock");
    into.times.insert(into.times.end(), one.times.begin(), one.times.end());
    into.unit_of.insert(into.unit_of.end(), one.unit_of.begin(), one.unit_of.end());
    into.offsets.push_back(into.times.size());
    into.labels.push_back(label);
}

/// Reads `folder/CLASS/*.bin`, as N-MNIST's Train and Test are: classes by their folders' names,
/// recordings by their files' names.
/// @param folder that holds one of each class
/// @param of what camera
/// @param most recordings of a class, the first by name
/// @throws file_error as `add_event_file`; a folder that is missing, or without recordings
inline labelled_events read_event_files(std::string const& folder, camera of,
                                        std::size_t most = std::size_t(-1)) {
    namespace fs = std::filesystem;
    std::error_code fault;
    auto const listed = [&](fs::path const& where) {
        std::vector<fs::path> found;
        for (fs::directory_iterator at(where, fault), end; !fault && at != end; at.increment(fault))
            found.push_back(at->path());
        if (fault)
            throw file_error("'" + where.string() + "' cannot be read", fault.message(),
                             "Give the folder that holds one folder of each class");
        std::sort(found.begin(), found.end());
        return found;
    };
    labelled_events all;
    for (fs::path const& one : listed(folder)) {
        if (!fs::is_directory(one, fault)) continue;
        std::size_t taken = 0;
        for (fs::path const& file : listed(one)) {
            std::string const ending = file.extension().string();
            if ((ending != ".bin" && ending != ".bs2") || taken == most) continue;
            add_event_file(all.events, file.string(), static_cast<int>(all.classes.size()), of);
            ++taken;
        }
        if (taken > 0) all.classes.push_back(one.filename().string());
    }
    if (all.classes.empty())
        throw file_error("'" + folder + "' holds no recordings",
                         "none of its folders has files that end in .bin or .bs2",
                         "Give the folder that holds one folder of each class");
    return all;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
