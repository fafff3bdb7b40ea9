// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Training by ranks with a communicator of the caller's: its allreduce stands between the
/// gradients and the update. With MPI, mpi/training.hpp keeps the bits of one rank besides.

#include "../run/ranks.hpp"
#include "backpropagation.hpp"

#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <span>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {
/// Adds up a rank's gradients, to its share of a mean. By itself: nvcc takes no lambda of a kernel
/// inside a function of a caller's lambda.
template <class T, class Space>
void gather_gradients(Space const& space, Kokkos::View<T*, Space> const& from, int groups,
                      int ranks, Kokkos::View<T*, Space> const& to) {
    T const share = T(1) / static_cast<T>(ranks);
    std::size_t const count = to.extent(0);
    Kokkos::parallel_for(
        "spikefuse::gather",
        Kokkos::RangePolicy<Space, Kokkos::IndexType<std::size_t>>(space, 0, count),
        KOKKOS_LAMBDA(std::size_t k) {
            T total = from(k);
            for (int g = 1; g < groups; ++g) total += from(static_cast<std::size_t>(g) * count + k);
            to(k) = total * share;
        });
}
} // namespace detail

/// The gradients of ranks that share a batch: their mean, in one array.
///
///     gradient_mean mean(gradients, ranks);
///     gradients.run(x); // this rank's samples
///     learning.update(space, mean(space, sum_in_place), 1);
template <class T, class Space>
class gradient_mean {
  public:
    /// @param of a rank's backpropagation, whose gradients are looked at
    /// @param ranks how many share the batch, all with as many samples
    /// @throws value_error no ranks
    template <class Model, class Loss>
    gradient_mean(backpropagation<Model, Loss> const& of, int ranks)
        : gradients_(of.raw()), groups_(of.group_count()), ranks_(ranks),
          mean_("spikefuse::gradient_mean", of.parameters()) {
        detail::check_rank(0, ranks);
    }
    /// Of the last run, the same on all ranks.
    /// @param space where the groups of this rank are added up
    /// @param sum_in_place called with (T* numbers, std::size_t count), where the model computes,
    ///     after a fence: adds those of all ranks, element by element
    /// @return what `learner::update` takes, for one group
    template <class Sum>
    Kokkos::View<T*, Space> const& operator()(Space const& space, Sum const& sum_in_place) {
        detail::gather_gradients(space, gradients_, *groups_, ranks_, mean_);
        space.fence("spikefuse::gradient_mean");
        sum_in_place(mean_.data(), mean_.extent(0));
        return mean_;
    }

  private:
    Kokkos::View<T*, Space> gradients_; // a view of the same numbers
    std::shared_ptr<int const> groups_;
    int ranks_;
    Kokkos::View<T*, Space> mean_;
};
template <class Model, class Loss>
gradient_mean(backpropagation<Model, Loss> const&, int)
    -> gradient_mean<typename Model::value_type, typename Model::space_type>;

/// Who trains together, as a trainer needs to know it: `one_rank`, `shared_batch`,
/// `mpi::shared_batch`, or one's own. `sum_of(backpropagation)` gives what, called with the space,
/// gives the sum of all gradients, the same on all ranks; `add` sums numbers over ranks in place,
/// with the same bits on all.
template <class R>
concept training_ranks = requires(R const& ranks, std::span<double> numbers) {
    { ranks.rank() } -> std::convertible_to<int>;
    { ranks.ranks() } -> std::convertible_to<int>;
    { ranks.batch() } -> std::convertible_to<int>;  // of this rank; 0: the model's
    { ranks.groups() } -> std::convertible_to<int>; // of this rank; 0: planned
    { ranks.sample(0) } -> std::convertible_to<int>;
    ranks.add(numbers);
};

/// All samples are this rank's: who trains where nothing else is said.
struct one_rank {
    static constexpr int rank() { return 0; }        ///< the only one
    static constexpr int ranks() { return 1; }       ///< no others
    static constexpr int batch() { return 0; }       ///< the model's
    static constexpr int groups() { return 0; }      ///< planned
    static constexpr int sample(int b) { return b; } ///< itself
    static constexpr void add(std::span<double>) {}  ///< nothing comes from others
};

namespace detail {
/// Calls function(), which may write into `numbers`, of which the first is not its own; then sums
/// them over ranks. Where it throws on one rank, all throw: whoever went on alone would wait for
/// the others for ever.
template <training_ranks Ranks, class Function, std::size_t Count>
void together(Ranks const& ranks, Function const& function, double (&numbers)[Count]) {
    if constexpr (std::is_same_v<Ranks, one_rank>) {
        function();
    } else {
        std::exception_ptr mine;
        try {
            function();
        } catch (...) {
            mine = std::current_exception();
        }
        numbers[0] = mine ? 1 : 0;
        ranks.add(numbers);
        if (mine) std::rethrow_exception(mine);
        if (numbers[0] > 0)
            throw value_error("another rank threw", "ranks train together, or not at all",
                              "Read what that rank says");
    }
}
template <training_ranks Ranks, class Function>
void together(Ranks const& ranks, Function const& function) {
    double fault[1] = {};
    together(ranks, function, fault);
}
} // namespace detail

/// Ranks with a communicator of the caller's, for a trainer:
///
///     shared_batch const ranks(rank_share(batch, groups, rank, count), sum_in_place);
///     model network{brain, ranks.settings({.steps = 100})};
///     trainer training{network, cross_entropy(max_over_time), adam{}, {.epochs = 10}, ranks};
///
/// @tparam Sum called with (float* or double*, std::size_t count), on the host or, for gradients,
///     where the model computes: adds the numbers of all ranks, element by element, and all ranks
///     get the same bits
template <class Sum>
class shared_batch : public rank_share {
  public:
    shared_batch(rank_share const& share, Sum sum_in_place)
        : rank_share(share), sum_(sum_in_place) {}
    /// The mean of all ranks' gradients.
    template <class Model, class Loss>
    auto sum_of(backpropagation<Model, Loss> const& backward) const {
        return [mean = gradient_mean(backward, ranks()), sum = sum_](
                   auto const& space) mutable -> decltype(auto) { return mean(space, sum); };
    }
    /// Over ranks, in place.
    void add(std::span<double> numbers) const { sum_(numbers.data(), numbers.size()); }

  private:
    Sum sum_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI
