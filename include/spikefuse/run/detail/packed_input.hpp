// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Inputs whose features lie apart (LayoutLeft): a copy with contiguous rows.

#include "teams.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Whether the elements of one sample and step are not contiguous, as in Kokkos' LayoutLeft.
template <class View>
bool features_apart(View const& input) {
    return input.extent(View::rank() - 1) > 1 && input.stride(View::rank() - 1) != 1;
}
/// Copies such a view, element by element, into contiguous rows.
template <class View>
struct pack_kernel {
    View from; // [T, B, N] or [B, N]
    typename View::non_const_value_type* to;

    KOKKOS_FUNCTION void operator()(std::size_t k) const {
        std::size_t const last = from.extent(View::rank() - 1), n = k % last, row = k / last;
        if constexpr (View::rank() == 3) {
            to[k] = from(row / from.extent(1), row % from.extent(1), n);
        } else {
            to[k] = from(row, n);
        }
    }
};
/// A copy of an input with contiguous rows in `room`, valid until the next one. Throws value_error:
/// there is no such memory.
template <class Space, class Input>
auto packed_copy(std::string const& label, Space const& space, Input const& input,
                 room_view<Space>& room) {
    using number = typename Input::non_const_value_type;
    using packed =
        Kokkos::View<std::conditional_t<Input::rank() == 3, number const***, number const**>,
                     Kokkos::LayoutRight, typename Space::memory_space,
                     Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
    auto* const to = reinterpret_cast<number*>(
        room_in<Space>(room, input.size() * sizeof(number), "a copy of the input"));
    Kokkos::parallel_for(
        label, Kokkos::RangePolicy<Space, Kokkos::IndexType<std::size_t>>(space, 0, input.size()),
        pack_kernel<Input>{input, to});
    if constexpr (Input::rank() == 3) {
        return packed(to, input.extent(0), input.extent(1), input.extent(2));
    } else {
        return packed(to, input.extent(0), input.extent(1));
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
