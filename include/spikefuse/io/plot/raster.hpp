// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Spikes in the terminal: time to the right, neuron 0 at the bottom.
///
///     std::cout << io::plot::terminal_raster(spikes, {.title = "lif 1", .dt = 1 * ms});

#include "../../core/config.hpp"

#include "data.hpp"
#include "detail/canvas.hpp"
#include "terminal.hpp"

#include <optional>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot {

/// What is drawn when a dot stands for several steps or neurons.
enum class merging {
    automatic, ///< any, unless that would paint most of the picture
    any,       ///< a dot where any of them fired
    density    ///< shades: how often they fired, against the most active place
};

/// How `terminal_raster` draws.
struct raster_options {
    std::string title = "spikes";             ///< above the picture
    std::optional<duration> dt{};             ///< a step; without it the axis counts steps
    duration start{};                         ///< time of the first step, where dt is given
    std::size_t columns = terminal_columns(); ///< at most, labels included
    std::size_t lines = 16;                   ///< at most, labels included
    merging merge = merging::automatic;       ///< where a dot is several
    bool ascii = false;                       ///< no braille, no box drawing
    bool colours = wants_colours();           ///< of the terminal
};

namespace detail {

/// How `count` things share `dots` dots: each has `each` dots of its own, or a dot stands for
/// several.
struct share {
    std::size_t count, each, dots;

    static share of(std::size_t count, std::size_t dots, std::size_t most_each) {
        if (count > dots) return {count, 1, dots};
        std::size_t const each =
            std::clamp<std::size_t>(dots / std::max<std::size_t>(count, 1), 1, most_each);
        return {count, each, count * each};
    }
    bool merged() const { return count > dots; }
    std::size_t place(std::size_t k) const {
        return merged() ? k * dots / count : k * each + (each - 1) / 2;
    }
};

inline std::string rate_text(spike_trace const& spikes, std::optional<duration> dt) {
    double const each = mean_spikes(spikes);
    return dt ? brief(each / dt->seconds) + " Hz" : brief(each) + " spikes a step";
}

inline std::string count_text(std::size_t count, char const* one) {
    return std::to_string(count) + " " + one + (count == 1 ? "" : "s");
}

} // namespace detail

/// Spikes as text. Every spike is seen: a dot stands for at least one.
/// @param spikes `[T, N]`
/// @param options size, colours, what a dot stands for
/// @throws shape_error `fired` is not [steps, neurons]
/// @throws value_error a step that is not a positive time
inline std::string terminal_raster(spike_trace const& spikes, raster_options const& options = {}) {
    using namespace detail;
    check(spikes);
    if (options.dt &&
        !(options.dt->seconds > 0 && shown(options.dt->seconds) && shown(options.start.seconds)))
        throw value_error("a raster's step is " + brief(options.dt->seconds) + " s",
                          "it must be a positive time", "Give dt = 1 * ms, or leave it out");
    std::string const heading =
        bold(plain(options.title), options.colours) + ": " + count_text(spikes.neurons, "neuron") +
        ", " + count_text(spikes.steps, "step") + ", mean rate " + rate_text(spikes, options.dt);
    if (spikes.fired.empty()) return heading + "\n(nothing to show)\n";

    // Room.
    bool const ascii = options.ascii;
    std::string const unit = options.dt ? "ms" : "steps";
    std::size_t const frame = std::max(
        {std::to_string(spikes.neurons - 1).size(), unit.size(), std::string("neuron").size()});
    std::size_t const room = std::max<std::size_t>(options.columns, frame + 2 + 10) - frame - 2;
    std::size_t const across = canvas::across(ascii), down = canvas::down(ascii);
    share const time = share::of(spikes.steps, room * across, 2 * across);
    share const space =
        share::of(spikes.neurons, std::max<std::size_t>(options.lines, 1) * down, down);
    canvas drawing((time.dots + across - 1) / across, (space.dots + down - 1) / down, ascii);
    auto const row = [&](std::size_t n) { return drawing.height() - 1 - space.place(n); };

    // Dots, and how full each character is.
    std::vector<double> fired(drawing.columns() * drawing.lines(), 0), all = fired;
    std::vector<std::uint8_t> on(drawing.width() * drawing.height(), 0);
    for (std::size_t t = 0; t < spikes.steps; ++t)
        for (std::size_t n = 0; n < spikes.neurons; ++n) {
            std::size_t const x = time.place(t), y = row(n),
                              cell = y / down * drawing.columns() + x / across;
            all[cell] += 1;
            if (spikes.fired[t * spikes.neurons + n] == 0) continue;
            fired[cell] += 1;
            on[y * drawing.width() + x] = 1;
            drawing.dot(x, y, {.colour = 0, .letter = '|'});
        }
    auto const painted_dots =
        static_cast<double>(std::count(on.begin(), on.end(), std::uint8_t{1}));
    bool const merged = time.merged() || space.merged();
    bool const crowded = painted_dots > 0.6 * static_cast<double>(on.size());
    bool const shades = merged && (options.merge == merging::density ||
                                   (options.merge == merging::automatic && crowded));
    double fullest = 0;
    for (std::size_t c = 0; c < all.size(); ++c)
        fullest = std::max(fullest, all[c] > 0 ? fired[c] / all[c] : 0);
    std::string note; // what stands for several
    if (merged) {
        auto const ratio = [](std::size_t count, std::size_t places, char const* one) {
            std::string const number =
                brief(static_cast<double>(count) / static_cast<double>(places));
            return number + " " + one + (number == "1" ? "" : "s");
        };
        note = std::string("   a ") + (shades ? "character" : "dot") + " is " +
               ratio(spikes.steps, shades ? drawing.columns() : time.dots, "step") + " of " +
               ratio(spikes.neurons, shades ? drawing.lines() : space.dots, "neuron");
    }

    // The neuron axis.
    std::vector<std::string> marks(drawing.lines());
    for (double n : linear_ticks(0, static_cast<double>(spikes.neurons - 1),
                                 drawing.lines() < 3 ? 2 : drawing.lines() / 2, true)
                        .at)
        if (std::string& mark = marks[row(static_cast<std::size_t>(n)) / down]; mark.empty())
            mark = std::to_string(static_cast<std::size_t>(n));

    std::string text = heading + "\n" + right_aligned("neuron", frame) + note + "\n";
    for (std::size_t l = 0; l < drawing.lines(); ++l) {
        text += gutter(marks[l], frame, ascii);
        if (!shades) {
            text += drawing.line(l, options.colours) + "\n";
            continue;
        }
        for (std::size_t c = 0; c < drawing.columns(); ++c) {
            std::size_t const cell = l * drawing.columns() + c;
            double const part =
                all[cell] > 0 && fullest > 0 ? fired[cell] / all[cell] / fullest : 0;
            auto const level = static_cast<std::size_t>(std::ceil(part * 4 - 1e-9));
            text += level > 0 ? painted(drawing.shade(level), 0, options.colours) : " ";
        }
        text += "\n";
    }
    double const step = options.dt ? options.dt->seconds * 1e3 : 1,
                 from = options.dt ? options.start.seconds * 1e3 : 0;
    // The canvas may be a dot wider than time: its right end is that many steps later.
    double const shown_steps = static_cast<double>(spikes.steps) *
                               static_cast<double>(drawing.width()) /
                               static_cast<double>(time.dots);
    return text + time_axis(from, from + shown_steps * step, unit, drawing.columns(), frame, ascii);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot
