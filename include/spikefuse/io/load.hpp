// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// From a NIR file into a model. Loading is total or it throws, and then the model is as it was.

#include "../run/model.hpp"
#include "nir.hpp"

#include <limits>

namespace spikefuse::inline SPIKEFUSE_ABI::io {

namespace detail {

struct planned_write {
    std::string layer, parameter;
    std::vector<double> values;
};

/// The word that a node is in a network; empty where there is none.
inline std::string word_of(std::string const& node) {
    for (nir_type const& type : nir_types())
        if (node == type.name) return type.word;
    return "";
}

/// A field for a parameter of `shape`: the same shape, or one number for all, or a vector with its
/// axes multiplied out ([C, H, W]).
inline std::vector<double> fit(array const& field, std::vector<std::size_t> const& shape,
                               std::string const& where) {
    std::size_t wanted = 1;
    for (std::size_t e : shape) wanted *= e;
    // [out, in, K, L] are the weights [out, in K L] of a convolution.
    bool const same = field.shape == shape ||
                      (shape.size() == 2 && field.shape.size() > 2 && field.shape[0] == shape[0] &&
                       field.values.size() == wanted),
               flattened = shape.size() == 1 && field.values.size() == wanted,
               one = shape.size() == 1 && field.values.size() == 1;
    if (same || flattened) return field.values;
    if (one) return std::vector<double>(wanted, field.values[0]);
    throw shape_error(where + " is " + shape_text(field.shape),
                      "this network wants " + shape_text(shape),
                      "Was the file made for a network of other widths?");
}

/// Throws value_error where a window slides in another way than a layer's.
inline void check_window(nir_mapping::window const& own, nir_node const& node,
                         std::string const& here, std::string const& layer) {
    bool const pool = own.groups == 0;
    std::size_t const axes = node.type == "Conv1d" ? 1 : 2;
    auto const compare = [&](std::string const& what, std::size_t axis, long given, long wanted) {
        if (given == wanted) return;
        char const* const direction = axes == 1 ? "" : axis == 0 ? " of rows" : " of columns";
        throw value_error("'" + what + "' of " + here + " is " + std::to_string(given) + direction,
                          "'" + layer + "' has " + std::to_string(wanted) + " there",
                          "Write the layer as the file has it: .stride<S>(), .padding<P>(), "
                          ".dilation<D>(), .groups<G>()");
    };
    auto const word = node.texts.find("padding");
    for (std::size_t axis = 0; axis < axes; ++axis) {
        std::size_t const k = axis + 2 - axes; // a Conv1d's are our columns
        long const kernel = pool ? geometry(node, "kernel_size", axis, 0)
                                 : static_cast<long>(node.field("weight").shape[2 + axis]);
        compare(pool ? "kernel_size" : "weight", axis, kernel, own.kernel[k]);
        compare("stride", axis, geometry(node, "stride", axis, 1), own.stride[k]);
        if (!pool) compare("dilation", axis, geometry(node, "dilation", axis, 1), own.dilation[k]);
        long const reach = (kernel - 1) * geometry(node, "dilation", axis, 1);
        bool const same = word != node.texts.end() && word->second == "same";
        long const before = same                       ? reach / 2
                            : word == node.texts.end() ? geometry(node, "padding", axis, 0)
                                                       : 0;
        compare("padding", axis, before, own.before[k]);
        compare("padding", axis, same ? reach - before : before, own.behind[k]);
    }
    if (!pool) compare("groups", 0, geometry(node, "groups", 0, 1), own.groups);
}

/// What layer `k` of a model gets from a node. Throws what `load_nir` does.
template <class Model>
void plan_layer(Model const& network, std::size_t k, nir_node const& node, std::string const& path,
                std::vector<planned_write>& writes) {
    nir_mapping const rule = network.nir_mappings()[k];
    auto const& layers = network.layer_names();
    std::string const here = "'" + node.name + "' in '" + path + "'", word = word_of(node.type);
    if (std::find(rule.types.begin(), rule.types.end(), node.type) == rule.types.end() ||
        rule.types[0].empty())
        throw name_error(here + " is a " + node.type,
                         "the network has '" + layers[k] + "' there" +
                             (rule.types[0].empty() ? "" : ", NIR's " + std::string(rule.types[0])),
                         "Write the network as the file has it, layer by layer" +
                             (word.empty() ? "" : ": a " + node.type + " is " + word));
    std::set<std::string> used;
    if (rule.slides.kernel[0] != 0) {
        check_window(rule.slides, node, here, layers[k]);
        used = {"kernel_size", "stride", "padding", "dilation", "groups", "input_shape"};
    }
    for (auto const& parameter : network.parameters()) {
        if (parameter.layer != layers[k]) continue;
        auto const* const field =
            std::find_if(rule.fields.begin(), rule.fields.end(),
                         [&](auto const& f) { return f.parameter == parameter.name; });
        if (field == rule.fields.end())
            throw name_error("'" + parameter.name + "' of '" + layers[k] + "' has no place in NIR",
                             "", "Set it by hand");
        std::string const key(field->name);
        used.insert(key);
        if (auto const found = node.fields.find(key); found != node.fields.end()) {
            writes.push_back({layers[k], parameter.name,
                              fit(found->second, parameter.shape, "'" + key + "' of " + here)});
        } else {
            std::size_t count = 1;
            for (std::size_t e : parameter.shape) count *= e;
            writes.push_back(
                {layers[k], parameter.name, std::vector<double>(count, field->default_if_missing)});
        }
    }
    for (auto const& fixed : rule.implied) {
        if (fixed.name.empty()) continue;
        std::string const key(fixed.name);
        used.insert(key);
        auto const found = node.fields.find(key);
        auto const source =
            std::find_if(writes.begin(), writes.end(), [&](planned_write const& write) {
                return write.layer == layers[k] &&
                       write.parameter ==
                           (fixed.parameter.empty() ? rule.fields[0].parameter : fixed.parameter);
            });
        for (std::size_t n = 0; n < source->values.size(); ++n) {
            double const wanted =
                fixed.parameter.empty() ? 1 : source->values[n] / network.setup().dt.seconds;
            double const given = found == node.fields.end()         ? 1
                                 : found->second.values.size() == 1 ? found->second.values[0]
                                 : n < found->second.values.size()
                                     ? found->second.values[n]
                                     : std::numeric_limits<double>::quiet_NaN();
            if (!(std::abs(given - wanted) <= 1e-5 * std::abs(wanted)))
                throw value_error(
                    "'" + key + "' of " + here + " is " + std::to_string(given),
                    "in this network it is " + std::to_string(wanted) +
                        (fixed.parameter.empty() ? ""
                                                 : ", " + std::string(fixed.parameter) +
                                                       " / dt: a spike moves the synapse by 1"),
                    "Load it at the dt that it was made for, put the factor into "
                    "the weights before it" +
                        (layers[k].starts_with(word + " ")
                             ? ""
                             : ", or write " + word + ", which has this number as a parameter"));
        }
    }
    for (auto const& [key, value] :
         node.fields) { // what the network cannot hold must not be lost in silence
        bool const nothing =
            std::all_of(value.values.begin(), value.values.end(), [](double x) { return x == 0; });
        if (!used.contains(key) && !nothing)
            throw name_error("'" + key + "' of " + here + " has no place in this network",
                             "'" + layers[k] + "' has no such parameter",
                             "Give the layer that parameter: a bias, or another reset");
    }
}

/// Sets all of it, or throws and sets nothing.
template <class Model>
void set_all(Model& network, std::vector<planned_write> const& writes) {
    for (auto const& write : writes)
        network.check(write.layer, write.parameter, std::span<double const>(write.values));
    for (auto const& write : writes) network.set(write.layer, write.parameter, write.values);
}

} // namespace detail

/// Sets every parameter of a model from the chain of nodes in a NIR file.
/// @param network a chain of the same layers
/// @param path of the file
/// @throws file_error the file
/// @throws shape_error an array of another shape
/// @throws name_error another kind of node
/// @throws value_error a number that the parameter cannot be; nothing has changed then
template <class Model>
void load_nir(Model& network, std::string const& path) {
    std::size_t numbers = 0;
    for (auto const& parameter : network.parameters()) numbers += detail::count_of(parameter.shape);
    nir_node const graph = read_nir(path, 2 * numbers); // and what its equations fix
    auto chain = nir_chain(graph, path);
    std::erase_if(chain, [](nir_node const* one) { return one->type == "Flatten"; }); // no numbers
    auto const& layers = network.layer_names();
    if (chain.size() != layers.size())
        throw shape_error("'" + path + "' holds " + std::to_string(chain.size()) + " layers",
                          "this network has " + std::to_string(layers.size()),
                          "Write the network as the file has it, layer by layer");
    std::vector<detail::planned_write> writes;
    for (std::size_t k = 0; k < chain.size(); ++k)
        detail::plan_layer(network, k, *chain[k], path, writes);
    detail::set_all(network, writes);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
