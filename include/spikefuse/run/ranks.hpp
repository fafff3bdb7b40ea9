// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Samples that ranks of a parallel program share. Nothing of MPI: a rank is a number.

#include "settings.hpp"

#include <cstdint>
#include <string>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {

inline void check_rank(int rank, int ranks) {
    if (ranks < 1 || rank < 0 || rank >= ranks)
        throw value_error("rank " + std::to_string(rank) + " of " + std::to_string(ranks),
                          "ranks are numbered from 0", "Pass what MPI_Comm_rank and _size say");
}

} // namespace detail

/// A rank's neighbouring samples of a batch, for inference: what it computes with these settings
/// are the bits that one rank computes of the whole batch, of noisy networks too.
///
///     auto const mine = samples_of_rank(10000, rank, ranks);
///     model network{brain, {.batch = mine.batch, .first_sample = mine.first}};
struct sample_range {
    std::uint32_t first; ///< number of the first one
    int batch;           ///< how many
};
/// The first ranks have one more where samples do not divide.
/// @throws value_error fewer samples than ranks, or no such rank
inline sample_range samples_of_rank(int batch, int rank, int ranks) {
    detail::check_rank(rank, ranks);
    if (batch < ranks)
        throw value_error("a batch of " + std::to_string(batch) + " samples for " +
                              std::to_string(ranks) + " ranks",
                          "each has at least one", "Take fewer ranks, or more samples");
    int const each = batch / ranks, more = batch % ranks;
    return {static_cast<std::uint32_t>(rank * each + (rank < more ? rank : more)),
            each + (rank < more ? 1 : 0)};
}

/// A rank's samples of a batch, for training: every so-many-th one. Gradients of a batch are summed
/// in groups, sample b in group b % groups; a rank has whole groups, so that each sum has the bits
/// that one rank gives it. Make the rank's model with `share.settings({...})`, and its
/// backpropagation with `.groups = share.groups()`; a trainer does the latter itself.
class rank_share {
  public:
    /// @param batch of all ranks together
    /// @param groups of all ranks together
    /// @param rank this one, from 0
    /// @param ranks how many there are
    /// @throws value_error groups that ranks cannot share, samples that groups cannot, or no such
    ///     rank
    rank_share(int batch, int groups, int rank, int ranks)
        : batch_(batch), groups_(groups), rank_(rank), ranks_(ranks) {
        detail::check_rank(rank, ranks);
        if (groups < 1 || groups % ranks != 0)
            throw value_error(std::to_string(groups) + " groups for " + std::to_string(ranks) +
                                  " ranks",
                              "each has as many as the others",
                              "Choose a number of groups that all numbers of ranks divide");
        if (batch < 1 || batch % groups != 0)
            throw value_error("a batch of " + std::to_string(batch) + " samples in " +
                                  std::to_string(groups) + " groups",
                              "each has as many as the others", "Choose a multiple of the groups");
    }
    int batch() const { return batch_ / ranks_; }   ///< this rank's samples
    int groups() const { return groups_ / ranks_; } ///< this rank's groups
    int rank() const { return rank_; }              ///< this one, from 0
    int ranks() const { return ranks_; }            ///< of all who share
    /// The number in the whole batch of this rank's sample b.
    int sample(int b) const { return b * ranks_ + rank_; }
    /// Of this rank's model: its batch, and its samples' numbers, by which noise is drawn.
    /// @param of_all those of a model that has the whole batch
    model_settings settings(model_settings of_all) const {
        of_all.batch = batch();
        of_all.first_sample += static_cast<std::uint32_t>(rank_) * of_all.sample_stride;
        of_all.sample_stride *= static_cast<std::uint32_t>(ranks_);
        return of_all;
    }

  private:
    int batch_, groups_, rank_, ranks_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI
