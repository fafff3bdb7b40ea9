// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The forward kernel: one launch runs all layers over all steps. A team processes a sample; stages
/// run a block of steps at a time.

#include "detail/currents.hpp"
#include "detail/initial_state.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space,
          purpose Purpose = purpose::run>
struct forward_kernel : current_kernel<Schedule, T, Kind, Readout, Space, Purpose> {
    using base = current_kernel<Schedule, T, Kind, Readout, Space, Purpose>;
    using base::run;
    using typename base::context, typename base::member, typename base::layout, typename base::V;
    static constexpr int W = V::width, P = base::P;
    template <int Layer>
    using equations_of = typename base::template equations_of<Layer>;
    static constexpr std::size_t scratch_bytes = layout::scratch_total;
    static constexpr bool teams_share_samples = true;
    KOKKOS_FUNCTION void operator()(member const& team) const {
        context here = this->place_in(team, this->scratch_of(team, scratch_bytes),
                                      this->lists_of(team, base::lists_bytes, scratch_bytes));
        for (int sample = team.league_rank(); sample < run.batch;
             sample += team.league_size()) { // a team each, if scratch allows
            here.sample = here.place = sample;
            run_sample(here);
            team.team_barrier();
        }
    }
    /// All steps of a sample.
    SPIKEFUSE_FUNCTION void run_sample(context& here) const {
        begin(here);
        constexpr int block = layout::block_steps;
        for (here.first_step = 0; here.first_step < run.steps; here.first_step += block) {
            here.rows = run.steps - here.first_step < block ? run.steps - here.first_step : block;
            run_block(here);
            if constexpr (Purpose == purpose::tape) // neurons have left their states there
                for (int step = this->next_entry(here.first_step);
                     step < here.first_step + here.rows; step += run.block)
                    save_fed_back(here, step - here.first_step - 1, this->tape_entry(here, step));
            keep_last_row(here);
        }
        finish(here);
    }
    SPIKEFUSE_FUNCTION void run_block(context const& here) const {
        for_each_index<plan::mp11::mp_size<typename Schedule::nodes>::value>([&](auto node) {
            run_node(here, plan::mp11::mp_at_c<typename Schedule::nodes, node>{}, 0, here.rows);
        });
    }

    /// Runs a node over steps [first, first + rows) of this block.
    template <int Width, class Feeds, class Points, int Target>
    SPIKEFUSE_FUNCTION void run_node(context const& here, plan::stage<Width, Feeds, Points, Target>,
                                     int first, int rows) const {
        run_stage<plan::stage<Width, Feeds, Points, Target>>(here, first, rows);
        here.team.team_barrier();
    }
    template <class... Nodes>
    SPIKEFUSE_FUNCTION void run_node(context const& here, plan::loop<Nodes...>, int first,
                                     int rows) const {
        for (int r = first; r < first + rows; ++r) (run_node(here, Nodes{}, r, 1), ...);
    }

    // --- states, coefficients and the readout of one sample ---

    KOKKOS_FUNCTION void begin(context const& here) const {
        each_population([&](auto layer) { initialize_states<layer>(here); });
        if (run.fresh) {
            each_fed_back([&](auto buffer) {
                move_row<buffer>(here, row_address<buffer>(here, -1), [](int) { return V(T(0)); });
            });
        } else {
            here.team.team_barrier(); // another thread may load the states that this one has just
                                      // initialized
            load_memory(here, sample_memory(here));
        }
        if constexpr (!Readout::every_step)
            each_own_register(here, Schedule::outputs,
                              [&](std::size_t k) { start_readout(here, k); });
        if constexpr (Purpose == purpose::tape && picking_readout<Readout>)
            each_own_register(here, layout::padded(Schedule::outputs), [&](std::size_t k) {
                V(static_cast<T>(run.steps - 1)).store(this->when_row(here) + k);
            });
        here.team.team_barrier();
    }
    /// The readout of the register from neuron k on.
    SPIKEFUSE_FUNCTION void start_readout(context const& here, std::size_t k) const {
        Readout::template start<T>(run.steps).store(
            here.template at<T>(layout::template offset_of<plan::region::readout>) + k);
        if constexpr (summing_readout<Readout>)
            for (int lane = 0; lane < W; ++lane)
                this->readout_totals(here)[k + static_cast<std::size_t>(lane)] = 0;
    }
    SPIKEFUSE_FUNCTION void finish_readout(context const& here, int n) const {
        run.output[static_cast<std::size_t>(here.sample) * run.output_sample +
                   static_cast<std::size_t>(n) * run.output_neuron] = this->readout_value(here, n);
    }
    /// Calls function(layer) for every layer of neurons.
    template <class Function>
    static SPIKEFUSE_FUNCTION void each_population(Function const& function) {
        for_each_index<static_cast<std::size_t>(Schedule::layer_count)>([&](auto layer) {
            using word = typename Schedule::template word<static_cast<int>(layer)>;
            if constexpr (neuron_layer<word>) function(fixed<static_cast<int>(layer)>{});
        });
    }
    template <int Layer>
    SPIKEFUSE_FUNCTION void initialize_states(context const& here) const {
        constexpr int width = layout::padded(Schedule::template width_from<Layer>);
        this->each_own(here, width / W, [&](int k) { initialize_neuron<Layer>(here, k * W); });
    }
    /// Coefficients, and states at rest, of the register from neuron n on.
    template <int Layer>
    SPIKEFUSE_FUNCTION void initialize_neuron(context const& here, int n) const {
        using N = equations_of<Layer>;
        using about = equations::equation_traits<N>;
        constexpr int width = layout::padded(Schedule::template width_from<Layer>);
        T const* const parameters = run.parameters + layout::template parameter_offset<Layer>;
        T* const states = here.template at<T>(layout::template offset_of<plan::region::states>) +
                          layout::template states_at<Layer>;
        T* const coefficients =
            here.template at<T>(layout::template offset_of<plan::region::coefficients>) +
            layout::template coefficients_at<Layer>;
        equations::neurons<N, V> cell;
        set_initial_state<N, width>(cell, parameters, n, run.step);
        for_each_index<about::coefficient_count>(
            [&](auto j) { cell.coefficients[j].store(coefficients + j * width + n); });
        for_each_index<about::state_count>(
            [&](auto j) { cell.states[j].store(states + j * width + n); });
    }
    KOKKOS_FUNCTION void finish(context const& here) const {
        save_memory(here, sample_memory(here));
        if constexpr (!Readout::every_step)
            this->each_own(here, Schedule::outputs, [&](int n) { finish_readout(here, n); });
        V::finish_streams();
    }

    // --- what a sample remembers: states, then the rows before the next step ---

    SPIKEFUSE_FUNCTION T* sample_memory(context const& here) const {
        return run.states + static_cast<std::size_t>(here.sample) * layout::memory_total;
    }
    SPIKEFUSE_FUNCTION void save_memory(context const& here, T* to) const {
        T const* const states =
            here.template at<T>(layout::template offset_of<plan::region::states>);
        each_own_register(here, layout::state_total,
                          [&](std::size_t k) { V::load(states + k).store(to + k); });
        save_fed_back(here, -1, to);
    }
    /// Saves row r of every buffer that is fed back.
    SPIKEFUSE_FUNCTION void save_fed_back(context const& here, int r, T* to) const {
        each_fed_back([&](auto buffer) {
            T const* const last = row_address<buffer>(here, r);
            move_row<buffer>(here, to + fed_back_place<buffer>,
                             [&](int k) { return V::load(last + k); });
        });
    }
    SPIKEFUSE_FUNCTION void load_memory(context const& here, T const* from) const {
        T* const states = here.template at<T>(layout::template offset_of<plan::region::states>);
        each_own_register(here, layout::state_total,
                          [&](std::size_t k) { V::load(from + k).store(states + k); });
        each_fed_back([&](auto buffer) {
            move_row<buffer>(here, row_address<buffer>(here, -1),
                             [&](int k) { return V::load(from + fed_back_place<buffer> + k); });
        });
    }
    /// Calls function(k) for this thread's registers of an array of `count` elements.
    template <class Function>
    SPIKEFUSE_FUNCTION void each_own_register(context const& here, std::size_t count,
                                              Function const& function) const {
        this->each_own(here, static_cast<int>((count + W - 1) / W),
                       [&](int k) { function(static_cast<std::size_t>(k) * W); });
    }
    template <int Buffer>
    static constexpr std::size_t fed_back_place =
        layout::state_total + layout::template kept_bytes<Buffer> / sizeof(T);

    // --- what is fed back: the row before the block ---

    template <class Function>
    SPIKEFUSE_FUNCTION void each_fed_back(Function const& function) const {
        for_each_index<static_cast<std::size_t>(layout::buffer_count)>([&](auto buffer) {
            if constexpr (Schedule::template buffer_at<static_cast<int>(buffer)>::fed_back)
                function(fixed<static_cast<int>(buffer)>{});
        });
    }
    template <int Buffer>
    SPIKEFUSE_FUNCTION T* row_address(context const& here, int r) const {
        using self = typename Schedule::template buffer_at<Buffer>;
        return reinterpret_cast<T*>(
            here.buffer(layout::template buffer_offset<Buffer>) +
            static_cast<std::ptrdiff_t>(r) *
                static_cast<std::ptrdiff_t>(layout::template row_bytes<self>));
    }
    /// Rows are padded to whole registers, so packed spikes are copied with the same vector loads
    /// as values.
    template <int Buffer, class Source>
    SPIKEFUSE_FUNCTION void move_row(context const& here, T* to, Source const& from) const {
        constexpr int length = static_cast<int>(
            layout::template row_bytes<typename Schedule::template buffer_at<Buffer>> / sizeof(T));
        this->each_own(here, (length + W - 1) / W, [&](int k) { from(k * W).store(to + k * W); });
    }
    SPIKEFUSE_FUNCTION void keep_last_row(context const& here) const {
        if constexpr (layout::kept_total > 0) {
            each_fed_back([&](auto buffer) {
                T const* const last = row_address<buffer>(here, here.rows - 1);
                move_row<buffer>(here, row_address<buffer>(here, -1),
                                 [&](int k) { return V::load(last + k); });
            });
            here.team.team_barrier();
        }
    }

    // --- a stage ---

    template <class Stage>
    SPIKEFUSE_FUNCTION void run_stage(context const& here, int first, int rows) const {
        if constexpr (layout::competes(typename Stage::points{})) {
            for (int r = first; r < first + rows; ++r) run_contest<Stage>(here, r);
        } else {
            constexpr bool undone = Purpose == purpose::gradients,
                           replayed = layout::template replays<Stage>::value;
            if constexpr (undone && layout::template only_feeds_sums<Stage>::value)
                if (run.currents != nullptr) return;
            if constexpr (undone && replayed)
                this->template recompute_currents<Stage>(here, first, rows);
            if constexpr (!undone || !replayed ||
                          Stage::target != plan::readout) // or nobody waits for its outputs
                this->template each_panel<Stage>(
                    here, first, rows,
                    [&](int p, auto count, int from, int steps, auto const& currents) {
                        constexpr int together = decltype(count)::value;
                        if constexpr (replayed) {
                            this->template run_points<Stage, together>(here, p, from, steps,
                                                                       currents);
                        } else { // a step: panels do not wait for themselves
                            for (int r = 0; r < steps; ++r) {
                                V row[together];
                                currents.read(r, row);
                                for (int q = 0; q < together; ++q)
                                    run_step<Stage>(here, p + q, from + r, row[q]);
                            }
                        }
                    });
        }
    }

    /// Row r of panel p.
    template <class Stage>
    SPIKEFUSE_FUNCTION void run_step(context const& here, int p, int r, V current,
                                     int winner = 0) const {
        currents_in_registers<1, T> const arriving{{current}};
        if constexpr (Purpose == purpose::gradients) {
            this->template run_points<Stage>(
                here, p, r, 1, arriving, winner,
                typename base::template scratch_history<Stage>{*this, here, p});
        } else {
            this->template run_points<Stage>(here, p, r, 1, arriving, winner);
        }
    }
    /// One step of a layer in which a single neuron may fire: first every neuron's distance above
    /// its threshold, then the step itself.
    template <class Stage>
    SPIKEFUSE_FUNCTION void run_contest(context const& here, int r) const {
        using points = typename Stage::points;
        constexpr std::size_t last = plan::mp11::mp_size<points>::value - 1;
        T* const currents = here.template at<T>(layout::template offset_of<plan::region::contest>);
        T* const reaches = here.template at<T>(layout::template offset_of<plan::region::contest> +
                                               layout::contest_size);
        this->template each_panel<Stage>(
            here, r, 1, [&](int group, auto count, int, int, auto const& arriving) {
                V row[decltype(count)::value];
                arriving.read(0, row);
                for (int q = 0; q < count; ++q) {
                    int const p = group + q;
                    typename base::template cells_of<points>::type cells;
                    this->template load_cells<Stage>(here, p, cells);
                    V flow = row[q];
                    flow.store(currents + p * W);
                    for_each_index<last>([&](auto k) {
                        this->template arrive<points, k>(here, p, r, flow, cells);
                        equations::advance(get<k>(cells));
                        flow = get<k>(cells).output;
                    });
                    this->template arrive<points, last>(here, p, r, flow, cells);
                    equations::reach_threshold(get<last>(cells)).store(reaches + p * W);
                }
            });
        here.team.team_barrier();
        int winner = 0;
        for (int n = 1; n < Stage::width; ++n)
            if (reaches[n] > reaches[winner]) winner = n;
        if constexpr (Purpose == purpose::gradients)
            if (here.team.team_rank() == 0)
                *winner_of<plan::mp11::mp_back<points>::value>(here, r) = winner;
        this->template own_panels<Stage>(
            here, [&](int p) { run_step<Stage>(here, p, r, V::load(currents + p * W), winner); });
        here.team.team_barrier();
    }

    /// The winner of step r of this block.
    template <int Layer>
    SPIKEFUSE_FUNCTION std::int32_t* winner_of(context const& here, int r) const {
        return here.template at<std::int32_t>(layout::template offset_of<plan::region::winners>) +
               r * Schedule::layer_count + Layer;
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
