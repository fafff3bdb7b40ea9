// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A typed node as the fields of a file.

#include "nir_schedule.hpp"

#include <array>
#include <cmath>

namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail {

/// A node as it stands in a file.
inline io::nir_node as_in_file(node const& one) {
    io::nir_node made;
    made.name = one.name, made.type = one.type;
    std::visit(
        [&]<class Node>(Node const& what) {
            [[maybe_unused]] auto const put = [&](char const* key, auto const& numbers) {
                for (auto const number : numbers)
                    made.fields[key].values.push_back(static_cast<double>(number));
            };
            if constexpr (requires { what.groups; }) {
                put("stride", what.stride), put("dilation", what.dilation);
                put("groups", std::array{what.groups});
                if (what.padding.empty())
                    put("padding", what.before);
                else
                    made.texts["padding"] = what.padding;
            } else if constexpr (requires { what.kernel[0]; }) {
                put("kernel_size", what.kernel), put("stride", what.stride);
                put("padding", what.padding);
            }
            what.fields(what, [&]<class Field>(char const* key, Field const& field) {
                array& into = made.fields[key];
                into.values = field.values;
                if constexpr (std::is_same_v<Field, array>)
                    into.shape = field.shape;
                else if (field.values.size() != 1)
                    into.shape = {field.values.size()};
            });
        },
        one.what);
    return made;
}

/// Whether a node's membranes tend to something else than zero.
inline bool leaks(node const& one) {
    return std::visit(
        []<class Node>(Node const& what) {
            if constexpr (requires { what.v_leak; })
                for (double const v : what.v_leak.values)
                    if (v != 0) return true;
            return false;
        },
        one.what);
}

/// How many matrices a node of weights has, one for each leading index; 1: the usual one.
inline std::size_t matrices_of(node const& one) {
    return std::visit(
        []<class Node>(Node const& what) -> std::size_t {
            if constexpr (std::is_same_v<Node, nodes::affine> ||
                          std::is_same_v<Node, nodes::linear>) {
                extents const& shape = what.weight.shape;
                return what.weight.values.size() / (shape.back() * shape[shape.size() - 2]);
            } else {
                return 1;
            }
        },
        one.what);
}
/// Matrices for each leading index are a convolution in as many groups, over windows of a whole
/// row.
inline node as_convolution(node one) {
    nodes::conv1d made;
    made.groups = matrices_of(one), made.stride = made.dilation = {1};
    std::visit(
        [&]<class Node>(Node const& what) {
            if constexpr (requires { what.weight.shape; }) {
                std::size_t const in = what.weight.shape.back(),
                                  out = what.weight.values.size() / in;
                made.weight = {{out, 1, in}, what.weight.values};
                if constexpr (requires { what.bias; })
                    for (std::size_t k = 0; k < out; ++k) made.bias.values.push_back(what.bias[k]);
                else
                    made.bias.values.assign(out, 0);
                one.in = {made.groups, in}, one.out = {out, 1};
            }
        },
        one.what);
    one.type = "Conv1d", one.what = made;
    return one;
}

/// A node whose numbers say in Euler's steps and by the second what was meant otherwise, and delays
/// in steps, several matrices as groups of one convolution: so the words of a network take them. A
/// v_reset that is not meant is none.
inline node as_words_have_it(node one, choices const& chosen) {
    if (matrices_of(one) > 1) return as_convolution(std::move(one));
    auto const decays = [&](parameter& times) {
        for (double& tau : times.values) tau = chosen.dt / -std::expm1(-chosen.dt / tau);
    };
    std::visit(
        [&]<class Node>(Node& what) {
            if constexpr (std::is_same_v<Node, nodes::delay>)
                for (std::size_t k = 0; k < what.time.values.size(); ++k)
                    what.time.values[k] = static_cast<double>(steps_of(what, k, chosen.dt));
            if constexpr (requires { what.v_reset; })
                if (chosen.reset == resets::subtract) what.v_reset = {{0}};
            if constexpr (requires { what.tau; }) {
                if (chosen.integration == integrations::exponential) decays(what.tau);
            } else if constexpr (requires { what.tau_mem; }) {
                if (chosen.integration == integrations::exponential)
                    decays(what.tau_mem), decays(what.tau_syn);
            } else if constexpr (requires { what.r; }) {
                if (chosen.integrator == integrators::per_step)
                    for (double& r : what.r.values) r /= chosen.dt;
            }
        },
        one.what);
    return one;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir::detail
