// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Numbers of a caller's that become numbers of a model: how they are written in messages, and
/// whether the model's type can hold them.

#include "finite.hpp"

#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// As few digits as tell it from other floats, at least six where it has them.
inline std::string number_text(double value) {
    char text[32] = "";
    for (int digits = 6; digits <= 9; ++digits) {
        std::snprintf(text, sizeof text, "%.*g", digits, value);
        if (!is_finite(value) ||
            static_cast<float>(std::strtod(text, nullptr)) == static_cast<float>(value))
            break;
    }
    return text;
}
/// NaN, by its bits.
template <class T>
bool is_nan(T value) {
    using word = bits_as<T>;
    constexpr word sign = word(1) << (8 * sizeof(T) - 1);
    return !is_finite(value) && (std::bit_cast<word>(value) & ~sign) != infinite_bits<T>;
}
/// What to add to a reason where a number is finite, and the model's type cannot hold it.
template <class T>
std::string beyond(double value) {
    if (!is_finite(value) || fits<T>(value)) return "";
    std::string text = sizeof(T) == 4 ? "; in float this one is " : "; in double this one is ";
    return text += number_text(static_cast<double>(static_cast<T>(value)));
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
