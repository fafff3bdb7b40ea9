// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Functions of a register of neurons.

#include "finite.hpp"
#include "lanes.hpp"

#include <array>
#include <cmath>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

#if SPIKEFUSE_HOST_LANES

/// `near_zero`: the polynomial whose largest relative error is smallest where |x| <= 0.3475
/// (Remez): 1.9e-9, and 3.1e-18.
template <class T>
struct exp_constants;
template <>
struct exp_constants<float> {
    static constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
    static constexpr float highest = 88.7228394f, lowest = -103.972084f, clamp = 104.0f;
    static constexpr std::array near_zero{
        1.f,           1.0000000369f,  0.49999991952f,   0.16666417545f,
        0.0416682423f, 0.00837503666f, 0.00138365680147f};
    static constexpr std::uint32_t mantissa = 23, bias = 127;
    static constexpr float magic = 1.5f * (1u << mantissa);
};
template <>
struct exp_constants<double> {
    static constexpr double ln2_high = 6.93147180369123816490e-01,
                            ln2_low = 1.90821492927058770002e-10;
    static constexpr double highest = 709.782712893383973096, lowest = -745.133219101941108420,
                            clamp = 746.0;
    static constexpr std::array near_zero{1.,
                                          1.,
                                          0.5000000000000017902814,
                                          0.1666666666666616251742,
                                          0.04166666666649105894163,
                                          0.008333333333561500442753,
                                          0.001388888895168316373962,
                                          0.0001984126942965883236806,
                                          0.00002480148602668135283068,
                                          2.755762402400160101705e-6,
                                          2.763247725916530786281e-7,
                                          2.499416283307112064208e-8};
    static constexpr std::uint64_t mantissa = 52, bias = 1023;
    static constexpr double magic = 1.5 * (std::uint64_t(1) << mantissa);
};

template <class T, class R>
SPIKEFUSE_FUNCTION R clamped(R x, T bound) {
    if constexpr (in_halves<R>) {
        return {clamped(x.low, bound), clamped(x.high, bound)};
    } else {
        R const above = x < -bound ? R{} - bound : x;
        return above > bound ? R{} + bound : above;
    }
}
/// e^x = near * 2^count; `shifted` holds `count` in its last bits.
template <class T, class R>
SPIKEFUSE_FUNCTION R scaled([[maybe_unused]] R x, R near, R count, [[maybe_unused]] R shifted) {
    if constexpr (in_halves<R>) {
        return {scaled<T>(x.low, near.low, count.low, shifted.low),
                scaled<T>(x.high, near.high, count.high, shifted.high)};
    } else {
#if defined(__AVX512F__) // rounds once, and knows the ends of the range
        if constexpr (sizeof(T) == 4) {
            return std::bit_cast<R>(
                _mm512_scalef_ps(std::bit_cast<__m512>(near), std::bit_cast<__m512>(count)));
        } else {
            return std::bit_cast<R>(
                _mm512_scalef_pd(std::bit_cast<__m512d>(near), std::bit_cast<__m512d>(count)));
        }
#else
        using c = exp_constants<T>;
        using integers = typename register_of<T>::integers; // without a sign: no processor before
                                                            // AVX-512 shifts 64 bits with one
        integers const whole = std::bit_cast<integers>(shifted) -
                               std::bit_cast<integers>(R{} + c::magic) + 2 * c::bias;
        integers const half = whole >> 1,
                       other =
                           whole - half; // two factors, so that the ends of the range are reached
        R result =
            near * std::bit_cast<R>(half << c::mantissa) * std::bit_cast<R>(other << c::mantissa);
        result = x > c::highest ? R{} + infinite<T> : result;
        return x < c::lowest ? R{} : result;
#endif
    }
}
/// e^x of one register, or of its halves: they take turns operation by operation. NaN goes through
/// all of it.
template <class T, class R>
SPIKEFUSE_FUNCTION R exp_of(R x) {
    using c = exp_constants<T>;
    auto const all = [](T number) { return all_of<R>(number); };
    R const bound = clamped(x, c::clamp), magic = all(c::magic);
    R const shifted = bound * all(T(1.44269504088896340736)) +
                      magic; // its last bits are the nearest whole number of ln 2
    R const count = shifted - magic;
    R const rest = (bound - count * all(c::ln2_high)) - count * all(c::ln2_low);
    R sum = all(c::near_zero.back());
    for_each_index<c::near_zero.size() - 1>(
        [&](auto k) { sum = all(c::near_zero[c::near_zero.size() - 2 - k]) + sum * rest; });
    return scaled<T>(x, sum, count, shifted);
}

/// e^x, within 2 ulp; overflow gives infinity, as the scalar function does.
template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> exp(lanes<T, Count> x) {
    return exp_of<T>(x.value);
}

template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> floor(lanes<T, Count> x) {
    return each_lane(x, [](T one) { return std::floor(one); });
}
template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> log(lanes<T, Count> x) {
    return each_lane(x, [](T one) { return std::log(one); });
}
template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> sqrt(lanes<T, Count> x) {
    return each_lane(x, [](T one) { return std::sqrt(one); });
}
#else
template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> exp(lanes<T, Count> x) {
    return std::exp(x.value);
}
template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> floor(lanes<T, Count> x) {
    return std::floor(x.value);
}
template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> log(lanes<T, Count> x) {
    return std::log(x.value);
}
template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> sqrt(lanes<T, Count> x) {
    return std::sqrt(x.value);
}
#endif

template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> abs(lanes<T, Count> x) {
    return select(x < lanes<T, Count>(0), -x, x);
}
template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> square(lanes<T, Count> x) {
    return x * x;
}
template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> maximum(lanes<T, Count> a, lanes<T, Count> b) {
    return select(a > b, a, b);
}
template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> minimum(lanes<T, Count> a, lanes<T, Count> b) {
    return select(a > b, b, a);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
