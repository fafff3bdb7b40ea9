// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// How threads become teams, and where a team's scratch lies. Of one type for all kernels.

#include "../../core/errors.hpp"
#include "../../core/finite.hpp"
#include "../../kernel/context.hpp"
#include "../../plan/describe.hpp"
#include "owned.hpp"

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <exception>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Space>
using room_view = owned<Kokkos::View<unsigned char*, Space>>;

/// At least so many bytes. Throws value_error: there is no such room.
template <class Space>
unsigned char* room_in(room_view<Space>& room, std::size_t bytes, char const* what) {
    try {
        if (room.view().extent(0) < bytes)
            room = Kokkos::View<unsigned char*, Space>(
                Kokkos::view_alloc(Kokkos::WithoutInitializing, "spikefuse::room"), bytes);
    } catch (std::exception const&) {
        throw value_error(std::string(what) + " takes " +
                              readable_bytes(static_cast<double>(bytes)),
                          "there is no such memory", "Make the batch smaller, or layers narrower");
    }
    return room.data();
}

/// Threads of a host's team where `league` teams share them, none with less than a share of the
/// team's work: to meet costs about a microsecond, and several where cores are far apart. Kokkos'
/// teams have at most 64.
inline int threads_of_team(int threads, int league, double shares) {
    return std::clamp(
        std::min(threads / std::max(league, 1), static_cast<int>(std::min(shares, 64.))), 1, 64);
}

/// Samples whose work is less than a thread's share by this much share teams.
inline constexpr double few_samples = 4;

/// Bytes of scratch, which one Kokkos counts by int and another by std::size_t.
struct scratch_bytes {
    std::size_t bytes;
    operator std::size_t() const { return bytes; }
    operator int() const { return static_cast<int>(bytes); }
};

/// Bytes of shared memory for each of `teams` teams, of which a multiprocessor runs at most `most`
/// side by side. On a host, which has none, as much as lists may take.
template <class Policy, class Space>
std::size_t shared_memory_of_team(Space const& space, int teams, int most) {
    auto const room = static_cast<std::size_t>(Policy(space, 1, 1).scratch_size_max(0));
    if constexpr (std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>)
        return std::min(room, std::size_t(32) << 10);
    int const multiprocessors = std::max(1, static_cast<int>(space.concurrency()) / 2048);
    int const beside = std::clamp((teams + multiprocessors - 1) / multiprocessors, 1, most);
    return room / static_cast<std::size_t>(beside);
}

/// A team a sample (backwards: a group of samples). On the host threads are dealt to them, at least
/// one each; on a device it has a thread for each neuron of the widest layer, in whole warps. Where
/// they need more scratch than Kokkos gives, it is the model's own, noted in the arguments, and no
/// more teams share the samples than run at a time. Throws value_error: there is no such room.
template <class Space, class T>
team_policy<Space> teams_for(team_demands const& wanted, Space const& space, int league,
                             run_arguments<T>& arguments, room_view<Space>& room,
                             double shares = infinite<double>) {
    int team = wanted.threads;
    if constexpr (std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>) {
        team = threads_of_team(space.concurrency(), league, shares);
        // Short runs of many samples: a team's beginning costs as much as a sample. Some teams a
        // thread, so that none waits long for the last.
        int const enough = 16 * space.concurrency();
        if (wanted.teams_share_samples && shares * few_samples < 1 && league > 4 * enough)
            league = enough;
    }
    team_policy<Space> chosen(space, league, team);
    auto const threads = static_cast<std::size_t>(team);
    scratch_bytes const team_lists{wanted.lists_of_threads ? 0 : wanted.lists},
        thread_lists{wanted.lists_of_threads ? wanted.lists : 0};
    if (wanted.scratch + thread_lists.bytes * threads >
        static_cast<std::size_t>(chosen.scratch_size_max(1))) {
        if (wanted.teams_share_samples) {
            league = std::min(league, std::max(1, space.concurrency() / team));
            chosen = team_policy<Space>(space, league, team);
        }
        arguments.team_scratch =
            plan::line(wanted.scratch) + plan::line(thread_lists.bytes) * threads;
        arguments.scratch = room_in<Space>(
            room, arguments.team_scratch * static_cast<std::size_t>(league), "what teams work in");
        return chosen.set_scratch_size(0, Kokkos::PerTeam(team_lists));
    }
    return chosen.set_scratch_size(0, Kokkos::PerTeam(team_lists))
        .set_scratch_size(1, Kokkos::PerTeam(scratch_bytes{wanted.scratch}),
                          Kokkos::PerThread(thread_lists));
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
