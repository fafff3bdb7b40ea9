// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Windows that slide over an image: which input meets which output, at which place of the kernel.
/// Sizes as in PyTorch: output o reads the inputs o * stride - padding + k * dilation.

#include "../../core/config.hpp"

#include <array>
#include <cstddef>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Padding that keeps an image's size; what does not divide by two stands behind (PyTorch's
/// 'same').
inline constexpr int same_size = -1;

namespace detail {

/// One direction of an image.
template <int Inputs, int Kernel, int Stride, int Padding, int Dilation>
struct image_axis {
    static constexpr int inputs = Inputs, kernel = Kernel, stride = Stride, dilation = Dilation;
    static constexpr int span = Dilation * (Kernel - 1) + 1;
    static constexpr int before = Padding != same_size ? Padding : (span - 1) / 2,
                         behind = Padding != same_size ? Padding : span - 1 - before;
    static constexpr int padded = before + Inputs + behind;
    static constexpr bool fits = span <= padded;
    static constexpr int outputs = fits ? (padded - span) / Stride + 1 : 1;

    /// The input that output o reads at place k; outside of [0, inputs): padding.
    SPIKEFUSE_FUNCTION static constexpr int input(int o, int k) {
        return o * Stride - before + k * Dilation;
    }
    /// The output that reads input i at place k; -1: none does.
    SPIKEFUSE_FUNCTION static constexpr int output(int i, int k) {
        int const from = i + before - k * Dilation, o = from / Stride;
        return from >= 0 && from % Stride == 0 && o < outputs ? o : -1;
    }
    struct tap {
        int k, output;
    };
    /// Of each input, where it is read.
    struct taps {
        std::array<int, Inputs> count{};
        std::array<std::array<tap, Kernel>, Inputs> of{};
    };
    static constexpr taps of_input = [] {
        taps all{};
        for (int i = 0; i < Inputs; ++i)
            for (int k = 0; k < Kernel; ++k)
                if (int const o = output(i, k); o >= 0) {
                    auto const n = static_cast<std::size_t>(i);
                    all.of[n][static_cast<std::size_t>(all.count[n]++)] = {k, o};
                }
        return all;
    }();
};

/// Of an image: `Rows` and `Columns` are axes.
template <class Rows, class Columns>
struct window_over {
    using rows = Rows;
    using columns = Columns;
    static constexpr int pixels = Rows::inputs * Columns::inputs;      // of an input's channel
    static constexpr int positions = Rows::outputs * Columns::outputs; // of an output's channel
    static constexpr int places = Rows::kernel * Columns::kernel;      // of a kernel

    /// Calls function(position, place) for what reads a pixel.
    template <class Function>
    static void each_tap(int pixel, Function const& function) {
        auto const y = static_cast<std::size_t>(pixel / Columns::inputs),
                   x = static_cast<std::size_t>(pixel % Columns::inputs);
        for (int a = 0; a < Rows::of_input.count[y]; ++a) {
            auto const row = Rows::of_input.of[y][static_cast<std::size_t>(a)];
            for (int b = 0; b < Columns::of_input.count[x]; ++b) {
                auto const column = Columns::of_input.of[x][static_cast<std::size_t>(b)];
                function(row.output * Columns::outputs + column.output,
                         row.k * Columns::kernel + column.k);
            }
        }
    }
    /// Calls function(pixel, place) for what a position reads, padding left out.
    template <class Function>
    static SPIKEFUSE_FUNCTION void each_read(int position, Function const& function) {
        int const o = position / Columns::outputs, q = position % Columns::outputs;
        for (int k = 0; k < Rows::kernel; ++k) {
            int const y = Rows::input(o, k);
            if (y < 0 || y >= Rows::inputs) continue;
            for (int l = 0; l < Columns::kernel; ++l) {
                int const x = Columns::input(q, l);
                if (x >= 0 && x < Columns::inputs)
                    function(y * Columns::inputs + x, k * Columns::kernel + l);
            }
        }
    }
    /// Calls function(position, place) for what reads a pixel, without a table: a device's
    /// each_tap.
    template <class Function>
    static SPIKEFUSE_FUNCTION void each_reader(int pixel, Function const& function) {
        int const y = pixel / Columns::inputs, x = pixel % Columns::inputs;
        for (int k = 0; k < Rows::kernel; ++k) {
            int const o = Rows::output(y, k);
            for (int l = 0; o >= 0 && l < Columns::kernel; ++l)
                if (int const q = Columns::output(x, l); q >= 0)
                    function(o * Columns::outputs + q, k * Columns::kernel + l);
        }
    }
};

} // namespace detail
} // namespace spikefuse::inline SPIKEFUSE_ABI
