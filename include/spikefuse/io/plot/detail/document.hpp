// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// An SVG document under construction, and how it gets into a file.

#include "../../../core/config.hpp"

#include "../../replace_file.hpp"
#include "text.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail {

/// How wide words are, about: SVG does not say, and no font is known here. Rather too wide than too
/// narrow.
inline double text_width(std::string_view words, double size) {
    double em = 0;
    for_each_character(words, "?", [&](std::string_view c) {
        constexpr std::string_view narrow = " .,:;'|!iljtfrI()[]/\\", wide = "mwMW@%<>+=~";
        bool const one = c.size() == 1, capital = one && c[0] >= 'A' && c[0] <= 'Z';
        bool const full = c.size() == 4 || (c.size() == 3 && static_cast<unsigned char>(c[0]) >=
                                                                 0xe3); // CJK and the like
        em += full                                       ? 1.1
              : !one                                     ? 0.62
              : narrow.find(c) != std::string_view::npos ? 0.36
              : wide.find(c) != std::string_view::npos   ? 0.88
              : capital                                  ? 0.7
                                                         : 0.58;
    });
    return em * size;
}

/// Words in lines no wider than `width`; broken at spaces, and inside a word only where it must be.
inline std::vector<std::string> wrapped(std::string const& words, double size, double width) {
    std::vector<std::string> lines;
    std::string line, word;
    auto const flush_word = [&] {
        if (!line.empty() && text_width(line + word, size) > width)
            lines.push_back(line), line.clear();
        for_each_character(word, "\uFFFD", [&](std::string_view c) {
            if (text_width(line + std::string(c), size) > width && !line.empty())
                lines.push_back(line), line.clear();
            line += c;
        });
        word.clear();
    };
    for_each_character(words, "\uFFFD", [&](std::string_view c) {
        word += c;
        if (c == " ") flush_word();
    });
    flush_word();
    if (!line.empty()) lines.push_back(line);
    return lines;
}

/// Words no wider than `width`: the end is cut.
inline std::string fitting(std::string const& words, double size, double width) {
    std::string text = words;
    for (std::size_t most = length_of(words); most > 1 && text_width(text, size) > width;)
        text = cut(words, --most);
    return text;
}

/// Where text hangs at its point.
enum class anchor { start, middle, end };

/// Size, class in the style sheet, and drawing, of one kind of text.
struct text_style {
    char const* name;
    double size;
};
inline constexpr text_style title_style{"title", 20}, subtitle_style{"subtitle", 13},
    panel_style{"panel", 14}, label_style{"label", 12.5}, tick_style{"tick", 12};

class document {
  public:
    explicit document(double width) : width_(width) {}
    double width() const { return width_; }

    void add(std::string const& element) { body_ += element + "\n"; }
    void line(double x1, double y1, double x2, double y2, std::string const& attributes) {
        add("<line x1=\"" + pixel(x1) + "\" y1=\"" + pixel(y1) + "\" x2=\"" + pixel(x2) +
            "\" y2=\"" + pixel(y2) + "\" " + attributes + "/>");
    }
    void text(double x, double y, std::string const& words, text_style style,
              anchor at = anchor::start, bool upwards = false) {
        static constexpr std::array<char const*, 3> anchors{"", " text-anchor=\"middle\"",
                                                            " text-anchor=\"end\""};
        std::string const turned =
            upwards ? " transform=\"rotate(-90 " + pixel(x) + " " + pixel(y) + ")\"" : "";
        add("<text x=\"" + pixel(x) + "\" y=\"" + pixel(y) + "\" class=\"" + style.name + "\"" +
            anchors[static_cast<std::size_t>(at)] + turned + ">" + escaped(words) + "</text>");
    }
    /// Title and subtitle from `y` down, in as many lines as they need. Returns where the next
    /// thing may begin.
    double headings(double x, double y, double room, std::string const& title,
                    std::string const& subtitle) {
        for (auto const& line : wrapped(title, title_style.size, room))
            y += 26, text(x, y, line, title_style);
        for (auto const& line : wrapped(subtitle, subtitle_style.size, room))
            y += 20, text(x, y, line, subtitle_style);
        return y;
    }

    /// The whole file. The background is drawn, so that it reads on a dark page too.
    std::string finished(double height, std::string const& title) const {
        std::string const w = pixel(width_), h = pixel(height);
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + w + "\" height=\"" + h +
               "\" viewBox=\"0 0 " + w + " " + h +
               "\" role=\"img\" font-family=\"system-ui, -apple-system, 'Segoe UI', Roboto, "
               "'Helvetica Neue', Arial, sans-serif\">\n"
               "<title>" +
               escaped(title) +
               "</title>\n<style>\n"
               ".title { font-size: 20px; font-weight: 600; fill: #1a1c1f; }\n"
               ".subtitle { font-size: 13px; fill: #5b6167; }\n"
               ".panel { font-size: 14px; font-weight: 600; fill: #1a1c1f; }\n"
               ".label { font-size: 12.5px; fill: #33383d; }\n"
               ".tick { font-size: 12px; fill: #5b6167; }\n"
               ".axis { stroke: #9aa0a6; stroke-width: 1; }\n"
               ".grid { stroke: #e8eaed; stroke-width: 1; }\n"
               ".fine { stroke: #f3f4f6; stroke-width: 1; }\n"
               "</style>\n<rect width=\"" +
               w + "\" height=\"" + h + "\" fill=\"#ffffff\"/>\n" + body_ + "</svg>\n";
    }

  private:
    double width_;
    std::string body_;
};

/// Writes it in one step: a reader sees the old file or the new one, never half of one.
inline void save(std::string const& text, std::filesystem::path const& path) {
    auto const refuse = [&](std::string const& why) {
        throw file_error("'" + path.string() + "' cannot be written", why,
                         "Choose another place, or make room and permit writing there");
    };
    std::error_code fault;
    if (std::filesystem::is_directory(path, fault)) refuse("it is a folder");
    std::filesystem::path const folder = path.parent_path();
    if (!folder.empty() && !std::filesystem::is_directory(folder, fault))
        refuse("there is no folder '" + folder.string() + "'");
    io::detail::replace_file(path.string(), text);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail
