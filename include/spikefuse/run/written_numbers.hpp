// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Parameters that stand in a program: a trained network is compiled in, and no file is read. What
/// `spikefuse-nir generate --weights inside` writes.

#include "../core/errors.hpp"
#include "../core/numbers.hpp"
#include "../core/units.hpp"

#include <cmath>
#include <initializer_list>
#include <span>
#include <string_view>
#include <variant>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// An array of parameters, and where its numbers lie in the program.
struct written_array {
    std::string_view layer;     ///< "linear 1"
    std::string_view parameter; ///< "weight"
    /// Row by row, of float or double; one number stands for all.
    std::variant<double, std::span<float const>, std::span<double const>> numbers;
};

namespace detail {

/// Sets all of it, or throws and sets nothing.
template <class Model>
void set_all(Model& network, std::span<written_array const> all) {
    for (written_array const& one : all)
        std::visit([&](auto numbers) { network.check(one.layer, one.parameter, numbers); },
                   one.numbers);
    for (written_array const& one : all)
        std::visit([&](auto numbers) { network.set(one.layer, one.parameter, numbers); },
                   one.numbers);
}

} // namespace detail

/// Sets parameters of a model to numbers that stand in the program, or throws and sets none.
/// @param network a model
/// @param dt that the numbers were made for: delays are counted in it, decays may be
/// @param all arrays; others stay as they are
/// @throws value_error the model steps by another dt; a number that the parameter cannot be
/// @throws name_error no such layer, or no such array of it
/// @throws shape_error another number of values
template <class Model>
void set_written(Model& network, duration dt, std::initializer_list<written_array> all) {
    double const own = network.setup().dt.seconds;
    if (!(std::abs(dt.seconds - own) <= 1e-9 * own))
        throw value_error("these numbers were written for dt = " + detail::number_text(dt.seconds) +
                              " s",
                          "the network steps by " + detail::number_text(own) + " s",
                          "Make the model with that .dt, which stands beside the numbers");
    detail::set_all(network, std::span<written_array const>(all.begin(), all.size()));
}

} // namespace spikefuse::inline SPIKEFUSE_ABI
