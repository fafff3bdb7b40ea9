#pragma once
/// `model`: a network with numbers. Holds parameters and state; every call is one kernel launch.

#include "detail/memory.hpp"
#include "detail/parameters.hpp"
#include "detail/recordings.hpp"
#include "forward.hpp"
#include "inputs.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

namespace spikefuse {

struct settings {
    int steps = 1;          // T for an input that is held, and the most steps that are recorded
    int batch = 1;          // B: samples that run side by side
    duration dt = 1 * ms;   // one time step
    std::uint64_t seed = 0; // of the start values of weights, and of noise
};

template <class T>
struct precision_word {};
/// `model{network, settings, precision<double>}`.
template <class T>
inline constexpr precision_word<T> precision{};

template <class Model, class Loss>
class backpropagation;
template <class Model, class Optimizer>
class learner;

namespace detail {
template <class Word>
inline constexpr bool first_sample_speaks = false;
template <class Word>
    requires requires { Word::equations_of::first_sample_speaks; }
inline constexpr bool first_sample_speaks<Word> = Word::equations_of::first_sample_speaks;
/// Threads of a host's team where `league` teams share them, none with less than a share of the team's work: to meet costs about a
/// microsecond, and several where cores are far apart. Kokkos' teams have at most 64.
inline int threads_of_team(int threads, int league, double shares) {
    return std::clamp(std::min(threads / std::max(league, 1), static_cast<int>(std::min(shares, 64.))), 1, 64);
}
} // namespace detail

template <layer_word Network, class T = float, class Space = Kokkos::DefaultExecutionSpace>
class model : public detail::model_parameters<plan::schedule<Network, false>, T, Space>,
              public detail::model_recordings<plan::schedule<Network, false>, T, Space> {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>, "spikefuse: a model computes in float or double.");

    using plain = plan::schedule<Network, false>;
    using places = plan::layout<plain, T>;
    using recordings = detail::model_recordings<plain, T, Space>;

  public:
    using value_type = T;
    using space_type = Space;
    using typename recordings::trace_view, typename recordings::spike_view;
    using reduced_view = Kokkos::View<T**, Kokkos::LayoutRight, Space>; // [B, N]
    static constexpr int inputs = plain::inputs, outputs = plain::outputs;

    /// Weights begin as their layers say (from `settings.seed`), neurons with the parameters written in the network.
    /// Throws value_error for a parameter or a setting outside its domain.
    explicit model(Network network, settings chosen = {})
        : recordings(checked(chosen).steps, chosen.batch), settings_(chosen), memory_(chosen.batch) {
        this->start_parameters(network, chosen.seed);
        reserve_scratch();
    }
    model(Network network, settings chosen, precision_word<T>) : model(network, chosen) {}
    model(Network network, settings chosen, Space const&) : model(network, chosen) {}

    // --- running ----------------------------------------------------------------------------------------------------------------

    /// Runs the network: a trace [T, B, N], freshly allocated. The input is values [T, B, N], values [B, N] held for
    /// `settings.steps` steps, or packed spikes uint32_t [T, B, ceil(N/32)]. Asynchronous, as Kokkos is: fence before reading
    /// on the host. Throws shape_error where a view does not fit.
    template <class Input>
        requires Kokkos::is_view_v<Input>
    trace_view operator()(Space const& space, Input const& input) {
        return (*this)(space, input, trace);
    }
    template <class Input>
        requires Kokkos::is_view_v<Input>
    auto operator()(Input const& input) {
        return (*this)(Space(), input, trace);
    }
    /// The same, reduced inside the kernel: `network(spikes, counts)`, `last_step`, `max_over_time`: [B, N].
    template <class Input, readout_word Readout>
    auto operator()(Space const& space, Input const& input, Readout readout) {
        constexpr detail::input_kind kind = detail::kind_of_input<Input, T, Space>();
        int const steps = detail::check_input(input, kind, inputs, settings_.batch, settings_.steps);
        auto result = [&] {
            auto const how = Kokkos::view_alloc(space, Kokkos::WithoutInitializing, "spikefuse::output");
            if constexpr (Readout::every_step) {
                return trace_view(how, static_cast<std::size_t>(steps), static_cast<std::size_t>(settings_.batch),
                                  static_cast<std::size_t>(outputs));
            } else {
                return reduced_view(how, static_cast<std::size_t>(settings_.batch), static_cast<std::size_t>(outputs));
            }
        }();
        run(space, input, readout, result);
        return result;
    }
    template <class Input, readout_word Readout>
    auto operator()(Input const& input, Readout readout) {
        return (*this)(Space(), input, readout);
    }

    /// One step, as a cell: [B, N] in, [B, N] out. The state goes on from call to call.
    template <class Input>
    reduced_view step(Space const& space, Input const& input) {
        static_assert(Input::rank() == 2, "spikefuse: step() takes the input of one step, [B, N].");
        reduced_view const result(Kokkos::view_alloc(space, Kokkos::WithoutInitializing, "spikefuse::output"),
                                  static_cast<std::size_t>(settings_.batch), static_cast<std::size_t>(outputs));
        run_steps(space, input, last_step, result, 1);
        return result;
    }
    template <class Input>
    reduced_view step(Input const& input) {
        return step(Space(), input);
    }

    /// Runs into a view of the caller's: one launch, no allocation, no fence.
    template <class Input, readout_word Readout, class Output>
    void run(Space const& space, Input const& input, Readout readout, Output const& output) {
        run_steps(space, input, readout, output, settings_.steps);
    }

    // --- states -----------------------------------------------------------------------------------------------------------------

    /// The next run starts from rest. Costs nothing: the kernel does it.
    void reset() { fresh_ = true; }

    /// A state of all samples, row-major [B, N]: "v", "i", ...; for a layer that a loop feeds back, also the "spikes" (0 or 1) or the
    /// "output" of the step before. Throws name_error.
    std::vector<T> state(std::string_view layer, std::string_view name) {
        wake();
        return memory_.get(layer, name);
    }
    /// Sets a state before a run: [B, N] numbers, N for all samples alike, or one.
    /// Throws name_error, shape_error, value_error; then nothing has changed.
    template <class Number>
    void set_state(std::string_view layer, std::string_view name, std::span<Number const> values) {
        wake();
        memory_.set(layer, name, values);
    }
    template <class Number>
    void set_state(std::string_view layer, std::string_view name, std::vector<Number> const& values) {
        set_state(layer, name, std::span<Number const>(values));
    }
    void set_state(std::string_view layer, std::string_view name, double value) {
        set_state(layer, name, std::span<double const>(&value, 1));
    }

    settings const& setup() const { return settings_; }
    /// Steps since the model was made: what noise counts by. For a model that goes on where another one stopped.
    std::uint64_t elapsed_steps() const { return elapsed_; }
    void set_elapsed_steps(std::uint64_t steps) { elapsed_ = steps; }

  private:
    template <class Model, class Loss>
    friend class backpropagation;
    template <class Model, class Optimizer>
    friend class learner;

    static settings checked(settings chosen) {
        if (chosen.steps < 1)
            throw value_error("settings.steps is " + std::to_string(chosen.steps), "a run has at least one step",
                              "Set .steps to 1 or more");
        if (chosen.batch < 1)
            throw value_error("settings.batch is " + std::to_string(chosen.batch), "a run has at least one sample",
                              "Set .batch to 1 or more");
        if (!(chosen.dt.seconds > 0) || !std::isfinite(chosen.dt.seconds))
            throw value_error("settings.dt is " + std::to_string(chosen.dt.seconds) + " s", "a time step is positive and finite",
                              "Set .dt, for example to 1 * ms");
        return chosen;
    }

    /// `held`: steps of an input that is the same in all of them.
    template <class Input, class Readout, class Output>
    void run_steps(Space const& space, Input const& input, Readout, Output const& output, int held) {
        constexpr detail::input_kind kind = detail::kind_of_input<Input, T, Space>();
        int const steps = detail::check_input(input, kind, inputs, settings_.batch, held);
        check_output<Readout>(output, steps);
        detail::run_arguments<T> arguments = arguments_of(input, steps);
        arguments.output = output.data();
        launch<kind, Readout>(space, arguments);
        has_run(space, steps);
    }
    template <class Input>
    detail::run_arguments<T> arguments_of(Input const& input, int steps) const {
        if (this->recording() && steps > settings_.steps)
            throw shape_error("the input has " + std::to_string(steps) + " steps, recordings hold " + std::to_string(settings_.steps),
                              "recordings are made for settings.steps",
                              "Pass fewer steps at a time, or make the model with .steps = " + std::to_string(steps));
        detail::run_arguments<T> arguments = begin_run();
        arguments.input = input.data();
        arguments.input_step = Input::rank() == 3 ? input.stride(0) : 0;
        arguments.input_sample = input.stride(Input::rank() - 2);
        arguments.steps = steps;
        return arguments;
    }
    void has_run(Space const& space, int steps) {
        spread_first_sample(space);
        fresh_ = false;
        elapsed_ += static_cast<std::uint64_t>(steps);
        this->ran(steps);
    }

    template <class Readout, class Output>
    void check_output(Output const& output, int steps) const {
        static_assert(std::is_same_v<typename Output::value_type, T>, "spikefuse: the output view's number type is not the model's.");
        static_assert(Output::rank() == (Readout::every_step ? 3 : 2),
                      "spikefuse: a trace goes to a view [T, B, N], a reduced readout to [B, N].");
        auto const b = static_cast<std::size_t>(settings_.batch), n = static_cast<std::size_t>(outputs),
                   t = static_cast<std::size_t>(steps);
        bool const fits = [&] {
            if constexpr (Readout::every_step) {
                return output.extent(0) == t && output.extent(1) == b && output.extent(2) == n;
            } else {
                return output.extent(0) == b && output.extent(1) == n;
            }
        }();
        std::string const wanted = Readout::every_step ? detail::bracketed({t, b, n}) : detail::bracketed({b, n});
        if (!fits || !output.span_is_contiguous())
            throw shape_error("the output view is " + detail::shape_of(output) + (fits ? ", not contiguous" : ""),
                              "this run writes " + wanted, "Pass a contiguous LayoutRight view " + wanted);
    }

    template <detail::input_kind Kind, class Readout>
    void launch(Space const& space, detail::run_arguments<T> const& arguments) const {
        using kernel = detail::forward_kernel<plan::schedule<Network, Kind == detail::input_kind::bits>, T, Kind, Readout, Space>;
        double const shares = static_cast<double>(places::work_of_step) * arguments.steps / places::share_of_work;
        Kokkos::parallel_for("spikefuse::forward", policy<kernel>(space, arguments.batch, shares), kernel{arguments});
    }
    /// A team a sample (backwards: a group of samples). On the host threads are dealt to them, at least one each; on a device it has a
    /// thread for each neuron of the widest layer, in whole warps.
    template <class Kernel>
    static auto policy(Space const& space, int league, double shares = std::numeric_limits<double>::infinity()) {
        int team = std::min(Kernel::places::widest_layer, 256);
        if constexpr (std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>)
            team = detail::threads_of_team(space.concurrency(), league, shares);
        constexpr int lists = static_cast<int>(Kernel::lists_bytes), of_threads = Kernel::places::lists_of_threads ? lists : 0;
        return typename Kernel::policy(space, league, team)
            .set_scratch_size(0, Kokkos::PerTeam(lists - of_threads))
            .set_scratch_size(1, Kokkos::PerTeam(static_cast<int>(Kernel::scratch_bytes)), Kokkos::PerThread(of_threads));
    }
    /// Kokkos grows a team's scratch at its first use: here, so that no run does.
    void reserve_scratch() const {
        using kernel = detail::forward_kernel<plain, T, detail::input_kind::values, trace_readout, Space>;
        auto const shape = policy<kernel>(Space(), settings_.batch);
        Kokkos::parallel_for("spikefuse::reserve", shape, detail::empty_kernel<typename kernel::member>{});
    }

    /// Gives the states the values that the next run would begin with.
    void wake() {
        if (!fresh_) return;
        Kokkos::parallel_for("spikefuse::rest", Kokkos::RangePolicy<Space, int>(Space(), 0, settings_.batch),
                             detail::rest_kernel<plain, T>{begin_run()});
        fresh_ = false;
    }
    detail::run_arguments<T> begin_run() const {
        detail::run_arguments<T> arguments{};
        arguments.bag = this->bag();
        arguments.states = memory_.data();
        arguments.records = this->record_table();
        arguments.batch = settings_.batch;
        arguments.step = static_cast<T>(settings_.dt.seconds);
        arguments.seed = settings_.seed;
        arguments.elapsed = elapsed_;
        arguments.fresh = fresh_;
        return arguments;
    }
    /// Layers whose first sample's state is what all samples go on with.
    void spread_first_sample(Space const& space) const {
        plan::mp11::mp_for_each<plan::mp11::mp_iota_c<static_cast<std::size_t>(plain::layer_count)>>([&](auto layer) {
            if constexpr (detail::first_sample_speaks<typename plain::template word<static_cast<int>(layer)>>) {
                T* const first = memory_.data() + places::template states_at<static_cast<int>(layer)>;
                auto const length =
                    places::template states_at<static_cast<int>(layer) + 1> - places::template states_at<static_cast<int>(layer)>;
                Kokkos::parallel_for("spikefuse::first_sample",
                                     Kokkos::RangePolicy<Space>(space, 0, length * static_cast<std::size_t>(settings_.batch)),
                                     detail::first_sample_kernel<T>{first, length, places::memory_total});
            }
        });
    }

    settings settings_;
    detail::model_memory<plain, T, Space> memory_;
    bool fresh_ = true;
    std::uint64_t elapsed_ = 0; // steps so far: noise never repeats
};

/// The plan of a model, in its own precision.
template <layer_word Network, class T, class Space>
std::string describe(model<Network, T, Space> const& of) {
    auto const& setup = of.setup();
    return detail::description<Network, T>{}.write() + "state of " + std::to_string(setup.batch) + " samples: " +
           detail::readable_bytes(static_cast<double>(plan::layout<plan::schedule<Network, false>, T>::state_total * sizeof(T)) *
                                  setup.batch) +
           "\n";
}

template <layer_word Network>
model(Network, settings) -> model<Network, float, Kokkos::DefaultExecutionSpace>;
template <layer_word Network>
model(Network) -> model<Network, float, Kokkos::DefaultExecutionSpace>;
template <layer_word Network, class T>
model(Network, settings, precision_word<T>) -> model<Network, T, Kokkos::DefaultExecutionSpace>;

} // namespace spikefuse
