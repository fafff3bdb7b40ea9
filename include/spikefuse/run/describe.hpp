// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `describe(model)`: the plan of its network, and what its samples take.

#include "../plan/describe.hpp"
#include "model.hpp"

#include <string>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// The plan of a model, in its own precision, as text: see `describe(network)`.
template <layer_word Network, class T, class Space>
std::string describe(model<Network, T, Space> const& of) {
    auto const& setup = of.setup();
    return detail::description<Network, T>{}.write() + "state of " + std::to_string(setup.batch) +
           " samples: " +
           detail::readable_bytes(
               static_cast<double>(
                   detail::plan::layout<detail::plan::schedule<Network, false>, T>::memory_total *
                   sizeof(T)) *
               setup.batch) +
           "\n";
}

} // namespace spikefuse::inline SPIKEFUSE_ABI
