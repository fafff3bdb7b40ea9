#pragma once
/// The kernel backwards: one launch gives the gradients of all layers over all steps. A team owns a group of samples, one after the other.
/// A block of steps is run again from its entry on the tape, keeping its states in scratch, and then undone from its last step to its
/// first. Every number is added up in an order that depends on the network and the batch alone, so threads do not matter.

#include "../equations/differentiate.hpp"
#include "detail/undo_currents.hpp"

namespace spikefuse::detail {

template <class Schedule, class T, input_kind Kind, class Loss, class Space>
struct backward_kernel : undo_currents_kernel<Schedule, T, Kind, typename Loss::readout, Space> {
    using base = undo_currents_kernel<Schedule, T, Kind, typename Loss::readout, Space>;
    using base::run;
    using typename base::context, typename base::member, typename base::places, typename base::V;
    static constexpr int W = V::width;
    template <int Layer>
    using equations_of = typename base::template equations_of<Layer>;
    template <int Layer>
    static constexpr int padded_width = places::padded(Schedule::template width_from<Layer>);

    Loss loss;
    typename Loss::template targets<T> targets;
    T* losses; // [B]

    KOKKOS_FUNCTION void operator()(member const& team) const {
        auto const raw = reinterpret_cast<std::uintptr_t>(team.team_scratch(1).get_shmem(static_cast<int>(places::scratch_total)));
        auto* const scratch = reinterpret_cast<unsigned char*>((raw + 63) / 64 * 64);
        context here{team, scratch, 0, 0, 0};
        T* const gradient = this->group_gradient(here);
        this->each_own_register(here, places::bag_total, [&](std::size_t k) { V(T(0)).store(gradient + k); });
        T* const coefficients = here.template at<T>(places::coefficient_gradients_offset);
        this->each_own_register(here, places::coefficient_total, [&](std::size_t k) { V(T(0)).store(coefficients + k); });
        for (here.sample = team.league_rank(); here.sample < run.batch; here.sample += run.groups) undo_sample(here);
        base::each_population([&](auto layer) { reach_parameters<layer>(here, gradient); });
    }

    SPIKEFUSE_FUNCTION void undo_sample(context& here) const {
        T* const states = here.template at<T>(places::state_gradients_offset);
        base::each_population([&](auto layer) { this->template lay_at_rest<layer>(here); }); // for its coefficients
        this->each_own_register(here, places::state_total, [&](std::size_t k) { V(T(0)).store(states + k); });
        this->each_fed_back([&](auto buffer) { this->template clear_row<buffer>(here, -1); });
        T* const seeds = here.template at<T>(places::seeds_offset); // [N]: of the reduced readout
        if constexpr (!Loss::readout::every_step) {
            if (here.team.team_rank() == 0)
                losses[here.sample] = loss.template of_readout<T>(run.output + static_cast<std::size_t>(here.sample) * Schedule::outputs,
                                                                  Schedule::outputs, targets, here.sample, run.batch, seeds) +
                                      charged(here);
        } else {
            for (int n = here.team.team_rank(); n < Schedule::outputs; n += here.team.team_size()) seeds[n] = T(0); // here: losses
        }
        here.team.team_barrier();
        int const blocks = (run.steps + run.block - 1) / run.block;
        for (int block = blocks - 1; block >= 0; --block) {
            here.first_step = block * run.block;
            here.rows = run.steps - here.first_step < run.block ? run.steps - here.first_step : run.block;
            this->load_memory(here, this->tape_entry(here));
            here.team.team_barrier();
            this->run_block(here);
            for_each_index<static_cast<std::size_t>(places::buffer_count)>([&](auto buffer) {
                // What comes back through a loop into the step before this block ends up in that block's last row.
                if constexpr (buffer != plan::network_input) {
                    constexpr bool fed_back = Schedule::template buffer_at<static_cast<int>(buffer)>::fed_back;
                    for (int r = 0; r < here.rows; ++r) {
                        if (fed_back && r == here.rows - 1) {
                            this->template copy_row<static_cast<int>(buffer)>(here, -1, r);
                        } else {
                            this->template clear_row<static_cast<int>(buffer)>(here, r);
                        }
                    }
                    if constexpr (fed_back) this->template clear_row<static_cast<int>(buffer)>(here, -1);
                }
            });
            this->clear_input_gradient(here);
            seed_readout(here, seeds);
            here.team.team_barrier();
            using backwards = plan::mp11::mp_reverse<typename Schedule::nodes>;
            for_each_index<plan::mp11::mp_size<backwards>::value>(
                [&](auto node) { undo_node(here, plan::mp11::mp_at_c<backwards, node>{}, 0, here.rows); });
            for_each_index<plan::mp11::mp_size<backwards>::value>(
                [&](auto node) { undo_mixing(here, plan::mp11::mp_at_c<backwards, node>{}); });
        }
        if constexpr (Loss::readout::every_step)
            if (here.team.team_rank() == 0) {
                T sum(0);
                for (int n = 0; n < Schedule::outputs; ++n) sum += seeds[n];
                losses[here.sample] = sum + charged(here);
            }
        reach_beginning(here);
        here.team.team_barrier();
    }

    // --- penalties ----------------------------------------------------------------------------------------------------------------

    /// What this sample's activity costs: strength * excess^2, a mean over samples and neurons.
    SPIKEFUSE_FUNCTION T charged(context const& here) const {
        T sum(0);
        if (run.penalties == nullptr) return sum;
        base::each_population([&](auto layer) {
            T const* const count = this->template penalized_counts<layer>(here);
            if (count == nullptr) return;
            constexpr int width = Schedule::template width_from<layer>;
            auto const& penalty = run.penalties[base::template output_slot<layer>];
            T squares(0);
            for (int n = 0; n < width; ++n) {
                T const excess = penalty.excess(count[n], run.steps);
                squares += excess * excess;
            }
            sum += penalty.strength * squares / (static_cast<T>(run.batch) * static_cast<T>(width));
        });
        return sum;
    }
    /// Its gradient at every output of panel p.
    template <int Layer>
    SPIKEFUSE_FUNCTION V charge(context const& here, int p) const {
        T const* const count = this->template penalized_counts<Layer>(here);
        if (count == nullptr) return V(T(0));
        constexpr int width = Schedule::template width_from<Layer>;
        auto const& penalty = run.penalties[base::template output_slot<Layer>];
        T const factor = 2 * penalty.strength / (static_cast<T>(run.batch) * static_cast<T>(width) * static_cast<T>(run.steps));
        T numbers[W];
        for (int lane = 0; lane < W; ++lane)
            numbers[lane] = p * W + lane < width ? factor * penalty.excess(count[p * W + lane], run.steps) : T(0);
        return V::load(numbers);
    }

    // --- the beginning of a run ---------------------------------------------------------------------------------------------------

    /// Gradients of what the run began with: to the caller, and, where it began at rest, to what says where that is.
    SPIKEFUSE_FUNCTION void reach_beginning(context const& here) const {
        T* const states = here.template at<T>(places::state_gradients_offset);
        if (run.state_gradient != nullptr) {
            T* const to = run.state_gradient + static_cast<std::size_t>(here.sample) * places::memory_total;
            this->each_own_register(here, places::state_total, [&](std::size_t k) { V::load(states + k).store(to + k); });
        }
        if (run.fresh)
            base::each_population([&](auto layer) {
                using N = equations_of<layer>;
                using about = equations::anatomy<N>;
                constexpr int width = padded_width<layer>;
                T* const coefficients = here.template at<T>(places::coefficient_gradients_offset) + places::template coefficients_at<layer>;
                for (int n = here.team.team_rank() * W; n < width; n += here.team.team_size() * W) {
                    equations::neurons<N, T> cell{};
                    equations::gradients<N, T> to;
                    for_each_index<about::coefficient_count>([&](auto k) { to.coefficients[k] = V::load(coefficients + k * width + n); });
                    for_each_index<about::state_count>(
                        [&](auto k) { to.states[k] = V::load(states + places::template states_at<layer> + k * width + n); });
                    equations::retreat_to_rest(cell, to);
                    for_each_index<about::coefficient_count>([&](auto k) { to.coefficients[k].store(coefficients + k * width + n); });
                }
            });
    }
    template <int Layer>
    SPIKEFUSE_FUNCTION void reach_parameters(context const& here, T* gradient) const {
        using N = equations_of<Layer>;
        using about = equations::anatomy<N>;
        constexpr int width = padded_width<Layer>;
        T const* const bag = run.bag + places::template bag_at<Layer>;
        T* const to = gradient + places::template bag_at<Layer>;
        T const* const coefficients = here.template at<T>(places::coefficient_gradients_offset) + places::template coefficients_at<Layer>;
        for (int n = here.team.team_rank() * W; n < width; n += here.team.team_size() * W) {
            V params[equations::neurons<N, T>::template at_least_one<about::param_count>];
            V sums[equations::neurons<N, T>::template at_least_one<about::param_count>];
            V arrived[equations::neurons<N, T>::template at_least_one<about::coefficient_count>];
            for_each_index<about::param_count>([&](auto k) { params[k] = V::load(bag + k * width + n), sums[k] = V(T(0)); });
            for_each_index<about::coefficient_count>([&](auto k) { arrived[k] = V::load(coefficients + k * width + n); });
            equations::pull_parameters<N, T>(params, run.step, arrived, sums);
            for_each_index<about::param_count>([&](auto k) { sums[k].store(to + k * width + n); });
        }
    }

    // --- the readout ------------------------------------------------------------------------------------------------------------------

    /// The readout's rows hold outputs: now their gradients.
    SPIKEFUSE_FUNCTION void seed_readout(context const& here, T* seeds) const {
        for (int r = 0; r < here.rows; ++r) {
            int const step = here.first_step + r;
            T* const row = this->readout_row(here, r);
            for (int n = Schedule::outputs + here.team.team_rank(); n < places::padded(Schedule::outputs); n += here.team.team_size())
                row[n] = T(0);
            if constexpr (Loss::readout::every_step) {
                for (int n = here.team.team_rank(); n < Schedule::outputs; n += here.team.team_size()) {
                    T const value = row[n];
                    seeds[n] +=
                        loss.template of_step<T>(value, Schedule::outputs, targets, step, here.sample, n, run.steps, run.batch, row + n);
                }
            } else {
                T const* const when = run.when + static_cast<std::size_t>(here.sample) * Schedule::outputs;
                for (int n = here.team.team_rank(); n < Schedule::outputs; n += here.team.team_size()) {
                    if constexpr (picking_readout<typename Loss::readout>) {
                        row[n] = when[n] == static_cast<T>(step) ? Loss::readout::template counts_as<T> * seeds[n] : T(0);
                    } else {
                        row[n] = Loss::readout::template share<T>(step, run.steps) * seeds[n];
                    }
                }
            }
        }
    }

    // --- nodes, backwards -------------------------------------------------------------------------------------------------------------

    template <int Width, class Feeds, class Points, int Target>
    SPIKEFUSE_FUNCTION void undo_node(context const& here, plan::stage<Width, Feeds, Points, Target>, int first, int rows) const {
        using Stage = plan::stage<Width, Feeds, Points, Target>;
        this->template own_panels<Stage>(here, [&](int p) { undo_points<Stage>(here, p, first, rows); });
        here.team.team_barrier();
        this->template undo_feeds<Stage>(here, first, rows);
        here.team.team_barrier();
    }
    template <class... Nodes>
    SPIKEFUSE_FUNCTION void undo_node(context const& here, plan::loop<Nodes...>, int first, int rows) const {
        using backwards = plan::mp11::mp_reverse<plan::mp11::mp_list<Nodes...>>;
        for (int r = first + rows - 1; r >= first; --r)
            for_each_index<sizeof...(Nodes)>([&](auto node) { undo_node(here, plan::mp11::mp_at_c<backwards, node>{}, r, 1); });
    }
    /// Gradients of weights wait for the end of the block, in loops too: then each weight is touched once for all its steps.
    template <int Width, class Feeds, class Points, int Target>
    SPIKEFUSE_FUNCTION void undo_mixing(context const& here, plan::stage<Width, Feeds, Points, Target>) const {
        base::template undo_mixing<plan::stage<Width, Feeds, Points, Target>>(here);
        here.team.team_barrier();
    }
    template <class... Nodes>
    SPIKEFUSE_FUNCTION void undo_mixing(context const& here, plan::loop<Nodes...>) const {
        (undo_mixing(here, Nodes{}), ...);
    }

    template <class Points>
    struct gradients_of;
    template <class... Layer>
    struct gradients_of<plan::mp11::mp_list<Layer...>> {
        using type = tuple<equations::gradients<equations_of<Layer::value>, T>...>;
    };

    /// Panel p of a stage's neurons: from the gradients of their outputs to those of their currents, over a stretch of steps.
    template <class Stage>
    SPIKEFUSE_FUNCTION void undo_points(context const& here, int p, int first, int rows) const {
        using points = typename Stage::points;
        constexpr std::size_t count = plan::mp11::mp_size<points>::value;
        auto cells = this->template load_cells<Stage>(here, p); // coefficients and tables; states come from the history
        typename gradients_of<points>::type to;
        V charges[count == 0 ? 1 : count]; // a penalty on activity, the same in every step
        T* const all_states = here.template at<T>(places::state_gradients_offset);
        T* const all_coefficients = here.template at<T>(places::coefficient_gradients_offset);
        for_each_index<count>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
            using about = equations::anatomy<equations_of<layer>>;
            constexpr int width = padded_width<layer>;
            charges[k] = charge<layer>(here, p);
            for_each_index<about::state_count>(
                [&](auto j) { get<k>(to).states[j] = V::load(all_states + places::template states_at<layer> + j * width + p * W); });
            for_each_index<about::coefficient_count>([&](auto j) {
                get<k>(to).coefficients[j] = V::load(all_coefficients + places::template coefficients_at<layer> + j * width + p * W);
            });
        });
        for (int r = first + rows - 1; r >= first; --r) {
            V arriving;
            if constexpr (Stage::target == plan::readout) {
                arriving = V::load(this->readout_row(here, r) + p * W);
            } else {
                arriving = V::load(this->template gradient_row<Stage::target>(here, r) + p * W);
            }
            for_each_index<count>([&](auto from_behind) {
                constexpr std::size_t k = count - 1 - from_behind;
                constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
                using about = equations::anatomy<equations_of<layer>>;
                auto& cell = get<k>(cells);
                auto& gradient = get<k>(to);
                for_each_index<about::state_count>(
                    [&](auto j) { cell.states[j] = V::load(this->template history_row<layer>(here, r, j) + p * W); });
                V const arrived = V::load(this->template history_row<layer>(here, r, about::state_count) + p * W);
                this->template arrive<points, k>(here, p, r, arrived, cells);
                if constexpr (about::competes) cell.highest = lane_is<T>(*this->template winner_of<layer>(here, r) - p * W);
                constexpr int slot = places::template record_slot<layer>();
                for_each_index<about::state_count>([&](auto j) { gradient.states[j] += seed<layer>(here, slot + j, p, r); });
                gradient.output = arriving + charges[k] + seed<layer>(here, base::template output_slot<layer>, p, r);
                equations::retreat(cell, gradient);
                arriving = gradient.current;
            });
            arriving.store(this->template current_row<Stage>(here, r) + p * W);
        }
        for_each_index<count>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<points, k>::value;
            using about = equations::anatomy<equations_of<layer>>;
            constexpr int width = padded_width<layer>;
            for_each_index<about::state_count>(
                [&](auto j) { get<k>(to).states[j].store(all_states + places::template states_at<layer> + j * width + p * W); });
            for_each_index<about::coefficient_count>([&](auto j) {
                get<k>(to).coefficients[j].store(all_coefficients + places::template coefficients_at<layer> + j * width + p * W);
            });
        });
    }
    /// A gradient that the caller lets arrive at a state or an output.
    template <int Layer>
    SPIKEFUSE_FUNCTION V seed(context const& here, int slot, int p, int r) const {
        if (run.seeds == nullptr || run.seeds[slot] == 0) return V(T(0));
        constexpr int width = Schedule::template width_from<Layer>;
        T const* const from =
            reinterpret_cast<T const*>(run.seeds[slot]) +
            (static_cast<std::size_t>(here.first_step + r) * static_cast<std::size_t>(run.batch) + static_cast<std::size_t>(here.sample)) *
                width +
            p * W;
        T numbers[W];
        for (int lane = 0; lane < W; ++lane) numbers[lane] = p * W + lane < width ? from[lane] : T(0);
        return V::load(numbers);
    }
};

} // namespace spikefuse::detail
