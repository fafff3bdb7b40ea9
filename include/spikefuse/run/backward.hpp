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

#include "detail/losses.hpp"
#include "transpose.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Space>
inline constexpr bool trains_in_one_launch =
    std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>;
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

template <class Schedule, class T, input_kind Kind, class Loss, class Space>
struct backward_kernel : losses_kernel<Schedule, T, Kind, Loss, Space> {
    using base = losses_kernel<Schedule, T, Kind, Loss, Space>;
    using base::run;
    using typename base::sample_group, typename base::context, typename base::member,
        typename base::layout, typename base::V;
    static constexpr int W = V::width;
    static constexpr int device_threads =
        sizeof(T) == 4 ? 512 : 256; // or as many as have registers
    template <int Layer>
    using equations_of = typename base::template equations_of<Layer>;
    template <int Layer>
    static constexpr int padded_width = base::template padded_width<Layer>;

    tokens_of<Space> tokens;

    using forward = forward_kernel<Schedule, T, Kind, typename Loss::readout, Space, purpose::tape>;

    /// In the fused launch a sample that runs forward has scratch of its own.
    static constexpr bool teams_share_samples =
        false; // a team's group of samples has a gradient of its own
    static constexpr std::size_t scratch_bytes =
        layout::scratch_total + (trains_in_one_launch<Space> ? forward::layout::sample_total : 0);
    static constexpr std::size_t lists_bytes =
        trains_in_one_launch<Space> && forward::lists_bytes > base::lists_bytes
            ? forward::lists_bytes
            : base::lists_bytes;
    KOKKOS_FUNCTION void operator()(member const& team) const {
        unsigned char *const scratch = this->scratch_of(team, scratch_bytes),
                             *const lists = this->lists_of(team, lists_bytes, scratch_bytes);
        sample_group all = gather(team, scratch, lists,
                                  std::make_integer_sequence<int, layout::samples_together>{});
        context const& here = all.of[0];
        T* const gradient = this->group_gradient(here);
        this->each_own_register(here, layout::parameter_total,
                                [&](std::size_t k) { V(T(0)).store(gradient + k); });
        for (context const& one : all.of) {
            T* const sums =
                one.template at<T>(layout::template offset_of<plan::region::coefficient_gradients>);
            this->each_own_register(one, layout::coefficient_total,
                                    [&](std::size_t k) { V(T(0)).store(sums + k); });
        }
        if (copies_for_itself<Space>(run.groups)) {
            transpose_kernel<Schedule, T> const copy{run};
            this->each_own(here, copy.registers(), copy);
        }
        int const token = enter_tape(team);
        for (int first = team.league_rank(); first < run.batch;
             first += run.groups * run.samples_per_pass) {
            auto const enter = [&](context& one, int k) {
                one.sample = first + k * run.groups;
                one.place =
                    trains_in_one_launch<Space> ? token * run.samples_per_pass + k : one.sample;
                return k < run.samples_per_pass && one.sample < run.batch;
            };
            if constexpr (trains_in_one_launch<Space>) {
                context one = forward::place_in(
                    team, scratch + layout::samples_together * layout::sample_total, lists);
                for (int k = 0; enter(one, k); ++k) {
                    forward{run}.run_sample(one);
                    team.team_barrier();
                }
            }
            for (int k = 0; k < run.samples_per_pass; k += layout::samples_together) {
                for (all.count = 0; all.count < layout::samples_together &&
                                    enter(all.of[all.count], k + all.count);)
                    ++all.count;
                if (all.count > 0) backward_samples(all);
            }
        }
        leave_tape(token);
        if (run.constants) reach_constants(all, gradient);
        V::finish_streams();
    }

    /// Adjoint of the coefficients: from their gradients, summed over all samples, to those of the
    /// parameters.
    SPIKEFUSE_FUNCTION void reach_constants(sample_group const& all, T* gradient) const {
        context const& here = all.of[0];
        T* const sums =
            here.template at<T>(layout::template offset_of<plan::region::coefficient_gradients>);
        for (int s = 1; s < layout::samples_together; ++s) {
            T const* const more = all.of[s].template at<T>(
                layout::template offset_of<plan::region::coefficient_gradients>);
            this->each_own_register(here, layout::coefficient_total, [&](std::size_t k) {
                (V::load(sums + k) + V::load(more + k)).store(sums + k);
            });
        }
        if constexpr (layout::samples_together > 1)
            here.team.team_barrier(); // threads share a layer's registers out in another way
        base::each_population([&](auto layer) { reach_parameters<layer>(here, gradient); });
    }
    template <int... K>
    static SPIKEFUSE_FUNCTION sample_group gather(member const& team, unsigned char* scratch,
                                                  unsigned char* lists,
                                                  std::integer_sequence<int, K...>) {
        return {{base::place_in(team, scratch + K * layout::sample_total, lists)...}, 0};
    }
    /// Returns this team's tape slot: its group index if every group has a thread, otherwise a
    /// token owned by the running thread.
    SPIKEFUSE_FUNCTION int enter_tape(member const& team) const {
        if constexpr (trains_in_one_launch<Space>)
            return run.groups > tokens.size() ? tokens.acquire() : team.league_rank();
        return 0;
    }
    SPIKEFUSE_FUNCTION void leave_tape([[maybe_unused]] int token) const {
        if constexpr (trains_in_one_launch<Space>)
            if (run.groups > tokens.size()) tokens.release(token);
    }
    SPIKEFUSE_FUNCTION void backward_samples(sample_group& all) const {
        for (int s = 0; s < all.count; ++s) begin_backwards(all.of[s]);
        int const blocks = (run.steps + run.block - 1) / run.block;
        for (int block = blocks - 1; block >= 0; --block) {
            for (int s = 0; s < all.count; ++s) enter_block(all.of[s], block);
            all.of[0].team.team_barrier();
            using backwards = plan::mp11::mp_reverse<typename Schedule::nodes>;
            for_each_index<plan::mp11::mp_size<backwards>::value>([&](auto node) {
                backward_node(all, plan::mp11::mp_at_c<backwards, node>{}, 0, all.of[0].rows);
            });
            for_each_index<plan::mp11::mp_size<backwards>::value>(
                [&](auto node) { backward_mixing(all, plan::mp11::mp_at_c<backwards, node>{}); });
        }
        for (int s = 0; s < all.count; ++s) end_backwards(all.of[s]);
        all.of[0].team.team_barrier();
    }
    SPIKEFUSE_FUNCTION void begin_backwards(context const& here) const {
        T* const states =
            here.template at<T>(layout::template offset_of<plan::region::state_gradients>);
        base::each_population([&](auto layer) {
            this->template initialize_states<layer>(here);
        }); // for its coefficients
        this->each_own_register(here, layout::state_total,
                                [&](std::size_t k) { V(T(0)).store(states + k); });
        this->each_fed_back([&](auto buffer) {
            this->template each_own_gradient<buffer>(here, [&](int p) {
                V(T(0)).store(this->template gradient_at<buffer>(here, -1, p));
            });
        });
        this->begin_costs(here);
        here.team.team_barrier();
    }
    /// Recomputes a block and clears the gradients of its rows.
    SPIKEFUSE_FUNCTION void enter_block(context& here, int block) const {
        here.first_step = block * run.block;
        here.rows =
            run.steps - here.first_step < run.block ? run.steps - here.first_step : run.block;
        this->load_memory(here, this->tape_entry(here, here.first_step));
        if constexpr (base::of_rows) this->charge_rows(here);
        here.team.team_barrier();
        this->run_block(here);
        for_each_index<static_cast<std::size_t>(layout::buffer_count)>([&](auto number) {
            constexpr int buffer = static_cast<int>(number);
            if constexpr (buffer != plan::network_input)
                this->template each_own_gradient<buffer>(here, [&](int p) {
                    // What comes back through a loop into the step before this block ends up in
                    // that block's last row.
                    constexpr bool fed_back = Schedule::template buffer_at<buffer>::fed_back;
                    auto const row = [&](int r) {
                        return this->template gradient_at<buffer>(here, r, p);
                    };
                    V const last = fed_back ? V::load(row(-1)) : V(T(0));
                    for (int r = fed_back ? -1 : 0; r < here.rows - 1; ++r) V(T(0)).store(row(r));
                    last.store(row(here.rows - 1));
                });
        });
        this->clear_input_gradient(here);
        if constexpr (layout::readout_row != 0) this->seed_readout(here);
    }
    SPIKEFUSE_FUNCTION void end_backwards(context const& here) const {
        this->end_costs(here);
        reach_beginning(here);
    }

    // --- the beginning of a run ---

    /// Gradients of the initial state: written to the caller, and, where the run began at the
    /// initial state of the equations, propagated to the parameters that define it.
    SPIKEFUSE_FUNCTION void reach_beginning(context const& here) const {
        T* const states =
            here.template at<T>(layout::template offset_of<plan::region::state_gradients>);
        if (run.state_gradient != nullptr) {
            T* const to =
                run.state_gradient + static_cast<std::size_t>(here.sample) * layout::memory_total;
            this->each_own_register(here, layout::state_total,
                                    [&](std::size_t k) { V::load(states + k).store(to + k); });
        }
        if (run.fresh && run.constants)
            base::each_population(
                [&](auto layer) { this->template reach_initial_state<layer>(here, states); });
    }
    /// From the adjoints of a layer's initial states to those of the coefficients that define them.
    /// A named template: g++ 12 and 13 fail on these constants inside a generic lambda.
    template <int Layer>
    SPIKEFUSE_FUNCTION void reach_initial_state(context const& here, T const* states) const {
        using N = equations_of<Layer>;
        using about = equations::equation_traits<N>;
        constexpr int width = padded_width<Layer>;
        T* const coefficients =
            here.template at<T>(layout::template offset_of<plan::region::coefficient_gradients>) +
            layout::template coefficients_at<Layer>;
        this->each_own(here, width / W, [&](int own) {
            int const n = own * W;
            equations::neurons<N, V> cell{};
            equations::gradients<N, V> to;
            for_each_index<about::coefficient_count>(
                [&](auto k) { to.coefficients[k] = V::load(coefficients + k * width + n); });
            for_each_index<about::state_count>([&](auto k) {
                to.states[k] = V::load(states + layout::template states_at<Layer> + k * width + n);
            });
            equations::initial_state_adjoint(cell, to);
            for_each_index<about::coefficient_count>(
                [&](auto k) { to.coefficients[k].store(coefficients + k * width + n); });
        });
    }
    template <int Layer>
    SPIKEFUSE_FUNCTION void reach_parameters(context const& here, T* gradient) const {
        using N = equations_of<Layer>;
        using about = equations::equation_traits<N>;
        constexpr int width = padded_width<Layer>;
        T const* const parameters = run.parameters + layout::template parameter_offset<Layer>;
        T* const to = gradient + layout::template parameter_offset<Layer>;
        T const* const coefficients =
            here.template at<T>(layout::template offset_of<plan::region::coefficient_gradients>) +
            layout::template coefficients_at<Layer>;
        this->each_own(here, width / W, [&](int own) {
            int const n = own * W;
            V params[equations::neurons<N, V>::template at_least_one<about::param_count>];
            V sums[equations::neurons<N, V>::template at_least_one<about::param_count>];
            V arrived[equations::neurons<N, V>::template at_least_one<about::coefficient_count>];
            for_each_index<about::param_count>([&](auto k) {
                params[k] = V::load(parameters + k * width + n), sums[k] = V(T(0));
            });
            for_each_index<about::coefficient_count>(
                [&](auto k) { arrived[k] = V::load(coefficients + k * width + n); });
            equations::parameter_adjoints<N>(params, run.step, arrived, sums);
            for_each_index<about::param_count>([&](auto k) { sums[k].store(to + k * width + n); });
        });
    }

    // --- nodes, backwards ---

    template <int Width, class Feeds, class Points, int Target>
    SPIKEFUSE_FUNCTION void backward_node(sample_group const& all,
                                          plan::stage<Width, Feeds, Points, Target>, int first,
                                          int rows) const {
        using Stage = plan::stage<Width, Feeds, Points, Target>;
        for (int s = 0; s < all.count; ++s) backward_stage<Stage>(all.of[s], first, rows);
        all.of[0].team.team_barrier();
        if constexpr (!layout::template gradient_bypasses_buffer<Stage>) {
            if (rows == 1) {
                this->template backward_feeds<Stage>({all.of, all.count, first, 1});
            } else {
                for (int s = 0; s < all.count; ++s)
                    this->template backward_feeds<Stage>({all.of + s, 1, first, rows});
            }
        }
        all.of[0].team.team_barrier();
    }
    /// Adjoint of a stage: from the gradients of its outputs to those of its currents.
    template <class Stage>
    SPIKEFUSE_FUNCTION void backward_stage(context const& here, int first, int rows) const {
        if constexpr (layout::template replays<Stage>::value) {
            replay<Stage>(here);
        } else {
            this->template own_groups<
                Stage, (Stage::width > W && !simd_is_composite<T> ? interleave<T>(2) : 1), true>(
                here, [&](int p, auto count) {
                    this->template backward_points<Stage, decltype(count)::value>(
                        here, p, 0, first, rows,
                        typename base::template scratch_history<Stage>{*this, here, p},
                        [&](int panel, int r, V gradient) {
                            gradient.store(this->template current_row<Stage>(here, r) + panel * W);
                        });
                });
        }
    }
    template <class Stage>
    SPIKEFUSE_FUNCTION void replay(context const& here) const {
        using points = typename Stage::points;
        auto const deliver = [&](int panel, int r, V gradient) {
            if constexpr (layout::template gradient_bypasses_buffer<Stage>) {
                this->template pass_plain_gradient<Stage>(here, r, panel, gradient);
            } else {
                gradient.store(this->template current_row<Stage>(here, r) + panel * W);
            }
        };
        if constexpr (plan::mp11::mp_empty<points>::value && Stage::target != plan::readout) {
            this->template own_panels<Stage>(here, [&](int p) {
                for (int r = 0; r < here.rows; ++r)
                    deliver(p, r, V::load(this->template gradient_at<Stage::target>(here, r, p)));
            });
            return;
        }
        this->template each_panel<Stage>(
            here, 0, here.rows,
            [&](int p, auto count, int, int rows, auto const& currents) SPIKEFUSE_INLINE {
                using keeps = typename base::template stack_history<Stage, decltype(count)::value>;
                alignas(sizeof(V)) T numbers[static_cast<std::size_t>(decltype(count)::value) *
                                             keeps::registers * layout::block_steps * W];
                keeps const keep{numbers};
                T* const states =
                    here.template at<T>(layout::template offset_of<plan::region::states>);
                T const* const entry = this->tape_entry(here, here.first_step);
                this->template copy_states<Stage>(entry, states, p, count);
                this->template run_points<Stage, decltype(count)::value>(here, p, 0, rows, currents,
                                                                         0, keep);
                if constexpr (Stage::target == plan::readout)
                    for (int q = 0; q < count; ++q)
                        this->seed_panel(here, p + q, [&](int r) { return keep.output(q, r); });
                constexpr int whole = decltype(count)::value, together = whole < 2 ? whole : 2;
                for (int q = 0; q + together <= whole; q += together)
                    this->template backward_points<Stage, together>(here, p, q, 0, rows, keep,
                                                                    deliver);
                if constexpr (whole % together != 0)
                    this->template backward_points<Stage, 1>(here, p, whole - 1, 0, rows, keep,
                                                             deliver);
            });
    }
    template <class... Nodes>
    SPIKEFUSE_FUNCTION void backward_node(sample_group const& all, plan::loop<Nodes...>, int first,
                                          int rows) const {
        using backwards = plan::mp11::mp_reverse<plan::mp11::mp_list<Nodes...>>;
        for (int r = first + rows - 1; r >= first; --r)
            for_each_index<sizeof...(Nodes)>([&](auto node) {
                backward_node(all, plan::mp11::mp_at_c<backwards, node>{}, r, 1);
            });
    }
    /// Gradients of weights are accumulated at the end of a block, in loops too: each weight is
    /// touched once for all steps of the block.
    template <int Width, class Feeds, class Points, int Target>
    SPIKEFUSE_FUNCTION void backward_mixing(sample_group const& all,
                                            plan::stage<Width, Feeds, Points, Target>) const {
        base::template backward_mixing<plan::stage<Width, Feeds, Points, Target>>(all);
        all.of[0].team.team_barrier();
    }
    template <class... Nodes>
    SPIKEFUSE_FUNCTION void backward_mixing(sample_group const& all, plan::loop<Nodes...>) const {
        (backward_mixing(all, Nodes{}), ...);
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
