#pragma once
/// Spikes and membranes for the eye: in the terminal, and the same as an SVG file.

#include "../core/errors.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace spikefuse::io {

/// Who fired when: fired[t * neurons + n].
struct raster {
    std::string title;
    std::size_t steps = 0, neurons = 0;
    std::vector<std::uint8_t> fired; // [T, N]
};
/// A quantity over time. NaN leaves a gap.
struct curve {
    std::string name;
    std::vector<double> values; // [T]
};
/// Rasters above each other, and curves below them, over one time axis.
struct figure {
    std::string title;
    double dt_ms = 1;
    std::vector<raster> rasters;
    std::string curves_title;
    std::vector<curve> curves;
    double threshold = std::nan(""); // a dashed line, where it is a number
};

namespace detail {

/// Colours that stay apart for every eye (Okabe and Ito 2008).
inline char const* colour(std::size_t k) {
    static char const* const palette[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#666666"};
    return palette[k % 7];
}
inline char const* ansi_colour(std::size_t k) {
    static char const* const palette[] = {"34", "31", "32", "35", "36", "33", "90"};
    return palette[k % 7];
}

/// Dots of Unicode braille: two across and four down in a character.
class canvas {
  public:
    canvas(std::size_t columns, std::size_t lines)
        : columns_(columns), lines_(lines), cells_(columns * lines, 0), colours_(columns * lines, -1) {}
    std::size_t width() const { return columns_ * 2; }
    std::size_t height() const { return lines_ * 4; }
    void dot(std::size_t x, std::size_t y, int colour = -1) {
        if (x >= width() || y >= height()) return;
        static constexpr unsigned bits[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
        std::size_t const cell = y / 4 * columns_ + x / 2;
        cells_[cell] = static_cast<std::uint8_t>(cells_[cell] | bits[y % 4][x % 2]);
        if (colour >= 0) colours_[cell] = colour;
    }
    std::string line(std::size_t l, bool colours) const {
        std::string text;
        for (std::size_t c = 0; c < columns_; ++c) {
            std::size_t const cell = l * columns_ + c;
            unsigned const code = 0x2800u + cells_[cell];
            std::string const glyph = {static_cast<char>(0xe0 | (code >> 12)), static_cast<char>(0x80 | ((code >> 6) & 0x3f)),
                                       static_cast<char>(0x80 | (code & 0x3f))};
            bool const painted = colours && colours_[cell] >= 0 && cells_[cell] != 0;
            text +=
                painted ? std::string("\033[") + ansi_colour(static_cast<std::size_t>(colours_[cell])) + "m" + glyph + "\033[0m" : glyph;
        }
        return text;
    }

  private:
    std::size_t columns_, lines_;
    std::vector<std::uint8_t> cells_;
    std::vector<int> colours_;
};

inline std::string format(char const* pattern, double value) {
    char text[64];
    std::snprintf(text, sizeof text, pattern, value);
    return text;
}
inline double mean_rate(raster const& r, double dt_ms) {
    double spikes = 0;
    for (std::uint8_t f : r.fired) spikes += f != 0 ? 1 : 0;
    double const seconds = static_cast<double>(r.steps) * dt_ms / 1000;
    return r.neurons == 0 || r.steps == 0 ? 0 : spikes / static_cast<double>(r.neurons) / seconds;
}
inline std::string raster_heading(raster const& r, double dt_ms) {
    return r.title + ": " + std::to_string(r.neurons) + " neurons, " + format("%.1f", mean_rate(r, dt_ms)) + " spikes/s each";
}

struct range {
    double low = 0, high = 1;
    double share(double v) const { return (v - low) / (high - low); }
};
inline range range_of(figure const& f) {
    range r{1e300, -1e300};
    auto widen = [&](double v) {
        if (std::isfinite(v)) r = {std::min(r.low, v), std::max(r.high, v)};
    };
    for (curve const& c : f.curves)
        for (double v : c.values) widen(v);
    widen(f.threshold);
    if (r.low > r.high) r = {0, 1};
    double const margin = // never so small that a tick's step is lost in rounding
        std::max(r.high > r.low ? 0.05 * (r.high - r.low) : 0.5, 1e-9 * std::max(std::abs(r.low), std::abs(r.high)));
    return {r.low - margin, r.high + margin};
}
/// A step for axis marks: 1, 2 or 5 times a power of ten, about `count` of them.
inline double tick_step(double span, int count) {
    double const raw = span / count, power = std::pow(10.0, std::floor(std::log10(raw)));
    return (raw / power < 1.5 ? 1 : raw / power < 3.5 ? 2 : raw / power < 7.5 ? 5 : 10) * power;
}
inline std::size_t steps_of(figure const& f) {
    std::size_t steps = 1;
    for (raster const& r : f.rasters) steps = std::max(steps, r.steps);
    for (curve const& c : f.curves) steps = std::max(steps, c.values.size());
    return steps;
}
inline std::string escaped(std::string const& text) {
    std::string result;
    for (char c : text) result += c == '<' ? "&lt;" : c == '>' ? "&gt;" : c == '&' ? "&amp;" : c == '"' ? "&quot;" : std::string(1, c);
    return result;
}

} // namespace detail

namespace detail {

inline void check(figure const& f) {
    if (!(f.dt_ms > 0) || !std::isfinite(f.dt_ms))
        throw value_error("the figure's dt_ms is " + format("%g", f.dt_ms), "a time step is positive and finite", "Give it in milliseconds");
    for (raster const& r : f.rasters)
        if (r.fired.size() != r.steps * r.neurons)
            throw shape_error("the raster '" + r.title + "' holds " + std::to_string(r.fired.size()) + " entries",
                              std::to_string(r.steps) + " steps of " + std::to_string(r.neurons) + " neurons were announced",
                              "Fill fired[t * neurons + n] for each of them");
}

} // namespace detail

/// The figure as lines of text, `columns` wide (labels included).
inline std::string terminal_text(figure const& f, bool colours, std::size_t columns = 100) {
    using namespace detail;
    check(f);
    constexpr std::size_t label = 8;
    std::size_t const width = columns > label + 12 ? columns - label : 12;
    std::size_t const steps = steps_of(f);
    auto column = [&](std::size_t t) { return t * (width * 2 - 1) / std::max<std::size_t>(steps - 1, 1); };
    auto padded = [&](std::string const& text) { return std::string(text.size() < label - 1 ? label - 1 - text.size() : 0, ' ') + text; };
    std::string out = (colours ? "\033[1m" + f.title + "\033[0m" : f.title) + "\n";
    for (raster const& r : f.rasters) {
        std::size_t const lines = std::clamp<std::size_t>((r.neurons + 3) / 4, 1, 12);
        canvas drawing(width, lines);
        for (std::size_t t = 0; t < r.steps; ++t)
            for (std::size_t n = 0; n < r.neurons; ++n)
                if (r.fired[t * r.neurons + n] != 0)
                    drawing.dot(column(t), r.neurons <= drawing.height() ? n : n * drawing.height() / r.neurons);
        out += "\n" + std::string(label, ' ') + raster_heading(r, f.dt_ms) + "\n";
        for (std::size_t l = 0; l < lines; ++l) {
            std::string const mark = l == 0 ? "0" : l + 1 == lines ? std::to_string(r.neurons - 1) : "";
            out += padded(mark) + "│" + drawing.line(l, colours) + "\n";
        }
    }
    if (!f.curves.empty()) {
        range const r = range_of(f);
        canvas drawing(width, 10);
        auto height = [&](double v) {
            return static_cast<std::size_t>(std::lround((1 - r.share(v)) * static_cast<double>(drawing.height() - 1)));
        };
        if (std::isfinite(f.threshold))
            for (std::size_t x = 0; x < drawing.width(); x += 4) drawing.dot(x, height(f.threshold), 6);
        for (std::size_t k = 0; k < f.curves.size(); ++k) {
            std::vector<double> const& v = f.curves[k].values;
            for (std::size_t t = 0; t + 1 < v.size(); ++t) {
                if (!std::isfinite(v[t]) || !std::isfinite(v[t + 1])) continue;
                std::size_t const from = column(t), to = std::max(column(t + 1), from + 1);
                for (std::size_t x = from; x <= to; ++x)
                    drawing.dot(x, height(v[t] + (v[t + 1] - v[t]) * static_cast<double>(x - from) / static_cast<double>(to - from)),
                                static_cast<int>(k));
            }
        }
        out += "\n" + std::string(label, ' ') + f.curves_title + "   ";
        for (std::size_t k = 0; k < f.curves.size(); ++k)
            out += (colours ? std::string("\033[") + ansi_colour(k) + "m━\033[0m " : "") + f.curves[k].name +
                   (k + 1 < f.curves.size() ? ", " : "");
        out += "\n";
        for (std::size_t l = 0; l < 10; ++l)
            out += padded(l == 0 ? format("%.2f", r.high) : l == 9 ? format("%.2f", r.low) : "") + "│" + drawing.line(l, colours) + "\n";
    }
    double const span_ms = static_cast<double>(steps) * f.dt_ms, each = tick_step(span_ms, static_cast<int>(width / 14) + 1);
    std::string axis(width, ' ');
    std::vector<bool> marked(width, false);
    for (double t = 0; t < span_ms; t += each) {
        auto const c = static_cast<std::size_t>(t / span_ms * static_cast<double>(width));
        std::string const mark = format("%g", t);
        if (c + mark.size() > width) break;
        marked[c] = true;
        axis.replace(c, mark.size(), mark);
    }
    std::string ticks;
    for (bool m : marked) ticks += m ? "┴" : "─";
    return out + std::string(label - 1, ' ') + "└" + ticks + "\n" + std::string(label, ' ') + axis + " ms\n";
}

/// Writes the figure as SVG: aside first, then renamed. Throws file_error where the place cannot be written.
inline void write_svg(figure const& f, std::string const& path) {
    using namespace detail;
    check(f);
    double const width = 960, left = 72, right = 24, plot = width - left - right;
    std::size_t const steps = steps_of(f);
    double const span_ms = static_cast<double>(steps) * f.dt_ms;
    auto x_of = [&](double t_ms) { return left + plot * t_ms / span_ms; };
    std::string body;
    double y = 64;
    auto text = [&](double x, double at, std::string const& words, std::string const& attributes) {
        body += "<text x=\"" + format("%.1f", x) + "\" y=\"" + format("%.1f", at) + "\" " + attributes + ">" + escaped(words) + "</text>\n";
    };
    auto line = [&](double x1, double y1, double x2, double y2, std::string const& attributes) {
        body += "<line x1=\"" + format("%.1f", x1) + "\" y1=\"" + format("%.1f", y1) + "\" x2=\"" + format("%.1f", x2) + "\" y2=\"" +
                format("%.1f", y2) + "\" " + attributes + "/>\n";
    };
    std::string const thin = "stroke=\"#bbb\" stroke-width=\"1\"";
    for (std::size_t k = 0; k < f.rasters.size(); ++k) {
        raster const& r = f.rasters[k];
        double const height = std::clamp(static_cast<double>(r.neurons) * 3.0, 48.0, 220.0);
        text(left, y, raster_heading(r, f.dt_ms), "class=\"panel\"");
        y += 8;
        double const row = height / static_cast<double>(std::max<std::size_t>(r.neurons, 1));
        double const dot = std::clamp(row * 0.45, 0.8, 2.4);
        body += "<g fill=\"" + std::string(colour(k)) + "\">\n";
        for (std::size_t t = 0; t < r.steps; ++t)
            for (std::size_t n = 0; n < r.neurons; ++n)
                if (r.fired[t * r.neurons + n] != 0)
                    body += "<circle cx=\"" + format("%.1f", x_of((static_cast<double>(t) + 0.5) * f.dt_ms)) + "\" cy=\"" +
                            format("%.1f", y + (static_cast<double>(n) + 0.5) * row) + "\" r=\"" + format("%.1f", dot) + "\"/>\n";
        body += "</g>\n";
        line(left, y, left, y + height, thin);
        text(left - 8, y + 10, "0", "class=\"tick\" text-anchor=\"end\"");
        text(left - 8, y + height, std::to_string(r.neurons == 0 ? 0 : r.neurons - 1), "class=\"tick\" text-anchor=\"end\"");
        line(left, y + height, width - right, y + height, thin);
        y += height + 36;
    }
    if (!f.curves.empty()) {
        double const height = 200;
        range const r = range_of(f);
        auto y_of = [&](double v) { return y + height * (1 - r.share(v)); };
        text(left, y, f.curves_title, "class=\"panel\"");
        double legend = width - right;
        for (std::size_t k = f.curves.size(); k-- > 0;) {
            legend -= 7.2 * static_cast<double>(f.curves[k].name.size());
            text(legend, y, f.curves[k].name, "class=\"tick\"");
            line(legend - 24, y - 4, legend - 6, y - 4, "stroke=\"" + std::string(colour(k)) + "\" stroke-width=\"2.5\"");
            legend -= 40;
        }
        y += 12;
        double const step = tick_step(r.high - r.low, 4);
        for (double v = std::ceil(r.low / step) * step; v <= r.high; v += step) {
            line(left, y_of(v), width - right, y_of(v), "stroke=\"#eee\" stroke-width=\"1\"");
            text(left - 8, y_of(v) + 4, format("%g", std::abs(v) < step * 1e-6 ? 0 : v), "class=\"tick\" text-anchor=\"end\"");
        }
        if (std::isfinite(f.threshold)) {
            line(left, y_of(f.threshold), width - right, y_of(f.threshold),
                 "stroke=\"#666\" stroke-width=\"1.2\" stroke-dasharray=\"6 4\"");
            text(width - right, y_of(f.threshold) - 5, "threshold", "class=\"tick\" text-anchor=\"end\"");
        }
        for (std::size_t k = 0; k < f.curves.size(); ++k) {
            std::string points;
            bool pen = false;
            for (std::size_t t = 0; t < f.curves[k].values.size(); ++t) {
                double const v = f.curves[k].values[t];
                if (std::isfinite(v))
                    points += (pen ? " L" : " M") + format("%.1f", x_of((static_cast<double>(t) + 0.5) * f.dt_ms)) + " " +
                              format("%.1f", y_of(v));
                pen = std::isfinite(v);
            }
            body +=
                "<path d=\"" + points + "\" fill=\"none\" stroke=\"" + colour(k) + "\" stroke-width=\"1.6\" stroke-linejoin=\"round\"/>\n";
        }
        line(left, y, left, y + height, thin);
        line(left, y + height, width - right, y + height, thin);
        y += height;
    } else {
        y -= 36;
    }
    double const step = tick_step(span_ms, 8);
    for (double t = 0; t <= span_ms * 1.0001; t += step) {
        line(x_of(t), y, x_of(t), y + 5, thin);
        text(x_of(t), y + 20, format("%g", t), "class=\"tick\" text-anchor=\"middle\"");
    }
    text(left + plot / 2, y + 42, "time (ms)", "class=\"tick\" text-anchor=\"middle\"");
    double const height = y + 60;
    std::string const aside = path + ".part";
    {
        std::ofstream file(aside);
        file << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << " " << format("%.0f", height) << "\" width=\""
             << width << "\" height=\"" << format("%.0f", height)
             << "\">\n<style>text{font-family:system-ui,'Helvetica "
                "Neue',Arial,sans-serif;fill:#222}.title{font-size:18px;font-weight:600}.panel{font-size:13px;font-weight:600}"
             << ".tick{font-size:12px;fill:#555}</style>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"" << left
             << "\" y=\"34\" class=\"title\">" << escaped(f.title) << "</text>\n"
             << body << "</svg>\n";
        file.flush();
        if (!file) {
            std::remove(aside.c_str());
            throw file_error("'" + path + "' cannot be written", "the folder is missing, full or not writable", "Choose another place");
        }
    }
    if (std::rename(aside.c_str(), path.c_str()) != 0) {
        std::remove(aside.c_str());
        throw file_error("'" + path + "' cannot be written", "a folder has its name, or renaming is forbidden", "Choose another place");
    }
}

} // namespace spikefuse::io
