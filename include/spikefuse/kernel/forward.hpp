// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The forward kernel: one launch runs all layers over all steps. A team processes a sample; stages
/// run a block of steps at a time.

#include "competition.hpp"
#include "initial_state.hpp"
#include "sample_state.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

// --- the nodes of a plan, over steps [first, first + rows) of a block ---

template <int Width, class Feeds, class Points, int Target, class C>
SPIKEFUSE_FUNCTION void run_node(C const& here, plan::stage<Width, Feeds, Points, Target>,
                                 int first, int rows) {
    using Stage = plan::stage<Width, Feeds, Points, Target>;
    using layout = typename C::layout;
    constexpr bool undone = C::differentiates, replayed = layout::template replays<Stage>::value;
    bool on_tape = false; // the sums that its rows went into, and nobody asks for these
    if constexpr (undone && layout::template only_feeds_sums<Stage>::value)
        on_tape = here.run.currents != nullptr;
    if constexpr (layout::competes(Points{})) {
        for (int r = first; r < first + rows; ++r) run_contest<Stage>(here, r);
    } else if (!on_tape) {
        if constexpr (undone && replayed) recompute_currents<Stage>(here, first, rows);
        if constexpr (!undone || !replayed || Target != plan::readout) // or nobody waits for it
            input_of<C, Stage>::each_panel(
                here, first, rows,
                [&](int p, auto count, int from, int steps, auto const& currents) {
                    constexpr int together = decltype(count)::value;
                    if constexpr (replayed) {
                        run_points<Stage, together>(here, p, from, steps, currents);
                    } else { // a step: panels do not wait for themselves
                        for (int r = 0; r < steps; ++r) {
                            typename C::V row[together];
                            currents.read(r, row);
                            for (int q = 0; q < together; ++q)
                                run_step<Stage>(here, p + q, from + r, row[q]);
                        }
                    }
                });
    }
    here.team.team_barrier();
}
template <class... Nodes, class C>
SPIKEFUSE_FUNCTION void run_node(C const& here, plan::loop<Nodes...>, int first, int rows) {
    for (int r = first; r < first + rows; ++r) (run_node(here, Nodes{}, r, 1), ...);
}
template <class C>
SPIKEFUSE_FUNCTION void run_block(C const& here) {
    using nodes = typename C::schedule::nodes;
    for_each_index<plan::mp11::mp_size<nodes>::value>([&](auto number) {
        using node = plan::mp11::mp_at_c<nodes, number>;
        auto const part = [](C const& one) { run_node(one, node{}, 0, one.rows); };
        if constexpr (C::differentiates && C::W == 1) { // many stages, forwards and backwards
            apart(here, part);
        } else {
            part(here);
        }
    });
}

// --- a sample ---

/// `prepared`: this team's scratch holds the coefficients already, which are those of every sample.
template <class C>
KOKKOS_FUNCTION void begin_sample(C const& here, bool prepared = false) {
    using T = typename C::number;
    using readout = typename C::readout;
    if (here.fresh() || !prepared) initialize_neurons(here);
    if (here.fresh()) {
        clear_kept_rows(here);
    } else {
        here.team.team_barrier(); // another thread may load the states that this one has just
                                  // initialized
        load_sample(here);
    }
    if constexpr (!readout::every_step)
        for (std::size_t const k : own_registers(here, C::schedule::outputs))
            start_readout(here, k);
    if constexpr (C::keeps_tape && picking_readout<readout>)
        for (std::size_t const k : own_registers(here, C::layout::padded(C::schedule::outputs)))
            typename C::V(static_cast<T>(here.run.steps - 1)).store(when_row(here) + k);
    here.team.team_barrier();
}
template <class C>
KOKKOS_FUNCTION void finish_sample(C const& here) {
    save_sample(here);
    if constexpr (!C::readout::every_step)
        for (int const n : own_share(here, C::schedule::outputs)) finish_readout(here, n);
    C::V::finish_streams();
}
/// All steps of a sample.
template <class C>
SPIKEFUSE_FUNCTION void run_sample(C& here, bool prepared = false) {
    begin_sample(here, prepared);
    auto const& run = here.run;
    constexpr int block = C::layout::block_steps;
    for (here.first_step = 0; here.first_step < run.steps; here.first_step += block) {
        here.rows = run.steps - here.first_step < block ? run.steps - here.first_step : block;
        run_block(here);
        if constexpr (C::keeps_tape) // neurons have left their states there
            for (int step = next_entry(here, here.first_step); step < here.first_step + here.rows;
                 step += run.block)
                save_kept_rows(here, step - here.first_step, tape_entry(here, step));
        keep_last_rows(here);
    }
    finish_sample(here);
}

template <class Schedule, class T, input_kind Kind, class Readout, class Space,
          purpose Purpose = purpose::run>
struct forward_kernel {
    using context = sample_context<Schedule, T, Kind, Readout, Space, Purpose>;
    using layout = typename context::layout;
    using member = typename context::member;
    /// Threads of a device's team: one a neuron of the widest layer, or one for as many each.
    static constexpr int turns = (layout::widest_layer + 255) / 256;
    static constexpr team_demands demands{
        .threads = plan::round_up((layout::widest_layer + turns - 1) / turns, 32),
        .scratch = layout::scratch_total,
        .lists = lists_bytes<layout>,
        .lists_of_threads = layout::lists::of_threads,
        .teams_share_samples = true};
    static constexpr int most_threads = sizeof(T) > 4 || layout::maps::mapped_bytes > 0 ? 256 : 512;

    run_arguments<T> run;

    KOKKOS_FUNCTION void operator()(member const& team) const {
        constexpr std::size_t scratch = demands.scratch, lists = demands.lists;
        context here = context_in<context>(run, team, scratch_of(run, team, scratch),
                                           lists_of<layout>(run, team, lists, scratch));
        // A team each, or neighbours, whose states lie together.
        long long const rank = team.league_rank(), league = team.league_size();
        int const first = static_cast<int>(rank * run.batch / league),
                  end = static_cast<int>((rank + 1) * run.batch / league);
        for (int sample = first; sample < end; ++sample) {
            here.sample = here.place = sample;
            run_sample(here, sample != first);
            team.team_barrier();
        }
    }
};

/// How its teams are launched. On a device a thread has 128 registers at most, so that a
/// multiprocessor runs two teams of 256; in double, and with connections that map rows, 255. A
/// compiler that is left to itself takes 64, and waits for some weights before it asks for the
/// next. Kokkos refuses a launch of fewer teams side by side than a bound says, whatever limits
/// them, and so the bound is of a larger team.
template <class Kernel, class Space>
using forward_policy =
    std::conditional_t<std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>,
                       team_policy<Space>,
                       Kokkos::TeamPolicy<Space, Kokkos::Schedule<Kokkos::Dynamic>,
                                          Kokkos::LaunchBounds<Kernel::most_threads, 1>>>;

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
