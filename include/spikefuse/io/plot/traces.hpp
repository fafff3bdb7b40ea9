// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Membranes (or any values over time) in the terminal: lines of braille dots, marks on both axes,
/// a threshold.
///
///     std::cout << io::plot::terminal_traces(lines, {.title = "membranes", .dt = 1 * ms});

#include "../../core/config.hpp"

#include "data.hpp"
#include "detail/canvas.hpp"
#include "terminal.hpp"

#include <optional>
#include <span>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot {

/// How `terminal_traces` draws.
struct traces_options {
    std::string title = "traces";             ///< above the picture
    std::string unit{};                       ///< of the values
    double threshold = none;                  ///< a dashed line, where it is a number
    std::optional<duration> dt{};             ///< a step; without it the axis counts steps
    duration start{};                         ///< time of the first step, where dt is given
    std::size_t columns = terminal_columns(); ///< at most, labels included
    std::size_t lines = 12;                   ///< at most, labels included
    bool ascii = false;                       ///< no braille, no box drawing
    bool colours = wants_colours();           ///< of the terminal
};

namespace detail {

/// Draws a line dot by dot. The pattern tells lines apart where there are no colours.
class pen {
  public:
    pen(canvas& on, ink with, unsigned pattern) : on_(&on), with_(with), pattern_(pattern) {}
    void point(long x, long y) {
        if (((pattern_ >> (drawn_++ % 8)) & 1u) != 0)
            on_->dot(static_cast<std::size_t>(x), static_cast<std::size_t>(y), with_);
    }
    /// From the last point (not drawn again) to this one.
    void line(long x0, long y0, long x1, long y1) {
        long const dx = std::abs(x1 - x0), dy = -std::abs(y1 - y0), sx = x0 < x1 ? 1 : -1,
                   sy = y0 < y1 ? 1 : -1;
        for (long fault = dx + dy; x0 != x1 || y0 != y1;) {
            long const twice = 2 * fault;
            if (twice >= dy) fault += dy, x0 += sx;
            if (twice <= dx) fault += dx, y0 += sy;
            point(x0, y0);
        }
    }

  private:
    canvas* on_;
    ink with_;
    unsigned pattern_, drawn_ = 0;
};

inline constexpr ink threshold_ink{.colour = 6, .letter = '-'};
inline constexpr unsigned threshold_pattern = 0x33;
inline ink series_ink(std::size_t k) {
    return {.colour = static_cast<int>(k % 6), .letter = "*o+x#@"[k % 6]};
}
inline unsigned series_pattern(std::size_t k, bool apart) {
    static constexpr std::array<unsigned, 6> patterns{0xff, 0x55, 0x3f, 0x11, 0x5f, 0x0f};
    return apart ? patterns[k % 6] : 0xff;
}

/// "⠒⠒⠒ name": the line of the legend is drawn by the same pen.
inline std::string legend_entry(std::string const& name, ink with, unsigned pattern, bool ascii,
                                bool colours) {
    canvas sample(4, 1, ascii);
    pen draw(sample, with, pattern);
    for (std::size_t x = 0; x < sample.width(); ++x)
        draw.point(static_cast<long>(x), ascii ? 0 : 1);
    return sample.line(0, colours) + " " + plain(name);
}

} // namespace detail

/// Values over time as text. What is not finite leaves a gap.
/// @param lines `[T]` each
/// @param options size, colours, a threshold
/// @throws value_error a step that is not a positive time
inline std::string terminal_traces(std::span<series const> lines,
                                   traces_options const& options = {}) {
    using namespace detail;
    if (options.dt &&
        !(options.dt->seconds > 0 && shown(options.dt->seconds) && shown(options.start.seconds)))
        throw value_error("the traces' step is " + brief(options.dt->seconds) + " s",
                          "it must be a positive time", "Give dt = 1 * ms, or leave it out");
    bool const ascii = options.ascii, colours = options.colours,
               apart = !colours && !ascii && lines.size() > 1;
    std::size_t steps = 0;
    range found;
    for (series const& one : lines) {
        steps = std::max(steps, one.values.size());
        for (double v : one.values) found.widen(v);
    }
    std::string text = bold(plain(options.title), colours) +
                       (options.unit.empty() ? "" : " (" + plain(options.unit) + ")") + "\n";
    if (found.empty()) return text + "(nothing to show)\n";
    found.widen(options.threshold);
    range const vertical = found.padded();
    std::size_t const height = std::max<std::size_t>(options.lines, 3);
    ticks const levels =
        linear_ticks(vertical.low, vertical.high, std::max<std::size_t>(height / 2, 3));

    // Room.
    std::string const unit = options.dt ? "ms" : "steps";
    std::size_t frame = unit.size();
    for (double v : levels.at) frame = std::max(frame, tick_text(v, levels, true).size());
    canvas drawing(std::max<std::size_t>(options.columns, frame + 2 + 10) - frame - 2, height,
                   ascii);
    auto const x_of = [&](std::size_t t) {
        return static_cast<long>((static_cast<double>(t) + 0.5) *
                                 static_cast<double>(drawing.width()) / static_cast<double>(steps));
    };
    auto const y_of = [&](double v) {
        double const part = (vertical.high - v) / (vertical.high - vertical.low);
        return std::lround(part * static_cast<double>(drawing.height() - 1));
    };

    // The legend, several entries a line.
    std::size_t used = 0;
    auto const enter = [&](std::string const& name, ink with, unsigned pattern) {
        std::string const shortened =
            cut(plain(name), options.columns > 12 ? options.columns - 8 : 4, ascii);
        std::size_t const length = length_of(shortened) + 5 + 3;
        if (used > 0 && used + length > options.columns) text += "\n", used = 0;
        text += (used > 0 ? "   " : "") + legend_entry(shortened, with, pattern, ascii, colours);
        used += length;
    };
    for (std::size_t k = 0; k < lines.size(); ++k)
        enter(lines[k].name, series_ink(k), series_pattern(k, apart));
    if (shown(options.threshold)) {
        enter("threshold " + brief(options.threshold), threshold_ink, threshold_pattern);
        pen draw(drawing, threshold_ink, threshold_pattern);
        for (std::size_t x = 0; x < drawing.width(); ++x)
            draw.point(static_cast<long>(x), y_of(options.threshold));
    }
    text += "\n";

    for (std::size_t k = 0; k < lines.size(); ++k) {
        pen draw(drawing, series_ink(k), series_pattern(k, apart));
        auto const& values = lines[k].values;
        for (std::size_t t = 0; t < values.size(); ++t) {
            if (!shown(values[t])) continue;
            if (t > 0 && shown(values[t - 1]))
                draw.line(x_of(t - 1), y_of(values[t - 1]), x_of(t), y_of(values[t]));
            else
                pen(drawing, series_ink(k), 0xff).point(x_of(t), y_of(values[t]));
        }
    }

    std::vector<std::string> marks(drawing.lines());
    for (double v : levels.at)
        if (std::string& mark = marks[static_cast<std::size_t>(y_of(v)) / canvas::down(ascii)];
            mark.empty())
            mark = tick_text(v, levels, true);
    for (std::size_t l = 0; l < drawing.lines(); ++l)
        text += gutter(marks[l], frame, ascii) + drawing.line(l, colours) + "\n";
    double const step = options.dt ? options.dt->seconds * 1e3 : 1,
                 from = options.dt ? options.start.seconds * 1e3 : 0;
    return text + time_axis(from, from + static_cast<double>(steps) * step, unit, drawing.columns(),
                            frame, ascii);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot
