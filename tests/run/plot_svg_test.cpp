// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pictures as SVG: well formed, complete, inside their frame, and safely in a file.
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <regex>
#include <spikefuse/io/plot/svg.hpp>
#include <sstream>

using namespace spikefuse;
using namespace spikefuse::io::plot;
using Catch::Matchers::ContainsSubstring;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

std::size_t count_of(std::string const& text, std::string const& part) {
    std::size_t count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos;
         at = text.find(part, at + part.size()))
        ++count;
    return count;
}

/// Every element is closed in the right order, every attribute is quoted, and no number is "nan" or
/// "inf".
void require_well_formed(std::string const& svg) {
    std::vector<std::string> open;
    std::regex const tag(R"re(<(/?)([a-z]+)((?:\s+[A-Za-z0-9-]+="[^"<]*")*)\s*(/?)>)re");
    std::size_t tags = 0;
    for (std::sregex_iterator it(svg.begin(), svg.end(), tag), end; it != end; ++it, ++tags) {
        if ((*it)[1].length() > 0) {
            REQUIRE(!open.empty());
            REQUIRE(open.back() == (*it)[2].str());
            open.pop_back();
        } else if ((*it)[4].length() == 0) {
            open.push_back((*it)[2].str());
        }
    }
    REQUIRE(open.empty());
    REQUIRE(tags == count_of(svg, "<"));
    REQUIRE_FALSE(std::regex_search(svg, std::regex(R"re([=" MLHVm](-?nan|-?inf)[" hHVLM])re")));
}

/// All places of lines, text and rectangles lie on the page.
void require_on_page(std::string const& svg) {
    std::smatch size;
    REQUIRE(std::regex_search(svg, size, std::regex(R"re(viewBox="0 0 ([0-9.]+) ([0-9.]+)")re")));
    double const width = std::stod(size[1]), height = std::stod(size[2]);
    std::regex const place(R"re( (x|x1|x2|cx|y|y1|y2|cy)="(-?[0-9.]+)")re");
    for (std::sregex_iterator it(svg.begin(), svg.end(), place), end; it != end; ++it) {
        double const at = std::stod((*it)[2]);
        CHECK(at >= 0);
        CHECK(at <= ((*it)[1].str().find('x') != std::string::npos ? width : height));
    }
}

figure example() {
    spike_trace spikes{50, 10, std::vector<std::uint8_t>(500)};
    for (std::size_t k = 0; k < 500; k += 11) spikes.fired[k] = 1;
    figure picture{.title = "a <b> & \"c\"", .subtitle = "it's", .dt = 1 * ms};
    picture.panels.push_back(raster_panel{"first & last", spikes});
    picture.panels.push_back(raster_panel{"second", spikes});
    picture.panels.push_back(
        traces_panel{.title = "v",
                     .unit = "potential (mV)",
                     .lines = {{"one", {1, 2, none, 3, infinite, 5}}, {"two", {}}},
                     .threshold = 4});
    return picture;
}

} // namespace

TEST_CASE("a figure: one dot a spike, one line a stretch, text escaped") {
    std::string const text = svg(example());
    require_well_formed(text);
    require_on_page(text);
    CHECK(count_of(text, "class=\"spikes\"") == 2);
    CHECK(count_of(text, "h0") ==
          2 * 46 + 2); // 46 spikes a panel, and the two values that stand alone between gaps
    CHECK_THAT(text, ContainsSubstring("a &lt;b&gt; &amp; &quot;c&quot;") &&
                         ContainsSubstring("it&#39;s") && ContainsSubstring("first &amp; last"));
    CHECK_THAT(text, ContainsSubstring("10 neurons, 92 Hz on average") &&
                         ContainsSubstring("time (ms)") &&
                         ContainsSubstring("stroke-dasharray=\"6 4\""));
    CHECK_THAT(text, ContainsSubstring("fill=\"#ffffff\"/>")); // the background
}

TEST_CASE("a spike stands where its step and its neuron are") {
    spike_trace spikes{10, 2, std::vector<std::uint8_t>(20)};
    spikes.fired[2 * 2 + 1] = 1; // step 2, neuron 1
    figure picture{.title = "", .dt = 2 * ms, .width = 400};
    picture.panels.push_back(raster_panel{"p", spikes, 40});
    std::string const text = svg(picture);
    std::smatch found, up, along;
    std::string const axis =
        R"re(<line x1="([0-9.]+)" y1="([0-9.]+)" x2="([0-9.]+)" y2="([0-9.]+)" class="axis"/>\n)re";
    REQUIRE(std::regex_search(text, found,
                              std::regex(R"re(class="spikes" d="M([0-9.]+) ([0-9.]+)h0")re")));
    std::string const rest = text.substr(static_cast<std::size_t>(found.position(0)));
    REQUIRE(std::regex_search(rest, up, std::regex(axis)));
    std::string const after = up.suffix();
    REQUIRE(std::regex_search(after, along, std::regex(axis)));
    double const left = std::stod(along[1]), right = std::stod(along[3]);
    CHECK(std::abs(std::stod(found[1]) - (left + (right - left) * 2.5 / 10)) < 0.11);
    CHECK(std::abs(std::stod(found[2]) - (std::stod(up[2]) + 10)) <
          0.11); // neuron 1 of 2: the middle of the upper half
}

TEST_CASE("empty figures and panels are pictures too") {
    require_well_formed(svg(figure{}));
    figure picture{.title = "empty"};
    picture.panels.push_back(raster_panel{"none"});
    picture.panels.push_back(raster_panel{"no steps", {0, 7, {}}});
    picture.panels.push_back(traces_panel{.title = "no lines", .threshold = 1});
    picture.panels.push_back(traces_panel{.title = "gaps", .lines = {{"g", {none, infinite}}}});
    std::string const text = svg(picture);
    require_well_formed(text);
    require_on_page(text);
    CHECK(count_of(text, "no spikes") == 2);
    CHECK(count_of(text, "nothing to show") == 2);
}

TEST_CASE("wrong shapes and steps are named") {
    figure picture{.title = "x"};
    picture.panels.push_back(raster_panel{"p", {3, 3, {1}}});
    CHECK_THROWS_AS(svg(picture), shape_error);
    CHECK_THROWS_AS(svg(figure{.title = "x", .dt = 0 * ms}), value_error);
    CHECK_THROWS_AS(svg(line_chart{.title = "x", .lines = {{"l", {1, 2}, {1}}}}), shape_error);
    CHECK_THROWS_AS(svg(bar_chart{.title = "x", .groups = {"a"}, .bars = {{"b", {1}, {1, 2}}}}),
                    shape_error);
}

TEST_CASE("many spikes and long traces keep the file small") {
    figure picture{.title = "much"};
    picture.panels.push_back(
        raster_panel{"full", {20000, 200, std::vector<std::uint8_t>(4000000, 1)}});
    CHECK(svg(picture).size() < 2500000);
    std::vector<double> wave(100000);
    for (std::size_t k = 0; k < wave.size(); ++k)
        wave[k] = k == 54321 ? 100 : std::sin(static_cast<double>(k) * 0.01);
    picture.panels[0] = traces_panel{.title = "wave", .lines = {{"w", wave}}};
    std::string const text = svg(picture);
    CHECK(text.size() < 100000);
    CHECK_THAT(text, ContainsSubstring(">100<"));
    // The one peak is drawn: the path's highest point is 5/110 of the panel's 190 below its top.
    std::smatch path;
    std::size_t const from = text.find("class=\"trace\" d=\"") + 17;
    std::istringstream points(text.substr(from, text.find('"', from) - from));
    double lowest = 1e9, highest = 0;
    for (std::string word; points >> word;)
        if (word.find_first_of("ML") != 0) {
            double const y = std::stod(word);
            lowest = std::min(lowest, y), highest = std::max(highest, y);
        }
    CHECK(std::abs((highest - lowest) - 190 / 1.1) < 0.3);
}

TEST_CASE("a line chart: markers, error bars, floors, log axes") {
    line_chart chart{.title = "time & <place>",
                     .x_label = "batch",
                     .y_label = "time (µs)",
                     .unit = "µs",
                     .log_x = true,
                     .log_y = true};
    chart.lines.push_back(
        {"fused", {1, 2, 4, 8, 0}, {2, 3, none, 9, 5}, {1, 2, 1, 8, 1}, {3, 4, 5, infinite, 6}});
    chart.lines.push_back({"other", {1, 2, 4, 8}, {20, -1, 40, 90}});
    chart.floors = {{"latency", 1.5}, {"left out", none}};
    std::string const text = svg(chart);
    require_well_formed(text);
    require_on_page(text);
    CHECK(count_of(text, "class=\"mark\"") ==
          3 + 3 + 2); // the points that can be shown, and two in the legend
    CHECK(count_of(text, "class=\"error\"") == 1);
    CHECK(count_of(text, "class=\"floor\"") == 1);
    CHECK_THAT(text, ContainsSubstring("latency: 1.5 µs") && !ContainsSubstring("left out") &&
                         ContainsSubstring("time &amp; &lt;place&gt;"));
    for (auto const* tick : {">1<", ">2<", ">4<", ">8<"})
        CHECK_THAT(text, ContainsSubstring(tick)); // the measured places are marked
}

TEST_CASE("bar charts: a bar and a value each, and what is missing is said") {
    for (bool logarithmic : {false, true}) {
        bar_chart chart{.title = "speed",
                        .value_label = "images a second",
                        .unit = "images/s",
                        .groups = {"a & b", "c"}};
        chart.logarithmic = logarithmic;
        chart.bars = {{"ours", {12000, 300}, {11000, 290}, {13000, 310}}, {"theirs", {none, 30}}};
        chart.floors = {{"bound", 20000}};
        std::string const text = svg(chart);
        require_well_formed(text);
        require_on_page(text);
        CHECK(count_of(text, "class=\"bar\"") == 3);
        CHECK_THAT(text, ContainsSubstring("12k images/s") && ContainsSubstring("not measured") &&
                             ContainsSubstring("a &amp; b"));
        CHECK_THAT(text, ContainsSubstring("bound: 20k images/s"));
    }
    require_well_formed(svg(bar_chart{.title = "nothing"}));
    require_well_formed(svg(line_chart{.title = "nothing", .log_x = true, .log_y = true}));
    bar_chart const below{.title = "below zero", .groups = {"g"}, .bars = {{"b", {-3}}}};
    require_well_formed(svg(below));
    require_on_page(svg(below));
}

TEST_CASE("extreme numbers stay on the page") {
    double const most = std::numeric_limits<double>::max(),
                 least = std::numeric_limits<double>::denorm_min();
    for (bool logarithmic : {false, true}) {
        line_chart chart{.title = "x", .log_x = logarithmic, .log_y = logarithmic};
        chart.lines = {{"l",
                        {1e-290, 1e-139, 1, 1e139, 1e290, most, least},
                        {1e-290, 1e-139, 1, 1e139, 1e290, 1, 1}}};
        require_well_formed(svg(chart));
        require_on_page(svg(chart));
        chart.lines = {{"l", {5}, {5}}, {"near", {5}, {5.0000000001}}};
        require_well_formed(svg(chart));
        require_on_page(svg(chart));
        bar_chart bars{
            .title = "b", .groups = {"least", "most", "one"}, .logarithmic = logarithmic};
        bars.bars = {{"s", {least, most, 1}, {none, 1, 0}, {most, most, 1e290}}};
        require_well_formed(svg(bars));
        require_on_page(svg(bars));
    }
}

TEST_CASE("axis marks are round and few") {
    using namespace io::plot::detail;
    CHECK(linear_ticks(0, 100, 5).at == std::vector<double>{0, 20, 40, 60, 80, 100});
    CHECK(linear_ticks(0, 7, 100, true).at == std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7});
    CHECK(log_ticks(1, 1e6, 7).at == std::vector<double>{1, 10, 100, 1e3, 1e4, 1e5, 1e6});
    CHECK(tick_text(0.5, {{0, 0.5, 1}, 0.5}) == "0.5");
    CHECK(tick_text(-2, {{-2, 0}, 2}) == "−2");
    CHECK(tick_text(-2, {{-2, 0}, 2}, true) == "-2");
    CHECK(tick_text(50000, {{0, 50000, 100000}, 50000}) == "50k");
    CHECK(tick_text(100500, {{100000, 100500}, 500}) == "100.5k");
    CHECK(tick_text(1e-5, {{1e-5, 1e-4}, 0}) == "10⁻⁵");
    CHECK(tick_text(1000, {{100, 1000, 10000}, 0}) == "1k");
    CHECK(tick_text(1e6, {{1000, 1e6, 1e9}, 0}) == "1M");
    CHECK(tick_text(1e-3, {{1e-4, 1e-3}, 0}) == "10⁻³");
    CHECK(tick_text(2e-5, {{1e-5, 2e-5}, 0}) == "2×10⁻⁵");
    CHECK(tick_text(0.01, {{0.01, 0.1, 1}, 0}) == "0.01");
    for (double low : {-1e-9, 0.0, 3.7, -1e12, 1e15})
        for (double span : {1e-6, 1.0, 77.0, 1e9})
            for (std::size_t most : {2u, 5u, 12u}) {
                auto const marks = linear_ticks(low, low + span, most);
                CHECK(marks.at.size() <= most + 2);
                for (double v : marks.at)
                    CHECK((v >= low - span * 1e-6 && v <= low + span * (1 + 1e-6)));
            }
}

TEST_CASE("numbers and words as text") {
    using namespace io::plot::detail;
    CHECK(brief(0) == "0");
    CHECK(brief(1.0 / 3) == "0.333");
    CHECK(brief(0.00333) == "0.00333");
    CHECK(brief(12.34) == "12.3");
    CHECK(brief(9999) == "9999");
    CHECK(brief(12345) == "12.3k");
    CHECK(brief(999999) == "1M");
    CHECK(brief(-1.5e6) == "-1.5M");
    CHECK(brief(2e-5) == "2.0e-05");
    CHECK(brief(none) == "?");
    CHECK(pixel(-0.01) == "0");
    CHECK(pixel(12.34) == "12.3");
    CHECK(escaped("a\001b\xff<") == "a b\uFFFD&lt;");
    CHECK(plain("a\033[31m\xc3") == "a [31m?");
    CHECK(cut("äöü", 2) == "ä…");
    CHECK(length_of("日本") == 2);
    for (auto const& line : wrapped(
             "a title that is far too long, with averylongwordthatneverendsanddoesnotfit", 20, 150))
        CHECK(text_width(line, 20) <= 158); // a space at the end may hang over
}

TEST_CASE("files: written whole, never half, and what hinders is said") {
    auto const folder =
        std::filesystem::temp_directory_path() / ("spikefuse_plot_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    auto const path = folder / "picture.svg";
    write_svg(example(), path);
    write_svg(example(), path); // again, over it
    std::ifstream file(path);
    CHECK(std::string(std::istreambuf_iterator<char>(file), {}) == svg(example()));
    write_svg(line_chart{.title = "l"}, folder / "line.svg");
    write_svg(bar_chart{.title = "b"}, folder / "bar.svg");
    CHECK_THROWS_AS(write_svg(example(), folder / "missing" / "picture.svg"), file_error);
    CHECK_THROWS_AS(write_svg(example(), folder), file_error);
    CHECK_THROWS_AS(write_svg(example(), "/proc/picture.svg"),
                    file_error); // nobody can write there
    CHECK(std::distance(std::filesystem::directory_iterator(folder),
                        std::filesystem::directory_iterator()) == 3); // nothing left aside
    std::filesystem::remove_all(folder);
}
