// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A device's schedule for stages behind weights: the outputs of each are sliced over teams, a
/// slice's weights stay in its team's shared memory, and sums of one block of steps run beside the
/// neurons of the block before. Neurons that read the network's input as it stands are sliced,
/// too. One launch runs all stages: teams draw tickets in an order in which whoever is waited for
/// has drawn before. The bits are those of the other schedules.

#include "forward.hpp"
#include "slice_rows.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// What the teams of a launch share.
template <int Stages>
struct slice_arguments {
    using number = unsigned long long; // which never ends
    number* tickets;                   // how many were drawn, of all launches
    number drawn;                      // before this one
    number* done;                      // [slice of a stage][sample]: steps, of all launches
    number before;                     // this one
    unsigned char* rows;               // between stages: [buffer][sample][step]
    int groups[Stages];                // of samples, each for a team of every slice
};

template <class Schedule, class T, input_kind Kind, class Readout, class Space,
          purpose Purpose = purpose::run>
struct sliced_kernel {
    using context = sample_context<Schedule, T, Kind, Readout, sliced<Space>, Purpose>;
    using layout = typename context::layout;
    using member = typename context::member;
    using all = all_slices<Schedule, T>;
    template <class Stage>
    using slices_of_stage = slices_of<Schedule, T, Stage>;
    /// Of a device's team; a host's threads add up and run neurons.
    static constexpr int device_threads = slice_threads<Schedule>,
                         teams_at_once = teams_together<Schedule>; // on a multiprocessor
    using policy = Kokkos::TeamPolicy<Space, Kokkos::LaunchBounds<device_threads, 1>>;
    using team_member = typename policy::member_type;
    static constexpr int P = panel_width<T>;

    run_arguments<T> run;
    slice_arguments<all::count> where;

    KOKKOS_FUNCTION void operator()(team_member const& team) const {
        auto* const memory = from_a_line<0>(team.team_scratch(0), all::bytes);
        int ticket = 0;
        Kokkos::single(
            Kokkos::PerTeam(team),
            [&](int& mine) {
                mine = static_cast<int>(
                    Kokkos::atomic_fetch_add(where.tickets, typename decltype(where)::number(1)) -
                    where.drawn);
            },
            ticket);
        for_each_index<static_cast<std::size_t>(all::count)>([&](auto node) {
            using stage = plan::mp11::mp_at_c<typename Schedule::nodes, node>;
            constexpr int slices = slices_of_stage<stage>::count;
            if (ticket >= 0 && ticket < slices * where.groups[node]) {
                if constexpr (slices_of_stage<stage>::adds_up) {
                    run_slice<static_cast<int>(node), stage>(team, memory, ticket % slices,
                                                             ticket / slices);
                } else {
                    pass_slice<static_cast<int>(node), stage>(team, ticket % slices,
                                                              ticket / slices);
                }
            }
            ticket -= slices * where.groups[node];
        });
    }

  private:
    /// A slice of a stage over all steps of the samples of a group.
    template <int Node, class Stage>
    SPIKEFUSE_FUNCTION void run_slice(team_member const& team, unsigned char* memory, int slice,
                                      int group) const {
        using slices = slices_of_stage<Stage>;
        constexpr int outputs = slices::outputs, steps = slices::steps;
        auto* const weights = reinterpret_cast<T*>(memory);
        auto* const currents = reinterpret_cast<T*>(memory + slices::currents_at);
        load_weights<slices>(team, slice, weights);
        team.team_barrier(); // weights are read
        int const blocks = (run.steps + steps - 1) / steps,
                  samples = (run.batch - group + where.groups[Node] - 1) / where.groups[Node];
        for (int k = 0; k <= samples * blocks; ++k) { // products of a block, neurons of the last
            int const block = k % blocks, sample = group + k / blocks * where.groups[Node];
            if (adds_up(team) && k < samples * blocks)
                add_up<slices>(team, slice, sample, block * steps, memory, weights,
                               currents + k % 2 * (outputs * steps));
            int const last = (k + blocks - 1) % blocks,
                      of = group + (k - 1) / blocks * where.groups[Node];
            if (has_neurons(team) && k > 0)
                step_neurons<Stage>(
                    team, slice, group, of, last * steps,
                    [&](context const& here, int n, auto const& consume) {
                        currents_in_memory<T> const arriving{
                            currents + (k - 1) % 2 * (outputs * steps) + n - slice * outputs,
                            static_cast<std::size_t>(outputs), 1};
                        if constexpr (Purpose == purpose::tape) {
                            bool const keeps = run.currents != nullptr &&
                                               layout::template keeps_currents<slices::layer>;
                            consume(kept_when_read<T, currents_in_memory<T>>{
                                arriving,
                                keeps ? kept_currents<slices::layer>(here, n, 0) : nullptr,
                                static_cast<std::size_t>(run.steps) * P});
                        } else {
                            consume(arriving);
                        }
                    });
            team.team_barrier(); // what was added up is read next, what was read is written next
            if constexpr (Stage::target != plan::readout)
                if (k > 0) announce<Node>(team, slice, of, (last + 1) * steps);
        }
    }
    /// A slice of neurons without weights.
    template <int Node, class Stage>
    SPIKEFUSE_FUNCTION void pass_slice(team_member const& team, int slice, int group) const {
        constexpr int steps = slices_of_stage<Stage>::steps;
        for (int sample = group; sample < run.batch; sample += where.groups[Node])
            for (int first = 0; first < run.steps; first += steps) {
                step_neurons<Stage>(
                    team, slice, group, sample, first,
                    [&](context const& here, int n, auto const& consume) {
                        near_words<steps, 1> near;
                        pass<Stage, steps>(
                            here, n, fixed<1>{}, 0, here.rows, near,
                            [&](int, auto, int, int, auto const& currents) { consume(currents); });
                    });
                if constexpr (Stage::target != plan::readout) {
                    team.team_barrier(); // rows of all threads
                    announce<Node>(team, slice, sample, first + steps);
                }
            }
    }
    /// Rows of a slice before step `end` are there: the team has met.
    template <int Node>
    SPIKEFUSE_FUNCTION void announce(team_member const& team, int slice, int sample,
                                     int end) const {
        if (team.team_rank() != 0) return;
        Kokkos::memory_fence(); // rows of all threads, then the word that they are there
        Kokkos::atomic_store(done<Node>(slice, sample),
                             where.before + static_cast<typename decltype(where)::number>(
                                                end < run.steps ? end : run.steps));
    }
    template <int Node>
    SPIKEFUSE_FUNCTION auto* done(int slice, int sample) const {
        return where.done +
               (all::template slices_before<Node> + static_cast<std::size_t>(slice)) *
                   static_cast<std::size_t>(run.batch) +
               static_cast<std::size_t>(sample);
    }
    /// Waits for the rows of a buffer before step `end`: whoever fills it runs, or has run.
    template <int Buffer>
    SPIKEFUSE_FUNCTION void wait_for_rows([[maybe_unused]] int sample, [[maybe_unused]] int end,
                                          [[maybe_unused]] int lane) const {
        if constexpr (Buffer != plan::network_input) {
            constexpr int node = all::template filled_by<Buffer>;
            constexpr int slices = all::template slices<node>::count;
            for (int s = lane; s < slices; s += warp::width)
                while (Kokkos::atomic_load(done<node>(s, sample)) <
                       where.before + static_cast<typename decltype(where)::number>(end)) {
                }
            Kokkos::memory_fence();
            warp::meet();
        }
    }
    /// Row of step 0 of a sample, and bytes from a step to the next.
    struct place_of_rows {
        unsigned char* first;
        std::size_t step;
    };
    template <int Buffer>
    SPIKEFUSE_FUNCTION place_of_rows rows_between(int sample) const {
        constexpr std::size_t row =
            layout::template row_bytes<typename Schedule::template buffer_at<Buffer>>;
        auto const rows = static_cast<std::size_t>(run.steps);
        return {where.rows +
                    (layout::template rows_before<Buffer> * static_cast<std::size_t>(run.batch) +
                     row * static_cast<std::size_t>(sample)) *
                        rows,
                row};
    }
    static SPIKEFUSE_FUNCTION bool has_neurons([[maybe_unused]] team_member const& team) {
        return warp::width == 1 || team.team_rank() < neuron_threads;
    }
    static SPIKEFUSE_FUNCTION bool adds_up(team_member const& team) {
        return warp::width == 1 || !has_neurons(team);
    }

    /// Weights [inputs + 1][outputs]; the last row is zero, and so are outputs that there are not.
    /// Several loads of each thread are on their way together.
    template <class slices>
    SPIKEFUSE_FUNCTION void load_weights(team_member const& team, int slice, T* weights) const {
        using over = typename slices::over;
        using four = some_numbers<T, 4>;
        constexpr int outputs = slices::outputs, fours = outputs / 4,
                      count = (slices::inputs + 1) * fours, together = 4;
        T const* const parameters =
            run.parameters + layout::template parameter_offset<slices::layer>;
        for (int first = team.team_rank(); first < count; first += together * team.team_size()) {
            four some[together];
            for (int j = 0; j < together; ++j) {
                int const k = first + j * team.team_size(), n = slice * outputs + k % fours * 4;
                if (k < count)
                    some[j] = n < slices::padded ? *reinterpret_cast<four const*>(
                                                       over::panel(parameters, n) + k / fours * P)
                                                 : four{};
            }
            for (int j = 0; j < together; ++j) {
                int const k = first + j * team.team_size();
                if (k < count) reinterpret_cast<four*>(weights)[k] = some[j];
            }
        }
    }

    /// Rows of currents of a block: a warp has some, of spikes each part of it.
    template <class slices>
    SPIKEFUSE_FUNCTION void add_up(team_member const& team, int slice, int sample, int first,
                                   unsigned char* memory, T const* weights, T* currents) const {
        using over = typename slices::over;
        using share = share_of_slice<T, slices>;
        constexpr int outputs = slices::outputs, steps = slices::steps;
        int const threads = warp::width == 1 ? 0 : neuron_threads,
                  thread = team.team_rank() - threads,
                  warps = (team.team_size() - threads) / warp::width,
                  rows = run.steps - first < steps ? run.steps - first : steps;
        auto const own =
            part_of_warp::of_thread<share>(thread, warps < adding_warps ? warps : adding_warps);
        T bias[share::each] = {};
        if constexpr (over::has_bias)
            for (int q = 0; q < share::each; ++q) {
                int const n = slice * outputs + share::output_of(own.lane, q);
                if (n < slices::padded)
                    bias[q] = *over::bias_place(
                        run.parameters + layout::template parameter_offset<slices::layer>, n);
            }
        if (own.rank >= share::at_once * adding_warps) return;
        wait_for_rows<slices::source>(sample, first + rows, thread % warp::width);
        auto const source = rows_read<slices>(sample, first);
        add_rows<slices>(own, source, rows, memory + slices::near_at, weights,
                         [&](int r, auto const& total) {
                             for (int q = 0; q < share::each && r < rows; q += share::near) {
                                 typename share::numbers some;
                                 for (int k = 0; k < share::near; ++k) {
                                     some.of[k] = total(q + k);
                                     if constexpr (over::has_bias)
                                         some.of[k] = bias[q + k] + some.of[k];
                                 }
                                 *reinterpret_cast<typename share::numbers*>(
                                     currents + r * outputs + share::output_of(own.lane, q)) = some;
                             }
                         });
    }
    /// Step `first` of what a slice reads, and so on.
    template <class slices>
    SPIKEFUSE_FUNCTION rows_of_slice<T, slices> rows_read(int sample, int first) const {
        using element = typename rows_of_slice<T, slices>::element;
        element const* source;
        std::size_t apart;
        if constexpr (slices::source == plan::network_input) {
            source = static_cast<element const*>(run.input) +
                     static_cast<std::size_t>(sample) * run.input_sample;
            apart = run.input_step;
        } else {
            auto const between = rows_between<slices::source>(sample);
            source = reinterpret_cast<element const*>(between.first);
            apart = between.step / sizeof(element);
        }
        return {source + static_cast<std::size_t>(first) * apart, apart};
    }

    /// The neurons of a slice over a block of steps. arrives(here, n, consume) calls
    /// consume(currents) with what arrives at neuron n.
    template <class Stage, class Arrives>
    SPIKEFUSE_FUNCTION void step_neurons(team_member const& team, int slice, int group, int sample,
                                         int first, Arrives const& arrives) const {
        using slices = slices_of_stage<Stage>;
        constexpr int outputs = slices::outputs, steps = slices::steps;
        int const begin = slice * outputs;
        unsigned char* target = nullptr;
        if constexpr (Stage::target != plan::readout) {
            auto const between = rows_between<Stage::target>(sample);
            target = between.first + static_cast<std::size_t>(first) * between.step;
        }
        member const part{team,
                          warp::width == 1             ? team.team_rank()
                          : team.team_rank() < outputs ? begin + team.team_rank()
                                                       : member::nobody,
                          warp::width == 1 ? team.team_size() : slices::padded};
        context const here{
            run,
            part,
            {run.scratch + static_cast<std::size_t>(group) * run.team_scratch, target},
            sample,
            sample,
            first,
            run.steps - first < steps ? run.steps - first : steps};
        each_neuron<slices>(here, begin, [&](int n) {
            if (first == 0) begin_neuron<Stage>(here, n);
            if (n < Stage::width)
                arrives(here, n, [&](auto const& currents) {
                    currents_ahead<T, std::decay_t<decltype(currents)>, slices::rows_ahead> const
                        ahead(currents, here.rows);
                    run_points<Stage, 1>(here, n, 0, here.rows, ahead);
                });
            if (first + steps >= run.steps) finish_neuron<Stage>(here, n);
        });
    }
    /// Calls function(n) for the neurons of this thread.
    template <class slices, class Function>
    static SPIKEFUSE_FUNCTION void each_neuron(context const& here, int begin,
                                               Function const& function) {
        if constexpr (warp::width > 1) {
            if (here.team.team_rank() < slices::padded) function(here.team.team_rank());
        } else {
            for (int n = begin + here.team.team_rank();
                 n < begin + slices::outputs && n < slices::padded; n += here.team.team_size())
                function(n);
        }
    }
    /// Calls function(layer, its states in scratch, the sample's memory of them) for the layers of
    /// the stage.
    template <class Stage, class Function>
    SPIKEFUSE_FUNCTION void each_layer(context const& here, Function const& function) const {
        each_point<typename Stage::points>([&](auto, auto layer) {
            function(layer,
                     here.template region<plan::region::states>() +
                         layout::template states_at<layer>,
                     state_of_sample(here) + layout::template kept_states_at<layer>);
        });
    }
    template <class Stage>
    SPIKEFUSE_FUNCTION void begin_neuron(context const& here, int n) const {
        constexpr int width = layout::padded(Stage::width);
        each_layer<Stage>(here, [&](auto layer, T* states, T const* memory) {
            initialize_neuron<layer>(here, n);
            if (!here.fresh() && n < Stage::width)
                for (int j = 0; j < layout::template state_arrays<layer>(); ++j)
                    states[j * width + n] = memory[j * Stage::width + n];
        });
        if constexpr (Stage::target == plan::readout && !Readout::every_step)
            if (n < Stage::width) start_readout(here, static_cast<std::size_t>(n));
        if constexpr (Stage::target == plan::readout && Purpose == purpose::tape &&
                      picking_readout<Readout>)
            when_row(here)[n] = static_cast<T>(run.steps - 1);
    }
    template <class Stage>
    SPIKEFUSE_FUNCTION void finish_neuron(context const& here, int n) const {
        constexpr int width = layout::padded(Stage::width);
        each_layer<Stage>(here, [&](auto layer, T const* states, T* memory) {
            for (int j = 0; j < layout::template state_arrays<layer>() && n < Stage::width; ++j)
                memory[j * Stage::width + n] = states[j * width + n];
        });
        if constexpr (Stage::target == plan::readout && !Readout::every_step)
            if (n < Stage::width) finish_readout(here, n);
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
