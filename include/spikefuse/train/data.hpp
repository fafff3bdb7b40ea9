// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a trainer asks of data. datasets.hpp has some.

#include "../core/config.hpp"
#include "../core/units.hpp"

#include <Kokkos_Core.hpp>

#include <concepts>
#include <cstddef>
#include <span>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Data to train on. `fill` writes the chosen samples into a view of the network's input (as
/// `make_input` made it) and their labels.
template <class D, class Model>
concept training_data =
    requires(D const& data, std::span<std::size_t const> which, std::span<int> labels) {
        { data.size() } -> std::convertible_to<std::size_t>;
        data.fill(which, data.template make_input<Model>(1, 1), labels); // batch, steps
    };
/// Data that give a sample's label without its input: labels are then checked, before a training
/// begins, without filling every batch.
template <class D>
concept labelled_data = requires(D const& data, std::size_t k) {
    { data.label(k) } -> std::convertible_to<long long>;
};
/// Data whose steps have a length: the network's have to have the same.
template <class D>
concept timed_data = requires(D const& data) {
    { data.step() } -> std::convertible_to<duration>;
};

/// No data: `fit(train, no_data{})` trains without validation.
struct no_data {
    static constexpr std::size_t size() { return 0; } ///< none
    /// Nothing.
    template <class Model>
    Kokkos::View<typename Model::value_type**, Kokkos::LayoutRight, typename Model::space_type>
    make_input(int, int) const {
        return {};
    }
    /// Nothing.
    template <class Input>
    void fill(std::span<std::size_t const>, Input const&, std::span<int>) const {}
};

} // namespace spikefuse::inline SPIKEFUSE_ABI
