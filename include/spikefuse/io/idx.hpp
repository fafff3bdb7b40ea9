// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// MNIST's file format, idx, plain or gzipped. Source: the format's description beside the data set
/// (LeCun, Cortes, Burges 1998). Link spikefuse::io.

#include "../core/config.hpp"

#include "file_bytes.hpp"

#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io {

/// Bytes with a shape: images [count, rows, columns], labels [count].
struct idx {
    std::vector<std::size_t> shape;   ///< extents, the last one the fastest
    std::vector<std::uint8_t> values; ///< row-major
};

/// The magic number of images, [count, rows, columns].
inline constexpr std::uint32_t idx_images = 0x00000803;
/// The magic number of labels, [count].
inline constexpr std::uint32_t idx_labels = 0x00000801;

namespace detail {

inline char const* idx_kind(std::uint32_t magic) {
    return magic == idx_images   ? "images (idx3-ubyte)"
           : magic == idx_labels ? "labels (idx1-ubyte)"
                                 : "something else";
}
inline std::string hex(std::uint32_t n) {
    std::string text = "0x00000000";
    for (int k = 9; k > 1; --k, n >>= 4)
        text[static_cast<std::size_t>(k)] = "0123456789abcdef"[n & 15u];
    return text;
}

inline idx read_whole_idx(std::string const& path, std::uint32_t wanted) {
    descriptor opened = open_plain(path);
    std::unique_ptr<gzFile_s, int (*)(gzFile)> const file(gzdopen(opened.number(), "rb"), gzclose);
    if (!file)
        throw file_error("'" + path + "' cannot be read", "zlib refuses it", "Is memory short?");
    opened.release(); // gzclose closes it
    auto fail_to_read = [&] {
        int code = Z_OK;
        gzerror(file.get(), &code);
        if (code == Z_ERRNO)
            throw file_error("'" + path + "' cannot be read", "the disk fails", "Check the disk");
        throw file_error("'" + path + "' is damaged", "its compressed data do not unpack",
                         "Fetch it again");
    };
    auto read = [&](std::uint8_t* to, std::size_t count, char const* what) {
        std::size_t done = 0;
        while (done < count) {
            auto const piece = static_cast<unsigned>(std::min<std::size_t>(count - done, 1u << 20));
            int const got = gzread(file.get(), to + done, piece);
            if (got < 0) fail_to_read();
            if (got == 0)
                throw file_error("'" + path + "' is cut short",
                                 std::string("it ends in its ") + what + ", after " +
                                     std::to_string(done) + " of " + std::to_string(count) +
                                     " bytes",
                                 "Fetch it again");
            done += static_cast<std::size_t>(got);
        }
    };
    auto number = [&] {
        std::uint8_t b[4];
        read(b, 4, "header");
        return std::uint32_t(b[0]) << 24 | std::uint32_t(b[1]) << 16 | std::uint32_t(b[2]) << 8 |
               b[3];
    };
    std::uint32_t const magic = number();
    if (magic != wanted)
        throw file_error("'" + path + "' holds " + idx_kind(magic) + " where " + idx_kind(wanted) +
                             " were wanted",
                         "its magic number is " + hex(magic) + ", not " + hex(wanted),
                         magic == idx_images || magic == idx_labels ? "Are the two files swapped?"
                                                                    : "Is it an idx file?");
    idx result;
    std::size_t total = 1;
    for (std::uint32_t k = 0; k < (magic & 0xff); ++k) {
        result.shape.push_back(number());
        total *= result.shape.back();
        if (total > (std::size_t(1) << 32))
            throw file_error("'" + path + "' is damaged", "its header asks for an absurd size",
                             "Fetch it again");
    }
    for (std::size_t done = 0;
         done < total;) { // in pieces: a damaged header must not ask for all memory
        std::size_t const piece = std::min<std::size_t>(total - done, 1u << 20);
        result.values.resize(done + piece);
        try {
            read(result.values.data() + done, piece, "data");
        } catch (file_error const&) {
            if (gzeof(file.get()) == 0) throw;
            throw file_error("'" + path + "' is cut short",
                             "its header promises " + std::to_string(total) + " bytes of data",
                             "Fetch it again");
        }
        done += piece;
    }
    std::uint8_t beyond = 0;
    int const extra = gzread(file.get(), &beyond, 1);
    if (extra < 0) fail_to_read();
    if (extra > 0)
        throw file_error("'" + path + "' is longer than its header says",
                         "data follow after " + std::to_string(total) + " bytes", "Fetch it again");
    int code = Z_OK;
    gzerror(file.get(), &code);
    if (code == Z_BUF_ERROR) // all data came, but not the checksum after them
        throw file_error("'" + path + "' is cut short", "the end of its compressed data is missing",
                         "Fetch it again");
    return result;
}

} // namespace detail

/// Reads a file of one kind, plain or gzipped.
/// @param path of the file
/// @param wanted its magic number: `idx_images`, `idx_labels`
/// @throws file_error missing, cut short, damaged, longer than it says, of another kind
inline idx read_idx(std::string const& path, std::uint32_t wanted) {
    return detail::within_memory(path, [&] { return detail::read_whole_idx(path, wanted); });
}

/// MNIST: images [count, rows, columns] of bytes, a label 0 to 9 each.
struct mnist {
    std::size_t count = 0;            ///< images
    std::size_t rows = 0;             ///< of an image
    std::size_t columns = 0;          ///< of an image
    std::vector<std::uint8_t> images; ///< [count, rows, columns], 0 to 255
    std::vector<std::uint8_t> labels; ///< [count], 0 to 9
};

/// Reads `<set>-images-idx3-ubyte` and `<set>-labels-idx1-ubyte`, or these names with .gz.
/// @param folder where both lie
/// @param set "t10k" or "train"
/// @throws file_error as `read_idx`; files of two sets
inline mnist read_mnist(std::string const& folder, std::string const& set = "t10k") {
    auto path = [&](char const* name) {
        std::string const plain = folder + "/" + set + name;
        return detail::stands(plain) ? plain : plain + ".gz";
    };
    std::string const image_path = path("-images-idx3-ubyte"),
                      label_path = path("-labels-idx1-ubyte");
    idx images = read_idx(image_path, idx_images);
    idx labels = read_idx(label_path, idx_labels);
    if (images.shape[0] != labels.shape[0])
        throw file_error("'" + label_path + "' holds " + std::to_string(labels.shape[0]) +
                             " labels for " + std::to_string(images.shape[0]) + " images",
                         "each image has one label", "Take both files from the same set");
    if (images.values.empty())
        throw file_error("'" + image_path + "' holds no images", "one of its extents is 0",
                         "Fetch it again");
    for (std::size_t k = 0; k < labels.values.size(); ++k)
        if (labels.values[k] > 9)
            throw file_error("'" + label_path + "' holds the label " +
                                 std::to_string(labels.values[k]) + " at [" + std::to_string(k) +
                                 "]",
                             "labels are 0 to 9", "Fetch it again");
    return {images.shape[0], images.shape[1], images.shape[2], std::move(images.values),
            std::move(labels.values)};
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
