// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The state of a model between calls: the states of every sample, and the rows that loops feed
/// back.

#include "../../core/errors.hpp"
#include "../../core/numbers.hpp"
#include "../../plan/catalog.hpp"
#include "arrays.hpp"
#include "owned.hpp"

#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class T, class Space>
class model_memory {
  public:
    model_memory(plan::catalog const& of, std::vector<std::string> const& layers, int batch)
        : batch_(static_cast<std::size_t>(batch)), apart_(of.memory) {
        data_ = make();
        for (plan::state_entry const& one : of.states)
            entries_.push_back({layers[static_cast<std::size_t>(one.layer)], one});
    }
    T* data() const { return data_.data(); }
    Kokkos::View<T*, Space> const& view() const { return data_.view(); }
    /// Memory for all samples.
    Kokkos::View<T*, Space> make() const {
        return Kokkos::View<T*, Space>("spikefuse::states",
                                       std::max<std::size_t>(apart_ * batch_, 1));
    }

    /// Works in memory of the user's, [B, apart].
    void use(Kokkos::View<T**, Kokkos::LayoutRight, Space> const& memory) {
        given_ = memory;
        data_ = Kokkos::View<T*, Space>(memory.data(), memory.size());
    }
    std::size_t size() const { return apart_ * batch_; }
    Kokkos::View<T*, Space> copy() const { return owned(data_).view(); }

    /// A state of all samples, [B, N], from an array laid out as the states are.
    std::vector<T> get(std::string_view layer, std::string_view name,
                       Kokkos::View<T*, Space> const& data) const {
        return get(layer, name, data, batch_);
    }
    /// That of the first samples.
    std::vector<T> get(std::string_view layer, std::string_view name,
                       Kokkos::View<T*, Space> const& data, std::size_t samples) const {
        plan::state_entry const& one = find(layer, name);
        auto const all = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), data);
        std::vector<T> values(samples * one.width); // [B, N]
        for (std::size_t b = 0; b < samples; ++b)
            for (std::size_t n = 0; n < one.width; ++n)
                values[b * one.width + n] = read(all.data() + b * apart_ + one.offset, n, one.bits);
        return values;
    }
    /// A state of all samples where it lies, [B, N]. Throws name_error.
    auto in_place(std::string_view layer, std::string_view name) const {
        using view =
            Kokkos::View<T**, Kokkos::LayoutStride, Space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
        plan::state_entry const& one = find(layer, name);
        if (one.bits)
            throw name_error("'" + std::string(name) + "' of '" + std::string(layer) +
                                 "' are packed, not numbers",
                             "a view shows numbers", "Use state() and set_state()");
        return view(data() + one.offset, Kokkos::LayoutStride(batch_, apart_, one.width, 1));
    }
    /// Throws what `set` would throw, and changes nothing.
    template <class Number>
    void check(std::string_view layer, std::string_view name,
               std::span<Number const> values) const {
        plan::state_entry const& one = find(layer, name);
        if (values.size() != 1 && values.size() != one.width && values.size() != batch_ * one.width)
            throw shape_error(
                "'" + std::string(name) + "' of '" + std::string(layer) + "' was given " +
                    std::to_string(values.size()) + " numbers",
                "it is [B, N] = [" + std::to_string(batch_) + ", " + std::to_string(one.width) +
                    "]",
                "Pass that many numbers, row by row, or N for all samples alike, or one for all");
        for (std::size_t k = 0; k < values.size(); ++k)
            if (!is_finite(static_cast<T>(values[k])))
                throw value_error("'" + std::string(name) + "' of '" + std::string(layer) +
                                      "' is " + number_text(static_cast<double>(values[k])) +
                                      " at [" + std::to_string(k) + "]",
                                  "a state is a finite number" +
                                      beyond<T>(static_cast<double>(values[k])),
                                  "Look where this number comes from");
    }
    /// Values that were checked.
    template <class Number>
    void set(std::string_view layer, std::string_view name, std::span<Number const> values) {
        plan::state_entry const& one = find(layer, name);
        auto const all = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), data_.view());
        for (std::size_t b = 0; b < batch_; ++b)
            for (std::size_t n = 0; n < one.width; ++n) {
                std::size_t const at = values.size() == 1           ? 0
                                       : values.size() == one.width ? n
                                                                    : b * one.width + n;
                write(all.data() + b * apart_ + one.offset, n, one.bits,
                      static_cast<T>(values[at]));
            }
        Kokkos::deep_copy(data_.view(), all);
    }

  private:
    struct state_place {
        std::string layer;
        plan::state_entry entry;
        std::string_view name() const { return entry.name; }
    };
    plan::state_entry const& find(std::string_view layer, std::string_view name) const {
        return find_entry(
                   entries_, layer, [&](state_place const& one) { return one.name() == name; },
                   [&] {
                       return "there is no state '" + std::string(name) + "' of '" +
                              std::string(layer) + "'";
                   })
            .entry;
    }
    static T read(T const* row, std::size_t n, bool bits) {
        if (!bits) return row[n];
        return static_cast<T>((word_of(row, n) >> (n % 32)) & 1u);
    }
    static void write(T* row, std::size_t n, bool bits, T value) {
        if (!bits) {
            row[n] = value;
            return;
        }
        std::uint32_t const bit = 1u << (n % 32),
                            word = value != T(0) ? word_of(row, n) | bit : word_of(row, n) & ~bit;
        std::memcpy(reinterpret_cast<unsigned char*>(row) + n / 32 * 4, &word, 4);
    }
    static std::uint32_t word_of(T const* row, std::size_t n) {
        std::uint32_t word;
        std::memcpy(&word, reinterpret_cast<unsigned char const*>(row) + n / 32 * 4, 4);
        return word;
    }

    std::size_t batch_, apart_;           // elements from a sample's to the next one's
    owned<Kokkos::View<T*, Space>> data_; // [B, apart]
    Kokkos::View<T**, Kokkos::LayoutRight, Space> given_; // of the user's; kept alive
    std::vector<state_place> entries_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
