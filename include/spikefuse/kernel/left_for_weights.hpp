// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a device's pass backwards leaves for the launch that sums the gradients of weights
/// (weight_splits.hpp), and when there is one.

#include "buffers.hpp"
#include "tape.hpp"
#include "threads.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Whether a connection reads the values of the network's input as they stand.
template <class Schedule, class Feed>
inline constexpr bool reads_values = false;
template <class Schedule, int Layer>
inline constexpr bool
    reads_values<Schedule, plan::feed<Layer, plan::source<plan::network_input, 0, 0, 1>>> =
        !Schedule::template buffer_at<plan::network_input>::bits;
/// Whether a network's weights all stand behind spikes, or values of its input.
template <class Schedule, class T, input_kind Kind>
inline constexpr bool splits_weights = [] {
    if constexpr (lanes<T>::width > 1 || Kind == input_kind::held) {
        return false;
    } else {
        using layout = plan::layout<Schedule, T, true>;
        bool all = true, any = false;
        plan::mp11::mp_for_each<typename Schedule::stages>([&](auto stage) {
            using Stage = decltype(stage);
            if constexpr (weights_of<Stage> != plan::no_layer) {
                using feed = plan::mp11::mp_front<plan::mixing_feeds<typename Stage::feeds>>;
                any = true;
                all = all && !plan::maps_rows<Schedule, weights_of<Stage>> &&
                      (layout::template only_bits<feed> || reads_values<Schedule, feed>);
            }
        });
        return all && any;
    }
}();
/// Whether this run leaves its weights to a launch of their own.
template <class C>
SPIKEFUSE_FUNCTION bool leaves_weights([[maybe_unused]] C const& here) {
    if constexpr (splits_weights<typename C::schedule, typename C::number, C::kind>)
        return here.run.constant_gradients != nullptr;
    return false;
}

/// What runs of a network leave for its weights.
template <class Schedule, class T>
struct left_for_weights {
    using layout = plan::layout<Schedule, T, true>;
    template <int Buffer>
    SPIKEFUSE_FUNCTION static constexpr std::size_t words_of_row() {
        using buffer = typename Schedule::template buffer_at<Buffer>;
        return Buffer != plan::network_input && buffer::bits
                   ? static_cast<std::size_t>(layout::words(buffer::width))
                   : 0;
    }
    template <int Buffer> // before the first step
    static constexpr int kept = Schedule::template buffer_at<Buffer>::kept;
    static constexpr auto words =
        plan::running_sums<layout::buffer_count>([](auto b) { return words_of_row<b>(); });
    static constexpr auto words_kept = plan::running_sums<layout::buffer_count>(
        [](auto b) { return words_of_row<b>() * static_cast<std::size_t>(kept<b>); });
    /// Words of all rows of `samples` samples.
    static std::size_t total(int samples, int steps) {
        return (words.before[layout::buffer_count] * static_cast<std::size_t>(steps) +
                words_kept.before[layout::buffer_count]) *
               static_cast<std::size_t>(samples);
    }
    /// The row of a step of a sample; -1: the step before the run.
    template <int Buffer>
    static SPIKEFUSE_FUNCTION std::uint32_t* row(run_arguments<T> const& run, int sample,
                                                 int step) {
        auto const steps = static_cast<std::size_t>(run.steps);
        constexpr std::size_t before = words.before[Buffer],
                              kept_before = words_kept.before[Buffer];
        return run.spikes + (before * steps + kept_before) * static_cast<std::size_t>(run.batch) +
               (static_cast<std::size_t>(sample) *
                    (steps + static_cast<std::size_t>(kept<Buffer>)) +
                static_cast<std::size_t>(step + kept<Buffer>)) *
                   words_of_row<Buffer>();
    }
};
template <class Schedule, class Function>
SPIKEFUSE_FUNCTION void each_stage(Function const& function) {
    using stages = typename Schedule::stages;
    for_each_index<plan::mp11::mp_size<stages>::value>(
        [&](auto k) { function(plan::mp11::mp_at_c<stages, k>{}); });
}
/// Leaves the rows of spikes of a block that was undone (gradients of its currents:
/// leave_gradient). All meet before the next block's come into the same places (enter_block).
template <class C>
SPIKEFUSE_FUNCTION void leave_spikes(C const& here) {
    using left = left_for_weights<typename C::schedule, typename C::number>;
    for_each_index<static_cast<std::size_t>(C::layout::buffer_count)>([&](auto number) {
        constexpr int buffer = static_cast<int>(number),
                      words = static_cast<int>(left::template words_of_row<buffer>());
        if constexpr (words > 0) {
            int const first = here.first_step == 0 ? -left::template kept<buffer> : 0;
            for (int const k : own_share(here, (here.rows - first) * words))
                left::template row<buffer>(here.run, here.sample,
                                           here.first_step + first + k / words)[k % words] =
                    row_of<buffer>(here, first + k / words)[k % words];
        }
    });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
