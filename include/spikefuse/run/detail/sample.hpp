#pragma once
/// One sample in the kernel: where its rows lie, and its neurons in registers.

#include "../../layers/detail/mix.hpp"
#include "../../plan/layout.hpp"
#include "../readout.hpp"
#include "gather.hpp"
#include "noise.hpp"
#include "rest.hpp"

#include <Kokkos_Core.hpp>

namespace spikefuse::detail {

/// One sample's place in a kernel, whichever its purpose.
template <class Member>
struct sample_context {
    Member const& team;
    unsigned char* scratch;
    int sample;
    int place;      // on the tape
    int first_step; // of this block
    int rows;       // steps in this block

    template <class U>
    SPIKEFUSE_FUNCTION U* at(std::size_t offset) const {
        return reinterpret_cast<U*>(scratch + offset);
    }
};

template <class Schedule, class T, input_kind Kind, class Readout, class Space, purpose Purpose = purpose::run>
struct sample_kernel {
    using V = lanes<T>;
    using places = plan::layout<Schedule, T, Purpose != purpose::run>;
    using policy = Kokkos::TeamPolicy<Space, Kokkos::Schedule<Kokkos::Dynamic>>;
    using member = typename policy::member_type;
    static constexpr int W = V::width, P = panel_width<T>;
    template <int Layer>
    using equations_of = typename Schedule::template word<Layer>::equations_of;

    run_arguments<T> run;

    using context = sample_context<member>;

    // --- buffers --------------------------------------------------------------------------------------------------------------

    /// Row `r` of this block.
    template <int Buffer>
    SPIKEFUSE_FUNCTION auto const* row_of(context const& here, int r) const {
        using element = std::conditional_t<Schedule::template buffer_at<Buffer>::bits, std::uint32_t, T>;
        if constexpr (Buffer == plan::network_input) {
            std::size_t const step = Kind == input_kind::held ? 0 : static_cast<std::size_t>(here.first_step + r);
            return static_cast<element const*>(run.input) + step * run.input_step +
                   static_cast<std::size_t>(here.sample) * run.input_sample;
        } else {
            using self = typename Schedule::template buffer_at<Buffer>;
            auto const* const first = here.template at<unsigned char>(places::template buffer_offset<Buffer>);
            return reinterpret_cast<element const*>(
                first +
                static_cast<std::ptrdiff_t>(r) * static_cast<std::ptrdiff_t>(places::template row_bytes<self>)); // -1: before the block
        }
    }
    /// Asks for a row of the network's input before it is needed: the next step's is far away.
    template <int Buffer>
    SPIKEFUSE_FUNCTION void ask_for_row([[maybe_unused]] context const& here, [[maybe_unused]] int r) const {
#if SPIKEFUSE_HOST_LANES
        if constexpr (Buffer == plan::network_input && Kind != input_kind::held) {
            using element = std::remove_cvref_t<decltype(*row_of<Buffer>(here, 0))>;
            constexpr int numbers = Schedule::template buffer_at<Buffer>::bits ? places::words(Schedule::inputs) : Schedule::inputs;
            if (here.first_step + r >= run.steps) return;
            auto const* const row = row_of<Buffer>(here, r);
            for (int k = 0; k < numbers; k += static_cast<int>(64 / sizeof(element))) __builtin_prefetch(row + k);
        }
#endif
    }
    /// Numbers between two rows of values.
    template <int Buffer>
    SPIKEFUSE_FUNCTION std::size_t stride_of() const {
        if constexpr (Buffer == plan::network_input) {
            return Kind == input_kind::held ? 0 : run.input_step;
        } else {
            return places::template row_bytes<typename Schedule::template buffer_at<Buffer>> / sizeof(T);
        }
    }

    // --- neurons: pointwise layers in registers over a run of steps ---------------------------------------------------------

    /// A run whose history nobody needs.
    struct forgets {
        static constexpr bool remembers = false, recalls = false, gives = true; // gives: fills the row of its target
    };
    /// Panels from p on of a stage leave their history, and the readout's rows, in the team's scratch.
    template <class Stage>
    struct keeps_in_scratch {
        static constexpr bool remembers = true, recalls = false, gives = true;
        static constexpr int apart = P; // from one number of a neuron's history to the next
        sample_kernel const& kernel;
        context const& here;
        int p;

        template <std::size_t Point>
        SPIKEFUSE_FUNCTION T* history(int q) const {
            constexpr int layer = plan::mp11::mp_at_c<typename Stage::points, Point>::value;
            return column_of_panel(here.template at<T>(places::template history_at<layer>), p + q,
                                   static_cast<std::size_t>(places::block_steps) * (places::template state_arrays<layer>() + 1));
        }
        SPIKEFUSE_FUNCTION T* output(int q, int r) const { return kernel.readout_row(here, r) + (p + q) * W; }
    };

    template <class Points, bool Recalls = false>
    struct cells_of;
    template <class... Layer, bool Recalls>
    struct cells_of<plan::mp11::mp_list<Layer...>, Recalls> {
        template <class N>
        static constexpr bool recalls = Recalls && equations::anatomy<N>::costly_count != 0;
        using type = tuple<equations::neurons<equations_of<Layer::value>, T, recalls<equations_of<Layer::value>>>...>;
    };

    /// Panel p of the neurons of a stage: states, coefficients, tables.
    template <class Stage, bool Recalls = false>
    SPIKEFUSE_FUNCTION auto load_cells(context const& here, int p) const {
        using points = typename Stage::points;
        typename cells_of<points, Recalls>::type cells;
        T const* const all_states = here.template at<T>(places::states_offset);
        T const* const all_coefficients = here.template at<T>(places::coefficients_offset);
        for_each_index<plan::mp11::mp_size<points>::value>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
            using about = equations::anatomy<equations_of<layer>>;
            constexpr int width = places::padded(Stage::width);
            auto& cell = get<k>(cells);
            for_each_index<about::state_count>(
                [&](auto j) { cell.states[j] = V::load(all_states + places::template states_at<layer> + j * width + p * W); });
            for_each_index<about::coefficient_count>([&](auto j) {
                cell.coefficients[j] = V::load(all_coefficients + places::template coefficients_at<layer> + j * width + p * W);
            });
            T const* table = run.bag + places::template bag_at<layer> + about::param_count * width; // tables stand behind the parameters
            for_each_index<about::table_count>([&](auto j) {
                cell.tables[j] = table;
                table += places::padded(plan::mp11::mp_at_c<typename about::tables, j>::count);
            });
        });
        return cells;
    }
    template <class Cell>
    static SPIKEFUSE_FUNCTION void take_cell(Cell const& from, Cell& to) {
        using about = typename Cell::about;
        for_each_index<about::state_count>([&](auto j) { to.states[j] = from.states[j]; });
        for_each_index<about::coefficient_count>([&](auto j) { to.coefficients[j] = from.coefficients[j]; });
        for_each_index<about::table_count>([&](auto j) { to.tables[j] = from.tables[j]; });
    }
    /// What arrives at point k of a stage in step r: the flow, and noise.
    template <class Points, std::size_t K, class Cells>
    SPIKEFUSE_FUNCTION void arrive(context const& here, int p, int r, V flow, Cells& cells) const {
        constexpr int layer = plan::mp11::mp_at_c<Points, K>::value;
        auto& cell = get<K>(cells);
        cell.current = flow;
        using about = equations::anatomy<equations_of<layer>>;
        if constexpr (about::noisy || about::draws) {
            std::uint64_t const step = run.elapsed + static_cast<std::uint64_t>(here.first_step + r);
            auto const sample = static_cast<std::uint32_t>(here.sample);
            if constexpr (about::noisy) cell.noise = normal_noise<T>(run.seed, step, static_cast<std::uint32_t>(layer), sample, p * W);
            if constexpr (about::draws) cell.uniform = uniform_noise<T>(run.seed, step, static_cast<std::uint32_t>(layer), sample, p * W);
        }
    }

    /// Runs `Count` panels from p on over `rows` steps, side by side, so that none waits for its own last step. `currents` reads what
    /// arrives, step by step. `winner`: of a layer of which only one may fire, the one. `keep`: where a run that is to be undone leaves its
    /// history.
    template <class Stage, int Count = 1, class Currents, class Keep = forgets>
    SPIKEFUSE_FUNCTION void run_points(context const& here, int p, int first, int rows, Currents const& currents,
                                       [[maybe_unused]] int winner = 0, Keep const& keep = {}) const {
        using points = typename Stage::points;
        constexpr std::size_t depth = plan::mp11::mp_size<points>::value;
        typename cells_of<points>::type cells[Count];
        for (int q = 0; q < Count; ++q) cells[q] = load_cells<Stage>(here, p + q);
        constexpr bool reduces = Stage::target == plan::readout && !Readout::every_step && Purpose != purpose::gradients;
        constexpr bool picks = reduces && Purpose == purpose::tape && picking_readout<Readout>;
        readout_panel reduced[Count];
        T* const result = here.template at<T>(places::readout_offset) + p * W;
        for (int q = 0; q < Count; ++q) {
            if constexpr (reduces) reduced[q].value = V::load(result + q * W);
            if constexpr (picks) reduced[q].when = V::load(when_row(here) + (p + q) * W);
        }

        for (int r = 0; r < rows; ++r) {
            V arriving[Count];
            currents.read(r, arriving);
            for (int q = 0; q < Count; ++q) {
                typename cells_of<points>::type now; // in registers; piece by piece, since a copy of the whole would be one in memory
                for_each_index<depth>([&](auto k) { take_cell(get<k>(cells[q]), get<k>(now)); });
                V flow = arriving[q];
                for_each_index<depth>([&](auto k) {
                    constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
                    auto& cell = get<k>(now);
                    arrive<points, k>(here, p + q, first + r, flow, now);
                    if constexpr (Keep::remembers) remember<Keep>(keep.template history<k>(q), first + r, cell);
                    if constexpr (equations::anatomy<equations_of<layer>>::competes) cell.highest = lane_is<T>(winner - (p + q) * W);
                    equations::advance(cell);
                    if constexpr (Keep::recalls) remember_costly<Keep>(keep.template history<k>(q), first + r, cell);
                    flow = cell.output;
                });
                if constexpr (Purpose == purpose::tape) {
                    if (run.penalties != nullptr) count_spikes<points>(here, p + q, first + r, now);
                }
                if constexpr (Keep::remembers && Stage::target == plan::readout) {
                    flow.store(keep.output(q, first + r));
                } else if constexpr (Keep::gives) {
                    give_out<Stage>(here, p + q, first + r, now, flow, reduced[q]);
                }
                if constexpr (Purpose != purpose::gradients) {
                    if (run.records != nullptr) {
                        auto const seen = now; // a copy, so that the cells themselves stay in registers
                        record<points>(here, p + q, first + r, seen);
                    }
                }
                for_each_index<depth>([&](auto k) {
                    for_each_index<equations::anatomy<equations_of<plan::mp11::mp_at_c<points, k>::value>>::state_count>(
                        [&](auto j) { get<k>(cells[q]).states[j] = get<k>(now).states[j]; });
                });
            }
        }

        for (int q = 0; q < Count; ++q) {
            if constexpr (reduces) reduced[q].value.store(result + q * W);
            if constexpr (picks) reduced[q].when.store(when_row(here) + (p + q) * W);
        }
        T* const all_states = here.template at<T>(places::states_offset);
        for (int q = 0; q < Count; ++q)
            for_each_index<depth>([&](auto k) {
                constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
                constexpr int width = places::padded(Stage::width);
                for_each_index<equations::anatomy<equations_of<layer>>::state_count>([&](auto j) {
                    get<k>(cells[q]).states[j].store(all_states + places::template states_at<layer> + j * width + (p + q) * W);
                });
            });
    }
    struct readout_panel {
        V value, when;
    };
    /// In which step a sample's readout took its value, in whole registers.
    SPIKEFUSE_FUNCTION T* when_row(context const& here) const {
        return run.when + static_cast<std::size_t>(here.sample) * static_cast<std::size_t>(places::padded(Schedule::outputs));
    }
    /// What panel p of a stage gives in step r: to the next stage, to the caller, or into the readout.
    template <class Stage, class Cells>
    SPIKEFUSE_FUNCTION void give_out(context const& here, int p, int r, Cells const& cells, V flow, readout_panel& reduced) const {
        if constexpr (Stage::target != plan::readout) {
            using to = typename Schedule::template buffer_at<Stage::target>;
            auto* const row = here.template at<unsigned char>(places::template buffer_offset<Stage::target> +
                                                              static_cast<std::size_t>(r) * places::template row_bytes<to>);
            if constexpr (to::bits) {
                store_bits(row, p, get<plan::mp11::mp_size<typename Stage::points>::value - 1>(cells).fired.bits(), Stage::width);
            } else {
                flow.store(reinterpret_cast<T*>(row) + p * W);
            }
        } else if constexpr (Purpose == purpose::gradients) {
            // the backward pass keeps outputs by itself
        } else if constexpr (Readout::every_step) {
            store_trace(run.output, here, p, r, Stage::width, flow);
        } else {
            int const step = here.first_step + r;
            if constexpr (Purpose == purpose::tape && picking_readout<Readout>)
                reduced.when = select(Readout::takes(reduced.value, flow, step), V(static_cast<T>(step)), reduced.when);
            reduced.value = Readout::combine(reduced.value, flow, step);
        }
    }

    /// Spikes of panel p into a row of words; neurons beyond the width stay silent.
    static SPIKEFUSE_FUNCTION void store_bits(unsigned char* row, int p, std::uint32_t fired, int width) {
        if (width - p * W < W) fired &= (1u << (width - p * W)) - 1u;
        if constexpr (W == 16) {
            auto const half = static_cast<std::uint16_t>(fired);
            std::memcpy(row + 2 * p, &half, 2);
        } else if constexpr (W == 8) {
            row[p] = static_cast<unsigned char>(fired);
        } else {
            auto* const word = reinterpret_cast<std::uint32_t*>(row) + p / 32;
            if (store_together(word, p % 32, fired != 0, width - p / 32 * 32)) return;
            if (fired != 0) {
                Kokkos::atomic_or(word, 1u << (p % 32));
            } else {
                Kokkos::atomic_and(word, ~(1u << (p % 32)));
            }
        }
    }
    /// A register of a [T, B, N] array, of `width` numbers a row; where the array is larger than near caches are, past them: its lines, far
    /// from each other, would push each other out, and be read before they are written.
    SPIKEFUSE_FUNCTION void store_line(T* to, V value, int width) const {
        std::size_t const bytes =
            static_cast<std::size_t>(run.steps) * static_cast<std::size_t>(run.batch) * static_cast<std::size_t>(width) * sizeof(T);
        if (bytes > places::near_caches && reinterpret_cast<std::uintptr_t>(to) % sizeof(V) == 0) {
            value.stream(to);
        } else {
            value.store(to);
        }
    }
    /// A row of a [T, B, N] trace.
    SPIKEFUSE_FUNCTION void store_trace(T* base, context const& here, int p, int r, int width, V value) const {
        T* const to =
            base +
            (static_cast<std::size_t>(here.first_step + r) * static_cast<std::size_t>(run.batch) + static_cast<std::size_t>(here.sample)) *
                static_cast<std::size_t>(width) +
            p * W;
        if (width - p * W >= W) {
            store_line(to, value, width);
        } else {
            for (int k = 0; k < width - p * W; ++k) to[k] = value.lane(k);
        }
    }

    /// Adds a step's outputs to the counts of layers whose activity is penalized: [B, N].
    template <class Points, class Cells>
    SPIKEFUSE_FUNCTION void count_spikes(context const& here, int p, int r, Cells const& cells) const {
        for_each_index<plan::mp11::mp_size<Points>::value>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<Points, k>::value;
            T* const sums = penalized_counts<layer>(here);
            if (sums == nullptr) return;
            constexpr int width = Schedule::template width_from<layer>;
            for (int lane = 0; lane < W && p * W + lane < width; ++lane) {
                T& sum = sums[p * W + lane];
                sum = (here.first_step + r == 0 ? T(0) : sum) + get<k>(cells).output.lane(lane);
            }
        });
    }
    template <int Layer>
    static constexpr int output_slot = places::template record_slot<Layer>() + equations::anatomy<equations_of<Layer>>::state_count;
    template <int Layer>
    SPIKEFUSE_FUNCTION T* penalized_counts(context const& here) const {
        if (run.penalties == nullptr || run.penalties[output_slot<Layer>].counts == nullptr) return nullptr;
        return run.penalties[output_slot<Layer>].counts + static_cast<std::size_t>(here.sample) * Schedule::template width_from<Layer>;
    }
    /// The output of step r of this block, and later its gradient.
    SPIKEFUSE_FUNCTION T* readout_row(context const& here, int r) const {
        return here.template at<T>(places::readout_gradients_offset) + static_cast<std::size_t>(r) * places::padded(Schedule::outputs);
    }
    /// A step of a point's history, [K][states in order, what arrived, costly values if recalled], numbers `Keep::apart` from each other.
    template <class Keep, class Cell>
    static SPIKEFUSE_FUNCTION T* history_at(T* history, int r) {
        constexpr int numbers = Cell::about::state_count + 1 + (Keep::recalls ? Cell::about::costly_count : 0);
        return history + static_cast<std::size_t>(r) * numbers * Keep::apart;
    }
    template <class Keep, class Cell>
    static SPIKEFUSE_FUNCTION void remember(T* history, int r, Cell const& cell) {
        T* const to = history_at<Keep, Cell>(history, r);
        for_each_index<Cell::about::state_count>([&](auto j) { cell.states[j].store(to + j * Keep::apart); });
        cell.current.store(to + Cell::about::state_count * Keep::apart);
    }
    template <class Keep, class Cell>
    static SPIKEFUSE_FUNCTION void remember_costly(T* history, int r, Cell const& cell) {
        T* const to = history_at<Keep, Cell>(history, r) + (Cell::about::state_count + 1) * Keep::apart;
        for_each_index<Cell::about::costly_count>([&](auto j) { cell.kept[j].store(to + j * Keep::apart); });
    }

    /// Writes what the caller asked to see. Slots of a layer: its states in order, then its output (bits where it fires).
    template <class Points, class Cells>
    KOKKOS_FUNCTION void record(context const& here, int p, int r, Cells const& cells) const {
        for_each_index<plan::mp11::mp_size<Points>::value>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<Points, k>::value;
            using about = equations::anatomy<equations_of<layer>>;
            constexpr int width = Schedule::template width_from<layer>;
            constexpr int slot = places::template record_slot<layer>();
            for_each_index<about::state_count>([&](auto j) {
                if (run.records[slot + j] != 0)
                    store_trace(reinterpret_cast<T*>(run.records[slot + j]), here, p, r, width, get<k>(cells).states[j]);
            });
            std::uintptr_t const outputs = run.records[slot + about::state_count];
            if (outputs == 0) return;
            if constexpr (about::emits_bits) {
                auto* const row = reinterpret_cast<unsigned char*>(outputs) +
                                  (static_cast<std::size_t>(here.first_step + r) * static_cast<std::size_t>(run.batch) +
                                   static_cast<std::size_t>(here.sample)) *
                                      static_cast<std::size_t>(places::words(width)) * 4;
                store_bits(row, p, get<k>(cells).fired.bits(), width);
            } else {
                store_trace(reinterpret_cast<T*>(outputs), here, p, r, width, get<k>(cells).output);
            }
        });
    }
};

} // namespace spikefuse::detail
