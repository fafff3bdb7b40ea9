// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Synaptic input: from rows of input to currents, by event lists, lookup tables or dense products.
/// Depends on sizes alone, not on the network type, so that the dense path is compiled once for all
/// layers.

#include "product.hpp"
#include "rows.hpp"
#include "tables.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// The event list of some rows, piece by piece: piece k of row r has events [ends[k * rows + r],
/// ends[k * rows + r + 1]). A full row is not listed; its first count is negative.
template <class T, class Entry, int Pieces>
struct listed_rows {
    static constexpr int pieces = Pieces;
    int first, rows, full_rows;
    std::int32_t const *counts, *ends; // counts: [row][piece]
    Entry const* events;
    T const* factors; // of events that are no spikes
    std::uint64_t const*
        words; // of full rows of spikes: [64 inputs][full row], words_apart from one 64 to the next
    int words_apart;
    T const* values; // the first row, of values that may be multiplied whole
    std::size_t stride;

    SPIKEFUSE_FUNCTION bool full(int r) const { return counts[r * Pieces] < 0; }
    SPIKEFUSE_FUNCTION int begin(int r, int piece) const { return ends[piece * rows + r]; }
    SPIKEFUSE_FUNCTION int count(int r, int piece) const {
        return begin(r + 1, piece) - begin(r, piece);
    }
    /// Calls function(first, count) for each run of full rows.
    template <class Function>
    SPIKEFUSE_FUNCTION void each_full_run(Function const& function) const {
        for (int r = 0; full_rows > 0 && r < rows;) {
            int together = 0;
            while (r + together < rows && full(r + together)) ++together;
            if (together > 0) function(static_cast<std::size_t>(r), together);
            r += together == 0 ? 1 : together;
        }
    }
    /// Writes the indices of the full rows.
    SPIKEFUSE_FUNCTION void which_full(int* which) const {
        for (int k = 0, r = 0; k < full_rows; ++r)
            if (full(r)) which[k++] = r;
    }
};

/// Adds the currents of full rows for `Panels` panels.
template <int Panels, bool Bits, class T, class Entry, int Pieces>
SPIKEFUSE_FLATTEN void add_full_rows(T const* panels, std::size_t panel_apart, int inputs,
                                     listed_rows<T, Entry, Pieces> const& list, T* currents,
                                     std::size_t apart) {
    constexpr auto row_apart = static_cast<std::size_t>(lanes<T>::width);
    if constexpr (lanes<T>::width > 1) {
        int which[most_rows];
        list.which_full(which);
        if constexpr (Bits) {
            for (int q = 0; q < Panels; ++q)
                add_looked_up(panels + static_cast<std::size_t>(q) * panel_apart, inputs,
                              list.full_rows, list.words, list.words_apart, which,
                              currents + static_cast<std::size_t>(q) * apart);
        } else {
            add_products<Panels>(panels, panel_apart, list.values, list.stride, list.full_rows,
                                 inputs, currents, row_apart, apart, named_rows{which});
        }
    } else if constexpr (!Bits) { // an address takes two registers of a device: rows that stand one
                                  // behind the other have one together
        list.each_full_run([&](std::size_t first, int count) {
            add_products<Panels>(panels, panel_apart, list.values + first * list.stride,
                                 list.stride, count, inputs, currents + first * row_apart,
                                 row_apart, apart);
        });
    }
}
/// Currents in memory, `stride` elements from row to row and `apart` from panel to panel.
template <class T>
struct currents_in_memory {
    T const* rows;
    std::size_t stride, apart;

    template <int Panels>
    SPIKEFUSE_FUNCTION void read(int r, lanes<T> (&currents)[Panels]) const {
        for (int q = 0; q < Panels; ++q)
            currents[q] = lanes<T>::load(rows + static_cast<std::size_t>(r) * stride +
                                         static_cast<std::size_t>(q) * apart);
    }
};

/// Currents that are packed spikes: rows `apart` words from each other, the first panel from bit
/// `first` on.
template <class T>
struct currents_as_bits {
    std::uint32_t const* rows;
    std::size_t apart;
    unsigned first;

    template <int Panels>
    SPIKEFUSE_FUNCTION void read(int r, lanes<T> (&currents)[Panels]) const {
        for (unsigned q = 0; q < Panels; ++q) {
            unsigned const bit = first + q * static_cast<unsigned>(lanes<T>::width);
            currents[q] = lanes<T>::of_bits(rows[static_cast<std::size_t>(r) * apart + bit / 32] >>
                                            (bit % 32));
        }
    }
};

/// Currents of one panel of which a device's thread has the next rows on their way, while neurons
/// step.
template <class T, class Currents, int Ahead>
struct currents_ahead {
    Currents const& currents;
    int rows;
    mutable lanes<T> next[Ahead];

    SPIKEFUSE_FUNCTION currents_ahead(Currents const& from, int count)
        : currents(from), rows(count) {
        for (int k = 0; k < Ahead; ++k) fetch(k, next[k]);
    }
    SPIKEFUSE_FUNCTION void read(int r, lanes<T> (&row)[1]) const {
        row[0] = next[0];
        for (int k = 1; k < Ahead; ++k) next[k - 1] = next[k];
        fetch(r + Ahead, next[Ahead - 1]);
    }

  private:
    SPIKEFUSE_FUNCTION void fetch(int r, lanes<T>& to) const {
        lanes<T> row[1] = {lanes<T>(T(0))};
        if (r < rows) currents.read(r, row);
        to = row[0];
    }
};

/// Currents of one row, already in registers.
template <int Panels, class T>
struct currents_in_registers {
    lanes<T> row[Panels];

    SPIKEFUSE_FUNCTION void read(int, lanes<T> (&currents)[Panels]) const {
        for (int q = 0; q < Panels; ++q) currents[q] = row[q];
    }
};

/// Currents of `Panels` panels: the weight rows of listed events, summed when they are read, so
/// that the neuron update of one row overlaps with the loads of the next. Bits: no event has a
/// factor.
template <int Panels, bool Bits, class T, class Entry, int Pieces>
struct mixed_currents {
    using V = lanes<T>;

    T const* panels;
    std::size_t panel_apart;
    int inputs;
    listed_rows<T, Entry, Pieces> list; // a copy, whose numbers stay in registers
    T const* bias;
    T* base; // [panel][row]: what comes on top, if anything does
    std::size_t apart;
    bool has_base;

    /// `adds`: `base` already holds currents, `apart` elements from panel to panel. Full rows, and
    /// all pieces but the last, are added there.
    SPIKEFUSE_FUNCTION mixed_currents(T const* weights, std::size_t weights_apart,
                                      int rows_of_weights,
                                      listed_rows<T, Entry, Pieces> const& listed, T const* biases,
                                      bool adds, T* base_rows, std::size_t base_apart)
        : panels(weights), panel_apart(weights_apart), inputs(rows_of_weights), list(listed),
          bias(biases), base(base_rows), apart(base_apart),
          has_base(adds || listed.full_rows > 0 || Pieces > 1) {
        if (has_base && !adds)
            for (int q = 0; q < Panels; ++q)
                for (int r = 0; r < list.rows; ++r) V(T(0)).store(place(r, q));
        for (int k = 0; k + 1 < Pieces; ++k)
            for (int r = 0; r < list.rows; ++r) {
                V sums[Panels];
                ask_ahead(r, k);
                int const begin = list.begin(r, k), count = list.count(r, k);
                sum_rows<Bits>(panels, panel_apart, list.events + begin, list.factors + begin,
                               count, sums);
                for (int q = 0; q < Panels; ++q)
                    (V::load(place(r, q)) + sums[q]).store(place(r, q));
            }
        if (list.full_rows > 0)
            add_full_rows<Panels, Bits>(panels, panel_apart, inputs, list, base, apart);
    }
    SPIKEFUSE_FUNCTION void read(int r, V (&currents)[Panels]) const {
        constexpr int last = Pieces - 1;
        ask_ahead(r, last);
        int const begin = list.begin(r, last), count = list.count(r, last);
        sum_rows<Bits>(panels, panel_apart, list.events + begin, list.factors + begin, count,
                       currents);
        for (int q = 0; q < Panels; ++q) {
            if (bias != nullptr) currents[q] = V::load(bias + q * V::width) + currents[q];
            if (has_base) currents[q] = V::load(place(r, q)) + currents[q];
        }
    }

  private:
    SPIKEFUSE_FUNCTION T* place(int r, int q) const {
        return base + static_cast<std::size_t>(q) * apart + static_cast<std::size_t>(r) * V::width;
    }
    /// Weights of wide rows are far: each row asks for a share of what piece k + 1 reads.
    SPIKEFUSE_FUNCTION void ask_ahead(int r, int k) const {
        if (Pieces == 1 || list.rows < 16) return;
        std::size_t const piece = static_cast<std::size_t>(piece_of(inputs)) * panel_width<T>;
        T const* const next = k + 1 < Pieces ? panels + static_cast<std::size_t>(k + 1) * piece
                                             : panels + Panels * panel_apart;
        for (int q = 0; q < Panels; ++q)
            ask_for_weights(next + static_cast<std::size_t>(q) * panel_apart, piece_of(inputs), r,
                            list.rows);
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
