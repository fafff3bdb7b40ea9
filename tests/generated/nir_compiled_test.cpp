// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Recorded NIR networks as C++: for each file and each of its variants the header is generated,
// compiled, given the file's numbers and run; and the header that holds these numbers is compiled.
// The folder is SPIKEFUSE_NIR_GOLDEN_DIR, of any widths. A compile takes half a minute:
// SPIKEFUSE_NIR_COMPILED says how many files, and SPIKEFUSE_NIR_COMPILED_FROM which is the first of
// them.
#include "../../tools/nir/compiled.hpp"
#include "../../tools/nir/interpreter.hpp"
#include "../support/data.hpp"
#include "../support/files.hpp"
#include "../support/nir_recording.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstring>
#include <iostream>

using namespace spikefuse;
namespace fs = std::filesystem;

namespace {

std::size_t number_in(char const* variable, std::size_t otherwise) {
    char const* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

/// One file with one of its variants.
struct job {
    std::string path, recorded, variant, space;
    nir::choices choices;
    bool is_recorded; ///< so
};

/// Whether a Delay stands straight behind an Input: recorded as if there were none.
bool delays_an_input(nir::graph const& graph) {
    return std::any_of(graph.edges.begin(), graph.edges.end(), [&](auto const& edge) {
        return graph.nodes[edge.first].type == "Input" && graph.nodes[edge.second].type == "Delay";
    });
}
/// Whether a Delay stands in a cycle: a choice more.
bool delays_a_cycle(nir::graph const& graph, nir::choices choices) {
    choices.loop = nir::loops::late;
    auto const late = nir::schedule_of(graph, choices).late;
    choices.loop = nir::loops::delays;
    return nir::schedule_of(graph, choices).late != late;
}

std::vector<double> doubles_of(fs::path const& path) {
    std::string const bytes = test::bytes_of(path.string());
    std::vector<double> all(bytes.size() / sizeof(double));
    std::memcpy(all.data(), bytes.data(), all.size() * sizeof(double));
    return all;
}

/// What was recorded of some ends.
nir_tool::recording recorded(job const& one, nir::graph const& graph,
                             std::vector<nir::port> const& ports) {
    return nir_tool::read_arrays(
        one.recorded, graph, ports,
        {&ports == &graph.inputs ? "/in/" : "/expect/" + one.variant + "/out/"});
}

std::string main_of(std::vector<job> const& jobs) {
    std::string text, calls;
    for (job const& one : jobs) {
        text += "#include \"" + one.space + ".hpp\"\n";
        calls += "        run<double>(" + one.space + "::network, " + one.space +
                 "::choices, argv[1], \"" + one.space + "\");\n        run<float>(" + one.space +
                 "::network, " + one.space + "::choices, argv[1], \"" + one.space + "\");\n";
    }
    return text + "#include <fstream>\n#include <iostream>\nusing namespace spikefuse;\n" +
           nir_tool::parameters_writer + R"(
template <class T, class Network>
void run(Network network, nir::choices const& choices, std::string const& folder,
         std::string const& name) {
    std::string const at = folder + "/" + name;
    std::string path;
    std::getline(std::ifstream(at + ".path"), path);
    std::ifstream file(at + ".in", std::ios::binary | std::ios::ate);
    std::vector<double> in(static_cast<std::size_t>(file.tellg()) / sizeof(double));
    file.seekg(0).read(reinterpret_cast<char*>(in.data()),
                       std::streamsize(in.size() * sizeof(double)));
    using made = model<Network, T>;
    auto const steps = in.size() / static_cast<std::size_t>(made::inputs);
    std::vector<double> out;
    try {
        made one(network, {.steps = int(steps), .dt = duration{choices.dt}});
        one.load(nir::read(path), choices);
        std::ofstream parameters(at + (sizeof(T) == 8 ? ".double" : ".float") + ".parameters");
        write_parameters(parameters, one);
        Kokkos::View<T***, Kokkos::LayoutRight> const x("x", steps, 1, made::inputs);
        auto const host = Kokkos::create_mirror_view(x);
        for (std::size_t k = 0; k < in.size(); ++k) host.data()[k] = T(in[k]);
        Kokkos::deep_copy(x, host);
        auto const y = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), one(x));
        out.assign(y.data(), y.data() + y.size());
    } catch (std::exception const& thrown) {
        std::ofstream(at + ".fault") << thrown.what();
    }
    std::ofstream(at + (sizeof(T) == 8 ? ".double" : ".float"), std::ios::binary)
        .write(reinterpret_cast<char const*>(out.data()),
               std::streamsize(out.size() * sizeof(double)));
}
int main(int, char** argv) {
    Kokkos::ScopeGuard const kokkos;
)" + calls +
           "}\n";
}

/// Headers with the numbers inside, which need no file: a program that loads them and writes what
/// the models have then.
std::string main_inside(std::vector<job> const& jobs) {
    std::string text, calls;
    for (job const& one : jobs) {
        text += "#include \"" + one.space + ".hpp\"\n";
        for (std::string const number : {"double", "float"})
            calls += "    {\n        model made{" + one.space + "::network, {.dt = " + one.space +
                     "::dt}, precision<" + number + ">};\n        " + one.space +
                     "::load(made);\n        std::ofstream out(folder + \"/" + one.space + "." +
                     number + ".inside\");\n        write_parameters(out, made);\n    }\n";
    }
    return text + "#include <fstream>\n#ifdef H5_VERS_MAJOR\n#error HDF5 is not needed\n#endif\n" +
           "using namespace spikefuse;\n" + nir_tool::parameters_writer +
           "int main(int, char** argv) {\n    Kokkos::ScopeGuard const kokkos;\n"
           "    std::string const folder = argv[1];\n" +
           calls + "}\n";
}

/// What the interpreter gives, which shares no arithmetic with the kernels: rows, as a network
/// does.
std::vector<double> interpreted(nir::graph const& graph, nir::choices const& choices,
                                nir_tool::recording const& input) {
    nir_tool::results const all = nir_tool::run(graph, choices, input, false, [](std::size_t) {});
    nir_tool::recording made{input.steps, {}};
    for (nir::port const& one : graph.outputs) made.arrays[one.label] = all.at("out/" + one.label);
    return nir_tool::joined_rows(graph, graph.outputs, made);
}

void hold(std::vector<double> const& made, std::vector<double> const& wanted, double tolerance) {
    REQUIRE(made.size() == wanted.size());
    bool spikes = true;
    double largest = 0, furthest = 0;
    for (double const one : wanted) {
        spikes = spikes && (one == 0 || one == 1);
        largest = std::max(largest, std::abs(one));
    }
    for (std::size_t k = 0; k < made.size(); ++k) {
        double const apart = std::abs(made[k] - wanted[k]);
        if (!(apart <= furthest) && !std::isnan(furthest)) furthest = apart; // NaN stays
    }
    CHECK(furthest <= (spikes ? 0 : tolerance * largest));
}

} // namespace

TEST_CASE("generated networks, compiled, do what was recorded: spikes exactly, numbers to 1e-12") {
    auto const all = test::nir_files(test::nir_golden_data());
    if (all.empty()) SKIP("no recordings in " << test::nir_golden_data());
    std::size_t const files = number_in("SPIKEFUSE_NIR_COMPILED", 1),
                      first = number_in("SPIKEFUSE_NIR_COMPILED_FROM", 21) % all.size();
    test::folder const here;
    std::vector<job> jobs;
    std::size_t taken = 0;
    for (std::size_t k = first; k < all.size() && taken < files; ++k) {
        job one{all[k].string(), {}, {}, {}, {}, {}};
        one.recorded = fs::path(all[k]).replace_extension(".h5").string();
        nir::graph const graph = nir::read(one.path);
        ++taken;
        std::vector<std::string> variants = io::hdf5_file(one.recorded).names("/expect");
        if (delays_a_cycle(graph, {.dt = test::dt_of(one.recorded)})) // recorded as late
            variants.insert(variants.begin(), "");
        for (std::string const& variant : variants) {
            one.choices = {.dt = test::dt_of(one.recorded)};
            if (!variant.empty() && !test::choose(variant, one.choices)) continue;
            one.is_recorded = !variant.empty() && !delays_an_input(graph);
            one.variant = variant.empty() ? "by the defaults" : variant;
            one.space = "n" + std::to_string(jobs.size());
            try {
                test::write_bytes(here / (one.space + ".hpp"),
                                  nir_tool::generate(graph, one.choices, one.space).text);
            } catch (nir_tool::no_word const& reason) {
                std::cout << all[k].stem().string() << " " << variant << ": no sentence, "
                          << reason.why << "\n";
                continue;
            }
            std::vector<double> const input =
                nir_tool::joined_rows(graph, graph.inputs, recorded(one, graph, graph.inputs));
            test::write_bytes(here / (one.space + ".path"), one.path);
            test::write_bytes(
                here / (one.space + ".in"),
                {reinterpret_cast<char const*>(input.data()), input.size() * sizeof(double)});
            jobs.push_back(one);
        }
    }
    if (jobs.empty()) SKIP("none of these files has a sentence");
    auto const compile_and_run = [&](std::string const& folder, std::string const& program) {
        test::write_bytes(folder + "/main.cpp", program);
        bool const well =
            nir_tool::build(folder, "-DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS=-O0") &&
            nir_tool::runs("'" + folder + "/build/network' '" + here.name() + "'", folder + "/log");
        INFO(test::bytes_of(folder + "/log"));
        REQUIRE(well);
    };
    compile_and_run(here.name(), main_of(jobs));
    fs::create_directory(here / "inside");
    for (job const& one : jobs) {
        std::ifstream file(here / (one.space + ".double.parameters"));
        auto const parameters = nir_tool::read_parameters(file);
        test::write_bytes(
            here / ("inside/" + one.space + ".hpp"),
            nir_tool::generate(nir::read(one.path), one.choices, one.space, &parameters).text);
    }
    compile_and_run(here / "inside", main_inside(jobs));
    for (job const& one : jobs) {
        CAPTURE(one.path, one.variant, test::bytes_of(here / (one.space + ".hpp")));
        INFO(test::bytes_of(here / (one.space + ".fault")));
        nir::graph const graph = nir::read(one.path);
        std::vector<double> const in_double = doubles_of(here / (one.space + ".double")),
                                  in_float = doubles_of(here / (one.space + ".float"));
        std::vector<double> const wanted =
            interpreted(graph, one.choices, recorded(one, graph, graph.inputs));
        hold(in_double, wanted, 1e-12);
        hold(in_float, wanted, 1e-5);
        for (std::string const number : {".double", ".float"}) // the same bits, from either place
            CHECK(test::bytes_of(here / (one.space + number + ".parameters")) ==
                  test::bytes_of(here / (one.space + number + ".inside")));
        if (one.is_recorded)
            hold(in_double,
                 nir_tool::joined_rows(graph, graph.outputs, recorded(one, graph, graph.outputs)),
                 3e-7);
        std::cout << fs::path(one.path).stem().string() << " " << one.variant << "\n";
    }
}
