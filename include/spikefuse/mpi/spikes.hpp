// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A layer whose neurons are split over ranks of MPI: each has some of the outputs, and spikes
/// travel as bits.

#include "../run/inputs.hpp"
#include "calls.hpp"

#include <Kokkos_Core.hpp>
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::mpi {

/// Spikes of a layer's parts, which ranks hold, as those of the whole layer on every rank: the
/// neurons of rank 0 first. Where a rank's weights are the rows of the whole layer's, these are the
/// bits of one rank.
///
///     model network{input<784> >> linear<1024 / ranks> >> lif, {.steps = 10, .batch = 64}};
///     network.record("lif 1", "spikes");
///     mpi::joined_spikes joined(10, 64, 1024 / ranks, MPI_COMM_WORLD);
///     network(x);                                                   // [T, B, 784]
///     auto const& all = joined(space, network.recorded_spikes("lif 1")); // [T, B, 1024 / 32]
///     next(all);
///
/// Moves T * B * ceil(N / 32) words of 4 bytes from each rank to each, through the host's memory.
class joined_spikes {
  public:
    using words = Kokkos::View<std::uint32_t***, Kokkos::LayoutRight>; // [T, B, ceil(N / 32)]

    /// @param steps of a call, T
    /// @param batch samples, B; all ranks have the same
    /// @param neurons of this rank's part, in any number
    /// @param ranks a communicator, which stays the caller's; all of it construct
    /// @throws value_error a part without neurons, a call without steps or samples, more words than
    ///     MPI counts; what MPI says
    joined_spikes(int steps, int batch, int neurons, MPI_Comm ranks)
        : rows_(static_cast<std::size_t>(steps) * static_cast<std::size_t>(batch)), ranks_(ranks) {
        if (steps < 1 || batch < 1 || neurons < 1)
            throw value_error(std::to_string(neurons) + " neurons, " + std::to_string(steps) +
                                  " steps of " + std::to_string(batch) + " samples",
                              "there is nothing to join", "Pass numbers above 0");
        neurons_.resize(static_cast<std::size_t>(detail::size_of(ranks)));
        detail::check(MPI_Allgather(&neurons, 1, MPI_INT, neurons_.data(), 1, MPI_INT, ranks));
        std::size_t all = 0;
        for (int const one : neurons_) {
            lengths_.push_back(detail::as_count(rows_ * words_of(one)));
            begins_.push_back(detail::as_count(all));
            all += rows_ * words_of(one);
            total_ += one;
        }
        own_ = host_words(
            Kokkos::view_alloc(Kokkos::WithoutInitializing, "spikefuse::joined_spikes"),
            static_cast<std::size_t>(steps), static_cast<std::size_t>(batch), words_of(neurons));
        received_.resize(all);
        joined_ = words("spikefuse::joined_spikes", static_cast<std::size_t>(steps),
                        static_cast<std::size_t>(batch), words_of(total_));
        host_ = Kokkos::create_mirror_view(joined_);
    }
    int neurons() const { return total_; } ///< of all ranks together

    /// The spikes of all ranks, the same on all of them, each of which calls; until the next call.
    /// @param space where the part was written; waits for what it does
    /// @param part of this rank, [T, B, ceil(neurons / 32)]; bits behind the last neuron are 0, as
    ///     in what models record
    /// @throws shape_error a part of another shape; value_error what MPI says
    template <class Space, class Part>
    words const& operator()(Space const& space, Part const& part) {
        static_assert(Part::rank() == 3 &&
                          std::is_same_v<typename Part::non_const_value_type, std::uint32_t>,
                      "spikefuse: joined_spikes joins packed spikes, views of std::uint32_t "
                      "[T, B, ceil(N / 32)], as recorded_spikes() gives them.");
        if (part.extent(0) != own_.extent(0) || part.extent(1) != own_.extent(1) ||
            part.extent(2) != own_.extent(2))
            throw shape_error("a part of " + spikefuse::detail::shape_of(part),
                              "this rank joins " + spikefuse::detail::shape_of(own_),
                              "Pass the spikes of so many steps, samples and words of 32 neurons");
        space.fence("spikefuse::joined_spikes");
        Kokkos::deep_copy(own_, Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), part));
        detail::check(MPI_Allgatherv(own_.data(), detail::as_count(own_.size()), MPI_UINT32_T,
                                     received_.data(), lengths_.data(), begins_.data(),
                                     MPI_UINT32_T, ranks_));
        join();
        Kokkos::deep_copy(joined_, host_);
        return joined_;
    }

  private:
    using host_words = Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, Kokkos::HostSpace>;

    static std::size_t words_of(int neurons) {
        return (static_cast<std::size_t>(neurons) + 31) / 32;
    }
    /// A part begins wherever the one before it ends, in the middle of a word too.
    void join() {
        std::size_t const width = words_of(total_);
        std::uint32_t* const to = host_.data();
        std::fill(to, to + rows_ * width, 0u);
        std::size_t first = 0; // neuron of the rank
        for (std::size_t r = 0; r < neurons_.size(); ++r) {
            std::size_t const count = words_of(neurons_[r]), word = first / 32;
            auto const shift = static_cast<unsigned>(first % 32);
            std::uint32_t const* from = received_.data() + begins_[r];
            for (std::size_t row = 0; row < rows_; ++row, from += count)
                for (std::size_t k = 0; k < count; ++k) {
                    std::uint32_t* const at = to + row * width + word + k;
                    at[0] |= from[k] << shift;
                    std::uint32_t const over = shift == 0 ? 0 : from[k] >> (32 - shift);
                    if (over != 0) at[1] |= over;
                }
            first += static_cast<std::size_t>(neurons_[r]);
        }
    }

    std::size_t rows_;
    MPI_Comm ranks_;
    int total_ = 0;
    std::vector<int> neurons_, lengths_, begins_; // of each rank
    std::vector<std::uint32_t> received_;         // a rank's part behind the other's
    host_words own_;                              // this rank's part
    words joined_;
    words::host_mirror_type host_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::mpi
