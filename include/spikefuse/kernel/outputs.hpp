// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Where a step's output goes: into the row of the next stage, to the caller, or into the readout.

#include "buffers.hpp"
#include "readout.hpp"
#include "tape.hpp"

#include <cstring>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// The reduced output of a register of neurons, and the step that it was taken from.
template <class V>
struct readout_panel {
    V value, when;
};

/// Packs the spikes of panel p into a row of words; neurons beyond the width stay silent.
template <int W>
SPIKEFUSE_FUNCTION void store_bits(unsigned char* row, int p, std::uint32_t fired, int width) {
    if (width - p * W < W) fired &= (1u << (width - p * W)) - 1u;
    if constexpr (W == 16) {
        auto const half = static_cast<std::uint16_t>(fired);
        std::memcpy(row + 2 * p, &half, 2);
    } else if constexpr (W == 8) {
        row[p] = static_cast<unsigned char>(fired);
    } else {
        auto* const word = reinterpret_cast<std::uint32_t*>(row) + p / 32;
        if (store_together(word, p % 32, fired != 0, width - p / 32 * 32)) return;
        if (fired != 0) {
            Kokkos::atomic_or(word, 1u << (p % 32));
        } else {
            Kokkos::atomic_and(word, ~(1u << (p % 32)));
        }
    }
}
/// Stores a register of a [T, B, N] array whose rows have `width` elements. Uses non-temporal
/// stores for arrays larger than the cache: strided stores would cause conflict misses and
/// read-for-ownership traffic.
template <class C>
SPIKEFUSE_FUNCTION void store_line(C const& here, typename C::number* to, typename C::V value,
                                   int width) {
    std::size_t const bytes = static_cast<std::size_t>(here.run.steps) *
                              static_cast<std::size_t>(here.run.batch) *
                              static_cast<std::size_t>(width) * sizeof(typename C::number);
    if (bytes > C::layout::cache_budget &&
        reinterpret_cast<std::uintptr_t>(to) % sizeof(typename C::V) == 0) {
        value.stream(to);
    } else {
        value.store(to);
    }
}
/// Panel p of the output in row r of this block, into the caller's view.
template <class C>
SPIKEFUSE_FUNCTION void store_output(C const& here, int p, int r, typename C::V value) {
    constexpr int width = C::schedule::outputs, W = C::W;
    auto const& run = here.run;
    auto* const to = run.output + static_cast<std::size_t>(here.first_step + r) * run.output_step +
                     static_cast<std::size_t>(here.sample) * run.output_sample +
                     static_cast<std::size_t>(p * W) * run.output_neuron;
    if (run.output_neuron == 1 && width - p * W >= W) {
        store_line(here, to, value, width);
    } else {
        for (int k = 0; k < W && k < width - p * W; ++k)
            to[static_cast<std::size_t>(k) * run.output_neuron] = value.lane(k);
    }
}

/// Sums over time are flushed to double every few steps: counts are exact and means do not drift,
/// however long the run. (A compensated sum in T would not survive -ffast-math.)
inline constexpr int steps_per_total = 16;
template <class C>
SPIKEFUSE_FUNCTION double* readout_totals(C const& here) {
    return here.template region<plan::region::readout_totals, double>();
}
template <class C>
SPIKEFUSE_FUNCTION void add_to_totals(C const& here, int p, typename C::V& sum) {
    double* const totals = readout_totals(here) + p * C::W;
    for (int k = 0; k < C::W; ++k) totals[k] += static_cast<double>(sum.lane(k));
    sum = typename C::V(0);
}
/// The value of neuron n's readout over the whole run.
template <class C>
SPIKEFUSE_FUNCTION typename C::number readout_value(C const& here, int n) {
    using T = typename C::number;
    T value = here.template region<plan::region::reduced>()[n];
    if constexpr (summing_readout<typename C::readout>)
        value = static_cast<T>(readout_totals(here)[n] + static_cast<double>(value));
    return C::readout::finish(value, here.run.steps);
}
/// The readout of the register from neuron k on.
template <class C>
SPIKEFUSE_FUNCTION void start_readout(C const& here, std::size_t k) {
    C::readout::template start<typename C::number>(here.run.steps)
        .store(here.template region<plan::region::reduced>() + k);
    if constexpr (summing_readout<typename C::readout>)
        for (int lane = 0; lane < C::W; ++lane)
            readout_totals(here)[k + static_cast<std::size_t>(lane)] = 0;
}
template <class C>
SPIKEFUSE_FUNCTION void finish_readout(C const& here, int n) {
    here.run.output[static_cast<std::size_t>(here.sample) * here.run.output_sample +
                    static_cast<std::size_t>(n) * here.run.output_neuron] = readout_value(here, n);
}

/// The spikes that a stage gives, as bits: of its last neurons, or those that pass through it.
template <class Stage, class Cells, class V>
SPIKEFUSE_FUNCTION std::uint32_t spikes_of([[maybe_unused]] Cells const& cells, V flow) {
    constexpr std::size_t depth = plan::mp11::mp_size<typename Stage::points>::value;
    if constexpr (depth == 0) {
        return (flow != V(0)).bits();
    } else {
        return get<depth - 1>(cells).fired.bits();
    }
}
/// Passes the output of panel p in step r on: to the next stage, to the caller, or into the
/// readout.
template <class Stage, class C, class Cells>
SPIKEFUSE_FUNCTION void give_out(C const& here, int p, int r, Cells const& cells,
                                 typename C::V flow, readout_panel<typename C::V>& reduced) {
    using T = typename C::number;
    using V = typename C::V;
    using readout = typename C::readout;
    if constexpr (Stage::target != plan::readout) {
        using to = typename C::template buffer_at<Stage::target>;
        unsigned char* const row = row_between<Stage::target>(here, r);
        if constexpr (to::bits) {
            store_bits<C::W>(row, p, spikes_of<Stage>(cells, flow), Stage::width);
        } else {
            flow.store(reinterpret_cast<T*>(row) + p * C::W);
        }
    } else if constexpr (C::differentiates) {
        // the backward pass keeps outputs by itself
    } else if constexpr (readout::every_step) {
        store_output(here, p, r, flow);
    } else {
        int const step = here.first_step + r;
        if constexpr (C::keeps_tape && picking_readout<readout>)
            reduced.when = select(readout::selects(reduced.value, flow, step),
                                  V(static_cast<T>(step)), reduced.when);
        reduced.value = readout::combine(reduced.value, flow, step);
        if constexpr (summing_readout<readout>)
            if ((step + 1) % steps_per_total == 0) add_to_totals(here, p, reduced.value);
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
