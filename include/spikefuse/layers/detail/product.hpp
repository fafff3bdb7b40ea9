#pragma once
/// Dense products with panels of weights: values, and gradients.

#include "../../core/lanes.hpp"
#include "../../core/tuple.hpp"

#include <cstddef>

namespace spikefuse::detail {

/// sums[r][p] += sum over i of x[r][i] * panel p[i]: rows `stride` numbers apart, panels `apart`. What is even and what is odd is summed by
/// itself, whatever stands beside: a row alone does not wait for the adder, and has the bits that it has among others.
template <int Rows, int Panels, class T>
SPIKEFUSE_FUNCTION void multiply(T const* panel, std::size_t apart, T const* x, std::size_t stride, int inputs,
                                 lanes<T> (&sums)[Rows][Panels]) {
    using V = lanes<T>;
    V even[Rows][Panels], odd[Rows][Panels];
    for (int r = 0; r < Rows; ++r)
        for (int p = 0; p < Panels; ++p) even[r][p] = odd[r][p] = V(T(0));
    auto const add = [&](V(&part)[Rows][Panels], int i) {
        V weight[Panels];
        for (int p = 0; p < Panels; ++p)
            weight[p] = V::load(panel + static_cast<std::size_t>(p) * apart + static_cast<std::size_t>(i) * panel_width<T>);
        for (int r = 0; r < Rows; ++r) {
            V const value(x[static_cast<std::size_t>(r) * stride + static_cast<std::size_t>(i)]);
            for (int p = 0; p < Panels; ++p) part[r][p] += value * weight[p];
        }
    };
    int i = 0;
    for (; i + 2 <= inputs; i += 2) add(even, i), add(odd, i + 1);
    if (i < inputs) add(even, i);
    for (int r = 0; r < Rows; ++r)
        for (int p = 0; p < Panels; ++p) sums[r][p] += even[r][p] + odd[r][p];
}
/// Adds to what stands at `to`, rows `row_apart` numbers apart and panels `panel_apart`: the products of any number of rows, `Tile` at a
/// time; 0: as many as fill the registers.
template <int Panels, int Tile = 0, class T>
SPIKEFUSE_FLATTEN void add_products(T const* panel, std::size_t apart, T const* x, std::size_t stride, int rows, int inputs, T* to,
                                    std::size_t row_apart, std::size_t panel_apart) {
    using V = lanes<T>;
    auto const some = [&]<int Rows, int Count>(fixed<Rows>, fixed<Count>, int first, int p) {
        V sums[Rows][Count];
        auto const place = [&](int r, int k) {
            return to + static_cast<std::size_t>(first + r) * row_apart + static_cast<std::size_t>(p + k) * panel_apart;
        };
        for (int r = 0; r < Rows; ++r)
            for (int k = 0; k < Count; ++k) sums[r][k] = V::load(place(r, k));
        multiply<Rows, Count>(panel + static_cast<std::size_t>(p) * apart, apart, x + static_cast<std::size_t>(first) * stride, stride,
                              inputs, sums);
        for (int r = 0; r < Rows; ++r)
            for (int k = 0; k < Count; ++k) sums[r][k].store(place(r, k));
    };
    constexpr int tile = Tile != 0 ? Tile : few_registers<T> ? 3 : Panels < 12 ? 12 / Panels : 1;
    int r = 0;
    if constexpr (few_registers<T>) { // panel by panel
        for (; r + tile <= rows; r += tile)
            for (int p = 0; p < Panels; ++p) some(fixed<tile>{}, fixed<1>{}, r, p);
    } else {
        for (; r + tile <= rows; r += tile) some(fixed<tile>{}, fixed<Panels>{}, r, 0);
        if constexpr (tile > 2)
            for (; r + tile / 2 <= rows; r += tile / 2) some(fixed<tile / 2>{}, fixed<Panels>{}, r, 0);
    }
    if constexpr (tile > 1)
        for (; r < rows; ++r) some(fixed<1>{}, fixed<Panels>{}, r, 0);
}

/// panel[i] += sum over r of x[r][i] * gradients[r], rows `stride` numbers apart: add_products backwards. `Panels` of them, `apart`
/// numbers from each other, with a square of inputs and panels in registers: a line of x that is far away is used often.
template <int Panels, class T>
SPIKEFUSE_FUNCTION void add_outer(T* panel, std::size_t apart, T const* x, std::size_t stride, int inputs, T const* gradients,
                                  std::size_t gradient_stride, int rows) {
    using V = lanes<T>;
    auto const some = [&]<int Inputs>(fixed<Inputs>, int first) {
        V sum[Inputs][Panels];
        for (int i = 0; i < Inputs; ++i)
            for (int p = 0; p < Panels; ++p)
                sum[i][p] = V::load(panel + static_cast<std::size_t>(p) * apart + static_cast<std::size_t>(first + i) * panel_width<T>);
        for (int r = 0; r < rows; ++r) {
            V gradient[Panels];
            for (int p = 0; p < Panels; ++p)
                gradient[p] = V::load(gradients + static_cast<std::size_t>(r) * gradient_stride + p * V::width);
            T const* const row = x + static_cast<std::size_t>(r) * stride + first;
            for (int i = 0; i < Inputs; ++i)
                for (int p = 0; p < Panels; ++p) sum[i][p] += V(row[i]) * gradient[p];
        }
        for (int i = 0; i < Inputs; ++i)
            for (int p = 0; p < Panels; ++p)
                sum[i][p].store(panel + static_cast<std::size_t>(p) * apart + static_cast<std::size_t>(first + i) * panel_width<T>);
    };
    int i = 0;
    for (; i + 8 <= inputs; i += 8) some(fixed<8>{}, i);
    for (; i < inputs; ++i) some(fixed<1>{}, i);
}

} // namespace spikefuse::detail
