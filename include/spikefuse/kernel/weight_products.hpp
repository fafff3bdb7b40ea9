// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Gradients of weights behind values: sums over rows of a value times a row of gradients in a
/// team's shared memory. Half a warp has some inputs, of which a thread has a few neighbouring
/// outputs.

#include "slice_sums.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class T, int Outputs, class Warp = warp>
struct value_products : share_of_row<T, Outputs, Warp> {
    using share = share_of_row<T, Outputs, Warp>;
    using share::near, share::pieces, share::threads;
    using typename share::numbers;
    using four = some_numbers<T, 4>;
    static constexpr int inputs =
        static_cast<int>(32 / sizeof(T)); // beside those of the other half
    /// Numbers of room for each half: values of sixteen rows, and four more, so that halves read
    /// from other banks.
    static constexpr int room_of_half = 16 * inputs + 4;

    T const* gradients; // [row][Outputs]
    T* room;            // [row][inputs], this half's: a row a thread
    int lane;
    numbers sum[inputs][pieces] = {};

    SPIKEFUSE_FUNCTION value_products(T const* rows_of_gradients, T* values_near, int thread)
        : gradients(rows_of_gradients), room(values_near), lane(thread) {}

    /// Adds rows 0 to rows - 1, in this order. load(r, to): their values; zeros where there is no
    /// such row. Both halves of a warp call it together.
    template <class Load>
    SPIKEFUSE_FUNCTION void add(int rows, Load const& load) {
        T next[inputs];
        load(lane, next);
        SPIKEFUSE_ROUNDS(1)
        for (int first = 0; first < rows; first += threads) {
            Warp::meet(); // what was here has been read
            for (int k = 0; k < inputs; k += 4)
                reinterpret_cast<four*>(room + lane * inputs +
                                        k)[0] = {{next[k], next[k + 1], next[k + 2], next[k + 3]}};
            Warp::meet();
            load(first + threads + lane, next); // on their way
            int const end = rows - first < threads ? rows - first : threads;
            SPIKEFUSE_ROUNDS(2)
            for (int r = 0; r < end; ++r) {
                auto const* const row =
                    reinterpret_cast<numbers const*>(gradients + (first + r) * Outputs) + lane;
                four x[inputs / 4];
                for (int k = 0; k < inputs / 4; ++k)
                    x[k] = reinterpret_cast<four const*>(room + r * inputs)[k];
                for (int p = 0; p < pieces; ++p) {
                    numbers const gradient = row[p * threads];
                    for (int k = 0; k < inputs; ++k)
                        for (int q = 0; q < near; ++q)
                            sum[k][p].of[q] += x[k / 4].of[k % 4] * gradient.of[q];
                }
            }
        }
    }
    /// Number q of this thread for input k.
    SPIKEFUSE_FUNCTION T total(int k, int q) const { return sum[k][q / near].of[q % near]; }
};
/// Calls take(input, total) for this half's of `all` inputs. load(r, input): a value of row r.
/// `room`: of all halves of the team.
template <int Outputs, class T, class Load, class Take>
SPIKEFUSE_FUNCTION void multiply_values(part_of_warp const& own, T const* gradients, T* room,
                                        int rows, int all, Load const& load, Take const& take) {
    using products = value_products<T, Outputs>;
    constexpr int some = products::inputs;
    for (int i = some * own.rank; i - some * own.of_warp < all; i += some * own.all) {
        products sums(gradients, room + own.rank * products::room_of_half, own.lane);
        sums.add(rows, [&](int r, T(&to)[some]) {
            for (int k = 0; k < some; ++k) to[k] = r < rows && i + k < all ? load(r, i + k) : T(0);
        });
        for (int k = 0; k < some; ++k)
            if (i + k < all) take(i + k, [&](int q) { return sums.total(k, q); });
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
