// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// How many teams run the slices of a network, and the memory that they share.

#include "../kernel/sliced.hpp"
#include "detail/teams.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// What sliced runs of a model share, from launch to launch.
template <class Space>
struct slice_room {
    using number = slice_arguments<1>::number;
    owned<Kokkos::View<number*, Space>> numbers; // tickets, then what is done
    room_view<Space> rows;
    number drawn = 0, before = 0; // no number of `done` is above `before`, whatever batches ran
};
/// A schedule of slices for `steps` steps of `batch` samples; empty where it does not pay or there
/// is no such memory.
template <class Kernel, class Space>
struct slice_plan {
    using all = typename Kernel::all;
    using layout = typename Kernel::layout;
    static constexpr bool on_host = std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>;
    static constexpr std::size_t most_rows_bytes = std::size_t(1) << 30;
    static constexpr int least_steps = 16; // of a team, for which it loads its weights

    int groups[all::count] = {}, tickets = 0, most_groups = 0, threads = 1;
    std::size_t rows_bytes;

    slice_plan(Space const& space, int steps, int batch)
        : rows_bytes(layout::template rows_before<layout::buffer_count> *
                     static_cast<std::size_t>(batch) * static_cast<std::size_t>(steps)) {
        threads = on_host ? threads_of_team(space.concurrency(), 1, neuron_threads)
                          : Kernel::device_threads;
        int const teams = std::max(1, on_host ? space.concurrency() / threads
                                              : static_cast<int>(space.concurrency()) / 2048 *
                                                    Kernel::teams_at_once);
        int most_samples = 0;
        plan::mp11::mp_for_each<plan::mp11::mp_iota_c<static_cast<std::size_t>(all::count)>>(
            [&](auto node) {
                constexpr int slices = all::template slices<static_cast<int>(node)>::count;
                groups[node] = std::min(batch, std::max(1, teams / slices));
                tickets += slices * groups[node];
                most_groups = std::max(most_groups, groups[node]);
                most_samples = std::max(most_samples, (batch + groups[node] - 1) / groups[node]);
            });
        if (steps * static_cast<long>(most_samples) < least_steps || rows_bytes > most_rows_bytes)
            tickets = 0;
    }
    auto shape(Space const& space) const {
        return typename Kernel::policy(space, std::max(tickets, 1), threads)
            .set_scratch_size(0, Kokkos::PerTeam(scratch_bytes{all::bytes + 64}));
    }
    /// Makes what a run needs, where it is not there.
    void reserve(Space const& space, int batch, slice_room<Space>& room,
                 room_view<Space>& scratch) {
        if (tickets > 0 &&
            all::bytes + 64 >
                static_cast<std::size_t>(typename Kernel::policy(space, 1, 1).scratch_size_max(0)))
            tickets = 0;
        if (tickets == 0) return;
        auto const count = 1 + all::slice_count * static_cast<std::size_t>(batch);
        try {
            room_in<Space>(room.rows, rows_bytes, "rows between layers");
            room_in<Space>(scratch,
                           scratch_bytes_of_group() * static_cast<std::size_t>(most_groups),
                           "what teams work in");
            if (room.numbers.view().extent(0) < count) {
                room.numbers = Kokkos::View<typename slice_room<Space>::number*, Space>(
                    "spikefuse::progress", count);
                room.drawn = room.before = 0;
            }
        } catch (std::exception const&) { // the other schedule wants less
            room.rows = room_view<Space>();
            tickets = 0;
        }
    }
    static constexpr std::size_t scratch_bytes_of_group() {
        return plan::line(layout::scratch_total);
    }
};
/// Makes what runs by slices need, of spikes and of values, where they are possible.
template <class Network, class T, class Space>
void reserve_slices([[maybe_unused]] int steps, [[maybe_unused]] int batch,
                    [[maybe_unused]] slice_room<Space>& room,
                    [[maybe_unused]] room_view<Space>& scratch) {
    auto const reserve = [&]<bool Bits>(std::bool_constant<Bits>) {
        using schedule = plan::schedule<Network, Bits>;
        if constexpr (is_sliced<schedule, T>) {
            constexpr auto kind = Bits ? input_kind::bits : input_kind::values;
            using kernel = sliced_kernel<schedule, T, kind, trace_readout, Space>;
            slice_plan<kernel, Space>(Space(), steps, batch).reserve(Space(), batch, room, scratch);
        }
    };
    reserve(std::true_type{});
    reserve(std::false_type{});
}
/// Runs all steps by slices. False: nothing was launched.
template <class Schedule, class T, input_kind Kind, class Readout, purpose Purpose, class Space>
bool run_sliced([[maybe_unused]] std::string const& label, [[maybe_unused]] Space const& space,
                [[maybe_unused]] run_arguments<T> arguments,
                [[maybe_unused]] slice_room<Space>& room,
                [[maybe_unused]] room_view<Space>& scratch) {
    if constexpr (is_sliced<Schedule, T> &&
                  !(Kind == input_kind::held && all_slices<Schedule, T>::weighs_input)) {
        using kernel = sliced_kernel<Schedule, T, Kind, Readout, Space, Purpose>;
        slice_plan<kernel, Space> chosen(space, arguments.steps, arguments.batch);
        chosen.reserve(space, arguments.batch, room, scratch);
        if (chosen.tickets == 0) return false;
        arguments.scratch = scratch.data();
        arguments.team_scratch = chosen.scratch_bytes_of_group();
        kernel one{arguments, {}};
        one.where.tickets = room.numbers.data();
        one.where.done = room.numbers.data() + 1;
        one.where.drawn = room.drawn;
        one.where.before = room.before;
        one.where.rows = room.rows.data();
        for (int k = 0; k < kernel::all::count; ++k) one.where.groups[k] = chosen.groups[k];
        Kokkos::parallel_for(label, chosen.shape(space), one);
        room.drawn += static_cast<unsigned>(chosen.tickets);
        room.before += static_cast<unsigned>(arguments.steps);
        return true;
    }
    return false;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
