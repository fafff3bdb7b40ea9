// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A network's activity as SVG: rasters and traces, one panel above the other, over one time axis.
///
///     io::plot::figure picture{.title = "two populations", .dt = 1 * ms};
///     picture.panels.push_back(io::plot::raster_panel{"excitatory", spikes});
///     picture.panels.push_back(io::plot::traces_panel{.title = "membranes", .lines = lines});
///     io::plot::write_svg(picture, "activity.svg");

#include "../../core/config.hpp"

#include "data.hpp"
#include "detail/legend.hpp"
#include "detail/ticks.hpp"

#include <filesystem>
#include <variant>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot {

/// One population's spikes: a dot each.
struct raster_panel {
    std::string title;    ///< above the panel
    spike_trace spikes{}; ///< [T, N]
    double height = 0;    ///< pixels; 0: by the number of neurons
};

/// Values over time.
struct traces_panel {
    std::string title;           ///< above the panel
    std::string unit{};          ///< of the values
    std::vector<series> lines{}; ///< [T] each
    double threshold = none;     ///< a dashed line, where it is a number
    double height = 190;         ///< pixels
};

/// Panels, one above the other, over one time axis.
struct figure {
    std::string title;                                              ///< of the picture
    std::string subtitle{};                                         ///< below it, smaller
    duration dt = 1 * ms;                                           ///< a step
    duration start{};                                               ///< time of the first step
    double width = 960;                                             ///< pixels
    std::vector<std::variant<raster_panel, traces_panel>> panels{}; ///< from above
};

namespace detail {

struct time_frame {
    double left, right, from_ms, step_ms;
    std::size_t steps;

    double span_ms() const { return static_cast<double>(steps) * step_ms; }
    double width() const { return right - left; }
    /// Step t is drawn in the middle of its interval.
    double x(std::size_t t) const {
        return left + width() * (static_cast<double>(t) + 0.5) / static_cast<double>(steps);
    }
    double x_of_ms(double at) const { return left + width() * (at - from_ms) / span_ms(); }
    ticks marks() const {
        return linear_ticks(from_ms, from_ms + span_ms(),
                            static_cast<std::size_t>(std::max(width() / 90, 2.0)));
    }
};

/// Grid and axes around a panel; the marks' texts left of it. `place` maps a value to y.
template <class Place>
void draw_frame(document& page, time_frame const& time, double top, double height,
                ticks const& vertical, bool rows, Place&& place) {
    ticks const marks = time.marks();
    for (double at : marks.at)
        page.line(time.x_of_ms(at), top, time.x_of_ms(at), top + height, "class=\"grid\"");
    for (double v : vertical.at) {
        if (rows)
            page.line(time.left - 4, place(v), time.left, place(v), "class=\"axis\"");
        else
            page.line(time.left, place(v), time.right, place(v), "class=\"grid\"");
        page.text(time.left - 9, place(v) + 4.2, tick_text(v, vertical), tick_style, anchor::end);
    }
}
inline void draw_axes(document& page, time_frame const& time, double top, double height) {
    page.line(time.left, top, time.left, top + height, "class=\"axis\"");
    page.line(time.left, top + height, time.right, top + height, "class=\"axis\"");
}

inline double height_of(raster_panel const& panel) {
    return panel.height > 0 && shown(panel.height)
               ? panel.height
               : std::clamp(static_cast<double>(panel.spikes.neurons) * 3.2, 44.0, 240.0);
}
inline double height_of(traces_panel const& panel) {
    return panel.height > 0 && shown(panel.height) ? panel.height : 190;
}
inline range range_of(traces_panel const& panel) {
    range found;
    for (series const& line : panel.lines)
        for (double v : line.values) found.widen(v);
    if (!found.empty()) found.widen(panel.threshold);
    return found;
}
inline ticks marks_of(raster_panel const& panel) {
    if (panel.spikes.neurons == 0) return {};
    auto const most = static_cast<std::size_t>(std::max(height_of(panel) / 34, 2.0));
    return linear_ticks(0, static_cast<double>(panel.spikes.neurons - 1), most, true);
}
inline ticks marks_of(traces_panel const& panel) {
    range const vertical = range_of(panel).padded();
    if (range_of(panel).empty()) return {};
    return linear_ticks(vertical.low, vertical.high,
                        static_cast<std::size_t>(std::max(height_of(panel) / 32, 2.0)));
}

/// Draws the panel with its heading from `y` down; returns its lower end.
inline double draw_panel(document& page, time_frame const& time, raster_panel const& panel,
                         std::size_t number, double y) {
    spike_trace const& spikes = panel.spikes;
    std::string const facts = std::to_string(spikes.neurons) +
                              (spikes.neurons == 1 ? " neuron, " : " neurons, ") +
                              brief(mean_spikes(spikes) / (time.step_ms * 1e-3)) + " Hz on average";
    double const facts_width = text_width(facts, label_style.size);
    page.text(time.left, y, fitting(panel.title, panel_style.size, time.width() - facts_width - 24),
              panel_style);
    page.text(time.right, y, facts, label_style, anchor::end);
    double const top = y + 10,
                 count = static_cast<double>(std::max<std::size_t>(spikes.neurons, 1));
    double const height = height_of(panel);
    double const row = height / count;
    auto const place = [&](double n) {
        return top + height - (n + 0.5) * row;
    }; // neuron 0 at the bottom
    draw_frame(page, time, top, height, marks_of(panel), true, place);
    page.text(22, top + height / 2, fitting("neuron", tick_style.size, height), tick_style,
              anchor::middle, true);

    // A path of dots. Many spikes stand on a coarser grid, and a dot that is there is not drawn
    // again.
    std::size_t const total = spike_count(spikes);
    double const grid = total > 200000  ? 1
                        : total > 20000 ? 0.5
                                        : 0.1,
                 dot = std::clamp(std::min(row, 3.6) * 0.85, 1.3, 3.2);
    auto const on_grid = [&](double v) { return std::llround(v / grid); };
    std::string path;
    for (std::size_t n = 0; n < spikes.neurons; ++n) {
        long long last = std::numeric_limits<long long>::min();
        for (std::size_t t = 0; t < spikes.steps; ++t) {
            if (spikes.fired[t * spikes.neurons + n] == 0) continue;
            long long const x = on_grid(time.x(t));
            if (x == last) continue;
            std::string const h = "h0"; // of no length: the round cap is the dot
            if (last == std::numeric_limits<long long>::min())
                path += "M" + pixel(static_cast<double>(x) * grid) + " " +
                        pixel(place(static_cast<double>(n))) + h;
            else
                path += "m" + pixel(static_cast<double>(x - last) * grid) + " 0" + h;
            last = x;
        }
    }
    if (path.empty())
        page.text(time.left + time.width() / 2, top + height / 2 + 4, "no spikes", tick_style,
                  anchor::middle);
    if (!path.empty())
        page.add("<path class=\"spikes\" d=\"" + path + "\" fill=\"none\" stroke=\"" +
                 colour(number) + "\" stroke-width=\"" + pixel(dot) +
                 "\" stroke-linecap=\"round\"/>");
    draw_axes(page, time, top, height);
    return top + height;
}

inline double draw_panel(document& page, time_frame const& time, traces_panel const& panel,
                         std::size_t, double y) {
    range const found = range_of(panel);
    std::vector<legend_entry_svg> entries;
    entries.reserve(panel.lines.size() + 1);
    using look = legend_entry_svg::kind;
    for (std::size_t k = 0; k < panel.lines.size(); ++k)
        entries.push_back({look::line, k, panel.lines[k].name});
    if (shown(panel.threshold)) entries.push_back({look::floor, 0, "threshold"});
    range const vertical = found.padded();
    legend const names(entries, time.width());
    bool const beside =
        text_width(panel.title, panel_style.size) + 30 + names.width() <= time.width();
    page.text(time.left, y, fitting(panel.title, panel_style.size, time.width()), panel_style);
    names.draw(page, beside ? time.right - names.width() : time.left,
               beside ? y : y + legend::row_height);
    double const top =
        y + (beside ? std::max(names.rows() - 1, 0.0) * legend::row_height : names.height()) + 12;
    double const height = height_of(panel);
    auto const place = [&](double v) {
        return top + height * (vertical.high - v) / (vertical.high - vertical.low);
    };
    ticks const levels = marks_of(panel);
    draw_frame(page, time, top, height, levels, false, place);
    bool const upright = length_of(panel.unit) <= 2;
    page.text(upright ? 17 : 22, top + height / 2 + (upright ? 4 : 0),
              fitting(panel.unit, tick_style.size, height), tick_style,
              upright ? anchor::start : anchor::middle, !upright);
    if (found.empty())
        page.text(time.left + time.width() / 2, top + height / 2, "nothing to show", tick_style,
                  anchor::middle);
    if (shown(panel.threshold) && !found.empty())
        page.line(time.left, place(panel.threshold), time.right, place(panel.threshold),
                  std::string("class=\"threshold\" stroke=\"") + floor_colour +
                      "\" stroke-width=\"1.5\" stroke-dasharray=\"" + floor_dash + "\"");
    for (std::size_t k = 0; k < panel.lines.size(); ++k) {
        auto const& values = panel.lines[k].values;
        // Of what falls on half a pixel, the lowest and the highest are enough: a bundle is a
        // stretch of such values.
        std::size_t const bundle = std::max<std::size_t>(
            1, static_cast<std::size_t>(static_cast<double>(time.steps) / (2 * time.width())));
        std::string path;
        bool down = false;
        auto const go = [&](std::size_t t) {
            std::string const point = pixel(time.x(t)) + " " + pixel(place(values[t]));
            bool const alone = !down && (t + 1 >= values.size() || !shown(values[t + 1]));
            path += (down ? "L" : "M") + point + (alone ? "h0" : "");
            down = true;
        };
        for (std::size_t from = 0; from < values.size(); from += bundle) {
            std::size_t const to = std::min(from + bundle, values.size());
            std::size_t low = from, high = from;
            for (std::size_t t = from; t < to; ++t) {
                if (!shown(values[t]) && bundle == 1) down = false;
                if (shown(values[t]) && (!shown(values[low]) || values[t] < values[low])) low = t;
                if (shown(values[t]) && (!shown(values[high]) || values[t] > values[high]))
                    high = t;
            }
            if (!shown(values[low]))
                down = false;
            else if (go(std::min(low, high)), low != high)
                go(std::max(low, high));
        }
        if (!path.empty())
            page.add("<path class=\"trace\" d=\"" + path + "\" fill=\"none\" stroke=\"" +
                     colour(k) +
                     "\" stroke-width=\"1.6\" stroke-linejoin=\"round\" "
                     "stroke-linecap=\"round\"" +
                     (dash(k).empty() ? "" : " stroke-dasharray=\"" + dash(k) + "\"") + "/>");
    }
    draw_axes(page, time, top, height);
    return top + height;
}

} // namespace detail

/// The picture as SVG text.
/// @throws shape_error spikes that are not [steps, neurons]
/// @throws value_error a step that is not a positive time
inline std::string svg(figure const& picture) {
    using namespace detail;
    if (!(picture.dt.seconds > 0 && shown(picture.dt.seconds)) || !shown(picture.start.seconds))
        throw value_error("a figure's step is " + brief(picture.dt.seconds) + " s",
                          "it must be a positive time", "Give dt = 1 * ms");
    std::size_t steps = 1;
    for (auto const& panel : picture.panels) {
        if (auto const* raster = std::get_if<raster_panel>(&panel))
            check(raster->spikes), steps = std::max(steps, raster->spikes.steps);
        if (auto const* traces = std::get_if<traces_panel>(&panel))
            for (series const& line : traces->lines) steps = std::max(steps, line.values.size());
    }
    document page(shown(picture.width) ? std::max(picture.width, 320.0) : 960);
    double widest = 0;
    for (auto const& panel : picture.panels)
        std::visit(
            [&](auto const& one) {
                ticks const marks = marks_of(one);
                for (double v : marks.at)
                    widest = std::max(widest, text_width(tick_text(v, marks), tick_style.size));
            },
            panel);
    time_frame const time{42 + std::max(widest, 14.0), page.width() - 30,
                          picture.start.seconds * 1e3, picture.dt.seconds * 1e3, steps};
    double y = page.headings(time.left, 14, time.width(), picture.title, picture.subtitle);
    std::size_t rasters = 0;
    for (auto const& panel : picture.panels) {
        y += 36;
        y = std::visit([&](auto const& one) { return draw_panel(page, time, one, rasters, y); },
                       panel);
        rasters += std::holds_alternative<raster_panel>(panel) ? 1 : 0;
    }
    ticks const marks = time.marks();
    for (double at : marks.at) {
        page.line(time.x_of_ms(at), y, time.x_of_ms(at), y + 5, "class=\"axis\"");
        page.text(time.x_of_ms(at), y + 19, tick_text(at, marks), tick_style, anchor::middle);
    }
    page.text(time.left + time.width() / 2, y + 40, "time (ms)", label_style, anchor::middle);
    return page.finished(y + 58, picture.title);
}

/// Writes the picture to a file.
/// @throws file_error the place cannot be written
inline void write_svg(figure const& picture, std::filesystem::path const& path) {
    detail::save(svg(picture), path);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot
