// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// A NIR file as a program: its header, and a few lines that run it, compiled once into a cache.
// What is compiled depends on the graph's structure alone: other weights, the same program.

#include "data.hpp"
#include "generate.hpp"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <spikefuse/version.hpp>
#include <sstream>
#include <unistd.h>

namespace nir_tool {

namespace fs = std::filesystem;

// Runs a command; what it says goes to a file. True where it ends well.
inline bool runs(std::string const& command, fs::path const& log) {
    return std::system((command + " >> '" + log.string() + "' 2>&1").c_str()) == 0;
}

// Where the library is: installed beside this program, or the sources that it was built from.
inline std::string project() {
    std::error_code none;
    fs::path const prefix = fs::read_symlink("/proc/self/exe", none).parent_path().parent_path();
    std::string found;
    for (char const* const libraries : {"lib", "lib64", "share"})
        if (fs::path const at = prefix / libraries / "cmake" / "spikefuse"; fs::exists(at))
            found = "find_package(spikefuse REQUIRED COMPONENTS io PATHS \"" + at.string() +
                    "\" NO_DEFAULT_PATH)\n";
#ifdef SPIKEFUSE_SOURCE_DIR
    if (found.empty())
        found = "add_subdirectory(\"" SPIKEFUSE_SOURCE_DIR "\" spikefuse EXCLUDE_FROM_ALL)\n";
#endif
    if (found.empty()) found = "find_package(spikefuse REQUIRED COMPONENTS io)\n";
    return "cmake_minimum_required(VERSION 3.22)\nproject(network LANGUAGES C CXX)\n" + found +
           "add_executable(network main.cpp)\n"
           "target_link_libraries(network PRIVATE spikefuse::spikefuse spikefuse::io)\n"
           "set_target_properties(network PROPERTIES RUNTIME_OUTPUT_DIRECTORY "
           "\"${CMAKE_BINARY_DIR}\")\n# spikefuse " +
           std::to_string(SPIKEFUSE_VERSION) + "\n";
}

inline void write(fs::path const& path, std::string const& text) { std::ofstream(path) << text; }

// Builds what lies in a folder: main.cpp, headers, and `project()`. True where that goes well; what
// the tools say is in its file `log`.
inline bool build(fs::path const& folder, std::string const& options) {
    write(folder / "CMakeLists.txt", project());
    std::string const at = "'" + folder.string() + "'";
    return runs("cmake $(command -v make > /dev/null || echo -G Ninja) -S " + at + " -B " + at +
                    "/build " + options,
                folder / "log") &&
           runs("cmake --build " + at + "/build --target network", folder / "log");
}

// For a program: how the parameters of a model are written, each behind its shape, layer and name.
inline constexpr char const* parameters_writer = R"(
template <class Model>
void write_parameters(std::ostream& out, Model const& made) {
    for (auto const& one : made.parameters()) {
        for (std::size_t const extent : one.shape) out << extent << ' ';
        out << '\n' << one.layer << '\n' << one.name << '\n';
        auto const numbers = made.get(one.layer, one.name);
        out.write(reinterpret_cast<char const*>(numbers.data()),
                  static_cast<std::streamsize>(numbers.size() * sizeof(numbers[0])));
    }
}
)";
// And read again, of a model in double.
inline std::vector<parameter_table> read_parameters(std::istream& in) {
    std::vector<parameter_table> all;
    for (std::string shape; std::getline(in, shape);) {
        parameter_table& one = all.emplace_back();
        std::getline(in, one.layer), std::getline(in, one.parameter);
        std::istringstream extents(shape);
        std::size_t count = 1;
        for (std::size_t extent = 0; extents >> extent; count *= extent)
            one.shape.push_back(extent);
        one.numbers.resize(count);
        in.read(reinterpret_cast<char*>(one.numbers.data()),
                static_cast<std::streamsize>(count * sizeof(double)));
    }
    return all;
}

// A folder that goes away with what it holds.
class passing_folder {
  public:
    passing_folder() { fs::create_directories(path); }
    passing_folder(passing_folder const&) = delete;
    passing_folder& operator=(passing_folder const&) = delete;
    ~passing_folder() {
        std::error_code left;
        fs::remove_all(path, left);
    }
    fs::path const path = fs::temp_directory_path() / ("spikefuse-nir-" + std::to_string(getpid()));
};

class compiled {
  public:
    // `otherwise`: what can be done where this cannot, for errors.
    // Throws no_word where the network has no sentence, file_error where it does not compile.
    compiled(nir::graph const& graph, nir::choices const& choices, std::string otherwise,
             std::function<void(std::string const&)> const& say)
        : graph_(graph), otherwise_(std::move(otherwise)) {
        std::string const name = fs::path(graph.path).stem().string();
        header const made = generate(graph, choices, name);
        std::string const program_text = main_of(made.space);
        std::string const text = made.text + program_text + project();
        std::uint64_t key = 14695981039346656037u; // FNV-1a
        for (char const letter : text)
            key = (key ^ static_cast<unsigned char>(letter)) * 1099511628211u;
        std::array<char, 20> hex{};
        std::snprintf(hex.data(), hex.size(), "%016llx", static_cast<unsigned long long>(key));
        folder_ = cache() / "nir" / hex.data();
        if (fs::exists(program())) return;
        say("compiling, once: " + folder_.string());
        // Aside first: whoever is interrupted leaves nothing that looks whole.
        fs::path const aside = folder_.string() + "." + std::to_string(getpid());
        fs::create_directories(aside);
        write(aside / "network.hpp", made.text);
        write(aside / "main.cpp", program_text);
        if (!build(aside, "-DCMAKE_BUILD_TYPE=${CMAKE_BUILD_TYPE:-Release}"))
            throw spikefuse::file_error("the network of '" + graph.path + "' does not compile",
                                        "see " + (aside / "log").string(),
                                        "CMake, a C++20 compiler and Kokkos have to be found; " +
                                            otherwise_);
        std::error_code taken; // somebody else's, of the same text
        fs::rename(aside, folder_, taken);
        if (taken) fs::remove_all(aside);
    }

    results run(recording const& input) const {
        passing_folder const here;
        numbers const in = joined_rows(graph_, graph_.inputs, input);
        std::ofstream(here.path / "in", std::ios::binary)
            .write(reinterpret_cast<char const*>(in.data()),
                   static_cast<std::streamsize>(in.size() * sizeof(double)));
        std::size_t each = 0;
        for (nir::port const& one : graph_.outputs)
            each += interpreter::count(graph_.nodes[one.node].out);
        numbers out(input.steps * each);
        std::ifstream file =
            written(here, std::to_string(input.steps) + " '" + (here.path / "in").string() + "'");
        file.read(reinterpret_cast<char*>(out.data()),
                  static_cast<std::streamsize>(out.size() * sizeof(double)));
        if (!file.good()) fail(here);
        results made;
        recording const parts = parted_rows(graph_, graph_.outputs, out, input.steps);
        for (auto const& [label, values] : parts.arrays) made["out/" + label] = values;
        return made;
    }

    // The parameters of a model that has loaded the file.
    std::vector<parameter_table> parameters() const {
        passing_folder const here;
        std::ifstream file = written(here, "");
        return read_parameters(file);
    }

  private:
    fs::path program() const { return folder_ / "build" / "network"; }
    // What the program writes, given the file and more arguments.
    std::ifstream written(passing_folder const& here, std::string const& more) const {
        fs::path const out = here.path / "out";
        if (!runs("'" + program().string() + "' '" + graph_.path + "' '" + out.string() + "' " +
                      more,
                  here.path / "log"))
            fail(here);
        return std::ifstream(out, std::ios::binary);
    }
    [[noreturn]] void fail(passing_folder const& here) const {
        std::ifstream log(here.path / "log");
        std::string const said(std::istreambuf_iterator<char>(log), {});
        throw spikefuse::file_error("the network of '" + graph_.path + "' did not run", said,
                                    otherwise_);
    }
    static fs::path cache() {
        auto const folder = [](char const* variable) {
            char const* const value = std::getenv(variable);
            return fs::path(value == nullptr ? "" : value);
        };
        if (fs::path const own = folder("SPIKEFUSE_CACHE"); !own.empty()) return own;
        if (fs::path const own = folder("XDG_CACHE_HOME"); !own.empty()) return own / "spikefuse";
        return folder("HOME") / ".cache" / "spikefuse";
    }
    static std::string main_of(std::string const& space) { // which is never "network"
        return "#include \"network.hpp\"\n\n#include <fstream>\n#include <iostream>\n\n"
               "using namespace spikefuse;\nnamespace network = " +
               space + ";\n" + parameters_writer + R"(
// network FILE OUT: writes the parameters.
// network FILE OUT STEPS IN: doubles [T, N] in, [T, M] out.
int main(int count, char** argv) {
    Kokkos::ScopeGuard const kokkos;
    try {
        nir::graph const graph = nir::read(argv[1]);
        int const steps = count > 3 ? std::atoi(argv[3]) : 1;
        model made{network::network, {.steps = steps, .dt = network::dt}, precision<double>};
        network::load(made, graph);
        std::ofstream out(argv[2], std::ios::binary);
        if (count < 4) {
            write_parameters(out, made);
        } else {
            Kokkos::View<double***, Kokkos::LayoutRight> const x(
                "input", static_cast<std::size_t>(steps), 1, decltype(made)::inputs);
            auto const host = Kokkos::create_mirror_view(x);
            auto const bytes = [](auto const& view) {
                return static_cast<std::streamsize>(view.size() * sizeof(double));
            };
            std::ifstream(argv[4], std::ios::binary)
                .read(reinterpret_cast<char*>(host.data()), bytes(host));
            Kokkos::deep_copy(x, host);
            auto const y = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), made(x));
            out.write(reinterpret_cast<char const*>(y.data()), bytes(y));
        }
        if (out.flush()) return 0;
        std::cerr << "there is no room for what it gives\n";
        return 1;
    } catch (std::exception const& thrown) {
        std::cerr << thrown.what() << '\n';
        return 1;
    }
}
)";
    }

    nir::graph const& graph_;
    std::string otherwise_;
    fs::path folder_;
};

} // namespace nir_tool
