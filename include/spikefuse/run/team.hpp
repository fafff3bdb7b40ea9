// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A network inside a kernel of the user's, run by a team of its TeamPolicy: the same parts, and
/// the same bits, as a call of the model's. The user loops over bodies and keeps their states.

#include "../kernel/forward.hpp"
#include "inputs.hpp"

#include <algorithm>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {

/// The space whose teams are those of a user's policy.
template <class Member>
struct teams_of_user {};
template <class Member>
struct teams_on<teams_of_user<Member>> {
    using member = Member;
    using memory = team_memory;
};
/// Scratch of a team for a network, in bytes: its own, and the event lists of a thread or a team.
template <class Network, class T>
struct team_sizes {
    using layout = plan::layout<plan::schedule<Network, false>, T>;
    using packed = plan::layout<plan::schedule<Network, true>, T>;
    static constexpr std::size_t network = plan::line(
                                     std::max(layout::scratch_total, packed::scratch_total)),
                                 row = plan::line(static_cast<std::size_t>(
                                                      plan::schedule<Network, false>::inputs) *
                                                  sizeof(T)), // of features that lie apart
        lists = std::max(lists_bytes<layout>, lists_bytes<packed>);
};

/// Said in a kernel, where nothing can be thrown; costs a comparison.
SPIKEFUSE_FUNCTION void expect(bool holds, char const* otherwise) {
    if (!holds) Kokkos::abort(otherwise);
}

} // namespace detail

/// A network at work in one team: `network.on_team().at(team)`. Several runs may follow each other;
/// the team meets at the end of each.
template <class Network, class T, class Member>
class team_at_work {
    using plain = detail::plan::schedule<Network, false>;
    using layout = detail::plan::layout<plain, T>;

  public:
    KOKKOS_FUNCTION team_at_work(detail::run_arguments<T> const& run, Member const& team,
                                 unsigned char* scratch, unsigned char* lists)
        : run_(run), team_(team), scratch_(scratch), lists_(lists) {}

    /// States at rest, [state_size]: where an episode begins.
    template <class States>
    KOKKOS_FUNCTION void rest(States const& states) const {
        detail::run_arguments<T> run = run_;
        run.states = numbers_of(states);
        auto const here = context<false, last_step_readout>(run);
        detail::initialize_neurons(here);
        detail::clear_kept_rows(here);
        team_.team_barrier();
        detail::save_sample(here);
        team_.team_barrier();
    }
    /// Runs one step, [N] in and [M] out, or all steps of a view: [T, N] in and [T, M] out.
    /// @param input  values of the model's number type, or packed spikes uint32_t [ceil(N/32)]; any
    ///               strides
    /// @param states [state_size], which go on from call to call; contiguous
    /// @param output numbers of the model's type, any strides
    template <class Input, class States, class Output>
    KOKKOS_FUNCTION void run(Input const& input, States const& states, Output const& output) {
        static_assert(Output::rank() == Input::rank(),
                      "spikefuse: a team's run takes one step, [N] in and [M] out, or several, "
                      "[T, N] in and [T, M] out.");
        constexpr bool every_step = Output::rank() == 2;
        detail::run_arguments<T> run = with_output<every_step>(input, states, output);
        run_steps<trace_readout>(run, input);
    }
    /// The same, reduced over the steps: `here.run(input, states, output, counts)`, [M] out.
    template <class Input, class States, class Output, class Readout>
        requires(!Readout::every_step)
    KOKKOS_FUNCTION void run(Input const& input, States const& states, Output const& output,
                             Readout) {
        static_assert(Input::rank() == 2 && Output::rank() == 1,
                      "spikefuse: a reduced readout takes several steps, [T, N] in and [M] out.");
        detail::run_arguments<T> run = with_output<false>(input, states, output);
        run_steps<Readout>(run, input);
    }

  private:
    template <class States>
    static KOKKOS_FUNCTION T* numbers_of(States const& states) {
        static_assert(std::is_same_v<typename States::value_type, T> && States::rank() == 1,
                      "spikefuse: a body's states are a view of numbers of the model's type, "
                      "[state_size], that can be written.");
        detail::expect(states.extent(0) == layout::memory_total && states.stride(0) == 1,
                       "spikefuse: a body's states are not state_size contiguous numbers. Keep "
                       "those of all bodies as View<T**, LayoutRight>(bodies, "
                       "brain.state_size), and pass Kokkos::subview(states, body, Kokkos::ALL).");
        return states.data();
    }
    template <bool Trace, class Input, class States, class Output>
    KOKKOS_FUNCTION detail::run_arguments<T> with_output(Input const& input, States const& states,
                                                         Output const& output) const {
        static_assert(std::is_same_v<typename Output::value_type, T>,
                      "spikefuse: the output's number type is not the model's (a const view cannot "
                      "be written).");
        detail::run_arguments<T> run = run_;
        run.states = numbers_of(states);
        run.steps = Input::rank() == 2 ? static_cast<int>(input.extent(0)) : 1;
        detail::expect(run.steps > 0, "spikefuse: a team was given no steps to run.");
        run.output = output.data();
        run.output_step = Trace ? static_cast<std::size_t>(output.stride(0)) : 0;
        run.output_neuron = static_cast<std::size_t>(output.stride(Output::rank() - 1));
        bool fits = output.extent(Output::rank() - 1) == static_cast<std::size_t>(plain::outputs);
        if constexpr (Trace) fits = fits && output.extent(0) >= input.extent(0);
        detail::expect(fits, "spikefuse: a team's output view is not [outputs], or [T, outputs] "
                             "for T steps of input.");
        return run;
    }
    template <class Readout, class Input>
    KOKKOS_FUNCTION void run_steps(detail::run_arguments<T>& run, Input const& input) {
        constexpr bool bits = detail::is_words<Input>;
        static_assert(bits || std::is_same_v<std::remove_const_t<typename Input::value_type>, T>,
                      "spikefuse: the input's number type is neither the model's nor uint32_t "
                      "(packed spikes).");
        constexpr auto last = Input::rank() - 1;
        constexpr int columns = bits ? layout::words(plain::inputs) : plain::inputs;
        detail::expect(input.extent(last) == static_cast<std::size_t>(columns),
                       "spikefuse: a team's input view is not [inputs], [ceil(inputs / 32)] for "
                       "packed spikes, or [T, that].");
        run.input = input.data();
        run.input_step = Input::rank() == 2 ? static_cast<std::size_t>(input.stride(0)) : 0;
        auto here = context<bits, Readout>(run);
        if (columns == 1 || input.stride(last) == 1) {
            detail::run_sample(here);
        } else {
            run_copied(run, here, input);
        }
        run_.elapsed += static_cast<std::uint64_t>(run.steps); // noise never repeats
        team_.team_barrier();
    }
    /// Features that lie apart: each step's row is copied first. Reduced readouts go on in scratch.
    template <class Context, class Input>
    KOKKOS_FUNCTION void run_copied(detail::run_arguments<T>& run, Context& here,
                                    Input const& input) const {
        using element = std::remove_const_t<typename Input::value_type>;
        auto* const row =
            reinterpret_cast<element*>(scratch_ + detail::team_sizes<Network, T>::network);
        int const count = static_cast<int>(input.extent(Input::rank() - 1));
        run.input = row, run.input_step = 0;
        detail::begin_sample(here);
        here.rows = 1;
        for (here.first_step = 0; here.first_step < run.steps; ++here.first_step) {
            for (int n = team_.team_rank(); n < count; n += team_.team_size()) {
                if constexpr (Input::rank() == 2) {
                    row[n] = input(here.first_step, n);
                } else {
                    row[n] = input(n);
                }
            }
            team_.team_barrier();
            detail::run_block(here);
            detail::keep_last_rows(here);
            team_.team_barrier();
        }
        detail::finish_sample(here);
    }
    template <bool Bits, class Readout>
    KOKKOS_FUNCTION auto context(detail::run_arguments<T> const& run) const {
        using one =
            detail::sample_context<detail::plan::schedule<Network, Bits>, T,
                                   Bits ? detail::input_kind::bits : detail::input_kind::values,
                                   Readout, detail::teams_of_user<Member>>;
        return detail::context_in<one>(run, team_, scratch_, lists_);
    }

    detail::run_arguments<T> run_;
    Member const& team_;
    unsigned char *scratch_, *lists_;
};

/// A network for the teams of a kernel of the user's, trivially copyable: capture it by value.
///
///     auto const brain = network.on_team();
///     Kokkos::View<float**, Kokkos::LayoutRight> states("states", bodies, brain.state_size);
///     using policy = Kokkos::TeamPolicy<>;
///     Kokkos::parallel_for(brain.with_scratch(policy(bodies, Kokkos::AUTO)),
///                          KOKKOS_LAMBDA(policy::member_type const& team) {
///         int const body = team.league_rank();
///         auto here = brain.at(team);
///         auto const mine = Kokkos::subview(states, body, Kokkos::ALL);
///         if (begins(body)) here.rest(mine);
///         here.run(Kokkos::subview(seen, body, Kokkos::ALL), mine,
///                  Kokkos::subview(done, body, Kokkos::ALL));
///     });
///
/// It sees the parameters that the model has when the kernel runs; the model must live until then.
/// On a device a team has whole warps: a size that is a multiple of 32, and no vector length.
template <class Network, class T>
class team_network {
    using plain = detail::plan::schedule<Network, false>;
    using layout = detail::plan::layout<plain, T>;
    using sizes = detail::team_sizes<Network, T>;
    static_assert(!detail::shares_a_state<plain>,
                  "spikefuse: a layer of this network keeps one state for all samples (as norse's "
                  "exp_syn(compat) does), and teams have one body each. Leave compat away, or call "
                  "network.run.");

  public:
    static constexpr int inputs = plain::inputs, outputs = plain::outputs;
    /// Numbers that a body keeps between steps: states, and rows that loops feed back.
    static constexpr std::size_t state_size = layout::memory_total;
    /// Bytes of level-1 scratch a team and a thread, and of level-0 scratch a team.
    static constexpr std::size_t team_scratch = sizes::network + sizes::row + 64,
                                 thread_scratch = layout::lists::of_threads ? sizes::lists : 0,
                                 near_scratch = layout::lists::of_threads ? 0 : sizes::lists;

    explicit team_network(detail::run_arguments<T> const& run) : run_(run) {
        run_.records = nullptr, run_.batch = 1, run_.begun = 1, run_.scratch = nullptr;
    }
    /// A policy with the scratch that `at` takes, and what the kernel wants besides: bytes a team
    /// of level 0 (`near`) and of level 1 (`far`). It replaces what the policy had.
    template <class Policy>
    static Policy with_scratch(Policy policy, std::size_t near = 0, std::size_t far = 0) {
        return policy.set_scratch_size(0, Kokkos::PerTeam(static_cast<int>(near_scratch + near)))
            .set_scratch_size(1, Kokkos::PerTeam(static_cast<int>(team_scratch + far)),
                              Kokkos::PerThread(static_cast<int>(thread_scratch)));
    }
    /// Once a team: takes its scratch. Aborts where there is none.
    /// @param team the kernel's
    /// @param number of this body, by which noise is drawn (a model's are settings.first_sample on)
    /// @param steps that the body has made before: each run goes on from there
    template <class Member>
    KOKKOS_FUNCTION team_at_work<Network, T, Member>
    at(Member const& team, std::uint32_t number = 0, std::uint64_t steps = 0) const {
        constexpr std::size_t network = team_scratch, lists = sizes::lists;
        detail::expect(detail::warp::are_whole(team.team_size()),
                       "spikefuse: on a device a team has whole warps: a team size that is a "
                       "multiple of 32, and no vector length.");
        detail::run_arguments<T> run = run_;
        run.first_sample = number, run.elapsed = steps;
        unsigned char *const memory = detail::from_a_line<1>(team.team_scratch(1), network),
                             *const listed = detail::lists_of<layout>(run, team, lists, 0);
        detail::expect(memory != nullptr && (lists == 0 || listed != nullptr),
                       "spikefuse: a team has no scratch for the network. Launch with "
                       "brain.with_scratch(policy), and call at() once a team.");
        return {run, team, memory, listed};
    }

  private:
    detail::run_arguments<T> run_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI
