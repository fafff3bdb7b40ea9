// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Pools of images, forwards and backwards: row maps without parameters.

#include "../row_map.hpp"
#include "window.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// What pools have in common: [C, H, W] to [C, ...], no weights.
template <class Window, int C>
struct pool_over : row_map_without_weights {
    static constexpr int pixels = Window::pixels, positions = Window::positions;
    static constexpr int inputs = C * pixels, outputs = C * positions;
    template <class T, bool Training>
    static constexpr std::size_t work = Training && lanes<T>::width > 1 ? (inputs + 63) / 64 * 64
                                                                        : 0;
};

/// Sums of windows, or their means, padding included.
template <class Window, int C, bool Mean>
struct sum_of_windows : pool_over<Window, C> {
    using base = pool_over<Window, C>;
    using base::inputs, base::outputs, base::pixels, base::positions;

    template <class T>
    static SPIKEFUSE_FUNCTION T scaled(T sum) {
        return Mean ? sum / static_cast<T>(Window::places) : sum;
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T output(Row const* row, T const*, int n) {
        T sum(0);
        Window::each_read(n % positions, [&](int pixel, int) {
            sum += static_cast<T>(value_in(row, n / positions * pixels + pixel));
        });
        return scaled(sum);
    }
    template <class T, class Row>
    static void run(Row const* row, T const*, T*, T* currents) {
        for (int n = 0; n < outputs; ++n) currents[n] = T(0);
        each_event(row, 0, inputs, [&](int n, auto x) {
            T* const to = currents + n / pixels * positions;
            Window::each_tap(n % pixels,
                             [&](int position, int) { to[position] += weighed(T(1), x); });
        });
        if constexpr (Mean)
            for (int n = 0; n < outputs; ++n) currents[n] = scaled(currents[n]);
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T input_gradient(Row const*, T const* gradients, T const*, int n) {
        T sum(0);
        Window::each_reader(n % pixels, [&](int position, int) {
            sum += gradients[n / pixels * positions + position];
        });
        return scaled(sum);
    }
    template <class T, class Row>
    static T const* input_gradients(Row const*, T const* gradients, T const*, T const*, T* work) {
        for (int n = 0; n < inputs; ++n) {
            T sum(0);
            Window::each_tap(n % pixels, [&](int position, int) {
                sum += gradients[n / pixels * positions + position];
            });
            work[n] = scaled(sum);
        }
        for (std::size_t k = inputs; k < base::template work<T, true>; ++k) work[k] = T(0);
        return work;
    }
};

/// The largest number of each window; its gradient goes to the first of the largest.
template <class Window, int C>
struct largest_of_windows : pool_over<Window, C> {
    using base = pool_over<Window, C>;
    using base::inputs, base::outputs, base::pixels, base::positions;

    template <class T>
    struct largest {
        T value;
        int pixel = -1;
    };
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION largest<T> of(Row const* row, int n) {
        largest<T> best{T(0)};
        Window::each_read(n % positions, [&](int pixel, int) {
            T const x = static_cast<T>(value_in(row, n / positions * pixels + pixel));
            if (best.pixel < 0 || x > best.value || x != x) best = {x, pixel};
        });
        return best;
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T output(Row const* row, T const*, int n) {
        return of<T>(row, n).value;
    }
    template <class T, class Row>
    static void run(Row const* row, T const* parameters, T*, T* currents) {
        for (int n = 0; n < outputs; ++n) currents[n] = output(row, parameters, n);
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T input_gradient(Row const* row, T const* gradients, T const*,
                                               int n) {
        T sum(0);
        Window::each_reader(n % pixels, [&](int position, int) {
            int const from = n / pixels * positions + position;
            if (of<T>(row, from).pixel == n % pixels) sum += gradients[from];
        });
        return sum;
    }
    template <class T, class Row>
    static T const* input_gradients(Row const* row, T const* gradients, T const*, T const*,
                                    T* work) {
        for (std::size_t k = 0; k < base::template work<T, true>; ++k) work[k] = T(0);
        for (int n = 0; n < outputs; ++n)
            work[n / positions * pixels + of<T>(row, n).pixel] += gradients[n];
        return work;
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
