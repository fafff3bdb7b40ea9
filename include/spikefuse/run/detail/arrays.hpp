// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The parameters of a model, array by array: where each lies among the parameters, and what may be
/// written there.

#include "../../core/errors.hpp"
#include "../../core/layer.hpp"
#include "../../core/numbers.hpp"

#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

struct array_place {
    std::string layer;
    array_info info;
    std::size_t offset = 0;

    std::string_view name() const { return info.name; }
    std::size_t columns() const {
        return info.columns == 0 ? 1 : static_cast<std::size_t>(info.columns);
    }
    /// A panel's rows among the parameters: a matrix has one of zeros behind its columns.
    std::size_t lines() const { return columns() + (info.columns == 0 ? 0 : 1); }
    std::size_t size() const { return static_cast<std::size_t>(info.rows) * columns(); }
    std::string shape_text() const {
        return "[" + std::to_string(info.rows) +
               (info.columns == 0 ? "" : ", " + std::to_string(info.columns)) + "]";
    }

    /// Rows lie in panels of `panel` outputs: [row / panel][column][row % panel].
    std::size_t place(std::size_t panel, std::size_t row, std::size_t column) const {
        return offset + (row / panel) * panel * lines() + column * panel + row % panel;
    }
    /// Calls f(place among the parameters) for every entry, row by row.
    template <class Function>
    void for_each_place(std::size_t panel, Function const& f) const {
        for (std::size_t r = 0; r < static_cast<std::size_t>(info.rows); ++r)
            for (std::size_t c = 0; c < columns(); ++c) f(place(panel, r, c));
    }
    /// The array, row by row, of numbers that lie as the parameters do.
    template <class T>
    std::vector<T> values(std::size_t panel, T const* all) const {
        std::vector<T> numbers;
        numbers.reserve(size());
        for_each_place(panel, [&](std::size_t at) { numbers.push_back(all[at]); });
        return numbers;
    }
    /// Clears the diagonal of a hollow array, and fills the lanes beyond the last row: weights of
    /// zero, and for neurons a copy of the last one, so that nothing there is infinite.
    template <class T>
    void settle(std::size_t panel, T* parameters) const {
        auto const rows = static_cast<std::size_t>(info.rows);
        for (std::size_t r = 0; info.zero_diagonal && r < rows; ++r)
            parameters[place(panel, r, r)] = T(0);
        for (std::size_t r = rows; r % panel != 0; ++r)
            for (std::size_t c = 0; c < columns(); ++c)
                parameters[place(panel, r, c)] =
                    info.columns != 0 ? T(0) : parameters[place(panel, rows - 1, 0)];
    }

    /// Throws value_error for a number that cannot be one of this array's, once it is a T.
    template <class T>
    void check(double given, std::size_t index) const {
        T const value = static_cast<T>(given);
        struct demand {
            bool met;
            std::string why, cure;
        };
        demand const asked = [&]() -> demand {
            switch (info.measure) {
            case array_unit::time:
                return {value > 0, "a time constant is positive and finite, in seconds",
                        "Give it a time, for example 10 * ms"};
            case array_unit::rate:
                return {value >= 0, "an inverse time constant is finite and not negative, in 1/s",
                        "Give it a rate, for example 100"};
            case array_unit::positive:
                return {value > 0, "it is divided by: positive and finite",
                        "Give it a number above zero"};
            case array_unit::steps: {
                std::string const most = std::to_string(info.highest);
                return {value >= 0 && value <= static_cast<T>(info.highest) &&
                            value == std::floor(value),
                        "it waits for a whole number of steps from 0 to " + most,
                        "Write delays<N> with the longest, or give it a number up to " + most};
            }
            default:
                return {true, "a parameter is a finite number",
                        "Look where this number comes from"};
            }
        }();
        if (is_finite(value) && asked.met) return;
        throw value_error("'" + std::string(info.name) + "' of '" + layer + "' is " +
                              number_text(given) + " at [" + std::to_string(index) + "]",
                          asked.why + beyond<T>(given), asked.cure);
    }
};

/// The entry of a layer that `matches`. Throws name_error, `what()` and a list of those that there
/// are.
template <class Entry, class Matches, class Sentence>
Entry const& find_entry(std::vector<Entry> const& all, std::string_view layer,
                        Matches const& matches, Sentence const& what) {
    std::string known;
    for (Entry const& one : all) {
        if (one.layer == layer && matches(one)) return one;
        known += (known.empty() ? "" : ", ") + ("'" + one.layer + "' " + std::string(one.name()));
    }
    throw name_error(what(), "this network has: " + known, "Use one of these names");
}
inline array_place const& find_array(std::vector<array_place> const& arrays, std::string_view layer,
                                     std::string_view name) {
    return find_entry(
        arrays, layer, [&](array_place const& one) { return one.name() == name; },
        [&] {
            return "there is no parameter '" + std::string(name) + "' of '" + std::string(layer) +
                   "'";
        });
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
