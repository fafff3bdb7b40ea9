#pragma once
/// Axes: a range, its marks at round numbers, and how they are written.

#include "text.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace spikefuse::io::plot::detail {

/// A range that grows around what it is shown.
struct range {
    double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();

    bool empty() const { return low > high; }
    void widen(double value) {
        if (shown(value)) low = std::min(low, value), high = std::max(high, value);
    }
    /// With some air; never empty, never flat.
    range padded(double part = 0.05) const {
        if (empty()) return {0, 1};
        double const margin = high - low > 1e-12 * std::abs(high) ? part * (high - low) : std::max(0.5, 0.05 * std::abs(high));
        return {low - margin, high + margin};
    }
};

/// Where a value stands on an axis: 0 at its low end, 1 at its high end.
struct scale {
    double low = 0, high = 1;
    bool logarithmic = false;

    bool shows(double value) const { return shown(value) && (!logarithmic || value > 0); }
    double operator()(double value) const {
        return logarithmic ? std::log(value / low) / std::log(high / low) : (value - low) / (high - low);
    }
};

struct ticks {
    std::vector<double> at;
    double step = 1; // between neighbours; decides the digits
};

/// Marks at 1, 2 or 5 times a power of ten, at most `most` (and at least a few) of them. `whole`: no fractions.
inline ticks linear_ticks(double low, double high, std::size_t most, bool whole = false) {
    double const raw = (high - low) / static_cast<double>(std::max<std::size_t>(most, 2));
    if (!(raw > 0)) return {{low}, 1};
    double const power = std::pow(10.0, std::floor(std::log10(raw)));
    double const factor = raw / power;
    double step = (factor <= 1.0000001 ? 1 : factor <= 2.0000001 ? 2 : factor <= 5.0000001 ? 5 : 10) * power;
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

/// Marks at powers of ten; over a short range at 1, 2, 5 or even round numbers between. step 0: written one by one.
inline ticks log_ticks(double low, double high, std::size_t most) {
    double const first = std::floor(std::log10(low)), decades = std::log10(high / low);
    ticks result{{}, 0};
    auto add = [&](double value) {
        if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) result.at.push_back(value);
    };
    double const stride = std::max(1.0, std::ceil(decades / static_cast<double>(std::max<std::size_t>(most, 2))));
    for (double k = 0; k <= decades + 1; k += stride) {
        double const power = std::pow(10.0, first + k);
        add(power);
        if (decades <= 2.0) add(2 * power), add(5 * power);
    }
    return result.at.size() >= 2 ? result : linear_ticks(low, high, std::min<std::size_t>(most, 5));
}

/// A mark's text: as many digits as neighbours need to differ; powers of ten far from 1 as 10⁻⁵.
inline std::string tick_text(double value, double step, bool ascii = false) {
    double const size = std::abs(value), exponent = size > 0 ? std::floor(std::log10(size) + 1e-9) : 0;
    bool const power_of_ten = size > 0 && std::abs(size / std::pow(10.0, exponent) - 1) < 1e-9;
    if (step == 0 && power_of_ten && (exponent < -3 || exponent > 11)) {
        std::string const number = std::to_string(static_cast<int>(exponent));
        if (ascii) return "1e" + number;
        static constexpr char const* high[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
        std::string text = "10";
        for (char c : number) text += c == '-' ? "⁻" : high[c - '0'];
        return text;
    }
    if (step == 0 || size >= 1e5 || step >= 1e5 || step < 1e-4) return brief(value);
    return fixed(value, std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9))));
}

} // namespace spikefuse::io::plot::detail
