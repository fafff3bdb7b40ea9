// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// One step of one body, by one thread: the stages of a plan over rows in its own memory.

#include "cell_rows.hpp"
#include "initial_state.hpp"
#include "noise.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// By which noise is drawn: the number of the body, and the step since it began. A host-level run
/// counts samples from settings.first_sample, and steps as `elapsed_steps` does.
struct noise_index {
    std::uint32_t sample;
    std::uint64_t step;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// What all bodies share.
template <class T>
struct cell_constants {
    T const* parameters;
    T const* coefficients; // as layout::coefficients_at says
    T const* initial;      // states at rest, as a body's numbers lie
    std::uint64_t seed;    // of noise
};

/// Runs one step of one body. `Numbers` are its states, which move; rows hold what layers pass on.
template <class Schedule, class T, class Out>
struct cell_stepper {
    using V = lanes<T>;
    using layout = plan::layout<Schedule, T>;
    using own = plan::cell_layout<Schedule, T>;
    static constexpr int W = V::width;
    template <int Layer>
    using equations_of = typename Schedule::template word<Layer>::equations_of;
    template <class Points>
    struct neurons_of;
    template <class... Layer>
    struct neurons_of<plan::mp11::mp_list<Layer...>> {
        using type = tuple<equations::neurons<equations_of<Layer::value>, V>...>;
    };

    cell_constants<T> const& constants;
    T* numbers;
    noise_index index;
    cell_rows<Schedule, T>& rows;
    Out const& out; // out(first, live, flow, fired)

    template <class... Node>
    SPIKEFUSE_FUNCTION void run(plan::mp11::mp_list<Node...>) const {
        (run(Node{}), ...);
    }
    template <class... Nodes>
    SPIKEFUSE_FUNCTION void run(plan::loop<Nodes...>) const {
        (run(Nodes{}), ...);
    }
    template <int Width, class Feeds, class Points, int Target>
    SPIKEFUSE_FUNCTION void run(plan::stage<Width, Feeds, Points, Target>) const {
        using self = plan::stage<Width, Feeds, Points, Target>;
        using mixing = plan::mixing_feeds<Feeds>;
        if constexpr (plan::mp11::mp_empty<mixing>::value) {
            step_neurons<self>([&](int p) SPIKEFUSE_INLINE { return passed<self>(p); });
        } else {
            using feed = plan::mp11::mp_front<mixing>;
            using arriving = typename std::conditional_t<
                past_map<typename Schedule::template over<feed::layer>>,
                plan::mp11::mp_quote<cell_past>,
                plan::mp11::mp_quote<cell_events>>::template fn<Schedule, T, self, feed>;
            arriving const events(rows, constants.parameters);
            step_neurons<self>([&](int p) SPIKEFUSE_INLINE { return events.current(rows, p); });
        }
    }

  private:
    /// What a stage without weights reads. One source alone is read as it stands.
    template <class Stage>
    SPIKEFUSE_FUNCTION V passed(int p) const {
        using from = plan::first_source<plan::mp11::mp_front<typename Stage::feeds>>;
        if constexpr (layout::template is_plain_read<Stage>::value &&
                      !layout::template holds_bits<from>::value) {
            return V::load(row_of_source<from>(rows) + p * W);
        } else {
            return all_passed_on<Schedule, T, typename Stage::feeds>(rows, p * W);
        }
    }
    /// Calls function(p, fixed<Live>): registers of a stage, the last one with what remains.
    template <class Stage, class Function>
    static SPIKEFUSE_FUNCTION void each_register(Function const& function) {
        constexpr int whole = Stage::width / W, rest = Stage::width % W;
        if constexpr (whole <= 4) { // rows of few registers then are registers themselves
            for_each_index<static_cast<std::size_t>(whole)>(
                [&](auto p) SPIKEFUSE_INLINE { function(static_cast<int>(p), fixed<W>{}); });
        } else {
            for (int p = 0; p < whole; ++p) function(p, fixed<W>{});
        }
        if constexpr (rest != 0) function(whole, fixed<rest>{});
    }
    template <class Stage, class Currents>
    SPIKEFUSE_FUNCTION void step_neurons(Currents const& currents) const {
        if constexpr (layout::competes(typename Stage::points{})) {
            run_contest<Stage>(currents);
        } else {
            each_register<Stage>([&](int p, auto live) SPIKEFUSE_INLINE {
                step_register<Stage, decltype(live)::value>(p, currents(p), -1);
            });
        }
    }
    /// First every neuron's distance above its threshold, then the step of the winner and the
    /// others.
    template <class Stage, class Currents>
    SPIKEFUSE_FUNCTION void run_contest(Currents const& currents) const {
        using points = typename Stage::points;
        constexpr std::size_t last = plan::mp11::mp_size<points>::value - 1;
        constexpr int padded = plan::round_up(Stage::width, W);
        alignas(64) T arriving[padded];
        alignas(64) T reaches[padded];
        each_register<Stage>([&](int p, auto live) SPIKEFUSE_INLINE {
            typename neurons_of<points>::type neurons;
            load<points, decltype(live)::value>(p, neurons);
            V flow = currents(p);
            flow.store(arriving + p * W);
            for_each_index<last>([&](auto k) {
                arrive<points, k>(p, flow, get<k>(neurons));
                equations::advance(get<k>(neurons));
                flow = get<k>(neurons).output;
            });
            arrive<points, last>(p, flow, get<last>(neurons));
            equations::reach_threshold(get<last>(neurons)).store(reaches + p * W);
        });
        int winner = 0;
        for (int n = 1; n < Stage::width; ++n)
            if (reaches[n] > reaches[winner]) winner = n;
        each_register<Stage>([&](int p, auto live) SPIKEFUSE_INLINE {
            step_register<Stage, decltype(live)::value>(p, V::load(arriving + p * W), winner);
        });
    }
    template <class Stage, int Live>
    SPIKEFUSE_FUNCTION void step_register(int p, V current, [[maybe_unused]] int winner) const {
        using points = typename Stage::points;
        constexpr std::size_t depth = plan::mp11::mp_size<points>::value;
        typename neurons_of<points>::type neurons;
        load<points, Live>(p, neurons);
        V flow = current;
        for_each_index<depth>([&](auto k) {
            auto& these = get<k>(neurons);
            arrive<points, k>(p, flow, these);
            if constexpr (equations::equation_traits<
                              equations_of<plan::mp11::mp_at_c<points, k>::value>>::competes)
                these.highest = lane_is<T>(winner - p * W);
            equations::advance(these);
            flow = these.output;
        });
        store<points, Live>(p, neurons);
        if constexpr (Stage::target == plan::readout) {
            if constexpr (Schedule::emits_bits) {
                out(p, fixed<Live>{}, flow, get<depth - 1>(neurons).fired.bits());
            } else {
                out(p, fixed<Live>{}, flow, 0u);
            }
        } else {
            auto& row = get<static_cast<std::size_t>(Stage::target)>(rows).rows[0];
            if constexpr (std::remove_cvref_t<decltype(get<static_cast<std::size_t>(Stage::target)>(
                              rows))>::bits) {
                store_spikes<Live>(row, p, spikes_of<Stage>(neurons, flow));
            } else {
                flow.store(row + p * W);
            }
        }
    }
    /// The spikes of register p, into a row of words.
    template <int Live>
    static SPIKEFUSE_FUNCTION void store_spikes(std::uint32_t* row, int p, std::uint32_t fired) {
        if constexpr (Live < W) fired &= (1u << Live) - 1u;
        std::uint32_t& word = row[p * W / 32];
        word = (p * W % 32 == 0 ? 0u : word) | fired << (p * W % 32);
    }
    /// The states, coefficients and tables of register p.
    template <class Points, int Live, class Neurons>
    SPIKEFUSE_FUNCTION void load(int p, Neurons& neurons) const {
        for_each_index<plan::mp11::mp_size<Points>::value>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<Points, k>::value;
            constexpr int width = Schedule::template width_from<layer>,
                          padded = layout::padded(width);
            using about = equations::equation_traits<equations_of<layer>>;
            auto& these = get<k>(neurons);
            for_each_index<about::state_count>([&](auto j) {
                these.states[j] = V::template load_first<Live>(
                    numbers + layout::template kept_states_at<layer> + j * width + p * W);
            });
            T const* const coefficients =
                constants.coefficients + layout::template coefficients_at<layer>;
            for_each_index<about::coefficient_count>([&](auto j) {
                these.coefficients[j] = V::load(coefficients + j * padded + p * W);
            });
            T const* table = constants.parameters + layout::template parameter_offset<layer> +
                             about::param_count * padded; // tables stand behind the parameters
            for_each_index<about::table_count>([&](auto j) {
                these.tables[j] = table;
                table += layout::padded(plan::mp11::mp_at_c<typename about::tables, j>::count);
            });
        });
    }
    template <class Points, int Live, class Neurons>
    SPIKEFUSE_FUNCTION void store(int p, Neurons const& neurons) const {
        for_each_index<plan::mp11::mp_size<Points>::value>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<Points, k>::value;
            constexpr int width = Schedule::template width_from<layer>;
            for_each_index<equations::equation_traits<equations_of<layer>>::state_count>(
                [&](auto j) {
                    get<k>(neurons).states[j].template store_first<Live>(
                        numbers + layout::template kept_states_at<layer> + j * width + p * W);
                });
        });
    }
    /// The input of pointwise layer K: the value passed on, and noise.
    template <class Points, std::size_t K, class Neurons>
    SPIKEFUSE_FUNCTION void arrive([[maybe_unused]] int p, V flow, Neurons& these) const {
        these.current = flow;
        [[maybe_unused]] constexpr auto number =
            static_cast<std::uint32_t>(plan::mp11::mp_at_c<Points, K>::value);
        if constexpr (Neurons::about::noisy)
            these.noise = normal_noise<T>(constants.seed, index.step, number, index.sample, p * W);
        if constexpr (Neurons::about::draws)
            these.uniform =
                uniform_noise<T>(constants.seed, index.step, number, index.sample, p * W);
    }
};

/// The caller's input, as a row.
template <int Count, bool Bits, class In, class Number, std::size_t Length>
SPIKEFUSE_FUNCTION void take_input(In const& in, Number (&row)[Length]) {
    constexpr auto count = static_cast<std::size_t>(Bits ? (Count + 31) / 32 : Count);
    for (std::size_t k = 0; k < count; ++k) row[k] = in[k];
    if constexpr (Bits && Count % 32 != 0) row[count - 1] &= (1u << (Count % 32)) - 1u;
    for (std::size_t k = count; k < Length; ++k) row[k] = Number(0);
}
/// Register p of the output, for the caller.
template <bool Bits, int Live, class T, class Out>
SPIKEFUSE_FUNCTION void give_output(Out& out, int p, lanes<T> flow,
                                    [[maybe_unused]] std::uint32_t fired) {
    constexpr int W = lanes<T>::width;
    if constexpr (Bits) {
        if constexpr (Live < 32) fired &= (1u << Live) - 1u;
        auto const word = static_cast<std::size_t>(p * W / 32);
        std::uint32_t const before = p * W % 32 == 0 ? 0u : out[word];
        out[word] = before | fired << (p * W % 32);
    } else if constexpr (std::is_pointer_v<std::decay_t<Out>>) {
        flow.template store_first<Live>(&out[p * W]);
    } else {
        alignas(64) T numbers[W];
        flow.store(numbers);
        for (int k = 0; k < Live; ++k) out[static_cast<std::size_t>(p * W + k)] = numbers[k];
    }
}
/// Calls function(older, newer, kept) for all numbers and words that a body keeps: one of an older
/// row, the same of the row a step later, and where it is kept from call to call.
/// `kept_row(buffer, ago)`: the row of so many steps before.
template <class Schedule, class Rows, class KeptRow, class Function>
SPIKEFUSE_FUNCTION void each_kept(Rows& rows, KeptRow const& kept_row, Function const& function) {
    for_each_index<plan::mp11::mp_size<typename Schedule::buffers>::value>([&](auto b) {
        using buffer = typename Schedule::template buffer_at<static_cast<int>(b)>;
        auto& all = get<b>(rows).rows;
        if constexpr (buffer::kept > 0) {
            for (int ago = 1; ago <= buffer::kept; ++ago) {
                auto* const kept = kept_row(fixed<static_cast<int>(b)>{}, ago);
                for (int k = 0; k < buffer::length; ++k)
                    function(all[ago][k], all[ago - 1][k], kept[k]);
            }
        }
    });
}
/// One step of one body: its states are `numbers`, and rows that it keeps lie where `kept_row`
/// says. `write(p, live, flow, fired)` takes register p of the output.
template <class Schedule, class T, class KeptRow, class In, class Write>
SPIKEFUSE_FUNCTION void step_body(cell_constants<T> const& constants, T* numbers,
                                  KeptRow const& kept_row, In const& in, Write const& write,
                                  noise_index index) {
    using input = typename Schedule::template buffer_at<plan::network_input>;
    cell_rows<Schedule, T> rows;
    take_input<input::width, input::bits>(in, get<0>(rows).rows[0]);
    each_kept<Schedule>(rows, kept_row,
                        [](auto& older, auto const&, auto const& kept)
                            SPIKEFUSE_INLINE { older = kept; });
    cell_stepper<Schedule, T, Write> const stepper{constants, numbers, index, rows, write};
    stepper.run(typename Schedule::nodes{});
    each_kept<Schedule>(rows, kept_row,
                        [](auto const&, auto const& newer, auto& kept)
                            SPIKEFUSE_INLINE { kept = newer; });
}
/// One step of one body, whose memory is `numbers` and `words`.
template <class Schedule, class T, bool OutputBits, class In, class Out>
SPIKEFUSE_FUNCTION void step_cell(cell_constants<T> const& constants, T* numbers,
                                  std::uint32_t* words, In const& in, Out& out, noise_index index) {
    using own = plan::cell_layout<Schedule, T>;
    auto const kept_row = [&](auto b, int ago) SPIKEFUSE_INLINE {
        constexpr int buffer = decltype(b)::value;
        std::size_t const at = own::template row_at<buffer> +
                               static_cast<std::size_t>(ago - 1) * own::template row_length<buffer>;
        if constexpr (Schedule::template buffer_at<buffer>::bits) {
            return words + at;
        } else {
            return numbers + at;
        }
    };
    auto const write = [&](int p, auto live, lanes<T> flow, std::uint32_t fired) SPIKEFUSE_INLINE {
        give_output<OutputBits, decltype(live)::value>(out, p, flow, fired);
    };
    step_body<Schedule>(constants, numbers, kept_row, in, write, index);
}

/// Coefficients and states at rest of all neurons, once for all bodies: register k of those of the
/// whole network, layer by layer.
template <class Schedule, class T>
struct cell_prepare_kernel {
    using V = lanes<T>;
    using layout = plan::layout<Schedule, T>;
    using own = plan::cell_layout<Schedule, T>;
    template <int Layer>
    static constexpr std::size_t registers_of() {
        if constexpr (neuron_layer<typename Schedule::template word<Layer>>) {
            return static_cast<std::size_t>(
                plan::round_up(Schedule::template width_from<Layer>, V::width) / V::width);
        } else {
            return 0;
        }
    }
    static constexpr auto registers =
        plan::running_sums<Schedule::layer_count>([](auto l) { return registers_of<l>(); });
    static constexpr std::size_t count = registers.before[Schedule::layer_count];
    T const* parameters;
    T *coefficients, *initial;
    T step; // dt, in seconds

    SPIKEFUSE_FUNCTION void operator()(int k) const {
        for_each_index<static_cast<std::size_t>(Schedule::layer_count)>([&](auto l) {
            constexpr int layer = static_cast<int>(l);
            using word = typename Schedule::template word<layer>;
            if constexpr (neuron_layer<word>) {
                constexpr auto begin = static_cast<int>(registers.before[l]),
                               end = static_cast<int>(registers.before[l + 1]);
                if (k >= begin && k < end) prepare<layer>((k - begin) * V::width);
            }
        });
    }
    template <int Layer>
    SPIKEFUSE_FUNCTION void prepare(int n) const {
        using N = typename Schedule::template word<Layer>::equations_of;
        using about = equations::equation_traits<N>;
        constexpr int width = Schedule::template width_from<Layer>, padded = layout::padded(width);
        equations::neurons<N, V> these;
        set_initial_state<N, padded>(these, parameters + layout::template parameter_offset<Layer>,
                                     n, step);
        for_each_index<about::coefficient_count>([&](auto j) {
            these.coefficients[j].store(coefficients + layout::template coefficients_at<Layer> +
                                        j * padded + n);
        });
        for_each_index<about::state_count>([&](auto j) {
            T* const to = initial + layout::template kept_states_at<Layer> + j * width + n;
            for (int lane = 0; lane < V::width && n + lane < width; ++lane)
                to[lane] = these.states[j].lane(lane);
        });
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
