// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The numbers of a NIR node as a layer's parameters, and all that differs between the two.

#include "../core/errors.hpp"
#include "../core/layer.hpp"
#include "../run/written_numbers.hpp"
#include "nir_reader.hpp"

#include <cmath>
#include <exception>
#include <limits>
#include <set>
#include <span>

namespace spikefuse::inline SPIKEFUSE_ABI::io {

namespace detail {

/// What differs between a network and a file, collected: one error says all of it.
class differences {
  public:
    /// Does something; the error that it throws is one of the differences.
    template <class Something>
    bool attempt(Something const& something) {
        try {
            something();
            return true;
        } catch (error const& fault) {
            if (!first_) first_ = std::current_exception();
            std::string const text = fault.what();
            kinds_.insert(text.substr(0, text.find(": ")));
            all_ += "\n  " + text.substr(text.find(": ") + 2);
            ++count_;
            return false;
        }
    }
    /// Throws what there is: the one error itself; of several all, as one of their kind, or if
    /// they are of several kinds a name_error.
    void raise(std::string const& path) const {
        if (count_ == 1) std::rethrow_exception(first_);
        std::string const problem = "'" + path + "' does not fit this network",
                          why = std::to_string(count_) + " differences:" + all_ + "\n",
                          cure = "Write the network as the file has it: `spikefuse-nir generate`";
        if (kinds_ == std::set<std::string>{"spikefuse::shape_error"})
            throw shape_error(problem, why, cure);
        if (kinds_ == std::set<std::string>{"spikefuse::value_error"})
            throw value_error(problem, why, cure);
        if (count_ > 1) throw name_error(problem, why, cure);
    }

  private:
    std::exception_ptr first_;
    std::set<std::string> kinds_;
    std::string all_;
    std::size_t count_ = 0;
};

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
    std::size_t const wanted = count_of(shape);
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

/// A layer of a network, as far as its numbers go.
struct numbered_layer {
    struct parameter {
        std::string name;
        std::vector<std::size_t> shape;
    };
    std::string name;
    nir_mapping rule;
    std::vector<parameter> parameters;
    double dt; ///< of its network

    /// Layer `k` of a model.
    template <class Model>
    static numbered_layer of(Model const& network, std::size_t k) {
        numbered_layer one{
            network.layer_names()[k], network.nir_mappings()[k], {}, network.setup().dt.seconds};
        for (auto const& own : network.parameters())
            if (own.layer == one.name) one.parameters.push_back({own.name, own.shape});
        return one;
    }
    /// The field of a node that a parameter is; none where NIR has no place for it.
    nir_mapping::field const* field_of(std::string_view called) const {
        auto const* const found =
            std::find_if(rule.fields.begin(), rule.fields.end(),
                         [&](auto const& f) { return f.parameter == called; });
        return found == rule.fields.end() ? nullptr : found;
    }
    /// Whether a node of that type is such a layer.
    bool is(std::string const& type) const {
        return !type.empty() &&
               std::find(rule.types.begin(), rule.types.end(), type) != rule.types.end();
    }
};

/// A node's numbers for a layer; what does not fit is kept among the differences.
class numbers_of_node {
  public:
    numbers_of_node(numbered_layer const& layer, nir_node const& node, std::string const& path,
                    differences& kept)
        : layer_(layer), node_(node), here_("'" + node.name + "' in '" + path + "'") {
        if (!kept.attempt([&] { check_type(); })) return;
        if (layer.rule.slides.kernel[0] != 0) {
            if (!kept.attempt([&] { check_window(layer.rule.slides, node, here_, layer.name); }))
                return;
            used_ = {"kernel_size", "stride", "padding", "dilation", "groups", "input_shape"};
        }
        for (auto const& one : layer.parameters) kept.attempt([&] { take(one); });
        for (auto const& fixed : layer.rule.implied)
            if (!fixed.name.empty()) kept.attempt([&] { check_fixed(fixed); });
        for (auto const& [key, value] : node.fields)
            kept.attempt([&, &name = key, &field = value] { check_used(name, field); });
    }
    std::vector<planned_write> writes;

  private:
    void check_type() const {
        std::string const word = word_of(node_.type), own(layer_.rule.types[0]);
        if (layer_.is(node_.type)) return;
        throw name_error(here_ + " is a " + node_.type,
                         "the network has '" + layer_.name + "' there" +
                             (own.empty() ? "" : ", NIR's " + own),
                         "Write the network as the file has it, layer by layer" +
                             (word.empty() ? "" : ": a " + node_.type + " is " + word));
    }
    void take(numbered_layer::parameter const& parameter) {
        auto const* const field = layer_.field_of(parameter.name);
        if (field == nullptr)
            throw name_error("'" + parameter.name + "' of '" + layer_.name +
                                 "' has no place in NIR",
                             "", "Set it by hand");
        std::string const key(field->name);
        used_.insert(key);
        auto const found = node_.fields.find(key);
        writes.push_back(
            {layer_.name, parameter.name,
             found == node_.fields.end()
                 ? std::vector<double>(count_of(parameter.shape), field->default_if_missing)
                 : fit(found->second, parameter.shape, "'" + key + "' of " + here_)});
    }
    /// What the equations fix is in the file the number that they fix it at.
    void check_fixed(nir_mapping::fixed const& fixed) {
        std::string const key(fixed.name), word = word_of(node_.type);
        used_.insert(key);
        auto const found = node_.fields.find(key);
        auto const source = std::find_if(writes.begin(), writes.end(), [&](auto const& write) {
            return write.parameter ==
                   (fixed.parameter.empty() ? layer_.rule.fields[0].parameter : fixed.parameter);
        });
        for (std::size_t n = 0; source != writes.end() && n < source->values.size(); ++n) {
            double const wanted = fixed.parameter.empty() ? 1 : source->values[n] / layer_.dt;
            double const given = found == node_.fields.end()        ? 1
                                 : found->second.values.size() == 1 ? found->second.values[0]
                                 : n < found->second.values.size()
                                     ? found->second.values[n]
                                     : std::numeric_limits<double>::quiet_NaN();
            if (std::abs(given - wanted) <= 1e-5 * std::abs(wanted)) continue;
            throw value_error(
                "'" + key + "' of " + here_ + " is " + std::to_string(given),
                "in this network it is " + std::to_string(wanted) +
                    (fixed.parameter.empty() ? ""
                                             : ", " + std::string(fixed.parameter) +
                                                   " / dt: a spike moves the synapse by 1"),
                "Load it at the dt that it was made for, put the factor into the weights before "
                "it" +
                    (layer_.name.starts_with(word + " ")
                         ? ""
                         : ", or write " + word + ", which has this number as a parameter"));
        }
    }
    /// What the network cannot hold must not be lost in silence.
    void check_used(std::string const& key, array const& value) const {
        bool const nothing =
            std::all_of(value.values.begin(), value.values.end(), [](double x) { return x == 0; });
        if (!used_.contains(key) && !nothing)
            throw name_error("'" + key + "' of " + here_ + " has no place in this network",
                             "'" + layer_.name + "' has no such parameter",
                             "Give the layer that parameter: a bias, or another reset");
    }

    numbered_layer const& layer_;
    nir_node const& node_;
    std::string here_;
    std::set<std::string> used_;
};

/// Sets all of it, or throws and sets nothing.
template <class Model>
void set_all(Model& network, std::vector<planned_write> const& writes) {
    std::vector<written_array> all;
    for (auto const& write : writes)
        all.push_back({write.layer, write.parameter, std::span<double const>(write.values)});
    spikefuse::detail::set_all(network, std::span<written_array const>(all));
}

} // namespace detail

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
