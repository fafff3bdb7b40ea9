// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Objects behind numbers, for callers that cannot be trusted with pointers.

#include "status.hpp"

#include <Kokkos_Core.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace spikefuse::inline SPIKEFUSE_ABI::bindings {

/// A number for an object. 0 is none; no number comes twice, so that what was destroyed stays
/// unknown.
using handle = std::int64_t;

/// The objects of a library, each until it is destroyed, or Kokkos ends. May be used by any thread.
template <class Object>
class handles {
  public:
    handle add(std::shared_ptr<Object> one) {
        std::lock_guard const lock(busy_);
        if (!ends_with_kokkos_) Kokkos::push_finalize_hook([this] { clear(); });
        ends_with_kokkos_ = true;
        objects_.emplace(next_, std::move(one));
        return next_++;
    }
    /// The object, which lives on at least as long as what is returned.
    /// @throws handle_error there is none of that number
    std::shared_ptr<Object> find(handle which) const {
        std::lock_guard const lock(busy_);
        auto const found = objects_.find(which);
        if (found == objects_.end())
            throw handle_error("there is no model " + std::to_string(which),
                               which == 0 ? "it was not created, or is destroyed"
                                          : "it is destroyed, or of another library",
                               "Create one before it is used");
        return found->second;
    }
    /// @throws handle_error there is none of that number
    void remove(handle which) {
        auto const last = find(which); // ends when the table is free again
        std::lock_guard const lock(busy_);
        objects_.erase(which);
    }
    void clear() {
        std::map<handle, std::shared_ptr<Object>> ended;
        std::lock_guard const lock(busy_);
        ended.swap(objects_);
    }

  private:
    mutable std::mutex busy_;
    std::map<handle, std::shared_ptr<Object>> objects_;
    handle next_ = 1;
    bool ends_with_kokkos_ = false;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::bindings
