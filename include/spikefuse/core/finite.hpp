// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Whether a number is finite, by its bits: under -ffast-math a compiler takes std::isfinite, and
/// any comparison with NaN, for decided.

#include "config.hpp"

#include <cstdint>
#include <limits>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// The whole number that has the bits of a T.
template <class T>
using bits_as = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
/// The bits of infinity: an exponent of ones.
template <class T>
inline constexpr bits_as<T> infinite_bits =
    static_cast<bits_as<T>>(sizeof(T) == 4 ? 0x7f800000u : 0x7ff0000000000000u);
/// More than every number, by its bits: under -ffast-math clang warns of the library's.
template <class T>
inline constexpr T infinite = __builtin_bit_cast(T, infinite_bits<T>);

/// False for infinities and NaN, whatever the compiler was allowed to assume.
template <class T>
    requires std::is_arithmetic_v<T>
SPIKEFUSE_FUNCTION constexpr bool is_finite(T const& value) {
    if constexpr (std::is_integral_v<T>) {
        return true;
    } else if constexpr (sizeof(T) != 4 && sizeof(T) != 8) { // long double
        return is_finite(static_cast<double>(value));
    } else {
        constexpr bits_as<T> exponent = infinite_bits<T>;
        bits_as<T> bits = __builtin_bit_cast(bits_as<T>, value);
#if defined(__GNUC__) && !defined(__CUDA_ARCH__) && !defined(__HIP_DEVICE_COMPILE__)
        if (!std::is_constant_evaluated()) asm("" : "+r"(bits)); // clang would know this test again
#endif
        return (bits & exponent) != exponent;
    }
}

/// Whether a number stays one as a T: it does not become infinite, and only zero becomes zero.
template <class T>
constexpr bool fits(double value) {
    if (!is_finite(value)) return false;
    double const most = static_cast<double>(std::numeric_limits<T>::max());
    return value <= most && value >= -most && (static_cast<T>(value) != T(0) || value == 0);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
