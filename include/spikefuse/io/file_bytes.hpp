// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A file's bytes, read once: whoever replaces the file meanwhile, what is read is the old one or
/// the new one. No HDF5, no zlib.

#include "../core/config.hpp"

#include "../core/errors.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <new>
#include <stdexcept>
#include <string>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

/// A fault at a place within a file, in parts: who collects faults puts many into one sentence.
struct place_fault : file_error {
    place_fault(std::string const& path, std::string in, std::string reason,
                std::string const& cure)
        : file_error("'" + in + "' in '" + path + "' cannot be read", reason, cure),
          place(std::move(in)), why(std::move(reason)) {}
    std::string place, why;
};

/// An open file that closes itself.
class descriptor {
  public:
    explicit descriptor(int opened) : number_(opened) {}
    descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
    descriptor(descriptor const&) = delete;
    descriptor& operator=(descriptor const&) = delete;
    descriptor& operator=(descriptor&& other) noexcept {
        std::swap(number_, other.number_);
        return *this;
    }
    ~descriptor() { close(); }

    int number() const { return number_; }
    bool valid() const { return number_ >= 0; }
    /// Who gets the number closes it.
    int release() { return std::exchange(number_, -1); }
    bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

  private:
    int number_;
};

inline bool stands(std::string const& path) {
    struct stat about{};
    return stat(path.c_str(), &about) == 0;
}

/// Opens a plain file for reading. A pipe would be waited for, and a device may have no end: both
/// are refused, and a folder too. Throws file_error.
inline descriptor open_plain(std::string const& path) {
    descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    struct stat about{};
    if (!file.valid() || fstat(file.number(), &about) != 0)
        throw file_error("'" + path + "' cannot be opened",
                         "there is no such file, or no permission to read it", "Check the path");
    if (!S_ISREG(about.st_mode))
        throw file_error("'" + path + "' cannot be read",
                         S_ISDIR(about.st_mode) ? "it is a folder"
                                                : "it is no plain file, but a pipe or a device",
                         "Give a file on a disk");
    return file;
}

/// What reads call so that too little memory is an error of the file: it asked for it. Throws what
/// `read` throws, and file_error.
template <class Read>
auto within_memory(std::string const& path, Read const& read) {
    auto const refuse = [&] {
        throw file_error("'" + path + "' cannot be read", "it needs more memory than there is",
                         "Is it damaged? Else read a smaller file");
    };
    try {
        return read();
    } catch (std::bad_alloc const&) {
        refuse();
    } catch (std::length_error const&) {
        refuse();
    }
    return decltype(read())(); // never: refuse throws
}

/// All bytes of a plain file, from one descriptor. Throws file_error.
inline std::string read_whole(std::string const& path) {
    return within_memory(path, [&] {
        descriptor const file = open_plain(path);
        struct stat about{};
        fstat(file.number(), &about);
        std::string bytes(static_cast<std::size_t>(std::max<off_t>(about.st_size, 0)), '\0');
        std::size_t done = 0;
        while (done < bytes.size()) {
            ssize_t const got =
                ::read(file.number(), bytes.data() + done,
                       std::min<std::size_t>(bytes.size() - done, std::size_t(1) << 30));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0)
                throw file_error("'" + path + "' cannot be read", "the disk fails",
                                 "Check the disk");
            if (got == 0) break; // it was cut short meanwhile
            done += static_cast<std::size_t>(got);
        }
        bytes.resize(done);
        return bytes;
    });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
