// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Connections that are functions from row to row: convolutions, pools, what others write.
///
/// On a host a thread computes whole rows, event by event, in memory of its own (`work`). On a
/// device, and with one lane, it computes single outputs, inputs and weights; each sum in the same
/// order.

#include "../core/bits.hpp"
#include "../core/lanes.hpp"

#include <cstddef>
#include <cstdint>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// What `over<Left>` of such a connection is. `Row` is packed spikes (std::uint32_t) or numbers T;
/// `x[n]`: `value_in(row, n)`. All are static, and call nothing of the kernel's.
/// - `inputs`, `outputs`: numbers of a row
/// - `run(row, parameters, work, currents)`: all outputs; `output(row, parameters, o)`: one
/// - `input_gradients(row, gradients, parameters, transposed, work)`: where those of all inputs
///   lie; `input_gradient(row, gradients, parameters, n)`: of one
/// - `gradient_parts<T>` parts of the parameters, each written by one thread;
///   `add_parameter_gradients(row, gradients, work, to, first, end)`: those of some parts
/// - `work<T, Training>`: numbers of a thread's memory on a host
/// - `transposed<T>` numbers are a copy of the weights in another order for `input_gradients`, one
///   a launch; `transpose(parameters, to, k)`: register k of it
/// - `steps_back`, of one that gives each input of an earlier row: how many rows before it reads.
///   It takes `past_rows` for a row, and says `steps_before(parameters, n)` in place of gradients
template <class Over>
concept row_map = requires {
    { Over::inputs + Over::outputs } -> std::convertible_to<int>;
    Over::template work<float, true> + Over::template transposed<float>;
    Over::template gradient_parts<float>;
};

/// What those have in common that have no weights, and learn nothing.
struct row_map_without_weights {
    /// No copy for the way back.
    template <class T>
    static constexpr std::size_t transposed = 0;
    /// No gradients of parameters.
    template <class T>
    static constexpr int gradient_parts = 0;
    /// Nothing to do.
    template <class T>
    static SPIKEFUSE_FUNCTION void transpose(T const*, T*, int) {}
};

/// Whether it gives inputs of earlier rows.
template <class Over>
concept past_map = row_map<Over> && requires {
    { Over::steps_back } -> std::convertible_to<int>;
};
/// A row, and where those of the steps before it lie.
template <class Element>
struct past_rows {
    Element const* row;   ///< of this step
    std::ptrdiff_t apart; ///< elements from a row to the next
    /// The row of so many steps before.
    SPIKEFUSE_FUNCTION Element const* ago(int steps) const { return row - steps * apart; }
};

/// Input n of a row, packed or not.
SPIKEFUSE_FUNCTION float value_in(std::uint32_t const* row, int n) {
    return static_cast<float>((row[n / 32] >> (n % 32)) & 1u);
}
template <class T>
    requires(!std::is_same_v<T, std::uint32_t>)
SPIKEFUSE_FUNCTION T value_in(T const* row, int n) {
    return row[n];
}
/// Calls function(n, x[n]) for the inputs [first, end) that are not zero, in order; of a spike the
/// second is std::true_type.
template <class Function>
SPIKEFUSE_FUNCTION void each_event(std::uint32_t const* row, int first, int end,
                                   Function const& function) {
    for (int w = first / 32; w * 32 < end; ++w) {
        std::uint32_t word = row[w];
        if (w == first / 32) word &= ~std::uint32_t(0) << (first % 32);
        if (w == end / 32) word &= (1u << (end % 32)) - 1u;
        for (; word != 0; word &= word - 1)
            function(w * 32 + detail::lowest_bit(word), std::true_type{});
    }
}
template <class T, class Function>
    requires(!std::is_same_v<T, std::uint32_t>)
SPIKEFUSE_FUNCTION void each_event(T const* row, int first, int end, Function const& function) {
    constexpr int W = detail::lanes<T>::width;
    int n = first;
    if constexpr (W > 1)
        for (; n + W <= end; n += W)
            for (std::uint32_t set =
                     (detail::lanes<T>::load(row + n) != detail::lanes<T>(T(0))).bits();
                 set != 0; set &= set - 1)
                function(n + detail::lowest_bit(set), row[n + detail::lowest_bit(set)]);
    for (; n < end; ++n)
        if (row[n] != T(0)) function(n, row[n]);
}
/// How many of the inputs are not zero.
template <class T>
SPIKEFUSE_FUNCTION int events_in(T const* row, int inputs) {
    constexpr int W = detail::lanes<T>::width;
    int events = 0, n = 0;
    if constexpr (W > 1)
        for (; n + W <= inputs; n += W)
            events += detail::count_bits(
                (detail::lanes<T>::load(row + n) != detail::lanes<T>(T(0))).bits());
    for (; n < inputs; ++n) events += row[n] != T(0) ? 1 : 0;
    return events;
}
/// weight * x of an event.
template <class Number>
SPIKEFUSE_FUNCTION Number weighed(Number weight, std::true_type) {
    return weight;
}
template <class Number, class T>
SPIKEFUSE_FUNCTION Number weighed(Number weight, T x) {
    return Number(x) * weight;
}

namespace detail {

/// A table [rows][columns] the other way round. `from`: rows `from_apart` elements from each other.
template <class T>
SPIKEFUSE_FUNCTION void turn(T const* from, std::size_t from_apart, int rows, int columns, T* to,
                             std::size_t to_apart) {
    auto const one_by_one = [&](int first, int end, int begin) {
        for (int r = first; r < end; ++r)
            for (int c = begin; c < columns; ++c)
                to[static_cast<std::size_t>(c) * to_apart + static_cast<std::size_t>(r)] =
                    from[static_cast<std::size_t>(r) * from_apart + static_cast<std::size_t>(c)];
    };
    constexpr int square = lanes<T>::square;
    int const whole = columns / square * square;
    int r = 0;
    for (; r + square <= rows; r += square) {
        for (int c = 0; c < whole; c += square)
            lanes<T>::turn_square(
                from + static_cast<std::size_t>(r) * from_apart + static_cast<std::size_t>(c),
                from_apart,
                to + static_cast<std::size_t>(c) * to_apart + static_cast<std::size_t>(r),
                to_apart);
        one_by_one(r, r + square, whole);
    }
    one_by_one(r, rows, 0);
}
/// `channels` of registers [position][lane] to [channel][position]. The last square overlaps the
/// one before it.
template <class T>
void turn_lanes(T const* from, int positions, int channels, T* to) {
    constexpr int square = lanes<T>::square, W = lanes<T>::width;
    for (int c = 0; c < channels; c += square) {
        int const some = channels - c < square ? channels - c : square;
        for (int r = 0; r < positions; r += square) {
            int const begin = r + square <= positions ? r : positions - square;
            if (begin < 0) {
                for (int k = 0; k < some * positions; ++k)
                    to[c * positions + k] = from[k % positions * W + c + k / positions];
            } else {
                lanes<T>::turn_square(from + begin * W + c, static_cast<std::size_t>(W),
                                      to + c * positions + begin,
                                      static_cast<std::size_t>(positions), some);
            }
        }
    }
}

} // namespace detail
} // namespace spikefuse::inline SPIKEFUSE_ABI
