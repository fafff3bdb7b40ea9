// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Rows between stages: where those of a buffer lie, and those of the network's input.

#include "context.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Words of packed spikes, or numbers.
template <class C, int Buffer>
using element_of =
    std::conditional_t<C::template buffer_at<Buffer>::bits, std::uint32_t, typename C::number>;

/// Calls function(source) for the sources of a feed.
template <class Feed, class Function>
SPIKEFUSE_FUNCTION void each_source(Function const& function) {
    for_each_index<plan::mp11::mp_size<typename Feed::sources>::value>(
        [&](auto k) { function(plan::mp11::mp_at_c<typename Feed::sources, k>{}); });
}
/// Where row `r` of a buffer between stages begins.
template <int Buffer, class C>
SPIKEFUSE_FUNCTION unsigned char* row_between(C const& here, int r) {
    using layout = typename C::layout;
    constexpr auto bytes = static_cast<std::ptrdiff_t>(
        layout::template row_bytes<typename C::template buffer_at<Buffer>>);
    return here.buffer(layout::template buffer_offset<Buffer>) + r * bytes;
}
/// Row `r` of this block; -1: the row before it, and so on, as many as the buffer keeps.
template <int Buffer, class C>
SPIKEFUSE_FUNCTION element_of<C, Buffer> const* row_of(C const& here, int r) {
    using element = element_of<C, Buffer>;
    if constexpr (Buffer == plan::network_input) {
        std::size_t const step =
            C::kind == input_kind::held ? 0 : static_cast<std::size_t>(here.first_step + r);
        return static_cast<element const*>(here.run.input) + step * here.run.input_step +
               static_cast<std::size_t>(here.sample) * here.run.input_sample;
    } else {
        return reinterpret_cast<element const*>(row_between<Buffer>(here, r));
    }
}
/// Prefetches a row of the network's input.
template <int Buffer, class C>
SPIKEFUSE_FUNCTION void prefetch_row([[maybe_unused]] C const& here, [[maybe_unused]] int r) {
    if constexpr (C::W > 1 && Buffer == plan::network_input && C::kind != input_kind::held) {
        constexpr int numbers = C::template buffer_at<Buffer>::bits
                                    ? C::layout::words(C::schedule::inputs)
                                    : C::schedule::inputs;
        if (here.first_step + r >= here.run.steps) return;
        auto const* const row = row_of<Buffer>(here, r);
        for (int k = 0; k < numbers; k += static_cast<int>(64 / sizeof(element_of<C, Buffer>)))
            prefetch(row + k);
        prefetch(row + numbers - 1); // rows need not begin with a line
    }
}
/// Words or values between two rows.
template <int Buffer, class C>
SPIKEFUSE_FUNCTION std::size_t row_stride(C const& here) {
    if constexpr (Buffer == plan::network_input) {
        return C::kind == input_kind::held ? 0 : here.run.input_step;
    } else {
        return C::layout::template row_bytes<typename C::template buffer_at<Buffer>> /
               sizeof(element_of<C, Buffer>);
    }
}

/// Register p of row `r` of the gradients of a buffer.
template <int Buffer, class C>
SPIKEFUSE_FUNCTION typename C::number* gradient_at(C const& here, int r, int p) {
    using layout = typename C::layout;
    auto* const first =
        here.template at<typename C::number>(layout::template gradient_rows_at<Buffer>);
    return column_of_panel(first, p, layout::gradient_rows_of_panel) +
           static_cast<std::ptrdiff_t>(r + layout::most_kept) *
               static_cast<std::ptrdiff_t>(layout::template gradient_step<Buffer>());
}
/// The caller's array of input gradients, row r of this block; a held input has one row for all
/// steps.
template <class C>
SPIKEFUSE_FUNCTION typename C::number* input_gradient_row(C const& here, int r) {
    std::size_t const step =
        C::kind == input_kind::held ? 0 : static_cast<std::size_t>(here.first_step + r);
    return here.run.input_gradient + (step * static_cast<std::size_t>(here.run.batch) +
                                      static_cast<std::size_t>(here.sample)) *
                                         C::schedule::inputs;
}
/// Register p of the gradients of what a source gives to row r.
template <class Source, class C>
SPIKEFUSE_FUNCTION typename C::number* source_gradient(C const& here, int r, int p) {
    if constexpr (plan::is_network_input<Source>::value) {
        return input_gradient_row(here, r) + p * C::W;
    } else {
        return gradient_at<Source::buffer>(here, r - Source::delay, p);
    }
}
/// Whether every input gradient is written once, without accumulation.
template <class C>
inline constexpr bool writes_input_gradient =
    C::kind != input_kind::held && C::layout::input_passes_straight;

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
