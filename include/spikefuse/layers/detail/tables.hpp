#pragma once
/// Sums of the weights of many spikes at once: looked up, not added one by one.

#include "../../core/lanes.hpp"
#include "../../core/tuple.hpp"

#include <cstddef>
#include <cstdint>

namespace spikefuse::detail {

/// Adds to rows of currents what their spikes mean. Of four inputs each the sums of all sixteen sets stand in a table, 64 inputs at a
/// time, and a row adds what its bits name: a quarter of the inputs, whatever their activity (Arlazarov et al., 1970: the four Russians).
/// `words`: [64 inputs][row], `apart` from one 64 to the next; `currents(r)`: where a row's currents are. A row that stands alone, for
/// which a table would not pay, is summed in the same order.
template <int Inputs, class T, class Currents>
SPIKEFUSE_FUNCTION void add_looked_up(T const* panel, int rows, std::uint64_t const* words, int apart, Currents const& currents) {
    using V = lanes<T>;
    constexpr int four = 4, sets = 16, together = 64, few = 4;
    auto const some = [&]<int Fours>(fixed<Fours>, int first) {
        auto const weight = [&](int i) { // behind the last input stands a row of zeros
            return panel + static_cast<std::size_t>(first + i < Inputs ? first + i : Inputs) * panel_width<T>;
        };
        auto const add = [&](int r, auto const& sum_of) {
            V part[four] = {T(0), T(0), T(0), T(0)};
            std::uint64_t const here = words[first / together * apart + r];
            for (int k = 0; k < Fours; ++k) part[k % four] += sum_of(k, static_cast<std::size_t>(here >> four * k & (sets - 1)));
            T* const to = currents(r);
            (V::load(to) + ((part[0] + part[1]) + (part[2] + part[3]))).store(to);
        };
        if (rows < few) {
            for (int r = 0; r < rows; ++r)
                add(r, [&](int k, std::size_t set) {
                    V sum(T(0));
                    for (int i = 0; i < four; ++i) sum += V::load((set >> i & 1) != 0 ? weight(four * k + i) : weight(Inputs));
                    return sum;
                });
            return;
        }
        alignas(sizeof(V)) T table[Fours * sets * V::width];
        for (int k = 0; k < Fours; ++k) {
            T* const sums = table + k * sets * V::width;
            V(T(0)).store(sums);
            for (int i = 0; i < four; ++i) {
                V const one = V::load(weight(four * k + i));
                for (int set = 0; set < 1 << i; ++set) (V::load(sums + set * V::width) + one).store(sums + ((1 << i) + set) * V::width);
            }
        }
        for (int r = 0; r < rows; ++r)
            add(r, [&](int k, std::size_t set) { return V::load(table + (static_cast<std::size_t>(k * sets) + set) * V::width); });
    };
    constexpr int whole = Inputs / together * together;
    for (int first = 0; first < whole; first += together) some(fixed<together / four>{}, first);
    if constexpr (whole < Inputs) some(fixed<(Inputs - whole + four - 1) / four>{}, whole);
}

} // namespace spikefuse::detail
