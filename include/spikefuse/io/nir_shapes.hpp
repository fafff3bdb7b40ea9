// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What holds along the edges of a NIR graph: shapes that fit together.

#include "nir_wiring.hpp"

#include <cmath>

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

/// Follows shapes along the edges, and notes in each node what arrives and what it gives. Where a
/// file does not say a shape, and none can be found, nothing is held against it.
class nir_shapes {
  public:
    using shape = std::vector<std::size_t>;

    /// @param graph whose nodes get their shapes
    /// @param faults where what does not agree is noted
    /// @param batch_axis every shape has an axis of 1 in front, as in files of 2023
    nir_shapes(nir_wiring& graph, nir_faults& faults, bool batch_axis)
        : graph_(graph), nodes_(graph.nodes), faults_(faults), batch_(batch_axis) {}

    /// Whether the outermost Inputs have an axis of 1 in front of others.
    static bool could_have_batch_axis(nir_wiring const& graph) {
        bool any = false;
        for (wired_node const& node : graph.nodes) {
            if (node.type != "Input" || node.source == nullptr) continue;
            shape const own = whole(*node.source, "shape");
            if (own.size() < 2 || own[0] != 1) return false;
            any = true;
        }
        return any;
    }

    void infer() {
        for (wired_node& node : nodes_) node.arrives.reset(), node.gives.reset();
        for (std::size_t k = 0; k < nodes_.size(); ++k)
            if (nodes_[k].type == "Input" && nodes_[k].source != nullptr && sound(nodes_[k]))
                know(k, own_shape(nodes_[k]));
        spread();
        for (bool const from_front :
             {true, false}) // what no Input reaches, from what it says itself
            for (std::size_t k = 0; k < nodes_.size(); ++k) {
                if (from_front && nodes_[k].type != "Input") continue;
                if (nodes_[k].gives) continue;
                know(k, from_front ? wanted_by(nodes_[k].next) : alone(nodes_[k]));
                spread();
            }
    }

    /// Nodes whose shape is still unknown: what cannot run.
    void demand_all() {
        for (wired_node const& node : nodes_)
            if (!node.gives && !(node.before.empty() && node.next.empty()))
                faults_.say(node.place, "",
                            "its shape is not known: neither an Input before it nor its own "
                            "fields say one");
    }

  private:
    static shape whole(nir_node const& node, std::string const& key) {
        shape result;
        if (auto const found = node.fields.find(key); found != node.fields.end())
            for (double const extent : found->second.values)
                result.push_back(static_cast<std::size_t>(std::max(extent, 0.)));
        return result;
    }
    static shape without_front(shape const& one) {
        auto const first = std::find_if(one.begin(), one.end(), [](auto e) { return e != 1; });
        return {first, one.end()};
    }
    static bool alike(shape const& a, shape const& b) {
        return without_front(a) == without_front(b);
    }
    shape own_shape(wired_node const& node) const {
        shape result = whole(*node.source, "shape");
        if (batch_ && result.size() > 1 && result[0] == 1) result.erase(result.begin());
        return result;
    }

    void know(std::size_t k, std::optional<shape> found) {
        if (nodes_[k].gives || !found) return;
        nodes_[k].gives = std::move(found);
        open_.push_back(k);
    }
    void spread() {
        while (!open_.empty()) {
            std::size_t const from = open_.front();
            open_.pop_front();
            from_ = nodes_[from].name;
            for (std::size_t const to : nodes_[from].next) {
                wired_node& node = nodes_[to];
                shape const given = nodes_[from].gives.value_or(shape{});
                if (!node.arrives) {
                    node.arrives = given;
                    first_[to] = from_;
                    auto found = after(node, given);
                    know(to, std::move(found));
                } else if (!alike(*node.arrives, given)) {
                    say(node, "",
                        arriving(given) + ", and '" + first_[to] + "' gives " +
                            shape_text(*node.arrives) + ": what meets in a node is summed");
                }
            }
        }
    }
    void say(wired_node const& node, std::string const& field, std::string const& why) {
        faults_.say(node.place, field, why);
    }
    void warn(wired_node const& node, std::string const& field, std::string const& why) {
        graph_.warnings.push_back({node.place, node.name, field, why});
    }
    std::string arriving(shape const& given) const {
        return "'" + from_ + "' gives " + shape_text(given);
    }
    bool sound(wired_node const& node) const {
        if (node.type.empty()) return false;
        if (node.source == nullptr) return true;
        nir_type const* const type = type_of(node.source->type);
        for (std::string const& key : type->required)
            if (!node.source->fields.contains(key) && !node.source->texts.contains(key))
                return false;
        for (auto const& one : faults_.all())
            if (one.place == node.place || one.place.starts_with(node.place + "/")) return false;
        return true;
    }

    /// What the nodes behind an Input that the file leaves out take.
    std::optional<shape> wanted_by(std::vector<std::size_t> const& next) const {
        for (std::size_t const k : next) {
            wired_node const& node = nodes_[k];
            if (!sound(node) || node.source == nullptr) continue;
            if (node.type == "Affine" || node.type == "Linear") {
                shape takes = node.source->field("weight").shape;
                takes.erase(takes.end() - 2);
                return takes;
            }
            if (is_convolution(*node.source) && node.source->fields.contains("input_shape")) {
                shape takes = whole(*node.source, "input_shape");
                takes.resize(kernel_axes(*node.source), takes.empty() ? 1 : takes[0]);
                takes.insert(takes.begin(), channels(*node.source));
                return takes;
            }
            if (node.type == "Flatten" && node.source->fields.contains("input_type"))
                return whole(*node.source, "input_type");
            if (auto own = alone(node)) return own;
        }
        return {};
    }
    static std::size_t channels(nir_node const& node) {
        return node.field("weight").shape[1] *
               static_cast<std::size_t>(geometry(node, "groups", 0, 1));
    }

    /// What a node gives, as far as its own fields say it.
    std::optional<shape> alone(wired_node const& node) const {
        if (!sound(node) || node.source == nullptr) return {};
        nir_node const& source = *node.source;
        if (node.type == "Affine" || node.type == "Linear") {
            shape gives = source.field("weight").shape;
            gives.pop_back();
            return gives;
        }
        if (is_convolution(source) || is_pool(source) || node.type == "Flatten") return {};
        if (node.type == "Output") return own_shape(node);
        if (node.type == "Junction") return {}; // some say the width of the outermost one
        shape own;
        for (auto const& [key, value] : source.fields)
            if (count_of(value.shape) > count_of(own) || own.empty()) own = value.shape;
        return own.empty() ? std::optional<shape>() : own;
    }

    std::optional<shape> after(wired_node& node, shape const& given) {
        if (!sound(node)) return {};
        if (node.source == nullptr || node.type == "Junction") return given;
        if (node.type == "Affine" || node.type == "Linear") return after_weight(node, given);
        if (is_convolution(*node.source) || is_pool(*node.source)) return after_kernel(node, given);
        if (node.type == "Flatten") return after_flatten(node, given);
        if (node.type == "Output") {
            shape const own = own_shape(node);
            if (count_of(own) != count_of(given))
                say(node, "shape", "it is " + shape_text(own) + ", and " + arriving(given));
            else if (!alike(own, given))
                warn(node, "shape", "it is " + shape_text(own) + ", and " + arriving(given));
            return given;
        }
        // Elementwise: each parameter is one number, or one for each of what arrives; axes of one
        // stand for as many as arrive.
        for (auto const& [key, value] : node.source->fields) {
            if (count_of(value.shape) == 1 || alike(value.shape, given)) continue;
            if (stretches(value.shape, given)) continue;
            if (count_of(value.shape) == count_of(given))
                warn(node, key,
                     "it is " + shape_text(value.shape) + ", and " + arriving(given) +
                         ": read in the order of the numbers");
            else
                say(node, key, "it is " + shape_text(value.shape) + ", and " + arriving(given));
        }
        return given;
    }
    static bool stretches(shape const& small, shape const& large) {
        if (small.size() != large.size()) return false;
        for (std::size_t k = 0; k < small.size(); ++k)
            if (small[k] != 1 && small[k] != large[k]) return false;
        return true;
    }

    std::optional<shape> after_weight(wired_node const& node, shape const& given) {
        shape const& weight = node.source->field("weight").shape;
        std::size_t const in = weight.back(), out = weight[weight.size() - 2],
                          leading = count_of(weight) / (in * out);
        shape gives(weight.begin(), weight.end() - 1);
        if (leading > 1) {
            if (count_of(given) == leading * in) return gives;
        } else if (!given.empty() && given.back() == in) {
            gives = given;
            gives.back() = out;
            return gives;
        } else if (count_of(given) == in) {
            warn_flattened(node, given);
            return gives;
        }
        say(node, "weight",
            "it is " + shape_text(weight) + " and takes " + std::to_string(in) + ", and " +
                arriving(given) +
                (!given.empty() && given.back() == out ? ": is it transposed?" : ""));
        return gives;
    }
    void warn_flattened(wired_node const& node, shape const& given) {
        if (!given.empty() && count_of(given) != given.back())
            warn(node, "weight",
                 arriving(given) + ", and no Flatten stands between: read in the "
                                   "order of the numbers");
    }

    std::optional<shape> after_kernel(wired_node const& node, shape const& given) {
        nir_node const& source = *node.source;
        std::size_t const axes = kernel_axes(source);
        bool const convolution = is_convolution(source);
        if (given.size() != axes + 1) {
            say(node, "",
                arriving(given) + ", and it takes [channels, " +
                    (axes == 1 ? "length]" : "height, width]"));
            return {};
        }
        if (convolution && given[0] != channels(source)) {
            say(node, "weight",
                "it takes " + std::to_string(channels(source)) + " channels, and " +
                    arriving(given));
            return {};
        }
        shape gives = given;
        for (std::size_t k = 0; convolution && k < axes; ++k) {
            auto const arrives = static_cast<long>(given[1 + k]);
            if (geometry(source, "input_shape", k, arrives) == arrives) continue;
            say(node, "input_shape",
                "it says " + shape_text(whole(source, "input_shape")) + ", and " + arriving(given));
            break;
        }
        for (std::size_t k = 0; k < axes; ++k) {
            auto const word = source.texts.find("padding");
            long const kernel = convolution ? static_cast<long>(source.field("weight").shape[2 + k])
                                            : geometry(source, "kernel_size", k, 1);
            long const reach = (kernel - 1) * geometry(source, "dilation", k, 1) + 1,
                       around = word != source.texts.end() ? 0 : geometry(source, "padding", k, 0);
            long const length = static_cast<long>(given[1 + k]) + 2 * around;
            if (word != source.texts.end() && word->second == "same") continue;
            if (reach > length) {
                say(node, convolution ? "weight" : "kernel_size",
                    "its kernel reaches over " + std::to_string(reach) +
                        ", and its input with padding has " + std::to_string(length) +
                        " along axis " + std::to_string(k));
                return {};
            }
            gives[1 + k] =
                static_cast<std::size_t>((length - reach) / geometry(source, "stride", k, 1) + 1);
        }
        if (convolution) gives[0] = source.field("weight").shape[0];
        return gives;
    }

    std::optional<shape> after_flatten(wired_node const& node, shape const& given) {
        nir_node const& source = *node.source;
        shape const own = whole(source, "input_type");
        if (!own.empty() && count_of(own) != count_of(given))
            say(node, "input_type", "it says " + shape_text(own) + ", and " + arriving(given));
        auto const axes = flattened_axes(source, given.size(), batch_);
        if (!axes) {
            long const start = geometry(source, "start_dim", 0, 1),
                       rank = static_cast<long>(given.size());
            bool const at_start = start < -rank || start >= rank;
            say(node, at_start ? "start_dim" : "end_dim",
                "it flattens the axes " + std::to_string(start) + " to " +
                    std::to_string(geometry(source, "end_dim", 0, -1)) + " of " +
                    shape_text(given) + ", which are none");
            return {};
        }
        auto const [first, last] = *axes;
        auto const at = [&](std::size_t k) {
            return given.begin() + static_cast<std::ptrdiff_t>(k);
        };
        shape gives(given.begin(), at(first));
        gives.push_back(count_of(shape(at(first), at(last + 1))));
        gives.insert(gives.end(), at(last + 1), given.end());
        return gives;
    }

  public:
    /// The axes that a Flatten joins, of a shape without batch axis; none if there are no such.
    static std::optional<std::pair<std::size_t, std::size_t>>
    flattened_axes(nir_node const& node, std::size_t axes, bool batch_axis) {
        auto const rank = static_cast<long>(axes);
        auto const counted = [&](long at) {
            return at < 0 ? at + rank : batch_axis && at > 0 ? at - 1 : at;
        };
        long const first = counted(geometry(node, "start_dim", 0, 1)),
                   last = counted(geometry(node, "end_dim", 0, -1));
        if (first < 0 || last >= rank || first > last) return {};
        return std::pair{static_cast<std::size_t>(first), static_cast<std::size_t>(last)};
    }

  private:
    nir_wiring& graph_;
    std::vector<wired_node>& nodes_;
    nir_faults& faults_;
    bool batch_;
    std::deque<std::size_t> open_;
    std::map<std::size_t, std::string> first_; // from whom a node first got its shape
    std::string from_;                         // whose output is being held against a node
};

/// Shapes along the edges, read with or without a batch axis: with one only if that makes sense of
/// what makes none without. Says which.
inline bool infer_shapes(nir_wiring& graph, nir_faults& faults) {
    std::size_t const before = faults.all().size(), warned = graph.warnings.size();
    nir_shapes(graph, faults, false).infer();
    std::vector<nir::fault> const plain = faults.all();
    if (plain.size() == before || !nir_shapes::could_have_batch_axis(graph)) return false;
    std::vector<nir::fault> const warnings = graph.warnings;
    faults.forget(before);
    graph.warnings.resize(warned);
    nir_shapes(graph, faults, true).infer();
    if (faults.all().size() == before) {
        graph.warnings.push_back(
            {"/node", "", "", "every shape has a batch axis of 1 in front, which is left out"});
        return true;
    }
    faults.forget(before);
    for (std::size_t k = before; k < plain.size(); ++k) faults.add(plain[k]);
    graph.warnings = warnings;
    return false;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
