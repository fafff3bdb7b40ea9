#pragma once
/// Numbers of a caller's that become numbers of a model: how they are written in messages, and whether the model's type can hold them.

#include "../../core/finite.hpp"

#include <cstdio>
#include <string>

namespace spikefuse::detail {

inline std::string number_text(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.9g", value);
    return text;
}
/// What to add to a reason where a number is finite, and the model's type cannot hold it.
template <class T>
std::string beyond(double value) {
    if (!is_finite(value) || (is_finite(static_cast<T>(value)) && (value == 0 || static_cast<T>(value) != T(0)))) return "";
    return std::string("; in ") + (sizeof(T) == 4 ? "float" : "double") + " this one is " +
           number_text(static_cast<double>(static_cast<T>(value)));
}

} // namespace spikefuse::detail
