#pragma once
/// One register of neurons: the arithmetic type in which equations are evaluated.
///
/// On the host `lanes<T>` is a 64-byte vector (GNU vector extension: the compiler lowers it to AVX-512, AVX2, NEON or
/// plain code, so no flag is imposed on a consumer); in device code it is one number, and threads are the lanes. SPIKEFUSE_ONE_LANE makes
/// it one number on the host too: so the tests run what a device runs.

#include "macros.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if !defined(__CUDACC__) && !defined(__HIPCC__) && defined(__GNUC__) && !defined(SPIKEFUSE_ONE_LANE)
#define SPIKEFUSE_HOST_LANES 1
#else
#define SPIKEFUSE_HOST_LANES 0
#endif
#if SPIKEFUSE_HOST_LANES && (defined(__AVX512F__) || defined(__AVX2__))
#include <immintrin.h>
#endif

namespace spikefuse {

#if SPIKEFUSE_HOST_LANES

template <class T>
struct lanes;
template <class T>
struct lane_mask;
template <class T>
SPIKEFUSE_FUNCTION lanes<T> select(lane_mask<T> where, lanes<T> yes, lanes<T> no);
template <class T>
SPIKEFUSE_FUNCTION lane_mask<T> mask_of(std::uint32_t bits);

namespace detail { // named one by one: a vector of a template parameter is not a type of its own to g++
template <class T>
struct vector_of;
template <>
struct vector_of<float> {
    typedef float numbers __attribute__((vector_size(64)));
    typedef std::int32_t integers __attribute__((vector_size(64)));
};
template <>
struct vector_of<double> {
    typedef double numbers __attribute__((vector_size(64)));
    typedef std::int64_t integers __attribute__((vector_size(64)));
};
} // namespace detail

/// Which lanes: on AVX-512 a bit each, elsewhere all bits of a lane set or none.
#if defined(__AVX512F__)
template <class T>
struct lane_mask {
    using native = std::conditional_t<sizeof(T) == 4, __mmask16, __mmask8>;
    native value;

    friend SPIKEFUSE_FUNCTION lane_mask operator&(lane_mask a, lane_mask b) { return {static_cast<native>(a.value & b.value)}; }
    friend SPIKEFUSE_FUNCTION lane_mask operator|(lane_mask a, lane_mask b) { return {static_cast<native>(a.value | b.value)}; }

    /// One bit a lane, lane 0 lowest.
    SPIKEFUSE_FUNCTION std::uint32_t bits() const { return value; }
};
#else
template <class T>
struct lane_mask {
    using native = typename detail::vector_of<T>::integers;
    native value;

    friend SPIKEFUSE_FUNCTION lane_mask operator&(lane_mask a, lane_mask b) { return {a.value & b.value}; }
    friend SPIKEFUSE_FUNCTION lane_mask operator|(lane_mask a, lane_mask b) { return {a.value | b.value}; }

    /// One bit a lane, lane 0 lowest.
    SPIKEFUSE_FUNCTION std::uint32_t bits() const {
#if defined(__AVX2__)
        __m256i half[2];
        std::memcpy(half, &value, 64);
        if constexpr (sizeof(T) == 4) {
            return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(half[0]))) |
                   static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(half[1]))) << 8;
        } else {
            return static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(half[0]))) |
                   static_cast<std::uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(half[1]))) << 4;
        }
#else
        std::uint32_t result = 0;
        for (int k = 0; k < lanes<T>::width; ++k) result |= static_cast<std::uint32_t>(value[k] & 1) << k;
        return result;
#endif
    }
};
#endif

template <class T>
struct lanes {
    static constexpr int width = 64 / static_cast<int>(sizeof(T));
    using number = T;
    using mask = lane_mask<T>;
    using native = typename detail::vector_of<T>::numbers;
    native value;

    lanes() = default;
    SPIKEFUSE_FUNCTION lanes(native raw) : value(raw) {}
    template <class Number>
        requires std::is_arithmetic_v<Number>
    SPIKEFUSE_FUNCTION lanes(Number all) : value(static_cast<T>(all) - native{}) {}

    static SPIKEFUSE_FUNCTION lanes load(T const* from) {
        lanes result;
        std::memcpy(&result.value, from, sizeof(native));
        return result;
    }
    SPIKEFUSE_FUNCTION void store(T* to) const { std::memcpy(to, &value, sizeof(native)); }
    /// Past the caches, to a whole cache line: for numbers that nobody reads soon. `finish_streams` makes them visible.
    SPIKEFUSE_FUNCTION void stream(T* to) const {
#if defined(__AVX512F__)
        _mm512_stream_si512(reinterpret_cast<__m512i*>(to), std::bit_cast<__m512i>(value));
#elif defined(__AVX2__)
        __m256i half[2];
        std::memcpy(half, &value, 64);
        _mm256_stream_si256(reinterpret_cast<__m256i*>(to), half[0]);
        _mm256_stream_si256(reinterpret_cast<__m256i*>(to) + 1, half[1]);
#else
        store(to);
#endif
    }
    static SPIKEFUSE_FUNCTION void finish_streams() {
#if defined(__AVX512F__) || defined(__AVX2__)
        _mm_sfence();
#endif
    }
    /// 1 in the lanes whose bit is set, lane 0 lowest; 0 in the others.
    static SPIKEFUSE_FUNCTION lanes of_bits(std::uint32_t bits) {
#if defined(__AVX512F__)
        return select(mask_of<T>(bits), lanes(T(1)), lanes(T(0)));
#else // g++ takes a select of more than a register of the processor's apart, lane by lane
        lanes result;
        for (int k = 0; k < width; ++k) result.value[k] = static_cast<T>(bits >> k & 1u);
        return result;
#endif
    }
    SPIKEFUSE_FUNCTION T lane(int k) const { return value[k]; }

    friend SPIKEFUSE_FUNCTION lanes operator+(lanes a, lanes b) { return a.value + b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator-(lanes a, lanes b) { return a.value - b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator*(lanes a, lanes b) { return a.value * b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator/(lanes a, lanes b) { return a.value / b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator-(lanes a) { return -a.value; }
    SPIKEFUSE_FUNCTION lanes& operator+=(lanes b) { return value += b.value, *this; }
#if defined(__AVX512F__)
    template <int Predicate>
    static SPIKEFUSE_FUNCTION mask compare(lanes a, lanes b) {
        if constexpr (sizeof(T) == 4) {
            return {_mm512_cmp_ps_mask(std::bit_cast<__m512>(a.value), std::bit_cast<__m512>(b.value), Predicate)};
        } else {
            return {_mm512_cmp_pd_mask(std::bit_cast<__m512d>(a.value), std::bit_cast<__m512d>(b.value), Predicate)};
        }
    }
    friend SPIKEFUSE_FUNCTION mask operator>(lanes a, lanes b) { return compare<_CMP_GT_OQ>(a, b); }
    friend SPIKEFUSE_FUNCTION mask operator>=(lanes a, lanes b) { return compare<_CMP_GE_OQ>(a, b); }
    friend SPIKEFUSE_FUNCTION mask operator<(lanes a, lanes b) { return compare<_CMP_LT_OQ>(a, b); }
    friend SPIKEFUSE_FUNCTION mask operator<=(lanes a, lanes b) { return compare<_CMP_LE_OQ>(a, b); }
    friend SPIKEFUSE_FUNCTION mask operator!=(lanes a, lanes b) { return compare<_CMP_NEQ_UQ>(a, b); }
#else
    friend SPIKEFUSE_FUNCTION mask operator>(lanes a, lanes b) { return {a.value > b.value}; }
    friend SPIKEFUSE_FUNCTION mask operator>=(lanes a, lanes b) { return {a.value >= b.value}; }
    friend SPIKEFUSE_FUNCTION mask operator<(lanes a, lanes b) { return {a.value < b.value}; }
    friend SPIKEFUSE_FUNCTION mask operator<=(lanes a, lanes b) { return {a.value <= b.value}; }
    friend SPIKEFUSE_FUNCTION mask operator!=(lanes a, lanes b) { return {a.value != b.value}; }
#endif
};

template <class T>
SPIKEFUSE_FUNCTION lanes<T> select(lane_mask<T> where, lanes<T> yes, lanes<T> no) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4) {
        return std::bit_cast<typename lanes<T>::native>(
            _mm512_mask_blend_ps(where.value, std::bit_cast<__m512>(no.value), std::bit_cast<__m512>(yes.value)));
    } else {
        return std::bit_cast<typename lanes<T>::native>(
            _mm512_mask_blend_pd(where.value, std::bit_cast<__m512d>(no.value), std::bit_cast<__m512d>(yes.value)));
    }
#else
    return where.value ? yes.value : no.value;
#endif
}
/// The lanes whose bit is set, lane 0 lowest.
template <class T>
SPIKEFUSE_FUNCTION lane_mask<T> mask_of(std::uint32_t bits) {
#if defined(__AVX512F__)
    return {static_cast<typename lane_mask<T>::native>(bits)};
#else
    using native = typename lane_mask<T>::native;
    native one_of_each{};
    for (int k = 0; k < lanes<T>::width; ++k) one_of_each[k] = 1 << k;
    using integer = std::remove_reference_t<decltype(one_of_each[0])>;
    return {((static_cast<integer>(bits) - native{}) & one_of_each) != 0};
#endif
}

/// The mask of one lane, none where `k` is not one.
template <class T>
SPIKEFUSE_FUNCTION lane_mask<T> lane_is(int k) {
    return mask_of<T>(k >= 0 && k < lanes<T>::width ? 1u << k : 0u);
}

/// Applies a scalar function lane by lane.
template <class T, class Function>
SPIKEFUSE_FUNCTION lanes<T> each_lane(lanes<T> x, Function const& function) {
    for (int k = 0; k < lanes<T>::width; ++k) x.value[k] = function(x.value[k]);
    return x;
}

#else

template <class T>
struct lane_mask {
    bool value;
    friend SPIKEFUSE_FUNCTION lane_mask operator&(lane_mask a, lane_mask b) { return {a.value && b.value}; }
    friend SPIKEFUSE_FUNCTION lane_mask operator|(lane_mask a, lane_mask b) { return {a.value || b.value}; }
    SPIKEFUSE_FUNCTION std::uint32_t bits() const { return value ? 1u : 0u; }
};

template <class T>
struct lanes {
    static constexpr int width = 1;
    using number = T;
    using mask = lane_mask<T>;
    T value;

    lanes() = default;
    template <class Number>
        requires std::is_arithmetic_v<Number>
    SPIKEFUSE_FUNCTION lanes(Number all) : value(static_cast<T>(all)) {}
    static SPIKEFUSE_FUNCTION lanes load(T const* from) { return *from; }
    SPIKEFUSE_FUNCTION void store(T* to) const { *to = value; }
    SPIKEFUSE_FUNCTION void stream(T* to) const { store(to); }
    static SPIKEFUSE_FUNCTION void finish_streams() {}
    static SPIKEFUSE_FUNCTION lanes of_bits(std::uint32_t bits) { return T(bits & 1u); }
    SPIKEFUSE_FUNCTION T lane(int) const { return value; }

    friend SPIKEFUSE_FUNCTION lanes operator+(lanes a, lanes b) { return a.value + b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator-(lanes a, lanes b) { return a.value - b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator*(lanes a, lanes b) { return a.value * b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator/(lanes a, lanes b) { return a.value / b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator-(lanes a) { return -a.value; }
    SPIKEFUSE_FUNCTION lanes& operator+=(lanes b) { return value += b.value, *this; }
    friend SPIKEFUSE_FUNCTION mask operator>(lanes a, lanes b) { return {a.value > b.value}; }
    friend SPIKEFUSE_FUNCTION mask operator>=(lanes a, lanes b) { return {a.value >= b.value}; }
    friend SPIKEFUSE_FUNCTION mask operator<(lanes a, lanes b) { return {a.value < b.value}; }
    friend SPIKEFUSE_FUNCTION mask operator<=(lanes a, lanes b) { return {a.value <= b.value}; }
    friend SPIKEFUSE_FUNCTION mask operator!=(lanes a, lanes b) { return {a.value != b.value}; }
};

template <class T>
SPIKEFUSE_FUNCTION lanes<T> select(lane_mask<T> where, lanes<T> yes, lanes<T> no) {
    return where.value ? yes : no;
}
template <class T>
SPIKEFUSE_FUNCTION lane_mask<T> lane_is(int k) {
    return {k == 0};
}
template <class T, class Function>
SPIKEFUSE_FUNCTION lanes<T> each_lane(lanes<T> x, Function const& function) {
    return function(x.value);
}

#endif

/// Neurons whose weights lie side by side: those of a register; where that is one number, those of 32 threads that run together.
template <class T>
inline constexpr int panel_width = lanes<T>::width > 1 ? lanes<T>::width : 32;
/// Registers that a thread runs side by side, so that none waits for itself: `many`; but one where a register is one number, so that
/// threads that run together read what lies together.
template <class T>
SPIKEFUSE_FUNCTION constexpr int registers_together(int many) {
    return lanes<T>::width > 1 ? many : 1;
}

} // namespace spikefuse
