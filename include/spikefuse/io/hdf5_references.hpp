// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Lists and texts of variable length: what a data set holds are references, and each is followed
/// here. HDF5's own reader asks for the memory that a damaged length promises, and for as much as
/// often as it is referred to. Part of hdf5.hpp.

#include "../core/config.hpp"

#include "hdf5.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::io {

/// The references that a data set of lists or texts holds, 16 bytes each. HDF5 gives them to
/// nobody.
inline std::string hdf5_file::references_of(open_data const& data, std::string const& name) const {
    std::size_t const size = data.count * 16;
    if (size == 0) return {};
    detail::handle const how(H5Dget_create_plist(data.set), H5Pclose);
    H5D_layout_t const layout = H5Pget_layout(how);
    if (layout == H5D_CONTIGUOUS) {
        haddr_t const at = H5Dget_offset(data.set);
        if (at == HADDR_UNDEF) return std::string(size, '\0'); // never written: empty lists
        if (at > bytes_.size() || size > bytes_.size() - at)
            fail(name, "its shape promises more than the file holds");
        return bytes_.substr(at, size);
    }
    std::vector<hsize_t> chunk(data.shape.size());
    int const rank = static_cast<int>(data.shape.size());
    if (layout != H5D_CHUNKED || H5Pget_chunk(how, rank, chunk.data()) != rank)
        fail(name, "its layout is neither contiguous nor chunked");
    std::size_t in_chunk = 1;
    for (hsize_t const extent : chunk) in_chunk *= extent; // none is absurd: check_readable
    std::string result(size, '\0');
    std::vector<hsize_t> corner(chunk.size(), 0);
    for (bool more = true; more;) {
        unsigned skipped = 0;
        haddr_t address = HADDR_UNDEF;
        hsize_t stored = 0;
        bool const found =
            H5Dget_chunk_info_by_coord(data.set, corner.data(), &skipped, &address, &stored) >= 0;
        if (!found || (address != HADDR_UNDEF &&
                       (address > bytes_.size() || stored > bytes_.size() - address)))
            fail(name, "its chunks are damaged or cut short");
        if (address != HADDR_UNDEF) { // else it was never written: empty lists
            std::string piece = bytes_.substr(address, stored);
            for (int k = H5Pget_nfilters(how); k-- > 0;) {
                std::size_t none = 0;
                unsigned flags = 0, config = 0;
                if ((skipped >> k & 1u) != 0)
                    continue; // shuffle always is, as HDF5 cannot shuffle lists
                if (H5Pget_filter2(how, static_cast<unsigned>(k), &flags, &none, nullptr, 0,
                                   nullptr, &config) != H5Z_FILTER_DEFLATE)
                    fail(name, "it is packed by another filter than deflate",
                         "Write it again with gzip, or not packed");
                std::string unpacked(in_chunk * 16, '\0');
                uLongf length = unpacked.size();
                auto const* from = reinterpret_cast<Bytef const*>(piece.data());
                if (uncompress(reinterpret_cast<Bytef*>(unpacked.data()), &length, from,
                               piece.size()) != Z_OK)
                    fail(name, "its compressed data do not unpack");
                unpacked.resize(length);
                piece = std::move(unpacked);
            }
            if (piece.size() != in_chunk * 16) fail(name, "its chunks are damaged or cut short");
            for (std::size_t k = 0; k < in_chunk;
                 ++k) { // entry k of the chunk lies at `to` of the data set, unless beyond its edge
                std::size_t to = 0, left = k, weight = 1;
                bool inside = true;
                for (std::size_t axis = chunk.size(); axis-- > 0; left /= chunk[axis]) {
                    std::size_t const at = corner[axis] + left % chunk[axis];
                    inside = inside && at < data.shape[axis];
                    to += at * weight;
                    weight *= data.shape[axis];
                }
                if (inside) result.replace(16 * to, 16, piece, 16 * k, 16);
            }
        }
        more = false;
        for (std::size_t axis = chunk.size(); axis-- > 0 && !more;) {
            corner[axis] += chunk[axis];
            more = corner[axis] < data.shape[axis];
            if (!more) corner[axis] = 0;
        }
    }
    return result;
}

/// Calls show(k, its bytes) for every list that is not empty; a number of it has `width` bytes. A
/// reference: length (4 bytes), address of a heap (8), index in it (4).
template <class Show>
void hdf5_file::each_object(open_data const& data, std::string const& name, std::size_t width,
                            Show const& show) const {
    detail::handle const made(H5Fget_create_plist(file_), H5Pclose);
    hsize_t first = 0;
    if (H5Pget_userblock(made, &first) < 0) fail(name, "its file is damaged");
    std::string const references = references_of(data, name);
    std::map<std::size_t, std::map<std::size_t, std::string_view>> heaps;
    std::size_t walked = 0, used = 0;
    for (std::size_t k = 0; k < data.count; ++k) {
        std::size_t const length = detail::number_at(references, 16 * k, 4),
                          address = detail::number_at(references, 16 * k + 4, 8);
        if (length == 0) continue;
        auto const wrong = [&](std::string const& why) {
            fail(data.shape.empty() ? name : name + "[" + std::to_string(k) + "]", why);
        };
        if (address > bytes_.size()) wrong("it lies beyond the end of the file");
        auto const [heap, fresh] = heaps.try_emplace(address);
        // Heaps do not overlap, and a list has its bytes for itself: together they are no longer
        // than the file.
        if (fresh) {
            auto keep = [&objects = heap->second](std::size_t index, std::string_view object) {
                objects[index] = object;
            };
            std::size_t const size = detail::walk_heap(bytes_, first + address, keep);
            walked += size;
            if (size == 0 || walked > bytes_.size())
                wrong("the heap in which it lies does not hold together");
        }
        auto const object = heap->second.find(detail::number_at(references, 16 * k + 12, 4));
        if (object == heap->second.end() || object->second.size() != length * width ||
            (used += length * width) > bytes_.size())
            wrong("its length is not that of its numbers");
        show(k, object->second);
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
