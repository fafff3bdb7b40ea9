#pragma once
/// Functions of a register of neurons.

#include "lanes.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace spikefuse {

#if SPIKEFUSE_HOST_LANES
namespace detail {

/// 1 / k!, k from 0 to Last.
template <class T, int Last>
constexpr auto inverses_of_factorials() {
    std::array<T, Last + 1> all{};
    double inverse = 1;
    for (int k = 0; k <= Last; inverse /= ++k) all[static_cast<std::size_t>(k)] = static_cast<T>(inverse);
    return all;
}
template <class T>
struct exp_constants;
template <>
struct exp_constants<float> {
    static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    static constexpr float highest = 88.7228394f, lowest = -103.972084f, clamp = 104.0f;
    static constexpr int terms = 7;
    static constexpr auto inverse_factorials = inverses_of_factorials<float, terms>();
    static constexpr std::uint32_t mantissa = 23, bias = 127;
};
template <>
struct exp_constants<double> {
    static constexpr double ln2_high = 6.93147180369123816490e-01, ln2_low = 1.90821492927058770002e-10;
    static constexpr double highest = 709.782712893383973096, lowest = -745.133219101941108420, clamp = 746.0;
    static constexpr int terms = 13;
    static constexpr auto inverse_factorials = inverses_of_factorials<double, terms>();
    static constexpr std::uint64_t mantissa = 52, bias = 1023;
};

/// e^x of one register, or of its halves.
template <class T, class R>
SPIKEFUSE_FUNCTION R exp_of(R x) {
    if constexpr (in_halves<R>) {
        return {exp_of<T>(x.low), exp_of<T>(x.high)};
    } else {
        using c = exp_constants<T>;
        R const above = x < -c::clamp ? R{} - c::clamp : x, clamped = above > c::clamp ? R{} + c::clamp : above;
        R const magic = R{} + T(1.5) * T(std::uint64_t(1) << c::mantissa);
        R const shifted = clamped * T(1.44269504088896340736) + magic; // its last bits are the nearest whole number of ln 2
        R const count = shifted - magic;
        R const rest = (clamped - count * c::ln2_high) - count * c::ln2_low;
        R sum = R{} + c::inverse_factorials[c::terms]; // Taylor, |rest| <= 0.347
        for (int k = c::terms - 1; k >= 0; --k) sum = R{} + c::inverse_factorials[k] + sum * rest;
#if defined(__AVX512F__) // rounds once, and knows the ends of the range
        R result;
        if constexpr (sizeof(T) == 4) {
            result = std::bit_cast<R>(_mm512_scalef_ps(std::bit_cast<__m512>(sum), std::bit_cast<__m512>(count)));
        } else {
            result = std::bit_cast<R>(_mm512_scalef_pd(std::bit_cast<__m512d>(sum), std::bit_cast<__m512d>(count)));
        }
#else
        using integers = typename register_of<T>::integers; // without a sign: no processor before AVX-512 shifts 64 bits with one
        integers const whole = std::bit_cast<integers>(shifted) - std::bit_cast<integers>(magic) + 2 * c::bias;
        integers const half = whole >> 1, other = whole - half; // two factors, so that the ends of the range are reached
        R result = sum * std::bit_cast<R>(half << c::mantissa) * std::bit_cast<R>(other << c::mantissa);
        result = x > c::highest ? R{} + std::numeric_limits<T>::infinity() : result;
        result = x < c::lowest ? R{} : result;
#endif
        return x == x ? result : x; // NaN stays NaN
    }
}

} // namespace detail

/// e^x, within 2 ulp; overflow gives infinity, as the scalar function does.
template <class T>
SPIKEFUSE_FUNCTION lanes<T> exp(lanes<T> x) {
    return detail::exp_of<T>(x.value);
}

template <class T>
SPIKEFUSE_FUNCTION lanes<T> floor(lanes<T> x) {
    return each_lane(x, [](T one) { return std::floor(one); });
}
template <class T>
SPIKEFUSE_FUNCTION lanes<T> log(lanes<T> x) {
    return each_lane(x, [](T one) { return std::log(one); });
}
template <class T>
SPIKEFUSE_FUNCTION lanes<T> sqrt(lanes<T> x) {
    return each_lane(x, [](T one) { return std::sqrt(one); });
}
#else
template <class T>
SPIKEFUSE_FUNCTION lanes<T> exp(lanes<T> x) {
    return std::exp(x.value);
}
template <class T>
SPIKEFUSE_FUNCTION lanes<T> floor(lanes<T> x) {
    return std::floor(x.value);
}
template <class T>
SPIKEFUSE_FUNCTION lanes<T> log(lanes<T> x) {
    return std::log(x.value);
}
template <class T>
SPIKEFUSE_FUNCTION lanes<T> sqrt(lanes<T> x) {
    return std::sqrt(x.value);
}
#endif

template <class T>
SPIKEFUSE_FUNCTION lanes<T> abs(lanes<T> x) {
    return select(x < lanes<T>(0), -x, x);
}
template <class T>
SPIKEFUSE_FUNCTION lanes<T> square(lanes<T> x) {
    return x * x;
}
template <class T>
SPIKEFUSE_FUNCTION lanes<T> maximum(lanes<T> a, lanes<T> b) {
    return select(a > b, a, b);
}
template <class T>
SPIKEFUSE_FUNCTION lanes<T> minimum(lanes<T> a, lanes<T> b) {
    return select(a > b, b, a);
}

} // namespace spikefuse
