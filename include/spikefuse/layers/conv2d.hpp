// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Convolutions: `conv2d<16, 5>`, `conv2d<16, 3, 5>.stride<2>().padding<1>()`, `conv1d<8, 3>`.
///
/// current[o][y][x] = bias[o] + sum over c, k, l of weight[o][c][k][l] * in[c][y s - p + k d][x s -
/// p + l d]: a cross-correlation, as torch.nn.Conv2d. Start values: uniform in +-1/sqrt(channels of
/// a group x places of the kernel), weights and bias.

#include "../core/layer.hpp"
#include "../core/name.hpp"
#include "../shapes/image.hpp"
#include "detail/convolution.hpp"
#include "linear.hpp"
#include "window_choices.hpp"

#include <array>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// @tparam Out channels of the output
/// @tparam Window kernel, stride, padding and dilation (`sliding_window`)
/// @tparam Groups of channels, which see each other alone
template <int Out, class Window, int Groups = 1, bool Bias = true>
struct conv2d_word : layer {
    static_assert(Out > 0, "spikefuse: conv2d<N, K> takes channels of at least 1.");
    static_assert(Groups > 0 && Out % Groups == 0,
                  "spikefuse: groups<G> does not divide the channels that conv2d<N, K> gives.");
    using kind = named<"conv2d">;
    static constexpr bool mixes = true;
    static constexpr int wants = 0;
    static constexpr int gives(int) { return 0; } ///< an image tells
    static constexpr nir_mapping exchange =
        nir_mapping("Conv2d", {{"weight", "weight"}, {"bias", "bias", 0}}, "Conv1d")
            .with_window(Window::geometry(Groups));
    /// Whether the groups share what comes.
    template <class Left>
    static constexpr bool divides() {
        if constexpr (detail::is_image<Left>)
            static_assert(Left::channels % Groups == 0,
                          "spikefuse: groups<G> does not divide the channels that conv2d reads.");
        return true;
    }
    template <class Left>
        requires(divides<Left>())
    using shape = typename detail::windowed_image<Window, Left, Out>::type;
    template <class Left>
    using over =
        detail::convolution<detail::windows_on<Window, Left>, Left::channels, Out, Groups, Bias>;

    template <class Left>
    constexpr std::array<array_info, Bias ? 2 : 1> arrays() const {
        constexpr int columns = Left::channels / Groups * Window::rows * Window::columns;
        constexpr double spread = detail::start_spread(columns);
        std::array<array_info, Bias ? 2 : 1> all{};
        all[0] = {"weight", Out, columns, array_unit::number, 0, spread};
        if constexpr (Bias) all[1] = {"bias", Out, 0, array_unit::number, 0, spread};
        return all;
    }

    /// Pixels from a window to the next, in rows and in columns.
    template <int S, int T = S>
    constexpr auto stride() const {
        return with<typename Window::template with_stride<S, T>>{};
    }
    /// Zeros around an image, above and below, and at the sides; `same_size` keeps its size.
    template <int P, int Q = P>
    constexpr auto padding() const {
        return with<typename Window::template with_padding<P, Q>>{};
    }
    /// Pixels from a place of the kernel to the next.
    template <int D, int E = D>
    constexpr auto dilation() const {
        return with<typename Window::template with_dilation<D, E>>{};
    }
    /// Channels in so many groups, which see each other alone.
    template <int G>
    constexpr conv2d_word<Out, Window, G, Bias> groups() const {
        return {};
    }
    constexpr conv2d_word<Out, Window, Groups, false> operator()(no_bias_word) const { return {}; }

  private:
    template <class Other>
    using with = conv2d_word<Out, Other, Groups, Bias>;
};

/// Parameters "weight" `[out, in / groups, K, L]`, row-major, and "bias" `[out]`. Reads an image
/// `[in, H, W]`, gives `[out, (H + 2 padding - dilation (K - 1) - 1) / stride + 1, likewise W]`.
/// @tparam Out channels that it gives
/// @tparam K rows of the kernel, and its columns where they are not said
/// @tparam L columns of the kernel
template <int Out, int K, int L = K>
inline constexpr conv2d_word<Out, sliding_window<K, L>> conv2d{};
/// conv2d over an image of one row: `input<image<C, 1, W>> >> conv1d<8, 3>`.
/// @tparam Out channels that it gives
/// @tparam K places of the kernel
template <int Out, int K>
inline constexpr conv2d_word<Out, sliding_window<1, K>> conv1d{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
