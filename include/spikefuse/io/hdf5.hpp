#pragma once
/// What we need of HDF5: handles that close themselves, and reads that check before they give. Link spikefuse::io.

#include "../core/errors.hpp"

#include <hdf5.h>
#include <zlib.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace spikefuse::io {

/// An array of a file: numbers as double, row-major.
struct array {
    std::vector<std::size_t> shape;
    std::vector<double> values;
};

/// Lists of a file, one behind the other: list k is values[offsets[k]] up to values[offsets[k + 1]]. offsets: [lists + 1].
template <class T>
struct ragged {
    std::vector<std::size_t> offsets = {0};
    std::vector<T> values;
    std::size_t size() const { return offsets.size() - 1; }
};

namespace detail {

class handle {
  public:
    handle() = default;
    handle(hid_t id, herr_t (*close)(hid_t)) : id_(id), close_(close) {}
    handle(handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
    handle& operator=(handle&& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
        return *this;
    }
    handle(handle const&) = delete;
    handle& operator=(handle const&) = delete;
    ~handle() {
        if (id_ >= 0) close_(id_);
    }
    operator hid_t() const { return id_; }
    bool valid() const { return id_ >= 0; }

  private:
    hid_t id_ = -1;
    herr_t (*close_)(hid_t) = nullptr;
};

/// HDF5 prints its own stack of errors; ours are enough.
struct quiet {
    H5E_auto2_t print = nullptr;
    void* data = nullptr;
    quiet() {
        H5Eget_auto2(H5E_DEFAULT, &print, &data);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }
    quiet(quiet const&) = delete;
    quiet& operator=(quiet const&) = delete;
    ~quiet() { H5Eset_auto2(H5E_DEFAULT, print, data); }
};

} // namespace detail

/// A file open for reading. Every fault is a file_error that names the file and the place in it.
class hdf5_file {
  public:
    explicit hdf5_file(std::string path) : path_(std::move(path)) {
        detail::quiet const q;
        file_ = {H5Fopen(path_.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose};
        if (file_.valid()) {
            check_heaps();
            return;
        }
        if (FILE* const there = std::fopen(path_.c_str(), "rb")) {
            std::fclose(there);
            throw file_error("'" + path_ + "' cannot be read", "it is not a whole HDF5 file",
                             "Was it cut short, or is it of another format? Fetch it again");
        }
        throw file_error("'" + path_ + "' cannot be opened", "there is no such file, or no permission to read it", "Check the path");
    }

    std::string const& path() const { return path_; }

    bool has(std::string const& name) const {
        detail::quiet const q;
        // A path exists where every part of it does.
        for (std::size_t slash = name.find('/', 1); slash != std::string::npos; slash = name.find('/', slash + 1))
            if (H5Lexists(file_, name.substr(0, slash).c_str(), H5P_DEFAULT) <= 0) return false;
        return H5Lexists(file_, name.c_str(), H5P_DEFAULT) > 0;
    }
    bool is_group(std::string const& name) const {
        detail::quiet const q;
        detail::handle const object(H5Oopen(file_, name.c_str(), H5P_DEFAULT), H5Oclose);
        return object.valid() && H5Iget_type(object) == H5I_GROUP;
    }

    /// Names in a group, in the file's own order of names.
    std::vector<std::string> names(std::string const& group) const {
        detail::quiet const q;
        detail::handle const g(H5Gopen2(file_, group.c_str(), H5P_DEFAULT), H5Gclose);
        if (!g.valid()) fail(group, "it is missing, or not a group");
        H5G_info_t info{};
        if (H5Gget_info(g, &info) < 0) fail(group, "its list of members is damaged");
        std::vector<std::string> result;
        for (hsize_t k = 0; k < info.nlinks; ++k) {
            ssize_t const length = H5Lget_name_by_idx(g, ".", H5_INDEX_NAME, H5_ITER_INC, k, nullptr, 0, H5P_DEFAULT);
            if (length < 0 || length > longest_text) fail(group, "the name of a member is damaged");
            std::string name(static_cast<std::size_t>(length) + 1, '\0');
            H5Lget_name_by_idx(g, ".", H5_INDEX_NAME, H5_ITER_INC, k, name.data(), name.size(), H5P_DEFAULT);
            name.pop_back();
            result.push_back(name);
        }
        return result;
    }

    bool is_text(std::string const& name) const {
        detail::quiet const q;
        detail::handle const data(H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose);
        if (!data.valid()) return false;
        detail::handle const type(H5Dget_type(data), H5Tclose);
        return H5Tget_class(type) == H5T_STRING;
    }

    /// Numbers of any type, as double.
    array numbers(std::string const& name) const {
        detail::quiet const q;
        open_data const data = open(name);
        H5T_class_t const kind = H5Tget_class(data.type);
        if (kind != H5T_INTEGER && kind != H5T_FLOAT) fail(name, "it holds no numbers");
        array result{data.shape, std::vector<double>(data.count)};
        if (data.count > 0 && H5Dread(data.set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, result.values.data()) < 0)
            fail(name, "its numbers are damaged or cut short");
        return result;
    }

    /// Strings of fixed or variable length, row-major; `shape` receives the extents.
    std::vector<std::string> texts(std::string const& name, std::vector<std::size_t>* shape = nullptr) const {
        detail::quiet const q;
        open_data const data = open(name);
        if (H5Tget_class(data.type) != H5T_STRING) fail(name, "it holds no text");
        if (shape != nullptr) *shape = data.shape;
        std::vector<std::string> result;
        detail::handle const memory(H5Tcopy(H5T_C_S1), H5Tclose);
        H5Tset_cset(memory, H5Tget_cset(data.type));
        if (H5Tis_variable_str(data.type) > 0) {
            H5Tset_size(memory, H5T_VARIABLE);
            std::vector<char*> raw(data.count, nullptr);
            if (data.count > 0 && H5Dread(data.set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data()) < 0)
                fail(name, "its text is damaged or cut short");
            for (char const* one : raw) result.emplace_back(one == nullptr ? "" : one);
            H5Dvlen_reclaim(memory, data.space, H5P_DEFAULT, raw.data());
        } else {
            std::size_t const size = H5Tget_size(data.type);
            if (size == 0 || size > longest_text) fail(name, "its text has an absurd length");
            H5Tset_size(memory, size + 1);
            std::vector<char> raw(data.count * (size + 1), '\0');
            if (data.count > 0 && H5Dread(data.set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data()) < 0)
                fail(name, "its text is damaged or cut short");
            for (std::size_t k = 0; k < data.count; ++k) result.emplace_back(raw.data() + k * (size + 1));
        }
        return result;
    }
    std::string text(std::string const& name) const {
        auto const all = texts(name);
        if (all.size() != 1) fail(name, "it holds " + std::to_string(all.size()) + " texts instead of one");
        return all[0];
    }

    /// Lists of variable length, as float (fractions of any type) or std::int64_t (whole numbers of any type). HDF5's own reader asks
    /// for the memory that a damaged length promises; so references are followed here: length (4 bytes), address of a heap (8), index in it
    /// (4).
    template <class T>
    ragged<T> lists(std::string const& name) const {
        static_assert(std::is_same_v<T, float> || std::is_same_v<T, std::int64_t>, "spikefuse: lists are read as float or std::int64_t.");
        constexpr bool fractions = std::is_same_v<T, float>;
        detail::quiet const q;
        open_data const data = open(name);
        if (data.shape.size() != 1) fail(name, "it has " + std::to_string(data.shape.size()) + " axes instead of one");
        if (H5Tget_class(data.type) != H5T_VLEN) fail(name, "it holds no lists of variable length");
        detail::handle const number_type(H5Tget_super(data.type), H5Tclose);
        if (H5Tget_class(number_type) != (fractions ? H5T_FLOAT : H5T_INTEGER))
            fail(name, fractions ? "its lists do not hold fractions" : "its lists do not hold whole numbers");
        std::size_t const width = H5Tget_size(number_type);
        if (width == 0 || width > 16) fail(name, "its numbers have an absurd width");

        detail::handle const made(H5Fget_create_plist(file_), H5Pclose);
        std::size_t address_width = 0, size_width = 0;
        hsize_t first = 0;
        if (H5Pget_sizes(made, &address_width, &size_width) < 0 || H5Pget_userblock(made, &first) < 0 || address_width != 8 ||
            size_width != 8)
            fail(name, "the file's addresses do not have 8 bytes");
        std::string const bytes = contents(), references = references_of(data, bytes, name);
        std::map<std::size_t, std::map<std::size_t, std::string_view>> heaps;
        std::size_t walked = 0, used = 0;
        ragged<T> result;
        std::vector<char> buffer;
        for (std::size_t k = 0; k < data.count; ++k) {
            std::size_t const length = number(references, 16 * k, 4), address = number(references, 16 * k + 4, 8);
            if (length > 0) {
                std::string const place = name + "[" + std::to_string(k) + "]";
                if (address > bytes.size()) fail(place, "it lies beyond the end of the file");
                auto const [heap, fresh] = heaps.try_emplace(address);
                // Heaps do not overlap, and a list has its bytes for itself: together they are no longer than the file.
                if (fresh) {
                    auto keep = [&, &objects = heap->second](std::size_t index, std::string_view object) { objects[index] = object; };
                    std::size_t const size = walk_heap(bytes, first + address, keep);
                    walked += size;
                    if (size == 0 || walked > bytes.size()) fail(place, "the heap in which it lies does not hold together");
                }
                auto const object = heap->second.find(number(references, 16 * k + 12, 4));
                if (object == heap->second.end() || object->second.size() != length * width || (used += length * width) > bytes.size())
                    fail(place, "its length is not that of its numbers");
                buffer.resize(length * std::max(width, sizeof(T)));
                std::memcpy(buffer.data(), object->second.data(), length * width);
                hid_t const wanted = fractions ? H5T_NATIVE_FLOAT : H5T_NATIVE_INT64;
                if (H5Tconvert(number_type, wanted, length, buffer.data(), nullptr, H5P_DEFAULT) < 0)
                    fail(place, "its numbers are damaged");
                result.values.resize(result.values.size() + length);
                std::memcpy(result.values.data() + result.offsets.back(), buffer.data(), length * sizeof(T));
            }
            result.offsets.push_back(result.values.size());
        }
        return result;
    }

    [[noreturn]] void fail(std::string const& place, std::string const& why) const {
        throw file_error("'" + place + "' in '" + path_ + "' cannot be read", why, "Look at the file with h5dump, or write it again");
    }

  private:
    static constexpr long longest_text = 1 << 20;

    std::string contents() const {
        std::ifstream stream(path_, std::ios::binary | std::ios::ate);
        std::string bytes(static_cast<std::size_t>(std::max<std::streamoff>(stream.tellg(), 0)), '\0');
        stream.seekg(0).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        bytes.resize(static_cast<std::size_t>(stream.gcount()));
        return bytes;
    }
    static std::size_t number(std::string const& bytes, std::size_t at, int width) {
        std::size_t value = 0;
        for (int k = width; k-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(k)]);
        return value;
    }

    static constexpr std::string_view heap_mark{"GCOL\1\0\0\0", 8};

    /// Shows every object (index, its bytes) of the heap that begins at `heap`, and gives the heap's size; 0 where it does not hold
    /// together. A heap: mark and version (8 bytes), size (8), then objects: index (2), references (2), 0 (4), size (8), data padded to 8.
    /// Index 0 is free space, and its size counts its header.
    template <class Show>
    static std::size_t walk_heap(std::string const& bytes, std::size_t heap, Show&& show) {
        if (heap > bytes.size() || bytes.size() - heap < 16 || bytes.compare(heap, 8, heap_mark) != 0) return 0;
        std::size_t const size = number(bytes, heap + 8, 8);
        if (size < 16 || size > bytes.size() - heap) return 0;
        for (std::size_t at = 16; at + 16 <= size;) {
            std::size_t const index = number(bytes, heap + at, 2), data = number(bytes, heap + at + 8, 8);
            if (data > size - at) return 0;
            std::size_t const step = index == 0 ? data : 16 + (data + 7) / 8 * 8;
            if (step < 16 || step > size - at) return 0;
            if (index != 0) show(index, std::string_view(bytes).substr(heap + at + 16, data));
            at += step;
        }
        return size;
    }

    /// HDF5 loops for ever, or asks for all memory, over a damaged heap of texts ("GCOL" in the file); so they are walked here first.
    void check_heaps() const {
        std::string const bytes = contents();
        for (std::size_t heap = bytes.find(heap_mark); heap != std::string::npos; heap = bytes.find(heap_mark, heap + 8))
            if (walk_heap(bytes, heap, [](std::size_t, std::string_view) {}) == 0)
                throw file_error("'" + path_ + "' is damaged", "its heap of texts does not hold together", "Fetch it again");
    }

    struct open_data {
        detail::handle set, type, space;
        std::vector<std::size_t> shape;
        std::size_t count = 1;
    };
    /// A damaged extent must not ask for all memory: what is promised is held against what is stored. Deflate packs at most 1032 to 1.
    void check_stored(open_data const& data, std::string const& name) const {
        if (data.count == 0) return;
        detail::handle const how(H5Dget_create_plist(data.set), H5Pclose);
        std::size_t const stored = H5Dget_storage_size(data.set), unit = H5Tget_size(data.type);
        std::size_t const most = stored * (H5Pget_layout(how) == H5D_CHUNKED ? 1032 : 1);
        if (unit == 0 || data.count > most / unit) fail(name, "its shape promises more than the file holds");
    }

    open_data open(std::string const& name) const {
        open_data data;
        data.set = {H5Dopen2(file_, name.c_str(), H5P_DEFAULT), H5Dclose};
        if (!data.set.valid()) fail(name, "it is missing, or not a data set");
        data.type = {H5Dget_type(data.set), H5Tclose};
        data.space = {H5Dget_space(data.set), H5Sclose};
        int const rank = H5Sget_simple_extent_ndims(data.space);
        if (!data.type.valid() || rank < 0) fail(name, "its description is damaged");
        std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
        H5Sget_simple_extent_dims(data.space, extents.data(), nullptr);
        for (hsize_t e : extents) {
            if (e != 0 && data.count > (std::size_t(1) << 40) / e) fail(name, "its extents are absurd");
            data.shape.push_back(e);
            data.count *= e;
        }
        if (H5Sget_simple_extent_type(data.space) == H5S_NULL) data.count = 0;
        check_stored(data, name);
        return data;
    }

    /// The references that a data set [lists] of lists holds, 16 bytes each. HDF5 gives them to nobody.
    std::string references_of(open_data const& data, std::string const& bytes, std::string const& name) const {
        std::size_t const size = data.count * 16;
        if (size == 0) return {};
        detail::handle const how(H5Dget_create_plist(data.set), H5Pclose);
        H5D_layout_t const layout = H5Pget_layout(how);
        if (layout == H5D_CONTIGUOUS) {
            haddr_t const at = H5Dget_offset(data.set);
            if (at > bytes.size() || size > bytes.size() - at) fail(name, "its shape promises more than the file holds");
            return bytes.substr(at, size);
        }
        hsize_t chunk = 0;
        if (layout != H5D_CHUNKED || H5Pget_chunk(how, 1, &chunk) != 1) fail(name, "its layout is neither contiguous nor chunked");
        if (chunk == 0 || std::max<std::size_t>(chunk, data.count) > bytes.size() * (1032 / 16)) fail(name, "its extents are absurd");
        std::string result(size, '\0');
        for (hsize_t at = 0; at < data.count; at += chunk) {
            unsigned skipped = 0;
            haddr_t address = HADDR_UNDEF;
            hsize_t stored = 0;
            bool const found = H5Dget_chunk_info_by_coord(data.set, &at, &skipped, &address, &stored) >= 0;
            if (found && address == HADDR_UNDEF) continue; // never written: empty lists
            if (!found || address > bytes.size() || stored > bytes.size() - address) fail(name, "its chunks are damaged or cut short");
            std::string piece = bytes.substr(address, stored);
            for (int k = H5Pget_nfilters(how); k-- > 0;) {
                std::size_t none = 0;
                unsigned flags = 0, config = 0;
                if ((skipped >> k & 1u) != 0) continue; // shuffle always is, as HDF5 cannot shuffle lists
                if (H5Pget_filter2(how, static_cast<unsigned>(k), &flags, &none, nullptr, 0, nullptr, &config) != H5Z_FILTER_DEFLATE)
                    fail(name, "it is packed by another filter than deflate");
                std::string unpacked(chunk * 16, '\0');
                uLongf length = unpacked.size();
                auto const* from = reinterpret_cast<Bytef const*>(piece.data());
                if (uncompress(reinterpret_cast<Bytef*>(unpacked.data()), &length, from, piece.size()) != Z_OK)
                    fail(name, "its compressed data do not unpack");
                unpacked.resize(length);
                piece = std::move(unpacked);
            }
            if (piece.size() != chunk * 16) fail(name, "its chunks are damaged or cut short");
            piece.resize(std::min<std::size_t>(piece.size(), size - at * 16));
            result.replace(at * 16, piece.size(), piece);
        }
        return result;
    }

    std::string path_;
    detail::handle file_;
};

} // namespace spikefuse::io
