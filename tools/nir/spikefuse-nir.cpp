// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// NIR files on the command line: what is in one, what is wrong with it, what it does.
#include "compiled.hpp"
#include "data.hpp"
#include "generate.hpp"
#include "inspect.hpp"
#include "options.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <spikefuse/version.hpp>
#include <unistd.h>

using namespace nir_tool;

namespace {

constexpr int fault = 1; // of a file, or a comparison; a wrong command is CLI11's, above 100

void warn(std::vector<nir::fault> const& warnings) {
    for (auto const& one : warnings)
        std::fprintf(stderr, "warning: '%s': %s\n", one.place.c_str(), one.why.c_str());
}
nir::graph read(std::string const& path) {
    nir::graph graph = nir::read(path);
    warn(graph.warnings);
    return graph;
}

int inspect(std::string const& path, std::string const& drawing) {
    nir::graph const graph = read(path);
    std::cout << table(graph);
    if (drawing.empty()) return 0;
    io::detail::replace_file(drawing, picture(graph));
    std::fprintf(stderr, "%s is drawn: dot -Tsvg %s\n", drawing.c_str(), drawing.c_str());
    return 0;
}

int check(std::string const& path) {
    nir::report const report = nir::check(path);
    for (auto const& one : report.faults)
        std::printf("%s: %s: %s\n", path.c_str(), one.place.c_str(), one.why.c_str());
    warn(report.warnings);
    if (report.faults.empty())
        std::printf("%s: whole\n", path.c_str());
    else
        std::printf("%s: %zu fault%s\n", path.c_str(), report.faults.size(),
                    report.faults.size() == 1 ? "" : "s");
    return report.faults.empty() ? 0 : fault;
}

// Steps done, where somebody looks on.
std::function<void(std::size_t)> progress(std::size_t steps) {
    if (isatty(STDERR_FILENO) == 0) return [](std::size_t) {};
    return [steps](std::size_t done) {
        if (done == steps || done % std::max<std::size_t>(1, steps / 100) == 0)
            std::fprintf(stderr, "\r%zu of %zu steps%s", done, steps, done == steps ? "\n" : "");
    };
}

void say(std::string const& what) { std::fprintf(stderr, "%s\n", what.c_str()); }

// What cannot be written as a network, with the cure.
spikefuse::name_error without_sentence(std::string const& path, no_word const& reason,
                                       char const* cure) {
    return {"'" + path + "' cannot be written as a network", reason.why, cure};
}
compiled as_program(nir::graph const& graph, nir::choices const& choices) {
    try {
        return {graph, choices, "without --compiled it is interpreted", say};
    } catch (no_word const& reason) {
        throw without_sentence(graph.path, reason, "Leave out --compiled: any file is interpreted");
    }
}
// What a network gives, as one kernel or step by step; `states` only so.
results results_of(nir::graph const& graph, nir::choices const& choices, recording const& input,
                   bool states, bool compile) {
    return compile ? as_program(graph, choices).run(input)
                   : run(graph, choices, input, states, progress(input.steps));
}

int run_file(std::string const& path, nir::choices const& choices, std::string const& in,
             std::string const& out, bool states, bool compile) {
    nir::graph const graph = read(path);
    recording const input = read_arrays(in, graph, graph.inputs, {"/in/", "/"});
    results const made = results_of(graph, choices, input, states, compile);
    write(out, made);
    for (auto const& [name, values] : made)
        std::printf("%s %s: %s\n", name.c_str(), shape_of(values.shape).c_str(),
                    range_of(values.values).c_str());
    return 0;
}

// The parameters as a model has them that has loaded the file.
std::vector<parameter_table> parameters_of(nir::graph const& graph, nir::choices const& choices) {
    expect_few(graph.numbers(), graph.path);
    return compiled(graph, choices, "without --weights inside none of it is needed", say)
        .parameters();
}

int generate_file(std::string const& path, nir::choices const& choices, std::string const& out,
                  bool inside) {
    nir::graph const graph = read(path);
    try {
        std::vector<parameter_table> const parameters =
            inside ? parameters_of(graph, choices) : std::vector<parameter_table>();
        header const made = generate(graph, choices, std::filesystem::path(path).stem().string(),
                                     inside ? &parameters : nullptr);
        if (out.empty())
            std::cout << made.text;
        else
            io::detail::replace_file(out, made.text);
        return 0;
    } catch (no_word const& reason) {
        throw without_sentence(path, reason, "`spikefuse-nir run` runs any file");
    }
}

int verify(std::string const& path, nir::choices const& choices, std::string const& in,
           std::string const& expected, std::string const& variant, double tolerance,
           bool compile) {
    nir::graph const graph = read(path);
    recording const input = read_arrays(in, graph, graph.inputs, {"/in/", "/"}),
                    wanted = read_arrays(expected, graph, graph.outputs,
                                         {"/expect/" + variant + "/out/", "/out/", "/"});
    if (wanted.steps != input.steps)
        throw spikefuse::shape_error("'" + expected + "' has " + std::to_string(wanted.steps) +
                                         " steps",
                                     "'" + in + "' has " + std::to_string(input.steps),
                                     "Expected values for every step of the input");
    results const made = results_of(graph, choices, input, false, compile);
    bool all = true;
    for (auto const& [label, values] : wanted.arrays) {
        verdict const found =
            compare(label, made.at("out/" + label).values, values.values, tolerance);
        std::size_t const each = values.values.size() / wanted.steps;
        if (found.equal)
            std::printf("%s: %zu %s agree%s\n", label.c_str(), found.numbers,
                        found.spikes ? "spikes and silences" : "numbers",
                        found.spikes ? "" : (", to " + short_number(found.furthest)).c_str());
        else
            std::printf("%s: %zu of %zu %s differ, the first at step %zu [%zu]: %s, and %s was "
                        "expected; the furthest by %s\n",
                        label.c_str(), found.wrong, found.numbers,
                        found.spikes ? "spikes" : "numbers", found.first / each, found.first % each,
                        short_number(made.at("out/" + label).values[found.first]).c_str(),
                        short_number(values.values[found.first]).c_str(),
                        short_number(found.furthest).c_str());
        all = all && found.equal;
    }
    return all ? 0 : fault;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Networks in NIR files: what is in them, what is wrong with them, what they do.\n"
                 "Exit: 0 well, 1 a fault of a file or a difference, above 100 a wrong command.");
    app.set_version_flag("--version", "spikefuse " + std::to_string(SPIKEFUSE_VERSION_MAJOR) + "." +
                                          std::to_string(SPIKEFUSE_VERSION_MINOR) + "." +
                                          std::to_string(SPIKEFUSE_VERSION_PATCH));
    app.require_subcommand(1);
    std::string path, drawing, in, out, expected, variant = "spec";
    nir::choices choices;
    double tolerance = 1e-5;
    bool states = false, compile = false, inside = false;
    auto const command = [&](char const* name, char const* what) {
        CLI::App* const made = app.add_subcommand(name, what);
        made->add_option("FILE", path, "NIR file")->required();
        return made;
    };
    CLI::App* const inspecting =
        command("inspect", "shows the graph: nodes, shapes, parameters, loops");
    inspecting->add_option("--picture", drawing, "draws it too, in Graphviz' language (.dot)");
    CLI::App* const checking = command("check", "says everything that is wrong with the file");
    CLI::App* const running =
        command("run", "runs it over data: interpreted, any file, slowly; or compiled");
    CLI::App* const verifying =
        command("verify", "runs it likewise, and compares with what was expected");
    CLI::App* const generating = command("generate", "writes the C++ header of the network");
    generating->add_option("-o,--output", out, "header; else it is printed");
    generating
        ->add_option_function<std::string>(
            "--weights", [&](std::string const& word) { inside = word == "inside"; },
            "where its numbers are: beside (default), a program loads them from the file, or "
            "inside, as tables: no file, no HDF5 (the network is compiled once for that)")
        ->check(CLI::IsMember({"inside", "beside"}))
        ->type_name("WORD");
    add_choices(*generating, choices);
    for (CLI::App* const one : {running, verifying}) {
        one->add_option("--input", in,
                        "HDF5: an array [T, shape] for each Input, /NAME or /in/NAME")
            ->required();
        one->add_flag("--compiled", compile,
                      "as one kernel: its header is generated, compiled once into a cache "
                      "(SPIKEFUSE_CACHE, else ~/.cache/spikefuse), and run in double");
        add_choices(*one, choices);
    }
    running->add_option("--output", out, "HDF5: /out/NAME [T, shape]")->required();
    running->add_flag("--states", states, "writes /node/NAME/{v,i,z} of every neuron too")
        ->excludes("--compiled");
    verifying
        ->add_option("--expected", expected, "HDF5: /NAME, /out/NAME or /expect/VARIANT/out/NAME")
        ->required();
    verifying->add_option("--variant", variant, "of the expected values")->capture_default_str();
    verifying->add_option("--tolerance", tolerance, "of numbers that are no spikes, of the largest")
        ->capture_default_str()
        ->check(CLI::NonNegativeNumber);
    CLI11_PARSE(app, argc, argv);
    try {
        if (inspecting->parsed()) return inspect(path, drawing);
        if (checking->parsed()) return check(path);
        if (generating->parsed()) return generate_file(path, choices, out, inside);
        if (running->parsed()) return run_file(path, choices, in, out, states, compile);
        return verify(path, choices, in, expected, variant, tolerance, compile);
    } catch (std::exception const& thrown) {
        std::fflush(stdout);
        std::fprintf(stderr, "%s\n", thrown.what());
        return fault;
    }
}
