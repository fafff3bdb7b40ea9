#pragma once
/// The kernel: one launch runs all layers over all steps. A team owns a sample; stages run a block of steps at a time.

#include "detail/sample.hpp"

namespace spikefuse::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space>
struct forward_kernel : sample_kernel<Schedule, T, Kind, Readout, Space> {
    using base = sample_kernel<Schedule, T, Kind, Readout, Space>;
    using base::run, base::W;
    using typename base::context, typename base::member, typename base::places, typename base::V;
    template <int Layer>
    using equations_of = typename base::template equations_of<Layer>;
    template <int Buffer>
    static constexpr bool is_input = Buffer == plan::network_input;

    KOKKOS_FUNCTION void operator()(member const& team) const {
        auto const raw = reinterpret_cast<std::uintptr_t>(team.team_scratch(1).get_shmem(static_cast<int>(places::scratch_total)));
        auto* const scratch = reinterpret_cast<unsigned char*>((raw + 63) / 64 * 64);
        context here{team, scratch, team.league_rank(), 0, 0};
        begin(here);
        for (here.first_step = 0; here.first_step < run.steps; here.first_step += places::block_steps) {
            here.rows = run.steps - here.first_step < places::block_steps ? run.steps - here.first_step : places::block_steps;
            for_each_index<plan::mp11::mp_size<typename Schedule::nodes>::value>([&](auto node) {
                run_stage<plan::mp11::mp_at_c<typename Schedule::nodes, node>, node == 0>(here);
                team.team_barrier();
            });
        }
        finish(here);
    }

    // --- states, coefficients and the readout of one sample -----------------------------------------------------------------

    KOKKOS_FUNCTION void begin(context const& here) const {
        for_each_index<static_cast<std::size_t>(Schedule::layer_count)>([&](auto layer) {
            using word = typename Schedule::template word<layer>;
            if constexpr (requires { typename word::equations_of; }) begin_layer<static_cast<int>(layer)>(here);
        });
        T* const result = here.template at<T>(places::readout_offset);
        if constexpr (!Readout::every_step)
            for (int p = here.team.team_rank(); p * W < Schedule::outputs; p += here.team.team_size())
                Readout::template start<T>().store(result + p * W);
        here.team.team_barrier();
    }
    template <int Layer>
    SPIKEFUSE_FUNCTION void begin_layer(context const& here) const {
        using N = equations_of<Layer>;
        using about = equations::anatomy<N>;
        constexpr int width = places::padded(Schedule::template width_from<Layer>);
        T const* const bag = run.bag + places::template bag_at<Layer>;
        T const* const kept = run.states + static_cast<std::size_t>(here.sample) * places::state_total + places::template states_at<Layer>;
        T* const states = here.template at<T>(places::states_offset) + places::template states_at<Layer>;
        T* const coefficients = here.template at<T>(places::coefficients_offset) + places::template coefficients_at<Layer>;
        for (int n = here.team.team_rank() * W; n < width; n += here.team.team_size() * W) {
            equations::neurons<N, T> cell;
            V params[equations::neurons<N, T>::template at_least_one<about::param_count>];
            for_each_index<about::param_count>([&](auto k) { params[k] = V::load(bag + k * width + n); });
            equations::prepare<N, T>(params, run.step, cell.coefficients);
            for_each_index<about::coefficient_count>([&](auto k) { cell.coefficients[k].store(coefficients + k * width + n); });
            if (run.fresh) {
                equations::rest(cell);
            } else {
                for_each_index<about::state_count>([&](auto k) { cell.states[k] = V::load(kept + k * width + n); });
            }
            for_each_index<about::state_count>([&](auto k) { cell.states[k].store(states + k * width + n); });
        }
    }
    KOKKOS_FUNCTION void finish(context const& here) const {
        T const* const states = here.template at<T>(places::states_offset);
        T* const kept = run.states + static_cast<std::size_t>(here.sample) * places::state_total;
        for (std::size_t k = static_cast<std::size_t>(here.team.team_rank()) * W; k < places::state_total;
             k += static_cast<std::size_t>(here.team.team_size()) * W)
            V::load(states + k).store(kept + k);
        if constexpr (!Readout::every_step) {
            T const* const result = here.template at<T>(places::readout_offset);
            T* const to = run.output + static_cast<std::size_t>(here.sample) * Schedule::outputs;
            for (int n = here.team.team_rank(); n < Schedule::outputs; n += here.team.team_size()) to[n] = result[n];
        }
    }

    // --- a stage -----------------------------------------------------------------------------------------------------------------

    /// Listed events of rows [first, first + rows): row r has events [ends[r], ends[r + 1]); a dense row has none and is marked
    /// by a negative end.
    struct listing {
        std::int32_t const* ends;
        std::uint32_t const* events;
        T const* factors;
        int first, rows;

        SPIKEFUSE_FUNCTION bool dense(int r) const { return ends[r + 1] < 0; }
        SPIKEFUSE_FUNCTION int begin(int r) const { return ends[r] < 0 ? ~ends[r] : ends[r]; }
        SPIKEFUSE_FUNCTION int count(int r) const { return dense(r) ? 0 : ends[r + 1] - begin(r); }
    };

    template <class Feed>
    static constexpr bool mixes = Feed::layer != plan::no_layer;
    template <class Feed>
    using first_source = plan::mp11::mp_front<typename Feed::sources>;

    template <class Stage, bool First>
    SPIKEFUSE_FUNCTION void run_stage(context const& here) const {
        using feed = plan::mp11::mp_front<typename Stage::feeds>;
        using from = first_source<feed>;
        constexpr bool holds = Kind == input_kind::held && is_input<from::buffer>;
        if constexpr (!mixes<feed>) {
            each_panel<Stage>(here, [&](int p, auto const& cell_rows) { pass<Stage, from::buffer>(here, p, cell_rows); }, 0, here.rows);
        } else if constexpr (holds) {
            run_held<Stage, feed>(here);
        } else {
            for (int first = 0; first < here.rows;) {
                listing const list = list_rows<from::buffer>(here, first);
                each_panel<Stage>(here, [&](int p, auto const& then) { mix<Stage, feed>(here, p, list, then); }, first, list.rows);
                first += list.rows;
                here.team.team_barrier();
            }
        }
    }

    /// Runs `currents(p, neurons)` for this thread's panels.
    template <class Stage, class Currents>
    SPIKEFUSE_FUNCTION void each_panel(context const& here, Currents const& currents, int first, int rows) const {
        for (int p = here.team.team_rank(); p * W < Stage::width; p += here.team.team_size())
            currents(
                p, [&](T const* current, std::size_t stride) { this->template run_points<Stage>(here, p, first, rows, current, stride); });
    }

    /// A stage without weights: its currents are a buffer's rows.
    template <class Stage, int Buffer, class Neurons>
    SPIKEFUSE_FUNCTION void pass(context const& here, int p, Neurons const& neurons) const {
        T padded[places::block_steps * W];
        constexpr bool bits = Schedule::template buffer_at<Buffer>::bits;
        if constexpr (!bits) {
            if (!is_input<Buffer> || (p + 1) * W <= Stage::width) {
                neurons(this->template row_of<Buffer>(here, 0) + p * W, this->template stride_of<Buffer>());
                return;
            }
        }
        for (int r = 0; r < here.rows; ++r) {
            auto const* const row = this->template row_of<Buffer>(here, r);
            for (int k = 0; k < W; ++k) {
                int const n = p * W + k;
                if constexpr (bits) {
                    padded[r * W + k] = n < Stage::width && ((row[n / 32] >> (n % 32)) & 1u) != 0 ? T(1) : T(0);
                } else {
                    padded[r * W + k] = n < Stage::width ? row[n] : T(0);
                }
            }
        }
        neurons(padded, static_cast<std::size_t>(W));
    }

    /// An input that is held for all steps is multiplied once.
    template <class Stage, class Feed>
    SPIKEFUSE_FUNCTION void run_held(context const& here) const {
        using over = typename Schedule::template word<Feed::layer>::template over<Schedule::template width_into<Feed::layer>>;
        T* const held = here.template at<T>(places::held_offset);
        T const* const bag = run.bag + places::template bag_at<Feed::layer>;
        each_panel<Stage>(
            here,
            [&](int p, auto const& neurons) {
                if (here.first_step == 0) {
                    V sum = over::bias(bag, p);
                    multiply_rows<1>(over::panel(bag, p), this->template row_of<plan::network_input>(here, 0), 0, over::inputs, &sum);
                    sum.store(held + p * W);
                }
                neurons(held + p * W, std::size_t(0));
            },
            0, here.rows);
    }

    /// Lists the spikes of as many rows as fit, all threads of the team together.
    template <int Buffer>
    SPIKEFUSE_FUNCTION listing list_rows(context const& here, int first) const {
        using from = typename Schedule::template buffer_at<Buffer>;
        auto* const ends = here.template at<std::int32_t>(places::ends_offset);
        auto* const events = here.template at<std::uint32_t>(places::events_offset);
        auto* const factors = here.template at<T>(places::factors_offset);
        int const rank = here.team.team_rank(), size = here.team.team_size(), wanted = here.rows - first;
        constexpr int full = static_cast<int>(dense_above * from::width);
        for (int r = rank; r < wanted; r += size) ends[r + 1] = count_events(this->template row_of<Buffer>(here, first + r), from::width);
        here.team.team_barrier();
        int rows = wanted;
        if (rank == 0) {
            int total = 0;
            ends[0] = 0;
            for (rows = 0; rows < wanted; ++rows) {
                int const count = ends[rows + 1];
                bool const dense = !from::bits && count > full;
                if (!dense && total + count > places::event_capacity) break;
                if (!dense) total += count;
                ends[rows + 1] = dense ? ~total : total;
            }
        }
        here.team.team_broadcast(rows, 0);
        listing const list{ends, events, factors, first, rows};
        for (int r = rank; r < rows; r += size) {
            if (list.dense(r)) continue;
            if constexpr (from::bits) {
                list_events(this->template row_of<Buffer>(here, first + r), from::width, 0, W, events + list.begin(r));
            } else {
                list_events(this->template row_of<Buffer>(here, first + r), from::width, 0, W, events + list.begin(r),
                            factors + list.begin(r));
            }
        }
        here.team.team_barrier();
        return list;
    }

    /// A stage with weights: sums rows of one panel for the listed steps.
    template <class Stage, class Feed, class Neurons>
    SPIKEFUSE_FUNCTION void mix(context const& here, int p, listing const& list, Neurons const& neurons) const {
        using over = typename Schedule::template word<Feed::layer>::template over<Schedule::template width_into<Feed::layer>>;
        constexpr int buffer = first_source<Feed>::buffer;
        T const* const bag = run.bag + places::template bag_at<Feed::layer>;
        T const* const panel = over::panel(bag, p);
        V const bias = over::bias(bag, p);
        T currents[places::block_steps * W];
        for (int r = 0; r < list.rows; ++r) {
            if constexpr (Schedule::template buffer_at<buffer>::bits) {
                (bias + sum_rows(panel, list.events + list.begin(r), list.count(r))).store(currents + r * W);
            } else if (!list.dense(r)) {
                (bias + sum_rows(panel, list.events + list.begin(r), list.factors + list.begin(r), list.count(r))).store(currents + r * W);
            } else {
                constexpr int tile = 12;
                auto const dense_run = [&] {
                    int n = 1;
                    while (n < tile && r + n < list.rows && list.dense(r + n)) ++n;
                    return n;
                }();
                T const* const x = this->template row_of<buffer>(here, list.first + r);
                V sums[tile];
                for (V& one : sums) one = bias;
                if (dense_run == tile) {
                    multiply_rows<tile>(panel, x, this->template stride_of<buffer>(), over::inputs, sums);
                } else {
                    for (int k = 0; k < dense_run; ++k)
                        multiply_rows<1>(panel, x + static_cast<std::size_t>(k) * this->template stride_of<buffer>(), 0, over::inputs,
                                         sums + k);
                }
                for (int k = 0; k < dense_run; ++k) sums[k].store(currents + (r + k) * W);
                r += dense_run - 1;
            }
        }
        neurons(currents, static_cast<std::size_t>(W));
    }
};

} // namespace spikefuse::detail
