// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A device's gradients of weights behind spikes and the network's input, apart from the pass
/// backwards: that leaves the gradients of all currents where their values were on the tape, and
/// the rows of spikes; then a team has a slice of a connection's outputs and a split of all steps
/// of all samples. It keeps these gradients in shared memory, and a warp adds up, for an input,
/// those of the steps in which it fired. The order of every sum depends on the network, the batch
/// and the steps alone.

#include "../core/bits.hpp"
#include "left_for_weights.hpp"
#include "weight_products.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Schedule, class T, class Space>
struct split_kernel {
    using layout = plan::layout<Schedule, T, true>;
    using left = left_for_weights<Schedule, T>;
    static constexpr int P = panel_width<T>;
    static constexpr int warps = 16, device_threads = 32 * warps;
    /// Outputs of a slice: a row of gradients is 256 bytes.
    static constexpr int outputs = static_cast<int>(256 / sizeof(T));
    static constexpr int inputs_together = 256;
    using policy = Kokkos::TeamPolicy<Space, Kokkos::LaunchBounds<device_threads, 1>>;
    using team_member = typename policy::member_type;
    template <class Stage>
    using feed_of = plan::mp11::mp_front<plan::mixing_feeds<typename Stage::feeds>>;
    static constexpr bool multiplies_values = [] {
        bool any = false;
        plan::mp11::mp_for_each<typename Schedule::stages>([&](auto stage) {
            using Stage = decltype(stage);
            if constexpr (weights_of<Stage> != plan::no_layer)
                any = any || reads_values<Schedule, feed_of<Stage>>;
        });
        return any;
    }();
    static constexpr int most_rows = 512,       // in more than 48 KiB,
        few_rows = multiplies_values ? 32 : 64; // and in less
    template <class Stage>
    SPIKEFUSE_FUNCTION static constexpr int slices_of() {
        return weights_of<Stage> == plan::no_layer ? 0 : (Stage::width + outputs - 1) / outputs;
    }

    run_arguments<T> run; // `groups` splits
    int together;         // rows in shared memory, a multiple of 32
    int teams;            // of the pass backwards

    /// Of shared memory: gradients [together + 1][outputs], the last row zero; for each input in
    /// which rows it fired, a word for 32 of them; a list for each warp; or room for values.
    static SPIKEFUSE_FUNCTION constexpr std::size_t columns_at(int rows) {
        return sizeof(T) * static_cast<std::size_t>((rows + 1) * outputs);
    }
    static SPIKEFUSE_FUNCTION constexpr int words_apart(int rows) { return rows / 32 + 1; }
    static SPIKEFUSE_FUNCTION constexpr std::size_t lists_at(int rows) {
        return columns_at(rows) + 4 * static_cast<std::size_t>(inputs_together * words_apart(rows));
    }
    static SPIKEFUSE_FUNCTION constexpr std::size_t bytes(int rows) {
        constexpr std::size_t halves = warps * sums_of_warp<T, outputs>,
                              values = multiplies_values
                                           ? sizeof(T) * halves *
                                                 value_products<T, outputs>::room_of_half
                                           : 0;
        std::size_t const lists = lists_at(rows) + 2 * halves * static_cast<std::size_t>(rows + 16);
        return lists > columns_at(rows) + values ? lists : columns_at(rows) + values;
    }
    struct ticket_counts {
        int all, most; // slices of all connections, of one
        double work;   // of all, in slices of the connection with most inputs
    };
    static constexpr ticket_counts of_a_split = [] {
        ticket_counts some{0, 1, 0};
        int inputs = 1;
        plan::mp11::mp_for_each<typename Schedule::stages>([&](auto stage) {
            using Stage = decltype(stage);
            if constexpr (slices_of<Stage>() > 0) {
                constexpr int count = slices_of<Stage>(),
                              these = Schedule::template over<weights_of<Stage>>::inputs;
                some.all += count;
                some.most = count > some.most ? count : some.most;
                some.work += static_cast<double>(count) * these;
                inputs = these > inputs ? these : inputs;
            }
        });
        some.work /= inputs;
        return some;
    }();

    KOKKOS_FUNCTION void operator()(team_member const& team) const {
        auto* const memory = from_a_line<0>(team.team_scratch(0), bytes(together));
        int ticket = team.league_rank();
        each_stage<Schedule>([&](auto stage) {
            using Stage = decltype(stage);
            if constexpr (slices_of<Stage>() > 0) {
                int const tickets = slices_of<Stage>() * run.groups;
                if (ticket >= 0 && ticket < tickets)
                    add_slice<Stage>(team, memory, ticket % slices_of<Stage>(),
                                     ticket / slices_of<Stage>());
                ticket -= tickets;
            }
        });
        if (ticket >= 0) add_constants(team, ticket);
    }

  private:
    /// Gradients of neurons' own parameters, of the teams that share a split's group.
    SPIKEFUSE_FUNCTION void add_constants(team_member const& team, int split) const {
        T* const gradient =
            run.gradient + static_cast<std::size_t>(split) * layout::parameter_total;
        for_each_index<static_cast<std::size_t>(layout::count)>([&](auto number) {
            constexpr int layer = static_cast<int>(number);
            constexpr auto at = layout::template constants_at<layer>;
            constexpr int count = static_cast<int>(layout::template constants_at<layer + 1> - at);
            for (int k = team.team_rank(); k < count; k += team.team_size()) {
                T sum = 0;
                for (int t = split; t < teams && run.constants; t += run.groups)
                    sum += run.constant_gradients[static_cast<std::size_t>(t) *
                                                      layout::constant_total +
                                                  at + static_cast<std::size_t>(k)];
                gradient[layout::template parameter_offset<layer> + static_cast<std::size_t>(k)] =
                    sum;
            }
        });
    }
    /// A row of a split: a step of a sample, of which splits have every so-many-th.
    struct place {
        int sample, step;
    };
    SPIKEFUSE_FUNCTION place behind(place from, int rows) const {
        int const step = from.step + rows;
        return step < run.steps
                   ? place{from.sample, step}
                   : place{from.sample + step / run.steps * run.groups, step % run.steps};
    }
    /// A slice of a connection, for the rows of one split, some at a time.
    template <class Stage>
    SPIKEFUSE_FUNCTION void add_slice(team_member const& team, unsigned char* memory, int slice,
                                      int split) const {
        using over = typename Schedule::template over<weights_of<Stage>>;
        constexpr int inputs = over::inputs, all = inputs + (over::has_bias ? 1 : 0);
        int const samples = (run.batch - split + run.groups - 1) / run.groups;
        long long const end = static_cast<long long>(samples) * run.steps;
        for (long long first = 0; first < end; first += together) {
            int const rows = static_cast<int>(end - first < together ? end - first : together);
            place const from{split + static_cast<int>(first / run.steps) * run.groups,
                             static_cast<int>(first % run.steps)};
            load_gradients<Stage>(team, slice, from, rows, reinterpret_cast<T*>(memory));
            if constexpr (reads_values<Schedule, feed_of<Stage>>) {
                team.team_barrier(); // gradients are there
                add_values<Stage>(team, memory, slice, split, from, rows, all, first == 0);
                team.team_barrier(); // they have been read
            } else {
                for (int input = 0; input < all; input += inputs_together) {
                    int const some = all - input < inputs_together ? all - input : inputs_together;
                    turn_rows<Stage>(team, from, rows, input, memory);
                    team.team_barrier(); // gradients and columns are there
                    add_inputs<Stage>(team, memory, slice, split, rows, input, some, first == 0);
                    team.team_barrier(); // they have been read
                }
            }
        }
    }
    template <class Stage>
    SPIKEFUSE_FUNCTION void load_gradients(team_member const& team, int slice, place from, int rows,
                                           T* gradients) const {
        using four = some_numbers<T, 4>;
        constexpr int fours = outputs / 4;
        constexpr std::size_t at = layout::template kept_currents_at<weights_of<Stage>>;
        auto const steps = static_cast<std::size_t>(run.steps);
        auto const numbers = [&](int k) {
            int const n = slice * outputs + k % fours * 4, r = k / fours;
            if (n >= Stage::width || r >= rows) return four{};
            place const one = behind(from, r);
            auto some = *reinterpret_cast<four const*>(
                run.currents +
                (static_cast<std::size_t>(one.sample) * layout::kept_currents + at +
                 static_cast<std::size_t>(n / P * P)) *
                    steps +
                static_cast<std::size_t>(one.step) * P + static_cast<std::size_t>(n % P));
            for (int q = 1; q < 4 && Stage::width % 4 != 0; ++q) // nobody wrote behind the last
                if (n + q >= Stage::width) some.of[q] = 0;
            return some;
        };
        constexpr int loads = 4; // of a thread, on their way together
        int const count = rows * fours, size = team.team_size();
        for (int k = team.team_rank(); k < count; k += loads * size) {
            four some[loads];
            for (int j = 0; j < loads; ++j) some[j] = numbers(k + j * size);
            for (int j = 0; j < loads; ++j)
                if (k + j * size < count)
                    reinterpret_cast<four*>(gradients)[k + j * size] = some[j];
        }
        for (int k = team.team_rank(); k < fours; k += size)
            reinterpret_cast<four*>(gradients)[together * fours + k] = four{};
    }
    /// Word w of what a connection reads in a step.
    template <class Stage>
    SPIKEFUSE_FUNCTION std::uint32_t word_of_feed(place one, int w) const {
        std::uint32_t bits = 0;
        each_source<feed_of<Stage>>([&](auto source) {
            using from = decltype(source);
            constexpr int buffer = from::buffer,
                          width = Schedule::template buffer_at<buffer>::width;
            int const step = one.step - from::delay;
            std::uint32_t const* row;
            if constexpr (buffer == plan::network_input) {
                row = static_cast<std::uint32_t const*>(run.input) +
                      static_cast<std::size_t>(one.sample) * run.input_sample +
                      static_cast<std::size_t>(step) * run.input_step;
            } else {
                row = left::template row<buffer>(run, one.sample, step);
            }
            if constexpr (from::offset % 32 == 0) {
                int const k = w - from::offset / 32;
                if (k >= 0 && k < layout::words(width)) bits |= word_at(row, width, k);
            } else {
                bits |= static_cast<std::uint32_t>(bits_from(row, width, w * 32 - from::offset));
            }
        });
        return bits;
    }
    /// For inputs from `input` on, in which rows each fired.
    template <class Stage>
    SPIKEFUSE_FUNCTION void turn_rows(team_member const& team, place from, int rows, int input,
                                      unsigned char* memory) const {
        auto* const columns = reinterpret_cast<std::uint32_t*>(memory + columns_at(together));
        int const apart = words_apart(together), lane = team.team_rank() % warp::width;
        constexpr int words = (Schedule::template over<weights_of<Stage>>::inputs + 31) / 32,
                      most = inputs_together / 32;
        int const squares = words - input / 32 < most ? words - input / 32 : most;
        auto const row = [&](int r, int w) {
            return r < rows ? word_of_feed<Stage>(behind(from, r), w) : std::uint32_t(0);
        };
        for (int k = team.team_rank() / warp::width; k < squares * ((rows + 31) / 32);
             k += team.team_size() / warp::width) {
            int const w = k % squares, first = k / squares * 32;
            std::uint32_t* const to = columns + w * 32 * apart + first / 32;
            if constexpr (warp::width > 1) {
                to[lane * apart] = warp::transpose(lane, row(first + lane, input / 32 + w));
            } else {
                for (int j = 0; j < 32; ++j) to[j * apart] = 0;
                for (int r = 0; r < 32; ++r)
                    for (std::uint32_t one = row(first + r, input / 32 + w); one != 0;
                         one &= one - 1)
                        to[lowest_bit(one) * apart] |= 1u << r;
            }
        }
    }
    /// Sums of the gradients of the rows in which each of `some` inputs fired; the last input is
    /// the bias, which always does.
    template <class Stage>
    SPIKEFUSE_FUNCTION void add_inputs(team_member const& team, unsigned char* memory, int slice,
                                       int split, int rows, int input, int some,
                                       bool begins) const {
        using over = typename Schedule::template over<weights_of<Stage>>;
        using sum_of_rows = listed_sum<T, outputs, most_rows / 32>;
        auto const* const columns =
            reinterpret_cast<std::uint32_t const*>(memory + columns_at(together));
        auto const own = part_of_warp::of_thread<share_of_row<T, outputs, warp>>(
            team.team_rank(), warps_at_work(team));
        int const apart = words_apart(together), words = (rows + 31) / 32;
        if (own.rank >= own.all) return;
        auto* const events = reinterpret_cast<std::uint16_t*>(memory + lists_at(together)) +
                             own.rank * (together + 16);
        for (int i = own.rank; i - own.of_warp < some; i += own.all) {
            bool const is_bias = over::has_bias && input + i == over::inputs;
            std::uint32_t word[sum_of_rows::own];
            for (int k = 0; k < sum_of_rows::own; ++k) {
                int const w = own.lane * sum_of_rows::own + k;
                word[k] = 0;
                if (i < some && w < words)
                    word[k] = !is_bias              ? columns[i * apart + w]
                              : rows - w * 32 >= 32 ? ~0u
                                                    : (1u << (rows - w * 32)) - 1u;
            }
            sum_of_rows sum(reinterpret_cast<T const*>(memory),
                            static_cast<std::uint16_t>(together), events, own.lane);
            bool const adds = sum.add(word) != 0 || begins;
            if (adds && i < some)
                add_to_weights<Stage>(split, slice, own.lane, input + i, begins,
                                      [&](int q) { return sum.total(q); });
        }
    }
    /// Products of values and the gradients of their rows; the last input is the bias.
    template <class Stage>
    SPIKEFUSE_FUNCTION void add_values(team_member const& team, unsigned char* memory, int slice,
                                       int split, place from, int rows, int all,
                                       bool begins) const {
        auto const own = part_of_warp::of_thread<share_of_row<T, outputs, warp>>(
            team.team_rank(), warps_at_work(team));
        if (own.rank >= own.all) return;
        constexpr int inputs = Schedule::template over<weights_of<Stage>>::inputs;
        multiply_values<outputs>(
            own, reinterpret_cast<T const*>(memory),
            reinterpret_cast<T*>(memory + columns_at(together)), rows, all,
            [&](int r, int input) {
                if (input == inputs) return T(1); // the bias
                place const one = behind(from, r);
                return static_cast<T const*>(
                    run.input)[static_cast<std::size_t>(one.sample) * run.input_sample +
                               static_cast<std::size_t>(one.step) * run.input_step +
                               static_cast<std::size_t>(input)];
            },
            [&](int input, auto const& total) {
                add_to_weights<Stage>(split, slice, own.lane, input, begins, total);
            });
    }
    SPIKEFUSE_FUNCTION static int warps_at_work(team_member const& team) {
        int const all = team.team_size() / warp::width;
        return all < warps ? all : warps;
    }
    /// Adds this thread's numbers of a slice to the gradients of an input's weights, or, behind the
    /// last input, of the bias; where a split begins they are all there is.
    template <class Stage, class Total>
    SPIKEFUSE_FUNCTION void add_to_weights(int split, int slice, int lane, int input, bool begins,
                                           Total const& total) const {
        using over = typename Schedule::template over<weights_of<Stage>>;
        using share = share_of_row<T, outputs, warp>;
        using these = typename share::numbers;
        T* const parameters = run.gradient +
                              static_cast<std::size_t>(split) * layout::parameter_total +
                              layout::template parameter_offset<weights_of<Stage>>;
        for (int q = 0; q < share::each; q += share::near) {
            int const n = slice * outputs + share::output_of(lane, q);
            if (n >= plan::round_up(Stage::width, P)) continue;
            T* place_of = over::panel(parameters, n) + static_cast<std::size_t>(input) * P;
            if constexpr (over::has_bias)
                if (input == over::inputs) place_of = over::bias_place(parameters, n);
            auto* const to = reinterpret_cast<these*>(place_of);
            these add{};
            if (!begins) add = *to;
            for (int j = 0; j < share::near; ++j) add.of[j] += total(q + j);
            *to = add;
        }
    }
};
} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
