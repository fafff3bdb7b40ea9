// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Data sets as trainers want them: which samples, what the network's input looks like, and how a
/// batch is filled. Link spikefuse::io. Each keeps a reference to what was read, which has to
/// outlive it. Whether the widths fit the network, its run says (shape_error).

#include "../io/events.hpp"
#include "../io/idx.hpp"

#include <Kokkos_Core.hpp>

#include <span>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Images as constant currents, pixel / 255: values [B, rows * columns], held for all steps.
/// Source: the idx files of LeCun, Cortes and Burges's MNIST, as `io::read_mnist` gives them.
class image_samples {
  public:
    /// Samples `[begin, end)` of a set, which is kept by reference.
    /// @throws value_error there are no such samples
    image_samples(io::mnist const& set, std::size_t begin, std::size_t end)
        : set_(set), begin_(begin), end_(end) {
        if (begin >= end || end > set.count)
            throw value_error("the samples from " + std::to_string(begin) + " to before " +
                                  std::to_string(end) + " are no part of the data",
                              "it has " + std::to_string(set.count), "Choose a range inside it");
    }
    image_samples(io::mnist const&&, std::size_t, std::size_t) = delete; // it would be gone

    std::size_t size() const { return end_ - begin_; }                 ///< how many samples
    int label(std::size_t k) const { return set_.labels[begin_ + k]; } ///< of sample k
    /// Room for a batch, `[B, rows * columns]`.
    template <class Model>
    auto make_input(int batch, int) const {
        return Kokkos::View<typename Model::value_type**, Kokkos::LayoutRight,
                            typename Model::space_type>(
            "spikefuse::images", static_cast<std::size_t>(batch), set_.rows * set_.columns);
    }
    /// Writes the samples `which` and their labels, `[B]` each.
    template <class View>
    void fill(std::span<std::size_t const> which, View const& input, std::span<int> labels) const {
        auto const host = Kokkos::create_mirror_view(input);
        std::size_t const pixels = set_.rows * set_.columns;
        for (std::size_t b = 0; b < which.size(); ++b) {
            std::size_t const image = begin_ + which[b];
            for (std::size_t n = 0; n < pixels; ++n)
                host(b, n) =
                    static_cast<typename View::value_type>(set_.images[image * pixels + n]) /
                    typename View::value_type(255);
            labels[b] = set_.labels[image];
        }
        Kokkos::deep_copy(input, host);
    }

  private:
    io::mnist const& set_;
    std::size_t begin_, end_;
};

/// Event recordings, binned to steps as they are needed: packed spikes [T, B, ceil(N/32)]. Events
/// after the last step are dropped; several of a channel in one step are one spike.
class event_samples {
  public:
    /// @param set is kept by reference
    /// @param units channels of the network's input
    /// @param step length of a time step; a trainer wants the model's `dt`
    /// @throws value_error recordings of more units. `fill` throws as `io::bin_events` does
    event_samples(io::event_data const& set, int units, duration step)
        : set_(set), units_(units), step_(step) {
        if (set.units() > units)
            throw value_error("the recordings have " + std::to_string(set.units()) + " units",
                              "the network is given " + std::to_string(units),
                              "Give the network's input that width");
    }
    event_samples(io::event_data const&&, int, duration) = delete; // it would be gone

    std::size_t size() const { return set_.size(); }          ///< how many samples
    int label(std::size_t k) const { return set_.labels[k]; } ///< of sample k
    duration step() const { return step_; }                   ///< of time
    /// Room for a batch, packed: `[T, B, ceil(N/32)]`.
    template <class Model>
    auto make_input(int batch, int steps) const {
        return Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, typename Model::space_type>(
            "spikefuse::events", static_cast<std::size_t>(steps), static_cast<std::size_t>(batch),
            static_cast<std::size_t>((units_ + 31) / 32));
    }
    /// Writes the samples `which` and their labels, `[B]` each.
    /// @throws shape_error a view of other units or samples
    /// @throws value_error a unit or a time that cannot be
    template <class View>
    void fill(std::span<std::size_t const> which, View const& input, std::span<int> labels) const {
        auto const host = Kokkos::create_mirror_view(input);
        io::bin_events(set_, which, step_, host);
        Kokkos::deep_copy(input, host);
        for (std::size_t b = 0; b < which.size(); ++b) labels[b] = set_.labels[which[b]];
    }

  private:
    io::event_data const& set_;
    int units_;
    duration step_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI
