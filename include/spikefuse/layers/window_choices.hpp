// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// How a window slides over an image: what `conv2d<16, 5>.stride<2>().padding<1>()` keeps.

#include "../core/layer.hpp"
#include "../shapes/image.hpp"
#include "detail/window.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// A kernel and how it slides; the second number of each pair is that of columns.
template <int K, int L, int S = 1, int T = 1, int P = 0, int Q = 0, int D = 1, int E = 1>
struct sliding_window {
    static_assert(K > 0 && L > 0, "spikefuse: a kernel has at least one row and one column.");
    static_assert(S > 0 && T > 0, "spikefuse: stride<S> is at least 1.");
    static_assert(D > 0 && E > 0, "spikefuse: dilation<D> is at least 1.");
    static_assert(P >= same_size && Q >= same_size,
                  "spikefuse: padding<P> is 0 or more, or same_size.");
    static_assert((P != same_size || S == 1) && (Q != same_size || T == 1),
                  "spikefuse: padding<same_size> keeps an image's size, which a stride above 1 "
                  "does not. Say the padding in numbers.");
    static constexpr int rows = K;    ///< of the kernel
    static constexpr int columns = L; ///< likewise
    /// For NIR; padding does not depend on the image.
    static constexpr nir_mapping::window geometry(int groups) {
        using down = detail::image_axis<K, K, S, P, D>;
        using across = detail::image_axis<L, L, T, Q, E>;
        return {.kernel = {K, L},
                .stride = {S, T},
                .dilation = {D, E},
                .before = {down::before, across::before},
                .behind = {down::behind, across::behind},
                .groups = groups};
    }
    /// How it goes down an image of H rows: how many outputs, and what each reads.
    template <int H>
    using over_rows = detail::image_axis<H, K, S, P, D>;
    /// Likewise across W columns.
    template <int W>
    using over_columns = detail::image_axis<W, L, T, Q, E>;
    /// The same with another stride.
    template <int A, int B>
    using with_stride = sliding_window<K, L, A, B, P, Q, D, E>;
    /// The same with another padding.
    template <int A, int B>
    using with_padding = sliding_window<K, L, S, T, A, B, D, E>;
    /// The same with another dilation.
    template <int A, int B>
    using with_dilation = sliding_window<K, L, S, T, P, Q, A, B>;
};

namespace detail {

template <class Window, class Left>
using windows_on = window_over<typename Window::template over_rows<Left::rows>,
                               typename Window::template over_columns<Left::columns>>;

/// The error where a kernel is larger than what it reads. Compilers print the image.
template <class LeftGives>
struct kernel_larger_than_image {
    static constexpr bool cure = false;
};
/// What a window makes of an image; `Out`: its channels, 0: as many as come.
template <class Window, class Left, int Out>
struct windowed_image {
    static_assert(reads_image<Left>());
    using type = unknown_shape;
};
template <class Window, int C, int H, int W, int Out>
struct windowed_image<Window, image_shape<C, H, W>, Out> {
    using rows = typename Window::template over_rows<H>;
    using columns = typename Window::template over_columns<W>;
    static_assert((rows::fits && columns::fits) ||
                      kernel_larger_than_image<left_gives<image<C, H, W>>>::cure,
                  "spikefuse: a kernel is larger than the image that it reads, its padding "
                  "included (the image stands in this message). Make it smaller, or pad more.");
    using type = image_shape<Out == 0 ? C : Out, rows::outputs, columns::outputs>;
};

} // namespace detail
} // namespace spikefuse::inline SPIKEFUSE_ABI
