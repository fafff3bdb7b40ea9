// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Pools: `sum_pool2d<2>`, `avg_pool2d<2>`, `max_pool2d<3>.stride<2>()`. A window's stride is its
/// size unless it is said. Padding counts as zeros in sums and means, and as nothing in a largest
/// number. NIR's SumPool2d and AvgPool2d; torch.nn.AvgPool2d and MaxPool2d.

#include "../core/layer.hpp"
#include "../core/name.hpp"
#include "detail/pooling.hpp"
#include "window_choices.hpp"

#include <array>

namespace spikefuse::inline SPIKEFUSE_ABI {
namespace detail {

struct sums {
    using kind = named<"sum_pool2d">;
    static constexpr std::string_view node = "SumPool2d";
    template <class Window, int C>
    using over = sum_of_windows<Window, C, false>;
};
struct means {
    using kind = named<"avg_pool2d">;
    static constexpr std::string_view node = "AvgPool2d";
    template <class Window, int C>
    using over = sum_of_windows<Window, C, true>;
};
struct largest {
    using kind = named<"max_pool2d">;
    static constexpr std::string_view node = ""; // NIR has none
    template <class Window, int C>
    using over = largest_of_windows<Window, C>;
};

} // namespace detail

/// @tparam Pool what becomes of a window
template <class Pool, class Window>
struct pool_word : layer {
    using kind = typename Pool::kind;
    static constexpr bool mixes = true;
    static constexpr int wants = 0;
    static constexpr int gives(int) { return 0; } ///< an image tells
    static constexpr nir_mapping exchange =
        nir_mapping(Pool::node, {}).with_window(Window::geometry(0));
    template <class Left>
    using shape = typename detail::windowed_image<Window, Left, 0>::type;
    template <class Left>
    using over = typename Pool::template over<detail::windows_on<Window, Left>, Left::channels>;
    template <class Left>
    constexpr std::array<array_info, 0> arrays() const {
        return {};
    }
    /// Pixels from a window to the next, in rows and in columns.
    template <int S, int T = S>
    constexpr pool_word<Pool, typename Window::template with_stride<S, T>> stride() const {
        return {};
    }
    /// Zeros around an image, above and below, and at the sides; for largest numbers nothing.
    template <int P, int Q = P>
    constexpr pool_word<Pool, typename Window::template with_padding<P, Q>> padding() const {
        return {};
    }
};

/// The sum of each window, channel by channel.
/// @tparam K rows of a window, and its columns where they are not said
/// @tparam L columns
template <int K, int L = K>
inline constexpr pool_word<detail::sums, sliding_window<K, L, K, L>> sum_pool2d{};
/// The mean of each window, padding counted as zeros.
/// @tparam K rows of a window, and its columns where they are not said
/// @tparam L columns
template <int K, int L = K>
inline constexpr pool_word<detail::means, sliding_window<K, L, K, L>> avg_pool2d{};
/// The largest number of each window; of spikes: whether any came.
/// @tparam K rows of a window, and its columns where they are not said
/// @tparam L columns
template <int K, int L = K>
inline constexpr pool_word<detail::largest, sliding_window<K, L, K, L>> max_pool2d{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
