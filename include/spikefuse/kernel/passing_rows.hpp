// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Rows that a stage reads as they stand, without weights, and, beside it, where their gradients
/// go.

#include "../layers/detail/mix.hpp"
#include "outputs.hpp"
#include "threads.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// What a row of a buffer gives, without weights, to the neurons [first, first + W) behind a
/// source; 0 outside of it.
template <class T, class Source, class Buffer, class Element>
SPIKEFUSE_FUNCTION lanes<T> passed_on(Element const* row, int first) {
    using V = lanes<T>;
    constexpr int W = V::width, width = Source::template width<Buffer>;
    int const place = first - Source::offset;
    if constexpr (Source::each == 1 && Buffer::bits) {
        if constexpr (Source::offset % 32 == 0 && Source::first % 32 == 0) { // within a word
            if (place >= 0 && place + W <= width)
                return V::of_bits(row[(Source::first + place) / 32] >> (place % 32));
        }
        return V::of_bits(static_cast<std::uint32_t>(
            bits_from(row, Source::first + width, Source::first + place)));
    } else {
        if constexpr (Source::each == 1)
            if (place >= 0 && place + W <= width) return V::load(row + Source::first + place);
        T numbers[W];
        for (int lane = 0; lane < W; ++lane) {
            int const n = (place + lane) / Source::each;
            numbers[lane] = T(0);
            if (place + lane < 0 || n >= width) continue;
            if constexpr (Buffer::bits) {
                numbers[lane] = static_cast<T>((row[n / 32] >> (n % 32)) & 1u);
            } else {
                numbers[lane] = row[Source::first + n];
            }
        }
        return V::load(numbers);
    }
}
/// What a source gives to panel p in row r of this block.
template <class Source, class C>
SPIKEFUSE_FUNCTION typename C::V passing(C const& here, int p, int r) {
    using buffer = typename C::template buffer_at<Source::buffer>;
    return passed_on<typename C::number, Source, buffer>(
        row_of<Source::buffer>(here, r - Source::delay), p * C::W);
}
template <class Feed>
using sources_of = typename Feed::sources;
/// The sum of all sources that no weights stand before.
template <class Feeds, class C>
SPIKEFUSE_FUNCTION typename C::V passing_sum(C const& here, int p, int r) {
    using sources = plan::mp11::mp_flatten<plan::mp11::mp_transform<sources_of, Feeds>>;
    typename C::V sum(0);
    for_each_index<plan::mp11::mp_size<sources>::value>(
        [&](auto k) { sum += passing<plan::mp11::mp_at_c<sources, k>>(here, p, r); });
    return sum;
}
template <class Feeds, class C>
SPIKEFUSE_FUNCTION void add_passing(C const& here, int p, int first, int rows,
                                    typename C::number* currents) {
    for (int r = 0; r < rows; ++r)
        passing_sum<Feeds>(here, p, first + r).store(currents + r * C::W);
}

/// Words of some rows of the network's input, of 512 inputs at a time. Rows lie a batch apart, so
/// that many fall into few sets of the first cache, and are gone before all panels have read them.
template <int Rows, int W>
struct near_words {
    static constexpr int together = 16;
    int begin = -1;
    std::uint32_t words[W > 1 ? Rows* together : 1];
};
template <class Stage, int Buffer, int Rows, class C>
SPIKEFUSE_FUNCTION auto as_bits(C const& here, int p, int first, int rows,
                                near_words<Rows, C::W>& near) {
    constexpr int words = C::layout::words(Stage::width), W = C::W,
                  together = near_words<Rows, W>::together;
    using currents = currents_as_bits<typename C::number>;
    std::uint32_t const* const row = row_of<Buffer>(here, first);
    std::size_t const apart = row_stride<Buffer>(here);
    if constexpr (W == 1 || Buffer != plan::network_input) {
        return currents{row, apart, static_cast<unsigned>(p * W)};
    } else {
        int const begin = p * W / 32 / together * together,
                  count = words - begin < together ? words - begin : together;
        if (begin != near.begin)
            for (int r = 0; r < rows; ++r) {
                std::uint32_t* const to = near.words + r * together;
                std::memcpy(to, row + static_cast<std::size_t>(r) * apart + begin,
                            static_cast<std::size_t>(count) * sizeof(std::uint32_t));
                if constexpr (Stage::width % 32 != 0) // bits beyond the width are not inputs
                    if (begin + count == words) to[count - 1] &= (1u << (Stage::width % 32)) - 1u;
            }
        near.begin = begin;
        return currents{near.words, together, static_cast<unsigned>(p * W - begin * 32)};
    }
}
/// A stage without weights: its currents are buffers' rows, at most so many.
template <class Stage, int Most, int Count, class C, class Consume>
SPIKEFUSE_FUNCTION void pass(C const& here, int p, fixed<Count> count, int first, int rows,
                             [[maybe_unused]] near_words<Most, C::W>& near,
                             Consume const& consume) {
    using T = typename C::number;
    using layout = typename C::layout;
    using feed = plan::mp11::mp_front<typename Stage::feeds>;
    using from = plan::first_source<feed>;
    constexpr int W = C::W;
    auto const summed = [&] {
        constexpr int apart = Most * W;
        alignas(sizeof(typename C::V)) T currents[Count * apart];
        for (int q = 0; q < Count; ++q)
            add_passing<typename Stage::feeds>(here, p + q, first, rows, currents + q * apart);
        consume(p, count, first, rows,
                currents_in_memory<T>{currents, static_cast<std::size_t>(W),
                                      static_cast<std::size_t>(apart)});
    };
    if constexpr (layout::template is_plain_read<Stage>::value &&
                  !layout::template holds_bits<from>::value) {
        auto const as_they_lie = [&] {
            consume(p, count, first, rows,
                    currents_in_memory<T>{row_of<from::buffer>(here, first) + p * W,
                                          row_stride<from::buffer>(here),
                                          static_cast<std::size_t>(W)});
        };
        if constexpr (!plan::is_network_input<from>::value || Stage::width % W == 0) {
            as_they_lie();
        } else { // behind the caller's rows there is nothing to read
            (p + Count) * W <= Stage::width ? as_they_lie() : summed();
        }
    } else if constexpr (layout::template is_plain_read<Stage>::value) {
        consume(p, count, first, rows, as_bits<Stage, from::buffer>(here, p, first, rows, near));
    } else {
        summed();
    }
}

/// What arrives at a stage without weights (input_currents.hpp: `choose_input`). A few rows at a
/// time, which stay in the caches while all panels read them; a replay takes its block at once.
template <class Stage>
struct passing_input {
    template <class C, class Consume>
    static SPIKEFUSE_FUNCTION void each_panel(C const& here, int first, int rows,
                                              Consume const& consume) {
        constexpr int most =
            C::differentiates || C::layout::block_steps < 32 ? C::layout::block_steps : 32;
        for (int done = 0; done < rows; done += most) {
            near_words<most, C::W> near;
            own_groups<Stage>(here, [&](int p, auto count) {
                pass<Stage, most>(here, p, count, first + done,
                                  rows - done < most ? rows - done : most, near, consume);
            });
        }
    }
};

// --- adjoint ---

/// Adds a register's numbers, `Each` of them to one, to register p of a source's gradients.
template <class Source, int Each, class C>
SPIKEFUSE_FUNCTION void add_to_source(C const& here, int r, int p, typename C::number const* from) {
    auto* const to = source_gradient<Source>(here, r, p);
    auto const add = [&](int count) SPIKEFUSE_INLINE {
        for (int n = 0; n < count; ++n)
            for (int k = 0; k < Each; ++k) to[n] += from[n * Each + k];
    };
    int const left = C::schedule::template buffer_at<Source::buffer>::width - p * C::W;
    if (left >= C::W) {
        add(C::W);
    } else {
        add(left);
    }
}
/// Adjoint of passing: adds a row of gradients of the currents to those of a source.
template <class Source, class C>
SPIKEFUSE_FUNCTION void pass_back(C const& here, int r, typename C::number const* row) {
    constexpr int W = C::W, width = C::schedule::template buffer_at<Source::buffer>::width;
    if (plan::is_network_input<Source>::value && here.run.input_gradient == nullptr) return;
    for (int const p : own_share(here, (width + W - 1) / W)) {
        if constexpr (Source::whole) {
            add_to_source<Source, Source::each>(here, r, p,
                                                row + Source::offset + p * W * Source::each);
        } else { // by the same threads: other sources add to these columns too
            constexpr int first = Source::first, end = first + Source::taken;
            int const begin = p * W > first ? p * W : first,
                      last = p * W + W < end ? p * W + W : end;
            auto* const to = source_gradient<Source>(here, r, p);
            for (int n = begin; n < last; ++n) to[n - p * W] += row[Source::offset + n - first];
        }
    }
}
/// Adds the gradients of panel p of a layer's inputs to the columns of a source among them.
template <class Source, class C>
SPIKEFUSE_FUNCTION void give_back(C const& here, int r, int p, typename C::V sum) {
    using V = typename C::V;
    constexpr int W = C::W;
    if constexpr (!plan::is_network_input<Source>::value &&
                  Source::offset == 0) { // rows of gradients are whole registers long
        auto* const to = source_gradient<Source>(here, r, p);
        (V::load(to) + sum).store(to);
    } else if constexpr (Source::offset == 0) {
        alignas(sizeof(V)) typename C::number numbers[W];
        sum.store(numbers);
        add_to_source<Source, 1>(here, r, p, numbers);
    } else {
        for (int lane = 0; lane < W; ++lane) {
            int const n = p * W + lane - Source::offset;
            if (n >= 0 && n < C::schedule::template buffer_at<Source::buffer>::width)
                source_gradient<Source>(here, r, n / W)[n % W] += sum.lane(lane);
        }
    }
}
/// The gradient of panel p of a stage that reads one source as it stands.
template <class Stage, class C>
SPIKEFUSE_FUNCTION void pass_plain_gradient(C const& here, int r, int p, typename C::V gradient) {
    using from = plan::first_source<plan::mp11::mp_front<typename Stage::feeds>>;
    constexpr int W = C::W, inputs = C::schedule::inputs;
    bool const wanted = here.run.input_gradient != nullptr;
    if constexpr (!plan::is_network_input<from>::value || !writes_input_gradient<C>) {
        if (!plan::is_network_input<from>::value || wanted) give_back<from>(here, r, p, gradient);
    } else if (wanted) { // nobody else adds to it
        auto* const to = input_gradient_row(here, r) + p * W;
        if ((p + 1) * W <= inputs) {
            store_line(here, to, gradient, inputs);
        } else {
            for (int lane = 0; p * W + lane < inputs; ++lane) to[lane] = gradient.lane(lane);
        }
    }
}
template <class C>
SPIKEFUSE_FUNCTION void clear_input_gradient(C const& here) {
    if (here.run.input_gradient == nullptr || writes_input_gradient<C>) return;
    bool const last = here.first_step + here.rows == here.run.steps;
    for (int r = 0; r < (C::kind == input_kind::held ? (last ? 1 : 0) : here.rows); ++r) {
        auto* const row = input_gradient_row(here, r);
        for (int const n : own_share(here, C::schedule::inputs)) row[n] = 0;
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
