// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Axes of the charts: where they begin and end, their marks, and what every chart checks.

#include "../../../core/config.hpp"

#include "legend.hpp"
#include "ticks.hpp"

#include <initializer_list>
#include <set>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail {

inline void check_lengths(std::string const& name, std::size_t wanted,
                          std::initializer_list<std::size_t> lengths, bool first_may_be_empty) {
    std::size_t k = 0;
    for (std::size_t length : lengths) {
        bool const may_be_empty = k++ > 0 || first_may_be_empty;
        if (length != wanted && !(length == 0 && may_be_empty))
            throw shape_error("'" + name + "' has " + std::to_string(length) + " numbers where " +
                                  std::to_string(wanted) + " are wanted",
                              "each point or group has one value, and one low and one high end of "
                              "its error bar, if any",
                              "Give as many; none (a NaN) where nothing was measured");
    }
}

/// A logarithmic axis ends a little outside of what it shows; a linear one too, and begins at 0 if
/// asked.
inline scale axis_for(range found, bool logarithmic, bool zero) {
    if (!logarithmic) {
        if (zero) found.widen(0);
        range const air = found.padded(0.06);
        return {zero && found.low >= 0 ? 0 : air.low,
                zero && found.high <= 0 && !found.empty() && found.low < 0 ? 0 : air.high, false};
    }
    if (found.empty()) return {1, 10, true};
    double const air =
        std::pow(found.high / found.low, 0.05) * (found.high / found.low < 1.01 ? 1.5 : 1);
    return {found.low / air, found.high * air, true};
}

struct axis_marks {
    ticks places;
    std::vector<std::string> texts{};
    double widest = 0;

    explicit axis_marks(ticks marks, bool in_full = false) : places(std::move(marks)) {
        for (double v : places.at) {
            texts.push_back(in_full && v == std::floor(v) && v < 1e7 ? fixed(v, 0)
                                                                     : tick_text(v, places));
            widest = std::max(widest, text_width(texts.back(), tick_style.size));
        }
    }
};

/// The marks of an axis: the measured places themselves, if they are few and stand apart (batch 1,
/// 2, 4 ...), else round numbers.
inline axis_marks marks_for(scale const& axis, double length, double apart,
                            std::set<double> const& measured = {}) {
    if (axis.logarithmic && !measured.empty() && measured.size() <= 16) {
        axis_marks own({{measured.begin(), measured.end()}, 0}, true);
        double last = -1e9;
        bool clear = true;
        for (double v : measured) {
            clear = clear && axis(v) * length - last >= own.widest + 10;
            last = axis(v) * length;
        }
        if (clear) return own;
    }
    auto const most = static_cast<std::size_t>(std::max(length / apart, 2.0));
    return axis_marks(axis.logarithmic ? log_ticks(axis.low, axis.high, most)
                                       : linear_ticks(axis.low, axis.high, most));
}

/// Where a logarithmic axis has 2, 3 ... 9 times a power of ten.
inline std::vector<double> fine_marks(scale const& axis) {
    std::vector<double> result;
    if (!axis.logarithmic || std::log10(axis.high / axis.low) > 7) return result;
    auto const first = static_cast<int>(std::floor(std::log10(axis.low))),
               last = static_cast<int>(std::ceil(std::log10(axis.high)));
    for (int decade = first; decade < last; ++decade)
        for (int k = 2; k < 10; ++k)
            if (double const at = std::pow(10.0, decade) * k; at > axis.low && at < axis.high)
                result.push_back(at);
    return result;
}

/// Vertical lines at the marks, and their texts below.
template <class Place>
void draw_columns(document& page, axis_marks const& marks, double top, double bottom,
                  Place&& place) {
    for (std::size_t k = 0; k < marks.texts.size(); ++k) {
        double const at = place(marks.places.at[k]);
        page.line(at, top, at, bottom, "class=\"grid\"");
        page.line(at, bottom, at, bottom + 5, "class=\"axis\"");
        page.text(at, bottom + 20, marks.texts[k], tick_style, anchor::middle);
    }
}

inline std::string floor_attributes() {
    return std::string("class=\"floor\" stroke=\"") + floor_colour +
           "\" stroke-width=\"1.5\" stroke-dasharray=\"" + floor_dash + "\"";
}
inline double at_or(std::vector<double> const& values, std::size_t k, double otherwise) {
    return k < values.size() && shown(values[k]) ? values[k] : otherwise;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot::detail
