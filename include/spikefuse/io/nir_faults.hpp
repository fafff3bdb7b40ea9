// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Everything that is wrong with a NIR file, collected: a file that is written again once is read
/// then.

#include "../core/config.hpp"

#include "file_bytes.hpp"

#include <string>
#include <utility>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::nir {

/// Something wrong, or strange, in a file.
struct fault {
    std::string place; ///< in the file: "/node/nodes/lif/tau"
    std::string node;  ///< "lif", "block/lif"; empty: the file itself
    std::string field; ///< "tau"; empty: the node, or the edges
    std::string why;   ///< what is, and what should be
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

/// "/node/nodes/block/nodes/lif" as "block/lif".
inline std::string node_at(std::string const& place) {
    std::string name;
    std::string const step = "/nodes/";
    for (std::size_t at = place.find(step); at != std::string::npos;) {
        std::size_t const begin = at + step.size(), end = place.find('/', begin);
        name += (name.empty() ? "" : "/") + place.substr(begin, end - begin);
        at = place.find(step, end == std::string::npos ? place.size() : end);
        if (at != end) break;
    }
    return name;
}

/// Faults in the order in which they were found.
class nir_faults {
  public:
    explicit nir_faults(std::string path) : path_(std::move(path)) {}

    /// @param place of the node
    /// @param field of it, or "" or "edges"
    /// @param why what is wrong, as a sentence
    void say(std::string const& place, std::string const& field, std::string const& why) {
        std::string const whole = field.empty() ? place : place + "/" + field;
        for (auto const& known : faults_)
            if (known.place == whole && (known.why == why || !(field.empty() || field == "edges")))
                return; // of a field the first, which the others may come of
        faults_.push_back({whole, node_at(place), field, why});
    }
    /// Runs what reads from HDF5: its fault becomes one of these. Says whether it went well.
    template <class Read>
    bool keep(std::string const& place, std::string const& field, Read const& read) {
        try {
            read();
            return true;
        } catch (place_fault const& fault) {
            say(place, field, fault.why);
            return false;
        }
    }
    bool at(std::string const& place) const {
        for (auto const& one : faults_)
            if (one.place == place) return true;
        return false;
    }
    std::vector<nir::fault> const& all() const { return faults_; }
    bool none() const { return faults_.empty(); }
    void add(nir::fault const& one) { faults_.push_back(one); }
    void forget(std::size_t beyond) { faults_.resize(beyond); }

    /// Throws file_error with all of them, if there are any.
    void raise() const {
        if (faults_.empty()) return;
        std::string const cure = "Write the file again from the framework it comes from";
        if (faults_.size() == 1) {
            nir::fault const& one = faults_[0];
            throw file_error("'" + one.place + "' in '" + path_ +
                                 "' is not a NIR node that can be used",
                             one.why, cure);
        }
        std::string all;
        for (auto const& one : faults_) all += "\n  '" + one.place + "': " + one.why;
        throw file_error("'" + path_ + "' is no NIR file that can be used",
                         std::to_string(faults_.size()) + " faults:" + all, cure);
    }

  private:
    std::string path_;
    std::vector<nir::fault> faults_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
