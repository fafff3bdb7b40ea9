// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Weight sums of many spikes at once, by lookup tables.

#include "rows.hpp"

#include <cstddef>
#include <cstdint>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Adds the currents of rows of spikes. For each five inputs a table holds the sums of all 32
/// subsets, for 64 inputs at a time; a row adds the entries that its bits select: a fifth of the
/// inputs, whatever their activity (Arlazarov et al., 1970: the four Russians). With few registers,
/// four inputs each. `words`: [64 inputs][row], `apart` from one 64 to the next; `which`: the rows,
/// among those of `currents`. Rows for which a table would not pay are summed in the same order.
template <class T>
SPIKEFUSE_FUNCTION void add_looked_up(T const* panel, int inputs, int rows,
                                      std::uint64_t const* words, int apart, int const* which,
                                      T* currents) {
    using V = lanes<T>;
    constexpr int some = looked_up_together<T>, sets = 1 << some, together = 64,
                  most = (together + some - 1) / some;
    constexpr int few = 10, parts = 4;               // few: rows
    constexpr bool unrolled = !simd_is_composite<T>; // measured
    for (int first = 0; first < inputs; first += together) {
        int const left = inputs - first, least = left < together ? (left + some - 1) / some : most;
        int const groups = unrolled ? least : (least + parts - 1) / parts * parts;
        auto const weight = [&](int i) { // behind the last input stands a row of zeros
            return panel + static_cast<std::size_t>(first + i < inputs ? first + i : inputs) *
                               panel_width<T>;
        };
        auto const add = [&](int r, int count, auto const& sum_of) {
            V part[parts] = {T(0), T(0), T(0), T(0)};
            std::uint64_t here = words[first / together * apart + r];
            for (int k = 0; k < (unrolled ? most : count); k += parts)
                for (int j = 0; j < parts; ++j, here >>= some)
                    if (!unrolled || (k + j < most && k + j < count))
                        part[j] += sum_of(k + j, static_cast<std::size_t>(here & (sets - 1)));
            T* const to = currents + static_cast<std::size_t>(which[r]) * V::width;
            (V::load(to) + ((part[0] + part[1]) + (part[2] + part[3]))).store(to);
        };
        if (rows < few) {
            for (int r = 0; r < rows; ++r)
                add(r, groups, [&](int k, std::size_t set) {
                    V sum(T(0));
                    for (int i = 0; i < some; ++i)
                        sum += V::load((set >> i & 1) != 0 ? weight(some * k + i) : weight(inputs));
                    return sum;
                });
            continue;
        }
        alignas(sizeof(V)) T table[most * sets * V::width];
        for (int k = 0; k < groups; ++k) {
            T* const sums = table + k * sets * V::width;
            V(T(0)).store(sums);
            for (int i = 0; i < some;
                 ++i) { // of the 64 inputs' last few, sets that no bits name, too
                V const one = V::load(weight(some * k + i));
                for (int set = 0; set < 1 << i; ++set)
                    (V::load(sums + set * V::width) + one)
                        .store(sums + ((1 << i) + set) * V::width);
            }
        }
        auto const looked_up = [&](int k, std::size_t set) {
            return V::load(table + (static_cast<std::size_t>(k * sets) + set) * V::width);
        };
        if (unrolled && groups == most) { // a constant, so that no lookup is asked for
            for (int r = 0; r < rows; ++r) add(r, most, looked_up);
        } else {
            for (int r = 0; r < rows; ++r) add(r, groups, looked_up);
        }
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
