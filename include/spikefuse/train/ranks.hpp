// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Training by ranks with a communicator of the caller's: its allreduce stands between the
/// gradients and the update. With MPI, mpi/gradients.hpp keeps the bits of one rank besides.

#include "../run/ranks.hpp"
#include "backpropagation.hpp"

#include <cstddef>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// The gradients of ranks that share a batch: their mean, in one array.
///
///     gradient_mean mean(gradients, ranks);
///     gradients.run(x); // this rank's samples
///     learning.update(space, mean(space, sum_in_place), 1);
template <class T, class Space>
class gradient_mean {
  public:
    /// @param of a rank's backpropagation; kept by reference, of its own type no more
    /// @param ranks how many share the batch, all with as many samples
    /// @throws value_error no ranks
    template <class Model, class Loss>
    gradient_mean(backpropagation<Model, Loss> const& of, int ranks)
        : gradients_(of.raw()), groups_(of.groups()), ranks_(ranks),
          mean_("spikefuse::gradient_mean",
                of.raw().extent(0) / static_cast<std::size_t>(of.groups())) {
        detail::check_rank(0, ranks);
    }
    /// Of the last run, the same on all ranks.
    /// @param sum_in_place called with (T* numbers, std::size_t count), where the model computes,
    ///     after a fence: adds those of all ranks, element by element
    /// @return what `learner::update` takes, for one group
    template <class Sum>
    Kokkos::View<T*, Space> const& operator()(Space const& space, Sum const& sum_in_place) {
        auto const from = gradients_;
        auto const to = mean_;
        int const groups = groups_;
        T const share = T(1) / static_cast<T>(ranks_);
        std::size_t const count = mean_.extent(0);
        Kokkos::parallel_for(
            "spikefuse::gather",
            Kokkos::RangePolicy<Space, Kokkos::IndexType<std::size_t>>(space, 0, count),
            KOKKOS_LAMBDA(std::size_t k) {
                T total = from(k);
                for (int g = 1; g < groups; ++g)
                    total += from(static_cast<std::size_t>(g) * count + k);
                to(k) = total * share;
            });
        space.fence("spikefuse::gradient_mean");
        sum_in_place(mean_.data(), count);
        return mean_;
    }

  private:
    Kokkos::View<T*, Space> gradients_; // a view of the same numbers
    int groups_, ranks_;
    Kokkos::View<T*, Space> mean_;
};
template <class Model, class Loss>
gradient_mean(backpropagation<Model, Loss> const&, int)
    -> gradient_mean<typename Model::value_type, typename Model::space_type>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
