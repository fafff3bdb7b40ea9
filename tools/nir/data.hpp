// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// What a network is run on, and what it gave: arrays [T, shape] in HDF5, one an Input or Output.

#include "inspect.hpp"
#include "interpreter.hpp"

#include <functional>
#include <set>
#include <spikefuse/io/hdf5_write.hpp>

namespace nir_tool {

namespace io = spikefuse::io;

struct recording {
    std::size_t steps = 0;
    std::map<std::string, io::array> arrays; // by label: [T, shape]
};

// The arrays of some ends. They stand below one of `folders`, under their labels; a lone one may be
// the lone array of a file's root.
inline recording read_arrays(std::string const& path, nir::graph const& graph,
                             std::vector<nir::port> const& ports,
                             std::vector<std::string> const& folders) {
    io::hdf5_file const file(path);
    recording made;
    for (nir::port const& port : ports) {
        std::string found;
        for (std::string const& folder : folders)
            if (found.empty() && file.has(folder + port.label) &&
                !file.is_group(folder + port.label))
                found = folder + port.label;
        if (found.empty() && ports.size() == 1)
            if (auto const names = file.names("/");
                names.size() == 1 && !file.is_group("/" + names[0]))
                found = "/" + names[0];
        if (found.empty())
            file.fail(
                folders[0] + port.label, "it is missing, and so are its other places",
                "An array [T, shape] for each end of the network: `spikefuse-nir inspect` lists "
                "them");
        io::array values = file.numbers(found);
        std::size_t const each = interpreter::count(graph.nodes[port.node].out),
                          steps = values.shape.empty() ? 0 : values.shape[0];
        if (steps * each != values.values.size() || steps == 0)
            throw spikefuse::shape_error(
                "'" + found + "' in '" + path + "' is " + shape_of(values.shape),
                "'" + port.label + "' takes [T, then " + shape_of(graph.nodes[port.node].out) + "]",
                "Time is the first axis, and there is no batch");
        if (made.steps != 0 && made.steps != steps)
            throw spikefuse::shape_error(
                "'" + found + "' in '" + path + "' has " + std::to_string(steps) + " steps",
                "others have " + std::to_string(made.steps), "As many steps in each");
        made.steps = steps;
        made.arrays[port.label] = std::move(values);
    }
    return made;
}

// As a network takes and gives them: what several ends take in a step stands in one row, one behind
// the other, in the order of the graph's ends.
inline numbers joined_rows(nir::graph const& graph, std::vector<nir::port> const& ports,
                           recording const& from) {
    numbers rows;
    for (std::size_t t = 0; t < from.steps; ++t)
        for (nir::port const& one : ports) {
            numbers const& values = from.arrays.at(one.label).values;
            std::size_t const each = interpreter::count(graph.nodes[one.node].out);
            auto const begin = values.begin() + static_cast<std::ptrdiff_t>(t * each);
            rows.insert(rows.end(), begin, begin + static_cast<std::ptrdiff_t>(each));
        }
    return rows;
}
inline recording parted_rows(nir::graph const& graph, std::vector<nir::port> const& ports,
                             numbers const& rows, std::size_t steps) {
    recording made;
    made.steps = steps;
    auto at = rows.begin();
    for (std::size_t t = 0; t < steps; ++t)
        for (nir::port const& one : ports) {
            nir::extents const& shape = graph.nodes[one.node].out;
            io::array& part = made.arrays[one.label];
            auto const end = at + static_cast<std::ptrdiff_t>(interpreter::count(shape));
            part.values.insert(part.values.end(), at, end);
            part.shape = shape;
            part.shape.insert(part.shape.begin(), steps);
            at = end;
        }
    return made;
}

// What a run gave, by its place in a file: "out/output", "node/lif/v".
using results = std::map<std::string, io::array>;

inline results run(nir::graph const& graph, nir::choices const& choices, recording const& input,
                   bool states, std::function<void(std::size_t)> const& progress) {
    interpreter network(graph, choices);
    results made;
    auto const keep = [&](std::string const& name, nir::extents const& shape,
                          numbers const& values) {
        io::array& all = made[name];
        if (all.shape.empty()) {
            all.shape = shape;
            all.shape.insert(all.shape.begin(), input.steps);
        }
        all.values.insert(all.values.end(), values.begin(), values.end());
    };
    for (std::size_t t = 0; t < input.steps; ++t) {
        std::map<std::string, numbers> now;
        for (auto const& [label, all] : input.arrays) {
            auto const each = static_cast<std::ptrdiff_t>(all.values.size() / input.steps),
                       from = static_cast<std::ptrdiff_t>(t) * each;
            now[label] = {all.values.begin() + from, all.values.begin() + from + each};
        }
        network.step(now);
        for (nir::port const& port : graph.outputs)
            keep("out/" + port.label, graph.nodes[port.node].out, network.at(port.node).gives);
        for (std::size_t k = 0; states && k < graph.nodes.size(); ++k) {
            auto const& cell = network.at(k);
            nir::node const& node = graph.nodes[k];
            if (cell.v.empty()) continue;
            keep("node/" + node.name + "/v", node.out, cell.v);
            if (!cell.i.empty()) keep("node/" + node.name + "/i", node.out, cell.i);
            if (std::visit([]<class Node>(Node const&) { return nir::spiking<Node>; }, node.what))
                keep("node/" + node.name + "/z", node.out, cell.gives);
        }
        progress(t + 1);
    }
    return made;
}

inline void write(std::string const& path, results const& made) {
    io::detail::replace_file(path, [&] {
        io::detail::hdf5_image const file;
        std::set<std::string> groups;
        for (auto const& [name, values] : made) {
            for (std::size_t at = name.find('/'); at != std::string::npos;
                 at = name.find('/', at + 1))
                if (groups.insert(name.substr(0, at)).second) file.group("/" + name.substr(0, at));
            file.numbers("/" + name, values.shape, values.values);
        }
        return file.bytes();
    }());
}

// How an output compares with what was expected of it.
struct verdict {
    std::string label;
    bool spikes = false, equal = false;
    std::size_t wrong = 0, numbers = 0, first = 0; // numbers that differ; the first of them
    double furthest = 0, largest = 0;
};
// Spikes, numbers that are all 0 or 1, are compared exactly; others to `tolerance` of the largest.
inline verdict compare(std::string const& label, numbers const& made, numbers const& wanted,
                       double tolerance) {
    verdict found{.label = label, .numbers = wanted.size()};
    found.spikes =
        std::all_of(wanted.begin(), wanted.end(), [](double x) { return x == 0 || x == 1; });
    for (double const one : wanted) found.largest = std::max(found.largest, std::abs(one));
    for (std::size_t k = 0; k < wanted.size(); ++k) {
        double const distance = std::abs(made[k] - wanted[k]);
        found.furthest = std::max(found.furthest, distance);
        if (found.spikes ? distance == 0 : distance <= tolerance * found.largest) continue;
        if (found.wrong++ == 0) found.first = k;
    }
    found.equal = found.wrong == 0;
    return found;
}

} // namespace nir_tool
