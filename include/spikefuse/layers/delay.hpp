// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `delay<5>`: what came so many steps before, and zero until then; `delays<5>`: of each feature so
/// many as it says, up to 5. NIR's Delay, in steps.

#include "../core/layer.hpp"
#include "../core/name.hpp"
#include "row_map.hpp"

#include <array>

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

namespace detail {

/// Each input of a row of its own time.
template <int Width, int Most>
struct picked_from_past : row_map_without_weights {
    static constexpr int inputs = Width, outputs = Width, steps_back = Most;
    template <class T, bool Training>
    static constexpr std::size_t work = 0;

    /// Output n is what input n was so many steps before. Of what a kernel of the user's wrote,
    /// no row is read that is not kept.
    template <class T>
    static SPIKEFUSE_FUNCTION int steps_before(T const* delays, int n) {
        T const steps = delays[n];
        return steps > T(0) ? (steps < T(Most) ? static_cast<int>(steps) : Most) : 0;
    }
    template <class T, class Element>
    static SPIKEFUSE_FUNCTION T output(past_rows<Element> rows, T const* delays, int n) {
        return static_cast<T>(value_in(rows.ago(steps_before(delays, n)), n));
    }
    template <class T, class Element>
    static void run(past_rows<Element> rows, T const* delays, T*, T* currents) {
        for (int n = 0; n < Width; ++n) currents[n] = output(rows, delays, n);
    }
};

} // namespace detail

/// Reads older rows of what is before it, each feature from one of its own. How long each waits is
/// data, not learned; the gradient goes back the same steps.
template <int Most>
struct delays_word : layer {
    static_assert(Most > 0, "spikefuse: delays<N> waits for up to N steps: 1 or more.");
    using kind = named<"delays">;
    static constexpr bool mixes = true, keeps_spikes = true;
    static constexpr int wants = 0;
    static constexpr int gives(int left) { return left; }
    static constexpr int longest = Most;
    template <class Left>
    using shape = Left; // an image stays one
    static constexpr nir_mapping exchange = nir_mapping("Delay", {{"delay", "delay"}});
    template <class Left>
    using over = detail::picked_from_past<Left::width, Most>;
    template <class Left>
    constexpr std::array<array_info, 1> arrays() const {
        array_info delay{"delay", Left::width, 0, array_unit::steps, Most};
        delay.highest = Most;
        return {delay};
    }
};
/// `linear<64> >> lif >> delays<5> >> linear<10>`. Parameter "delay" `[features]`: whole steps from
/// 0 to `Most`, and `Most` at first, as `delay<Most>`. Two words, as they differ in type: a
/// `delay<5>` is in no number, and costs no time.
/// @tparam Most steps that a feature may wait, 1 or more
template <int Most>
inline constexpr delays_word<Most> delays{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
