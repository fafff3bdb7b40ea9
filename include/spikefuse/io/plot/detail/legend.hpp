// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Colours, markers and the legend of the SVG pictures.

#include "../../../core/config.hpp"

#include "document.hpp"

#include <array>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail {

/// Colours that stay apart for every eye (Okabe and Ito, "Color Universal Design", 2008), without
/// yellow.
inline std::string colour(std::size_t k) {
    static constexpr std::array<char const*, 7> palette{"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                        "#56b4e9", "#e69f00", "#4d4d4d"};
    return palette[k % palette.size()];
}
/// Beyond seven series colours come again, dashed.
inline std::string dash(std::size_t k) {
    static constexpr std::array<char const*, 4> dashes{"", "7 3", "2 3", "9 3 2 3"};
    return dashes[k / 7 % dashes.size()];
}
inline constexpr char const* floor_colour = "#6b7178";
inline constexpr char const* floor_dash = "6 4";

/// Marker number k around (x, y): each series has its own shape, so that colour is not the only
/// sign.
inline std::string marker(std::size_t k, double x, double y, double size = 4) {
    std::string const paint = "fill=\"" + colour(k) + "\" stroke=\"#ffffff\" stroke-width=\"1\"/>";
    auto const polygon = [&](std::vector<std::array<double, 2>> const& corners) {
        std::string points;
        for (auto const& [dx, dy] : corners)
            points +=
                (points.empty() ? "" : " ") + pixel(x + dx * size) + "," + pixel(y + dy * size);
        return "<polygon class=\"mark\" points=\"" + points + "\" " + paint;
    };
    switch (k % 6) {
    case 0:
        return "<circle class=\"mark\" cx=\"" + pixel(x) + "\" cy=\"" + pixel(y) + "\" r=\"" +
               pixel(size) + "\" " + paint;
    case 1:
        return polygon({{-0.95, -0.95}, {0.95, -0.95}, {0.95, 0.95}, {-0.95, 0.95}});
    case 2:
        return polygon({{0, -1.2}, {1.15, 0.85}, {-1.15, 0.85}});
    case 3:
        return polygon({{0, -1.3}, {1.3, 0}, {0, 1.3}, {-1.3, 0}});
    case 4:
        return polygon({{0, 1.2}, {1.15, -0.85}, {-1.15, -0.85}});
    default:
        return polygon({{0, -1.2}, {1.15, -0.35}, {0.7, 1}, {-0.7, 1}, {-1.15, -0.35}});
    }
}

struct legend_entry_svg {
    enum class kind { line, marked_line, bar, floor } look = kind::line;
    std::size_t number = 0; // in the palette
    std::string name;
};

/// Entries side by side, in as many rows as they need.
class legend {
  public:
    legend(std::vector<legend_entry_svg> entries, double room)
        : entries_(std::move(entries)), room_(room) {
        double x = 0, row = 0;
        for (auto& entry : entries_) {
            entry.name = fitting(entry.name, label_style.size, room_ - sample(entry));
            double const width = sample(entry) + text_width(entry.name, label_style.size);
            if (x > 0 && x + width > room_) x = 0, row += 1;
            places_.push_back({x, row});
            widest_ = std::max(widest_, x + width);
            x += width + 20;
        }
        rows_ = entries_.empty() ? 0 : row + 1;
    }
    double width() const { return widest_; }
    double height() const { return rows_ * row_height; }
    double rows() const { return rows_; }

    /// `y` is the baseline of the first row.
    void draw(document& page, double left, double y) const {
        for (std::size_t e = 0; e < entries_.size(); ++e) {
            auto const& [look, number, name] = entries_[e];
            double const x = left + places_[e][0], base = y + places_[e][1] * row_height,
                         middle = base - 4.3;
            using kind = legend_entry_svg::kind;
            if (look == kind::bar) {
                page.add("<rect x=\"" + pixel(x) + "\" y=\"" + pixel(middle - 6) +
                         "\" width=\"12\" height=\"12\" rx=\"2\" fill=\"" + colour(number) +
                         "\"/>");
            } else {
                std::string const pattern = look == kind::floor ? floor_dash : dash(number);
                page.line(x, middle, x + 24, middle,
                          "stroke=\"" +
                              (look == kind::floor ? std::string(floor_colour) : colour(number)) +
                              "\" stroke-width=\"" + (look == kind::floor ? "1.5" : "2.2") + "\"" +
                              (pattern.empty() ? "" : " stroke-dasharray=\"" + pattern + "\""));
                if (look == kind::marked_line) page.add(marker(number, x + 12, middle));
            }
            page.text(x + sample(entries_[e]), base, name, label_style);
        }
    }
    static constexpr double row_height = 20;

  private:
    /// The line or box before the name.
    static double sample(legend_entry_svg const& entry) {
        return entry.look == legend_entry_svg::kind::bar ? 19 : 31;
    }
    std::vector<legend_entry_svg> entries_;
    std::vector<std::array<double, 2>> places_;
    double room_, rows_ = 0, widest_ = 0;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail
