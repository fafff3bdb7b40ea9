#pragma once
/// From rows of input to currents: listed, looked up or multiplied. Of the network nothing is known here but sizes, so that what full rows
/// need is compiled once for all layers.

#include "product.hpp"
#include "rows.hpp"
#include "tables.hpp"

namespace spikefuse::detail {

/// Rows of input. Piece k of row r has events [ends[r * pieces + k], ends[r * pieces + k + 1]); a full row has none and is marked by
/// negative ends.
template <class T>
struct listed_rows {
    int first, rows, pieces, full_rows;
    std::int32_t const* ends;
    std::uint32_t const* events;
    T const* factors;           // of events that are no spikes
    std::uint64_t const* words; // of full rows of spikes: [64 inputs][full row], words_apart from one 64 to the next
    int words_apart;
    T const* values; // the first row, of values that may be multiplied whole
    std::size_t stride;

    SPIKEFUSE_FUNCTION bool full(int r) const { return ends[(r + 1) * pieces] < 0; }
    SPIKEFUSE_FUNCTION int begin(int r, int piece = 0) const {
        int const end = ends[r * pieces + piece];
        return end < 0 ? ~end : end;
    }
    SPIKEFUSE_FUNCTION int count(int r) const { return begin(r + 1) - begin(r); }
    /// The full rows. Returns how many.
    SPIKEFUSE_FUNCTION int which_full(int* which) const {
        int count = 0;
        for (int r = 0; count < full_rows; ++r)
            if (full(r)) which[count++] = r;
        return count;
    }
    /// Calls function(first, count) for each run of full rows.
    template <class Function>
    SPIKEFUSE_FUNCTION void each_full_run(Function const& function) const {
        for (int r = 0; full_rows > 0 && r < rows;) {
            int together = 0;
            while (r + together < rows && full(r + together)) ++together;
            if (together > 0) function(r, together);
            r += together == 0 ? 1 : together;
        }
    }
};

/// Adds what full rows mean for `Panels` panels.
template <int Panels, bool Bits, class T>
SPIKEFUSE_FLATTEN void add_full_rows(T const* panels, std::size_t panel_apart, int inputs, listed_rows<T> const& list, T* currents,
                                     std::size_t apart) {
    using V = lanes<T>;
    if constexpr (!Bits) {
        list.each_full_run([&](int first, int count) {
            add_products<Panels>(panels, panel_apart, list.values + static_cast<std::size_t>(first) * list.stride, list.stride, count,
                                 inputs, currents + static_cast<std::size_t>(first) * V::width, static_cast<std::size_t>(V::width), apart);
        });
    } else if constexpr (V::width > 1) {
        int which[most_rows];
        int const count = list.which_full(which);
        for (int q = 0; q < Panels; ++q)
            add_looked_up(panels + static_cast<std::size_t>(q) * panel_apart, inputs, count, list.words, list.words_apart, which,
                          currents + static_cast<std::size_t>(q) * apart);
    }
}
/// Sums the weights of `Panels` panels that the rows name into `currents` [panel][row], `apart` numbers from panel to panel, on top of what
/// stands there where `adds`. Bits: no event has a factor.
template <int Panels, bool Bits, class T>
SPIKEFUSE_FUNCTION void mix_rows(T const* panels, std::size_t panel_apart, int inputs, listed_rows<T> const& list, T const* bias, bool adds,
                                 T* currents, std::size_t apart) {
    using V = lanes<T>;
    constexpr int together = few_registers<T> ? 1 : Panels;
    std::size_t const piece = static_cast<std::size_t>(piece_of(inputs)) * panel_width<T>;
    bool const far = list.pieces > 1 && list.rows >= 16; // then each row asks for a share of what comes next
    for (int k = 0; k < list.pieces; ++k)
        for (int p = 0; p < Panels; p += together) {
            T const* const from = panels + static_cast<std::size_t>(p) * panel_apart;
            T const* const next = p + together < Panels ? from + together * panel_apart + static_cast<std::size_t>(k) * piece
                                  : k + 1 < list.pieces ? panels + static_cast<std::size_t>(k + 1) * piece
                                                        : panels + Panels * panel_apart;
            V start[together];
            for (int q = 0; q < together; ++q) start[q] = bias == nullptr ? V(T(0)) : V::load(bias + (p + q) * V::width);
            T* place = currents + static_cast<std::size_t>(p) * apart;
            for (int r = 0; r < list.rows; ++r, place += V::width) {
                for (int q = 0; far && q < together; ++q)
                    ask_for_weights(next + static_cast<std::size_t>(q) * panel_apart, piece_of(inputs), r, list.rows);
                int const begin = list.begin(r, k), count = list.begin(r, k + 1) - begin;
                V sums[together];
                sum_rows<Bits>(from, panel_apart, list.events + begin, list.factors + begin, count, sums);
                for (int q = 0; q < together; ++q) {
                    T* const to = place + static_cast<std::size_t>(q) * apart;
                    V sum = k == 0 ? start[q] + sums[q] : sums[q];
                    if (k > 0 || adds) sum = V::load(to) + sum;
                    sum.store(to);
                }
            }
        }
    if (list.full_rows > 0) add_full_rows<Panels, Bits>(panels, panel_apart, inputs, list, currents, apart);
}

} // namespace spikefuse::detail
