// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `model`: a network with its parameters and states. Every call is one kernel launch.

#include "../plan/names.hpp"
#include "cell.hpp"
#include "detail/checks.hpp"
#include "detail/loading.hpp"
#include "detail/memory.hpp"
#include "detail/packed_input.hpp"
#include "detail/shared_states.hpp"
#include "inputs.hpp"
#include "settings.hpp"
#include "slice_plan.hpp"
#include "team.hpp"

#include <Kokkos_Profiling_ScopedRegion.hpp>

#include <algorithm>
#include <span>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI {

template <class Model, class Loss>
class backpropagation;

/// A value: a copy is a network of its own, and goes on where this one is. Copying waits for runs.
/// Up to `settings.batch` samples run side by side: a call with n samples runs the first n, with
/// the bits of a model of that batch, and leaves the others.
/// @tparam Network the network's type; may be const, as decltype of a constexpr network is
/// @tparam T float or double
/// @tparam Space where it runs
template <layer_word Network, class T = float, class Space = Kokkos::DefaultExecutionSpace>
class model : public detail::model_checks<T, Space>,
              public detail::loads_files<model<Network, T, Space>> {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>,
                  "spikefuse: a model computes in float or double.");

    using plain = detail::plan::schedule<Network, false>;
    static_assert(detail::kernels_have_names<plain, Space>(),
                  "spikefuse: a lambda in a layer, on a device: nvcc cannot name it. Write a "
                  "struct with operator(), a SPIKEFUSE_FUNCTION: surrogate<mine{}>.");
    using layout = detail::plan::layout<plain, T>;
    using parameters_of_model = detail::model_parameters<T, Space>;
    using checks = detail::model_checks<T, Space>;
    static constexpr bool takes_fewer = !detail::shares_a_state<plain>; // samples than the batch
    static constexpr detail::plan::catalog const& catalog() {
        return detail::plan::catalog_of<plain, T>::value;
    }

  public:
    using value_type = T;
    using space_type = Space;
    using typename checks::trace_view, typename checks::spike_view;
    using reduced_view = Kokkos::View<T**, Kokkos::LayoutRight, Space>; ///< [B, N]
    static constexpr int inputs = plain::inputs;                        ///< features of the input
    static constexpr int outputs = plain::outputs;                      ///< and of the output

    /// Weights begin as their layers say (from `settings.seed`), neurons as written in the network.
    /// @throws value_error a parameter or a setting outside its domain
    explicit model(Network network, model_settings chosen = {})
        : checks(catalog(), detail::checked_settings<T>(chosen).steps, chosen.batch),
          settings_(chosen), memory_(catalog(), this->layer_names(), chosen.batch) {
        each_layer(network, [this](auto l, auto const& word) {
            auto const arrays = plain::template arrays_of<static_cast<int>(l)>(word);
            this->add_arrays(l, {arrays.data(), arrays.size()});
        });
        this->initialize(chosen.seed);
        reserve_scratch();
    }
    model(Network network, model_settings chosen, precision_word<T>) : model(network, chosen) {}
    model(Network network, model_settings chosen, Space const&) : model(network, chosen) {}

    model(model const&) = default;
    model(model&&) noexcept = default;
    model& operator=(model const& other) { return *this = model(other); } // or not at all
    model& operator=(model&&) noexcept = default;
    ~model() = default;

    /// Runs the network. Asynchronous, as Kokkos is: fence before reading on the host.
    /// @param space where it is queued; may be left out, in this and all calls
    /// @param input values `[T, B, N]`, values `[B, N]` held for `settings.steps` steps, or packed
    ///     spikes uint32_t `[T, B, ceil(N/32)]`; any strides (LayoutLeft: copied by a launch
    ///     before)
    /// @param readout what is given of the last layer, reduced inside the kernel:
    ///     `network(spikes, counts)`; `trace` if left out
    /// @return the trace `[T, B, N]`, or `[B, N]`, freshly allocated
    /// @throws shape_error a view that does not fit, more than 2^30 steps
    template <class Input, readout_word Readout = trace_readout>
        requires Kokkos::is_view_v<Input>
    auto operator()(Space const& space, Input const& input, Readout readout = {}) {
        return launch(space, input, readout, new_output<Readout>(space, input), settings_.steps);
    }
    template <class Input, readout_word Readout = trace_readout>
        requires Kokkos::is_view_v<Input>
    auto operator()(Input const& input, Readout readout = {}) {
        Space const space;
        return launch(space, input, readout, new_output<Readout>(space, input), settings_.steps);
    }

    /// One step, as a cell: `[B, N]` in and out. The state goes on from call to call.
    /// @throws shape_error an input of another size
    template <class Input>
    reduced_view step(Space const& space, Input const& input) {
        static_assert(Input::rank() == 2, "spikefuse: step() takes the input of one step, [B, N].");
        return launch(space, input, last_step, new_output<last_step_readout>(space, input), 1);
    }
    template <class Input>
    reduced_view step(Input const& input) {
        return step(Space(), input);
    }

    /// Runs into the caller's view, `[T, B, N]` or reduced `[B, N]`, of any strides: one launch, no
    /// allocation, no fence.
    /// @throws shape_error a view that does not fit
    template <class Input, readout_word Readout, class Output>
    void run(Space const& space, Input const& input, Readout readout, Output const& output) {
        launch(space, input, readout, output, settings_.steps);
    }

    using cell_type = network_cell<Network, T>; ///< see run/cell.hpp
    /// The network for kernels of your own: `auto cell = network.cell();`, see run/cell.hpp. A
    /// launch on `space` computes the coefficients of all cells of this model: after a `set` take
    /// the cell again. It is valid while the model lives and is not assigned to.
    cell_type cell(Space const& space = Space()) {
        return cell_.template prepare<Network>(label("cell"), space, this->parameter_data(),
                                               settings_);
    }

    using parameters_of_model::set;
    /// `network.set<"lif 1", "tau_mem">(20 * ms)`: names that the compiler checks.
    template <detail::spelling Layer, detail::spelling Parameter, class Value>
    void set(Value const& value) {
        detail::plan::check_parameter_name<plain, T, Layer, Parameter>();
        this->set(Layer.letters, Parameter.letters, value);
    }
    template <detail::spelling Layer, detail::spelling Parameter>
    std::vector<T> get() const {
        detail::plan::check_parameter_name<plain, T, Layer, Parameter>();
        return this->get(Layer.letters, Parameter.letters);
    }
    using parameters_of_model::get;

    /// This network for the teams of a kernel of the user's; see run/team.hpp.
    team_network<Network, T> on_team() const { return team_network<Network, T>(begin_run()); }

    /// The next run starts from rest. Costs nothing: the kernel does it.
    void reset() { begun_ = 0; }
    /// Some samples start from rest, for episodes that end at different times: those for which a
    /// mask is true (a view of bool, [B] or shorter), or whose numbers stand in a list (a view of
    /// int, of any length). In the order of `space`; no fence, no allocation. A number that is no
    /// sample's aborts the kernel.
    /// @throws shape_error a mask of more samples
    template <class Samples>
        requires Kokkos::is_view_v<Samples>
    void reset(Space const& space, Samples const& which) {
        static_assert(!detail::shares_a_state<plain>,
                      "spikefuse: a layer of this network keeps one state for all samples (as "
                      "norse's exp_syn(compat) does). Call reset() without samples.");
        detail::check_samples<Samples, Space>(which, settings_.batch);
        if (begun_ == 0) return; // all of them do
        Kokkos::parallel_for(label("reset"),
                             Kokkos::RangePolicy<Space, int>(space, 0, int(which.extent(0))),
                             detail::reset_kernel<plain, T, Samples>{{begin_run()}, which});
    }
    /// A state of all samples where it lies, [B, N], for kernels to read and write. It goes on from
    /// run to run, and is the model's: valid until that is moved or ends. Asked for where the next
    /// run starts from rest, it waits until the states are there, which then begin as parameters of
    /// now say; what is written after a `reset()` of all samples is not seen.
    /// @throws name_error none of that name, or the packed "spikes" of a loop
    auto state_view(std::string_view layer, std::string_view name) {
        auto const result = memory_.in_place(layer, name);
        if (begin_all()) Space().fence("spikefuse::states"); // for whatever instance reads it
        return result;
    }

    /// Numbers that a sample keeps from run to run, as `on_team` has them.
    static constexpr std::size_t state_size = layout::memory_total;
    /// Works with the states that lie in a view of yours from now on, `[B, state_size]`, contiguous
    /// and of this batch: those of `on_team`, say, or of another model of this network. They go on
    /// from there. It may be unmanaged, and has to outlive the model then; a copy of this model has
    /// memory of its own.
    /// @throws error a shape error; a value error where it does not begin with a cache line
    void use_states(Kokkos::View<T**, Kokkos::LayoutRight, Space> const& memory) {
        detail::expect_memory(memory.data(), memory.size(), memory_.size(), "states");
        memory_.use(memory);
        begun_ = settings_.batch;
    }

    /// A state of all samples, row-major `[B, N]`: "v", "i" ...; for a layer that a loop feeds
    /// back, also the "spikes" (0 or 1) or the "output" of the step before.
    /// @throws name_error no such layer, or no such state of it
    std::vector<T> state(std::string_view layer, std::string_view name) const {
        if (begun_ == settings_.batch) return memory_.get(layer, name, memory_.view());
        auto const first =
            memory_.copy(); // to look changes nothing: parameters may still move where a run begins
        initialize_states(first.data());
        return memory_.get(layer, name, first);
    }
    /// Sets a state before a run: `[B, N]` numbers, N for all samples alike, or one. The model's
    /// other states then begin as its parameters of now say.
    /// @throws error a name, shape or value error; then nothing has changed
    template <class Number, std::size_t Extent>
    void set_state(std::string_view layer, std::string_view name,
                   std::span<Number, Extent> values) {
        std::span<Number const> const given = values;
        memory_.check(layer, name, given);
        begin_all();
        memory_.set(layer, name, given);
    }
    template <class Number>
    void set_state(std::string_view layer, std::string_view name,
                   std::vector<Number> const& values) {
        set_state(layer, name, std::span<Number const>(values));
    }
    void set_state(std::string_view layer, std::string_view name, double value) {
        set_state(layer, name, std::span<double const>(&value, 1));
    }

    model_settings const& setup() const { return settings_; }         ///< what it was made with
    std::uint64_t elapsed_steps() const { return elapsed_; }          ///< by which noise is counted
    void set_elapsed_steps(std::uint64_t steps) { elapsed_ = steps; } ///< and where it stopped

  private:
    template <class Model, class Loss>
    friend class backpropagation;

    /// A view for what a run gives, once its input is known to fit.
    template <class Readout, class Input>
    auto new_output(Space const& space, Input const& input) const {
        int const steps =
            detail::check_input(input, detail::kind_of_input<Input, T, Space>(), inputs,
                                settings_.batch, settings_.steps, takes_fewer);
        auto const samples = static_cast<std::size_t>(detail::samples_of(input)),
                   neurons = static_cast<std::size_t>(outputs);
        auto const how =
            Kokkos::view_alloc(space, Kokkos::WithoutInitializing, "spikefuse::output");
        if constexpr (Readout::every_step) {
            return trace_view(how, static_cast<std::size_t>(steps), samples, neurons);
        } else {
            return reduced_view(how, samples, neurons);
        }
    }
    /// Every run of the network. `held`: steps of an input that is the same in all of them.
    template <class Input, class Readout, class Output>
    Output launch(Space const& space, Input const& input, Readout, Output const& output, int held) {
        constexpr detail::input_kind kind = detail::kind_of_input<Input, T, Space>();
        using schedule = detail::plan::schedule<Network, kind == detail::input_kind::bits>;
        using kernel = detail::forward_kernel<schedule, T, kind, Readout, Space>;
        Kokkos::Profiling::ScopedRegion const region(run_name_);
        int const steps =
            detail::check_input(input, kind, inputs, settings_.batch, held, takes_fewer);
        detail::check_output<Readout, T, Space>(output, steps, detail::samples_of(input), outputs);
        detail::run_arguments<T> arguments = arguments_of(space, input, steps);
        arguments.output = output.data();
        arguments.output_step =
            Readout::every_step ? static_cast<std::size_t>(output.stride(0)) : 0;
        arguments.output_sample = static_cast<std::size_t>(output.stride(Output::rank() - 2));
        arguments.output_neuron =
            outputs > 1 ? static_cast<std::size_t>(output.stride(Output::rank() - 1)) : 1;
        if (!run_sliced<schedule, kind, Readout>(space, arguments) &&
            !run_as_cells<schedule, Readout>(space, arguments)) {
            double const shares =
                static_cast<double>(layout::work_of_step) * steps / layout::share_of_work;
            detail::forward_policy<kernel, Space> const teams(detail::teams_for(
                kernel::demands, space, arguments.batch, arguments, scratch_, shares));
            Kokkos::parallel_for(forward_name_, teams, kernel{arguments});
        }
        has_run(space, arguments);
        return output;
    }
    /// On a device layers behind weights, or the input as it stands, run by slices of their
    /// neurons, where that pays.
    template <class Schedule, detail::input_kind Kind, class Readout>
    bool run_sliced(Space const& space, detail::run_arguments<T>& arguments) {
        return detail::run_sliced<Schedule, T, Kind, Readout, detail::purpose::run>(
            forward_name_, space, arguments, slices_, scratch_);
    }
    /// A few steps run as cells, a thread a sample.
    template <class Schedule, class Readout>
    bool run_as_cells(Space const& space, detail::run_arguments<T> const& arguments) const {
        if constexpr (detail::steps_as_cells<Schedule, T>)
            if (arguments.steps <= detail::most_steps_of_cells && arguments.records == nullptr) {
                detail::run_cells<Schedule, Readout>(forward_name_, space, arguments);
                return true;
            }
        return false;
    }
    template <class Input>
    detail::run_arguments<T> arguments_of(Space const& space, Input const& input, int steps) {
        if (this->recording() && steps > settings_.steps)
            throw shape_error("the input has " + std::to_string(steps) +
                                  " steps, recordings hold " + std::to_string(settings_.steps),
                              "recordings are made for settings.steps",
                              "Pass fewer steps at a time, or make the model with .steps = " +
                                  std::to_string(steps));
        if constexpr (!detail::is_words<Input> &&
                      std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>)
            refuse_nan(input,
                       std::make_index_sequence<static_cast<std::size_t>(plain::layer_count)>{});
        if constexpr (!std::is_same_v<typename Input::array_layout, Kokkos::LayoutRight>)
            if (detail::features_apart(input))
                return arguments_of(
                    space, detail::packed_copy(label("pack_input"), space, input, packed_input_),
                    steps);
        this->record_samples(detail::samples_of(input));
        detail::run_arguments<T> arguments = begin_run();
        arguments.batch = detail::samples_of(input);
        arguments.input = input.data();
        arguments.input_step = Input::rank() == 3 ? static_cast<std::size_t>(input.stride(0)) : 0;
        arguments.input_sample = static_cast<std::size_t>(input.stride(Input::rank() - 2));
        arguments.steps = steps;
        return arguments;
    }
    template <class Input, std::size_t... Layer>
    void refuse_nan(Input const& input, std::index_sequence<Layer...>) const {
        constexpr int encoder = std::max(
            {-1, detail::refuses_nan<typename plain::template word<Layer>> ? static_cast<int>(Layer)
                                                                           : -1 ...});
        if constexpr (encoder >= 0)
            detail::check_no_nan(input, this->layer_names()[static_cast<std::size_t>(encoder)]);
    }
    void has_run(Space const& space, detail::run_arguments<T> const& arguments) {
        if constexpr (!takes_fewer)
            detail::spread_first_sample<plain, T>(label("first_sample"), space, memory_.data(),
                                                  settings_.batch);
        begun_ = std::max(begun_, arguments.batch);
        elapsed_ += static_cast<std::uint64_t>(arguments.steps);
        this->ran(space, arguments.steps, arguments.batch);
    }

    /// What a kernel is called in profilers.
    std::string label(char const* kernel) const { return detail::kernel_label(settings_, kernel); }
    /// Kokkos allocates scratch at its first use: an empty launch, so that no run allocates.
    void reserve_scratch() {
        using kernel =
            detail::forward_kernel<plain, T, detail::input_kind::values, trace_readout, Space>;
        detail::run_arguments<T> arguments{};
        auto const shape =
            detail::teams_for(kernel::demands, Space(), settings_.batch, arguments, scratch_);
        Kokkos::parallel_for(label("reserve"), shape,
                             detail::empty_kernel<typename kernel::member>{});
        detail::reserve_slices<Network, T>(settings_.steps, settings_.batch, slices_, scratch_);
    }

    /// Writes the states that the next run would begin with, of samples that have none yet.
    void initialize_states(T* states) const {
        detail::run_arguments<T> arguments = begin_run();
        arguments.states = states;
        Kokkos::parallel_for(label("initial_states"),
                             Kokkos::RangePolicy<Space, int>(Space(), begun_, settings_.batch),
                             detail::initial_state_kernel<plain, T>{arguments});
    }
    /// All samples have states from now on. False: they had them.
    bool begin_all() {
        bool const some_begin = begun_ < settings_.batch;
        if (some_begin) initialize_states(memory_.data());
        begun_ = settings_.batch;
        return some_begin;
    }
    detail::run_arguments<T> begin_run() const {
        detail::run_arguments<T> arguments{};
        arguments.parameters = this->parameter_data();
        arguments.states = memory_.data();
        arguments.records = this->record_table();
        arguments.batch = settings_.batch;
        arguments.first_sample = settings_.first_sample;
        arguments.sample_stride = settings_.sample_stride;
        arguments.step = static_cast<T>(settings_.dt.seconds);
        arguments.seed = settings_.seed;
        arguments.elapsed = elapsed_;
        arguments.begun = begun_;
        return arguments;
    }
    model_settings settings_;
    std::string forward_name_ = label("forward"), run_name_ = label("run"); // a run makes none
    detail::model_memory<T, Space> memory_;
    detail::cell_memory<T, Space> cell_;
    detail::slice_room<Space> slices_;
    detail::room_view<Space> scratch_, packed_input_; // made when they are needed
    int begun_ = 0;             // samples that have states; the others begin at rest
    std::uint64_t elapsed_ = 0; // steps so far: noise never repeats
};

/// The model of a constexpr network, as a member of a class say: `model_of<network> brain`.
template <auto const& Network, class T = float, class Space = Kokkos::DefaultExecutionSpace>
using model_of = model<std::remove_cvref_t<decltype(Network)>, T, Space>;

template <layer_word Network>
model(Network, model_settings) -> model<Network, float, Kokkos::DefaultExecutionSpace>;
template <layer_word Network>
model(Network) -> model<Network, float, Kokkos::DefaultExecutionSpace>;
template <layer_word Network, class T>
model(Network, model_settings, precision_word<T>)
    -> model<Network, T, Kokkos::DefaultExecutionSpace>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
