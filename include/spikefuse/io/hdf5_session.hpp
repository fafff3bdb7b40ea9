// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// How HDF5 is used here: by one thread at a time, without a word of its own, through handles that
/// close themselves.

#include "../core/config.hpp"

#include <hdf5.h>

#include <mutex>
#include <utility>

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

/// Everything that calls HDF5 holds one of these, which may be nested. HDF5 may have been built
/// without a lock of its own, and its printing of errors, which is off meanwhile (our sentences are
/// enough), is a switch of the whole process then. A program that calls HDF5 itself, in another
/// thread at the same time, needs an HDF5 that is thread-safe.
class session {
  public:
    session() : lock_(mutex()) {
        H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }
    session(session const&) = delete;
    session& operator=(session const&) = delete;
    ~session() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }

  private:
    static std::recursive_mutex& mutex() {
        static std::recursive_mutex one;
        return one;
    }
    std::lock_guard<std::recursive_mutex> lock_;
    H5E_auto2_t print_ = nullptr;
    void* data_ = nullptr;
};

/// Closed where a session is held.
class handle {
  public:
    handle() = default;
    handle(hid_t id, herr_t (*closes)(hid_t)) : id_(id), close_(closes) {}
    handle(handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    handle& operator=(handle&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
        return *this;
    }
    handle(handle const&) = delete;
    handle& operator=(handle const&) = delete;
    ~handle() { close(); }
    operator hid_t() const { return id_; }
    bool valid() const { return id_ >= 0; }
    void close() {
        if (id_ >= 0) close_(std::exchange(id_, -1));
    }

  private:
    hid_t id_ = -1;
    herr_t (*close_)(hid_t) = nullptr;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
