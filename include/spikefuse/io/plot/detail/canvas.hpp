// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Dots in a terminal: Unicode braille, two across and four down in a character; or one letter a
/// dot where only ASCII is left.

#include "../../../core/config.hpp"

#include "text.hpp"
#include "ticks.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail {

/// How a dot looks: its place in the lists of colours and of letters.
struct ink {
    int colour = -1; // none
    char letter = '|';
};

inline std::string painted(std::string const& text, int colour, bool colours) {
    static constexpr std::array<char const*, 7> codes{
        "34", "31", "32", "35", "36", "33", "90"}; // the last is grey: thresholds
    if (!colours || colour < 0) return text;
    return std::string("\033[") + codes[static_cast<std::size_t>(colour) % codes.size()] + "m" +
           text + "\033[0m";
}
inline std::string bold(std::string const& text, bool colours) {
    return colours ? "\033[1m" + text + "\033[0m" : text;
}

class canvas {
  public:
    canvas(std::size_t columns, std::size_t lines, bool ascii)
        : columns_(columns), lines_(lines), ascii_(ascii), cells_(columns * lines, 0),
          inks_(columns * lines) {}

    static std::size_t across(bool ascii) { return ascii ? 1 : 2; } // dots in a character
    static std::size_t down(bool ascii) { return ascii ? 1 : 4; }
    std::size_t columns() const { return columns_; }
    std::size_t lines() const { return lines_; }
    std::size_t width() const { return columns_ * across(ascii_); } // in dots
    std::size_t height() const { return lines_ * down(ascii_); }

    void dot(std::size_t x, std::size_t y, ink with = {}) {
        if (x >= width() || y >= height()) return;
        static constexpr unsigned bits[4][2] = {
            {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
        std::size_t const cell = y / down(ascii_) * columns_ + x / across(ascii_);
        cells_[cell] = static_cast<std::uint8_t>(cells_[cell] | (ascii_ ? 1u : bits[y % 4][x % 2]));
        inks_[cell] = with;
    }

    /// A character instead of dots: level 1 to 4 of density.
    std::string shade(std::size_t level) const {
        static constexpr std::array<char const*, 5> blocks{" ", "░", "▒", "▓", "█"},
            letters{" ", ".", ":", "+", "#"};
        return (ascii_ ? letters : blocks)[level < 5 ? level : 4];
    }

    std::string line(std::size_t l, bool colours) const {
        std::string text, run; // neighbours of one colour share its codes
        int colour = -1;
        for (std::size_t cell = l * columns_; cell < (l + 1) * columns_; ++cell) {
            int const next = cells_[cell] != 0 ? inks_[cell].colour : -1;
            if (next != colour && !run.empty()) text += painted(run, colour, colours), run.clear();
            colour = next;
            run += glyph(cell);
        }
        return text + painted(run, colour, colours);
    }

  private:
    std::string glyph(std::size_t cell) const {
        if (ascii_) return {cells_[cell] != 0 ? inks_[cell].letter : ' '};
        unsigned const code = 0x2800u + cells_[cell];
        return {static_cast<char>(0xe0u | (code >> 12)),
                static_cast<char>(0x80u | ((code >> 6) & 0x3fu)),
                static_cast<char>(0x80u | (code & 0x3fu))};
    }

    std::size_t columns_, lines_;
    bool ascii_;
    std::vector<std::uint8_t> cells_;
    std::vector<ink> inks_;
};

/// The frame left of a line of the picture: a mark's text and the axis.
inline std::string gutter(std::string const& mark, std::size_t width, bool ascii) {
    return right_aligned(mark, width) +
           (mark.empty() ? (ascii ? " |" : " │") : (ascii ? " +" : " ┤"));
}

/// The two lines below the picture: marks of time, and their numbers; the unit stands left of them.
inline std::string time_axis(double low, double high, std::string const& unit, std::size_t columns,
                             std::size_t width, bool ascii) {
    ticks const marks =
        linear_ticks(low, high, std::max<std::size_t>(columns / 10, 1), unit == "steps");
    std::vector<bool> marked(columns, false);
    std::string numbers(columns, ' ');
    std::size_t free = 0;
    for (double value : marks.at) {
        double const place =
            high > low ? (value - low) / (high - low) * static_cast<double>(columns) : 0;
        auto column = static_cast<std::size_t>(std::max(place + 1e-6, 0.0));
        std::string const text = tick_text(value, marks, true);
        if (columns == 0 || column > columns || text.size() > columns) continue;
        column = std::min(column, columns - 1);
        marked[column] = true;
        std::size_t const left = column < text.size() / 2 ? 0 : column - text.size() / 2;
        std::size_t const start = std::min(left, columns - text.size());
        if (start < free) continue;
        numbers.replace(start, text.size(), text);
        free = start + text.size() + 1;
    }
    std::string rule;
    for (std::size_t c = 0; c < columns; ++c)
        rule += ascii ? (marked[c] ? "+" : "-") : (marked[c] ? "┬" : "─");
    numbers.erase(numbers.find_last_not_of(' ') + 1);
    return std::string(width, ' ') + (ascii ? " +" : " └") + rule + "\n" +
           right_aligned(unit, width) + "  " + numbers + "\n";
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail
