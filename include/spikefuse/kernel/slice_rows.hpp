// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a slice of a stage reads in a block of steps, times its weights.

#include "slices.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Rows that a slice reads: words of spikes, or numbers, `apart` from step to step.
template <class T, class slices>
struct rows_of_slice {
    using element = std::conditional_t<slices::of_values, T, std::uint32_t>;
    element const* first;
    std::size_t apart;

    SPIKEFUSE_FUNCTION element const* row(int r) const {
        return first + static_cast<std::size_t>(r) * apart;
    }
};
/// What a thread has of a slice's rows of currents.
template <class T, class slices>
using share_of_slice =
    std::conditional_t<slices::of_values, share_of_row<T, slices::outputs, warp, 1>,
                       share_of_row<T, slices::outputs, warp>>;
/// Calls take(r, total) for the rows of this part of a warp; those that are not there are zero.
template <class slices, class T, class Take>
SPIKEFUSE_FUNCTION void add_rows(part_of_warp const& own, rows_of_slice<T, slices> const& source,
                                 int rows, unsigned char* room, T const* weights,
                                 Take const& take) {
    if constexpr (slices::of_values) {
        using products = row_products<T, slices::inputs, slices::outputs, slices::rows>;
        auto* const near = reinterpret_cast<T*>(room) + own.rank * products::room;
        constexpr int each = slices::rows;
        for (int first = each * own.rank; first < rows; first += each * own.all) {
            products some(weights, near, own.lane);
            some.add([&](int r, int i) {
                return first + r < rows && i < slices::inputs ? source.row(first + r)[i] : T(0);
            });
            for (int r = 0; r < each; ++r) take(first + r, [&](int q) { return some.total(r, q); });
        }
    } else {
        constexpr int words = (slices::inputs + 31) / 32;
        using sum = listed_sum<T, slices::outputs, words, slices::listed_words>;
        auto* const events = reinterpret_cast<std::uint16_t*>(room) + own.rank * slices::entries;
        using words_of_thread = std::uint32_t[sum::own];
        auto const load = [&](int r, words_of_thread& to) { // zeros of a row that is not there
            for (int k = 0; k < sum::own; ++k) {
                int const w = own.lane * sum::own + k;
                to[k] = 0;
                if (r < rows && w < words) to[k] = word_at(source.row(r), slices::inputs, w);
            }
        };
        words_of_thread next;
        int r = own.rank;
        load(r, next);
        for (; r - own.of_warp < rows; r += own.all) {
            words_of_thread word;
            for (int k = 0; k < sum::own; ++k) word[k] = next[k];
            load(r + own.all, next); // on its way
            sum row(weights, static_cast<std::uint16_t>(slices::inputs), events, own.lane);
            row.add(word);
            take(r, [&](int q) { return row.total(q); });
        }
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
