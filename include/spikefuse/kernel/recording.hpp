// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What is seen of neurons besides their output: recorded traces, and penalties on their activity
/// with the gradients of these.

#include "outputs.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// A row of a [T, B, N] trace.
template <class C>
SPIKEFUSE_FUNCTION void store_trace(C const& here, typename C::number* base, int p, int r,
                                    int width, typename C::V value) {
    constexpr int W = C::W;
    auto* const to =
        base +
        (static_cast<std::size_t>(here.first_step + r) * static_cast<std::size_t>(here.run.batch) +
         static_cast<std::size_t>(here.sample)) *
            static_cast<std::size_t>(width) +
        p * W;
    know_global(to);
    if (width - p * W >= W) {
        store_line(here, to, value, width);
    } else {
        for (int k = 0; k < width - p * W; ++k) to[k] = value.lane(k);
    }
}
/// Writes the recorded traces. Slots of a layer: its states in order, then its output (bits where
/// it fires).
template <class Points, class C, class Cells>
KOKKOS_FUNCTION void record(C const& here, int p, int r, Cells const& cells) {
    using T = typename C::number;
    using layout = typename C::layout;
    auto const& run = here.run;
    each_point<Points>([&](auto k, auto number) {
        constexpr int layer = decltype(number)::value;
        using about = traits_of<C, layer>;
        constexpr int width = C::schedule::template width_from<layer>;
        constexpr int slot = layout::template record_slot<layer>();
        for_each_index<about::state_count>([&](auto j) {
            if (run.records[slot + j] != 0)
                store_trace(here, reinterpret_cast<T*>(run.records[slot + j]), p, r, width,
                            get<k>(cells).states[j]);
        });
        std::uintptr_t const outputs = run.records[slot + about::state_count];
        if (outputs == 0) return;
        if constexpr (about::emits_bits) {
            auto* const row = reinterpret_cast<unsigned char*>(outputs) +
                              (static_cast<std::size_t>(here.first_step + r) *
                                   static_cast<std::size_t>(run.batch) +
                               static_cast<std::size_t>(here.sample)) *
                                  static_cast<std::size_t>(layout::words(width)) *
                                  sizeof(std::uint32_t);
            know_global(row);
            store_bits<C::W>(row, p, get<k>(cells).fired.bits(), width);
        } else {
            store_trace(here, reinterpret_cast<T*>(outputs), p, r, width, get<k>(cells).output);
        }
    });
}

/// The slot of a layer's output.
template <class C, int Layer>
inline constexpr int output_slot =
    C::layout::template record_slot<Layer>() + traits_of<C, Layer>::state_count;
/// Where the spikes of a penalized layer are counted, [N] of this sample; or nullptr.
template <int Layer, class C>
SPIKEFUSE_FUNCTION double* penalized_counts(C const& here) {
    auto const* const penalties = here.run.penalties;
    if (penalties == nullptr) return nullptr;
    double* const counts = penalties[output_slot<C, Layer>].counts;
    if (counts == nullptr) return nullptr;
    know_global(counts);
    return counts + static_cast<std::size_t>(here.sample) * C::schedule::template width_from<Layer>;
}
/// Adds a step's outputs to the counts of layers whose activity is penalized: [B, N].
template <class Points, class C, class Cells>
SPIKEFUSE_FUNCTION void count_spikes(C const& here, int p, int r, Cells const& cells) {
    constexpr int W = C::W;
    each_point<Points>([&](auto k, auto number) {
        constexpr int layer = decltype(number)::value;
        double* const sums = penalized_counts<layer>(here);
        if (sums == nullptr) return;
        constexpr int width = C::schedule::template width_from<layer>;
        for (int lane = 0; lane < W && p * W + lane < width; ++lane) {
            double& sum = sums[p * W + lane];
            sum = (here.first_step + r == 0 ? 0 : sum) +
                  static_cast<double>(get<k>(cells).output.lane(lane));
        }
    });
}
/// The penalty on one layer's activity: strength * excess^2, a mean over samples and neurons.
template <int Layer, class C>
SPIKEFUSE_FUNCTION double penalty_of_layer(C const& here) {
    double const* const count = penalized_counts<Layer>(here);
    if (count == nullptr) return 0;
    constexpr int width = C::schedule::template width_from<Layer>;
    auto const& penalty = here.run.penalties[output_slot<C, Layer>];
    double squares = 0;
    for (int n = 0; n < width; ++n) {
        double const excess = static_cast<double>(penalty.excess(count[n], here.run.steps));
        squares += excess * excess;
    }
    return static_cast<double>(penalty.strength) * squares /
           (static_cast<double>(here.run.batch) * width);
}
/// Its adjoint: the gradient of the penalty with respect to every output of panel p.
template <int Layer, class C>
SPIKEFUSE_FUNCTION typename C::V penalty_gradient(C const& here, int p) {
    using T = typename C::number;
    using V = typename C::V;
    constexpr int W = C::W;
    double const* const count = penalized_counts<Layer>(here);
    if (count == nullptr) return V(T(0));
    constexpr int width = C::schedule::template width_from<Layer>;
    auto const& run = here.run;
    auto const& penalty = run.penalties[output_slot<C, Layer>];
    T const factor =
        2 * penalty.strength /
        (static_cast<T>(run.batch) * static_cast<T>(width) * static_cast<T>(run.steps));
    T numbers[W];
    for (int lane = 0; lane < W; ++lane)
        numbers[lane] =
            p * W + lane < width ? factor * penalty.excess(count[p * W + lane], run.steps) : T(0);
    return V::load(numbers);
}
/// The gradient that the caller injects at a state or an output of panel p.
template <int Layer, class C>
SPIKEFUSE_FUNCTION typename C::V injected_gradient(C const& here, int slot, int p, int r) {
    using T = typename C::number;
    using V = typename C::V;
    constexpr int W = C::W;
    auto const& run = here.run;
    if (run.seeds == nullptr || run.seeds[slot] == 0) return V(T(0));
    constexpr int width = C::schedule::template width_from<Layer>;
    auto const* const seeds = reinterpret_cast<T const*>(run.seeds[slot]);
    know_global(seeds);
    T const* const from =
        seeds +
        (static_cast<std::size_t>(here.first_step + r) * static_cast<std::size_t>(run.batch) +
         static_cast<std::size_t>(here.sample)) *
            width +
        p * W;
    T numbers[W];
    for (int lane = 0; lane < W; ++lane) numbers[lane] = p * W + lane < width ? from[lane] : T(0);
    return V::load(numbers);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
