// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Memory as a list of named regions, from which offsets are computed.

#include "../core/config.hpp"

#include <boost/mp11.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

SPIKEFUSE_FUNCTION constexpr int round_up(int n, int to) { return (n + to - 1) / to * to; }
/// Bytes in whole cache lines.
SPIKEFUSE_FUNCTION constexpr std::size_t line(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

/// Where each of `Parts` parts (layers, buffers) begins that lie one behind the other, and where
/// they end. One table for all of them: a sum of its own for each part would cost the compiler the
/// square of their number.
template <int Parts>
struct sums {
    std::size_t before[Parts + 1];
};
template <int Parts, class Size>
constexpr sums<Parts> running_sums(Size size) {
    sums<Parts> t{};
    boost::mp11::mp_for_each<boost::mp11::mp_iota_c<static_cast<std::size_t>(Parts)>>([&](auto k) {
        t.before[k + 1] = t.before[k] + size(std::integral_constant<int, static_cast<int>(k)>{});
    });
    return t;
}

/// The regions of a sample's scratch, in order.
enum class region {
    states,          // of neurons, in registers' order
    coefficients,    // what depends on parameters alone
    reduced,         // the output so far, as the readout reduces it
    readout_totals,  // of sums over time, in double
    held,            // what a held input gives each layer of weights
    lists,           // of events, where they do not lie by themselves
    contest,         // of layers of which one neuron may fire: what arrives, and the reach
    mapped,          // currents that a row map gave, some rows at a time
    shared_rows,     // sums that a device's threads share, a block of steps
    rows,            // between stages, a block of steps
    state_gradients, // training from here on
    coefficient_gradients,
    history,       // each step's states and current, of what is not replayed
    gradient_rows, // of the rows between stages
    outputs,       // of a block, which then are their gradients
    current_gradients,
    readout_gradient, // of the loss
    winners,          // of contests, a step
    columns,          // in which steps each input fired
    count
};
inline constexpr int region_count = static_cast<int>(region::count);
inline constexpr std::array<std::string_view, region_count> region_names{
    "states",
    "coefficients",
    "readout",
    "readout totals",
    "held input",
    "event lists",
    "contest",
    "mapped rows",
    "shared rows",
    "rows",
    "gradients of states",
    "gradients of coefficients",
    "history",
    "gradients of rows",
    "outputs",
    "gradients of currents",
    "gradient of the readout",
    "winners",
    "columns"};

/// Sizes in bytes become offsets: each region begins at a cache line, behind the one before it.
struct memory_map {
    std::array<std::size_t, region_count> sizes{}, offsets{};
    std::size_t total = 0;

    constexpr explicit memory_map(std::array<std::size_t, region_count> const& bytes)
        : sizes(bytes) {
        for (std::size_t k = 0; k < sizes.size(); ++k) {
            offsets[k] = total;
            total += line(sizes[k]);
        }
    }
    /// No two regions share a byte, and each begins at a cache line.
    constexpr bool is_sound() const {
        for (std::size_t k = 0; k < sizes.size(); ++k) {
            if (offsets[k] % 64 != 0 || offsets[k] + sizes[k] > total) return false;
            for (std::size_t j = 0; j < k; ++j)
                if (offsets[j] < offsets[k] + sizes[k] && offsets[k] < offsets[j] + sizes[j] &&
                    sizes[j] != 0 && sizes[k] != 0)
                    return false;
        }
        return true;
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
