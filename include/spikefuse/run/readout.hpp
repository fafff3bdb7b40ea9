#pragma once
/// What a run gives back: the whole trace, or one number a neuron, reduced inside the kernel.

#include "../core/math.hpp"

#include <limits>

namespace spikefuse {

/// The output of every step: [T, B, N].
inline constexpr struct trace_readout {
    static constexpr bool every_step = true;
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> start() {
        return T(0);
    }
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> combine(lanes<T>, lanes<T> now) {
        return now;
    }
} trace{};

/// The output of the last step: [B, N].
inline constexpr struct last_step_readout {
    static constexpr bool every_step = false;
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> start() {
        return T(0);
    }
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> combine(lanes<T>, lanes<T> now) {
        return now;
    }
    template <class T> // how a step's output counts
    static SPIKEFUSE_FUNCTION T share(int step, int steps) {
        return step == steps - 1 ? T(1) : T(0);
    }
} last_step{};

/// The sum over time, which for a spiking layer is its spike counts: [B, N].
inline constexpr struct counts_readout {
    static constexpr bool every_step = false;
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> start() {
        return T(0);
    }
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> combine(lanes<T> before, lanes<T> now) {
        return before + now;
    }
    template <class T>
    static SPIKEFUSE_FUNCTION T share(int, int) {
        return T(1);
    }
} counts{};

/// The largest output over time: [B, N].
inline constexpr struct max_over_time_readout {
    static constexpr bool every_step = false;
    static constexpr bool picks = true; // its value is that of one step: the first that is above all before it
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> start() {
        return -std::numeric_limits<T>::infinity();
    }
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> combine(lanes<T> before, lanes<T> now) {
        return maximum(now, before);
    }
} max_over_time{};

template <class R>
concept readout_word = requires { R::every_step; };

} // namespace spikefuse
