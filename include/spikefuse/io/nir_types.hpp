// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What NIR is made of: its nodes, and which fields each has. Source: Pedersen et al. 2024, Nature
/// Communications 15:8122, and the layout that the nir package writes.

#include "../core/config.hpp"

#include "hdf5.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io {

/// A node of a NIR graph. Numbers stand in `fields`, words ("same", "valid") in `texts`.
struct nir_node {
    std::string name;                                       ///< within its graph
    std::string type;                                       ///< "LIF", "Affine", "NIRGraph" ...
    std::map<std::string, array> fields;                    ///< numbers
    std::map<std::string, std::string> texts;               ///< words
    std::map<std::string, std::string> metadata;            ///< what its maker noted, as text
    std::vector<nir_node> nodes;                            ///< of a NIRGraph
    std::vector<std::pair<std::string, std::string>> edges; ///< of a NIRGraph: source, target

    /// A field that is there.
    array const& field(std::string const& key) const { return fields.at(key); }
};

namespace detail {

/// The format's node types in one table: the fields each must have, those it may have, and the
/// layer that computes what it says.
struct nir_type {
    char const* name;
    std::vector<std::string> required, optional;
    bool one_shape = false; ///< its parameters agree in shape, or are one number for all
    char const* word = "";  ///< what it is in a network; empty: no layer is like it
};
inline std::vector<nir_type> const& nir_types() {
    static std::vector<nir_type> const types = {
        {"Input", {"shape"}, {}},
        {"Output", {"shape"}, {}},
        {"Affine", {"weight", "bias"}, {}, false, "linear<N>"},
        {"Linear", {"weight"}, {}, false, "linear<N>(no_bias)"},
        {"Scale", {"scale"}, {}, false, "scale(1)"},
        {"Conv1d",
         {"weight", "stride", "padding", "dilation", "groups", "bias"},
         {"input_shape"},
         false,
         "conv1d<N, K>"},
        {"Conv2d",
         {"weight", "stride", "padding", "dilation", "groups", "bias"},
         {"input_shape"},
         false,
         "conv2d<N, K>"},
        {"SumPool2d", {"kernel_size", "stride", "padding"}, {}, false, "sum_pool2d<K>"},
        {"AvgPool2d", {"kernel_size", "stride", "padding"}, {}, false, "avg_pool2d<K>"},
        {"Flatten", {}, {"start_dim", "end_dim", "input_type"}},
        {"Delay", {"delay"}, {}},
        {"Threshold", {"threshold"}, {}},
        {"I", {"r"}, {}, false, "nir::integrator"},
        {"LI", {"tau", "r", "v_leak"}, {}, true, "nir::li"},
        {"IF", {"r", "v_threshold"}, {"v_reset"}, true, "iaf"},
        {"LIF", {"tau", "r", "v_leak", "v_threshold"}, {"v_reset"}, true, "nir::lif"},
        {"CubaLI", {"tau_syn", "tau_mem", "r", "v_leak"}, {"w_in"}, true, "nir::cuba_li"},
        {"CubaLIF",
         {"tau_syn", "tau_mem", "r", "v_leak", "v_threshold"},
         {"v_reset", "w_in"},
         true,
         "nir::cuba_lif"},
        {"NIRGraph", {}, {}},
    };
    return types;
}

/// The type of that name; none where the format has no such type.
inline nir_type const* type_of(std::string const& name) {
    auto const found = std::find_if(nir_types().begin(), nir_types().end(),
                                    [&](nir_type const& type) { return name == type.name; });
    return found == nir_types().end() ? nullptr : &*found;
}

/// The known name that is nearest to a wrong one, for the sentence. Of long names none is: they
/// take long to compare.
inline std::string nearest(std::string const& wrong, std::vector<std::string> const& known) {
    std::string best;
    std::size_t least = wrong.size() / 2 + 2;
    for (std::string const& candidate : known) {
        if (wrong.size() > 64 || candidate.size() > 64) continue;
        std::vector<std::size_t> row(candidate.size() + 1);
        for (std::size_t j = 0; j <= candidate.size(); ++j) row[j] = j;
        for (std::size_t i = 1; i <= wrong.size(); ++i) {
            std::size_t diagonal = row[0]++;
            for (std::size_t j = 1; j <= candidate.size(); ++j) {
                std::size_t const above = row[j];
                row[j] = std::min({row[j] + 1, row[j - 1] + 1,
                                   diagonal + (wrong[i - 1] == candidate[j - 1] ? 0 : 1)});
                diagonal = above;
            }
        }
        if (row.back() < least) {
            least = row.back();
            best = candidate;
        }
    }
    return best;
}

} // namespace detail

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
