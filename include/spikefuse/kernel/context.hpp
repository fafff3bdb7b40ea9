// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What every part of a kernel is given: the types of the network and of the run, the run's
/// arguments, the team, and a sample with its scratch and its block of steps. Parts are free
/// functions over it. A test calls one with a team of its own (`teams_on`).

#include "../core/target.hpp"
#include "../plan/layout.hpp"
#include "arguments.hpp"

#include <Kokkos_Core.hpp>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class Space>
using team_policy = Kokkos::TeamPolicy<Space, Kokkos::Schedule<Kokkos::Dynamic>>;

/// Where a sample's scratch and a team's event lists lie.
struct team_memory {
    unsigned char* scratch;
    unsigned char* lists;

    template <class U>
    SPIKEFUSE_FUNCTION U* at(std::size_t offset) const {
        return reinterpret_cast<U*>(scratch + offset);
    }
    /// Row 0 of a buffer that the layout places there.
    SPIKEFUSE_FUNCTION unsigned char* buffer(std::size_t offset) const { return scratch + offset; }
    template <class U>
    SPIKEFUSE_FUNCTION U* in_lists(std::size_t offset) const {
        return reinterpret_cast<U*>(lists + offset);
    }
};

/// Of which type the teams of a space are, and where they keep a sample.
template <class Space>
struct teams_on {
    using member = typename team_policy<Space>::member_type;
    using memory = team_memory;
};

/// Whether one launch runs forwards and backwards: on a host, but for one that runs a device's
/// path.
#if defined(SPIKEFUSE_ONE_LANE)
template <class Space>
inline constexpr bool trains_in_one_launch = false;
#else
template <class Space>
inline constexpr bool trains_in_one_launch =
    std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>;
#endif

/// A sample inside a kernel.
/// @tparam Schedule the plan of the network (plan::schedule)
/// @tparam Readout  what the run returns
/// @tparam Space    whose teams run it; see teams_on
template <class Schedule, class T, input_kind Kind, class Readout, class Space,
          purpose Purpose = purpose::run>
struct sample_context {
    using schedule = Schedule;
    using number = T;
    using readout = Readout;
    using V = lanes<T>;
    using layout = plan::layout<Schedule, T, Purpose == purpose::gradients>;
    using member = typename teams_on<Space>::member;
    using memory = typename teams_on<Space>::memory;
    using arguments = run_arguments<T>;
    static constexpr input_kind kind = Kind;
    static constexpr bool keeps_tape = Purpose == purpose::tape,
                          differentiates = Purpose == purpose::gradients;
    static constexpr int W = V::width, P = panel_width<T>;
    template <int Layer>
    using equations_of = typename Schedule::template word<Layer>::equations_of;
    /// How a connection's weights lie.
    template <int Layer>
    using panels_of = typename Schedule::template over<Layer>;
    template <int Buffer>
    using buffer_at = typename Schedule::template buffer_at<Buffer>;

    arguments const& run;
    member const& team;
    memory where;
    int sample = 0;
    int place = 0;      // on the tape
    int first_step = 0; // of this block
    int rows = 0;       // steps in this block

    template <class U>
    SPIKEFUSE_FUNCTION U* at(std::size_t offset) const {
        return where.template at<U>(offset);
    }
    SPIKEFUSE_FUNCTION unsigned char* buffer(std::size_t offset) const {
        return where.buffer(offset);
    }
    template <class U>
    SPIKEFUSE_FUNCTION U* in_lists(std::size_t offset) const {
        return where.template in_lists<U>(offset);
    }
    /// A region of the sample's scratch.
    template <plan::region Region, class U = T>
    SPIKEFUSE_FUNCTION U* region() const {
        return at<U>(layout::template offset_of<Region>);
    }
    /// Whether the sample begins at rest.
    SPIKEFUSE_FUNCTION bool fresh() const { return sample >= run.begun; }
    /// Parameters of a layer.
    template <int Layer>
    SPIKEFUSE_FUNCTION T const* parameters_of() const {
        return run.parameters + layout::template parameter_offset<Layer>;
    }
    /// The same sample with the caller's own copy of the arguments.
    SPIKEFUSE_FUNCTION sample_context with(arguments const& own) const {
        return {own, team, where, sample, place, first_step, rows};
    }
    /// Likewise, where a device's compiler did not see how the memory came about.
    SPIKEFUSE_FUNCTION sample_context known(arguments const& own) const {
        know_global(where.scratch);
        if constexpr (layout::lists::apart && !layout::lists::of_threads)
            know_shared(where.lists);
        else
            know_global(where.lists);
        return with(own);
    }
};

/// Calls part(here), which a device's compiler sees by itself.
/// @param there a copy, so that the caller's stays in registers
template <class C, class Part>
SPIKEFUSE_STAGE void apart(C there, Part part) {
    auto const& own = there.run.known();
    C const here = there.known(own);
    part(here);
}

template <class C, int Layer>
using traits_of = equations::equation_traits<typename C::template equations_of<Layer>>;
/// Neurons of a layer in whole registers.
template <class C, int Layer>
inline constexpr int padded_width = C::layout::padded(C::schedule::template width_from<Layer>);
/// Calls function(point, layer) for the pointwise layers of a stage.
template <class Points, class Function>
SPIKEFUSE_FUNCTION void each_point(Function const& function) {
    for_each_index<plan::mp11::mp_size<Points>::value>(
        [&](auto k) { function(k, fixed<plan::mp11::mp_at_c<Points, k>::value>{}); });
}

/// What a kernel asks of its teams.
struct team_demands {
    int threads;         // of a device's team: for the widest layer a thread a neuron
    std::size_t scratch; // bytes of a team
    std::size_t lists;   // bytes of event lists, a thread's or a team's
    bool lists_of_threads;
    bool teams_share_samples; // a team may run several, one after the other
};

/// Kokkos' scratch from its first cache line on.
template <int Level, class Scratch>
SPIKEFUSE_FUNCTION unsigned char* from_a_line(Scratch const& scratch, std::size_t bytes) {
    // Still the pointer that Kokkos gave: what was a number in between is no longer known to be
    // shared memory.
    auto* const raw = static_cast<unsigned char*>(scratch.get_shmem(static_cast<int>(bytes)));
    if (raw == nullptr) return nullptr;
    if constexpr (Level == 0) // which Kokkos calls a device's shared memory; 1 is its global one
        know_shared(raw);
    else
        know_global(raw);
    return raw + (64 - (reinterpret_cast<std::uintptr_t>(raw) & 63)) % 64;
}
/// Bytes of event lists with memory of their own: a thread's in level-1 scratch, or a team's in
/// level 0, which is a device's shared memory.
template <class Layout>
inline constexpr std::size_t lists_bytes = Layout::lists::apart ? Layout::lists::total + 64 : 0;
/// The team's level-1 scratch, aligned to a cache line; the model's own memory where Kokkos'
/// scratch is too small.
template <class T, class Member>
SPIKEFUSE_FUNCTION unsigned char* scratch_of(run_arguments<T> const& run, Member const& team,
                                             std::size_t bytes) {
    if (run.scratch != nullptr)
        return run.scratch + static_cast<std::size_t>(team.league_rank()) * run.team_scratch;
    return from_a_line<1>(team.team_scratch(1), bytes);
}
/// Lists of `bytes`; null where none are wanted. `behind`: bytes of the team's scratch, behind
/// which the threads' lists lie where it is the model's own.
template <class Layout, class T, class Member>
SPIKEFUSE_FUNCTION unsigned char* lists_of(run_arguments<T> const& run, Member const& team,
                                           std::size_t bytes, [[maybe_unused]] std::size_t behind) {
    if constexpr (Layout::lists::of_threads) {
        if (run.scratch != nullptr)
            return scratch_of(run, team, behind) + plan::line(behind) +
                   static_cast<std::size_t>(team.team_rank()) * plan::line(bytes);
        return from_a_line<1>(team.thread_scratch(1), bytes);
    } else {
        return bytes == 0 ? nullptr : from_a_line<0>(team.team_scratch(0), bytes);
    }
}
/// A context without a sample yet.
template <class C>
SPIKEFUSE_FUNCTION C context_in(typename C::arguments const& run, typename C::member const& team,
                                unsigned char* scratch, unsigned char* lists) {
    using layout = typename C::layout;
    return {run,
            team,
            {scratch, layout::lists::apart
                          ? lists
                          : scratch + layout::template offset_of<plan::region::lists>}};
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
