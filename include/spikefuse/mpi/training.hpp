// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A trainer of ranks of MPI.

#include "gradients.hpp"

#include <cstddef>
#include <mpi.h>
#include <span>

namespace spikefuse::inline SPIKEFUSE_ABI::mpi {

/// Ranks that share each batch of a training:
///
///     mpi::shared_batch const ranks(256, 16, MPI_COMM_WORLD);
///     model network{brain, ranks.settings({.steps = 100})};
///     trainer training{network, cross_entropy(max_over_time), adam{}, {.epochs = 10}, ranks};
///     training.fit(data, validation); // all ranks call, each with all data
///
/// Which bits: as `gradient_sum` says, noise included.
class shared_batch : public rank_share {
  public:
    /// @param batch of all ranks together
    /// @param groups of all ranks together: a number that all numbers of ranks divide
    /// @param ranks a communicator, which stays the caller's
    /// @throws value_error as `rank_share` does; what MPI says
    shared_batch(int batch, int groups, MPI_Comm ranks)
        : rank_share(batch, groups, detail::rank_in(ranks), detail::size_of(ranks)),
          communicator_(ranks) {}
    /// All ranks' gradients, in the order of one rank.
    template <class Model, class Loss>
    auto sum_of(backpropagation<Model, Loss> const& backward) const {
        return gradient_sum(backward, communicator_);
    }
    /// Over ranks, in place. Not by an allreduce, which may round otherwise on each.
    /// @throws value_error what MPI says
    void add(std::span<double> numbers) const {
        int const count = detail::as_count(numbers.size());
        detail::check(MPI_Reduce(rank() == 0 ? MPI_IN_PLACE : numbers.data(), numbers.data(), count,
                                 MPI_DOUBLE, MPI_SUM, 0, communicator_));
        detail::check(MPI_Bcast(numbers.data(), count, MPI_DOUBLE, 0, communicator_));
    }

  private:
    MPI_Comm communicator_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::mpi
