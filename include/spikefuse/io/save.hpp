// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// From a model into a NIR file, which `load_nir` and the nir package read. Saving is total or it
/// throws, and then the disk is as it was.

#include "../run/model.hpp"
#include "hdf5_write.hpp"
#include "nir.hpp"

#include <set>

namespace spikefuse::inline SPIKEFUSE_ABI::io {

namespace detail {

/// How far a network is a plain chain: the layers met, and the kind of the word that ends it (""
/// where none does).
struct chain_reach {
    std::size_t layers = 0;
    std::string_view ended_by = {};
};
template <class Word>
struct chain_from {
    static constexpr chain_reach after(chain_reach before) {
        if constexpr (computes_nothing<Word>) {
            return before;
        } else if constexpr (nir_mapping_of<Word>.slides.kernel[0] != 0) {
            return {before.layers, "network of images"};
        } else if constexpr (connection<Word> || neuron_layer<Word>) {
            return {before.layers + 1, {}};
        } else {
            return {before.layers, Word::kind::text()};
        }
    }
};
template <int Steps>
struct chain_from<delay_word<Steps>> {
    static constexpr chain_reach after(chain_reach before) { return {before.layers, "delay"}; }
};
template <class Left, class Right>
struct chain_from<sequence<Left, Right>> {
    static constexpr chain_reach after(chain_reach before) {
        chain_reach const left = chain_from<Left>::after(before);
        return left.ended_by.empty() ? chain_from<Right>::after(left) : left;
    }
};

template <class Model>
struct network_of;
template <class Network, class T, class Space>
struct network_of<model<Network, T, Space>> {
    using type = std::remove_cv_t<Network>;
};

/// Of the node types that a layer may be, the first whose fields these are.
inline std::string_view node_type(nir_mapping const& rule, std::set<std::string> const& fields) {
    for (std::string_view const name : rule.types) {
        auto const type = std::find_if(nir_types().begin(), nir_types().end(),
                                       [&](nir_type const& t) { return name == t.name; });
        if (type == nir_types().end()) continue;
        auto known = [&](std::string const& field) {
            return std::find(type->required.begin(), type->required.end(), field) !=
                       type->required.end() ||
                   std::find(type->optional.begin(), type->optional.end(), field) !=
                       type->optional.end();
        };
        if (std::all_of(type->required.begin(), type->required.end(),
                        [&](std::string const& field) { return fields.contains(field); }) &&
            std::all_of(fields.begin(), fields.end(), known))
            return name;
    }
    return {};
}

/// A node between Input and Output, ready to be written.
template <class T>
struct planned_node {
    struct field {
        std::string name;
        std::vector<std::size_t> shape;
        std::vector<T> values;
    };
    std::string type;
    std::vector<field> fields;
};

/// Layer `k` as a node. `place`: the file, for the sentence.
template <class Model>
planned_node<typename Model::value_type>
plan_node(Model const& network, std::size_t k, nir_mapping const& rule, std::string const& place) {
    std::string const& layer = network.layer_names()[k];
    std::string const problem = "the network cannot be saved to '" + place + "'";
    if (rule.types[0].empty())
        throw name_error(problem, "'" + layer + "' is no node of NIR",
                         "Save a network of layers that NIR has: their files say `exchange`");
    planned_node<typename Model::value_type> node;
    std::set<std::string> fields;
    for (auto const& parameter : network.parameters()) {
        if (parameter.layer != layer) continue;
        auto const* const field =
            std::find_if(rule.fields.begin(), rule.fields.end(),
                         [&](auto const& f) { return f.parameter == parameter.name; });
        if (field == rule.fields.end())
            throw name_error(problem,
                             "'" + parameter.name + "' of '" + layer + "' has no place in NIR",
                             "Save a network without it");
        auto values = network.get(layer, parameter.name);
        for (std::size_t n = 0; n < values.size(); ++n)
            if (!spikefuse::detail::is_finite(values[n]))
                throw value_error(problem,
                                  "'" + parameter.name + "' of '" + layer + "' is not finite at [" +
                                      std::to_string(n) + "]",
                                  "Set it before saving");
        fields.emplace(field->name);
        node.fields.push_back({std::string(field->name), parameter.shape, std::move(values)});
    }
    for (auto const& fixed : rule.implied) {
        if (fixed.name.empty()) continue;
        auto values =
            network.get(layer, std::string(fixed.parameter.empty() ? rule.fields[0].parameter
                                                                   : fixed.parameter));
        for (auto& value : values)
            value =
                fixed.parameter.empty()
                    ? 1
                    : static_cast<typename Model::value_type>(value / network.setup().dt.seconds);
        fields.emplace(fixed.name);
        node.fields.push_back({std::string(fixed.name), {values.size()}, std::move(values)});
    }
    node.type = node_type(rule, fields);
    if (node.type.empty())
        throw name_error(problem,
                         "'" + layer + "' lacks a field that NIR's " + std::string(rule.types[0]) +
                             " needs",
                         "Give the layer that parameter");
    return node;
}

} // namespace detail

/// Writes a model's parameters as a NIR file: a chain of nodes "0", "1", ... between "input" and
/// "output", in the model's precision. NIR holds neither dt nor another way to fire or reset than
/// its own (`inclusive`, `subtract`): who loads the file says these again.
/// @param network a chain of layers that NIR has
/// @param path is replaced in one step, or left as it was
/// @throws name_error a network that is no plain chain, a layer that is no node of NIR
/// @throws value_error a number that is not finite
/// @throws file_error the disk
template <class Model>
void save_nir(Model const& network, std::string const& path) {
    constexpr detail::chain_reach reach =
        detail::chain_from<typename detail::network_of<Model>::type>::after({});
    auto const& layers = network.layer_names();
    if constexpr (!reach.ended_by.empty())
        throw name_error(
            "the network cannot be saved to '" + path + "'",
            "it is no plain chain of layers: '" +
                (reach.layers < layers.size() ? layers[reach.layers] : std::string("identity")) +
                "' is part of a '" + std::string(reach.ended_by) + "'",
            "Save a network whose layers are joined by >> alone");
    auto const rules = network.nir_mappings();
    std::vector<detail::planned_node<typename Model::value_type>> nodes;
    for (std::size_t k = 0; k < layers.size(); ++k)
        nodes.push_back(detail::plan_node(network, k, rules[k], path));

    detail::replace_file(path, [&] {
        detail::hdf5_image const file;
        file.text("/version", "1.0.8"); // the nir package whose layout this is
        file.group("/node");
        file.text("/node/type", "NIRGraph");
        file.group("/node/nodes");
        auto end = [&](std::string const& name, std::string const& type, int width) {
            file.group("/node/nodes/" + name);
            file.text("/node/nodes/" + name + "/type", type);
            file.numbers("/node/nodes/" + name + "/shape", {1}, std::vector<std::int64_t>{width});
        };
        end("input", "Input", Model::inputs);
        std::vector<std::string> edges{"input"};
        for (std::size_t k = 0; k < nodes.size(); ++k) {
            std::string const name = std::to_string(k), place = "/node/nodes/" + name;
            file.group(place);
            file.text(place + "/type", nodes[k].type);
            for (auto const& field : nodes[k].fields)
                file.numbers(place + "/" + field.name, field.shape, field.values);
            edges.insert(edges.end(), {name, name});
        }
        end("output", "Output", Model::outputs);
        edges.emplace_back("output");
        file.texts("/node/edges", {edges.size() / 2, 2}, edges);
        return file.bytes();
    }());
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
