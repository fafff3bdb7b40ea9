// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Measurements as SVG: lines over one quantity, and bars for named things, with error bars and
/// floors.
///
///     io::plot::line_chart chart{.title = "Time a step", .x_label = "batch", .log_x = true};
///     chart.lines.push_back({.name = "fused", .x = batches, .y = medians});
///     chart.floors.push_back({"memory bandwidth", 1.5});
///     io::plot::write_svg(chart, "time.svg");

#include "../../core/config.hpp"

#include "data.hpp"
#include "detail/chart_axes.hpp"

#include <filesystem>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot {

/// A level that nothing can pass, or a goal.
struct floor_line {
    std::string name; ///< for the legend
    double at = none; ///< where it lies
};

/// One measured thing. `low` and `high` are the ends of the error bars (not lengths); empty: none.
/// What is not finite is left out.
struct chart_line {
    std::string name;           ///< for the legend
    std::vector<double> x{};    ///< where
    std::vector<double> y{};    ///< what was measured there
    std::vector<double> low{};  ///< lower ends of the error bars
    std::vector<double> high{}; ///< upper ends
};

/// Lines over one quantity.
struct line_chart {
    std::string title;                ///< of the picture
    std::string subtitle{};           ///< below it, smaller
    std::string x_label{};            ///< below the x axis
    std::string y_label{};            ///< beside the y axis
    std::string unit{};               ///< of the floors' values in the legend
    bool log_x = false;               ///< a logarithmic x axis
    bool log_y = false;               ///< a logarithmic y axis
    bool from_zero = true;            ///< the y axis, where it is linear
    std::vector<chart_line> lines{};  ///< what was measured
    std::vector<floor_line> floors{}; ///< what nothing can pass
    double width = 820;               ///< of the picture, pixels
    double height = 360;              ///< of the field with the lines, pixels
};

/// One measured thing: a bar in each group.
struct chart_bars {
    std::string name;             ///< for the legend
    std::vector<double> values{}; ///< [groups]
    std::vector<double> low{};    ///< lower ends of the error bars, [groups]
    std::vector<double> high{};   ///< upper ends, [groups]
};

/// Bars to the right; each says its value.
struct bar_chart {
    std::string title;                 ///< of the picture
    std::string subtitle{};            ///< below it, smaller
    std::string value_label{};         ///< below the axis
    std::string unit{};                ///< behind each bar's value
    std::vector<std::string> groups{}; ///< names of the groups
    bool logarithmic = false;          ///< a logarithmic axis
    std::vector<chart_bars> bars{};    ///< what was measured
    std::vector<floor_line> floors{};  ///< what nothing can pass
    double width = 820;                ///< of the picture, pixels
};

namespace detail {
inline std::string floor_text(floor_line const& floor, std::string const& unit) {
    return floor.name + ": " + brief(floor.at) + (unit.empty() ? "" : " " + unit);
}
} // namespace detail

/// The chart as SVG text.
/// @throws shape_error a line's columns differ in length
inline std::string svg(line_chart const& chart) {
    using namespace detail;
    range wide, tall;
    std::set<double> measured;
    std::vector<legend_entry_svg> entries;
    auto const valid_x = [&](double v) { return showable(v, chart.log_x); };
    auto const valid_y = [&](double v) { return showable(v, chart.log_y); };
    for (std::size_t s = 0; s < chart.lines.size(); ++s) {
        auto const& [name, x, y, low, high] = chart.lines[s];
        check_lengths(name, x.size(), {y.size(), low.size(), high.size()}, false);
        for (std::size_t k = 0; k < x.size(); ++k) {
            if (!valid_x(x[k]) || !valid_y(y[k])) continue;
            wide.widen(x[k]), measured.insert(x[k]);
            for (double v : {y[k], at_or(low, k, y[k]), at_or(high, k, y[k])})
                if (valid_y(v)) tall.widen(v);
        }
        entries.push_back({legend_entry_svg::kind::marked_line, s, name});
    }
    for (floor_line const& floor : chart.floors)
        if (valid_y(floor.at))
            tall.widen(floor.at), entries.push_back({legend_entry_svg::kind::floor, 0,
                                                     floor_text(floor, chart.unit)});
    scale const along = axis_for(wide, chart.log_x, wide.low >= 0 && wide.low < 0.3 * wide.high),
                up = axis_for(tall, chart.log_y, chart.from_zero);
    double const height = shown(chart.height) ? std::max(chart.height, 120.0) : 360;
    document page(shown(chart.width) ? std::max(chart.width, 320.0) : 820);
    axis_marks const rows = marks_for(up, height, 44);
    double const left = 24 + rows.widest + 24, right = page.width() - 30, width = right - left;

    double y = page.headings(24, 14, right - 24, chart.title, chart.subtitle);
    legend const names(entries, right - 24);
    names.draw(page, 24, y + 32);
    double const top = y + 26 + names.height(), bottom = top + height;
    auto const place_x = [&](double v) { return left + width * along(v); };
    auto const place_y = [&](double v) { return bottom - height * std::clamp(up(v), 0.0, 1.0); };

    for (double v : fine_marks(up))
        page.line(left, place_y(v), right, place_y(v), "class=\"fine\"");
    for (std::size_t k = 0; k < rows.texts.size(); ++k) {
        double const at = place_y(rows.places.at[k]);
        page.line(left, at, right, at, "class=\"grid\"");
        page.text(left - 9, at + 4.2, rows.texts[k], tick_style, anchor::end);
    }
    draw_columns(page, marks_for(along, width, 72, measured), top, bottom, place_x);
    if (tall.empty())
        page.text(left + width / 2, top + height / 2, "nothing to show", tick_style,
                  anchor::middle);
    page.line(left, top, left, bottom, "class=\"axis\"");
    page.line(left, bottom, right, bottom, "class=\"axis\"");
    page.text(left + width / 2, bottom + 43, fitting(chart.x_label, label_style.size, width),
              label_style, anchor::middle);
    page.text(24, top + height / 2, fitting(chart.y_label, label_style.size, height), label_style,
              anchor::middle, true);

    for (floor_line const& floor : chart.floors)
        if (valid_y(floor.at))
            page.line(left, place_y(floor.at), right, place_y(floor.at), floor_attributes());
    for (std::size_t s = 0; s < chart.lines.size(); ++s) {
        auto const& [name, x, values, low, high] = chart.lines[s];
        std::string path, marks, bars;
        bool down = false;
        for (std::size_t k = 0; k < x.size(); ++k) {
            bool const valid = valid_x(x[k]) && valid_y(values[k]);
            if (valid) {
                double const px = place_x(x[k]), py = place_y(values[k]);
                path += (down ? "L" : "M") + pixel(px) + " " + pixel(py);
                marks += (marks.empty() ? "" : "\n") + marker(s, px, py);
                double const lower = at_or(low, k, values[k]), upper = at_or(high, k, values[k]);
                auto const end = [&](double v) { return up.shows(v) ? place_y(v) : bottom; };
                if (lower != upper)
                    bars += "M" + pixel(px) + " " + pixel(end(lower)) + "V" + pixel(end(upper)) +
                            "m-3.5 0h7M" + pixel(px - 3.5) + " " + pixel(end(lower)) + "h7";
            }
            down = valid;
        }
        std::string const stroke = colour(s), dashes = dash(s);
        auto const draw = [&](char const* kind, std::string const& d,
                              std::string const& attributes) {
            std::string element = "<path class=\"";
            element.append(kind)
                .append("\" d=\"")
                .append(d)
                .append("\" fill=\"none\" stroke=\"")
                .append(stroke);
            if (!d.empty()) page.add(element.append("\" ").append(attributes).append("/>"));
        };
        draw("error", bars, "stroke-width=\"1.2\" stroke-opacity=\"0.75\"");
        draw("series", path,
             "stroke-width=\"2.2\" stroke-linejoin=\"round\"" +
                 (dashes.empty() ? std::string() : " stroke-dasharray=\"" + dashes + "\""));
        if (!marks.empty()) page.add(marks);
    }
    return page.finished(bottom + 62, chart.title);
}

/// The chart as SVG text.
/// @throws shape_error a column is not one number a group
inline std::string svg(bar_chart const& chart) {
    using namespace detail;
    range found;
    std::vector<legend_entry_svg> entries;
    auto const valid = [&](double v) { return showable(v, chart.logarithmic); };
    auto const value_text = [&](double v) {
        return valid(v) ? brief(v) + (chart.unit.empty() ? "" : " " + chart.unit) : "not measured";
    };
    double labels = 0, groups_width = 0;
    for (std::size_t s = 0; s < chart.bars.size(); ++s) {
        auto const& [name, values, low, high] = chart.bars[s];
        check_lengths(name, chart.groups.size(), {values.size(), low.size(), high.size()}, false);
        for (std::size_t g = 0; g < values.size(); ++g) {
            labels = std::max(labels, text_width(value_text(values[g]), label_style.size));
            if (!valid(values[g])) continue;
            for (double v : {values[g], at_or(low, g, values[g]), at_or(high, g, values[g])})
                if (valid(v)) found.widen(v);
        }
        if (chart.bars.size() > 1) entries.push_back({legend_entry_svg::kind::bar, s, name});
    }
    for (floor_line const& floor : chart.floors)
        if (valid(floor.at))
            found.widen(floor.at), entries.push_back({legend_entry_svg::kind::floor, 0,
                                                      floor_text(floor, chart.unit)});
    document page(shown(chart.width) ? std::max(chart.width, 320.0) : 820);
    scale axis = axis_for(found, chart.logarithmic, true);
    if (chart.logarithmic && !found.empty())
        axis.low =
            std::pow(10.0, std::floor(std::log10(found.low * 0.8))); // every bar has a length
    for (auto const& group : chart.groups)
        groups_width = std::max(groups_width, text_width(group, label_style.size));
    groups_width = std::min(groups_width, page.width() * 0.36);
    double const left = 24 + groups_width + 12, right = page.width() - 30 - labels - 8,
                 width = std::max(right - left, 60.0);

    double y = page.headings(24, 14, page.width() - 54, chart.title, chart.subtitle);
    legend const names(entries, page.width() - 54);
    names.draw(page, 24, y + 32);
    double const top = y + 26 + names.height();
    double const thick = chart.bars.size() > 1 ? 15 : 20, gap = 3, between = 16;
    double const group_height =
        static_cast<double>(std::max<std::size_t>(chart.bars.size(), 1)) * (thick + gap) - gap +
        between;
    double const bottom =
        top + between / 2 + group_height * static_cast<double>(chart.groups.size());
    auto const place = [&](double v) {
        return left + width * (axis.shows(v) ? std::clamp(axis(v), 0.0, 1.0) : 0.0);
    };
    for (double v : fine_marks(axis)) page.line(place(v), top, place(v), bottom, "class=\"fine\"");
    draw_columns(page, marks_for(axis, width, 80), top, bottom, place);
    for (floor_line const& floor : chart.floors)
        if (valid(floor.at))
            page.line(place(floor.at), top, place(floor.at), bottom, floor_attributes());
    double const zero = chart.logarithmic ? left : place(0);
    if (zero > left) page.line(zero, top, zero, bottom, "class=\"axis\"");
    for (std::size_t g = 0; g < chart.groups.size(); ++g) {
        double const group_top =
            top + between / 2 + group_height * static_cast<double>(g) + between / 4;
        page.text(left - 10, group_top + (group_height - between) / 2 + 4.4,
                  fitting(chart.groups[g], label_style.size, groups_width), label_style,
                  anchor::end);
        for (std::size_t s = 0; s < chart.bars.size(); ++s) {
            auto const& [name, values, low, high] = chart.bars[s];
            double const bar_top = group_top + static_cast<double>(s) * (thick + gap),
                         middle = bar_top + thick / 2;
            double end = zero;
            if (valid(values[g])) {
                double const at = place(values[g]), lower = at_or(low, g, values[g]),
                             upper = at_or(high, g, values[g]);
                page.add("<rect class=\"bar\" x=\"" + pixel(std::min(zero, at)) + "\" y=\"" +
                         pixel(bar_top) + "\" width=\"" + pixel(std::abs(at - zero)) +
                         "\" height=\"" + pixel(thick) + "\" rx=\"1.5\" fill=\"" + colour(s) +
                         "\"/>");
                if (lower != upper)
                    page.add("<path class=\"error\" d=\"M" + pixel(place(lower)) + " " +
                             pixel(middle) + "H" + pixel(place(upper)) + "m0 -3.5v7M" +
                             pixel(place(lower)) + " " + pixel(middle - 3.5) +
                             "v7\" fill=\"none\" stroke=\"#1a1c1f\" stroke-width=\"1.2\"/>");
                end = std::max({at, zero, place(upper)});
            }
            std::string const words = value_text(values[g]); // on white, so that no line crosses it
            page.add("<rect x=\"" + pixel(end + 4) + "\" y=\"" + pixel(middle - 7) + "\" width=\"" +
                     pixel(text_width(words, label_style.size) + 2) +
                     "\" height=\"14\" fill=\"#ffffff\"/>");
            page.text(end + 7, middle + 4.4, words, valid(values[g]) ? label_style : tick_style);
        }
    }
    page.line(left, top, left, bottom, "class=\"axis\"");
    page.line(left, bottom, left + width, bottom, "class=\"axis\"");
    page.text(left + width / 2, bottom + 43, fitting(chart.value_label, label_style.size, width),
              label_style, anchor::middle);
    return page.finished(bottom + 62, chart.title);
}

/// Writes the chart to a file.
/// @throws file_error the place cannot be written
inline void write_svg(line_chart const& chart, std::filesystem::path const& path) {
    detail::save(svg(chart), path);
}
inline void write_svg(bar_chart const& chart, std::filesystem::path const& path) {
    detail::save(svg(chart), path);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot
