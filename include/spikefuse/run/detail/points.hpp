// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Neuron updates in registers: the pointwise layers of a stage over a range of steps.

#include "noise.hpp"
#include "sample.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space,
          purpose Purpose = purpose::run>
struct points_kernel : sample_kernel<Schedule, T, Kind, Readout, Space, Purpose> {
    using base = sample_kernel<Schedule, T, Kind, Readout, Space, Purpose>;
    using base::run;
    using typename base::context, typename base::layout, typename base::V,
        typename base::readout_panel;
    static constexpr int W = V::width, P = base::P;
    template <int Layer>
    using equations_of = typename base::template equations_of<Layer>;

    /// No history is stored.
    struct no_history {
        static constexpr bool stores = false, reuses_cache = false,
                              gives = true; // gives: fills the row of its target
    };
    /// The history of the panels from p on, and the rows of the readout, go to the team's scratch.
    template <class Stage>
    struct scratch_history {
        static constexpr bool stores = true, reuses_cache = false, gives = true;
        static constexpr int apart = P; // from one number of a neuron's history to the next
        points_kernel const& kernel;
        context const& here;
        int p;

        template <std::size_t Point>
        SPIKEFUSE_FUNCTION T* history(int q) const {
            constexpr int layer = plan::mp11::mp_at_c<typename Stage::points, Point>::value;
            return column_of_panel(here.template at<T>(layout::template history_at<layer>), p + q,
                                   static_cast<std::size_t>(layout::block_steps) *
                                       (layout::template state_arrays<layer>() + 1));
        }
        SPIKEFUSE_FUNCTION T* output(int q, int r) const {
            return kernel.readout_row(here, r) + (p + q) * W;
        }
    };

    /// Panels whose operations are interleaved: the scheduler of a processor holds the dependency
    /// chains of two neurons in sequence, not of four.
    template <int Count>
    using registers_of = lanes<T, simd_is_composite<T> || (Count & (Count - 1)) != 0 ? 1 : Count>;

    template <class Points, class R = V, bool UsesCache = false>
    struct cells_of;
    template <class... Layer, class R, bool UsesCache>
    struct cells_of<plan::mp11::mp_list<Layer...>, R, UsesCache> {
        template <class N>
        static constexpr bool reuses_cache =
            UsesCache && equations::equation_traits<N>::cached_count != 0;
        using type = tuple<equations::neurons<equations_of<Layer::value>, R,
                                              reuses_cache<equations_of<Layer::value>>>...>;
    };

    /// Loads the states, coefficients and tables of the neurons from panel p on, as many as R has
    /// lanes. Filled in place: a returned object would be copied as a whole, uninitialized members
    /// included.
    template <class Stage, class R = V, class Cells>
    SPIKEFUSE_FUNCTION void load_cells(context const& here, int p, Cells& cells) const {
        using points = typename Stage::points;
        T const* const all_states =
            here.template at<T>(layout::template offset_of<plan::region::states>);
        T const* const all_coefficients =
            here.template at<T>(layout::template offset_of<plan::region::coefficients>);
        for_each_index<plan::mp11::mp_size<points>::value>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
            using about = equations::equation_traits<equations_of<layer>>;
            constexpr int width = layout::padded(Stage::width);
            auto& cell = get<k>(cells);
            for_each_index<about::state_count>([&](auto j) {
                cell.states[j] =
                    R::load(all_states + layout::template states_at<layer> + j * width + p * W);
            });
            for_each_index<about::coefficient_count>([&](auto j) {
                cell.coefficients[j] = R::load(
                    all_coefficients + layout::template coefficients_at<layer> + j * width + p * W);
            });
            T const* table = run.parameters + layout::template parameter_offset<layer> +
                             about::param_count * width; // tables stand behind the parameters
            for_each_index<about::table_count>([&](auto j) {
                cell.tables[j] = table;
                table += layout::padded(plan::mp11::mp_at_c<typename about::tables, j>::count);
            });
        });
    }
    template <class Cell>
    static SPIKEFUSE_FUNCTION void take_cell(Cell const& from, Cell& to) {
        using about = typename Cell::about;
        for_each_index<about::state_count>([&](auto j) { to.states[j] = from.states[j]; });
        for_each_index<about::coefficient_count>(
            [&](auto j) { to.coefficients[j] = from.coefficients[j]; });
        for_each_index<about::table_count>([&](auto j) { to.tables[j] = from.tables[j]; });
    }
    /// The input of pointwise layer k of a stage in step r: the value passed on, and noise.
    template <class Points, std::size_t K, class R, class Cells>
    SPIKEFUSE_FUNCTION void arrive(context const& here, int p, int r, R flow, Cells& cells) const {
        constexpr int layer = plan::mp11::mp_at_c<Points, K>::value;
        auto& cell = get<K>(cells);
        cell.current = flow;
        using about = equations::equation_traits<equations_of<layer>>;
        if constexpr (about::noisy || about::draws) {
            std::uint64_t const step =
                run.elapsed + static_cast<std::uint64_t>(here.first_step + r);
            std::uint32_t const sample = run.first_sample + static_cast<std::uint32_t>(here.sample);
            constexpr auto number = static_cast<std::uint32_t>(layer);
            if constexpr (about::noisy)
                cell.noise = R::join([&](auto q) {
                    return normal_noise<T>(run.seed, step, number, sample, (p + q) * W);
                });
            if constexpr (about::draws)
                cell.uniform = R::join([&](auto q) {
                    return uniform_noise<T>(run.seed, step, number, sample, (p + q) * W);
                });
        }
    }

    /// Runs `Count` panels from p on over `rows` steps, interleaved, so that no panel waits for the
    /// result of its own last step. `currents` reads the input, step by step. `winner`: the neuron
    /// that may fire, in a layer with competition. `keep`: where the history of a run that will be
    /// differentiated goes.
    template <class Stage, int Count = 1, class Currents, class Keep = no_history>
    SPIKEFUSE_FUNCTION void run_points(context const& here, int p, int first, int rows,
                                       Currents const& currents, int winner = 0,
                                       Keep const& keep = {}) const {
        for (int begin = 0, end = rows; begin < rows; begin = end) {
            if constexpr (Purpose == purpose::tape) { // a block that will be undone begins with
                                                      // what the tape has
                int const now = here.first_step + first + begin,
                          left = this->next_entry(now + 1) - now;
                if (now == this->next_entry(now))
                    copy_states<Stage>(
                        here.template at<T>(layout::template offset_of<plan::region::states>),
                        this->tape_entry(here, now), p, Count);
                end = left < rows - begin ? begin + left : rows;
            }
            run_step_range<Stage, Count, Currents, Keep>(*this, here, p, first, begin, end,
                                                         currents, winner, keep);
        }
    }
    /// Passed by value in long loops: otherwise the compiler must assume that stores alias these
    /// objects and reload them in every step. On a device arrays would be copied to the stack, so
    /// it is a reference there.
    template <class Stage, class Given>
    using for_many = std::conditional_t<layout::template replays<Stage>::value && (W > 1),
                                        Given const, Given const&>;
    template <class Stage, int Count, class Currents, class Keep>
    SPIKEFUSE_FLATTEN static void
    run_step_range(for_many<Stage, points_kernel> self, for_many<Stage, context> here, int p,
                   int first, int begin, int end, for_many<Stage, Currents> currents,
                   [[maybe_unused]] int winner, for_many<Stage, Keep> keep) {
        using points = typename Stage::points;
        constexpr std::size_t depth = plan::mp11::mp_size<points>::value;
        using R = registers_of<Count>;
        using cells_type = typename cells_of<points, R>::type;
        constexpr int wide = R::count;
        cells_type cells[Count / wide];
        for (int g = 0; g < Count; g += wide)
            self.template load_cells<Stage, R>(here, p + g, cells[g / wide]);
        constexpr bool reduces =
            Stage::target == plan::readout && !Readout::every_step && Purpose != purpose::gradients;
        constexpr bool picks = reduces && Purpose == purpose::tape && picking_readout<Readout>;
        readout_panel reduced[Count];
        T* const result =
            here.template at<T>(layout::template offset_of<plan::region::readout>) + p * W;
        for (int q = 0; q < Count; ++q) {
            if constexpr (reduces) reduced[q].value = V::load(result + q * W);
            if constexpr (picks) reduced[q].when = V::load(self.when_row(here) + (p + q) * W);
        }

        V arriving[Count];
        auto const step = [&](int r, int g, cells_type& now) {
            R flow = R::join([&](auto q) { return arriving[g + q]; });
            for_each_index<depth>([&](auto k) {
                constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
                auto& cell = get<k>(now);
                self.template arrive<points, k>(here, p + g, first + r, flow, now);
                if constexpr (Keep::stores)
                    for_each_index<wide>([&](auto q) {
                        store_history<Keep, q>(keep.template history<k>(g + static_cast<int>(q)),
                                               first + r, cell);
                    });
                if constexpr (equations::equation_traits<equations_of<layer>>::competes)
                    cell.highest = lane_is<T>(winner - (p + g) * W);
                equations::advance(cell);
                if constexpr (Keep::reuses_cache)
                    for_each_index<wide>([&](auto q) {
                        remember_cached<Keep, q>(keep.template history<k>(g + static_cast<int>(q)),
                                                 first + r, cell);
                    });
                flow = cell.output;
            });
            for_each_index<wide>([&](auto q) {
                int const own = g + static_cast<int>(q);
                [[maybe_unused]] int const panel = p + own;
                V const out = flow.template part<q>();
                if constexpr (Purpose == purpose::tape) {
                    if (self.run.penalties != nullptr)
                        self.template count_spikes<points>(here, panel, first + r,
                                                           seen_of<points, q>(now));
                }
                if constexpr (Keep::stores && Stage::target == plan::readout) {
                    out.store(keep.output(own, first + r));
                } else if constexpr (Keep::gives) {
                    self.template give_out<Stage>(here, panel, first + r, seen_of<points, q>(now),
                                                  out, reduced[own]);
                }
                if constexpr (Purpose != purpose::gradients) {
                    if (self.run.records != nullptr)
                        self.template record<points>(here, panel, first + r,
                                                     seen_of<points, q>(now));
                }
            });
        };
        for (int r = begin; r < end; ++r) {
            currents.read(r, arriving);
            if constexpr (Count == wide) {
                step(r, 0, cells[0]);
            } else {
                for (int g = 0; g < Count; g += wide) {
                    auto& own = cells[g / wide];
                    cells_type now; // in registers; piece by piece, since a copy of the whole would
                                    // be one in memory
                    for_each_index<depth>([&](auto k) { take_cell(get<k>(own), get<k>(now)); });
                    step(r, g, now);
                    for_each_index<depth>([&](auto k) {
                        for_each_index<equations::equation_traits<
                            equations_of<plan::mp11::mp_at_c<points, k>::value>>::state_count>(
                            [&](auto j) { get<k>(own).states[j] = get<k>(now).states[j]; });
                    });
                }
            }
        }
        for (int q = 0; q < Count; ++q) {
            if constexpr (reduces) reduced[q].value.store(result + q * W);
            if constexpr (picks) reduced[q].when.store(self.when_row(here) + (p + q) * W);
        }
        T* const all_states = here.template at<T>(layout::template offset_of<plan::region::states>);
        for (int g = 0; g < Count; g += wide)
            for_each_index<depth>([&](auto k) {
                constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
                constexpr int width = layout::padded(Stage::width);
                for_each_index<equations::equation_traits<equations_of<layer>>::state_count>(
                    [&](auto j) {
                        get<k>(cells[g / wide])
                            .states[j]
                            .store(all_states + layout::template states_at<layer> + j * width +
                                   (p + g) * W);
                    });
            });
    }
    /// What recorders and readouts see of a panel's neurons after a step.
    template <class N>
    struct seen_neurons {
        using about = equations::equation_traits<N>;
        V states[about::state_count > 0 ? about::state_count : 1];
        V output;
        typename V::mask fired;
    };
    template <class Points>
    struct seen_cells;
    template <class... Layer>
    struct seen_cells<plan::mp11::mp_list<Layer...>> {
        using type = tuple<seen_neurons<equations_of<Layer::value>>...>;
    };
    /// Panel Q of `cells`, as a copy, so that these stay in registers.
    template <class Points, int Q, class Cells>
    static SPIKEFUSE_FUNCTION auto seen_of(Cells const& cells) {
        typename seen_cells<Points>::type seen;
        for_each_index<plan::mp11::mp_size<Points>::value>([&](auto k) {
            auto const& cell = get<k>(cells);
            auto& one = get<k>(seen);
            using about = typename std::remove_cvref_t<decltype(cell)>::about;
            for_each_index<about::state_count>(
                [&](auto j) { one.states[j] = cell.states[j].template part<Q>(); });
            one.output = cell.output.template part<Q>();
            if constexpr (about::emits_bits) one.fired = cell.fired.template part<Q>();
        });
        return seen;
    }
    /// Copies the states of `count` panels from p on.
    template <class Stage>
    static SPIKEFUSE_FUNCTION void copy_states(T const* from, T* to, int p, int count) {
        for_each_index<plan::mp11::mp_size<typename Stage::points>::value>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<typename Stage::points, k>::value;
            std::size_t at = layout::template states_at<layer> + static_cast<std::size_t>(p) * W;
            for (int j = 0; j < layout::template state_arrays<layer>();
                 ++j, at += layout::padded(Stage::width))
                for (int q = 0; q < count; ++q) V::load(from + at + q * W).store(to + at + q * W);
        });
    }
    /// One step of the history of a pointwise layer: [K][states in order, input, cached values if
    /// they are reused], elements `Keep::apart` from each other.
    template <class Keep, class Cell>
    static SPIKEFUSE_FUNCTION T* history_at(T* history, int r) {
        constexpr int numbers =
            Cell::about::state_count + 1 + (Keep::reuses_cache ? Cell::about::cached_count : 0);
        return history + static_cast<std::size_t>(r) * numbers * Keep::apart;
    }
    template <class Keep, int Q, class Cell>
    static SPIKEFUSE_FUNCTION void store_history(T* history, int r, Cell const& cell) {
        T* const to = history_at<Keep, Cell>(history, r);
        for_each_index<Cell::about::state_count>(
            [&](auto j) { cell.states[j].template part<Q>().store(to + j * Keep::apart); });
        cell.current.template part<Q>().store(to + Cell::about::state_count * Keep::apart);
    }
    template <class Keep, int Q, class Cell>
    static SPIKEFUSE_FUNCTION void remember_cached(T* history, int r, Cell const& cell) {
        T* const to =
            history_at<Keep, Cell>(history, r) + (Cell::about::state_count + 1) * Keep::apart;
        for_each_index<Cell::about::cached_count>(
            [&](auto j) { cell.kept[j].template part<Q>().store(to + j * Keep::apart); });
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
