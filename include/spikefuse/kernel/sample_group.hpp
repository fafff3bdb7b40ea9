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
};
/// Rows that run backwards together: of one sample a range of steps, or of several samples one
/// step. `SampleApart`: elements from a sample's scratch to the next one's.
template <class Context, std::size_t SampleApart>
struct rows_at_once {
    Context const* samples;
    int count, first, rows;

    /// Of row k.
    SPIKEFUSE_FUNCTION Context const& sample(int k) const { return samples[count > 1 ? k : 0]; }
    SPIKEFUSE_FUNCTION int row(int k) const { return count > 1 ? first : first + k; }
    SPIKEFUSE_FUNCTION int total() const { return count * rows; }
    /// Elements from one of them to the next, where those of a sample's steps lie `apart`.
    SPIKEFUSE_FUNCTION std::size_t stride(std::size_t apart) const {
        return count > 1 ? SampleApart : apart;
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
