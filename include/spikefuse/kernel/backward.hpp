// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The backward kernel: one launch computes the gradients of all layers over all steps. A team
/// processes a group of samples, one after the other or, where a loop contains weights, four side
/// by side. On the host the same launch first runs the samples forward, so that what a sample
/// leaves on the tape is still in the cache. On a device the forward launch has a team per sample,
/// and this launch reads its tape. Each block of steps is recomputed from its checkpoint, with
/// states kept in scratch, and then differentiated from its last step to its first. The order of
/// every sum depends on the network and the batch alone, so the number of threads does not change a
/// bit.

#include "forward.hpp"
#include "input_gradients.hpp"
#include "loss.hpp"
#include "transpose.hpp"
#include "weight_gradients.hpp"
#include "weight_splits.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Tape slots for the fused forward and backward launch. A slot is reused by the same thread, so it
/// stays in its cache.
struct no_tokens {
    template <class Space>
    explicit no_tokens(Space const&) {}
};
template <class Space>
using tokens_of = std::conditional_t<trains_in_one_launch<Space>,
                                     Kokkos::Experimental::UniqueToken<Space>, no_tokens>;

/// A single team copies the weights itself; for several teams, or on a device, a launch before this
/// one does.
template <class Space>
SPIKEFUSE_FUNCTION bool copies_for_itself(int groups) {
    return trains_in_one_launch<Space> && groups == 1;
}

// --- the nodes of a plan, backwards ---

/// Adjoint of a stage: from the gradients of its outputs to those of what it reads.
template <int Width, class Feeds, class Points, int Target, class C, class Loss>
SPIKEFUSE_FUNCTION void backward_node(sample_group<C> const& all, Loss const& loss,
                                      plan::stage<Width, Feeds, Points, Target>, int first,
                                      int rows) {
    using Stage = plan::stage<Width, Feeds, Points, Target>;
    for (int s = 0; s < all.count; ++s) {
        C const& here = all.sample(s);
        if constexpr (C::layout::template replays<Stage>::value) {
            replay<Stage>(here,
                          [&](int p, auto const& row_of) { loss.seed_panel(here, p, row_of); });
        } else {
            backward_steps<Stage>(here, first, rows);
        }
    }
    all.of[0].team.team_barrier();
    if constexpr (!C::layout::template gradient_bypasses_buffer<Stage>) {
        if (rows == 1) {
            backward_feeds<Stage, C>({all.of, all.count, first, 1});
        } else {
            for (int s = 0; s < all.count; ++s)
                backward_feeds<Stage, C>({&all.sample(s), 1, first, rows});
        }
    }
    all.of[0].team.team_barrier();
}
template <class... Nodes, class C, class Loss>
SPIKEFUSE_FUNCTION void backward_node(sample_group<C> const& all, Loss const& loss,
                                      plan::loop<Nodes...>, int first, int rows) {
    using backwards = plan::mp11::mp_reverse<plan::mp11::mp_list<Nodes...>>;
    for (int r = first + rows - 1; r >= first; --r)
        for_each_index<sizeof...(Nodes)>([&](auto node) {
            backward_node(all, loss, plan::mp11::mp_at_c<backwards, node>{}, r, 1);
        });
}
/// Gradients of weights are accumulated at the end of a block, in loops too: each weight is touched
/// once for all steps of the block.
template <int Width, class Feeds, class Points, int Target, class C>
SPIKEFUSE_FUNCTION void backward_weights_of(sample_group<C> const& all,
                                            plan::stage<Width, Feeds, Points, Target>) {
    backward_mixing<plan::stage<Width, Feeds, Points, Target>, C>(all);
    all.of[0].team.team_barrier();
}
template <class... Nodes, class C>
SPIKEFUSE_FUNCTION void backward_weights_of(sample_group<C> const& all, plan::loop<Nodes...>) {
    (backward_weights_of(all, Nodes{}), ...);
}

// --- a group of samples ---

/// Calls part(all): with one lane, where groups have one sample, apart.
template <class C, class Part>
SPIKEFUSE_FUNCTION void as_a_part(sample_group<C> const& all, Part const& part) {
    if constexpr (C::W > 1) {
        part(all);
    } else {
        apart(all.of[0], [part](C const& here) { part(sample_group<C>{{here}, 1}); });
    }
}

/// This thread's registers of a row of a buffer's gradients.
template <int Buffer, class C>
SPIKEFUSE_FUNCTION auto own_gradients(C const& here) {
    return own_share(here, static_cast<int>(C::layout::template gradient_row<Buffer>()) / C::W);
}
template <class C, class Loss>
SPIKEFUSE_FUNCTION void begin_backwards(C const& here, Loss const& loss) {
    using V = typename C::V;
    auto* const states = here.template region<plan::region::state_gradients>();
    initialize_neurons(here); // for their coefficients
    for (std::size_t const k : own_registers(here, C::layout::state_total))
        V(typename C::number(0)).store(states + k);
    each_kept_row<C>([&](auto buffer, int ago) {
        for (int const p : own_gradients<buffer>(here))
            V(typename C::number(0)).store(gradient_at<buffer>(here, -ago, p));
    });
    loss.begin_costs(here);
    load_near_weights(here);
    here.team.team_barrier();
}
/// Recomputes a block and clears the gradients of its rows.
template <class C, class Loss>
SPIKEFUSE_FUNCTION void enter_block(C& here, Loss const& loss, int block) {
    using V = typename C::V;
    using T = typename C::number;
    auto const& run = here.run;
    here.first_step = block * run.block;
    here.rows = run.steps - here.first_step < run.block ? run.steps - here.first_step : run.block;
    load_entry(here, tape_entry(here, here.first_step));
    if constexpr (Loss::of_rows) loss.charge_rows(here);
    here.team.team_barrier();
    run_block(here);
    for_each_index<static_cast<std::size_t>(C::layout::buffer_count)>([&](auto number) {
        constexpr int buffer = static_cast<int>(number);
        if constexpr (buffer != plan::network_input) { // braces for nvcc
            for (int const p : own_gradients<buffer>(here)) {
                // What came back, through a loop or a delay, into the steps before the block that
                // was undone last ends up in the last rows of this one, or before them.
                constexpr int kept = C::template buffer_at<buffer>::kept;
                auto const row = [&](int r) { return gradient_at<buffer>(here, r, p); };
                for (int r = here.rows - 1; r >= -kept; --r) // in place: they come from below
                    (r - here.rows >= -kept ? V::load(row(r - here.rows)) : V(T(0))).store(row(r));
            }
        }
    });
    clear_input_gradient(here);
    if constexpr (C::layout::readout_row != 0) loss.seed_readout(here);
}
/// Gradients of the initial state: written to the caller, and, where the run began at the initial
/// state of the equations, propagated to the parameters that define it.
template <class C, class Loss>
SPIKEFUSE_FUNCTION void end_backwards(C const& here, Loss const& loss) {
    auto const& run = here.run;
    loss.end_costs(here);
    auto* const states = here.template region<plan::region::state_gradients>();
    if (run.state_gradient != nullptr)
        save_states(here, states,
                    run.state_gradient +
                        static_cast<std::size_t>(here.sample) * C::layout::memory_total);
    if (here.fresh() && run.constants)
        each_population<typename C::schedule>(
            [&](auto layer) { initial_states_adjoint<layer>(here, states); });
}
/// All blocks of a group, the last one first.
template <class C, class Loss>
SPIKEFUSE_FUNCTION void backward_samples(sample_group<C>& all, Loss const& loss) {
    using backwards = plan::mp11::mp_reverse<typename C::schedule::nodes>;
    constexpr std::size_t nodes = plan::mp11::mp_size<backwards>::value;
    auto const& run = all.of[0].run;
    as_a_part(all, [&loss](sample_group<C> const& some) {
        for (int s = 0; s < some.count; ++s) begin_backwards(some.sample(s), loss);
    });
    int const blocks = (run.steps + run.block - 1) / run.block;
    for (int block = blocks - 1; block >= 0; --block) {
        for (int s = 0; s < all.count; ++s) enter_block(all.sample(s), loss, block);
        all.of[0].team.team_barrier();
        for_each_index<nodes>([&](auto number) {
            using node = plan::mp11::mp_at_c<backwards, number>;
            as_a_part(all, [&loss](sample_group<C> const& some) {
                backward_node(some, loss, node{}, 0, some.of[0].rows);
            });
        });
        if constexpr (splits_weights<typename C::schedule, typename C::number, C::kind>)
            if (leaves_weights(all.of[0])) {
                as_a_part(all, [](sample_group<C> const& some) { leave_spikes(some.of[0]); });
                continue;
            }
        for_each_index<nodes>([&](auto number) {
            using node = plan::mp11::mp_at_c<backwards, number>;
            as_a_part(all, [](sample_group<C> const& some) { backward_weights_of(some, node{}); });
        });
    }
    as_a_part(all, [&loss](sample_group<C> const& some) {
        for (int s = 0; s < some.count; ++s) end_backwards(some.sample(s), loss);
    });
    all.of[0].team.team_barrier();
}
/// Adjoint of the coefficients: from their gradients, summed over all samples, to those of the
/// parameters.
template <class C>
SPIKEFUSE_FUNCTION void backward_coefficients(sample_group<C> const& all) {
    using V = typename C::V;
    C const& here = all.of[0];
    auto* const sums = here.template region<plan::region::coefficient_gradients>();
    for (int s = 1; s < C::layout::samples_together; ++s) {
        auto const* const more =
            all.sample(s).template region<plan::region::coefficient_gradients>();
        for (std::size_t const k : own_registers(here, C::layout::coefficient_total))
            (V::load(sums + k) + V::load(more + k)).store(sums + k);
    }
    if constexpr (C::layout::samples_together > 1)
        here.team.team_barrier(); // threads share a layer's registers out in another way
    auto const& run = here.run;
    auto const team = static_cast<std::size_t>(here.team.league_rank());
    bool const apart = leaves_weights(here);
    each_population<typename C::schedule>([&](auto layer) {
        auto* const to = apart ? run.constant_gradients + team * C::layout::constant_total +
                                     C::layout::template constants_at<layer>
                               : group_gradient(here) + C::layout::template parameter_offset<layer>;
        know_global(to); // of two
        coefficients_adjoint<layer>(here, to);
    });
}
template <class C, int... K>
SPIKEFUSE_FUNCTION sample_group<C>
group_in(typename C::arguments const& run, typename C::member const& team, unsigned char* scratch,
         unsigned char* lists, std::integer_sequence<int, K...>) {
    return {{context_in<C>(run, team, scratch + K * C::layout::sample_total, lists)...}, 0};
}

template <class Schedule, class T, input_kind Kind, class Loss, class Space>
struct backward_kernel {
    using readout = typename Loss::readout;
    using context = sample_context<Schedule, T, Kind, readout, Space, purpose::gradients>;
    using forward = forward_kernel<Schedule, T, Kind, readout, Space, purpose::tape>;
    using layout = typename context::layout;
    using member = typename context::member;
    using V = lanes<T>;
    static constexpr bool in_one_launch = trains_in_one_launch<Space>;
    /// Of a device's team: where weights are a launch of their own as many as there are neurons, so
    /// that several teams run on a multiprocessor. Registers are those of the largest team: 128 a
    /// thread (256, of double).
    static constexpr int most_threads = sizeof(T) == 4 ? 512 : 256, device_threads = [] {
        int const neurons = plan::round_up(layout::widest_layer, 32);
        return !splits_weights<Schedule, T, Kind> || neurons > most_threads ? most_threads
               : neurons < 128                                              ? 128
                                                                            : neurons;
    }();
    using policy = std::conditional_t<in_one_launch, team_policy<Space>,
                                      Kokkos::TeamPolicy<Space, Kokkos::Schedule<Kokkos::Dynamic>,
                                                         Kokkos::LaunchBounds<most_threads, 1>>>;
    /// In the fused launch a sample that runs forward has scratch of its own. A team's group of
    /// samples has a gradient of its own.
    static constexpr team_demands demands{
        .threads = device_threads, // or as many as have registers
        .scratch = layout::scratch_total + (in_one_launch ? forward::layout::sample_total : 0),
        .lists = in_one_launch && forward::demands.lists > lists_bytes<layout>
                     ? forward::demands.lists
                     : lists_bytes<layout>,
        .lists_of_threads = layout::lists::of_threads,
        .teams_share_samples = false};
    using near = near_weights<Schedule, T>;
    /// Teams that a device's multiprocessor has registers for.
    static constexpr int teams_beside = most_threads / device_threads;

    run_arguments<T> run;
    loss_in_kernel<T, Loss> loss;
    tokens_of<Space> tokens;

    KOKKOS_FUNCTION void operator()(member const& team) const {
        constexpr std::size_t bytes = demands.scratch, of_lists = demands.lists;
        unsigned char *const scratch = scratch_of(run, team, bytes), *const lists =
                                                                         lists_of<layout>(run, team,
                                                                                          of_lists,
                                                                                          bytes);
        sample_group<context> all = group_in<context>(
            run, team, scratch, lists, std::make_integer_sequence<int, layout::samples_together>{});
        context const& here = all.of[0];
        if (!leaves_weights(here)) {
            T* const gradient = group_gradient(here);
            for (std::size_t const k : own_registers(here, layout::parameter_total))
                V(T(0)).store(gradient + k);
        }
        for (int s = 0; s < layout::samples_together; ++s) {
            context const& one = all.sample(s);
            T* const sums = one.template region<plan::region::coefficient_gradients>();
            for (std::size_t const k : own_registers(one, layout::coefficient_total))
                V(T(0)).store(sums + k);
        }
        if (copies_for_itself<Space>(run.groups)) {
            transpose_kernel<Schedule, T> const copy{run};
            for (int const k : own_share(here, copy.registers())) copy(k);
        }
        int const token = enter_tape(team);
        for (int first = team.league_rank(); first < run.batch;
             first += run.groups * run.samples_per_pass) {
            auto const enter = [&](auto& one, int k) {
                one.sample = first + k * run.groups;
                one.place = in_one_launch ? token * run.samples_per_pass + k : one.sample;
                return k < run.samples_per_pass && one.sample < run.batch;
            };
            if constexpr (in_one_launch) {
                auto one = context_in<typename forward::context>(
                    run, team, scratch + layout::samples_together * layout::sample_total, lists);
                for (int k = 0; enter(one, k); ++k) {
                    run_sample(one);
                    team.team_barrier();
                }
            }
            for (int k = 0; k < run.samples_per_pass; k += layout::samples_together) {
                for (all.count = 0; all.count < layout::samples_together &&
                                    enter(all.sample(all.count), k + all.count);)
                    ++all.count;
                if (all.count > 0) backward_samples(all, loss);
            }
        }
        leave_tape(token);
        if (run.constants)
            as_a_part(all, [](sample_group<context> const& some) {
                backward_coefficients<context>(some);
            });
        V::finish_streams();
    }

  private:
    /// Returns this team's tape slot: its group index if every group has a thread, otherwise a
    /// token owned by the running thread.
    SPIKEFUSE_FUNCTION int enter_tape(member const& team) const {
        if constexpr (in_one_launch)
            return run.groups > tokens.size() ? tokens.acquire() : team.league_rank();
        return 0;
    }
    SPIKEFUSE_FUNCTION void leave_tape([[maybe_unused]] int token) const {
        if constexpr (in_one_launch)
            if (run.groups > tokens.size()) tokens.release(token);
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
