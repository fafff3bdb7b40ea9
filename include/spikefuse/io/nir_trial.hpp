// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A file's own test: what a network gave over an input when it was written, and whether it does so
/// where it is loaded.

#include "../core/errors.hpp"
#include "nir_graph.hpp"

#include <Kokkos_Core.hpp>
#include <limits>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail {

/// What a model gives from rest over an input [T, N]: [T, M], of its first sample.
template <class Model>
std::vector<double> outputs_from_rest(Model& network, array const& input) {
    using number = typename Model::value_type;
    constexpr auto in = static_cast<std::size_t>(Model::inputs);
    Kokkos::View<number***, Kokkos::LayoutRight, typename Model::space_type> const x(
        "spikefuse::test", input.values.size() / in, 1, in);
    auto const given = Kokkos::create_mirror_view(x);
    for (std::size_t k = 0; k < given.size(); ++k)
        given.data()[k] = static_cast<number>(input.values[k]);
    Kokkos::deep_copy(x, given);
    network.reset();
    auto const y = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), network(x));
    return {y.data(), y.data() + y.size()};
}

/// How far two runs may lie apart, of the largest number: sums in another order.
template <class T>
inline constexpr double own_tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-12;

/// Throws value_error where a model's numbers are not those of the test.
template <class Model>
void check_test(Model& network, test_run const& test, std::string const& path) {
    std::string const problem = "this network does not compute what '" + path + "' says it should",
                      cure = "Is it of the words and choices (reset, fires, current) that the file "
                             "was written from? Without its test: file.test.reset()";
    constexpr auto in = static_cast<std::size_t>(Model::inputs),
                   out = static_cast<std::size_t>(Model::outputs);
    double const dt = network.setup().dt.seconds;
    if (!(std::abs(test.dt - dt) <= 1e-9 * dt))
        throw value_error(problem,
                          "its test ran at dt = " + spikefuse::detail::number_text(test.dt) +
                              " s, this network steps by " + spikefuse::detail::number_text(dt),
                          cure);
    if (test.input.shape != extents{test.input.shape[0], in} ||
        test.output.shape != extents{test.input.shape[0], out})
        throw shape_error(problem,
                          "its test goes from " + io::detail::shape_text(test.input.shape) +
                              " to " + io::detail::shape_text(test.output.shape) +
                              ", this network from [T, " + std::to_string(in) + "] to [T, " +
                              std::to_string(out) + "]",
                          cure);
    std::vector<double> const made = outputs_from_rest(network, test.input);
    double largest = 0, furthest = 0;
    std::size_t differ = 0, first = 0;
    for (double const one : test.output.values) largest = std::max(largest, std::abs(one));
    double const allowed =
        largest * std::max(test.tolerance, own_tolerance<typename Model::value_type>);
    for (std::size_t k = 0; k < made.size(); ++k) {
        double const apart = std::abs(made[k] - test.output.values[k]);
        if (apart <= allowed) continue; // NaN is not
        if (differ++ == 0) first = k;
        furthest = std::max(furthest, apart);
    }
    if (differ == 0) return;
    throw value_error(
        problem,
        "output [" + std::to_string(first / out) + ", " + std::to_string(first % out) + "] is " +
            spikefuse::detail::number_text(made[first]) + " and was " +
            spikefuse::detail::number_text(test.output.values[first]) + " where it was written; " +
            std::to_string(differ) + " of " + std::to_string(made.size()) +
            " numbers differ, the furthest by " + spikefuse::detail::number_text(furthest),
        cure);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail
