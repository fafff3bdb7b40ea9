// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Connections that map rows by functions of their own (layers/row_map.hpp): what arrives
/// behind them, and beside it, their adjoints. Threads of a host share rows out; on a device, and
/// with one lane, all threads of the team share each row's numbers.

#include "../layers/detail/mix.hpp"
#include "passing_rows.hpp"
#include "sample_group.hpp"
#include "tape.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class C, class Feed>
inline constexpr bool maps_rows = plan::feed_maps_rows<typename C::schedule, Feed>;

/// What a map reads in row `r`: the row, or, of one that reads earlier ones, these too.
template <class Over, class From, class C>
SPIKEFUSE_FUNCTION auto mapped_row(C const& here, int r) {
    auto const* const row = row_of<From::buffer>(here, r - From::delay);
    if constexpr (past_map<Over>) {
        using element = element_of<C, From::buffer>;
        return past_rows<element>{row, static_cast<std::ptrdiff_t>(row_stride<From::buffer>(here))};
    } else {
        return row;
    }
}
/// A thread's own memory, of a host.
template <class C>
SPIKEFUSE_FUNCTION typename C::number* map_memory(C const& here) {
    if constexpr (C::W > 1) {
        return here.template in_lists<typename C::number>(0);
    } else {
        return nullptr;
    }
}
/// The currents of `rows` rows, `row_apart` elements from each other, from row `first` on.
template <class Feed, class C>
SPIKEFUSE_FUNCTION void map_rows(C const& here, int first, int rows, typename C::number* to,
                                 std::size_t row_apart) {
    using T = typename C::number;
    using over = typename C::template panels_of<Feed::layer>;
    using from = plan::first_source<Feed>;
    T const* const parameters = here.template parameters_of<Feed::layer>();
    auto const row = [&](int r) { return mapped_row<over, from>(here, first + r); };
    constexpr int padded = C::layout::padded(over::outputs);
    if constexpr (C::W > 1) {
        for (int const r : own_share(here, rows)) {
            T* const currents = to + static_cast<std::size_t>(r) * row_apart;
            over::run(row(r), parameters, map_memory(here), currents);
            for (int n = over::outputs; n < padded; ++n) currents[n] = T(0);
        }
    } else {
        for (int const n : own_share(here, padded)) {
            for (int r = 0; r < rows; ++r)
                to[static_cast<std::size_t>(r) * row_apart + static_cast<std::size_t>(n)] =
                    n < over::outputs ? over::output(row(r), parameters, n) : T(0);
        }
    }
    here.team.team_barrier();
}
/// What arrives behind a map (input_currents.hpp: `choose_input`).
template <class Stage, class Feed>
struct mapped_input {
    template <class C, class Consume>
    static SPIKEFUSE_FUNCTION void each_panel(C const& here, int first, int rows,
                                              Consume const& consume) {
        using T = typename C::number;
        using V = typename C::V;
        using layout = typename C::layout;
        using passing_feeds = plan::passing_feeds<typename Stage::feeds>;
        constexpr std::size_t apart = layout::mapped.row;
        constexpr int most = layout::mapped_at_a_time;
        T* const currents = here.template region<plan::region::mapped>();
        for (int done = 0; done < rows; done += most) {
            int const some = rows - done < most ? rows - done : most, begin = first + done;
            if (done > 0)
                here.team.team_barrier(); // currents are read until here, and written next
            map_rows<Feed>(here, begin, some, currents, apart);
            own_groups<Stage>(here, [&](int p, auto count) {
                if constexpr (!plan::mp11::mp_empty<passing_feeds>::value)
                    for (int r = 0; r < some; ++r)
                        for (int q = p; q < p + count; ++q) {
                            T* const at = currents + static_cast<std::size_t>(r) * apart + q * C::W;
                            (passing_sum<passing_feeds>(here, q, begin + r) + V::load(at))
                                .store(at);
                        }
                consume(p, count, begin, some,
                        currents_in_memory<T>{currents + p * C::W, apart,
                                              static_cast<std::size_t>(C::W)});
            });
        }
    }
    /// One row by itself.
    template <class C>
    static SPIKEFUSE_FUNCTION void sum_row(C const& here, int r, typename C::number* to) {
        map_rows<Feed>(here, r, 1, to, 0);
    }
};

// --- adjoints ---

/// From the gradients of the currents of some rows to those of what the map reads.
template <class Stage, class Feed, class C, class Rows>
SPIKEFUSE_FUNCTION void backward_map_inputs(Rows const& all) {
    using T = typename C::number;
    using V = typename C::V;
    using layout = typename C::layout;
    using over = typename C::template panels_of<Feed::layer>;
    using from = plan::first_source<Feed>;
    C const& any = *all.samples;
    if constexpr (plan::is_network_input<from>::value)
        if (any.run.input_gradient == nullptr) return;
    T const *const parameters = any.template parameters_of<Feed::layer>(),
                   *const copy = any.run.transposed + layout::template transposed_at<Feed::layer>;
    constexpr int registers = (over::inputs + C::W - 1) / C::W;
    auto const row = [&](int k) {
        return row_of<from::buffer>(all.sample(k), all.row(k) - from::delay);
    };
    auto const gradients = [&](int k) { return current_row<Stage>(all.sample(k), all.row(k)); };
    if constexpr (past_map<over>) { // a thread's registers, each number where it came from
        for (int const p : own_share(any, registers)) {
            for (int k = 0; k < all.total(); ++k)
                for (int n = p * C::W; n < (p + 1) * C::W && n < over::inputs; ++n)
                    gradient_at<from::buffer>(
                        all.sample(k), all.row(k) - from::delay - over::steps_before(parameters, n),
                        p)[n - p * C::W] += gradients(k)[n];
        }
    } else if constexpr (C::W > 1) {
        // Rows of a held input share one row of gradients: one thread adds them up.
        constexpr bool share = plan::is_network_input<from>::value && C::kind == input_kind::held;
        int const total = all.total();
        for (int const own : own_share(any, share ? 1 : total)) {
            for (int k = own; k < (share ? total : own + 1); ++k) {
                T const* const given =
                    over::input_gradients(row(k), gradients(k), parameters, copy, map_memory(any));
                for (int p = 0; p < registers; ++p)
                    give_back<from>(all.sample(k), all.row(k), p, V::load(given + p * C::W));
            }
        }
    } else {
        for (int const n : own_share(any, over::inputs)) {
            for (int k = 0; k < all.total(); ++k)
                give_back<from>(all.sample(k), all.row(k), n,
                                V(over::input_gradient(row(k), gradients(k), parameters, n)));
        }
    }
    any.team.team_barrier();
}
/// Adds the gradients of a map's parameters, from all rows of the block.
template <class Stage, class Feed, class C>
SPIKEFUSE_FUNCTION void backward_map_parameters(C const& here, typename C::number* to) {
    using T = typename C::number;
    using over = typename C::template panels_of<Feed::layer>;
    using from = plan::first_source<Feed>;
    constexpr int parts = over::template gradient_parts<T>;
    if constexpr (parts > 0) {
        int const rank = here.team.team_rank(), size = here.team.team_size();
        int const share = (parts + size - 1) / size, begin = rank * share,
                  end = begin + share < parts ? begin + share : parts;
        for (int r = 0; r < here.rows && begin < end; ++r)
            over::add_parameter_gradients(row_of<from::buffer>(here, r - from::delay),
                                          static_cast<T const*>(current_row<Stage>(here, r)),
                                          map_memory(here), to, begin, end);
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
