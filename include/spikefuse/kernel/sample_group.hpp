// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Samples, or steps of one, that run backwards together.

#include "../core/config.hpp"

#include <cstddef>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Samples side by side, each in its own part of the team's scratch, all in the same block of
/// steps.
template <class Context, int Most>
struct samples_at_once {
    Context of[Most];
    int count;

    /// A single one is not looked up by its number: a device keeps it in registers, and knows in
    /// which memory its pointers lie.
    SPIKEFUSE_FUNCTION Context& sample(int s) { return of[Most > 1 ? s : 0]; }
    SPIKEFUSE_FUNCTION Context const& sample(int s) const { return of[Most > 1 ? s : 0]; }
};
/// Rows that run backwards together: of one sample a range of steps, or of several samples one
/// step. `SampleApart`: elements from a sample's scratch to the next one's.
template <class Context, int Most, std::size_t SampleApart>
struct rows_at_once {
    Context const* samples;
    int count, first, rows;

    /// Of row k.
    SPIKEFUSE_FUNCTION Context const& sample(int k) const { return samples[several() ? k : 0]; }
    SPIKEFUSE_FUNCTION int row(int k) const { return several() ? first : first + k; }
    SPIKEFUSE_FUNCTION int total() const { return count * rows; }
    /// Elements from one of them to the next, where those of a sample's steps lie `apart`.
    SPIKEFUSE_FUNCTION std::size_t stride(std::size_t apart) const {
        return several() ? SampleApart : apart;
    }
    SPIKEFUSE_FUNCTION bool several() const { return Most > 1 && count > 1; }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
