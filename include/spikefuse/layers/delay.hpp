// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `delay<5>`: what came so many steps before, and zero until then. NIR's Delay, in steps.

#include "../core/layer.hpp"
#include "../core/name.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Reads an older row of what is before it, which keeps so many: it costs memory, and no time.
template <int Steps>
struct delay_word : layer {
    static_assert(Steps >= 0, "spikefuse: delay<N> waits for N steps: 0 or more.");
    using kind = named<"delay">;
    static constexpr bool mixes = false, computes_nothing = true;
    static constexpr int wants = 0;
    static constexpr int gives(int left) { return left; }
    static constexpr int steps = Steps;
};
/// `linear<64> >> lif >> delay<5> >> linear<10>`
/// @tparam Steps from what comes in to what goes out, 0 or more
template <int Steps>
inline constexpr delay_word<Steps> delay{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
