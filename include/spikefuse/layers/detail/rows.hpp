#pragma once
/// Sums of weight rows: what a mixing layer costs. A panel is [input][W], W one register wide.

#include "../../core/bits.hpp"
#include "../../core/lanes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace spikefuse::detail {

/// All-to-all weights of `Left` inputs: the compile-time facts, and where a panel lies in the bag.
template <int Left, int Out, bool Bias>
struct weights_over {
    static constexpr int inputs = Left, outputs = Out;
    static constexpr bool has_bias = Bias;
    static constexpr double additions_per_input = Out; // what one spike costs

    /// Where panel p of outputs begins, and its bias. The same for weights and for their gradients. A panel's last row is zero: lists of
    /// events are filled up with it.
    template <class Number>
    static SPIKEFUSE_FUNCTION Number* panel(Number* bag, int p) {
        return bag + static_cast<std::size_t>(p) * lanes<std::remove_const_t<Number>>::width * (inputs + 1);
    }
    /// Where the weights from the inputs of panel p begin in the transposed copy: [panel of inputs][output][W].
    template <class T>
    static SPIKEFUSE_FUNCTION T* transposed_panel(T* bag, int p) {
        return bag + static_cast<std::size_t>(p) * lanes<std::remove_const_t<T>>::width * outputs;
    }
    template <class Number>
    static SPIKEFUSE_FUNCTION Number* bias_place(Number* bag, int p) {
        constexpr int width = lanes<std::remove_const_t<Number>>::width, panels = (Out + width - 1) / width;
        return panel(bag, panels) + static_cast<std::size_t>(p) * width;
    }
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> bias(T const* bag, int p) {
        if constexpr (Bias) {
            return lanes<T>::load(bias_place(bag, p));
        } else {
            return lanes<T>(T(0));
        }
    }
};

/// torch.nn.Linear's start values are uniform in plus or minus this.
constexpr double start_spread(int inputs) {
    double root = inputs; // Newton: std::sqrt is not constexpr
    for (int k = 0; k < 60; ++k) root = 0.5 * (root + inputs / root);
    return 1 / root;
}

/// Lists of events have a multiple of this many entries: a loop without a remainder, and with enough sums to hide the adder's latency.
constexpr int events_together = 4;

/// Calls take(j, event) for four entries of a list, read two at a time: the loop is bound by loads.
template <class Function>
SPIKEFUSE_FUNCTION void four_events(std::uint32_t const* events, Function const& take) {
    static_assert(events_together == 4);
    for (int j = 0; j < events_together; j += 2) {
        std::uint64_t two;
        std::memcpy(&two, events + j, sizeof two);
        take(j, static_cast<std::uint32_t>(two)), take(j + 1, static_cast<std::uint32_t>(two >> 32));
    }
}

/// Sum of the rows that `events` names (row number times W). The order of its partial sums is fixed, so the result does not depend on
/// threads or on where a block of steps begins.
template <class T>
SPIKEFUSE_FUNCTION lanes<T> sum_rows(T const* panel, std::uint32_t const* events, int count) {
    using V = lanes<T>;
    V part[events_together] = {T(0), T(0), T(0), T(0)};
    for (int k = 0; k < count; k += events_together)
        four_events(events + k, [&](int j, std::uint32_t event) { part[j] += V::load(panel + event); });
    return (part[0] + part[1]) + (part[2] + part[3]);
}

/// The same with a factor a row: graded spikes, sparse analog input.
template <class T>
SPIKEFUSE_FUNCTION lanes<T> sum_rows(T const* panel, std::uint32_t const* events, T const* factors, int count) {
    using V = lanes<T>;
    V part[events_together] = {T(0), T(0), T(0), T(0)};
    for (int k = 0; k < count; k += events_together)
        four_events(events + k, [&](int j, std::uint32_t event) { part[j] += V(factors[k + j]) * V::load(panel + event); });
    return (part[0] + part[1]) + (part[2] + part[3]);
}

/// Dense product of `Rows` input rows (`stride` numbers apart) with one panel: sums[r] += sum over i of x[r][i] * panel[i].
/// Each row is summed in the order of i, whatever rows stand beside it.
template <int Rows, class T>
SPIKEFUSE_FUNCTION void multiply_rows(T const* panel, T const* x, std::size_t stride, int inputs, lanes<T>* sums) {
    using V = lanes<T>;
    V part[Rows];
    for (int r = 0; r < Rows; ++r) part[r] = V(T(0));
    for (int i = 0; i < inputs; ++i) {
        V const weight = V::load(panel + static_cast<std::size_t>(i) * V::width);
        for (int r = 0; r < Rows; ++r) part[r] += V(x[static_cast<std::size_t>(r) * stride + static_cast<std::size_t>(i)]) * weight;
    }
    for (int r = 0; r < Rows; ++r) sums[r] += part[r];
}

/// Adds `gradient` to the rows that `events` names: what sum_rows reads, backwards.
template <class T>
SPIKEFUSE_FUNCTION void add_to_rows(T* panel, std::uint32_t const* events, int count, lanes<T> gradient) {
    using V = lanes<T>;
    for (int k = 0; k < count; ++k) (V::load(panel + events[k]) + gradient).store(panel + events[k]);
}
template <class T>
SPIKEFUSE_FUNCTION void add_to_rows(T* panel, std::uint32_t const* events, T const* factors, int count, lanes<T> gradient) {
    using V = lanes<T>;
    for (int k = 0; k < count; ++k) (V::load(panel + events[k]) + V(factors[k]) * gradient).store(panel + events[k]);
}
/// panel[i] += sum over r of x[r][i] * gradients[r], rows `stride` numbers apart: multiply_rows backwards. `Panels` of them, `apart`
/// numbers from each other, with a square of inputs and panels in registers: a line of x that is far away is used often.
template <int Panels, class T>
SPIKEFUSE_FUNCTION void add_outer(T* panel, std::size_t apart, T const* x, std::size_t stride, int inputs, T const* gradients,
                                  std::size_t gradient_stride, int rows) {
    using V = lanes<T>;
    auto const some = [&]<int Inputs>(std::integral_constant<int, Inputs>, int first) {
        V sum[Inputs][Panels];
        for (int i = 0; i < Inputs; ++i)
            for (int p = 0; p < Panels; ++p)
                sum[i][p] = V::load(panel + static_cast<std::size_t>(p) * apart + static_cast<std::size_t>(first + i) * V::width);
        for (int r = 0; r < rows; ++r) {
            V gradient[Panels];
            for (int p = 0; p < Panels; ++p)
                gradient[p] = V::load(gradients + static_cast<std::size_t>(r) * gradient_stride + p * V::width);
            T const* const row = x + static_cast<std::size_t>(r) * stride + first;
            for (int i = 0; i < Inputs; ++i)
                for (int p = 0; p < Panels; ++p) sum[i][p] += V(row[i]) * gradient[p];
        }
        for (int i = 0; i < Inputs; ++i)
            for (int p = 0; p < Panels; ++p)
                sum[i][p].store(panel + static_cast<std::size_t>(p) * apart + static_cast<std::size_t>(first + i) * V::width);
    };
    int i = 0;
    for (; i + 8 <= inputs; i += 8) some(std::integral_constant<int, 8>{}, i);
    for (; i < inputs; ++i) some(std::integral_constant<int, 1>{}, i);
}
/// One row times `Panels` panels, `apart` numbers from each other: sums[p] += sum over i of x[i] * panel p[i]. One alone would wait for
/// the adder.
template <int Panels, class T>
SPIKEFUSE_FUNCTION void multiply_panels(T const* panel, std::size_t apart, T const* x, int inputs, lanes<T>* sums) {
    using V = lanes<T>;
    V part[Panels];
    for (int p = 0; p < Panels; ++p) part[p] = V(T(0));
    for (int i = 0; i < inputs; ++i) {
        V const value(x[i]);
        for (int p = 0; p < Panels; ++p)
            part[p] += value * V::load(panel + static_cast<std::size_t>(p) * apart + static_cast<std::size_t>(i) * V::width);
    }
    for (int p = 0; p < Panels; ++p) sums[p] += part[p];
}

/// panel += what rows of gradients mean for the weights of inputs whose spikes are bits of `steps[i]` (bit r: input i fired in row r).
/// `Panels` at a time, `apart` numbers from each other: each row of weights is read and written once, gradients come from the near cache.
template <int Panels, class T>
SPIKEFUSE_FUNCTION void add_columns(T* panel, std::size_t apart, std::uint64_t const* steps, int inputs, T const* gradients,
                                    std::size_t stride) {
    using V = lanes<T>;
    for (int i = 0; i < inputs; ++i) {
        std::uint64_t left = steps[i];
        if (left == 0) continue;
        T* const place = panel + static_cast<std::size_t>(i) * V::width;
        V sum[Panels];
        for (int p = 0; p < Panels; ++p) sum[p] = V::load(place + static_cast<std::size_t>(p) * apart);
        for (; left != 0; left &= left - 1) {
            T const* const row = gradients + static_cast<std::size_t>(lowest_bit(left)) * stride;
            for (int p = 0; p < Panels; ++p) sum[p] += V::load(row + p * V::width);
        }
        for (int p = 0; p < Panels; ++p) sum[p].store(place + static_cast<std::size_t>(p) * apart);
    }
}

} // namespace spikefuse::detail
