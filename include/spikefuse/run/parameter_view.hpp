// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Parameters where they lie, for kernels of the user's.

#include "../core/errors.hpp"
#include "../core/lanes.hpp"

#include <Kokkos_Core.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// An array of parameters where it lies (`model::parameter_view`): weight [outputs, inputs], or one
/// number a neuron. Rows lie in panels of as many outputs as a register has numbers, so that it is
/// no Kokkos::View; like one it is copied into kernels, and shows the same numbers there.
template <class T>
class parameter_array {
  public:
    using value_type = T; ///< of the model
    /// What a model gives (`model::parameter_view`): numbers in panels at `data`.
    parameter_array(T* data, std::size_t rows, std::size_t columns)
        : data_(data), rows_(rows), columns_(columns) {}

    /// A number, to be read and written.
    /// @param row output, or neuron
    /// @param column input; 0 of what neurons have one number of
    template <class Row, class Column = int>
    SPIKEFUSE_FUNCTION T& operator()(Row row, Column column = 0) const {
        auto const r = static_cast<std::size_t>(row), c = static_cast<std::size_t>(column);
        // behind the columns of a matrix lies a row of zeros
        std::size_t const lines = columns_ == 0 ? 1 : columns_ + 1;
        return data_[r / panel * (panel * lines) + c * panel + r % panel];
    }
    /// Rows, or columns; of one number a neuron there are 0 columns.
    SPIKEFUSE_FUNCTION std::size_t extent(int axis) const { return axis == 0 ? rows_ : columns_; }
    /// How many numbers it has.
    SPIKEFUSE_FUNCTION std::size_t size() const { return rows_ * (columns_ == 0 ? 1 : columns_); }

  private:
    static constexpr std::size_t panel = detail::panel_width<T>;
    T* data_;
    std::size_t rows_, columns_;
};

namespace detail {

/// Copies between an array of parameters and a view of the user's, [rows, columns] or [rows].
template <class T, class View, bool ToView>
struct copy_parameters_kernel {
    parameter_array<T> array;
    View view;
    bool zero_diagonal;

    KOKKOS_FUNCTION void operator()(std::size_t k) const {
        std::size_t const columns = View::rank() == 1 ? 1 : array.extent(1), row = k / columns,
                          column = k % columns;
        auto& mine = array(row, column);
        auto& yours = [&]() -> auto& {
            if constexpr (View::rank() == 1) {
                return view(row);
            } else {
                return view(row, column);
            }
        }();
        if constexpr (ToView) {
            yours = mine;
        } else {
            mine = zero_diagonal && row == column ? T(0) : yours;
        }
    }
};

template <class T, class Space, class View>
constexpr void expect_parameters_view() {
    static_assert(Kokkos::is_view_v<View> && (View::rank() == 1 || View::rank() == 2) &&
                      std::is_same_v<typename View::non_const_value_type, T>,
                  "spikefuse: parameters are copied from and to a Kokkos::View of numbers of the "
                  "model's type, weight [outputs, inputs], or [N] of one number a neuron.");
    static_assert(Kokkos::SpaceAccessibility<Space, typename View::memory_space>::accessible,
                  "spikefuse: this view lies in memory that the model's space cannot reach. Copy "
                  "it there: Kokkos::create_mirror_view_and_copy(Space(), view).");
}

/// Throws shape_error, value_error: memory of the user's that a model cannot work in.
template <class T>
void expect_memory(T const* data, std::size_t size, std::size_t wanted, std::string const& what) {
    if (size != wanted)
        throw shape_error("memory for " + what + " of " + std::to_string(size) + " numbers",
                          "this model's are " + std::to_string(wanted), "Pass a view of that size");
    if (reinterpret_cast<std::uintptr_t>(data) % 64 != 0)
        throw value_error("memory for " + what + " begins within a cache line",
                          "whole lines are read", "Align it to 64 bytes, as Kokkos::View does");
}

} // namespace detail
} // namespace spikefuse::inline SPIKEFUSE_ABI
