// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Larger images: `upsample2d<2>` repeats each pixel. torch.nn.Upsample(scale_factor=2), whose mode
/// is "nearest".

#include "../core/layer.hpp"
#include "../core/name.hpp"
#include "../shapes/image.hpp"
#include "row_map.hpp"

#include <array>

namespace spikefuse::inline SPIKEFUSE_ABI {
namespace detail {

/// [C, H, W] to [C, K H, L W].
template <int C, int H, int W, int K, int L>
struct repeated_pixels : row_map_without_weights {
    static constexpr int inputs = C * H * W, outputs = inputs * K * L;
    template <class T, bool Training>
    static constexpr std::size_t work = Training && lanes<T>::width > 1 ? (inputs + 63) / 64 * 64
                                                                        : 0;
    /// Where pixel n is repeated first; then K rows of L, W L apart.
    static SPIKEFUSE_FUNCTION int first(int n) { return n / W * K * W * L + n % W * L; }

    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T output(Row const* row, T const*, int n) {
        int const line = n / (W * L);
        return static_cast<T>(value_in(row, line / K * W + n % (W * L) / L));
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T input_gradient(Row const*, T const* gradients, T const*, int n) {
        T sum(0);
        for (int y = 0; y < K; ++y)
            for (int x = 0; x < L; ++x) sum += gradients[first(n) + y * W * L + x];
        return sum;
    }
    template <class T, class Row>
    static void run(Row const* row, T const*, T*, T* currents) {
        for (int n = 0; n < outputs; ++n) currents[n] = T(0);
        each_event(row, 0, inputs, [&](int n, auto value) {
            for (int y = 0; y < K; ++y)
                for (int x = 0; x < L; ++x)
                    currents[first(n) + y * W * L + x] = weighed(T(1), value);
        });
    }
    template <class T, class Row>
    static T const* input_gradients(Row const* row, T const* gradients, T const* parameters,
                                    T const*, T* to) {
        for (int n = 0; n < inputs; ++n) to[n] = input_gradient(row, gradients, parameters, n);
        for (std::size_t n = inputs; n < work<T, true>; ++n) to[n] = T(0);
        return to;
    }
};

template <class Left, int K, int L>
struct enlarged_image {
    static_assert(reads_image<Left>());
    using type = unknown_shape;
};
template <int C, int H, int W, int K, int L>
struct enlarged_image<image_shape<C, H, W>, K, L> {
    using type = image_shape<C, K * H, L * W>;
};

} // namespace detail

/// @tparam K how often a row is repeated
/// @tparam L how often a column
template <int K, int L>
struct upsample_word : layer {
    static_assert(K > 0 && L > 0, "spikefuse: upsample2d<K> repeats pixels at least once.");
    using kind = named<"upsample2d">;
    static constexpr bool mixes = true;
    static constexpr int wants = 0;
    static constexpr int gives(int) { return 0; } ///< an image tells
    template <class Left>
    using shape = typename detail::enlarged_image<Left, K, L>::type;
    template <class Left>
    using over = detail::repeated_pixels<Left::channels, Left::rows, Left::columns, K, L>;
    template <class Left>
    constexpr std::array<array_info, 0> arrays() const {
        return {};
    }
};

/// Each pixel K times down and L times across, channel by channel.
/// @tparam K how often a row is repeated, and a column where that is not said
/// @tparam L how often a column
template <int K, int L = K>
inline constexpr upsample_word<K, L> upsample2d{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
