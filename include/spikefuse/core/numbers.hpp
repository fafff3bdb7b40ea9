// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Numbers of a caller's that become numbers of a model: how they are written in messages, and whether the model's type can hold them.

#include "finite.hpp"

#include <bit>
#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>

namespace spikefuse::detail {

inline std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
}
/// NaN, by its bits.
template <class T>
bool is_nan(T value) {
    using word = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr word sign = word(1) << (8 * sizeof(T) - 1), infinity = sizeof(T) == 4 ? word(0x7f800000u) : word(0x7ff0000000000000u);
    return !is_finite(value) && (std::bit_cast<word>(value) & ~sign) != infinity;
}
/// What to add to a reason where a number is finite, and the model's type cannot hold it.
template <class T>
std::string beyond(double value) {
    if (!is_finite(value) || fits<T>(value)) return "";
    return std::string("; in ") + (sizeof(T) == 4 ? "float" : "double") + " this one is " +
           number_text(static_cast<double>(static_cast<T>(value)));
}

} // namespace spikefuse::detail
