// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A file written in one step: it is the old one or the new one, whole, whoever reads or writes it
/// at the same time.

#include "../core/config.hpp"

#include "file_bytes.hpp"

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <random>
#include <system_error>

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

/// Where a path leads: a symbolic link stays, and the file that it names is replaced.
inline std::filesystem::path followed(std::filesystem::path path) {
    std::error_code fault;
    for (int links = 0; links < 40 && std::filesystem::is_symlink(path, fault); ++links) {
        std::filesystem::path const target = std::filesystem::read_symlink(path, fault);
        if (fault) break;
        path = path.parent_path() / target; // an absolute target stands for itself
    }
    return path;
}

/// Writes aside, then renames: whoever reads `path` sees the old file or the new one, also after a
/// power cut; of several writers the last one wins, whole. Each writes a file of its own, made
/// exclusively in the same folder, which is gone after a failure. A file that was there keeps its
/// mode, and a symbolic link its name. Throws file_error; the file that was there before is then
/// still there.
inline void replace_file(std::string const& path, std::string const& bytes) {
    std::filesystem::path const target = followed(path),
                                folder = target.has_parent_path() ? target.parent_path() : ".";
    std::string aside;
    auto refuse = [&](std::string const& what, int fault) {
        if (!aside.empty()) std::remove(aside.c_str());
        throw file_error("'" + path + "' cannot be written",
                         what + ": " + std::generic_category().message(fault),
                         "Choose another place, or make room and permit writing there");
    };
    struct stat before{};
    bool const replaces = stat(target.c_str(), &before) == 0;
    if (replaces && !S_ISREG(before.st_mode) && !S_ISDIR(before.st_mode))
        refuse("it is no plain file, but a pipe or a device", EINVAL);

    static std::atomic<unsigned> writers = 0;
    descriptor file(-1);
    for (int tries = 0; !file.valid() && tries < 100; ++tries) {
        std::string const own = std::to_string(getpid()) + "-" + std::to_string(writers++) + "-" +
                                std::to_string(std::random_device{}());
        std::string const name =
            (folder / (target.filename().string().substr(0, 180) + "." + own + ".part")).string();
        file = descriptor(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                                 replaces ? 0600 : 0666)); // less the umask
        if (file.valid()) aside = name;
        if (!file.valid() && errno != EEXIST) break;
    }
    if (!file.valid()) refuse("no file can be made in '" + folder.string() + "'", errno);
    if (replaces && S_ISREG(before.st_mode)) {
        struct stat made{};
        bool const another_owner = fstat(file.number(), &made) == 0 &&
                                   (made.st_uid != before.st_uid || made.st_gid != before.st_gid);
        bool const owned =
            !another_owner || fchown(file.number(), before.st_uid, before.st_gid) == 0;
        // Whom the file is not handed to shall not run as its owner.
        if (fchmod(file.number(), before.st_mode & (owned ? 07777 : 0777)) != 0)
            refuse("'" + aside + "' cannot get the file's mode", errno);
    }
    for (std::size_t done = 0; done < bytes.size();) {
        ssize_t const put =
            ::write(file.number(), bytes.data() + done,
                    std::min<std::size_t>(bytes.size() - done, std::size_t(1) << 30));
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) refuse("writing '" + aside + "' failed", errno);
        done += static_cast<std::size_t>(put);
    }
    if (fsync(file.number()) != 0) refuse("writing '" + aside + "' failed", errno);
    if (!file.close()) refuse("writing '" + aside + "' failed", errno);
    if (std::rename(aside.c_str(), target.c_str()) != 0)
        refuse("'" + aside + "' cannot take its name", errno);
    descriptor const of_folder(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (of_folder.valid())
        (void)fsync(of_folder.number()); // some file systems cannot; the file itself is safe
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
