// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a sample keeps between calls, and where.

#include "array_layout.hpp"

#include <cstddef>

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

/// A sample's memory, counted in T: the states, array by array, each as long as its layer has
/// neurons (of many small networks memory is the bound, so nothing is padded); then the rows that
/// loops feed back and delays read.
template <class Schedule, class T>
class sample_memory {
    using arrays = array_layout<Schedule, T>;
    static constexpr int layers = Schedule::layer_count,
                         buffers =
                             static_cast<int>(mp11::mp_size<typename Schedule::buffers>::value);

  public:
    static constexpr auto kept_state_sums = running_sums<layers>([](auto l) {
        return static_cast<std::size_t>(arrays::template state_arrays<l>()) *
               static_cast<std::size_t>(Schedule::template width_from<l>);
    });
    /// Where the states of a layer begin.
    template <int Layer>
    static constexpr std::size_t kept_states_at = kept_state_sums.before[Layer];
    static constexpr std::size_t kept_states = kept_state_sums.before[layers];

    /// Words, or numbers, of a row that a buffer keeps.
    template <int Buffer>
    static constexpr int kept_length = Schedule::template buffer_at<Buffer>::length;
    template <int Buffer> // whole numbers of T
    static constexpr std::size_t kept_row_size =
        Schedule::template buffer_at<Buffer>::bits
            ? (static_cast<std::size_t>(kept_length<Buffer>) * 4 + sizeof(T) - 1) / sizeof(T)
            : static_cast<std::size_t>(kept_length<Buffer>);
    static constexpr auto kept_row_sums = running_sums<buffers>([](auto b) {
        return static_cast<std::size_t>(Schedule::template buffer_at<b>::kept) * kept_row_size<b>;
    });
    template <int Buffer> // a number of its own: device code reads no arrays of the host
    static constexpr std::size_t kept_rows_at = kept_states + kept_row_sums.before[Buffer];
    /// Where the row of so many steps ago begins.
    template <int Buffer>
    SPIKEFUSE_FUNCTION static constexpr std::size_t kept_row_at(int ago) {
        return kept_rows_at<Buffer> + static_cast<std::size_t>(ago - 1) * kept_row_size<Buffer>;
    }
    static constexpr std::size_t memory_total = kept_states + kept_row_sums.before[buffers];

    /// An array of states in a sample's scratch, where it is padded to whole registers, and in its
    /// memory.
    struct state_array {
        std::size_t in_scratch, in_memory;
        int width;
    };
    static constexpr std::size_t array_count =
        arrays::slot_sums.before[layers] - static_cast<std::size_t>(layers);
    struct state_arrays_of_sample {
        state_array at[array_count > 0 ? array_count : 1];
    };
    static constexpr state_arrays_of_sample all_states = [] {
        state_arrays_of_sample all{};
        std::size_t found = 0;
        for (std::size_t l = 0; l < static_cast<std::size_t>(layers); ++l) {
            std::size_t const count =
                arrays::slot_sums.before[l + 1] - arrays::slot_sums.before[l] - 1;
            for (std::size_t j = 0; j < count; ++j) {
                std::size_t const padded =
                    (arrays::state_sums.before[l + 1] - arrays::state_sums.before[l]) / count;
                std::size_t const width =
                    (kept_state_sums.before[l + 1] - kept_state_sums.before[l]) / count;
                all.at[found++] = {arrays::state_sums.before[l] + j * padded,
                                   kept_state_sums.before[l] + j * width, static_cast<int>(width)};
            }
        }
        return all;
    }();
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
