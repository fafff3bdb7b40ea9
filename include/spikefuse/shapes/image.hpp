// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `image<C, H, W>`: channels of rows of pixels. In memory as people and files write it, channel
/// after channel: `[C, H, W]`, as PyTorch and NIR.

#include "features.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// The type of `image<C, H, W>`.
template <int C, int H, int W>
struct image_shape {
    static_assert(C > 0 && H > 0 && W > 0,
                  "spikefuse: image<C, H, W> takes channels, rows and columns of at least 1.");
    static constexpr int channels = C, rows = H, columns = W;
    static constexpr int width = C * H * W; ///< numbers of a sample in a step
    friend constexpr bool operator==(image_shape, image_shape) { return true; }
    template <class Other>
    friend constexpr bool operator==(image_shape, Other) {
        return false;
    }
};
/// A shape: `input<image<2, 34, 34>>`.
/// @tparam C channels, at least 1
/// @tparam H rows, at least 1
/// @tparam W columns, at least 1
template <int C, int H, int W>
inline constexpr image_shape<C, H, W> image{};

namespace detail {

template <class Shape>
inline constexpr bool is_image = false;
template <int C, int H, int W>
inline constexpr bool is_image<image_shape<C, H, W>> = true;

/// A shape as it stands in a message: `128`, or an image.
template <class Shape>
constexpr auto shown_shape() {
    if constexpr (is_image<Shape>) {
        return Shape{};
    } else {
        return Shape::width;
    }
}

/// The error at a joint between an image and features. Compilers print what the left side gives.
template <class LeftGives>
struct image_behind_features {
    static constexpr bool cure = false;
};
template <class LeftGives>
struct features_behind_image {
    static constexpr bool cure = false;
};
/// Behind a shape stands what reads images (conv2d, pools).
template <class Left>
constexpr bool reads_image() {
    if constexpr (Left::width != 0 && !is_image<Left>)
        static_assert(image_behind_features<left_gives<shown_shape<Left>()>>::cure,
                      "spikefuse: what reads an image (conv2d, a pool, flatten) stands behind "
                      "features without rows and columns (their number stands in this message). "
                      "Begin with input<image<C, H, W>>, and put linear and flatten behind it.");
    return true;
}
/// Behind a shape stands what joins all features (linear).
template <class Left>
constexpr bool reads_features() {
    if constexpr (is_image<Left>)
        static_assert(features_behind_image<left_gives<shown_shape<Left>()>>::cure,
                      "spikefuse: linear stands behind an image (which stands in this message). "
                      "Put flatten between them: its features are in the order [C, H, W].");
    return true;
}

} // namespace detail
} // namespace spikefuse::inline SPIKEFUSE_ABI
