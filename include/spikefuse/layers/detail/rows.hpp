// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Sums of weight rows, the cost of a connection. A panel is [input][P], P = panel_width neurons:
/// one register on the host, the neurons of one warp on a device.

#include "../../core/bits.hpp"
#include "../../core/lanes.hpp"
#include "../../core/tuple.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Where register p begins among panels of `rows` rows.
template <class Number, class Count>
SPIKEFUSE_FUNCTION Number* column_of_panel(Number* panels, int p, Count rows) {
    using T = std::remove_const_t<Number>;
    constexpr int each = panel_width<T> / lanes<T>::width; // registers of a panel
    return panels +
           static_cast<std::size_t>(p / each) * panel_width<T> * static_cast<std::size_t>(rows) +
           p % each * lanes<T>::width;
}

/// All-to-all weights of `Left` inputs: compile-time constants, and where a panel is among the
/// parameters.
template <int Left, int Out, bool Bias>
struct weights_over {
    static constexpr int inputs = Left, outputs = Out;
    static constexpr bool has_bias = Bias;
    static constexpr double additions_per_input = Out; // what one spike costs

    /// Address of register p of outputs within its panel, and of its bias; the same for weights and
    /// for their gradients. The last row of a panel is zero: event lists are padded with its index.
    template <class Number>
    static SPIKEFUSE_FUNCTION Number* panel(Number* parameters, int p) {
        return column_of_panel(parameters, p, inputs + 1);
    }
    /// Where the weights from the inputs of register p begin in the transposed copy: [panel of
    /// inputs][output][P].
    template <class Number>
    static SPIKEFUSE_FUNCTION Number* transposed_panel(Number* parameters, int p) {
        return column_of_panel(parameters, p, outputs);
    }
    template <class T>
    static constexpr std::size_t transposed =
        static_cast<std::size_t>((inputs + panel_width<T> - 1) / panel_width<T> * panel_width<T>) *
        Out;
    /// Register k of it.
    template <class T>
    static SPIKEFUSE_FUNCTION void transpose(T const* parameters, T* copy, int k) {
        constexpr int W = lanes<T>::width, P = panel_width<T>;
        int const output = k % outputs, first = k / outputs * W;
        T const* const from = panel(parameters, output / W) + output % W;
        T numbers[W];
        for (int lane = 0; lane < W; ++lane)
            numbers[lane] =
                first + lane < inputs ? from[static_cast<std::size_t>(first + lane) * P] : T(0);
        lanes<T>::load(numbers).store(transposed_panel(copy, first / W) +
                                      static_cast<std::size_t>(output) * P);
    }
    template <class Number>
    static SPIKEFUSE_FUNCTION Number* bias_place(Number* parameters, int p) {
        using T = std::remove_const_t<Number>;
        constexpr int panels = (Out + panel_width<T> - 1) / panel_width<T>;
        return parameters + static_cast<std::size_t>(panels) * panel_width<T> * (inputs + 1) +
               static_cast<std::size_t>(p) * lanes<T>::width;
    }
    template <class T>
    static SPIKEFUSE_FUNCTION lanes<T> bias(T const* parameters, int p) {
        if constexpr (Bias) {
            return lanes<T>::load(bias_place(parameters, p));
        } else {
            return lanes<T>(T(0));
        }
    }
};

/// Shares of non-zero inputs above which a row is not listed: values are multiplied densely, spikes
/// use lookup tables (measured: docs/lab_notebook/speed.md).
template <class T>
inline constexpr double multiplied_above =
    simd_is_composite<T> || double_pumped_avx512 ? 0.40 : 0.24;
template <class T> // a table is as long as a register: those of one number look nothing up
inline constexpr double looked_up_above = lanes<T>::width < 8    ? 1
                                          : simd_is_composite<T> ? 0.48
                                          : double_pumped_avx512 ? 0.35
                                                                 : 0.26;
template <class T> // inputs that share a table, whose sums of all sets the first cache holds for 64
                   // inputs
inline constexpr int looked_up_together = simd_is_composite<T> ? 4 : 5;
inline constexpr int most_rows =
    512; // full ones; of others half as many (measured: docs/lab_notebook/speed.md)
/// Wide rows are listed in pieces whose weights fit into L1: the number of pieces, and the inputs
/// of each but the last.
SPIKEFUSE_FUNCTION constexpr int pieces_of(int inputs) {
    return inputs <= 1024 ? 1 : (inputs + 255) / 256;
}
SPIKEFUSE_FUNCTION constexpr int piece_of(int inputs) {
    return ((inputs + pieces_of(inputs) - 1) / pieces_of(inputs) + 31) / 32 * 32;
}

/// Initial weights are uniform in plus or minus this. Source: torch.nn.Linear.
constexpr double start_spread(int inputs) {
    double root = inputs; // Newton: std::sqrt is not constexpr
    for (int k = 0; k < 60; ++k) root = 0.5 * (root + inputs / root);
    return 1 / root;
}

/// Event lists are padded to a multiple of this: a loop without a remainder, with enough
/// accumulators to hide the latency of additions.
constexpr int events_together = 4;

/// On the host an entry is a byte offset / 8 (x86 scaled addressing is free); uint16 covers 8191
/// inputs. On a device it is a row index; uint16 covers 65535. Short entries matter: a list passes
/// through L1 once per panel.
template <class T>
inline constexpr int entry_scale = lanes<T>::width > 1
                                       ? panel_width<T>* static_cast<int>(sizeof(T)) / 8
                                       : 1;
template <class T, int Inputs>
using entry_of = std::conditional_t<Inputs <= 65535 / entry_scale<T>, std::uint16_t, std::uint32_t>;
template <class Number, class Entry>
SPIKEFUSE_FUNCTION Number* row_at(Number* panel, Entry entry) {
    using T = std::remove_const_t<Number>;
    return panel + static_cast<std::size_t>(entry) * (panel_width<T> / entry_scale<T>);
}

/// Calls take(j, entry) for four entries of a list, loaded as one 8-byte word: the loop is bound by
/// loads.
template <class Entry, class Function>
SPIKEFUSE_FUNCTION void four_events(Entry const* events, Function const& take) {
    static_assert(events_together == 4);
    constexpr int some = 8 / sizeof(Entry);
    for (int j = 0; j < events_together; j += some) {
        std::uint64_t read;
        std::memcpy(&read, __builtin_assume_aligned(events + j, sizeof read), sizeof read);
        for (int k = 0; k < some; ++k, read >>= 64 / some) take(j + k, static_cast<Entry>(read));
    }
}

/// Prefetches share `part` of `parts` of some weight rows.
template <class T>
SPIKEFUSE_FUNCTION void ask_for_weights(T const* rows, int count, int part, int parts) {
    if constexpr (lanes<T>::width > 1) {
        int const share = (count + parts - 1) / parts;
        for (int k = part * share; k < (part + 1) * share && k < count; ++k)
            prefetch<2>(rows + k * panel_width<T>);
    }
}

/// Sums the weight rows that `events` names, of `Panels` panels `apart` elements from each other;
/// each row once for a spike, else times its factor. The order of partial sums is fixed, so the
/// result depends neither on threads nor on where a block of steps begins.
template <bool Bits, int Panels, class T, class Entry>
SPIKEFUSE_FUNCTION void sum_rows(T const* panels, std::size_t apart, Entry const* events,
                                 [[maybe_unused]] T const* factors, int count,
                                 lanes<T> (&sums)[Panels]) {
    using V = lanes<T>;
    // All panels together or, where registers are few, one after the other.
    constexpr int together = simd_is_composite<T> ? 1 : Panels;
    for (int p = 0; p < Panels; p += together) {
        V part[together][events_together];
        for (int q = 0; q < together; ++q)
            for (int j = 0; j < events_together; ++j) part[q][j] = V(T(0));
        auto const weights_of = [&](int q, Entry event) {
            return V::load(row_at(panels + static_cast<std::size_t>(p + q) * apart, event));
        };
        // j: of entry k the place among four, a constant where loops are unrolled; as k % 4 it is
        // not seen to be one, and sums stay in memory.
        auto const add = [&](int q, int k, int j, V weights) {
            if constexpr (Bits) {
                part[q][j] += weights;
            } else {
                part[q][j] += V(factors[k]) * weights;
            }
        };
        int k = 0;
        if constexpr (V::width == 1) { // on a device sixteen loads are on their way together
            constexpr int some = 4 * events_together;
            for (; k + some <= count; k += some) {
                V weights[some][together];
                for (int first = 0; first < some; first += events_together)
                    four_events(events + k + first, [&](int j, Entry event) {
                        for (int q = 0; q < together; ++q)
                            weights[first + j][q] = weights_of(q, event);
                    });
                for (int j = 0; j < some; ++j)
                    for (int q = 0; q < together; ++q)
                        add(q, k + j, j % events_together, weights[j][q]);
            }
        }
        for (; k < count; k += events_together)
            four_events(events + k, [&](int j, Entry event) {
                for (int q = 0; q < together; ++q) add(q, k + j, j, weights_of(q, event));
            });
        for (int q = 0; q < together; ++q)
            sums[p + q] = (part[q][0] + part[q][1]) + (part[q][2] + part[q][3]);
    }
}

/// Numbers of neighbouring outputs, which a thread reads at once.
template <class T, int Each>
struct alignas(sizeof(T) * (Each < 4 ? Each : 4)) some_numbers {
    T of[Each];
};
/// Sums of listed rows for four neighbouring neurons, by a device's thread: those of sum_rows, with
/// four times as many bytes on their way.
template <class T, class Entry>
SPIKEFUSE_FUNCTION some_numbers<T, 4> sum_four(T const* panel, Entry const* events, int count) {
    using four = some_numbers<T, 4>;
    four part[events_together] = {};
    auto const add = [&]<int Some>(fixed<Some>, int k) { // on their way together
        four rows[Some];
        for (int first = 0; first < Some; first += events_together)
            four_events(events + k + first, [&](int j, Entry event) {
                rows[first + j] = *reinterpret_cast<four const*>(row_at(panel, event));
            });
        for (int j = 0; j < Some; ++j)
            for (int q = 0; q < 4; ++q) part[j % events_together].of[q] += rows[j].of[q];
    };
    int k = 0;
    for (constexpr int some = 2 * events_together; k + some <= count; k += some)
        add(fixed<some>{}, k);
    if (k < count) add(fixed<events_together>{}, k);
    four sum;
    for (int q = 0; q < 4; ++q)
        sum.of[q] = (part[0].of[q] + part[1].of[q]) + (part[2].of[q] + part[3].of[q]);
    return sum;
}

/// Part `part` of those sums, of every fourth event: what one of four threads adds up.
template <class T, class Entry>
SPIKEFUSE_FUNCTION some_numbers<T, 4> sum_part(T const* panel, Entry const* events, int count,
                                               int part) {
    using four = some_numbers<T, 4>;
    constexpr int some = 8;
    four sum = {};
    for (int first = part; first < count; first += some * events_together) {
        auto const at = [&](int j) { return first + j * events_together; };
        Entry event[some];
        for (int j = 0; j < some; ++j) event[j] = events[at(j) < count ? at(j) : first];
        four rows[some] = {};
        for (int j = 0; j < some; ++j)
            if (at(j) < count) rows[j] = *reinterpret_cast<four const*>(row_at(panel, event[j]));
        for (int j = 0; j < some; ++j)
            for (int q = 0; q < 4; ++q) sum.of[q] += rows[j].of[q];
    }
    return sum;
}

/// Adjoint of sum_rows: adds `gradient` to the rows that `events` names.
template <class T, class Entry>
SPIKEFUSE_FUNCTION void add_to_rows(T* panel, Entry const* events, int count, lanes<T> gradient) {
    using V = lanes<T>;
    for (int k = 0; k < count; ++k)
        (V::load(row_at(panel, events[k])) + gradient).store(row_at(panel, events[k]));
}
template <class T, class Entry>
SPIKEFUSE_FUNCTION void add_to_rows(T* panel, Entry const* events, T const* factors, int count,
                                    lanes<T> gradient) {
    using V = lanes<T>;
    for (int k = 0; k < count; ++k)
        (V::load(row_at(panel, events[k])) + V(factors[k]) * gradient)
            .store(row_at(panel, events[k]));
}
/// Adds the rows of gradients that the bits of `left` name, from row `first` on.
template <int Panels, class T, class Rows>
SPIKEFUSE_FUNCTION void add_fired(std::uint64_t left, int first, Rows const& row_of,
                                  lanes<T> (&sum)[Panels]) {
    using V = lanes<T>;
    auto const take = [&](std::uint64_t& bits) SPIKEFUSE_INLINE {
        T const* const row = row_of(static_cast<unsigned>(first + lowest_bit(bits)));
        bits &= bits - 1;
        return row;
    };
    if constexpr (V::width == 1) // on a device four loads are on their way together
        for (int fours = count_bits(left) / 4; fours > 0; --fours) {
            T const* const rows[4] = {take(left), take(left), take(left), take(left)};
            for (int p = 0; p < Panels; ++p) {
                V const numbers[4] = {V::load(rows[0] + p), V::load(rows[1] + p),
                                      V::load(rows[2] + p), V::load(rows[3] + p)};
                for (V const one : numbers) sum[p] += one;
            }
        }
    while (left != 0) {
        T const* const row = take(left);
        for (int p = 0; p < Panels; ++p) sum[p] += V::load(row + p * V::width);
    }
}
/// Adjoint of sum_rows by columns: adds rows of gradients to the weights of the inputs that fired.
/// Bit r of `fired[i]`: input i fired in row r; further words are `fired_apart` behind it, 64 rows
/// each. row_of(r): address of a row of gradients. `Panels` at a time, `apart` elements from each
/// other: each weight row is read and written once, gradients are read from L1.
template <int Panels, int Words, class T, class Rows>
SPIKEFUSE_FUNCTION void add_columns(T* panel, std::size_t apart, std::uint64_t const* fired,
                                    std::size_t fired_apart, int inputs, Rows const& row_of) {
    using V = lanes<T>;
    for (int i = 0; i < inputs; ++i) {
        std::uint64_t any = 0;
        for (int w = 0; w < Words; ++w)
            any |= fired[static_cast<std::size_t>(w) * fired_apart + static_cast<std::size_t>(i)];
        if (any == 0) continue;
        T* const place = panel + static_cast<std::size_t>(i) * panel_width<T>;
        V sum[Panels];
        for (int p = 0; p < Panels; ++p)
            sum[p] = V::load(place + static_cast<std::size_t>(p) * apart);
        for (int w = 0; w < Words; ++w)
            add_fired(
                fired[static_cast<std::size_t>(w) * fired_apart + static_cast<std::size_t>(i)],
                w * 64, row_of, sum);
        for (int p = 0; p < Panels; ++p) sum[p].store(place + static_cast<std::size_t>(p) * apart);
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
