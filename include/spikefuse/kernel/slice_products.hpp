// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Products of rows of values with a matrix in a team's shared memory: a warp has some rows, of
/// which a thread has a few neighbouring outputs. The sums are those of multiply()
/// (layers/detail/product.hpp).

#include "slice_sums.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// @tparam Rows of a warp, on a host of a thread
template <class T, int Inputs, int Outputs, int Rows, class Warp = warp>
struct row_products : share_of_row<T, Outputs, Warp, 1> {
    using share = share_of_row<T, Outputs, Warp, 1>;
    using share::near, share::pieces, share::threads;
    using typename share::numbers;
    using four = some_numbers<T, 4>;
    static constexpr int chunk = 64;            // inputs that lie near at a time
    static constexpr int own = chunk / threads; // of a thread's
    static constexpr int room = Rows * chunk;   // numbers of room

    T const* weights; // [input][Outputs], the last row is zero
    T* values;        // [row][chunk]
    int lane;
    numbers even[Rows][pieces] = {}, odd[Rows][pieces] = {};

    SPIKEFUSE_FUNCTION row_products(T const* matrix, T* values_near, int thread)
        : weights(matrix), values(values_near), lane(thread) {}

    /// Adds all inputs of all rows. load(r, i): input i of row r, zero where there is none.
    template <class Load>
    SPIKEFUSE_FUNCTION void add(Load const& load) {
        T next[Rows][own];
        auto const fetch = [&](int first) {
            for (int r = 0; r < Rows; ++r)
                for (int k = 0; k < own; ++k) next[r][k] = load(r, first + lane + k * threads);
        };
        fetch(0);
        SPIKEFUSE_ROUNDS(1)
        for (int first = 0; first < Inputs; first += chunk) {
            Warp::meet(); // what was here has been read
            for (int r = 0; r < Rows; ++r)
                for (int k = 0; k < own; ++k) values[r * chunk + lane + k * threads] = next[r][k];
            Warp::meet();
            fetch(first + chunk); // on its way
            int const end = Inputs - first < chunk ? Inputs - first : chunk;
            SPIKEFUSE_ROUNDS(1)
            for (int i = 0; i < end; i += 4) {
                four x[Rows];
                for (int r = 0; r < Rows; ++r)
                    x[r] = *reinterpret_cast<four const*>(values + r * chunk + i);
                for (int j = 0; j < 4; ++j) add_input(first + i + j, j, x);
            }
        }
    }
    /// Number q of this thread in row r.
    SPIKEFUSE_FUNCTION T total(int r, int q) const {
        return even[r][q / near].of[q % near] + odd[r][q / near].of[q % near];
    }

  private:
    SPIKEFUSE_FUNCTION void add_input(int input, int j, four const (&x)[Rows]) {
        if constexpr (Inputs % 4 != 0)
            if (input > Inputs) input = Inputs;
        auto const* const row = reinterpret_cast<numbers const*>(weights + input * Outputs) + lane;
        for (int p = 0; p < pieces; ++p) {
            numbers const weight = row[p * threads];
            for (int r = 0; r < Rows; ++r)
                for (int q = 0; q < near; ++q)
                    (j % 2 == 0 ? even : odd)[r][p].of[q] += x[r].of[j] * weight.of[q];
        }
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
