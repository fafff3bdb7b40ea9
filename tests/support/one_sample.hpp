// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A sample in the host's memory, and a team of which the test is one thread: what each part of a
// kernel is given, so that it can be called alone.

#include <spikefuse/kernel/transpose.hpp>
#include <spikefuse/kernel/weight_gradients.hpp>

#include <random>

namespace test {

/// A thread of a team. Parts that meet at barriers are called with a team of one.
struct thread_of_team {
    int rank = 0, size = 1, team = 0, teams = 1;
    int team_rank() const { return rank; }
    int team_size() const { return size; }
    int league_rank() const { return team; }
    int league_size() const { return teams; }
    void team_barrier() const {}
    /// Never asked for: tests bring the scratch of kernels themselves (run_arguments::scratch).
    struct no_scratch {
        void* get_shmem(int) const { return nullptr; }
    };
    no_scratch team_scratch(int) const { return {}; }
    no_scratch thread_scratch(int) const { return {}; }
};
struct by_hand {}; // a space whose teams are these

} // namespace test
template <>
struct spikefuse::detail::teams_on<test::by_hand> {
    using member = test::thread_of_team;
    using memory = team_memory;
};
namespace test {

namespace sf = spikefuse;
using sf::detail::input_kind;
using sf::detail::purpose;

template <class T>
using numbers = Kokkos::View<T*, Kokkos::HostSpace>; // aligned, zero

/// `Network`: constexpr. Weights are random in +-1, neurons have the numbers written in the
/// network.
template <auto const& Network, class T, purpose Purpose = purpose::run,
          class Readout = sf::trace_readout, input_kind Kind = input_kind::bits>
struct one_sample {
    using network_type = std::remove_cvref_t<decltype(Network)>;
    using schedule = sf::detail::plan::schedule<network_type, Kind == input_kind::bits>;
    using context = sf::detail::sample_context<schedule, T, Kind, Readout, by_hand, Purpose>;
    using layout = typename context::layout;
    using element = std::conditional_t<Kind == input_kind::bits, std::uint32_t, T>;
    template <std::size_t Node>
    using node = boost::mp11::mp_at_c<typename schedule::nodes, Node>;
    template <class Stage>
    using feed_of = boost::mp11::mp_front<sf::detail::plan::mixing_feeds<typename Stage::feeds>>;
    static constexpr int W = context::W, P = context::P;
    static constexpr int row =
        Kind == input_kind::bits ? layout::words(schedule::inputs) : schedule::inputs; // elements

    numbers<unsigned char> scratch{"scratch", layout::scratch_total},
        lists{"lists", layout::lists::total + 64};
    numbers<T> parameters{"parameters", layout::parameter_total},
        states{"states", layout::memory_total},
        transposed{"transposed", layout::transposed_total + 1},
        gradient{"gradient", layout::parameter_total}, tape, currents, output, when, input_gradient;
    numbers<element> input;
    sf::detail::run_arguments<T> run{};
    thread_of_team thread;
    int steps;

    explicit one_sample(int of_steps)
        : input("input", static_cast<std::size_t>(of_steps * row)), steps(of_steps) {
        auto const all = static_cast<std::size_t>(steps);
        tape = numbers<T>("tape", all * layout::entry_apart);
        currents = numbers<T>("currents", all * (layout::kept_currents + 1));
        output = numbers<T>("output", all * schedule::outputs);
        when = numbers<T>("when", static_cast<std::size_t>(layout::padded(schedule::outputs)));
        input_gradient = numbers<T>("input gradient", all * schedule::inputs);
        run.parameters = parameters.data(), run.states = states.data();
        run.input = input.data(), run.input_step = static_cast<std::size_t>(row);
        run.output = output.data(), run.output_step = schedule::outputs, run.output_neuron = 1;
        run.steps = steps, run.batch = 1, run.step = T(1e-3), run.begun = 0;
        run.tape = tape.data(), run.currents = nullptr, run.when = when.data();
        run.block = layout::block_steps, run.constants = true, run.groups = 1;
        run.transposed = transposed.data(), run.gradient = gradient.data();
        run.input_gradient = input_gradient.data();
        std::mt19937 random(7);
        sf::detail::for_each_index<static_cast<std::size_t>(schedule::layer_count)>(
            [&](auto layer) {
                using word = typename schedule::template word<layer>;
                constexpr int inputs = schedule::template width_into<layer>;
                if constexpr (sf::connection<word>) {
                    for (int o = 0; o < schedule::template width_from<layer>; ++o)
                        for (int i = 0; i < inputs; ++i)
                            weight<layer>(parameters.data(), o, i) =
                                T(static_cast<int>(random() % 2001) - 1000) / 1000;
                } else {
                    T* at = parameters.data() + layout::template parameter_offset<layer>;
                    for (auto const& array : schedule::template arrays_of<layer>()) {
                        for (int n = 0; n < layout::padded(array.rows); ++n)
                            at[n] = static_cast<T>(array.initial);
                        at += layout::padded(array.rows);
                    }
                }
            });
        sf::detail::transpose_kernel<schedule, T> const copy{run};
        for (int k = 0; k < copy.registers(); ++k) copy(k);
    }
    one_sample(one_sample const&) = delete;

    /// The block that begins at a step.
    context here(int first_step = 0, int rows = -1) const {
        context one = sf::detail::context_in<context>(run, thread, scratch.data(), lists.data());
        one.first_step = first_step, one.rows = rows < 0 ? steps - first_step : rows;
        return one;
    }
    /// From input i to output o, among parameters or their gradients.
    template <int Layer>
    static T& weight(T* all, int o, int i) {
        using over = typename context::template panels_of<Layer>;
        return over::panel(
            all + layout::template parameter_offset<Layer>,
            o / W)[static_cast<std::size_t>(i) * P + static_cast<std::size_t>(o % W)];
    }
    void spike(int step, int n) {
        input(static_cast<std::size_t>(step * row + n / 32)) |= element(1u << (n % 32));
    }
    bool spiked(int step, int n) const {
        return (static_cast<std::uint32_t>(input(static_cast<std::size_t>(step * row + n / 32))) >>
                (n % 32)) &
               1u;
    }
    void random_spikes(double activity, unsigned seed) {
        std::mt19937 random(seed);
        for (int t = 0; t < steps; ++t)
            for (int n = 0; n < schedule::inputs; ++n)
                if (random() < activity * 4294967296.0) spike(t, n);
    }
};

} // namespace test
