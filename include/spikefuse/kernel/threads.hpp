// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// How the threads of a team share registers, panels and groups of panels.

#include "context.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Numbers first, first + apart ... below `end`: `for (int k : numbers)`.
template <class Number>
struct number_range {
    struct place {
        Number at, apart;
        SPIKEFUSE_FUNCTION Number operator*() const { return at; }
        SPIKEFUSE_FUNCTION void operator++() { at += apart; }
        SPIKEFUSE_FUNCTION bool operator!=(Number end) const { return at < end; }
    };
    Number first, last, apart;
    SPIKEFUSE_FUNCTION place begin() const { return {first, apart}; }
    SPIKEFUSE_FUNCTION Number end() const { return last; }
};
/// This thread's share of 0 to count - 1. On the host shares are contiguous, so that two threads
/// rarely write to one cache line; on a device neighbouring threads get neighbouring elements
/// (coalesced access).
template <class C>
SPIKEFUSE_FUNCTION number_range<int> own_share(C const& here, int count) {
    int const rank = here.team.team_rank(), size = here.team.team_size();
    if constexpr (C::W > 1) {
        int const share = (count + size - 1) / size, end = (rank + 1) * share;
        return {rank * share, end < count ? end : count, 1};
    } else {
        return {rank, count, size};
    }
}
/// The first elements of this thread's registers of an array of `count`.
template <class C>
SPIKEFUSE_FUNCTION number_range<std::size_t> own_registers(C const& here, std::size_t count) {
    constexpr auto W = static_cast<std::size_t>(C::W);
    auto const own = own_share(here, static_cast<int>((count + W - 1) / W));
    return {static_cast<std::size_t>(own.first) * W, static_cast<std::size_t>(own.last) * W,
            static_cast<std::size_t>(own.apart) * W};
}
/// This thread's registers of a stage's outputs.
template <class Stage, class C>
SPIKEFUSE_FUNCTION number_range<int> own_panels(C const& here) {
    return own_share(here, (Stage::width + C::W - 1) / C::W);
}
/// Calls function(first, how many, part) for this thread's groups of `Together`, and what remains
/// of `Count`, each in `parts`.
template <int Count, int Together, class C, class Function>
SPIKEFUSE_FUNCTION void each_own_part(C const& here, int parts, Function const& function) {
    constexpr int whole = Count / Together, rest = Count % Together;
    constexpr int groups = whole + (rest != 0 ? 1 : 0);
    for (int const k : own_share(here, groups * parts)) {
        int const group = C::W > 1 ? k / parts : parts == 1 ? k : k % groups; // fewer registers
        int const part = C::W > 1 ? k % parts : k / groups; // on a device neighbours have the same
        if (rest == 0 || group < whole) {
            if constexpr (whole > 0) function(group * Together, fixed<Together>{}, part);
        } else {
            if constexpr (rest != 0) function(Count - rest, fixed<rest>{}, part);
        }
    }
}
/// Calls function(p, count) for this thread's registers of a stage's outputs, in groups of
/// `Together` (0: as many as the stage runs side by side), and what remains. One by one where
/// groups are too few for all threads: if `Splits`, or if a step is all that runs at a time.
template <class Stage, int Together = 0, bool Splits = false, class C, class Function>
SPIKEFUSE_FUNCTION void own_groups(C const& here, Function const& function) {
    using layout = typename C::layout;
    constexpr int panels = (Stage::width + C::W - 1) / C::W;
    constexpr int each = Together != 0 ? Together : layout::template side_by_side<Stage>;
    if constexpr (Splits || (each > 2 && !layout::template replays<Stage>::value))
        if (here.team.team_size() > 1 && panels / each < here.team.team_size()) {
            for (int const p : own_panels<Stage>(here)) function(p, fixed<1>{});
            return;
        }
    each_own_part<panels, each>(here, 1,
                                [&](int first, auto count, int) { function(first, count); });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
