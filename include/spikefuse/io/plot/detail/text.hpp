// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Numbers and words as text: independent of the locale, and safe for a terminal and for XML.

#include "../../../core/config.hpp"
#include "../../../core/finite.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail {

/// A number that can have a place in a picture.
inline bool shown(double value) {
    return spikefuse::detail::is_finite(value) && std::abs(value) <= 1e300;
}

inline std::string fixed(double value, int digits) {
    std::array<char, 400> text{};
    auto const end = std::to_chars(text.data(), text.data() + text.size(), value,
                                   std::chars_format::fixed, digits)
                         .ptr;
    std::string result(text.data(), end);
    return result.find_first_not_of("-0.") == std::string::npos && result[0] == '-'
               ? result.substr(1)
               : result; // no "-0.0"
}

/// 0.1 of a pixel is as exact as a picture gets: "12.3", "12".
inline std::string pixel(double value) {
    std::string text = fixed(value, 1);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
}

/// Three digits, as a person would write them: "0.00123", "12.3", "123", "12.3k", "1.23M",
/// "1.2e-05".
inline std::string brief(double value) {
    if (!spikefuse::detail::is_finite(value)) return "?";
    double const size = std::abs(value);
    if (size != 0 && (size < 1e-3 || size >= 1e15)) {
        std::array<char, 64> text{};
        return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value,
                                           std::chars_format::scientific, 1)
                                 .ptr};
    }
    constexpr std::array<char const*, 5> units{"", "k", "M", "G", "T"};
    std::size_t unit = 0;
    double scaled = value;
    while (std::abs(scaled) >= (unit == 0 ? 9999.5 : 999.5) && unit + 1 < units.size())
        scaled /= 1000, ++unit;
    double const rest = std::abs(scaled);
    std::string text = fixed(scaled, rest >= 99.95    ? 0
                                     : rest >= 9.995  ? 1
                                     : rest >= 0.9995 ? 2
                                     : rest > 0 ? 2 - static_cast<int>(std::floor(std::log10(rest)))
                                                : 0);
    if (text.find('.') != std::string::npos) {
        text.erase(text.find_last_not_of('0') + 1);
        if (text.ends_with('.')) text.pop_back();
    }
    return text + units[unit];
}

/// Bytes of the UTF-8 character at the front of `text`; 0 where it is not one.
inline std::size_t character(std::string_view text) {
    auto const byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
    std::size_t const length = byte(0) < 0x80   ? 1
                               : byte(0) < 0xc2 ? 0
                               : byte(0) < 0xe0 ? 2
                               : byte(0) < 0xf0 ? 3
                               : byte(0) < 0xf5 ? 4
                                                : 0;
    if (length > text.size()) return 0;
    for (std::size_t k = 1; k < length; ++k)
        if ((byte(k) & 0xc0) != 0x80) return 0;
    bool const surrogate_or_long =
        length > 2 &&
        ((byte(0) == 0xe0 && byte(1) < 0xa0) || (byte(0) == 0xed && byte(1) >= 0xa0) ||
         (byte(0) == 0xf0 && byte(1) < 0x90) || (byte(0) == 0xf4 && byte(1) >= 0x90));
    bool const noncharacter =
        length == 3 && byte(0) == 0xef && byte(1) == 0xbf && byte(2) >= 0xbe; // U+FFFE, U+FFFF
    return surrogate_or_long || noncharacter ? 0 : length;
}

/// Calls `with(character)` for each character; what is no character, and every control character,
/// becomes `instead`.
template <class Visitor>
void for_each_character(std::string_view text, std::string_view instead, Visitor&& with) {
    while (!text.empty()) {
        std::size_t const length = character(text);
        bool const control =
            length == 1 && (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7f);
        with(length == 0 || control ? (control ? std::string_view(" ") : instead)
                                    : text.substr(0, length));
        text.remove_prefix(length == 0 ? 1 : length);
    }
}

/// Words for a terminal: one line, no control characters.
inline std::string plain(std::string_view text) {
    std::string result;
    for_each_character(text, "?", [&](std::string_view c) { result += c; });
    return result;
}

/// Characters, not bytes.
inline std::size_t length_of(std::string_view text) {
    std::size_t count = 0;
    for_each_character(text, "?", [&](std::string_view) { ++count; });
    return count;
}

/// At most `most` characters; what is longer ends with "…" (or "~").
inline std::string cut(std::string const& text, std::size_t most, bool ascii = false) {
    if (length_of(text) <= most) return text;
    std::string result;
    std::size_t count = 0;
    for_each_character(text, "?", [&](std::string_view c) {
        if (++count < most) result += c;
    });
    return most == 0 ? "" : result + (ascii ? "~" : "…");
}

inline std::string right_aligned(std::string const& text, std::size_t width) {
    std::size_t const length = length_of(text);
    return std::string(length < width ? width - length : 0, ' ') + text;
}

/// Words for XML.
inline std::string escaped(std::string_view text) {
    std::string result;
    for_each_character(text, "\uFFFD", [&](std::string_view c) {
        result += c == "<"    ? "&lt;"
                  : c == ">"  ? "&gt;"
                  : c == "&"  ? "&amp;"
                  : c == "\"" ? "&quot;"
                  : c == "'"  ? "&#39;"
                              : c;
    });
    return result;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail
