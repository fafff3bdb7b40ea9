// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// How many splits add up a device's gradients of weights, how many teams run before them, and the
/// launch.

#include "../kernel/weight_splits.hpp"
#include "detail/teams.hpp"

#include <algorithm>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Teams of the pass backwards that leaves the weights' gradients to splits: a sample each.
inline int teams_before_splits(int samples) { return std::min(samples, 1024); }
/// What runs of a network ask for: no splits where their weights are no launch of their own.
struct split_demands {
    int splits = 0;                        // as many gradients
    std::size_t constants = 0, spikes = 0; // of a team; of the run, in words
};
/// A team for each multiprocessor of a large device, whose splits have a sample, or more work than
/// a narrow connection's team waits for.
template <class Tickets>
int planned_splits(Tickets const& of_a_split, int samples) {
    constexpr int teams = 128;
    if (samples <= teams / of_a_split.most) return samples;
    return std::max(1, static_cast<int>(teams / of_a_split.work));
}
template <class Schedule, class T, input_kind Kind, class Space>
split_demands split_demands_of([[maybe_unused]] int samples, [[maybe_unused]] int steps) {
    if constexpr (!trains_in_one_launch<Space> && splits_weights<Schedule, T, Kind>) {
        return {planned_splits(split_kernel<Schedule, T, Space>::of_a_split, samples),
                plan::layout<Schedule, T, true>::constant_total,
                left_for_weights<Schedule, T>::total(samples, steps)};
    }
    return {};
}
/// Adds up the gradients of weights, if the run that `arguments` are of has left them.
/// @param splits gradients, which are summed afterwards
template <class Schedule, class T, input_kind Kind, class Space>
void add_splits([[maybe_unused]] std::string const& label, [[maybe_unused]] Space const& space,
                [[maybe_unused]] run_arguments<T> const& arguments, [[maybe_unused]] int splits) {
    if constexpr (!trains_in_one_launch<Space> && splits_weights<Schedule, T, Kind>) {
        using kernel = split_kernel<Schedule, T, Space>;
        using policy = typename kernel::policy;
        if (arguments.constant_gradients == nullptr) return;
        constexpr bool on_host = std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>;
        int const threads = on_host ? threads_of_team(space.concurrency(), 1, kernel::warps)
                                    : kernel::device_threads;
        std::size_t const room =
            static_cast<std::size_t>(policy(space, 1, threads).scratch_size_max(0));
        long long const rows = // of a split
            static_cast<long long>((arguments.batch + splits - 1) / splits) * arguments.steps;
        kernel one{arguments,
                   kernel::bytes(kernel::most_rows) + 64 <= room ? kernel::most_rows
                                                                 : kernel::few_rows,
                   arguments.groups};
        if (rows < one.together) one.together = plan::round_up(static_cast<int>(rows), 32);
        one.run.groups = splits;
        Kokkos::parallel_for(label,
                             policy(space, (kernel::of_a_split.all + 1) * splits, threads)
                                 .set_scratch_size(0, Kokkos::PerTeam(scratch_bytes{
                                                          kernel::bytes(one.together) + 64})),
                             one);
    }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
