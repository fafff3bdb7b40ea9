// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Dense products with panels of weights: values, and gradients.

#include "../../core/lanes.hpp"
#include "../../core/tuple.hpp"

#include <cstddef>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// sums[r][p] += sum over i of x(r)[i] * panel p[i], panels `apart` elements from each other. Even
/// and odd inputs use separate accumulators. This hides the latency of additions for a single row
/// and keeps its result bitwise independent of how many rows are processed together.
template <int Rows, int Panels, class T, class Path>
SPIKEFUSE_FUNCTION void multiply(T const* panel, std::size_t apart, Path const& x, int inputs,
                                 lanes<T> (&sums)[Rows][Panels]) {
    using V = lanes<T>;
    V even[Rows][Panels], odd[Rows][Panels];
    for (int r = 0; r < Rows; ++r)
        for (int p = 0; p < Panels; ++p) even[r][p] = odd[r][p] = V(T(0));
    auto const add = [&](V(&part)[Rows][Panels], int i) {
        V weight[Panels];
        for (int p = 0; p < Panels; ++p)
            weight[p] = V::load(panel + static_cast<std::size_t>(p) * apart +
                                static_cast<std::size_t>(i) * panel_width<T>);
        for (int r = 0; r < Rows; ++r) {
            V const value(x(r)[i]);
            for (int p = 0; p < Panels; ++p) part[r][p] += value * weight[p];
        }
    };
    int i = 0;
    SPIKEFUSE_ROUNDS((Rows * Panels == 1 ? 16 : 4)) // a sum alone waits for its loads
    for (; i + 2 <= inputs; i += 2) add(even, i), add(odd, i + 1);
    if (i < inputs) add(even, i);
    for (int r = 0; r < Rows; ++r)
        for (int p = 0; p < Panels; ++p) sums[r][p] += even[r][p] + odd[r][p];
}
/// Addresses of the rows from the k-th on: consecutive, or indexed.
struct every_row {
    template <class T>
    SPIKEFUSE_FUNCTION auto of(T* x, std::size_t stride, int k) const {
        return [from = x + static_cast<std::size_t>(k) * stride, stride](int r) {
            return from + static_cast<std::size_t>(r) * stride;
        };
    }
};
struct named_rows {
    int const* names;
    template <class T>
    SPIKEFUSE_FUNCTION auto of(T* x, std::size_t stride, int k) const {
        return [x, stride, from = names + k](int r) {
            return x + static_cast<std::size_t>(from[r]) * stride;
        };
    }
};
/// Adds products to `to`, rows `row_apart` and panels `panel_apart` elements apart: of so many rows
/// of x, `stride` elements apart, `Tile` at a time (0: as many as fill the registers).
template <int Panels, int Tile = 0, class T, class Rows = every_row>
SPIKEFUSE_FLATTEN void
add_products(T const* panel, std::size_t apart, T const* x, std::size_t stride, int rows,
             int inputs, T* to, std::size_t row_apart, std::size_t panel_apart, Rows which = {}) {
    using V = lanes<T>;
    auto const some = [&]<int Count, int Together>(fixed<Count>, fixed<Together>,
                                                   int first) { // panels
        for (int p = 0; p < Panels; p += Together) {
            V sums[Count][Together];
            auto const place =
                which.of(to + static_cast<std::size_t>(p) * panel_apart, row_apart, first);
            for (int r = 0; r < Count; ++r)
                for (int k = 0; k < Together; ++k)
                    sums[r][k] = V::load(place(r) + static_cast<std::size_t>(k) * panel_apart);
            multiply(anew(panel) + static_cast<std::size_t>(p) * apart, apart,
                     which.of(x, stride, first), inputs, sums);
            for (int r = 0; r < Count; ++r)
                for (int k = 0; k < Together; ++k)
                    sums[r][k].store(place(r) + static_cast<std::size_t>(k) * panel_apart);
        }
    };
    constexpr int tile = Tile != 0              ? Tile
                         : simd_is_composite<T> ? 3
                         : Panels < 12          ? 12 / Panels
                                                : 1;
    int r = 0;
    for (; r + tile <= rows; r += tile)
        some(fixed<tile>{}, fixed<simd_is_composite<T> ? 1 : Panels>{}, r);
    if constexpr (tile > 2 && !simd_is_composite<T>)
        for (; r + tile / 2 <= rows; r += tile / 2) some(fixed<tile / 2>{}, fixed<Panels>{}, r);
    if constexpr (tile > 1)
        for (; r < rows; ++r) some(fixed<1>{}, fixed<Panels>{}, r);
}

/// Adjoint of add_products: panel[i] += sum over r of x[r][i] * gradients[which[r]], rows of x
/// `stride` and of gradients `gradient_stride` elements apart. `Panels` at a time, `apart` elements
/// from each other, with a tile of inputs and panels in registers, so that a line of x from memory
/// is reused.
template <int Panels, class T>
SPIKEFUSE_FUNCTION void add_outer(T* panel, std::size_t apart, T const* x, std::size_t stride,
                                  int inputs, T const* gradients, std::size_t gradient_stride,
                                  int const* which, int rows) {
    using V = lanes<T>;
    auto const some = [&]<int Inputs>(fixed<Inputs>, int first) {
        V sum[Inputs][Panels];
        for (int i = 0; i < Inputs; ++i)
            for (int p = 0; p < Panels; ++p)
                sum[i][p] = V::load(panel + static_cast<std::size_t>(p) * apart +
                                    static_cast<std::size_t>(first + i) * panel_width<T>);
        SPIKEFUSE_ROUNDS(2)
        for (int r = 0; r < rows; ++r) {
            V gradient[Panels];
            for (int p = 0; p < Panels; ++p)
                gradient[p] =
                    V::load(gradients + static_cast<std::size_t>(which[r]) * gradient_stride +
                            p * V::width);
            T const* const row = x + static_cast<std::size_t>(r) * stride + first;
            for (int i = 0; i < Inputs; ++i)
                for (int p = 0; p < Panels; ++p) sum[i][p] += V(row[i]) * gradient[p];
        }
        for (int i = 0; i < Inputs; ++i)
            for (int p = 0; p < Panels; ++p)
                sum[i][p].store(panel + static_cast<std::size_t>(p) * apart +
                                static_cast<std::size_t>(first + i) * panel_width<T>);
    };
    int i = 0;
    // Half of the eight that fit, beside the gradients; where only four do, sums go through memory
    // anyway (measured: docs/lab_notebook/speed.md).
    constexpr int tile = lanes<T>::width > 1 && registers_of_neurons == 8 ? Panels > 1 ? 2 : 4 : 8;
    for (; i + tile <= inputs; i += tile) some(fixed<tile>{}, i);
    for (; i < inputs; ++i) some(fixed<1>{}, i);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
