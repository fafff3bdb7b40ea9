// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// NIR files out of graphs and of models: chains, loops, branches, delays, images. Writing is total
/// or it throws, and then the disk is as it was. Link spikefuse::io.

#include "hdf5_write.hpp"
#include "nir_fields.hpp"
#include "nir_nesting.hpp"
#include "nir_network.hpp"
#include "nir_numbers.hpp"
#include "nir_trial.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::nir {

/// Which nir package is to read a file.
enum class packages {
    nir_1_0_8, ///< and what reads its layout
    nir_1_0_4  ///< which has no v_reset: sinabs and Rockpool want it
};

/// How a file is written.
struct writing {
    array test{};                           ///< an input [T, N]: the file keeps what the network
                                            ///< gives for it, and loading compares
    packages package = packages::nir_1_0_8; ///< who is to read it
};

namespace detail {

/// Numbers in a graph that is to be written.
class graph_file {
  public:
    /// @param path of the file, for messages
    graph_file(graph const& from, packages package, std::string const& path) : package_(package) {
        file_.text("/version", package == packages::nir_1_0_4 ? "1.0.4" : "1.0.8");
        put(from, nesting(from, path).root, "/node");
        if (!from.test) return;
        file_.group("/spikefuse"), file_.group("/spikefuse/test");
        numbers("/spikefuse/test/input", from.test->input);
        numbers("/spikefuse/test/output", from.test->output);
        numbers("/spikefuse/test/dt", {{}, {from.test->dt}});
        numbers("/spikefuse/test/tolerance", {{}, {from.test->tolerance}});
    }
    std::string bytes() const { return file_.bytes(); }

  private:
    void whole(std::string const& place, std::vector<std::size_t> const& shape,
               std::vector<double> const& values) const {
        file_.numbers(place, shape, std::vector<std::int64_t>(values.begin(), values.end()));
    }
    /// In float, where that holds them.
    void numbers(std::string const& place, array const& what) const {
        bool const narrow = std::all_of(what.values.begin(), what.values.end(), [](double x) {
            return static_cast<double>(static_cast<float>(x)) == x;
        });
        if (narrow)
            file_.numbers(place, what.shape,
                          std::vector<float>(what.values.begin(), what.values.end()));
        else
            file_.numbers(place, what.shape, what.values);
    }
    static std::vector<double> as_numbers(extents const& shape) {
        return {shape.begin(), shape.end()};
    }
    /// [.., out] of weights [.., out, in]; of a convolution's [out].
    static extents outputs_of(extents weights, std::string const& type) {
        weights.resize(type == "Affine" ? weights.size() - 1 : 1);
        return weights;
    }
    void put(graph const& from, nest const& part, std::string const& place) const {
        file_.group(place);
        file_.text(place + "/type", "NIRGraph");
        file_.group(place + "/nodes");
        for (nest::member const& one : part.members)
            put(from.nodes[one.node], one.type, place + "/nodes/" + one.name);
        for (nest const& one : part.inner) put(from, one, place + "/nodes/" + one.name);
        file_.texts(place + "/edges", {part.edges.size() / 2, 2}, part.edges);
    }
    void put(node const& one, std::string const& type, std::string const& place) const {
        file_.group(place);
        file_.text(place + "/type", type);
        io::nir_node const fields = as_in_file(one);
        for (auto const& [key, word] : fields.texts) file_.text(place + "/" + key, word);
        for (auto const& [key, field] : fields.fields) {
            if (io::detail::is_geometry(key)) {
                bool const scalar = field.values.size() == 1;
                whole(place + "/" + key, scalar ? extents{} : extents{field.values.size()},
                      field.values);
                continue;
            }
            array value = field;
            if (key != "weight") { // one number for each of what arrives; a bias for each output
                value.shape =
                    key == "bias" ? outputs_of(fields.fields.at("weight").shape, type) : one.in;
                if (value.values.size() == 1)
                    value.values.assign(io::detail::count_of(value.shape), value.values[0]);
            }
            bool const zero = std::all_of(value.values.begin(), value.values.end(),
                                          [](double x) { return x == 0; });
            if (key == "v_reset" && package_ == packages::nir_1_0_4) {
                if (zero) continue;
                throw value_error("'" + one.name + "' has a v_reset that is not zero",
                                  "nir 1.0.4 has no v_reset",
                                  "Write it for nir 1.0.8, or shift what it is measured from");
            }
            numbers(place + "/" + key, value);
        }
        std::visit(
            [&]<class Node>(Node const& what) {
                if constexpr (std::is_same_v<Node, nodes::input> ||
                              std::is_same_v<Node, nodes::junction> ||
                              std::is_same_v<Node, nodes::output>) {
                    whole(place + "/shape", {one.out.size()}, as_numbers(one.out));
                } else if constexpr (std::is_same_v<Node, nodes::flatten>) {
                    whole(place + "/start_dim", {}, {static_cast<double>(what.first)});
                    whole(place + "/end_dim", {},
                          {what.last + 1 == one.in.size() ? -1. : static_cast<double>(what.last)});
                    whole(place + "/input_type", {one.in.size()}, as_numbers(one.in));
                } else if constexpr (requires { what.groups; }) {
                    std::vector<double> pixels = as_numbers(one.in);
                    pixels.erase(pixels.begin());
                    whole(place + "/input_shape",
                          pixels.size() == 1 ? extents{} : extents{pixels.size()}, pixels);
                }
            },
            one.what);
    }

    packages package_;
    io::detail::hdf5_image file_;
};

/// Makes a graph of a model.
template <class Model>
class graph_maker {
  public:
    graph_maker(Model const& network, std::string path)
        : network_(network), problem_("the network cannot be saved to '" + path + "'") {
        made_.path = std::move(path), made_.version = "1.0.8";
        using network_type = typename network_of<Model>::type;
        outline whole = outline_of<network_type>(network.layer_names());
        whole.leave_out(
            [](outline::part const& one) { return one.type == "Junction" || one.delay == 0; });
        whole.settle();
        delays_take_loops(whole);
        std::map<std::string, int> counted;
        for (outline::part const& one : whole.parts) add(one, counted);
        for (std::size_t k = 0; k < whole.ways.size(); ++k) {
            outline::way const& one = whole.ways[k];
            std::pair const edge{one.from, one.to};
            if (std::find(made_.edges.begin(), made_.edges.end(), edge) != made_.edges.end())
                fail("'" + whole.parts[one.from].name + "' leads to '" + whole.parts[one.to].name +
                         "' twice, and in a file that counts once",
                     "Put a scale(1) into one of the ways");
            made_.edges.push_back(edge);
        }
        for (std::size_t k = 0; k < whole.parts.size(); ++k) {
            outline::part const& one = whole.parts[k];
            if (one.type == "Input") made_.inputs.push_back({k, one.name});
            if (one.type == "Output") made_.outputs.push_back({k, one.name});
        }
        check_loops(whole);
    }
    graph const& made() const { return made_; }

  private:
    [[noreturn]] void fail(std::string const& why, std::string const& cure) const {
        throw name_error(problem_, why, cure);
    }
    /// A Delay in a loop stands for the step that the loop takes.
    static void delays_take_loops(outline& whole) {
        for (std::size_t k = 0; k < whole.parts.size(); ++k) {
            outline::part& delay = whole.parts[k];
            if (delay.type != "Delay") continue;
            for (auto const end : {&outline::way::to, &outline::way::from}) {
                int const steps =
                    whole.least_steps([&](outline::way const& one) { return one.*end == k; });
                for (outline::way& one : whole.ways) one.steps -= one.*end == k ? steps : 0;
                (delay.delay ? *delay.delay : delay.taken) += steps;
            }
        }
    }
    void add(outline::part const& one, std::map<std::string, int>& counted) {
        std::string name = plain_name(one.name);
        if (one.passes || one.delay) name += "_" + std::to_string(++counted[name]);
        if (one.name == "|" || one.name == "take")
            fail("it joins branches by | for a layer that takes them as one row, and NIR only adds "
                 "them",
                 "Save a network whose layers `take` their parts, or add the branches by +");
        io::nir_node fields;
        fields.type = one.type;
        if (one.delay) {
            double const time = *one.delay * network_.setup().dt.seconds;
            fields.fields["delay"] = {one.in,
                                      std::vector<double>(io::detail::count_of(one.in), time)};
        } else if (one.type == "Flatten") {
            fields.fields["start_dim"].values = {0};
        } else if (one.type != "Input" && one.type != "Output") {
            fields = layer(one);
        }
        made_.nodes.push_back(
            {name, fields.type, typed(fields, one.in, false).of(fields.type), one.in, one.out, {}});
    }
    io::nir_node layer(outline::part const& one) const {
        auto const own = io::detail::numbered_layer::of(network_, one.origin);
        if (own.rule.types[0].empty())
            fail("'" + own.name + "' is no node of NIR",
                 "Save a network of layers that NIR has: their files say `exchange`");
        if (*one.how.own_way != 0)
            fail("'" + own.name + "' does what no file says: " + one.how.own_way,
                 "Save a network whose neurons do as NIR's");
        io::nir_node made;
        for (auto const& parameter : own.parameters) {
            auto const* const field = own.field_of(parameter.name);
            if (field == nullptr)
                fail("'" + parameter.name + "' of '" + own.name + "' has no place in NIR",
                     "Save a network without it");
            made.fields[std::string(field->name)] = {parameter.shape,
                                                     numbers(own.name, parameter.name)};
        }
        for (auto const& fixed : own.rule.implied) {
            if (fixed.name.empty()) continue;
            auto values =
                numbers(own.name, std::string(fixed.parameter.empty() ? own.rule.fields[0].parameter
                                                                      : fixed.parameter));
            for (double& value : values)
                value = fixed.parameter.empty() ? 1 : rounded(value / own.dt);
            made.fields[std::string(fixed.name)] = {{values.size()}, values};
        }
        if (own.rule.slides.kernel[0] != 0) window(one, own, made);
        if (one.waits())
            for (double& steps : made.fields["delay"].values)
                steps = (steps + one.taken) * network_.setup().dt.seconds;
        made.type = node_type(own.rule, one.type, made);
        if (made.type.empty())
            fail("'" + own.name + "' lacks a field that NIR's " + std::string(own.rule.types[0]) +
                     " needs",
                 "Give the layer that parameter");
        return made;
    }
    static double rounded(double value) {
        return static_cast<double>(static_cast<typename Model::value_type>(value));
    }
    std::vector<double> numbers(std::string const& layer, std::string const& name) const {
        auto const own = network_.get(layer, name);
        for (std::size_t n = 0; n < own.size(); ++n)
            if (!spikefuse::detail::is_finite(own[n]))
                throw value_error(problem_,
                                  "'" + name + "' of '" + layer + "' is not finite at [" +
                                      std::to_string(n) + "]",
                                  "Set it before saving");
        return {own.begin(), own.end()};
    }
    /// A convolution's or a pool's geometry.
    static void window(outline::part const& one, io::detail::numbered_layer const& own,
                       io::nir_node& made) {
        nir_mapping::window const& slides = own.rule.slides;
        std::size_t const axes = one.in.size() - 1;
        auto const put = [&](char const* key, std::array<int, 2> const& both) {
            for (std::size_t k = 2 - axes; k < 2; ++k) made.fields[key].values.push_back(both[k]);
        };
        bool const pool = slides.groups == 0;
        put("stride", slides.stride);
        if (slides.before == slides.behind || pool)
            put("padding", slides.before);
        else
            made.texts["padding"] = "same";
        if (pool) return put("kernel_size", slides.kernel);
        put("dilation", slides.dilation);
        made.fields["groups"].values = {static_cast<double>(slides.groups)};
        array& weight = made.fields["weight"];
        weight.shape = {one.out[0], one.in[0] / static_cast<std::size_t>(slides.groups)};
        for (std::size_t k = 2 - axes; k < 2; ++k)
            weight.shape.push_back(static_cast<std::size_t>(slides.kernel[k]));
        if (!made.fields.contains("bias")) // which NIR's convolutions have
            made.fields["bias"] = {{one.out[0]}, std::vector<double>(one.out[0])};
    }
    /// Of the node types that a layer may be, the first whose fields these are.
    static std::string node_type(nir_mapping const& rule, std::string const& said,
                                 io::nir_node const& made) {
        if (said == "Conv1d") return said;
        for (std::string_view const name : rule.types) {
            auto const* const type = io::detail::type_of(std::string(name));
            if (type == nullptr) continue;
            auto const there = [&](std::string const& field) {
                return made.fields.contains(field) || made.texts.contains(field);
            };
            auto const known = [&](auto const& field) {
                auto const in = [&](std::vector<std::string> const& all) {
                    return std::find(all.begin(), all.end(), field.first) != all.end();
                };
                return in(type->required) || in(type->optional);
            };
            if (std::all_of(type->required.begin(), type->required.end(), there) &&
                std::all_of(made.fields.begin(), made.fields.end(), known))
                return std::string(name);
        }
        return {};
    }
    /// What reads the file finds the same loops: by another way in it would close them elsewhere.
    void check_loops(outline whole) const {
        outline read = whole_outline(made_, {.dt = network_.setup().dt.seconds});
        std::array<std::vector<int>, 2> taken;
        for (std::size_t k = 0; k < 2; ++k) {
            outline& one = k == 0 ? whole : read;
            for (outline::part& each : one.parts) each.delay.reset(), each.taken = 0;
            one.reduce();
            std::sort(one.ways.begin(), one.ways.end());
            for (outline::part const& each : one.parts) taken[k].push_back(each.taken);
        }
        if (whole.ways != read.ways || taken[0] != taken[1])
            fail("a file does not say where one of its loops takes its step: neurons on the way "
                 "back, or several layers side by side where it leads to",
                 "Let the loop lead back through weights alone, to one layer");
    }

    Model const& network_;
    std::string problem_;
    graph made_;
};

} // namespace detail

/// A model as a graph: nodes by the names of its layers, "linear_1", "flatten_1", "delay_1".
/// @param network of layers that NIR has, joined by >>, + and recurrent
/// @param path that the graph, and messages, name
/// @throws name_error what NIR cannot say
/// @throws value_error a number that is not finite
template <class Model>
graph graph_of(Model const& network, std::string const& path = "a model") {
    return detail::graph_maker<Model>(network, path).made();
}

/// Writes a graph.
/// @param path is replaced in one step, or left as it was
/// @param what nodes, and edges between them; metadata is left out. A name with a slash is that of
///     a node in a nested graph
/// @param how who is to read it
/// @throws name_error a nested graph without one beginning and one end
/// @throws file_error the disk
inline void write(std::string const& path, graph const& what, writing const& how = {}) {
    std::string const bytes = detail::graph_file(what, how.package, path).bytes();
    io::detail::replace_file(path, bytes);
}

/// Writes a model: `nir::write("net.nir", network)`. NIR holds neither dt nor another way to fire
/// or reset than its own (`inclusive`, `subtract`): who loads the file says these again, and the
/// file's own test, `{.test = input}`, finds who did not.
/// @param path is replaced in one step, or left as it was
/// @param network of layers that NIR has, joined by >>, + and recurrent
/// @param how who is to read it; the input of a test
/// @throws name_error what NIR cannot say
/// @throws value_error a number that is not finite
/// @throws shape_error a test whose input is not [T, N]
/// @throws file_error the disk
template <class Model>
    requires requires { typename detail::network_of<Model>::type; }
void write(std::string const& path, Model const& network, writing const& how = {}) {
    graph made = graph_of(network, path);
    if (!how.test.shape.empty()) {
        extents const wanted{how.test.shape[0], static_cast<std::size_t>(Model::inputs)};
        if (how.test.shape != wanted || how.test.values.size() != io::detail::count_of(wanted) ||
            how.test.values.empty())
            throw shape_error("the test's input is " + io::detail::shape_text(how.test.shape),
                              "this network takes [T, " + std::to_string(Model::inputs) + "]",
                              "Give one sample, step by step");
        Model tried = network;
        made.test = {how.test,
                     {{how.test.shape[0], static_cast<std::size_t>(Model::outputs)},
                      detail::outputs_from_rest(tried, how.test)},
                     network.setup().dt.seconds,
                     detail::own_tolerance<typename Model::value_type>};
    }
    write(path, made, how);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir
