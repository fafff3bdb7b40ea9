// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A walk through a file's bytes before HDF5's own: in a damaged file HDF5 follows lists that never
/// end, and takes memory until none is left. Source: the HDF5 File Format Specification,
/// version 3.0. What is walked has no checksum in the format: local heaps (names of groups), trees
/// of groups and chunks, object headers that go on elsewhere, and the heaps of texts and lists.
/// Newer files hold their groups in structures with checksums, which HDF5 itself refuses when they
/// are damaged.

#include "../core/config.hpp"

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

/// A little-endian number of `width` bytes. Who asks has looked that they are there.
inline std::size_t number_at(std::string_view bytes, std::size_t at, int width) {
    std::size_t value = 0;
    for (int k = width; k-- > 0;)
        value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(k)]);
    return value;
}

inline constexpr std::string_view heap_mark{"GCOL\1\0\0\0", 8};

/// Shows every object (index, its bytes) of the heap of texts and lists that begins at `heap`, and
/// gives the heap's size; 0 where it does not hold together. A heap: mark and version (8 bytes),
/// size (8), then objects: index (2), references (2), 0 (4), size (8), data padded to 8. Index 0 is
/// free space, and its size counts its header.
template <class Show>
std::size_t walk_heap(std::string_view bytes, std::size_t heap, Show&& show) {
    if (heap > bytes.size() || bytes.size() - heap < 16 || bytes.compare(heap, 8, heap_mark) != 0)
        return 0;
    std::size_t const size = number_at(bytes, heap + 8, 8);
    if (size < 16 || size > bytes.size() - heap) return 0;
    for (std::size_t at = 16; at + 16 <= size;) {
        std::size_t const index = number_at(bytes, heap + at, 2),
                          data = number_at(bytes, heap + at + 8, 8);
        if (data > size - at) return 0;
        std::size_t const step = index == 0 ? data : 16 + (data + 7) / 8 * 8;
        if (step < 16 || step > size - at) return 0;
        if (index != 0) show(index, bytes.substr(heap + at + 16, data));
        at += step;
    }
    return size;
}

/// Finds what would not end. Only that: what is merely wrong HDF5 says itself.
class hdf5_walk {
  public:
    explicit hdf5_walk(std::string_view bytes) : bytes_(bytes) {}

    /// What is damaged; empty where nothing is.
    std::string fault() {
        if (!find_root()) return fault_;
        while (fault_.empty() && !(headers_.empty() && groups_.empty())) {
            if (!headers_.empty()) {
                std::size_t const next = headers_.back();
                headers_.pop_back();
                header(next);
            } else {
                auto const [names, heap] = groups_.back();
                groups_.pop_back();
                local_heap(heap);
                if (fault_.empty()) tree(names, 0, 8);
            }
        }
        for (std::size_t heap = bytes_.find(heap_mark); fault_.empty() && heap != bytes_.npos;
             heap = bytes_.find(heap_mark, heap + 8))
            if (walk_heap(bytes_, heap, [](std::size_t, std::string_view) {}) == 0)
                fault_ = "its heap of texts does not hold together";
        return fault_;
    }

  private:
    /// Whether `size` bytes lie at an address of the file.
    bool there(std::size_t address, std::size_t size) const {
        return address <= bytes_.size() - base_ && size <= bytes_.size() - base_ - address;
    }
    std::size_t number(std::size_t address, int width) const {
        return number_at(bytes_, base_ + address, width);
    }
    /// Things do not overlap, and each takes bytes: there are fewer of them than bytes.
    bool goes_too_far() {
        if (++steps_ > bytes_.size()) fault_ = "its parts lie in one another";
        return !fault_.empty();
    }
    bool marked(std::size_t address, std::string_view mark) const {
        return there(address, mark.size()) &&
               bytes_.compare(base_ + address, mark.size(), mark) == 0;
    }

    /// The file begins at 0, 512, 1024, ...: before it the user may keep what he likes. Where HDF5
    /// finds no file, it says so.
    bool find_root() {
        constexpr std::string_view signature{"\x89HDF\r\n\x1a\n", 8};
        for (base_ = 0; base_ < bytes_.size() && !marked(0, signature);
             base_ = base_ == 0 ? 512 : 2 * base_) {
        }
        if (base_ >= bytes_.size() || !there(0, 48)) return false;
        std::size_t const version = number(8, 1), widths = version < 2 ? 13 : 9;
        if (version > 3) return false;
        if (number(widths, 1) != 8 || number(widths + 1, 1) != 8) {
            fault_ = "the file's addresses do not have 8 bytes";
            return false;
        }
        if (version >= 2) {
            headers_.push_back(number(36, 8));
        } else if (std::size_t const root = version == 0 ? 56 : 60; there(root, 40)) {
            entry(root);
        }
        return true;
    }

    /// A group's entry of a member: name (8), header (8), what is known of it (4), 0 (4), of a
    /// group its tree (8) and its heap (8).
    void entry(std::size_t at) {
        headers_.push_back(number(at + 8, 8));
        if (number(at + 16, 4) == 1) groups_.emplace_back(number(at + 24, 8), number(at + 32, 8));
    }

    /// "HEAP", version 0 (4), size of its data (8), first free piece (8), data (8). A free piece:
    /// the next one (8), its size (8); 1 ends.
    void local_heap(std::size_t at) {
        if (!marked(at, "HEAP") || !there(at, 32) || !seen_.insert(at).second) return;
        std::size_t const size = number(at + 8, 8), data = number(at + 24, 8);
        if (!there(data, size)) {
            fault_ = "its heap of names promises more than the file holds";
            return;
        }
        std::size_t pieces = 0;
        for (std::size_t piece = number(at + 16, 8); piece != 1 && piece != ~std::size_t(0);
             piece = number(data + piece, 8)) {
            if (goes_too_far()) return;
            if (size >= 16 && piece <= size - 16 && ++pieces <= size / 16) continue;
            fault_ = "its heap of names does not hold together";
            return;
        }
    }

    /// "TREE", kind (1), level (1), how many (2), its neighbours (16), then a key before each
    /// child. A node's children lie one level below.
    void tree(std::size_t root, std::size_t kind, std::size_t key) {
        std::vector<std::size_t> open{root};
        while (!open.empty()) {
            std::size_t const at = open.back();
            open.pop_back();
            if (!marked(at, "TREE") || !there(at, 24) || number(at + 4, 1) != kind)
                continue; // HDF5 refuses it
            if (!seen_.insert(at).second) {
                if (at != root) fault_ = "one of its trees does not hold together";
                continue;
            }
            std::size_t const level = number(at + 5, 1), count = number(at + 6, 2);
            for (std::size_t k = 0; k < count && there(at + 24 + k * (key + 8) + key, 8); ++k) {
                if (goes_too_far()) return;
                std::size_t const child = number(at + 24 + k * (key + 8) + key, 8);
                if (level > 0) {
                    if (marked(child, "TREE") && there(child, 24) &&
                        number(child + 5, 1) != level - 1)
                        fault_ = "one of its trees does not hold together";
                    open.push_back(child);
                } else if (kind == 0 && marked(child, "SNOD") && there(child, 8) &&
                           seen_.insert(child).second) {
                    for (std::size_t s = 0; s < number(child + 6, 2) &&
                                            there(child + 8 + 40 * s, 40) && !goes_too_far();
                         ++s)
                        entry(child + 8 + 40 * s);
                }
            }
            if (!fault_.empty()) return;
        }
    }

    /// An object: version 1, 0, messages (2), references (4), size (4), 0 (4), or "OHDR" with flags
    /// that say what stands before the messages.
    void header(std::size_t at) {
        if (!there(at, 16) || !seen_.insert(at).second) return;
        if (!marked(at, "OHDR")) {
            if (number(at, 1) == 1) messages(at + 16, number(at + 8, 4), 8, false);
            return;
        }
        std::size_t const flags = number(at + 5, 1), width = std::size_t(1) << (flags & 3);
        std::size_t const begin =
            at + 6 + ((flags & 0x20) != 0 ? 16 : 0) + ((flags & 0x10) != 0 ? 4 : 0);
        if (there(begin, width))
            messages(begin + width, number(begin, static_cast<int>(width)),
                     (flags & 4) != 0 ? 6 : 4, true);
    }

    /// Messages of an object, and those that lie elsewhere. `before`: bytes in front of a message:
    /// kind (2, or 1 in newer files), size (2), flags (1).
    void messages(std::size_t begin, std::size_t size, std::size_t before, bool newer) {
        std::vector<std::pair<std::size_t, std::size_t>> pieces{{begin, size}};
        while (!pieces.empty()) {
            auto const [first, length] = pieces.back();
            pieces.pop_back();
            if (!there(first, length)) continue;
            for (std::size_t at = first, end = first + length; at + before <= end;) {
                if (goes_too_far()) return;
                std::size_t const kind = number(at, newer ? 1 : 2),
                                  count = number(at + (newer ? 1 : 2), 2),
                                  flags = number(at + (newer ? 3 : 4), 1);
                at += before;
                if (count > end - at) break;
                if (kind == goes_on && count >= 16) {
                    std::size_t const there_on = number(at, 8), how_long = number(at + 8, 8),
                                      frame = newer ? 8 : 0; // "OCHK", checksum
                    if (!seen_.insert(there_on).second) {
                        fault_ = "the header of one of its objects leads to itself";
                        return;
                    }
                    if (how_long >= frame)
                        pieces.emplace_back(there_on + frame / 2, how_long - frame);
                } else if ((flags & 2) == 0) { // else it is kept elsewhere
                    message(kind, at, count);
                }
                at += count;
            }
        }
    }
    static constexpr std::size_t goes_on = 0x10, a_group = 0x11, a_link = 0x06,
                                 of_other_files = 0x07, a_layout = 0x08;

    void message(std::size_t kind, std::size_t at, std::size_t size) {
        if (kind == a_group && size >= 16) groups_.emplace_back(number(at, 8), number(at + 8, 8));
        if (kind == of_other_files && size >= 16) local_heap(number(at + 8, 8));
        if (kind == a_layout && size >= 11) layout(at, size);
        if (kind == a_link && size >= 2) link(at, at + size);
    }
    /// Where chunks lie, their tree: a key holds a size and a filter (8 bytes), and an offset for
    /// each axis and for the bytes of a number. Behind the tree's address stand the extents of a
    /// chunk; one of 4 GB or more HDF5 refuses to open, and loses memory then.
    void layout(std::size_t at, std::size_t size) {
        std::size_t const version = number(at, 1);
        bool const old = version == 1 || version == 2;
        if (old ? number(at + 2, 1) != 2 || size < 16 : version != 3 || number(at + 1, 1) != 2)
            return;
        std::size_t const axes = number(at + (old ? 1 : 2), 1), extents = at + (old ? 16 : 11);
        std::size_t bytes = 1;
        for (std::size_t k = 0; k < axes && extents + 4 * k + 4 <= at + size; ++k)
            if ((bytes *= number(extents + 4 * k, 4)) >> 32 != 0) {
                fault_ = "one of its arrays lies in chunks of 4 GB or more";
                return;
            }
        tree(number(at + (old ? 8 : 3), 8), 1, 8 + 8 * axes);
    }
    void link(std::size_t at, std::size_t end) {
        std::size_t const flags = number(at + 1, 1), width = std::size_t(1) << (flags & 3);
        at += 2;
        if ((flags & 8) != 0 && at < end && number(at++, 1) != 0) return; // it names another path
        at += ((flags & 4) != 0 ? 8 : 0) + ((flags & 16) != 0 ? 1 : 0);
        if (at + width > end) return;
        std::size_t const name = number(at, static_cast<int>(width));
        at += width;
        if (name <= end - at && end - at - name >= 8) headers_.push_back(number(at + name, 8));
    }

    std::string_view bytes_;
    std::size_t base_ = 0;
    std::vector<std::size_t> headers_;                        // to be walked
    std::vector<std::pair<std::size_t, std::size_t>> groups_; // likewise: tree, heap
    std::set<std::size_t> seen_; // addresses of what was walked: each thing once
    std::size_t steps_ = 0;
    std::string fault_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
