// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What holds in each node of a NIR graph: numbers that mean something, and a geometry that can be.

#include "../core/numbers.hpp"
#include "nir_types.hpp"

#include <cmath>
#include <functional>
#include <optional>
#include <set>

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

inline std::size_t count_of(std::vector<std::size_t> const& shape) {
    std::size_t count = 1;
    for (std::size_t extent : shape) count *= extent;
    return count;
}
using spikefuse::detail::number_text;
inline std::string shape_text(std::vector<std::size_t> const& shape) {
    std::string text = "[";
    for (std::size_t k = 0; k < shape.size(); ++k)
        text += (k > 0 ? ", " : "") + std::to_string(shape[k]);
    return text + "]";
}

/// Fields that hold shapes and the like: few numbers, which are read before anything else.
inline bool is_geometry(std::string const& key) {
    static std::set<std::string> const all = {"shape",   "stride",      "padding",     "dilation",
                                              "groups",  "kernel_size", "input_shape", "start_dim",
                                              "end_dim", "input_type"};
    return all.contains(key);
}

/// Number `axis` of a field, or its only one. `check_geometry` has looked at it.
inline long geometry(nir_node const& node, std::string const& key, std::size_t axis,
                     long default_if_missing) {
    auto const found = node.fields.find(key);
    if (found == node.fields.end() || found->second.values.empty()) return default_if_missing;
    auto const& values = found->second.values;
    return static_cast<long>(values.size() == 1 ? values[0] : values[axis]);
}
inline std::size_t kernel_axes(nir_node const& node) { return node.type == "Conv1d" ? 1 : 2; }
inline bool is_convolution(nir_node const& node) {
    return node.type == "Conv1d" || node.type == "Conv2d";
}
inline bool is_pool(nir_node const& node) {
    return node.type == "SumPool2d" || node.type == "AvgPool2d";
}

/// Says what is wrong with a node by itself, but for the numbers of its parameters: `wrong(field,
/// why)` for each fault.
inline void check_geometry(nir_node const& node,
                           std::function<void(std::string const&, std::string const&)> const& say) {
    std::set<std::string> faulty;
    auto const wrong = [&](std::string const& field, std::string const& why) {
        if (faulty.insert(field).second) say(field, why);
    };
    auto const find = [&](std::string const& key) {
        auto const found = node.fields.find(key);
        return found == node.fields.end() ? nullptr : &found->second;
    };
    // A field of whole numbers, from `least` on, one for all axes or one an axis.
    auto const whole = [&](std::string const& key, std::size_t axes, double least) {
        auto const* const found = find(key);
        if (found == nullptr) return;
        auto const& values = found->values;
        if (values.size() != 1 && values.size() != axes)
            wrong(key, "it holds " + std::to_string(values.size()) + " numbers, and there are " +
                           std::to_string(axes) + " axes");
        for (std::size_t k = 0; k < values.size(); ++k)
            if (!(values[k] >= least && values[k] < 1e9) || values[k] != std::floor(values[k]))
                wrong(key, "it is " + number_text(values[k]) + " at [" + std::to_string(k) +
                               "], and a whole number from " +
                               std::to_string(static_cast<long>(least)) + " on belongs there");
    };
    auto const* const weight = find("weight");
    auto const* const bias = find("bias");
    auto const bias_beside = [&](std::size_t wanted) {
        if (bias != nullptr && count_of(bias->shape) != wanted)
            wrong("bias", "it is " + shape_text(bias->shape) + " beside a weight " +
                              shape_text(weight->shape));
    };
    if (weight != nullptr && (node.type == "Affine" || node.type == "Linear")) {
        if (weight->shape.size() < 2)
            wrong("weight", "it is " + shape_text(weight->shape) + ", and [out, in] has 2 axes");
        else if (count_of(weight->shape) == 0)
            wrong("weight", "it is " + shape_text(weight->shape) + ", and holds nothing");
        else
            bias_beside(count_of(weight->shape) / weight->shape.back());
    }
    if (is_convolution(node)) {
        std::size_t const axes = kernel_axes(node);
        whole("stride", axes, 1), whole("dilation", axes, 1), whole("padding", axes, 0),
            whole("groups", 1, 1), whole("input_shape", axes, 1);
        bool const even =
            weight != nullptr && weight->shape.size() == axes + 2 && count_of(weight->shape) > 0;
        if (weight != nullptr && weight->shape.size() != axes + 2)
            wrong("weight", "it is " + shape_text(weight->shape) + ", and [out, in, kernel] has " +
                                std::to_string(axes + 2) + " axes");
        else if (weight != nullptr && !even)
            wrong("weight", "it is " + shape_text(weight->shape) + ", and holds nothing");
        if (even) {
            bias_beside(weight->shape[0]);
            long const groups = faulty.contains("groups") ? 1 : geometry(node, "groups", 0, 1),
                       out = static_cast<long>(weight->shape[0]);
            if (out % groups != 0)
                wrong("groups", std::to_string(groups) + " groups do not divide " +
                                    std::to_string(out) + " channels");
        }
        if (auto const word = node.texts.find("padding"); word != node.texts.end()) {
            if (word->second != "same" && word->second != "valid")
                wrong("padding",
                      "it is '" + word->second + "', and NIR has numbers, 'same' and 'valid'");
            for (std::size_t k = 0; k < axes && !faulty.contains("stride"); ++k)
                if (word->second == "same" && geometry(node, "stride", k, 1) != 1)
                    wrong("padding", "it is 'same' beside a stride of " +
                                         std::to_string(geometry(node, "stride", k, 1)) +
                                         ": the output cannot have the input's shape");
        }
    }
    if (is_pool(node)) whole("kernel_size", 2, 1), whole("stride", 2, 1), whole("padding", 2, 0);
    if (node.type == "Flatten") whole("start_dim", 1, -16), whole("end_dim", 1, -16);
    if (node.type == "Input" || node.type == "Output")
        if (auto const* const shape = find("shape")) whole("shape", shape->values.size(), 1);
}

/// What is wrong with the numbers of a parameter.
inline std::optional<std::string> value_fault(std::string const& key, array const& value) {
    bool const time = key == "tau" || key == "tau_mem" || key == "tau_syn", delay = key == "delay";
    for (std::size_t k = 0; (time || delay) && k < value.values.size(); ++k) {
        double const x = value.values[k];
        if (time ? !(x > 0) : !(x >= 0))
            return "it is " + number_text(x) + " at [" + std::to_string(k) + "], and a " +
                   (time ? "time constant is positive"
                         : "delay is not negative: nothing comes from the future");
    }
    return {};
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
