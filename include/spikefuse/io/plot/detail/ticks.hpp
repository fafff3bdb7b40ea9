// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Axes: a range, its marks at round numbers, and how they are written.

#include "../../../core/config.hpp"
#include "../../../core/finite.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail {

/// A range that grows around what it is shown.
struct range {
    double low = spikefuse::detail::infinite<double>, high = -low;

    bool empty() const { return low > high; }
    void widen(double value) {
        if (shown(value)) low = std::min(low, value), high = std::max(high, value);
    }
    /// With some air; never empty, never flat.
    range padded(double part = 0.05) const {
        if (empty()) return {0, 1};
        double const margin = high - low > 1e-12 * std::abs(high)
                                  ? part * (high - low)
                                  : std::max(0.5, 0.05 * std::abs(high));
        return {low - margin, high + margin};
    }
};

/// Logarithmic axes end where quotients of values would overflow.
inline bool showable(double value, bool logarithmic) {
    return shown(value) && (!logarithmic || (value >= 1e-140 && value <= 1e140));
}

/// Where a value stands on an axis: 0 at its low end, 1 at its high end.
struct scale {
    double low = 0, high = 1;
    bool logarithmic = false;

    bool shows(double value) const { return showable(value, logarithmic); }
    double operator()(double value) const {
        return logarithmic ? std::log(value / low) / std::log(high / low)
                           : (value - low) / (high - low);
    }
};

struct ticks {
    std::vector<double> at;
    double step = 1; // between neighbours; decides the digits
};

/// Marks at 1, 2 or 5 times a power of ten, at most `most` (and at least a few) of them. `whole`:
/// no fractions.
inline ticks linear_ticks(double low, double high, std::size_t most, bool whole = false) {
    double const raw = (high - low) / static_cast<double>(std::max<std::size_t>(most, 2));
    if (!(raw > 0)) return {{low}, 1};
    double const power = std::pow(10.0, std::floor(std::log10(raw)));
    double const factor = raw / power;
    double step = (factor <= 1.0000001   ? 1
                   : factor <= 2.0000001 ? 2
                   : factor <= 5.0000001 ? 5
                                         : 10) *
                  power;
    if (whole) step = std::max(step, 1.0);
    ticks result{{}, step};
    double const first = std::ceil(low / step - 1e-9);
    for (std::size_t k = 0; k <= most + 1; ++k) {
        double const value = (first + static_cast<double>(k)) * step;
        if (value > high + 1e-9 * step) break;
        result.at.push_back(std::abs(value) < step * 1e-9 ? 0 : value);
    }
    return result;
}

/// Marks at powers of ten; over a short range at 1, 2, 5 or even round numbers between. step 0:
/// written one by one.
inline ticks log_ticks(double low, double high, std::size_t most) {
    double const first = std::floor(std::log10(low)), decades = std::log10(high / low);
    ticks result{{}, 0};
    auto add = [&](double value) {
        if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) result.at.push_back(value);
    };
    double const stride =
        std::max(1.0, std::ceil(decades / static_cast<double>(std::max<std::size_t>(most, 2))));
    for (int k = 0; k * stride <= decades + 1; ++k) {
        double const power = std::pow(10.0, first + k * stride);
        add(power);
        if (decades <= 2.0) add(2 * power), add(5 * power);
    }
    return result.at.size() >= 2 ? result : linear_ticks(low, high, std::min<std::size_t>(most, 5));
}

/// A power of ten in full: 10⁻⁵.
inline std::string power_text(int exponent, bool ascii) {
    static constexpr char const* high[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    if (ascii) return "1e" + std::to_string(exponent);
    std::string text = "10";
    for (char c : std::to_string(exponent)) text += c == '-' ? "⁻" : high[c - '0'];
    return text;
}

/// A mark's text: as many digits as neighbours need to differ, and one unit (k, M ...) for the
/// whole axis.
inline std::string tick_text(double value, ticks const& axis, bool ascii = false) {
    double const size = std::abs(value);
    if (axis.step == 0) { // logarithmic
        double const exponent = size > 0 ? std::floor(std::log10(size) + 1e-9) : 0;
        bool const power = size > 0 && std::abs(size / std::pow(10.0, exponent) - 1) < 1e-9;
        bool const small =
            !axis.at.empty() &&
            axis.at.front() < 0.9e-3; // then all below 1 look alike: 10⁻⁴, 10⁻³, 10⁻²
        if (power && ((exponent < 0 && small) || exponent < -3 || exponent > 11))
            return power_text(static_cast<int>(exponent), ascii);
        if (size > 0 && exponent < -3 && !ascii)
            return brief(value / std::pow(10.0, exponent)) + "×" +
                   power_text(static_cast<int>(exponent), ascii);
        bool const thousands = !axis.at.empty() && axis.at.back() >= 1e4 && size >= 1e3 &&
                               size < 1e4; // "1k" beside "10k"
        return thousands ? brief(value / 1e3) + "k" : brief(value);
    }
    double largest = axis.step;
    for (double v : axis.at) largest = std::max(largest, std::abs(v));
    if (largest >= 1e15 || largest < 1e-3) {
        if (value == 0) return "0";
        std::array<char, 64> text{};
        int const digits = std::clamp(static_cast<int>(std::floor(std::log10(size) + 1e-9) -
                                                       std::floor(std::log10(axis.step) + 1e-9)),
                                      0, 15);
        return {text.data(), std::to_chars(text.data(), text.data() + text.size(), value,
                                           std::chars_format::scientific, digits)
                                 .ptr};
    }
    double const unit = largest < 1e4    ? 1
                        : largest < 1e6  ? 1e3
                        : largest < 1e9  ? 1e6
                        : largest < 1e12 ? 1e9
                                         : 1e12;
    if (value == 0 && unit > 1) return "0";
    int const digits =
        std::max(0, static_cast<int>(-std::floor(std::log10(axis.step / unit) + 1e-9)));
    std::string const number = fixed(std::abs(value) / unit, digits);
    bool const negative = value < 0 && number.find_first_not_of("0.") != std::string::npos;
    return (negative ? (ascii ? "-" : "−") : "") + number +
           (unit == 1     ? ""
            : unit == 1e3 ? "k"
            : unit == 1e6 ? "M"
            : unit == 1e9 ? "G"
                          : "T");
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail
