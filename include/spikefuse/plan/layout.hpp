#pragma once
/// Where the numbers lie: parameters in one flat bag, states in one row a sample, and what a team keeps in scratch.

#include "nodes.hpp"

#include <cstddef>
#include <cstdint>

namespace spikefuse::plan {

SPIKEFUSE_FUNCTION constexpr int round_up(int n, int to) { return (n + to - 1) / to * to; }

/// Sizes and offsets for number type T, counted in T unless said otherwise.
/// Training: scratch also has room to run a block of steps backwards.
template <class Schedule, class T, bool Training = false>
struct layout {
    static constexpr int panel = panel_width<T>; // neurons whose numbers lie side by side
    static constexpr int count = Schedule::layer_count;
    SPIKEFUSE_FUNCTION static constexpr int padded(int width) { return round_up(width, panel); }
    /// Sum of size(0) ... size(N - 1): where part N begins, for parts (layers, buffers) that lie one behind the other.
    template <int N, class Size>
    static constexpr std::size_t sum_before(Size size) {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return (std::size_t(0) + ... + size(std::integral_constant<int, static_cast<int>(I)>{}));
        }(std::make_index_sequence<N>{});
    }
    /// Numbers of a row behind a layer of weights, in whole registers; other layers have none.
    template <int Layer>
    static constexpr std::size_t mixed_width() {
        return Schedule::template word<Layer>::mixes ? static_cast<std::size_t>(padded(Schedule::template width_from<Layer>)) : 0;
    }

    template <int Layer>
    static constexpr std::size_t bag_size() {
        using word = typename Schedule::template word<Layer>;
        std::size_t total = 0;
        for (array_info const& one : word{}.template arrays<Schedule::template width_into<Layer>>())
            total += static_cast<std::size_t>(padded(one.rows)) *
                     static_cast<std::size_t>(one.columns == 0 ? 1 : one.columns + 1); // a row of zeros, see rows.hpp
        return total;
    }
    template <int Layer>
    SPIKEFUSE_FUNCTION static constexpr int state_arrays() {
        using word = typename Schedule::template word<Layer>;
        if constexpr (requires { typename word::equations_of; }) {
            return equations::anatomy<typename word::equations_of>::state_count;
        } else {
            return 0;
        }
    }
    template <int Layer>
    static constexpr int coefficient_arrays() {
        using word = typename Schedule::template word<Layer>;
        if constexpr (requires { typename word::equations_of; }) {
            return equations::anatomy<typename word::equations_of>::coefficient_count;
        } else {
            return 0;
        }
    }

    /// Where the records of a layer begin: a slot for each of its states in order, then one for its output.
    template <int Layer>
    SPIKEFUSE_FUNCTION static constexpr int record_slot() {
        return []<std::size_t... L>(std::index_sequence<L...>) {
            return (0 + ... + (state_arrays<static_cast<int>(L)>() + 1));
        }(std::make_index_sequence<Layer>{});
    }

    struct place {
        std::size_t bag, states, coefficients;
    };
    struct table {
        place at[count + 1];
    };
    static constexpr table places = [] {
        table t{};
        [&]<std::size_t... L>(std::index_sequence<L...>) {
            ((t.at[L + 1] = {t.at[L].bag + bag_size<static_cast<int>(L)>(),
                             t.at[L].states + static_cast<std::size_t>(state_arrays<static_cast<int>(L)>() *
                                                                       padded(Schedule::template width_from<static_cast<int>(L)>)),
                             t.at[L].coefficients + static_cast<std::size_t>(coefficient_arrays<static_cast<int>(L)>() *
                                                                             padded(Schedule::template width_from<static_cast<int>(L)>))}),
             ...);
        }(std::make_index_sequence<count>{});
        return t;
    }();
    template <int Layer>
    static constexpr std::size_t bag_at = places.at[Layer].bag;
    template <int Layer>
    static constexpr std::size_t states_at = places.at[Layer].states;
    template <int Layer>
    static constexpr std::size_t coefficients_at = places.at[Layer].coefficients;
    static constexpr std::size_t bag_total = places.at[count].bag;
    static constexpr std::size_t state_total = places.at[count].states;
    static constexpr std::size_t coefficient_total = places.at[count].coefficients;

    // Scratch of a team, in bytes. Each part begins at a cache line.
    static constexpr std::size_t line(std::size_t bytes) { return (bytes + 63) / 64 * 64; }
    SPIKEFUSE_FUNCTION static constexpr int words(int width) { return (width + 31) / 32; }

    /// Bytes of one step's row in a buffer.
    template <class Buffer>
    static constexpr std::size_t row_bytes = Buffer::bits ? line(static_cast<std::size_t>(words(Buffer::width)) * 4)
                                                          : line(static_cast<std::size_t>(padded(Buffer::width)) * sizeof(T));

    template <std::size_t B>
    static constexpr std::size_t row_at_bytes() { // buffer 0 is the caller's: no room for it here
        return B == 0 ? 0 : row_bytes<mp11::mp_at_c<typename Schedule::buffers, B>>;
    }
    /// Bytes of the rows before a block, of all buffers that are fed back, up to buffer B.
    template <std::size_t B>
    static constexpr std::size_t kept_bytes = []<std::size_t... I>(std::index_sequence<I...>) {
        return (std::size_t(0) + ... + (mp11::mp_at_c<typename Schedule::buffers, I>::fed_back ? row_at_bytes<I>() : 0));
    }(std::make_index_sequence<B>{});
    static constexpr int buffer_count = static_cast<int>(mp11::mp_size<typename Schedule::buffers>::value);
    static constexpr std::size_t kept_total = kept_bytes<buffer_count>;
    /// What a sample keeps between calls, in T: states, then the rows that are fed back.
    static constexpr std::size_t memory_total = state_total + kept_total / sizeof(T);
    static constexpr std::size_t row_total = sum_before<buffer_count>([](auto b) { return row_at_bytes<b>(); });

    // What a step backwards needs: each layer's states before it and what arrived, the gradients of the rows between stages (whose first
    // row stands before the block, for what is fed back), of the readout, and of a stage's currents.
    template <int Layer>
    static constexpr std::size_t history_size() {
        if constexpr (requires { typename Schedule::template word<Layer>::equations_of; }) {
            return static_cast<std::size_t>(state_arrays<Layer>() + 1) *
                   static_cast<std::size_t>(padded(Schedule::template width_from<Layer>));
        } else {
            return 0;
        }
    }
    template <int Layer> // of all layers before it, numbers a step
    static constexpr std::size_t history_before = sum_before<Layer>([](auto l) { return history_size<l>(); });
    template <std::size_t B>
    SPIKEFUSE_FUNCTION static constexpr std::size_t gradient_row() { // of buffer B; the network's input has its own place
        return B == 0 ? 0 : static_cast<std::size_t>(padded(mp11::mp_at_c<typename Schedule::buffers, B>::width));
    }
    template <int Buffer> // of all buffers before it, numbers a step
    static constexpr std::size_t gradient_rows_before = sum_before<Buffer>([](auto b) { return gradient_row<b>(); });
    static constexpr int widest_layer = [] { // or what the network gives, of layers joined
        int widest = padded(Schedule::outputs);
        mp11::mp_for_each<mp11::mp_iota_c<static_cast<std::size_t>(count)>>([&](auto l) {
            int const w = padded(Schedule::template width_from<static_cast<int>(l)>);
            widest = w > widest ? w : widest;
        });
        return widest;
    }();
    static constexpr int widest_stage = [] {
        int widest = widest_layer;
        mp11::mp_for_each<typename Schedule::buffers>([&](auto b) {
            int const w = padded(decltype(b)::width);
            widest = w > widest ? w : widest;
        });
        return widest;
    }();
    /// Gradients of the currents behind each layer of weights are kept for a whole block; those of stages without weights for a stretch.
    /// Rows lie an odd number of registers apart, so that a panel's column does not fall into few sets of the cache.
    template <int Layer>
    static constexpr std::size_t current_row() {
        return mixed_width<Layer>() == 0 ? 0 : (mixed_width<Layer>() / panel / 2 * 2 + 1) * panel;
    }
    static constexpr std::size_t loose_row = static_cast<std::size_t>(widest_stage);
    template <int Layer> // of all layers before it, numbers a step
    static constexpr std::size_t current_rows_before = sum_before<Layer>([](auto l) { return current_row<l>(); });
    /// Currents behind layers of weights that a tape may keep, numbers a step.
    template <int Layer>
    static constexpr std::size_t kept_currents_at = sum_before<Layer>([](auto l) { return mixed_width<l>(); });
    static constexpr std::size_t kept_currents = kept_currents_at<count>;
    /// The copy of all weights whose rows are what an input means to all outputs: [panel of inputs][output][P], layer by layer.
    template <int Layer>
    static constexpr std::size_t transposed_size() {
        if constexpr (Schedule::template word<Layer>::mixes) {
            return static_cast<std::size_t>(padded(Schedule::template width_into<Layer>)) *
                   static_cast<std::size_t>(Schedule::template width_from<Layer>);
        } else {
            return 0;
        }
    }
    template <int Layer>
    static constexpr std::size_t transposed_at = sum_before<Layer>([](auto l) { return transposed_size<l>(); });
    static constexpr std::size_t transposed_total = transposed_at<count>;
    static constexpr std::size_t backward_numbers = Training ? history_before<count> + gradient_rows_before<buffer_count> +
                                                                   static_cast<std::size_t>(padded(Schedule::outputs)) + loose_row +
                                                                   current_rows_before<count>
                                                             : 0;

    /// Steps that a feed-forward stretch runs at a time: long enough that a panel of weights is read from the near caches many
    /// times, short enough that the rows between stages stay there too.
    static constexpr int block_steps = [] {
        std::size_t const budget = (Training ? 512 : 256) * 1024, bytes = row_total + backward_numbers * sizeof(T);
        std::size_t const fits = bytes == 0 ? 64 : budget / bytes;
        return static_cast<int>(fits > 64 ? 64 : fits < 8 ? 8 : fits);
    }();

    /// Spike events that are listed at a time, at least one whole row of the widest feed.
    template <class... Source>
    static constexpr int row_events(mp11::mp_list<Source...>) {
        return (0 + ... + Schedule::template buffer_at<Source::buffer>::width);
    }
    template <int Width, class... Feed, class Points, int Target>
    static constexpr int most_events(stage<Width, mp11::mp_list<Feed...>, Points, Target>) {
        int most = 0;
        ((most = row_events(typename Feed::sources{}) > most ? row_events(typename Feed::sources{}) : most), ...);
        return most;
    }
    template <class... Node>
    static constexpr int most_events(loop<Node...>) {
        int most = 0;
        ((most = most_events(Node{}) > most ? most_events(Node{}) : most), ...);
        return most;
    }
    /// Whether a layer of weights reads the network's input and nothing else.
    template <class... Source>
    static constexpr bool all_input(mp11::mp_list<Source...>) {
        return ((Source::buffer == network_input) && ...);
    }
    template <int Layer, int Width, class... Feed, class Points, int Target>
    static constexpr bool reads_more(stage<Width, mp11::mp_list<Feed...>, Points, Target>) {
        return ((Feed::layer == Layer && !all_input(typename Feed::sources{})) || ...);
    }
    template <int Layer, class... Node>
    static constexpr bool reads_more(loop<Node...>) {
        return (reads_more<Layer>(Node{}) || ...);
    }
    template <int Layer>
    static constexpr bool reads_input_alone = [] {
        bool more = false;
        mp11::mp_for_each<typename Schedule::nodes>([&](auto node) { more = more || reads_more<Layer>(node); });
        return !more;
    }();
    static constexpr int widest_feed = [] {
        int most = 0;
        mp11::mp_for_each<typename Schedule::nodes>([&](auto node) { most = most_events(node) > most ? most_events(node) : most; });
        return most;
    }();
    static constexpr int event_capacity = widest_feed > 16384 ? widest_feed : 16384; // and every list is filled up to whole registers

    static constexpr std::size_t states_offset = 0;
    static constexpr std::size_t coefficients_offset = states_offset + line(state_total * sizeof(T));
    static constexpr std::size_t readout_offset = coefficients_offset + line(coefficient_total * sizeof(T));
    static constexpr std::size_t held_offset = readout_offset + line(static_cast<std::size_t>(padded(Schedule::outputs)) * sizeof(T));
    /// What a held input gives a layer of weights, the same in all steps: a row each.
    template <int Layer>
    static constexpr std::size_t held_at = held_offset + sum_before<Layer>([](auto l) { return line(mixed_width<l>() * sizeof(T)); });
    static constexpr std::size_t ends_offset = held_at<count>;
    static constexpr std::size_t events_offset = ends_offset + line((static_cast<std::size_t>(block_steps) + 1) * sizeof(std::int32_t));
    /// Two rows for layers of which only one neuron may fire: what arrives, and how far the membranes reach.
    static constexpr std::size_t contest_size = [] {
        int widest = 0;
        mp11::mp_for_each<mp11::mp_iota_c<static_cast<std::size_t>(count)>>([&](auto layer) {
            int const w = padded(Schedule::template width_from<static_cast<int>(layer)>);
            if constexpr (detail::competes<typename Schedule::template word<static_cast<int>(layer)>>::value)
                widest = w > widest ? w : widest;
        });
        return line(static_cast<std::size_t>(widest) * sizeof(T));
    }();
    static constexpr std::size_t factors_offset =
        events_offset + line(static_cast<std::size_t>(event_capacity + 64) * sizeof(std::uint32_t));
    static constexpr std::size_t contest_offset = factors_offset + line(static_cast<std::size_t>(event_capacity + 64) * sizeof(T));
    static constexpr std::size_t rows_offset = contest_offset + 2 * contest_size;
    template <int Buffer>
    static constexpr std::size_t buffer_offset = []<std::size_t... B>(std::index_sequence<B...>) {
        using self = mp11::mp_at_c<typename Schedule::buffers, Buffer>;
        return rows_offset + static_cast<std::size_t>(block_steps) * (std::size_t(0) + ... + row_at_bytes<B>()) + kept_bytes<Buffer> +
               (self::fed_back ? row_bytes<self> : 0); // row -1 stands before row 0
    }(std::make_index_sequence<Buffer>{});
    static constexpr std::size_t forward_total = rows_offset + static_cast<std::size_t>(block_steps) * row_total + kept_total;

    // Behind it, for training: gradients of states and coefficients, the history, and the gradients of rows.
    static constexpr std::size_t steps_and_one = static_cast<std::size_t>(block_steps) + 1;
    static constexpr std::size_t state_gradients_offset = line(forward_total);
    static constexpr std::size_t coefficient_gradients_offset = state_gradients_offset + line(state_total * sizeof(T));
    static constexpr std::size_t history_offset = coefficient_gradients_offset + line(coefficient_total * sizeof(T));
    static constexpr std::size_t gradient_rows_offset =
        history_offset + static_cast<std::size_t>(block_steps) * history_before<count> * sizeof(T);
    static constexpr std::size_t readout_gradients_offset =
        gradient_rows_offset + steps_and_one * gradient_rows_before<buffer_count> * sizeof(T);
    static constexpr std::size_t current_gradients_offset =
        readout_gradients_offset + static_cast<std::size_t>(block_steps) * static_cast<std::size_t>(padded(Schedule::outputs)) * sizeof(T);
    static constexpr std::size_t seeds_offset =
        current_gradients_offset + static_cast<std::size_t>(block_steps) * (loose_row + current_rows_before<count>)*sizeof(T);
    static constexpr std::size_t winners_offset = seeds_offset + line(static_cast<std::size_t>(padded(Schedule::outputs)) * sizeof(T));
    /// For each input of the widest feed, in which steps of a block it fired: a word, in squares of 64.
    static constexpr std::size_t columns_offset =
        winners_offset + line(static_cast<std::size_t>(block_steps) * static_cast<std::size_t>(count) * sizeof(std::int32_t));
    static constexpr std::size_t training_total =
        columns_offset + static_cast<std::size_t>(round_up(widest_feed, 64)) * sizeof(std::uint64_t);
    static constexpr std::size_t scratch_total = (Training ? training_total : forward_total) + 64;

    template <int Layer> // in bytes: where the layer's history begins; step by step, row by row
    static constexpr std::size_t history_at = history_offset + static_cast<std::size_t>(block_steps) * history_before<Layer> * sizeof(T);
    template <int Layer> // in bytes: where the gradients of the currents behind a layer of weights begin
    static constexpr std::size_t currents_at =
        current_gradients_offset + static_cast<std::size_t>(block_steps) * (loose_row + current_rows_before<Layer>)*sizeof(T);
    template <int Buffer> // in bytes: row 0 of a buffer's gradients; row -1 stands before it
    static constexpr std::size_t gradient_rows_at =
        gradient_rows_offset + (steps_and_one * gradient_rows_before<Buffer> + gradient_row<Buffer>()) * sizeof(T);
};

} // namespace spikefuse::plan
