// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A network as a container of Boost.Hana: Foldable and Searchable over its layers, in order,
/// without the `input`. `hana::length`, `hana::for_each`, `hana::fold_left`, `hana::count_if`,
/// `hana::find_if`, `hana::any_of` and the like take it as it is. To make one from data needs
/// nothing of this: `hana::fold_left(widths, input<784>, [](auto network, auto n) { return network
/// >> linear<n> >> lif; })`. To change its layers: `transform`. Compiles what it includes of Hana,
/// so a network that is only run does not include it.

#include "recurrent.hpp"

#include <boost/hana/any_of.hpp>
#include <boost/hana/find_if.hpp>
#include <boost/hana/fwd/core/tag_of.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/unpack.hpp>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// What Hana takes networks for.
struct network_tag {};

/// The layers of a network in order, without the `input`.
/// @return a boost::hana::tuple of words
template <layer_word Network>
constexpr auto layers(Network const& network) {
    return detail::collect(network,
                           [](auto const&... word) { return boost::hana::make_tuple(word...); });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI

template <class Network>
struct boost::hana::tag_of<Network, boost::hana::when<spikefuse::layer_word<Network>>> {
    using type = spikefuse::network_tag;
};
template <>
struct boost::hana::unpack_impl<spikefuse::network_tag> {
    template <class Network, class Function>
    static constexpr decltype(auto) apply(Network const& network, Function&& function) {
        return spikefuse::detail::collect(network, function);
    }
};
template <>
struct boost::hana::find_if_impl<spikefuse::network_tag> {
    template <class Network, class Predicate>
    static constexpr auto apply(Network const& network, Predicate const& predicate) {
        return boost::hana::find_if(spikefuse::layers(network), predicate);
    }
};
template <>
struct boost::hana::any_of_impl<spikefuse::network_tag> {
    template <class Network, class Predicate>
    static constexpr auto apply(Network const& network, Predicate const& predicate) {
        return boost::hana::any_of(spikefuse::layers(network), predicate);
    }
};
