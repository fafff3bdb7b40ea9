// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// How the threads of a team share registers, panels and groups of panels.

#include "context.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Calls function(k) for this thread's share of 0 to count - 1. On the host shares are contiguous,
/// so that two threads rarely write to one cache line; on a device neighbouring threads get
/// neighbouring elements (coalesced access).
template <class C, class Function>
SPIKEFUSE_FUNCTION void each_own(C const& here, int count, Function const& function) {
    int const rank = here.team.team_rank(), size = here.team.team_size();
    if constexpr (C::W > 1) {
        int const share = (count + size - 1) / size, end = (rank + 1) * share;
        for (int k = rank * share; k < end && k < count; ++k) function(k);
    } else {
        for (int k = rank; k < count; k += size) function(k);
    }
}
/// The same for groups of `Together`, and what remains, each in `parts`: function(first, how many,
/// part).
template <int Count, int Together, class C, class Function>
SPIKEFUSE_FUNCTION void each_own_part(C const& here, int parts, Function const& function) {
    constexpr int whole = Count / Together, rest = Count % Together;
    constexpr int groups = whole + (rest != 0 ? 1 : 0);
    each_own(here, groups * parts, [&](int k) { // on a device neighbours have the same part
        int const group = C::W > 1 ? k / parts : parts == 1 ? k : k % groups; // fewer registers
        int const part = C::W > 1 ? k % parts : k / groups;
        if (rest == 0 || group < whole) {
            if constexpr (whole > 0) function(group * Together, fixed<Together>{}, part);
        } else {
            if constexpr (rest != 0) function(Count - rest, fixed<rest>{}, part);
        }
    });
}
/// Calls function(k) for the first elements of this thread's registers of an array of `count`.
template <class C, class Function>
SPIKEFUSE_FUNCTION void each_own_register(C const& here, std::size_t count,
                                          Function const& function) {
    constexpr auto W = static_cast<std::size_t>(C::W);
    each_own(here, static_cast<int>((count + W - 1) / W),
             [&](int k) { function(static_cast<std::size_t>(k) * W); });
}
/// Calls function(p) for this thread's registers of a stage's outputs.
template <class Stage, class C, class Function>
SPIKEFUSE_FUNCTION void own_panels(C const& here, Function const& function) {
    each_own(here, (Stage::width + C::W - 1) / C::W, function);
}
/// The same in groups of `Together` (0: as many as the stage runs side by side), and what remains:
/// function(p, count). One by one where groups are too few for all threads: if `Splits`, or if a
/// step is all that runs at a time.
template <class Stage, int Together = 0, bool Splits = false, class C, class Function>
SPIKEFUSE_FUNCTION void own_groups(C const& here, Function const& function) {
    using layout = typename C::layout;
    constexpr int panels = (Stage::width + C::W - 1) / C::W;
    constexpr int each = Together != 0 ? Together : layout::template side_by_side<Stage>;
    if constexpr (Splits || (each > 2 && !layout::template replays<Stage>::value))
        if (here.team.team_size() > 1 && panels / each < here.team.team_size()) {
            own_panels<Stage>(here, [&](int p) { function(p, fixed<1>{}); });
            return;
        }
    each_own_part<panels, each>(here, 1,
                                [&](int first, auto count, int) { function(first, count); });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
