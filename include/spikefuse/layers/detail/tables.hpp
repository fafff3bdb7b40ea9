#pragma once
/// Sums of the weights of many spikes at once: looked up, not added one by one.

#include "../../core/lanes.hpp"
#include "../../core/tuple.hpp"

#include <cstddef>
#include <cstdint>

namespace spikefuse::detail {

/// Adds to rows of currents what their spikes mean. Of four inputs each the sums of all sixteen sets stand in a table, 64 inputs at a
/// time, and a row adds what its bits name: a quarter of the inputs, whatever their activity (Arlazarov et al., 1970: the four Russians).
/// `words`: [64 inputs][row], `apart` from one 64 to the next; `which`: the rows, among those of `currents`. A row that stands alone, for
/// which a table would not pay, is summed in the same order.
template <class T>
SPIKEFUSE_FUNCTION void add_looked_up(T const* panel, int inputs, int rows, std::uint64_t const* words, int apart, int const* which,
                                      T* currents) {
    using V = lanes<T>;
    constexpr int four = 4, sets = 16, together = 64, few = 4;
    for (int first = 0; first < inputs; first += together) {
        int const left = inputs - first, fours = left < together ? (left + 15) / 16 * four : together / four; // a multiple of four
        auto const weight = [&](int i) { // behind the last input stands a row of zeros
            return panel + static_cast<std::size_t>(first + i < inputs ? first + i : inputs) * panel_width<T>;
        };
        auto const add = [&](int r, auto const& sum_of) {
            V part[four] = {T(0), T(0), T(0), T(0)};
            std::uint64_t here = words[first / together * apart + r];
            for (int k = 0; k < fours; k += four)
                for (int j = 0; j < four; ++j, here >>= four) part[j] += sum_of(k + j, static_cast<std::size_t>(here & (sets - 1)));
            T* const to = currents + static_cast<std::size_t>(which[r]) * V::width;
            (V::load(to) + ((part[0] + part[1]) + (part[2] + part[3]))).store(to);
        };
        if (rows < few) {
            for (int r = 0; r < rows; ++r)
                add(r, [&](int k, std::size_t set) {
                    V sum(T(0));
                    for (int i = 0; i < four; ++i) sum += V::load((set >> i & 1) != 0 ? weight(four * k + i) : weight(inputs));
                    return sum;
                });
            continue;
        }
        alignas(sizeof(V)) T table[together / four * sets * V::width];
        for (int k = 0; k < fours; ++k) {
            T* const sums = table + k * sets * V::width;
            V(T(0)).store(sums);
            for (int i = 0; i < four; ++i) {
                V const one = V::load(weight(four * k + i));
                for (int set = 0; set < 1 << i; ++set) (V::load(sums + set * V::width) + one).store(sums + ((1 << i) + set) * V::width);
            }
        }
        for (int r = 0; r < rows; ++r)
            add(r, [&](int k, std::size_t set) { return V::load(table + (static_cast<std::size_t>(k * sets) + set) * V::width); });
    }
}

} // namespace spikefuse::detail
