// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What we need of HDF5: reads that check before they give. The file is read once, whole, and HDF5
/// sees these bytes: all that is read comes of one file, whatever happens to its path meanwhile.
/// Link spikefuse::io.

#include "../core/config.hpp"

#include "file_bytes.hpp"
#include "hdf5_session.hpp"
#include "hdf5_walk.hpp"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io {

/// An array of a file: numbers as double, row-major.
struct array {
    std::vector<std::size_t> shape; ///< extents
    std::vector<double> values;     ///< row-major
};

/// Lists of a file, one behind the other: list k is values[offsets[k]] up to values[offsets[k +
/// 1]]. offsets: [lists + 1].
template <class T>
struct ragged {
    std::vector<std::size_t> offsets = {0};                 ///< where lists begin, and the end
    std::vector<T> values;                                  ///< of all lists
    std::size_t size() const { return offsets.size() - 1; } ///< how many lists
};

/// How finely fractions are stored: significant bits (11 in float16, 24 in float32, 53 in float64),
/// and the spacing below the smallest power of two that has them all.
struct fraction_type {
    int digits = 53;   ///< significant bits
    double finest = 0; ///< the smallest spacing
};

namespace detail {

/// HDF5 asks who gives it a file's bytes where they shall lie: there, where they are. Not freed,
/// not copied, not written.
inline H5FD_file_image_callbacks_t bytes_in_place(std::string const& bytes) {
    return {[](std::size_t, H5FD_file_image_op_t, void* data) { return data; },
            [](void* to, void const* from, std::size_t size, H5FD_file_image_op_t, void*) {
                return to == from ? to : std::memcpy(to, from, size);
            },
            [](void*, std::size_t, H5FD_file_image_op_t, void*) -> void* {
                return nullptr;
            }, // never longer: it is only read
            [](void*, H5FD_file_image_op_t, void*) -> herr_t { return 0; },
            [](void* data) { return data; },
            [](void*) -> herr_t { return 0; },
            const_cast<char*>(bytes.data())};
}

/// The name of a file in memory. HDF5 takes two of one name for one, and looks whether such a file
/// exists: below a device none can.
inline std::string name_in_memory() {
    static std::size_t count = 0; // under the session's lock
    return "/dev/null/spikefuse in memory " + std::to_string(count++);
}

} // namespace detail

/// A file open for reading. Several threads may read, each a file of its own.
/// @throws file_error each of its functions, for every fault and a lack of memory: it names the
/// file
///     and the place in it
class hdf5_file {
  public:
    /// `most`: numbers that an array may have, if that is more than the file's size makes likely:
    /// 2^23, or four a byte. Packed zeros take a thousandth of their size.
    explicit hdf5_file(std::string path, std::size_t most = 0)
        : path_(std::move(path)), bytes_(detail::read_whole(path_)),
          most_(std::max({most, std::size_t(1) << 23, 4 * bytes_.size()})) {
        detail::within_memory(path_, [&] {
            if (std::string const fault = detail::hdf5_walk(bytes_).fault(); !fault.empty())
                throw file_error("'" + path_ + "' is damaged", fault, "Fetch it again");
        });
        detail::session const s;
        links_ = {H5Pcreate(H5P_LINK_ACCESS), H5Pclose};
        auto const no_other_file = [](char const*, char const*, char const*, char const*, unsigned*,
                                      hid_t, void*) -> herr_t { return -1; };
        H5Pset_elink_cb(links_, no_other_file, nullptr);
        detail::handle const how(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
        auto in_place = detail::bytes_in_place(bytes_);
        if (!bytes_.empty() && H5Pset_fapl_core(how, std::size_t(1) << 20, false) >= 0 &&
            H5Pset_file_image_callbacks(how, &in_place) >= 0 &&
            H5Pset_file_image(how, bytes_.data(), bytes_.size()) >= 0)
            file_ = {H5Fopen(detail::name_in_memory().c_str(), H5F_ACC_RDONLY, how), H5Fclose};
        if (file_.valid()) return;
        links_.close();
        throw file_error("'" + path_ + "' cannot be read", "it is not a whole HDF5 file",
                         "Was it cut short, or is it of another format? Fetch it again");
    }
    hdf5_file(hdf5_file const&) = delete;
    hdf5_file& operator=(hdf5_file const&) = delete;
    ~hdf5_file() {
        detail::session const s;
        file_.close(), links_.close();
    }

    std::string const& path() const { return path_; } ///< as it was given
    /// Numbers that an array of it may have.
    std::size_t most() const { return most_; }
    std::size_t size_in_bytes() const { return bytes_.size(); } ///< of the whole file

    /// Whether there is something of that path.
    bool has(std::string const& name) const {
        return guarded(name, [&] {
            // A path exists where every part of it does.
            for (std::size_t slash = name.find('/', 1); slash != std::string::npos;
                 slash = name.find('/', slash + 1))
                if (H5Lexists(file_, name.substr(0, slash).c_str(), links_) <= 0) return false;
            return H5Lexists(file_, name.c_str(), links_) > 0;
        });
    }
    /// Whether it is a group.
    bool is_group(std::string const& name) const {
        return guarded(name, [&] { return opened(name, H5I_GROUP).valid(); });
    }

    /// Names in a group, in alphabetical order.
    std::vector<std::string> names(std::string const& group) const {
        return guarded(group, [&] {
            detail::handle const g = opened(group, H5I_GROUP);
            if (!g.valid()) fail(group, "it is missing, or not a group");
            std::vector<std::string> result;
            auto const note = [](hid_t, char const* name, H5L_info_t const*,
                                 void* into) noexcept -> herr_t {
                try {
                    static_cast<std::vector<std::string>*>(into)->emplace_back(name);
                    return 0;
                } catch (...) {
                    return -1; // no exception passes through a library in C
                }
            };
            // In another order HDF5 first makes a table, and of a damaged list frees what it lacks.
            if (H5Literate(g, H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, note, &result) < 0)
                fail(group, "its list of members is damaged");
            std::sort(result.begin(), result.end());
            return result;
        });
    }

    /// Whether it is a data set of text.
    bool is_text(std::string const& name) const {
        return guarded(name, [&] {
            detail::handle const data = opened(name, H5I_DATASET);
            if (!data.valid()) return false;
            detail::handle const type(H5Dget_type(data), H5Tclose);
            return H5Tget_class(type) == H5T_STRING;
        });
    }
    /// Extents of a data set. Nothing of it is read, so it costs no memory whatever it promises.
    std::vector<std::size_t> shape(std::string const& name) const {
        return guarded(name, [&] {
            open_data const data = open(name);
            check_readable(data, name);
            return data.shape;
        });
    }

    /// Numbers of any type, as double.
    array numbers(std::string const& name) const {
        return guarded(name, [&] {
            open_data const data = open(name);
            H5T_class_t const kind = H5Tget_class(data.type);
            if (kind != H5T_INTEGER && kind != H5T_FLOAT) fail(name, "it holds no numbers");
            check_readable(data, name);
            array result{data.shape, std::vector<double>(data.count)};
            if (data.count > 0 && H5Dread(data.set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL,
                                          H5P_DEFAULT, result.values.data()) < 0)
                fail(name, "its numbers are damaged or cut short");
            return result;
        });
    }

    /// Strings of fixed or variable length, row-major; `shape` receives the extents.
    std::vector<std::string> texts(std::string const& name,
                                   std::vector<std::size_t>* shape = nullptr) const {
        return guarded(name, [&] {
            open_data const data = open(name);
            if (H5Tget_class(data.type) != H5T_STRING) fail(name, "it holds no text");
            check_readable(data, name);
            if (shape != nullptr) *shape = data.shape;
            std::vector<std::string> result(data.count);
            if (H5Tis_variable_str(data.type) > 0) {
                each_object(data, name, 1, [&](std::size_t k, std::string_view text) {
                    result[k] = text.substr(0, text.find('\0'));
                });
                return result;
            }
            std::size_t const size = H5Tget_size(data.type);
            if (size == 0 || size > longest_text) fail(name, "its text has an absurd length");
            detail::handle const memory(H5Tcopy(H5T_C_S1), H5Tclose);
            H5Tset_cset(memory, H5Tget_cset(data.type));
            H5Tset_size(memory, size + 1);
            std::vector<char> raw(data.count * (size + 1), '\0');
            if (data.count > 0 &&
                H5Dread(data.set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data()) < 0)
                fail(name, "its text is damaged or cut short");
            for (std::size_t k = 0; k < data.count; ++k) result[k] = raw.data() + k * (size + 1);
            return result;
        });
    }
    /// A single text.
    std::string text(std::string const& name) const {
        auto const all = texts(name);
        if (all.size() != 1)
            fail(name, "it holds " + std::to_string(all.size()) + " texts instead of one");
        return all[0];
    }

    /// Lists of variable length, as double (fractions of any type) or std::int64_t (whole numbers
    /// of any type).
    template <class T>
    ragged<T> lists(std::string const& name) const {
        static_assert(std::is_same_v<T, double> || std::is_same_v<T, std::int64_t>,
                      "spikefuse: lists are read as double or std::int64_t.");
        constexpr bool fractions = std::is_same_v<T, double>;
        return guarded(name, [&] {
            open_data const data = open(name);
            if (data.shape.size() != 1)
                fail(name, "it has " + std::to_string(data.shape.size()) + " axes instead of one");
            if (H5Tget_class(data.type) != H5T_VLEN)
                fail(name, "it holds no lists of variable length");
            check_readable(data, name);
            detail::handle const type(H5Tget_super(data.type), H5Tclose);
            if (H5Tget_class(type) != (fractions ? H5T_FLOAT : H5T_INTEGER))
                fail(name, fractions ? "its lists do not hold fractions"
                                     : "its lists do not hold whole numbers");
            std::size_t const width = H5Tget_size(type);
            if (width == 0 || width > 16) fail(name, "its numbers have an absurd width");
            ragged<T> result;
            std::vector<char> buffer;
            each_object(data, name, width, [&](std::size_t k, std::string_view object) {
                std::size_t const length = object.size() / width;
                buffer.resize(length * std::max(width, sizeof(T)));
                std::memcpy(buffer.data(), object.data(), object.size());
                if (H5Tconvert(type, fractions ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT64, length,
                               buffer.data(), nullptr, H5P_DEFAULT) < 0)
                    fail(name + "[" + std::to_string(k) + "]", "its numbers are damaged");
                result.offsets.resize(k + 1,
                                      result.values.size()); // lists before it that are empty
                result.values.resize(result.values.size() + length);
                std::memcpy(result.values.data() + result.offsets.back(), buffer.data(),
                            length * sizeof(T));
            });
            result.offsets.resize(data.count + 1, result.values.size());
            return result;
        });
    }
    /// How the fractions of a data set, or of its lists, are stored.
    fraction_type fractions(std::string const& name) const {
        return guarded(name, [&] {
            open_data const data = open(name);
            detail::handle const type(H5Tget_class(data.type) == H5T_VLEN ? H5Tget_super(data.type)
                                                                          : H5Tcopy(data.type),
                                      H5Tclose);
            std::size_t sign = 0, exponent_at = 0, exponent = 0, mantissa_at = 0, mantissa = 0;
            if (H5Tget_class(type) != H5T_FLOAT ||
                H5Tget_fields(type, &sign, &exponent_at, &exponent, &mantissa_at, &mantissa) < 0)
                fail(name, "it holds no fractions");
            int const bits = static_cast<int>(std::min<std::size_t>(mantissa, 64)),
                      bias = static_cast<int>(std::min<std::size_t>(H5Tget_ebias(type), 1 << 20));
            return fraction_type{bits + (H5Tget_norm(type) == H5T_NORM_IMPLIED ? 1 : 0),
                                 std::ldexp(1., 1 - bias - bits)};
        });
    }

    /// @throws file_error always: it names the file and a place in it
    [[noreturn]] void
    fail(std::string const& place, std::string const& why,
         std::string const& cure = "Look at the file with h5dump, or write it again") const {
        throw detail::place_fault(path_, place, why, cure);
    }

  private:
    static constexpr std::size_t longest_text = 1 << 20;

    template <class Read>
    std::invoke_result_t<Read const&> guarded(std::string const& name, Read const& read) const {
        return detail::within_memory(name + "' in '" + path_, [&] {
            detail::session const s;
            return read();
        });
    }

    /// An object of a kind; invalid where there is none.
    detail::handle opened(std::string const& name, H5I_type_t kind) const {
        detail::handle object(H5Oopen(file_, name.c_str(), links_), H5Oclose);
        if (object.valid() && H5Iget_type(object) != kind) object.close();
        return object;
    }

    struct open_data {
        detail::handle set, type, space;
        std::vector<std::size_t> shape;
        std::size_t count = 1;
    };
    open_data open(std::string const& name) const {
        open_data data;
        data.set = opened(name, H5I_DATASET);
        if (!data.set.valid()) {
            H5L_info_t link{};
            bool const elsewhere = H5Lget_info(file_, name.c_str(), &link, links_) >= 0 &&
                                   link.type == H5L_TYPE_EXTERNAL;
            fail(name, elsewhere ? "it is a link into another file, which is not followed"
                                 : "it is missing, or not a data set");
        }
        data.type = {H5Dget_type(data.set), H5Tclose};
        data.space = {H5Dget_space(data.set), H5Sclose};
        int const rank = H5Sget_simple_extent_ndims(data.space);
        if (!data.type.valid() || rank < 0) fail(name, "its description is damaged");
        std::vector<hsize_t> extents(static_cast<std::size_t>(rank));
        H5Sget_simple_extent_dims(data.space, extents.data(), nullptr);
        std::string text;
        for (hsize_t e : extents) text += (text.empty() ? "" : ", ") + std::to_string(e);
        for (hsize_t e : extents) {
            if (e != 0 && data.count > (std::size_t(1) << 40) / e)
                fail(name, "its extents are absurd: [" + text + "]");
            data.shape.push_back(e);
            data.count *= e;
        }
        if (H5Sget_simple_extent_type(data.space) == H5S_NULL) data.count = 0;
        return data;
    }

    /// A damaged extent must not ask for all memory: what is promised is held against what is
    /// stored. Deflate packs at most 1032 to 1.
    void check_readable(open_data const& data, std::string const& name) const {
        if (data.count == 0) return;
        detail::handle const how(H5Dget_create_plist(data.set), H5Pclose);
        H5D_layout_t const layout = H5Pget_layout(how);
        if (layout == H5D_VIRTUAL || H5Pget_external_count(how) > 0)
            fail(name, "its numbers lie in another file, which is not followed");
        bool const by_reference = H5Tget_class(data.type) == H5T_VLEN ||
                                  H5Tis_variable_str(data.type) > 0; // unpacked here
        for (int k = 0; !by_reference && k < H5Pget_nfilters(how); ++k) {
            unsigned flags = 0, config = 0;
            std::size_t none = 0;
            char filter[64] = "";
            H5Z_filter_t const id = H5Pget_filter2(how, static_cast<unsigned>(k), &flags, &none,
                                                   nullptr, sizeof filter, filter, &config);
            if (id >= 0 && H5Zfilter_avail(id) <= 0)
                fail(name,
                     "it is packed by the filter '" + std::string(id == 32000 ? "lzf" : filter) +
                         "' (" + std::to_string(id) + "), which HDF5 does not have",
                     "Write it again with gzip, or not packed");
        }
        std::size_t const stored = H5Dget_storage_size(data.set), unit = H5Tget_size(data.type);
        bool const never_written = stored == 0 && by_reference;
        std::size_t const most = stored * (layout == H5D_CHUNKED ? 1032 : 1);
        if (unit == 0 || (data.count > most / unit && !never_written))
            fail(name, "its shape promises more than the file holds");
        if (data.count > most_)
            fail(name,
                 "it unpacks to " + std::to_string(data.count) +
                     " numbers, and of a file of this size " + std::to_string(most_) + " are read",
                 "Is it damaged? Else write it again, not packed");
        if (layout != H5D_CHUNKED) return;
        hsize_t chunk[H5S_MAX_RANK] = {};
        int const rank = H5Pget_chunk(how, H5S_MAX_RANK, chunk);
        std::size_t size = unit;
        for (int k = 0; k < rank; ++k) { // HDF5 makes room for a whole one
            if (chunk[k] == 0 || size > bytes_.size() * 1032 / chunk[k])
                fail(name, "the extents of its chunks are absurd");
            size *= chunk[k];
        }
    }

    std::string references_of(open_data const& data, std::string const& name) const;
    template <class Show>
    void each_object(open_data const& data, std::string const& name, std::size_t width,
                     Show const& show) const;

    std::string path_, bytes_;
    std::size_t most_;
    detail::handle links_, file_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::io

#include "hdf5_references.hpp"
