// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Units: a time is not a number. `20 * ms`, `0.5 * units::s`.

#include <compare>

namespace spikefuse {

/// A time. Held in seconds.
struct duration {
    double seconds = 0; ///< s

    friend constexpr duration operator*(double factor, duration unit) {
        return {factor * unit.seconds};
    }
    friend constexpr duration operator*(duration unit, double factor) {
        return {factor * unit.seconds};
    }
    friend constexpr duration operator/(duration unit, double divisor) {
        return {unit.seconds / divisor};
    }
    friend constexpr double operator/(duration left, duration right) {
        return left.seconds / right.seconds;
    }
    friend constexpr duration operator+(duration left, duration right) {
        return {left.seconds + right.seconds};
    }
    friend constexpr duration operator-(duration left, duration right) {
        return {left.seconds - right.seconds};
    }
    friend constexpr bool operator==(duration, duration) = default;
    friend constexpr auto operator<=>(duration left, duration right) = default;
};

/// A number above zero. Written as a plain number: `{.delta_t = 0.5}`.
struct positive {
    double value = 1; ///< above zero, or a model throws value_error
    constexpr positive(double written) : value(written) {}
};

/// The symbols of units. Those that a program hardly has of its own are also spikefuse's own words;
/// a second is `units::s`, or comes by `using spikefuse::units::s;`.
namespace units {
inline constexpr duration s{1.0};   ///< a second
inline constexpr duration ms{1e-3}; ///< a millisecond
inline constexpr duration us{1e-6}; ///< a microsecond
} // namespace units

using units::ms;
using units::us;

} // namespace spikefuse
