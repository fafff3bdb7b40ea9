// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Where a network begins: `input<784>`. Says the width, computes nothing.

#include "../core/config.hpp"

#include "../core/layer.hpp"
#include "../core/name.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <int N>
struct input_word : layer {
    static_assert(N > 0, "spikefuse: input<N> takes a width of at least 1.");
    using kind = named<"input">;
    static constexpr bool mixes = false;
    static constexpr bool begins = true;
    static constexpr int wants = N;
    static constexpr int gives(int) { return N; }
};

/// `input<784> >> ...`
/// @tparam N features of a sample in a step, at least 1
template <int N>
inline constexpr input_word<N> input{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
