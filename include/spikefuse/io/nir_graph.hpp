// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A NIR file as a value: nodes with typed fields, edges, shapes. Nested graphs are opened, names
/// are paths ("block/lif"). No Kokkos, no network type. Link spikefuse::io.

#include "nir_choices.hpp"
#include "nir_nodes.hpp"
#include "nir_reader.hpp"
#include "nir_shapes.hpp"

#include <optional>

namespace spikefuse::inline SPIKEFUSE_ABI::nir {

/// A node of a graph.
struct node {
    std::string name;                            ///< "block/lif"
    std::string type;                            ///< NIR's name: "LIF"
    nir::kind what;                              ///< its fields
    extents in;                                  ///< shapes of what arrives
    extents out;                                 ///< and of what it gives
    std::map<std::string, std::string> metadata; ///< what its maker noted
};

/// Where a network begins or ends.
struct port {
    std::size_t node;  ///< index of the Input or Output
    std::string label; ///< the name that its data have: the node's, or where the file leaves the
                       ///< end out, that of the node beside it
};

/// What a network gave over an input where it was written.
struct test_run {
    array input;          ///< [T, N]: one sample, from rest
    array output;         ///< [T, M]: what it gave
    double dt = 0;        ///< seconds a step
    double tolerance = 0; ///< of the largest number: what the writer's precision holds
};

/// A NIR file.
struct graph {
    using choices = nir::choices;                           ///< what it leaves open
    std::string path;                                       ///< of the file
    std::string version;                                    ///< of the nir package
    std::vector<nir::node> nodes;                           ///< in the file's order
    std::vector<std::pair<std::size_t, std::size_t>> edges; ///< source, target; in the file's order
    std::vector<port> inputs;                               ///< at least one
    std::vector<port> outputs;                              ///< likewise
    std::map<std::string, std::string> metadata;            ///< what its maker noted
    std::vector<fault> warnings;  ///< what is strange in it, but has a meaning
    std::optional<test_run> test; ///< what loading it compares

    /// Index of the node of a name.
    /// @throws name_error there is none
    std::size_t find(std::string const& name) const {
        std::vector<std::string> names;
        for (std::size_t k = 0; k < nodes.size(); ++k) {
            if (nodes[k].name == name) return k;
            names.push_back(nodes[k].name);
        }
        std::string const near = io::detail::nearest(name, names);
        throw name_error("'" + path + "' has no node '" + name + "'",
                         near.empty() ? "" : "did you mean '" + near + "'?",
                         "`spikefuse-nir inspect` lists them");
    }
    /// Numbers in it: weights and parameters.
    std::size_t numbers() const {
        std::size_t count = 0;
        for (nir::node const& one : nodes)
            std::visit(
                [&](auto const& what) {
                    what.fields(what, [&](char const*, auto const& field) {
                        count += field.values.size();
                    });
                },
                one.what);
        return count;
    }
};

/// All that can be said of a file.
struct report {
    std::vector<fault> faults;   ///< none: it can be read
    std::vector<fault> warnings; ///< what is strange in it, but has a meaning
};

namespace detail {

/// From a file's node to a typed one.
class typed {
  public:
    typed(io::nir_node& from, extents const& in, bool batch_axis)
        : from_(from), in_(in), batch_(batch_axis) {}

    kind of(std::string const& type) {
        if (type == "Input") return nodes::input{};
        if (type == "Output") return nodes::output{};
        if (type == "Junction") return nodes::junction{};
        if (type == "Affine") return filled<nodes::affine>();
        if (type == "Linear") return filled<nodes::linear>();
        if (type == "Scale") return filled<nodes::scale>();
        if (type == "Conv1d") return placed<1>(filled<nodes::conv1d>());
        if (type == "Conv2d") return placed<2>(filled<nodes::conv2d>());
        if (type == "SumPool2d") return windows<nodes::sum_pool2d>();
        if (type == "AvgPool2d") return windows<nodes::avg_pool2d>();
        if (type == "Flatten") {
            auto const axes = io::detail::nir_shapes::flattened_axes(from_, in_.size(), batch_);
            return axes ? nodes::flatten{axes->first, axes->second} : nodes::flatten{};
        }
        if (type == "Delay") return filled<nodes::delay>();
        if (type == "Threshold") return filled<nodes::threshold>();
        if (type == "I") return filled<nodes::integrator>();
        if (type == "LI") return filled<nodes::li>();
        if (type == "IF") return filled<nodes::iaf>();
        if (type == "LIF") return filled<nodes::lif>();
        if (type == "CubaLI") return filled<nodes::cuba_li>();
        return filled<nodes::cuba_lif>();
    }

  private:
    template <class Node>
    Node filled() {
        Node made;
        Node::fields(made, [&](char const* key, auto& field) {
            take(key, field, std::is_same_v<Node, nodes::affine> || requires { made.groups; });
        });
        return made;
    }
    void take(char const* key, array& into, bool) { into = std::move(from_.fields.at(key)); }
    void take(std::string const& key, parameter& into, bool as_stored) {
        auto const found = from_.fields.find(key);
        if (found == from_.fields.end()) { // what may be missing has a meaning: v_reset 0, w_in 1
            into.values = {key == "w_in" ? 1. : 0.};
            return;
        }
        array& value = found->second;
        std::size_t const count = io::detail::count_of(in_);
        if (as_stored || value.values.size() == 1 || value.values.size() == count) {
            into.values = std::move(value.values);
            return;
        }
        into.values.resize(count); // an axis of one stands for as many as arrive
        for (std::size_t k = 0; k < count; ++k) {
            std::size_t rest = k, at = 0, step = 1;
            for (std::size_t axis = in_.size(); axis-- > 0; rest /= in_[axis]) {
                if (value.shape[axis] > 1) at += step * (rest % in_[axis]);
                step *= value.shape[axis];
            }
            into.values[k] = value.values[at];
        }
    }
    std::size_t number(char const* key, std::size_t axis, long missing) const {
        return static_cast<std::size_t>(io::detail::geometry(from_, key, axis, missing));
    }
    template <std::size_t Axes, class Node>
    Node placed(Node made) const {
        made.groups = number("groups", 0, 1);
        if (auto const word = from_.texts.find("padding"); word != from_.texts.end())
            made.padding = word->second;
        for (std::size_t k = 0; k < Axes; ++k) {
            made.stride[k] = number("stride", k, 1);
            made.dilation[k] = number("dilation", k, 1);
            std::size_t const reach = (made.kernel(k) - 1) * made.dilation[k];
            bool const same = made.padding == "same"; // the odd zero stands behind
            made.before[k] = same ? reach / 2 : made.padding.empty() ? number("padding", k, 0) : 0;
            made.after[k] = same ? reach - reach / 2 : made.before[k];
        }
        return made;
    }
    template <class Node>
    Node windows() const {
        Node made;
        for (std::size_t k = 0; k < 2; ++k) {
            made.kernel[k] = number("kernel_size", k, 1);
            made.stride[k] = number("stride", k, 1);
            made.padding[k] = number("padding", k, 0);
        }
        return made;
    }

    io::nir_node& from_;
    extents const& in_;
    bool batch_;
};

/// The test that a file carries, if it does.
inline std::optional<test_run> read_test(io::detail::nir_reader& reader) {
    test_run made;
    array dt, tolerance;
    std::string const place = "/spikefuse/test";
    if (!reader.has(place)) return {};
    if (!reader.extra(place, "input", made.input) || !reader.extra(place, "output", made.output) ||
        !reader.extra(place, "dt", dt) || !reader.extra(place, "tolerance", tolerance))
        return {};
    auto const one_number = [&](char const* key, array const& of) {
        if (of.values.size() == 1 && of.values[0] > 0) return true;
        reader.fault(place, key, "one number above zero belongs there");
        return false;
    };
    if (!one_number("dt", dt) || !one_number("tolerance", tolerance)) return {};
    if (made.input.shape.size() != 2 || made.output.shape.size() != 2 ||
        made.input.shape[0] != made.output.shape[0] || made.input.values.empty()) {
        reader.fault(place, "output",
                     "it is " + io::detail::shape_text(made.output.shape) + " beside an input " +
                         io::detail::shape_text(made.input.shape) +
                         ", and [T, M] goes with [T, N]");
        return {};
    }
    made.dt = dt.values[0], made.tolerance = tolerance.values[0];
    return made;
}

/// Reads what can be read; faults are collected, and of a faultless file `into` is made.
inline void read_into(std::string const& path, std::size_t most, io::detail::nir_faults& faults,
                      std::vector<fault>& warnings, graph* into) {
    io::detail::nir_reader reader(path, most, faults);
    io::nir_node root = reader.outline();
    io::detail::nir_wiring wiring(root, faults);
    bool const batch_axis = io::detail::infer_shapes(wiring, faults);
    if (faults.none()) io::detail::nir_shapes(wiring, faults, batch_axis).demand_all();
    reader.fill(root);
    std::optional<test_run> const test = read_test(reader);
    warnings = reader.warnings();
    warnings.insert(warnings.end(), wiring.warnings.begin(), wiring.warnings.end());
    if (into == nullptr || !faults.none()) return;
    into->path = path;
    into->version = reader.version();
    into->metadata = root.metadata;
    into->edges = wiring.edges;
    into->warnings = warnings;
    into->test = test;
    for (std::size_t k = 0; k < wiring.nodes.size(); ++k) {
        io::detail::wired_node& from = wiring.nodes[k];
        extents const out = from.gives.value_or(extents{}), in = from.arrives.value_or(out);
        io::nir_node none;
        io::nir_node& source = from.source == nullptr ? none : *from.source;
        into->nodes.push_back({from.name, from.type, typed(source, in, batch_axis).of(from.type),
                               in, out, source.metadata});
        if (from.type == "Input") into->inputs.push_back({k, from.label});
        if (from.type == "Output") into->outputs.push_back({k, from.label});
    }
}

} // namespace detail

/// Reads a NIR file, whole or not at all.
/// @param path of the file
/// @param most numbers that it may hold, if that is more than its size makes likely (see
///     `io::hdf5_file`)
/// @throws file_error with everything that is wrong with it: each place, what is there, and what
///     should be
inline graph read(std::string const& path, std::size_t most = 0) {
    return io::detail::within_memory(path, [&] {
        graph made;
        std::vector<fault> warnings;
        io::detail::nir_faults faults(path);
        detail::read_into(path, most, faults, warnings, &made);
        faults.raise();
        return made;
    });
}

/// Says what is wrong with a NIR file, without making anything of it.
/// @param path of the file
/// @param most as for `read`
/// @throws file_error what is no NIR file at all
inline report check(std::string const& path, std::size_t most = 0) {
    return io::detail::within_memory(path, [&] {
        report made;
        io::detail::nir_faults faults(path);
        detail::read_into(path, most, faults, made.warnings, nullptr);
        made.faults = faults.all();
        return made;
    });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir
