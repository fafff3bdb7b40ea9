// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Neuron updates in registers: the pointwise layers of a stage over a range of steps. Their
/// adjoint: neuron_adjoint.hpp.

#include "history.hpp"
#include "noise.hpp"
#include "recording.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Panels whose operations are interleaved: the scheduler of a processor holds the dependency
/// chains of two neurons in sequence, not of four.
template <class T, int Count>
using registers_of = lanes<T, simd_is_composite<T> || (Count & (Count - 1)) != 0 ? 1 : Count>;

/// The neurons of each pointwise layer of a stage, in registers R.
template <class C, class Points, class R = typename C::V, bool UsesCache = false>
struct cells_of;
template <class C, class... Layer, class R, bool UsesCache>
struct cells_of<C, plan::mp11::mp_list<Layer...>, R, UsesCache> {
    template <class N>
    static constexpr bool reuses_cache =
        UsesCache && equations::equation_traits<N>::cached_count != 0;
    template <int L>
    using equations_of = typename C::template equations_of<L>;
    using type = tuple<equations::neurons<equations_of<Layer::value>, R,
                                          reuses_cache<equations_of<Layer::value>>>...>;
};

/// Loads the states, coefficients and tables of the neurons from panel p on, as many as R has
/// lanes. Filled in place: a returned object would be copied as a whole, uninitialized members
/// included.
template <class Stage, class R, class C, class Cells>
SPIKEFUSE_FUNCTION void load_cells(C const& here, int p, Cells& cells) {
    using layout = typename C::layout;
    auto const* const all_states = here.template region<plan::region::states>();
    auto const* const all_coefficients = here.template region<plan::region::coefficients>();
    each_point<typename Stage::points>([&](auto k, auto number) {
        constexpr int layer = decltype(number)::value;
        using about = traits_of<C, layer>;
        constexpr int width = layout::padded(Stage::width);
        auto& cell = get<k>(cells);
        for_each_index<about::state_count>([&](auto j) {
            cell.states[j] =
                R::load(all_states + layout::template states_at<layer> + j * width + p * C::W);
        });
        for_each_index<about::coefficient_count>([&](auto j) {
            cell.coefficients[j] = R::load(
                all_coefficients + layout::template coefficients_at<layer> + j * width + p * C::W);
        });
        auto const* table = here.template parameters_of<layer>() +
                            about::param_count * width; // tables stand behind the parameters
        for_each_index<about::table_count>([&](auto j) {
            cell.tables[j] = table;
            table += layout::padded(plan::mp11::mp_at_c<typename about::tables, j>::count);
        });
    });
}
template <class Cell>
SPIKEFUSE_FUNCTION void take_cell(Cell const& from, Cell& to) {
    using about = typename Cell::about;
    for_each_index<about::state_count>([&](auto j) { to.states[j] = from.states[j]; });
    for_each_index<about::coefficient_count>(
        [&](auto j) { to.coefficients[j] = from.coefficients[j]; });
    for_each_index<about::table_count>([&](auto j) { to.tables[j] = from.tables[j]; });
}
/// Noise for the neurons from panel p on, in step r.
template <int Layer, class R, class C, class Cell>
SPIKEFUSE_FUNCTION void draw_noise([[maybe_unused]] C const& here, [[maybe_unused]] int p,
                                   [[maybe_unused]] int r, [[maybe_unused]] Cell& cell) {
    using T = typename C::number;
    using about = traits_of<C, Layer>;
    if constexpr (about::noisy || about::draws) {
        auto const& run = here.run;
        std::uint64_t const step = run.elapsed + static_cast<std::uint64_t>(here.first_step + r);
        std::uint32_t const sample = run.number_of(static_cast<std::size_t>(here.sample));
        constexpr auto number = static_cast<std::uint32_t>(Layer);
        if constexpr (about::noisy)
            cell.noise = R::join([&](auto q) {
                return normal_noise<T>(run.seed, step, number, sample, (p + q) * C::W);
            });
        if constexpr (about::draws)
            cell.uniform = R::join([&](auto q) {
                return uniform_noise<T>(run.seed, step, number, sample, (p + q) * C::W);
            });
    }
}
/// Copies the states of `count` panels from p on.
template <class C, class Stage>
SPIKEFUSE_FUNCTION void copy_states(typename C::number const* from, typename C::number* to, int p,
                                    int count) {
    using layout = typename C::layout;
    each_point<typename Stage::points>([&](auto, auto number) {
        constexpr int layer = decltype(number)::value;
        std::size_t at = layout::template states_at<layer> + static_cast<std::size_t>(p) * C::W;
        for (int j = 0; j < layout::template state_arrays<layer>();
             ++j, at += layout::padded(Stage::width))
            for (int q = 0; q < count; ++q)
                C::V::load(from + at + q * C::W).store(to + at + q * C::W);
    });
}

/// What recorders and readouts see of a panel's neurons after a step.
template <class N, class V>
struct seen_neurons {
    using about = equations::equation_traits<N>;
    V states[about::state_count > 0 ? about::state_count : 1];
    V output;
    typename V::mask fired;
};
template <class C, class Points>
struct seen_cells;
template <class C, class... Layer>
struct seen_cells<C, plan::mp11::mp_list<Layer...>> {
    using type =
        tuple<seen_neurons<typename C::template equations_of<Layer::value>, typename C::V>...>;
};
/// Panel Q of `cells`, as a copy, so that these stay in registers.
template <class C, class Points, int Q, class Cells>
SPIKEFUSE_FUNCTION auto seen_of(Cells const& cells) {
    typename seen_cells<C, Points>::type seen;
    if constexpr (C::W == 1) seen = {}; // what nobody asks for, too: g++ warns of copies of it
    for_each_index<plan::mp11::mp_size<Points>::value>([&](auto k) {
        auto const& cell = get<k>(cells);
        auto& one = get<k>(seen);
        using about = typename std::remove_cvref_t<decltype(cell)>::about;
        for_each_index<about::state_count>(
            [&](auto j) { one.states[j] = cell.states[j].template part<Q>(); });
        one.output = cell.output.template part<Q>();
        if constexpr (about::emits_bits) one.fired = cell.fired.template part<Q>();
    });
    return seen;
}

/// The caller's own in long loops: the compiler must assume that stores alias what a reference
/// names, and reload it in every step. On a device arrays would be copied to the stack, so it is a
/// reference there.
template <class C, class Stage, class Given>
using for_many = std::conditional_t<C::layout::template replays<Stage>::value && (C::W > 1),
                                    Given const, Given const&>;
/// Runs `Count` panels from p on over `rows` steps, interleaved, so that no panel waits for the
/// result of its own last step; in training their states go to the tape's entries on the way.
/// @param arrives reads the input, step by step
/// @param winner the neuron that may fire, in a layer with competition
/// @param keeps where the history of a run that will be differentiated goes
template <class Stage, int Count = 1, class C, class Currents, class Keep = no_history>
SPIKEFUSE_FLATTEN void run_points(C const& given, int p, int first, int rows,
                                  Currents const& arrives, [[maybe_unused]] int winner = 0,
                                  Keep const& keeps = {}) {
    using T = typename C::number;
    using V = typename C::V;
    using layout = typename C::layout;
    using points = typename Stage::points;
    constexpr int W = C::W;
    constexpr std::size_t depth = plan::mp11::mp_size<points>::value;
    using R = registers_of<T, Count>;
    using cells_type = typename cells_of<C, points, R>::type;
    constexpr int wide = R::count;
    for_many<C, Stage, typename C::arguments> run = given.run;
    for_many<C, Stage, Currents> currents = arrives;
    [[maybe_unused]] for_many<C, Stage, Keep> keep = keeps;
    C const here = given.with(run);
    cells_type cells[Count / wide];
    for (int g = 0; g < Count; g += wide) load_cells<Stage, R>(here, p + g, cells[g / wide]);
    constexpr bool reduces =
        Stage::target == plan::readout && !C::readout::every_step && !C::differentiates;
    constexpr bool picks = reduces && C::keeps_tape && picking_readout<typename C::readout>;
    readout_panel<V> reduced[Count];
    T* const result = here.template region<plan::region::reduced>() + p * W;
    for (int q = 0; q < Count; ++q) {
        if constexpr (reduces) reduced[q].value = V::load(result + q * W);
        if constexpr (picks) reduced[q].when = V::load(when_row(here) + (p + q) * W);
    }

    V arriving[Count];
    auto const step = [&](int r, int g, cells_type& now) {
        R flow = R::join([&](auto q) { return arriving[g + q]; });
        each_point<points>([&](auto k, auto number) {
            constexpr int layer = decltype(number)::value;
            auto& cell = get<k>(now);
            cell.current = flow;
            draw_noise<layer, R>(here, p + g, first + r, cell);
            if constexpr (Keep::stores)
                for_each_index<wide>([&](auto q) {
                    store_history<Keep, q>(keep.template history<k>(g + static_cast<int>(q)),
                                           first + r, cell);
                });
            if constexpr (traits_of<C, layer>::competes)
                cell.highest = lane_is<T>(winner - (p + g) * W);
            equations::advance(cell);
            if constexpr (Keep::reuses_cache)
                for_each_index<wide>([&](auto q) {
                    store_cached<Keep, q>(keep.template history<k>(g + static_cast<int>(q)),
                                          first + r, cell);
                });
            flow = cell.output;
        });
        for_each_index<wide>([&](auto q) {
            int const own = g + static_cast<int>(q);
            [[maybe_unused]] int const panel = p + own;
            V const out = flow.template part<q>();
            if constexpr (C::keeps_tape) {
                if (here.run.penalties != nullptr)
                    count_spikes<points>(here, panel, first + r, seen_of<C, points, q>(now));
            }
            if constexpr (Keep::stores && Stage::target == plan::readout) {
                out.store(keep.output(own, first + r));
            } else if constexpr (Keep::gives) {
                give_out<Stage>(here, panel, first + r, seen_of<C, points, q>(now), out,
                                reduced[own]);
            }
            if constexpr (!C::differentiates) {
                if (here.run.records != nullptr)
                    record<points>(here, panel, first + r, seen_of<C, points, q>(now));
            }
        });
    };
    auto const store_states = [&](T* to) {
        for (int g = 0; g < Count; g += wide)
            each_point<points>([&](auto k, auto number) {
                constexpr int layer = decltype(number)::value, width = layout::padded(Stage::width);
                for_each_index<traits_of<C, layer>::state_count>([&](auto j) {
                    get<k>(cells[g / wide])
                        .states[j]
                        .store(to + layout::template states_at<layer> + j * width + (p + g) * W);
                });
            });
    };
    for (int begin = 0, end = rows; begin < rows; begin = end) {
        if constexpr (C::keeps_tape) { // a block that will be undone begins with what the tape has
            int const now = here.first_step + first + begin, left = next_entry(here, now + 1) - now;
            if (now == next_entry(here, now)) store_states(tape_entry(here, now));
            end = left < rows - begin ? begin + left : rows;
        }
        SPIKEFUSE_ROUNDS((Keep::stores && !Keep::gives ? 8 : 1)) // short steps: loads together
        for (int r = begin; r < end; ++r) {
            currents.read(r, arriving);
            if constexpr (Count == wide) {
                step(r, 0, cells[0]);
            } else {
                for (int g = 0; g < Count; g += wide) {
                    auto& own = cells[g / wide];
                    cells_type now; // in registers; piece by piece, since a copy of the whole would
                                    // be one in memory
                    for_each_index<depth>([&](auto k) { take_cell(get<k>(own), get<k>(now)); });
                    step(r, g, now);
                    each_point<points>([&](auto k, auto number) {
                        for_each_index<traits_of<C, decltype(number)::value>::state_count>(
                            [&](auto j) { get<k>(own).states[j] = get<k>(now).states[j]; });
                    });
                }
            }
        }
    }
    for (int q = 0; q < Count; ++q) {
        if constexpr (reduces) reduced[q].value.store(result + q * W);
        if constexpr (picks) reduced[q].when.store(when_row(here) + (p + q) * W);
    }
    store_states(here.template region<plan::region::states>());
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
