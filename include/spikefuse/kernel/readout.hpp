// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Readouts: what a run returns, the whole trace or one number per neuron, reduced inside the
/// kernel. A reduction over time has start(), combine() and finish(). For the gradient it has
/// either `share`, the weight of each step, or, where its value comes from a single step,
/// `selects(before, now)` and `gradient_sign`.

#include "../core/errors.hpp"
#include "../core/math.hpp"
#include "../core/numbers.hpp"

#include <limits>
#include <string>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {
struct reduced_readout {
    static constexpr bool every_step = false;
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> start(int) {
        return T(0);
    }
    template <class T>
    static SPIKEFUSE_FUNCTION T finish(T value, int) {
        return value;
    }
};
struct summed_readout : reduced_readout {
    static constexpr bool sums = true;
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> combine(lanes<T> before, lanes<T> now, int) {
        return before + now;
    }
};
} // namespace detail

/// The output of every step: [T, B, N].
inline constexpr struct trace_readout {
    static constexpr bool every_step = true;
} trace{};

/// The output of the last step: [B, N].
inline constexpr struct last_step_readout : detail::reduced_readout {
    template <class T>
    static SPIKEFUSE_FUNCTION detail::lanes<T> combine(detail::lanes<T>, detail::lanes<T> now,
                                                       int) {
        return now;
    }
    template <class T>
    static SPIKEFUSE_FUNCTION T share(int step, int steps) {
        return step == steps - 1 ? T(1) : T(0);
    }
} last_step{};

/// The sum over time, which for a spiking layer is its spike counts: [B, N].
inline constexpr struct counts_readout : detail::summed_readout {
    template <class T>
    static SPIKEFUSE_FUNCTION T share(int, int) {
        return T(1);
    }
} counts{};

/// The mean over time: [B, N].
inline constexpr struct mean_over_time_readout : detail::summed_readout {
    template <class T>
    static SPIKEFUSE_FUNCTION T share(int, int steps) {
        return T(1) / static_cast<T>(steps);
    }
    template <class T>
    static SPIKEFUSE_FUNCTION T finish(T value, int steps) {
        return value * share<T>(0, steps);
    }
} mean_over_time{};

/// The largest output over time: [B, N]. NaN where one of them is NaN.
inline constexpr struct max_over_time_readout : detail::reduced_readout {
    template <class T>
    static SPIKEFUSE_FUNCTION detail::lanes<T> start(int) {
        return least<T>;
    }
    template <class T>
    static SPIKEFUSE_FUNCTION detail::lanes<T> combine(detail::lanes<T> before,
                                                       detail::lanes<T> now, int) {
        return select(now != now, now, maximum(now, before)); // maximum keeps a NaN of before
    }
    template <class T> // the first that is above all before it
    static SPIKEFUSE_FUNCTION typename detail::lanes<T>::mask selects(detail::lanes<T> before,
                                                                      detail::lanes<T> now, int) {
        return now > before;
    }
    template <class T>
    static constexpr T least = -detail::infinite<T>;
    template <class T>
    static constexpr T gradient_sign = T(1);
} max_over_time{};

/// The step of the first spike, from 0; the last step where there is none: [B, N]. NaN where an
/// output is NaN. More output at that step means a lower time, so its gradient is minus the time's.
/// Source: snntorch.functional, temporal losses (FirstSpike).
inline constexpr struct first_spike_readout : detail::reduced_readout {
    static constexpr bool smallest_wins = true;
    template <class T>
    static SPIKEFUSE_FUNCTION detail::lanes<T> start(int steps) {
        return static_cast<T>(steps); // none so far
    }
    template <class T>
    static SPIKEFUSE_FUNCTION typename detail::lanes<T>::mask
    selects(detail::lanes<T> before, detail::lanes<T> now, int step) {
        return (now > detail::lanes<T>(T(0))) & (before > detail::lanes<T>(static_cast<T>(step)));
    }
    template <class T>
    static SPIKEFUSE_FUNCTION detail::lanes<T> combine(detail::lanes<T> before,
                                                       detail::lanes<T> now, int step) {
        return select(now != now, now,
                      select(selects(before, now, step), detail::lanes<T>(static_cast<T>(step)),
                             before)); // a NaN is above nothing
    }
    template <class T>
    static SPIKEFUSE_FUNCTION T finish(T value, int steps) {
        return value >= static_cast<T>(steps) ? static_cast<T>(steps - 1) : value;
    }
    template <class T>
    static constexpr T gradient_sign = T(-1);
} first_spike{};

/// What `model::operator()` takes as a readout.
template <class R>
concept readout_word = requires { R::every_step; };

namespace detail {
/// Its value comes from the sum over all steps.
template <class R>
concept summing_readout = readout_word<R> && requires { requires R::sums; };
/// Its value is that of one step.
template <class R>
concept picking_readout = readout_word<R> && requires { R::template gradient_sign<float>; };
/// For a readout that is a step, or, in training, that of one step. Throws value_error: more of
/// them than T counts.
template <class T>
void check_step_numbers(int steps) {
    constexpr int most = sizeof(T) == 4 ? 1 << 24 : std::numeric_limits<int>::max();
    if (steps > most)
        throw value_error("a readout of one step cannot tell " + std::to_string(steps) + " apart",
                          "float counts to " + std::to_string(most),
                          "Make the model with precision<double>, or run fewer steps");
}
/// Of the numbers of a readout, the one that names a sample's class; -1 where one is NaN: a model
/// that computes nothing is right about nothing.
template <class R, class T>
int winner(T const* values, int count) {
    constexpr bool smallest = requires { R::smallest_wins; };
    int best = 0;
    for (int n = 0; n < count; ++n)
        if (is_nan(values[n])) return -1;
    for (int n = 1; n < count; ++n)
        if (smallest ? values[n] < values[best] : values[n] > values[best]) best = n;
    return best;
}
} // namespace detail

} // namespace spikefuse::inline SPIKEFUSE_ABI
