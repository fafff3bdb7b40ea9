// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Memory layout: parameters in one flat array, states in one row per sample, and the scratch of a
/// team.

#include "array_layout.hpp"
#include "event_lists.hpp"
#include "mapped_rows.hpp"
#include "memory_map.hpp"
#include "sample_memory.hpp"
#include "stage_traits.hpp"

#include <cstddef>
#include <cstdint>

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

/// Sizes and offsets for number type T, counted in T unless said otherwise. Training: scratch also
/// has room to run a block of steps backwards.
template <class Schedule, class T, bool Training = false>
struct layout : stage_traits<Schedule>,
                array_layout<Schedule, T>,
                sample_memory<Schedule, T>,
                mapped_rows<Schedule, T, Training> {
    using facts = stage_traits<Schedule>;
    using arrays = array_layout<Schedule, T>;
    using arrays::panel, arrays::count, arrays::padded, arrays::state_total,
        arrays::parameter_total, arrays::coefficient_total;
    using maps = mapped_rows<Schedule, T, Training>;
    /// What a step of a sample costs, about, in weights (a state as much as 32), and how much of
    /// that is worth a thread.
    static constexpr std::size_t work_of_step = parameter_total + 32 * state_total,
                                 share_of_work = SPIKEFUSE_SHARE_OF_WORK;

    /// What caches are planned to hold, in bytes: those of a core, of them the rows between stages,
    /// and the history of a replay, which stays in the first cache, or, where weights are fetched
    /// from afar, behind it; on a device, where it is a thread's own, in its stack.
    static constexpr std::size_t cache_budget = SPIKEFUSE_NEAR_CACHES;
    static constexpr std::size_t row_budget = cache_budget / (Training ? 4 : 8);
    static constexpr std::size_t history_budget = lanes<T>::width == 1 ? 2 << 10 : 40 << 10,
                                 far_history_budget = 160 << 10;
    // Scratch of a team, in bytes. Each part begins at a cache line.
    SPIKEFUSE_FUNCTION static constexpr int words(int width) { return (width + 31) / 32; }

    /// Bytes of one step in a buffer.
    template <class Buffer>
    static constexpr std::size_t row_bytes =
        Buffer::bits ? line(static_cast<std::size_t>(words(Buffer::width)) * 4)
                     : line(static_cast<std::size_t>(padded(Buffer::width)) * sizeof(T));

    template <std::size_t B>
    SPIKEFUSE_FUNCTION static constexpr std::size_t
    row_at_bytes() { // buffer 0 is the caller's: no room for it here
        return B == 0 ? 0 : row_bytes<mp11::mp_at_c<typename Schedule::buffers, B>>;
    }
    static constexpr int buffer_count =
        static_cast<int>(mp11::mp_size<typename Schedule::buffers>::value);
    static constexpr auto kept_sums = running_sums<buffer_count>(
        [](auto b) { return Schedule::template buffer_at<b>::kept * row_at_bytes<b>(); });
    /// Bytes of the rows before a block, of all buffers before it that keep some.
    template <int Buffer>
    static constexpr std::size_t kept_bytes = kept_sums.before[Buffer];
    static constexpr std::size_t kept_total = kept_bytes<buffer_count>;
    /// An entry of the tape, in T: states as they lie in scratch, then the rows that are kept.
    template <int Buffer> // so many steps ago
    SPIKEFUSE_FUNCTION static constexpr std::size_t entry_row_at(int ago) {
        return state_total +
               (kept_bytes<Buffer + 1> - static_cast<std::size_t>(ago) * row_at_bytes<Buffer>()) /
                   sizeof(T);
    }
    static constexpr std::size_t entry_total = state_total + kept_total / sizeof(T);
    /// Elements between two entries of the tape: an odd number of cache lines (conflict misses).
    static constexpr std::size_t entry_apart =
        (line(entry_total * sizeof(T)) / 64 | 1) * 64 / sizeof(T);
    static constexpr auto row_sums =
        running_sums<buffer_count>([](auto b) { return row_at_bytes<b>(); });
    template <int Buffer> // of all buffers before it, bytes of a step
    static constexpr std::size_t rows_before = row_sums.before[Buffer];

    /// Number of panels interleaved per thread to hide latency (exp has a dependency chain of about
    /// 60 cycles). Behind weights two, which share the loads of an event list.
    template <class Stage>
    static constexpr int side_by_side = [] {
        constexpr int panels = (Stage::width + lanes<T>::width - 1) / lanes<T>::width;
        constexpr bool mixed = !facts::weightless(typename Stage::feeds{});
        constexpr int wanted = interleave<T>(mixed ? 2 : 4);
        return panels < wanted ? panels : wanted;
    }();
    /// Registers of history per replayed step and panel: states, input and cached values of each
    /// pointwise layer, and the output.
    template <class... Point>
    static constexpr int replay_registers(mp11::mp_list<Point...>) {
        return (1 + ... +
                (arrays::template state_arrays<Point::value>() + 1 +
                 arrays::template cached_arrays<Point::value>()));
    }
    // What a step backwards needs: each layer's states before it and what arrived, the gradients of
    // the rows between stages (whose first row stands before the block, for what is fed back), of
    // the readout, and of a stage's currents.
    template <int Layer>
    static constexpr std::size_t history_size() {
        if constexpr (neuron_layer<typename Schedule::template word<Layer>> &&
                      !facts::template replayed<Layer>) {
            return arrays::template of_all_neurons<Layer>(arrays::template state_arrays<Layer>() +
                                                          1);
        } else {
            return 0;
        }
    }
    static constexpr auto history_sums =
        running_sums<count>([](auto l) { return history_size<l>(); });
    template <int Layer> // of all layers before it, numbers a step
    static constexpr std::size_t history_before = history_sums.before[Layer];
    template <std::size_t B>
    SPIKEFUSE_FUNCTION static constexpr std::size_t
    gradient_row() { // of buffer B; the network's input has its own place
        return B == 0 ? 0
                      : static_cast<std::size_t>(
                            padded(mp11::mp_at_c<typename Schedule::buffers, B>::width));
    }
    static constexpr auto gradient_row_sums =
        running_sums<buffer_count>([](auto b) { return gradient_row<b>(); });
    template <int Buffer> // of all buffers before it, numbers a step
    static constexpr std::size_t gradient_rows_before = gradient_row_sums.before[Buffer];
    static constexpr int widest_layer = [] { // or what the network gives, of layers joined
        int widest = padded(Schedule::outputs);
        mp11::mp_for_each<mp11::mp_iota_c<static_cast<std::size_t>(count)>>([&](auto l) {
            int const w = padded(Schedule::template width_from<static_cast<int>(l)>);
            widest = w > widest ? w : widest;
        });
        return widest;
    }();
    /// Gradients of the currents behind each layer of weights are kept for a whole block; those of
    /// stages without weights for a range of steps. Rows lie an odd number of registers apart, so
    /// that a panel's column does not fall into few sets of the cache.
    template <int Layer>
    static constexpr std::size_t current_row() {
        return arrays::template mixed_width<Layer>() == 0
                   ? 0
                   : (arrays::template mixed_width<Layer>() / panel / 2 * 2 + 1) * panel;
    }
    template <int Width, class Feeds, class Points, int Target>
    static constexpr int unweighted_width(stage<Width, Feeds, Points, Target>) {
        using self = stage<Width, Feeds, Points, Target>;
        return !facts::weightless(Feeds{}) || facts::template gradient_bypasses_buffer<self>
                   ? 0
                   : padded(Width);
    }
    /// The largest of what width(node) says of some nodes.
    template <class Nodes, class Width>
    static constexpr std::size_t widest_of(Width width) {
        int widest = 0;
        mp11::mp_for_each<Nodes>(
            [&](auto one) { widest = width(one) > widest ? width(one) : widest; });
        return static_cast<std::size_t>(widest);
    }
    static constexpr std::size_t unweighted_row =
        widest_of<typename Schedule::stages>([](auto stage) { return unweighted_width(stage); });
    /// Outputs of a block that wait for their gradients: a replayed last stage has them at hand.
    static constexpr std::size_t readout_row = [] {
        bool waits = true;
        mp11::mp_for_each<typename Schedule::stages>([&](auto one) {
            if constexpr (facts::template replays<decltype(one)>::value)
                waits = waits && decltype(one)::target != readout;
        });
        return waits ? static_cast<std::size_t>(padded(Schedule::outputs)) : 0;
    }();
    static constexpr auto current_row_sums =
        running_sums<count>([](auto l) { return current_row<l>(); });
    template <int Layer> // of all layers before it, numbers a step
    static constexpr std::size_t current_rows_before = current_row_sums.before[Layer];
    /// Currents behind layers of weights that a tape may keep, numbers a step; on a device, where
    /// gradients take their places and wait for those of weights, of all such layers.
    static constexpr auto kept_current_sums = running_sums<count>([](auto l) {
        return facts::template keeps_currents<l> || lanes<T>::width == 1
                   ? arrays::template mixed_width<l>()
                   : 0;
    });
    template <int Layer>
    static constexpr std::size_t kept_currents_at = kept_current_sums.before[Layer];
    static constexpr std::size_t kept_currents = kept_currents_at<count>;
    /// The copy of all weights for the pass backwards, layer by layer: what an input means to all
    /// outputs.
    template <int Layer>
    SPIKEFUSE_FUNCTION static constexpr std::size_t transposed_size() {
        if constexpr (Schedule::template word<Layer>::mixes) {
            return Schedule::template over<Layer>::template transposed<T>;
        } else {
            return 0;
        }
    }
    static constexpr auto transposed_sums =
        running_sums<count>([](auto l) { return transposed_size<l>(); });
    template <int Layer>
    static constexpr std::size_t transposed_at = transposed_sums.before[Layer];
    static constexpr std::size_t transposed_total = transposed_at<count>;
    static constexpr std::size_t backward_numbers =
        Training ? history_before<count> + gradient_rows_before<buffer_count> + readout_row +
                       unweighted_row + current_rows_before<count>
                 : 0;

    /// Samples that a team differentiates together: each step of a loop then reads the weights of
    /// the loop once for all of them. Not where eight steps of four samples would exceed the
    /// caches.
    static constexpr int samples_together =
        Training && lanes<T>::width > 1 && facts::has_weights_in_loops &&
                8 * 4 * (rows_before<buffer_count> + backward_numbers * sizeof(T)) <= cache_budget
            ? 4
            : 1;
    /// Whether the weights exceed the caches of a core.
    static constexpr bool weights_exceed_cache = lanes<T>::width > 1 && samples_together == 1 &&
                                                 parameter_total * sizeof(T) > cache_budget;
    /// Steps for which a replay of this node has room.
    template <class Node>
    static constexpr std::size_t replayed_steps() {
        if constexpr (Training && facts::template replays<Node>::value) {
            constexpr int registers =
                side_by_side<Node> * replay_registers(typename Node::points{});
            return (weights_exceed_cache ? far_history_budget : history_budget) /
                   (static_cast<std::size_t>(registers * lanes<T>::width) * sizeof(T));
        } else {
            return ~std::size_t(0);
        }
    }
    /// The most steps at a time that gain anything. Forwards a host has many rows for each time
    /// that a panel comes to the first cache: a table of sums wants most; products, and far
    /// weights, do not (measured: docs/lab_notebook/speed.md). Backwards columns are words.
    static constexpr std::size_t longest_block = [] {
        constexpr bool forward = lanes<T>::width > 1 && !Training;
        std::size_t longest = weights_exceed_cache || (forward && facts::listed.values) ? 256
                              : forward ? spikefuse::detail::most_rows
                                        : 64 / samples_together;
        mp11::mp_for_each<typename Schedule::nodes>([&](auto node) {
            std::size_t const held = replayed_steps<decltype(node)>();
            longest = held < longest ? held : longest;
        });
        return longest;
    }();
    /// Steps that feed-forward stages run at a time: long enough that a panel of weights is
    /// read from the near caches many times, short enough that the rows between stages stay there
    /// too. Far weights, and their gradients, are fetched less often.
    static constexpr int block_steps = [] {
        constexpr std::size_t room =
            weights_exceed_cache && Training ? cache_budget : row_budget / samples_together;
        constexpr std::size_t step = rows_before<buffer_count> + backward_numbers * sizeof(T),
                              fits = step == 0 ? room : room / step;
        constexpr std::size_t steps = fits < longest_block ? fits : longest_block;
        return static_cast<int>(steps < 8 ? 8 : steps);
    }();

    /// A device's threads share the sums of a stage behind one connection, by rows, with room for
    /// the sums of a block of steps: of so many neurons, or 0.
    template <class Node>
    static constexpr int shared_width() {
        if constexpr (lanes<T>::width == 1 && facts::template replays<Node>::value) {
            if constexpr (mp11::mp_size<typename Node::feeds>::value == 1) {
                using feed = mp11::mp_front<typename Node::feeds>;
                constexpr int width = padded(Node::width);
                return feed::layer != no_layer && !feed_maps_rows<Schedule, feed> && width <= 512
                           ? width
                           : 0;
            }
        }
        return 0;
    }
    static constexpr std::size_t shared_row = widest_of<typename Schedule::nodes>(
        [](auto node) { return shared_width<decltype(node)>(); });
    /// In a step of a loop they share the sums of a stage by neurons and events: of so many
    /// neurons, or 0.
    template <class Node>
    static constexpr int parted_width() {
        if constexpr (lanes<T>::width == 1 && !facts::template replays<Node>::value &&
                      !facts::competes(typename Node::points{})) {
            using mixing = mixing_feeds<typename Node::feeds>;
            if constexpr (mp11::mp_size<mixing>::value == 1) {
                using feed = mp11::mp_front<mixing>;
                constexpr bool whole = // a row is listed in one piece
                    !single<feed> ||
                    spikefuse::detail::pieces_of(Schedule::template width_into<feed::layer>) == 1;
                constexpr int width = padded(Node::width);
                if constexpr (whole && !feed_maps_rows<Schedule, feed>)
                    return facts::template only_bits<feed> && width * sizeof(T) <= 4096 ? width : 0;
            }
        }
        return 0;
    }
    static constexpr std::size_t parted = widest_of<typename Schedule::stages>(
        [](auto stage) { return parted_width<decltype(stage)>(); });
    using lists = event_lists<T, facts::listed.widest, facts::listed.values, block_steps,
                              maps::work_bytes, parted>;

    static constexpr auto held_sums = running_sums<count>(
        [](auto l) { return line(arrays::template mixed_width<l>() * sizeof(T)); });
    /// Two rows for layers of which only one neuron may fire: what arrives, and how far the
    /// membranes reach.
    static constexpr std::size_t contest_size = [] {
        int widest = 0;
        mp11::mp_for_each<mp11::mp_iota_c<static_cast<std::size_t>(count)>>([&](auto layer) {
            int const w = padded(Schedule::template width_from<static_cast<int>(layer)>);
            if constexpr (detail::competes<
                              typename Schedule::template word<static_cast<int>(layer)>>::value)
                widest = w > widest ? w : widest;
        });
        return line(static_cast<std::size_t>(widest) * sizeof(T));
    }();
    /// For each input of the widest feed, in which steps of a block it fired: a word for 64 of
    /// them, in squares of 64.
    static constexpr int column_words = (block_steps * samples_together + 63) / 64;
    static constexpr std::size_t column_apart =
        static_cast<std::size_t>(round_up(facts::listed.widest, 64)); // from one word to the next
    static constexpr std::size_t steps_in_block = static_cast<std::size_t>(block_steps);
    static constexpr std::size_t steps_and_kept =
        steps_in_block + static_cast<std::size_t>(facts::most_kept);

    /// A sample's scratch, in bytes.
    static constexpr memory_map scratch = [] {
        constexpr auto outputs = static_cast<std::size_t>(padded(Schedule::outputs));
        std::array<std::size_t, region_count> bytes{};
        auto const of = [&](region one) -> std::size_t& {
            return bytes[static_cast<std::size_t>(one)];
        };
        of(region::states) = state_total * sizeof(T);
        of(region::coefficients) = coefficient_total * sizeof(T);
        of(region::reduced) = outputs * sizeof(T);
        of(region::readout_totals) = outputs * sizeof(double);
        of(region::held) = held_sums.before[count];
        of(region::lists) = lists::apart ? 0 : lists::total;
        of(region::contest) = 2 * contest_size;
        of(region::mapped) = maps::mapped_bytes;
        of(region::shared_rows) = steps_in_block * shared_row * sizeof(T);
        of(region::rows) = steps_in_block * rows_before<buffer_count> + kept_total;
        if constexpr (Training) {
            of(region::state_gradients) = state_total * sizeof(T);
            of(region::coefficient_gradients) = coefficient_total * sizeof(T);
            of(region::history) = steps_in_block * history_before<count> * sizeof(T);
            of(region::gradient_rows) =
                steps_and_kept * gradient_rows_before<buffer_count> * sizeof(T);
            of(region::outputs) = steps_in_block * readout_row * sizeof(T);
            of(region::current_gradients) =
                steps_in_block * (unweighted_row + current_rows_before<count>)*sizeof(T);
            of(region::readout_gradient) = outputs * sizeof(T);
            of(region::winners) =
                steps_in_block * static_cast<std::size_t>(count) * sizeof(std::int32_t);
            of(region::columns) =
                static_cast<std::size_t>(column_words) * column_apart * sizeof(std::uint64_t);
        }
        return memory_map(bytes);
    }();
    static_assert(scratch.is_sound(), "spikefuse: two regions of a sample's scratch overlap.");
    template <region Region>
    static constexpr std::size_t offset_of = scratch.offsets[static_cast<std::size_t>(Region)];
    static constexpr std::size_t sample_total = scratch.total;
    static constexpr std::size_t scratch_total = samples_together * sample_total + 64;

    /// Where a layer's or a buffer's part of a region begins.
    template <int Layer> // a row of what a held input gives it
    static constexpr std::size_t held_at = offset_of<region::held> + held_sums.before[Layer];
    template <int Buffer> // row 0; those that a buffer keeps stand before it
    static constexpr std::size_t buffer_offset =
        offset_of<region::rows> + steps_in_block * rows_before<Buffer> +
        kept_sums.before[Buffer + 1];
    template <int Layer> // [panel][K][states, what arrived][P]
    static constexpr std::size_t history_at =
        offset_of<region::history> + steps_in_block * history_before<Layer> * sizeof(T);
    template <int Layer> // gradients of the currents behind a layer of weights
    static constexpr std::size_t currents_at =
        offset_of<region::current_gradients> +
        steps_in_block * (unweighted_row + current_rows_before<Layer>)*sizeof(T);
    template <int Buffer> // gradients of a buffer, of steps -most_kept to K - 1
    static constexpr std::size_t gradient_rows_at =
        offset_of<region::gradient_rows> +
        steps_and_kept * gradient_rows_before<Buffer> * sizeof(T);
    /// Feed-forward gradients go panel by panel: [panel][step][P]. Threads of a team, each with
    /// panels of its own, then share no lines, and fetch none of each other's ahead. A loop goes
    /// step by step: [step][panel][P].
    static constexpr std::size_t gradient_rows_of_panel =
        facts::has_weights_in_loops ? 1 : steps_and_kept;
    template <int Buffer> // numbers from a step to the next
    SPIKEFUSE_FUNCTION static constexpr std::size_t gradient_step() {
        return facts::has_weights_in_loops ? gradient_row<Buffer>()
                                           : static_cast<std::size_t>(panel);
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
