#pragma once
/// What we need of HDF5: handles that close themselves, and reads that check before they give. Link spikefuse::io.

#include "../core/errors.hpp"

#include <hdf5.h>

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace spikefuse::io {

/// An array of a file: numbers as double, row-major.
struct array {
    std::vector<std::size_t> shape;
    std::vector<double> values;
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

    [[noreturn]] void fail(std::string const& place, std::string const& why) const {
        throw file_error("'" + place + "' in '" + path_ + "' cannot be read", why, "Look at the file with h5dump, or write it again");
    }

  private:
    static constexpr long longest_text = 1 << 20;

    /// HDF5 loops for ever, or asks for all memory, over a damaged heap of texts ("GCOL" in the file); so they are walked here first.
    /// A heap: mark and version (8 bytes), size (8), then objects: index (2), references (2), 0 (4), size (8), data padded to 8.
    /// Index 0 is free space, and its size counts its header.
    void check_heaps() const {
        std::ifstream stream(path_, std::ios::binary);
        std::string const bytes{std::istreambuf_iterator<char>(stream), {}};
        auto number = [&](std::size_t at, int width) {
            std::size_t value = 0;
            for (int k = width; k-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(k)]);
            return value;
        };
        std::string const mark("GCOL\1\0\0\0", 8);
        for (std::size_t heap = bytes.find(mark); heap != std::string::npos; heap = bytes.find(mark, heap + 8)) {
            bool whole = bytes.size() - heap >= 16;
            std::size_t const size = whole ? number(heap + 8, 8) : 0;
            whole = whole && size >= 16 && size <= bytes.size() - heap;
            for (std::size_t at = 16; whole && at + 16 <= size;) {
                std::size_t const data = number(heap + at + 8, 8);
                whole = data <= size - at;
                std::size_t const step = number(heap + at, 2) == 0 ? data : 16 + (data + 7) / 8 * 8;
                whole = whole && step >= 16 && step <= size - at;
                at += step;
            }
            if (!whole) throw file_error("'" + path_ + "' is damaged", "its heap of texts does not hold together", "Fetch it again");
        }
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

    std::string path_;
    detail::handle file_;
};

} // namespace spikefuse::io
