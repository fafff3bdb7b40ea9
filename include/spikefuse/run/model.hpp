#pragma once
/// `model`: a network with numbers. Holds parameters and state; every call is one kernel launch.

#include "../plan/describe.hpp"
#include "detail/arrays.hpp"
#include "forward.hpp"
#include "inputs.hpp"

#include <cmath>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace spikefuse {

struct settings {
    int steps = 1;          // T for an input that is held, and the most steps that are recorded
    int batch = 1;          // B: samples that run side by side
    duration dt = 1 * ms;   // one time step
    std::uint64_t seed = 0; // of the start values of weights
};

template <class T>
struct precision_word {};
/// `model{network, settings, precision<double>}`.
template <class T>
inline constexpr precision_word<T> precision{};

template <layer_word Network, class T = float, class Space = Kokkos::DefaultExecutionSpace>
class model {
    static_assert(std::is_same_v<T, float> || std::is_same_v<T, double>, "spikefuse: a model computes in float or double.");

    using plain = plan::schedule<Network, false>;
    using places = plan::layout<plain, T>;
    static constexpr int layer_count = plain::layer_count;

  public:
    using value_type = T;
    using space_type = Space;
    using trace_view = Kokkos::View<T***, Kokkos::LayoutRight, Space>;             // [T, B, N]
    using reduced_view = Kokkos::View<T**, Kokkos::LayoutRight, Space>;            // [B, N]
    using spike_view = Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, Space>; // [T, B, ceil(N/32)]
    static constexpr int inputs = plain::inputs, outputs = plain::outputs;

    /// Weights begin as their layers say (from `settings.seed`), neurons with the parameters written in the network.
    /// Throws value_error for a parameter or a setting outside its domain.
    explicit model(Network network, settings chosen = {})
        : settings_(chosen), words_(layers_of(network)), names_(detail::layer_names<plain>()) {
        check_settings();
        list_arrays();
        bag_ = Kokkos::View<T*, Space>("spikefuse::parameters", std::max<std::size_t>(places::bag_total, 1));
        states_ = Kokkos::View<T*, Space>("spikefuse::states",
                                          std::max<std::size_t>(places::memory_total * static_cast<std::size_t>(chosen.batch), 1));
        host_bag_ = Kokkos::create_mirror_view(bag_);
        start_parameters();
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
        constexpr detail::input_kind kind = detail::kind_of_input<Input, T>();
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

    /// Runs into a view of the caller's: one launch, no allocation, no fence.
    template <class Input, readout_word Readout, class Output>
    void run(Space const& space, Input const& input, Readout, Output const& output) {
        constexpr detail::input_kind kind = detail::kind_of_input<Input, T>();
        int const steps = detail::check_input(input, kind, inputs, settings_.batch, settings_.steps);
        check_output<Readout>(output, steps);
        if (recording() && steps > settings_.steps)
            throw shape_error("the input has " + std::to_string(steps) + " steps, recordings hold " + std::to_string(settings_.steps),
                              "recordings are made for settings.steps",
                              "Pass fewer steps at a time, or make the model with .steps = " + std::to_string(steps));
        detail::run_arguments<T> arguments{};
        arguments.bag = bag_.data();
        arguments.states = states_.data();
        arguments.input = input.data();
        arguments.input_step = Input::rank() == 3 ? input.stride(0) : 0;
        arguments.input_sample = input.stride(Input::rank() - 2);
        arguments.output = output.data();
        arguments.records = recording() ? record_table_.data() : nullptr;
        arguments.steps = steps;
        arguments.batch = settings_.batch;
        arguments.step = static_cast<T>(settings_.dt.seconds);
        arguments.fresh = fresh_;
        launch<kind, Readout>(space, arguments);
        fresh_ = false;
        last_steps_ = steps;
    }

    /// The next run starts from rest. Costs nothing: the kernel does it.
    void reset() { fresh_ = true; }

    // --- parameters ---------------------------------------------------------------------------------------------------------------

    /// Names of the layers in order: "linear 1", "lif 1", "linear 2" ...
    std::vector<std::string> const& layer_names() const { return names_; }

    struct parameter {
        std::string layer, name;
        std::vector<std::size_t> shape; // [rows] or [rows, columns]
    };
    /// Every array of every layer.
    std::vector<parameter> parameters() const {
        std::vector<parameter> result;
        for (array_place const& one : arrays_) {
            parameter p{one.layer, std::string(one.info.name), {static_cast<std::size_t>(one.info.rows)}};
            if (one.info.columns != 0) p.shape.push_back(static_cast<std::size_t>(one.info.columns));
            result.push_back(p);
        }
        return result;
    }

    /// Throws what `set` would throw, and changes nothing.
    template <class Number>
    detail::array_place const& check(std::string_view layer, std::string_view name, std::span<Number const> values) const {
        array_place const& one = find(layer, name);
        if (values.size() != one.size())
            throw shape_error("'" + std::string(name) + "' of '" + std::string(layer) + "' was given " + std::to_string(values.size()) +
                                  " numbers",
                              "this network wants " + one.shape_text(), "Pass " + std::to_string(one.size()) + " numbers, row by row");
        for (std::size_t k = 0; k < values.size(); ++k) one.check(static_cast<double>(values[k]), k);
        return one;
    }
    /// Sets an array, row-major: weight [outputs, inputs], or one number a neuron.
    /// Throws name_error, shape_error, or value_error (NaN, a time constant that is not positive); then nothing has changed.
    template <class Number>
    void set(std::string_view layer, std::string_view name, std::span<Number const> values) {
        array_place const& one = check(layer, name, values);
        std::size_t k = 0;
        one.for_each_place(places::panel, [&](std::size_t at) { host_bag_(at) = static_cast<T>(values[k++]); });
        one.settle(places::panel, host_bag_.data());
        Kokkos::deep_copy(bag_, host_bag_);
    }
    template <class Number>
    void set(std::string_view layer, std::string_view name, std::vector<Number> const& values) {
        set(layer, name, std::span<Number const>(values));
    }
    /// Sets every entry of an array to one number (seconds for a time constant).
    void set(std::string_view layer, std::string_view name, double value) {
        set(layer, name, std::vector<double>(find(layer, name).size(), value));
    }
    void set(std::string_view layer, std::string_view name, duration value) { set(layer, name, value.seconds); }

    /// An array, row-major.
    std::vector<T> get(std::string_view layer, std::string_view name) const {
        array_place const& one = find(layer, name);
        Kokkos::deep_copy(host_bag_, bag_);
        std::vector<T> values;
        values.reserve(one.size());
        one.for_each_place(places::panel, [&](std::size_t at) { values.push_back(host_bag_(at)); });
        return values;
    }

    /// How each layer is called in the exchange format, in order.
    static std::vector<exchange_rule> exchange_rules() {
        std::vector<exchange_rule> rules;
        plan::mp11::mp_for_each<plan::mp11::mp_transform<plan::mp11::mp_identity, typename plain::words>>(
            [&]<class Word>(plan::mp11::mp_identity<Word>) { rules.push_back(Word::exchange); });
        return rules;
    }

    // --- a look inside ------------------------------------------------------------------------------------------------------------

    /// Asks for the trace of a state ("v", "i", ...), of a layer's "spikes" (packed), or of its "output" (a layer that does not
    /// spike) in the runs to come. Throws name_error.
    void record(std::string_view layer, std::string_view what) {
        record_place const& one = find_record(layer, what);
        auto const steps = static_cast<std::size_t>(settings_.steps), batch = static_cast<std::size_t>(settings_.batch);
        if (!record_table_.is_allocated()) record_table_ = Kokkos::View<std::uintptr_t[1 + record_slots], Space>("spikefuse::records");
        void* data = nullptr;
        if (one.bits) {
            spike_records_[one.slot] =
                spike_view("spikefuse::recorded spikes", steps, batch, static_cast<std::size_t>(places::words(one.width)));
            data = spike_records_[one.slot].data();
        } else {
            state_records_[one.slot] = trace_view("spikefuse::recorded states", steps, batch, static_cast<std::size_t>(one.width));
            data = state_records_[one.slot].data();
        }
        auto const table = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), record_table_);
        table(one.slot) = reinterpret_cast<std::uintptr_t>(data);
        Kokkos::deep_copy(record_table_, table);
        recording_ = true;
    }
    /// The trace of a state in the last run: [T, B, N].
    trace_view recorded(std::string_view layer, std::string_view state) const {
        record_place const& one = find_record(layer, state);
        if (one.bits)
            throw name_error("'spikes' of '" + std::string(layer) + "' are bits", "recorded() gives states",
                             "Call recorded_spikes(\"" + std::string(layer) + "\")");
        return last_part(state_records_[one.slot], layer, state);
    }
    /// The spikes of a layer in the last run, packed: [T, B, ceil(N/32)].
    spike_view recorded_spikes(std::string_view layer) const {
        return last_part(spike_records_[find_record(layer, "spikes").slot], layer, "spikes");
    }

    settings const& setup() const { return settings_; }

  private:
    using array_place = detail::array_place;
    struct record_place {
        std::size_t layer = 0;
        std::string name;
        std::size_t slot = 0;
        int width = 0;
        bool bits = false;
    };

    void check_settings() const {
        if (settings_.steps < 1)
            throw value_error("settings.steps is " + std::to_string(settings_.steps), "a run has at least one step",
                              "Set .steps to 1 or more");
        if (settings_.batch < 1)
            throw value_error("settings.batch is " + std::to_string(settings_.batch), "a run has at least one sample",
                              "Set .batch to 1 or more");
        if (!(settings_.dt.seconds > 0) || !std::isfinite(settings_.dt.seconds))
            throw value_error("settings.dt is " + std::to_string(settings_.dt.seconds) + " s", "a time step is positive and finite",
                              "Set .dt, for example to 1 * ms");
    }

    static constexpr auto layer_indices = std::make_index_sequence<static_cast<std::size_t>(layer_count)>{};
    static constexpr std::size_t record_slots = static_cast<std::size_t>(
        detail::sample_kernel<plain, T, detail::input_kind::values, trace_readout, Space>::template record_slot<layer_count>());

    void list_arrays() {
        [&]<std::size_t... L>(std::index_sequence<L...>) { (list_arrays_of<L>(), ...); }(layer_indices);
    }
    template <std::size_t L>
    void list_arrays_of() {
        using word = typename plain::template word<static_cast<int>(L)>;
        std::size_t offset = places::template bag_at<static_cast<int>(L)>;
        for (array_info const& info : boost::hana::at_c<L>(words_).template arrays<plain::template width_into<static_cast<int>(L)>>()) {
            array_place one{names_[L], info, offset};
            offset += static_cast<std::size_t>(places::padded(info.rows)) * one.columns();
            arrays_.push_back(one);
        }
        if constexpr (requires { typename word::equations_of; }) {
            using about = equations::anatomy<typename word::equations_of>;
            constexpr int width = plain::template width_from<static_cast<int>(L)>;
            std::size_t slot = static_cast<std::size_t>(detail::sample_kernel<plain, T, detail::input_kind::values, trace_readout,
                                                                              Space>::template record_slot<static_cast<int>(L)>());
            [&]<class... State>(plan::mp11::mp_list<State...>) {
                (record_places_.push_back({L, std::string(State::name::text()), slot++, width, false}), ...);
            }(typename about::states{});
            record_places_.push_back({L, about::emits_bits ? "spikes" : "output", slot, width, about::emits_bits});
        }
    }

    void start_parameters() {
        std::mt19937_64 random(settings_.seed);
        for (array_place const& one : arrays_) {
            one.check(one.info.initial, 0);
            one.for_each_place(places::panel, [&](std::size_t at) {
                double const unit_interval = static_cast<double>(random() >> 11) * 0x1p-53;
                host_bag_(at) = static_cast<T>(one.info.initial + one.info.spread * (2 * unit_interval - 1));
            });
            one.settle(places::panel, host_bag_.data());
        }
        Kokkos::deep_copy(bag_, host_bag_);
    }
    array_place const& find(std::string_view layer, std::string_view name) const { return detail::find_array(arrays_, layer, name); }
    record_place const& find_record(std::string_view layer, std::string_view what) const {
        std::string known;
        for (record_place const& one : record_places_) {
            if (names_[one.layer] == layer && one.name == what) return one;
            known += (known.empty() ? "" : ", ") + ("'" + names_[one.layer] + "' " + one.name);
        }
        throw name_error("nothing to record is called '" + std::string(what) + "' of '" + std::string(layer) + "'",
                         "this network has: " + known, "Use one of these names");
    }
    bool recording() const { return recording_; }
    template <class View>
    View last_part(View const& whole, std::string_view layer, std::string_view what) const {
        if (whole.extent(0) == 0)
            throw name_error("'" + std::string(what) + "' of '" + std::string(layer) + "' was not recorded",
                             "record() was not called for it",
                             "Call record(\"" + std::string(layer) + "\", \"" + std::string(what) + "\") before the run");
        return Kokkos::subview(whole, std::pair<std::size_t, std::size_t>(0, static_cast<std::size_t>(last_steps_)), Kokkos::ALL,
                               Kokkos::ALL);
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
        Kokkos::parallel_for("spikefuse::forward", policy<kernel>(space, arguments.batch), kernel{arguments});
    }
    /// A team a sample; where samples are fewer than threads, a team is all threads.
    template <class Kernel>
    static auto policy(Space const& space, int league) {
        int const threads = space.concurrency();
        return typename Kernel::policy(space, league, league < threads ? threads : 1)
            .set_scratch_size(1, Kokkos::PerTeam(static_cast<int>(Kernel::places::scratch_total)));
    }
    /// Kokkos grows a team's scratch at its first use: here, so that no run does.
    void reserve_scratch() const {
        using kernel = detail::forward_kernel<plain, T, detail::input_kind::values, trace_readout, Space>;
        auto const shape = policy<kernel>(Space(), settings_.batch);
        Kokkos::parallel_for("spikefuse::reserve", shape, KOKKOS_LAMBDA(typename kernel::member const&){});
    }

    settings settings_;
    decltype(layers_of(std::declval<Network>())) words_;
    std::vector<std::string> names_;
    std::vector<array_place> arrays_;
    std::vector<record_place> record_places_;
    Kokkos::View<T*, Space> bag_;
    typename Kokkos::View<T*, Space>::host_mirror_type host_bag_;
    Kokkos::View<T*, Space> states_; // [B, memory_total]
    bool fresh_ = true;
    bool recording_ = false;
    int last_steps_ = 0;
    Kokkos::View<std::uintptr_t[1 + record_slots], Space> record_table_;
    std::array<trace_view, 1 + record_slots> state_records_;
    std::array<spike_view, 1 + record_slots> spike_records_;
};

/// The plan of a model, in its own precision.
template <layer_word Network, class T, class Space>
std::string describe(model<Network, T, Space> const& of) {
    auto const& setup = of.setup();
    return detail::description<plan::schedule<Network, false>, T>{}.write() + "state of " + std::to_string(setup.batch) + " samples: " +
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
