// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Spikes and traces in the terminal: exact small pictures, and what must hold for every picture.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <spikefuse/io/plot/raster.hpp>
#include <spikefuse/io/plot/traces.hpp>
#include <sstream>

using namespace spikefuse;
using namespace spikefuse::io::plot;
using Catch::Matchers::ContainsSubstring;

namespace {

spike_trace silent(std::size_t steps, std::size_t neurons) {
    return {steps, neurons, std::vector<std::uint8_t>(steps * neurons)};
}

std::vector<std::string> lines_of(std::string const& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

/// Braille characters with a dot, and shades, in the field right of the axis.
std::size_t marks_in(std::string const& picture) {
    std::size_t count = 0;
    for (auto const& line : lines_of(picture)) {
        std::size_t axis = line.find("│");
        if (axis == std::string::npos) axis = line.find("┤");
        if (axis == std::string::npos) continue;
        io::plot::detail::for_each_character(
            std::string_view(line).substr(axis + 3), "?",
            [&](std::string_view c) { count += c != "⠀" && c != " " ? 1 : 0; });
    }
    return count;
}

raster_options plain_raster(std::size_t columns = 60, std::size_t lines = 16) {
    return {.title = "r",
            .dt = 1 * ms,
            .columns = columns,
            .lines = lines,
            .ascii = false,
            .colours = false};
}

constexpr double infinite = std::numeric_limits<double>::infinity();

} // namespace

TEST_CASE("a small raster, letter by letter") {
    auto spikes = silent(10, 3);
    spikes.fired[0 * 3 + 0] = spikes.fired[4 * 3 + 1] = spikes.fired[9 * 3 + 2] = 1;
    CHECK(terminal_raster(
              spikes,
              {.title = "three", .dt = 1 * ms, .columns = 18, .ascii = true, .colours = false}) ==
          "three: 3 neurons, 10 steps, mean rate 100 Hz\n"
          "neuron\n"
          "     2 +         |\n"
          "     1 +    |     \n"
          "     0 +|         \n"
          "       ++----+---+\n"
          "    ms  0    5  10\n");
    CHECK(terminal_raster(spikes, {.title = "three", .columns = 18, .colours = false}) ==
          "three: 3 neurons, 10 steps, mean rate 0.1 spikes a step\n"
          "neuron\n"
          "     2 ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠄\n"
          "     1 ┤⠀⠀⠀⠀⠄⠀⠀⠀⠀⠀\n"
          "     0 ┤⠄⠀⠀⠀⠀⠀⠀⠀⠀⠀\n"
          "       └┬────┬───┬\n"
          " steps  0    5  10\n");
}

TEST_CASE("four neurons and two steps share a braille character") {
    auto spikes = silent(20, 8);
    for (std::size_t n = 0; n < 8; ++n) spikes.fired[n * 8 + n] = 1; // a diagonal
    auto const lines = lines_of(
        terminal_raster(spikes, {.title = "d", .columns = 18, .lines = 2, .colours = false}));
    REQUIRE(lines.size() == 6);
    CHECK_THAT(lines[2], ContainsSubstring("⠀⠀⡠⠊"));
    CHECK_THAT(lines[3], ContainsSubstring("⡠⠊⠀⠀"));
}

TEST_CASE("every single spike is seen, however much is merged") {
    for (auto const& [steps, neurons] :
         {std::pair<std::size_t, std::size_t>{7, 3}, {40, 64}, {333, 21}, {1000, 300}})
        for (merging merge : {merging::automatic, merging::any, merging::density})
            for (std::size_t k = 0; k < 60; ++k) {
                auto spikes = silent(steps, neurons);
                spikes.fired[k * 245489 % spikes.fired.size()] = 1;
                auto options = plain_raster(50, 6);
                options.merge = merge;
                REQUIRE(marks_in(terminal_raster(spikes, options)) == 1);
            }
}

TEST_CASE("what is not merged is counted exactly") {
    auto spikes = silent(30, 5);
    for (std::size_t k = 0; k < spikes.fired.size(); k += 7) spikes.fired[k] = 1;
    auto options = plain_raster();
    options.ascii = true;
    std::size_t seen = 0;
    auto const lines = lines_of(terminal_raster(spikes, options));
    for (std::size_t l = 2; l + 2 < lines.size(); ++l) // right of the axis
        seen += static_cast<std::size_t>(std::count(lines[l].begin() + 8, lines[l].end(), '|'));
    CHECK(seen == spike_count(spikes));
}

TEST_CASE("no line of a picture is wider than asked") {
    auto spikes = silent(500, 50);
    std::vector<series> const lines{{"one", std::vector<double>(500, 0.5)},
                                    {"two", std::vector<double>(300, -3e5)}};
    for (bool ascii : {false, true})
        for (std::size_t columns : {30u, 61u, 100u, 160u}) {
            auto const raster = lines_of(
                terminal_raster(spikes, {.columns = columns, .ascii = ascii, .colours = false}));
            for (std::size_t l = 2; l < raster.size(); ++l)
                CHECK(io::plot::detail::length_of(raster[l]) <= columns);
            for (auto const& line : lines_of(terminal_traces(
                     lines, {.columns = columns, .ascii = ascii, .colours = false})))
                CHECK(io::plot::detail::length_of(line) <= columns);
        }
}

TEST_CASE("a full raster is drawn as density, and says so") {
    auto spikes = silent(1000, 100);
    for (std::size_t k = 0; k < spikes.fired.size(); ++k)
        spikes.fired[k] = k % 100 < 50 || k % 3 == 0 ? 1 : 0;
    CHECK_THAT(terminal_raster(spikes, plain_raster(60, 8)),
               ContainsSubstring("█") && ContainsSubstring("▒") &&
                   ContainsSubstring("a character is"));
    auto options = plain_raster(60, 8);
    options.merge = merging::any;
    CHECK_THAT(terminal_raster(spikes, options),
               ContainsSubstring("⣿") && ContainsSubstring("a dot is"));
}

TEST_CASE("nothing to show is said, not drawn") {
    CHECK_THAT(terminal_raster({}, plain_raster()), ContainsSubstring("nothing to show"));
    CHECK_THAT(terminal_raster({0, 5, {}}, plain_raster()),
               ContainsSubstring("5 neurons, 0 steps") && ContainsSubstring("nothing to show"));
    CHECK_THAT(terminal_traces({}, {}), ContainsSubstring("nothing to show"));
    std::vector<series> const gaps{{"gap", {none, infinite, -infinite}}};
    CHECK_THAT(terminal_traces(gaps, {.threshold = 1}), ContainsSubstring("nothing to show"));
}

TEST_CASE("a wrong shape and a wrong step are named") {
    CHECK_THROWS_AS(terminal_raster({3, 2, {0, 1}}, plain_raster()), shape_error);
    CHECK_THROWS_AS(terminal_raster({3, 0, {0}}, plain_raster()), shape_error);
    auto options = plain_raster();
    options.dt = 0 * ms;
    CHECK_THROWS_AS(terminal_raster(silent(2, 2), options), value_error);
    CHECK_THROWS_AS(terminal_traces({}, {.dt = duration{none}}), value_error);
    options.dt = 1 * ms;
    options.start = duration{none};
    CHECK_THROWS_AS(terminal_raster(silent(2, 2), options), value_error);
}

TEST_CASE("packed words become a spike trace") {
    std::vector<std::uint32_t> words(2 * 3 * 2); // [T = 2, B = 3, 2 words for 40 neurons]
    words[(0 * 3 + 1) * 2 + 1] = 1u << 7;        // step 0, sample 1, neuron 39
    words[(1 * 3 + 1) * 2 + 0] = 1u;             // step 1, sample 1, neuron 0
    words[(1 * 3 + 2) * 2 + 0] = 2u;             // another sample
    auto const spikes = unpack_spikes(words, 2, 40, 3, 1);
    CHECK(spike_count(spikes) == 2);
    CHECK(spikes.fired[39] == 1);
    CHECK(spikes.fired[40] == 1);
    CHECK_THROWS_AS(unpack_spikes(words, 2, 40, 2), shape_error);
    CHECK_THROWS_AS(unpack_spikes(words, 2, 40, 3, 3), value_error);
}

TEST_CASE("a small trace, letter by letter") {
    std::vector<series> const lines{{"v", {0, 1, 2, 3, 4, 4, none, 0, infinite, 2}}};
    CHECK(terminal_traces(lines, {.title = "ramp",
                                  .unit = "mV",
                                  .threshold = 3,
                                  .columns = 20,
                                  .lines = 5,
                                  .ascii = true,
                                  .colours = false}) == "ramp (mV)\n"
                                                        "**** v\n"
                                                        "--   threshold 3\n"
                                                        "    4 +     ***     \n"
                                                        "      |--  *-  --  -\n"
                                                        "    2 +  **        *\n"
                                                        "      | *           \n"
                                                        "    0 +*        *   \n"
                                                        "      ++-----+-----+\n"
                                                        "steps  0     5    10\n");
}

TEST_CASE("traces: colours only on demand, lines apart without them") {
    std::vector<series> const lines{{"a", std::vector<double>(8, 0)},
                                    {"b\033[31m\n", std::vector<double>(8, 1)}};
    CHECK_THAT(terminal_traces(lines, {.columns = 40, .colours = true}),
               ContainsSubstring("\033[34m") && ContainsSubstring("\033[31m⠒") &&
                   ContainsSubstring("\033[0m"));
    auto const plain = terminal_traces(lines, {.columns = 40, .colours = false});
    CHECK_THAT(plain, !ContainsSubstring("\033"));
    CHECK_THAT(plain, ContainsSubstring("⠒⠒⠒⠒ a   ⠂⠂⠂⠂ b [31m"));
}

TEST_CASE("extreme values do not break a picture") {
    double const most = std::numeric_limits<double>::max();
    std::vector<series> const lines{
        {"x", {1e299, -1e299, most, -most, 1e-308, 0}}, {"one", {1e16, 1e16}}, {"empty", {}}};
    for (double threshold : {none, infinite, most, 0.0})
        CHECK(!terminal_traces(
                   lines, {.threshold = threshold, .columns = 10, .lines = 1, .colours = false})
                   .empty());
    std::vector<series> const flat{{"flat", std::vector<double>(5000, 7.25e-9)}};
    CHECK(lines_of(terminal_traces(flat, {.columns = 60, .lines = 8, .colours = false})).size() ==
          12);
}

TEST_CASE("NO_COLOR is heard") {
    setenv("NO_COLOR", "1", 1);
    CHECK_FALSE(wants_colours(stdout));
    unsetenv("NO_COLOR");
    std::FILE* const file = std::tmpfile();
    REQUIRE(file != nullptr);
    CHECK_FALSE(is_terminal(file));
    CHECK_FALSE(wants_colours(file));
    CHECK(terminal_columns(file) == 100);
    std::fclose(file);
    CHECK_FALSE(is_terminal(nullptr));
}
