// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Training by ranks of MPI, with the bits of one rank.

#include "../run/ranks.hpp"
#include "../train/backpropagation.hpp"
#include "calls.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mpi.h>
#include <type_traits>
#include <utility>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::mpi {

namespace detail {

/// Of every `apart`-th number `length` of them, `count` times.
class strided_type {
  public:
    strided_type(std::size_t count, std::size_t length, std::size_t apart, MPI_Datatype of) {
        check(MPI_Type_vector(as_count(count), as_count(length), as_count(apart), of, &type_));
        check(MPI_Type_commit(&type_));
    }
    strided_type(strided_type const&) = delete;
    strided_type& operator=(strided_type const&) = delete;
    strided_type(strided_type&& other) noexcept
        : type_(std::exchange(other.type_, MPI_DATATYPE_NULL)) {}
    strided_type& operator=(strided_type&&) = delete;
    ~strided_type() {
        if (type_ != MPI_DATATYPE_NULL) MPI_Type_free(&type_);
    }
    MPI_Datatype get() const { return type_; }

  private:
    MPI_Datatype type_ = MPI_DATATYPE_NULL;
};

} // namespace detail

/// Adds the gradients of all groups of all ranks, in the order in which one rank adds them: each
/// rank adds a part of the parameters, of all groups, and gives the sums to the others. Where the
/// number of ranks is a power of two, parameters have the bits of one rank with all samples; with
/// other numbers all ranks have the same bits, and those of one rank but for the last ones.
///
///     rank_share const share(batch, groups, rank, ranks);
///     model network{brain, share.settings({.steps = 100})};
///     backpropagation gradients{network, loss, {.groups = share.groups()}};
///     mpi::gradient_sum sum(gradients, MPI_COMM_WORLD);
///     gradients.run(x); // this rank's samples: share.sample(b)
///     learning.update(space, sum(space), 1);
///
/// Numbers move through the host's memory: MPI need not know of a device.
template <class T, class Space>
class gradient_sum {
  public:
    /// @param of a rank's backpropagation, with as many groups as those of the others
    /// @param ranks a communicator, which stays the caller's
    /// @throws value_error more gradients than MPI counts; what MPI says
    template <class Model, class Loss>
    gradient_sum(backpropagation<Model, Loss> const& of, MPI_Comm ranks)
        : gradients_(of.raw()), groups_of_run_(of.group_count()),
          groups_(gradients_.extent(0) / of.parameters()), ranks_(ranks), count_(of.parameters()),
          sum_("spikefuse::gradient_sum", count_), rank_(detail::rank_in(ranks)),
          size_(detail::size_of(ranks)) {
        auto const size = static_cast<std::size_t>(size_);
        std::size_t const each = (count_ + size - 1) / size;
        begins_.push_back(0);
        for (std::size_t r = 0; r < size; ++r) {
            std::size_t const begin = static_cast<std::size_t>(begins_.back()),
                              end = begin + each < count_ ? begin + each : count_;
            begins_.push_back(detail::as_count(end));
            lengths_.push_back(static_cast<int>(end - begin));
        }
        std::size_t const mine = length(rank_);
        detail::as_count(groups_ * count_), detail::as_count(groups_ * mine * size);
        received_.resize(groups_ * mine * size);
        for (int r = 0; r < size_; ++r) {
            types_.emplace_back(groups_, length(r), count_, number);
            types_.emplace_back(groups_, mine, mine, number);
        }
    }
    /// Of the last run, the same on all ranks, all of which call. Waits for it.
    /// @return what `learner::update` takes, for one group
    /// @throws value_error what MPI says
    Kokkos::View<T*, Space> const& operator()(Space const& space) {
        space.fence("spikefuse::gradient_sum");
        auto const from = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), gradients_);
        auto const to = Kokkos::create_mirror_view(sum_);
        // A run of fewer samples may have fewer gradients.
        std::fill(from.data() + static_cast<std::size_t>(*groups_of_run_) * count_,
                  from.data() + groups_ * count_, T(0));
        exchange(from.data());
        add(to.data() + begins_[static_cast<std::size_t>(rank_)]);
        detail::check(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, to.data(), lengths_.data(),
                                     begins_.data(), number, ranks_));
        Kokkos::deep_copy(sum_, to);
        return sum_;
    }

  private:
    static inline MPI_Datatype const number = std::is_same_v<T, float> ? MPI_FLOAT : MPI_DOUBLE;

    std::size_t length(int rank) const {
        return static_cast<std::size_t>(lengths_[static_cast<std::size_t>(rank)]);
    }
    /// Part r of each of my groups goes to rank r; mine of each rank's come, [ranks * groups,
    /// mine].
    void exchange(T const* from) {
        auto const size = static_cast<std::size_t>(size_);
        std::vector<int> const one(size, 1);
        std::vector<int> sent(size), came(size);
        std::vector<MPI_Datatype> send(size), receive(size);
        for (std::size_t r = 0; r < size; ++r) {
            sent[r] = detail::as_count(static_cast<std::size_t>(begins_[r]) * sizeof(T));
            came[r] = detail::as_count(r * groups_ * length(rank_) * sizeof(T));
            send[r] = types_[2 * r].get(), receive[r] = types_[2 * r + 1].get();
        }
        detail::check(MPI_Alltoallw(from, one.data(), sent.data(), send.data(), received_.data(),
                                    one.data(), came.data(), receive.data(), ranks_));
    }
    /// In the order of groups, of which ranks have every so-many-th. A rank's loss is the mean
    /// over its samples, so that its gradients are those of the whole batch times the number of
    /// ranks.
    void add(T* sum) const {
        std::size_t const mine = length(rank_), ranks = static_cast<std::size_t>(size_);
        T const share = T(1) / static_cast<T>(size_);
        for (std::size_t g = 0; g < groups_ * ranks; ++g) {
            T const* const from = received_.data() + (g % ranks * groups_ + g / ranks) * mine;
            for (std::size_t k = 0; k < mine; ++k)
                sum[k] = g == 0 ? from[k] * share : sum[k] + from[k] * share;
        }
    }

    Kokkos::View<T*, Space> gradients_; // a view of the same numbers
    std::shared_ptr<int const> groups_of_run_;
    std::size_t groups_; // the most
    MPI_Comm ranks_;
    std::size_t count_;
    Kokkos::View<T*, Space> sum_;
    int rank_, size_;
    std::vector<int> begins_, lengths_; // of each rank's part of the parameters
    std::vector<T> received_;
    std::vector<detail::strided_type> types_; // two a rank: what it gets, what it gives
};
template <class Model, class Loss>
gradient_sum(backpropagation<Model, Loss> const&, MPI_Comm)
    -> gradient_sum<typename Model::value_type, typename Model::space_type>;

} // namespace spikefuse::inline SPIKEFUSE_ABI::mpi
