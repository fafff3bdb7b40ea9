// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A model beside the interpreter of the NIR graph that it is.

#include "../../tools/nir/data.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <spikefuse/io/nir_load.hpp>
#include <spikefuse/spikefuse.hpp>

namespace test {

namespace nir = spikefuse::nir;

/// What a model gives over an input [T, N], row-major.
template <class Model>
std::vector<double> run(Model& network, std::vector<double> const& input) {
    std::size_t const in = static_cast<std::size_t>(Model::inputs), steps = input.size() / in;
    Kokkos::View<typename Model::value_type***, Kokkos::LayoutRight> x("x", steps, 1, in);
    auto const host = Kokkos::create_mirror_view(x);
    for (std::size_t k = 0; k < input.size(); ++k)
        host.data()[k] = static_cast<typename Model::value_type>(input[k]);
    Kokkos::deep_copy(x, host);
    auto const out = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), network(x));
    return {out.data(), out.data() + out.size()};
}

/// Holds a model against the interpreter of its graph, over the same input [T, N].
template <class Model>
void same(Model& network, nir::graph const& graph, nir::choices const& choices,
          std::vector<double> const& input) {
    nir_tool::recording const rows = nir_tool::parted_rows(
        graph, graph.inputs, input, input.size() / static_cast<std::size_t>(Model::inputs));
    auto const all = nir_tool::run(graph, choices, rows, false, [](std::size_t) {});
    nir_tool::recording outputs{rows.steps, {}};
    for (nir::port const& one : graph.outputs)
        outputs.arrays[one.label] = all.at("out/" + one.label);
    std::vector<double> const wanted = nir_tool::joined_rows(graph, graph.outputs, outputs);
    std::vector<double> const made = run(network, input);
    REQUIRE(made.size() == wanted.size());
    double largest = 0, furthest = 0;
    for (std::size_t k = 0; k < made.size(); ++k) {
        largest = std::max(largest, std::abs(wanted[k]));
        furthest = std::max(furthest, std::abs(wanted[k] - made[k]));
    }
    REQUIRE(largest > 0.1);
    REQUIRE(furthest < 1e-12 * largest);
}

} // namespace test
