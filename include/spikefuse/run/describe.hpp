// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `describe(model)`: the plan of its network, and what its samples take.

#include "../plan/describe.hpp"
#include "model.hpp"

#include <string>

namespace spikefuse::inline SPIKEFUSE_ABI {
namespace detail {

/// How a device runs packed spikes, or numbers; nothing where registers are several neurons.
template <class Network, class T, bool Bits>
std::string schedule_on_a_device() {
    using schedule = plan::schedule<Network, Bits>;
    if constexpr (lanes<T>::width > 1) {
        return "";
    } else {
        std::string text = Bits ? "packed spikes: " : "numbers: ";
        if constexpr (is_sliced<schedule, T>) {
            std::string slices;
            plan::mp11::mp_for_each<typename schedule::nodes>([&](auto node) {
                slices += (slices.empty() ? "" : ", ") +
                          std::to_string(slices_of<schedule, T, decltype(node)>::outputs);
            });
            text +=
                "by slices of " + slices + " neurons" +
                (all_slices<schedule, T>::weighs_input && !Bits ? ", of a held input or" : ", of") +
                " few steps ";
        }
        return text + "a sample a team\n";
    }
}

} // namespace detail

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
           "\n" + detail::schedule_on_a_device<Network, T, true>() +
           detail::schedule_on_a_device<Network, T, false>();
}

} // namespace spikefuse::inline SPIKEFUSE_ABI
