// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// From HDF5 to the nodes of a NIR file as they stand there. What holds between nodes is looked at
/// elsewhere (nir_wiring.hpp, nir_shapes.hpp).

#include "../core/finite.hpp"
#include "nir_faults.hpp"
#include "nir_geometry.hpp"

#include <set>
#include <sstream>

namespace spikefuse::inline SPIKEFUSE_ABI::io::detail {

/// Reads in two passes: first what is small (names, edges, shapes, the geometry of convolutions);
/// then, when it is known what fits together, the arrays. Faults are collected in both.
class nir_reader {
  public:
    nir_reader(std::string const& path, std::size_t most, nir_faults& faults)
        : file_(path, most), faults_(faults) {}

    /// The first pass. Throws file_error for what is no NIR file at all.
    nir_node outline() {
        if (!file_.has("/node"))
            throw file_error("'" + file_.path() + "' is no NIR file", "it has no group /node",
                             "Was it written by nir.write?");
        nir_node root = node("/node", "network", 0);
        if (!root.type.empty() && root.type != "NIRGraph")
            faults_.say("/node", "", "it is a " + root.type + ", not a NIRGraph");
        return root;
    }
    std::string version() {
        std::string version;
        try {
            if (file_.has("/version") && file_.is_text("/version"))
                version = file_.text("/version");
        } catch (place_fault const&) {
            version.clear(); // nothing hangs on it
        }
        return version;
    }
    /// The second pass: the numbers of every field that has no fault yet.
    void fill(nir_node& into, std::string const& place = "/node") {
        for (auto& [key, value] : into.fields) {
            if (is_geometry(key) || faults_.at(place + "/" + key)) continue;
            if (!faults_.keep(place, key,
                              [&, &name = key, &found = value] { found = numbers(place, name); }))
                continue;
            if (auto const fault = value_fault(key, value)) faults_.say(place, key, *fault);
        }
        for (nir_node& one : into.nodes) fill(one, place + "/nodes/" + one.name);
    }
    bool has(std::string const& place) const { return file_.has(place); }
    void fault(std::string const& place, std::string const& key, std::string const& why) {
        faults_.say(place, key, why);
    }
    /// Numbers beside the network, which belong there. False: there is a fault.
    bool extra(std::string const& place, std::string const& key, array& into) {
        nir_node made;
        made.type = "group with a test";
        std::size_t const before = faults_.all().size();
        field(place, key, made, true);
        if (!made.texts.empty() || faults_.all().size() != before) return false;
        return faults_.keep(place, key, [&] { into = numbers(place, key); }) &&
               faults_.all().size() == before;
    }
    /// Edges that a file says twice.
    std::vector<nir::fault> const& warnings() const { return warnings_; }

  private:
    nir_node node(std::string const& place, std::string const& name, int depth) {
        nir_node result;
        result.name = name;
        auto const say = [&](std::string const& why) { faults_.say(place, "", why); };
        if (depth > 16) return say("graphs are nested more than 16 deep"), result;
        if (++nodes_ > file_.size_in_bytes() / 64)
            throw file_error("'" + place + "' in '" + file_.path() +
                                 "' is not a NIR node that can be used",
                             "there are more nodes than the file has room for: one of them holds "
                             "itself",
                             "Write the file again from the framework it comes from");
        bool has_type = false;
        if (!faults_.keep(place, "", [&] { has_type = file_.is_group(place); })) return result;
        if (!has_type) return say("it is not a group"), result;
        if (!file_.has(place + "/type"))
            return say("it has no type. A node's name with a slash makes such a group: rename the "
                       "node"),
                   result;
        std::string type;
        if (!faults_.keep(place, "type", [&] { type = file_.text(place + "/type"); }))
            return result;
        nir_type const* const known = type_of(type);
        if (known == nullptr) {
            std::vector<std::string> names;
            for (nir_type const& one : nir_types()) names.emplace_back(one.name);
            return say("its type '" + type + "' is not one of NIR's" + suggestion(type, names)),
                   result;
        }
        result.type = type;
        metadata(place + "/metadata", "", result, 0);
        if (type == "NIRGraph") return graph(place, result, depth), result;
        for (std::string const& key : known->required) field(place, key, result, true);
        for (std::string const& key : known->optional) field(place, key, result, false);
        if (known->one_shape) {
            std::string const* first = nullptr; // of more than one number
            for (auto const& [key, value] : result.fields) {
                if (count_of(value.shape) == 1) continue;
                if (first != nullptr && value.shape != result.field(*first).shape)
                    say("its '" + key + "' and '" + *first + "' have different shapes");
                if (first == nullptr) first = &key;
            }
        }
        check_geometry(result, [&](std::string const& key, std::string const& why) {
            faults_.say(place, key, why);
        });
        return result;
    }

    void field(std::string const& place, std::string const& key, nir_node& into, bool required) {
        std::string const path = place + "/" + key;
        auto const say = [&](std::string const& why) { faults_.say(place, key, why); };
        array value;
        std::string text;
        bool is_text = false, is_group = false, there = false;
        if (!faults_.keep(place, key, [&] {
                there = file_.has(path);
                is_group = there && file_.is_group(path);
                is_text = there && !is_group && file_.is_text(path);
                if (is_text)
                    text = file_.text(path);
                else if (there && !is_group)
                    value.shape = file_.shape(path);
            }))
            return;
        if (!there) {
            if (required) say("a " + into.type + " needs the field '" + key + "'");
            return;
        }
        if (is_group) {
            if (key != "input_type") say("it is a group where an array belongs");
            return; // older Flatten nodes have such an input_type
        }
        if (is_text) {
            if (key != "padding" && key != "input_shape" && key != "input_type")
                say("it holds text where numbers belong");
            else
                into.texts[key] = text;
            return;
        }
        std::size_t const count = count_of(value.shape);
        if (is_geometry(key)) {
            if (count > 16)
                return say("it holds " + std::to_string(count) +
                           " numbers, and a shape has no more than 16");
            if (!faults_.keep(place, key, [&] { value = numbers(place, key); })) return;
        } else if (count > file_.most() - promised_) {
            return say("with its " + std::to_string(count) + " numbers the network has more than " +
                       std::to_string(file_.most()) +
                       ", which a file of this size is not read to. If it is meant: "
                       "read_nir(path, how many)");
        } else {
            promised_ += count;
        }
        into.fields[key] = std::move(value);
    }
    array numbers(std::string const& place, std::string const& key) const {
        array value = file_.numbers(place + "/" + key);
        for (std::size_t k = 0; k < value.values.size(); ++k)
            if (!spikefuse::detail::is_finite(value.values[k])) {
                faults_.say(place, key,
                            "it holds a number that is not finite at [" + std::to_string(k) + "]");
                break;
            }
        return value;
    }

    /// Notes of a file's maker. What is long is left out: nothing needs it.
    void metadata(std::string const& place, std::string const& name, nir_node& into, int depth) {
        if (depth > 4 || into.metadata.size() > 100) return;
        try {
            if (!file_.has(place)) return;
            if (file_.is_group(place)) {
                for (std::string const& inner : file_.names(place))
                    metadata(place + "/" + inner, name.empty() ? inner : name + "/" + inner, into,
                             depth + 1);
                return;
            }
            std::size_t const count = count_of(file_.shape(place));
            if (name.empty() || count > 16) return;
            std::string all;
            auto const add = [&](std::string const& one) {
                all += (all.empty() ? "" : ", ") + one;
            };
            if (file_.is_text(place))
                for (std::string const& one : file_.texts(place)) add(one);
            else
                for (double const one : file_.numbers(place).values) add(number_text(one));
            if (all.size() < 4096) into.metadata[name] = all;
        } catch (place_fault const&) {
            return; // what cannot be read is not needed
        }
    }

    void graph(std::string const& place, nir_node& into, int depth) {
        auto const say = [&](std::string const& why) { faults_.say(place, "edges", why); };
        if (!file_.has(place + "/nodes") || !file_.has(place + "/edges"))
            return faults_.say(place, "", "a NIRGraph has 'nodes' and 'edges'");
        std::vector<std::string> names;
        if (!faults_.keep(place, "nodes", [&] { names = file_.names(place + "/nodes"); })) return;
        if (names.empty()) return faults_.say(place, "", "it has no node");
        for (std::string const& name : names)
            into.nodes.push_back(node(place + "/nodes/" + name, name, depth + 1));
        std::vector<std::size_t> shape;
        std::vector<std::string> ends;
        if (!faults_.keep(place, "edges", [&] {
                if (count_of(file_.shape(place + "/edges")) > 0) // an empty list may be of numbers
                    ends = file_.texts(place + "/edges", &shape);
            }))
            return;
        if (!ends.empty() && (shape.size() != 2 || shape[1] != 2))
            return say("it is " + shape_text(shape) + ", and edges have the shape [E, 2]");
        std::set<std::string> const known(names.begin(), names.end());
        std::set<std::pair<std::string, std::string>> seen;
        for (std::size_t k = 0; k + 1 < ends.size(); k += 2) {
            std::string const edge = ends[k] + " -> " + ends[k + 1];
            bool whole = true;
            for (std::string const& end : {ends[k], ends[k + 1]}) {
                if (known.contains(end)) continue;
                whole = false;
                say("an edge " + edge + " names '" + end + "', which is no node" +
                    suggestion(end, names));
            }
            if (!whole) continue;
            if (seen.emplace(ends[k], ends[k + 1]).second)
                into.edges.emplace_back(ends[k], ends[k + 1]);
            else
                warnings_.push_back({place + "/edges", node_at(place), "edges",
                                     "it says the edge " + edge + " twice; it counts once"});
        }
    }

    static std::string suggestion(std::string const& wrong, std::vector<std::string> const& known) {
        std::string const near = nearest(wrong, known);
        return near.empty() ? "" : " (did you mean '" + near + "'?)";
    }

    hdf5_file file_;
    nir_faults& faults_;
    std::vector<nir::fault> warnings_;
    std::size_t nodes_ = 0, promised_ = 0; // numbers that are to be read
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::detail
