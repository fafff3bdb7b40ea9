// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What 64 bytes of numbers are on the host: one register of the processor where it has so long
/// ones (AVX-512), else halves of halves that are (32 bytes on AVX, else 16). A vector longer than
/// a register would do, but g++ takes its comparisons and selects apart, number by number.

#include "../tuple.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__AVX__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class T>
struct register_of; // its vectors are named one by one: a vector of a template parameter is not a
                    // type of its own to g++
template <>
struct register_of<float> {
    typedef float numbers __attribute__((vector_size(SPIKEFUSE_REGISTER_BYTES)));
    typedef std::uint32_t integers __attribute__((vector_size(SPIKEFUSE_REGISTER_BYTES)));
};
template <>
struct register_of<double> {
    typedef double numbers __attribute__((vector_size(SPIKEFUSE_REGISTER_BYTES)));
    typedef std::uint64_t integers __attribute__((vector_size(SPIKEFUSE_REGISTER_BYTES)));
};

/// Two registers, or two pairs of them, as one. Lanes of `low` come first.
template <class Half>
struct halves {
    using half = Half;
    Half low, high;

    friend SPIKEFUSE_FUNCTION halves operator+(halves a, halves b) {
        return {a.low + b.low, a.high + b.high};
    }
    friend SPIKEFUSE_FUNCTION halves operator-(halves a, halves b) {
        return {a.low - b.low, a.high - b.high};
    }
    friend SPIKEFUSE_FUNCTION halves operator*(halves a, halves b) {
        return {a.low * b.low, a.high * b.high};
    }
    friend SPIKEFUSE_FUNCTION halves operator/(halves a, halves b) {
        return {a.low / b.low, a.high / b.high};
    }
    friend SPIKEFUSE_FUNCTION halves operator-(halves a) { return {-a.low, -a.high}; }
    friend SPIKEFUSE_FUNCTION halves operator&(halves a, halves b) {
        return {static_cast<Half>(a.low & b.low), static_cast<Half>(a.high & b.high)};
    }
    friend SPIKEFUSE_FUNCTION halves operator|(halves a, halves b) {
        return {static_cast<Half>(a.low | b.low), static_cast<Half>(a.high | b.high)};
    }
};
template <class Register>
inline constexpr bool in_halves = false;
template <class Half>
inline constexpr bool in_halves<halves<Half>> = true;

/// `Register` until it has 64 bytes.
template <class Register>
using whole_line = std::conditional_t<
    sizeof(Register) == 64, Register,
    std::conditional_t<sizeof(Register) == 32, halves<Register>, halves<halves<Register>>>>;

/// `Count` of them, a power of two.
template <class Register, int Count>
struct side_by_side {
    using type = halves<typename side_by_side<Register, Count / 2>::type>;
};
template <class Register>
struct side_by_side<Register, 1> {
    using type = Register;
};

/// Which lanes: on AVX-512 a bit each, elsewhere all bits of a lane set or none.
template <class T>
#if defined(__AVX512F__)
using mask_register = std::conditional_t<sizeof(T) == 4, __mmask16, __mmask8>;
#else
using mask_register = whole_line<typename register_of<T>::integers>;
#endif

// --- functions of one register, or of its halves; T is the type of a lane ---

/// One of `Count` that stand side by side.
template <int Count, int Index, class R>
SPIKEFUSE_FUNCTION auto part_of(R const& x) {
    if constexpr (Count == 1) {
        return x;
    } else if constexpr (Index < Count / 2) {
        return part_of<Count / 2, Index>(x.low);
    } else {
        return part_of<Count / 2, Index - Count / 2>(x.high);
    }
}
/// `Count` side by side; part(fixed<k>): number k of them.
template <class R, int Count, int First = 0, class Part>
SPIKEFUSE_FUNCTION R joined(Part const& part) {
    if constexpr (Count == 1) {
        return part(fixed<First>{});
    } else {
        return {joined<typename R::half, Count / 2, First>(part),
                joined<typename R::half, Count / 2, First + Count / 2>(part)};
    }
}

template <class R, class T>
SPIKEFUSE_FUNCTION R all_of(T number) {
    if constexpr (in_halves<R>) {
        auto const half = all_of<typename R::half>(number);
        return {half, half};
    } else {
        return number - R{};
    }
}

template <class R, class T>
SPIKEFUSE_FUNCTION R load(T const* from) {
    if constexpr (in_halves<R>) {
        using half = typename R::half;
        return {load<half>(from), load<half>(from + sizeof(half) / sizeof(T))};
    } else {
        R result;
        std::memcpy(&result, from, sizeof result);
        return result;
    }
}
template <class R, class T>
SPIKEFUSE_FUNCTION void store(R const& x, T* to) {
    if constexpr (in_halves<R>) {
        store(x.low, to), store(x.high, to + sizeof x.low / sizeof(T));
    } else {
        std::memcpy(to, &x, sizeof x);
    }
}
/// The first `Count` numbers, and nothing behind them; other lanes are 0.
template <class R, int Count, class T>
SPIKEFUSE_FUNCTION R load_first(T const* from) {
    constexpr int all = static_cast<int>(sizeof(R) / sizeof(T));
    if constexpr (Count >= all) {
        return load<R>(from);
    } else if constexpr (Count <= 0) {
        return R{};
    } else if constexpr (in_halves<R>) {
        using half = typename R::half;
        return {load_first<half, Count>(from), load_first<half, Count - all / 2>(from + all / 2)};
    } else {
#if defined(__AVX512F__)
        if constexpr (sizeof(T) == 4) {
            return std::bit_cast<R>(
                _mm512_maskz_loadu_ps(static_cast<__mmask16>((1u << Count) - 1u), from));
        } else {
            return std::bit_cast<R>(
                _mm512_maskz_loadu_pd(static_cast<__mmask8>((1u << Count) - 1u), from));
        }
#else
        R result{};
        for (int k = 0; k < Count; ++k) result[k] = from[k];
        return result;
#endif
    }
}
template <int Count, class R, class T>
SPIKEFUSE_FUNCTION void store_first(R const& x, T* to) {
    constexpr int all = static_cast<int>(sizeof(R) / sizeof(T));
    if constexpr (Count >= all) {
        store(x, to);
    } else if constexpr (Count <= 0) {
        return;
    } else if constexpr (in_halves<R>) {
        store_first<Count>(x.low, to), store_first<Count - all / 2>(x.high, to + all / 2);
    } else {
#if defined(__AVX512F__)
        if constexpr (sizeof(T) == 4) {
            _mm512_mask_storeu_ps(to, static_cast<__mmask16>((1u << Count) - 1u),
                                  std::bit_cast<__m512>(x));
        } else {
            _mm512_mask_storeu_pd(to, static_cast<__mmask8>((1u << Count) - 1u),
                                  std::bit_cast<__m512d>(x));
        }
#else
        std::memcpy(to, &x, Count * sizeof(T));
#endif
    }
}
template <class R, class T>
SPIKEFUSE_FUNCTION void stream(R const& x, T* to) {
    if constexpr (in_halves<R>) {
        stream(x.low, to), stream(x.high, to + sizeof x.low / sizeof(T));
    } else {
#if defined(__AVX512F__)
        _mm512_stream_si512(reinterpret_cast<__m512i*>(to), std::bit_cast<__m512i>(x));
#elif defined(__AVX__)
        _mm256_stream_si256(reinterpret_cast<__m256i*>(to), std::bit_cast<__m256i>(x));
#elif defined(__SSE2__)
        _mm_stream_si128(reinterpret_cast<__m128i*>(to), std::bit_cast<__m128i>(x));
#else
        store(x, to);
#endif
    }
}
SPIKEFUSE_FUNCTION void finish_streams() {
#if defined(__SSE2__)
    _mm_sfence();
#endif
}

template <class T, class R>
SPIKEFUSE_FUNCTION T lane_of(R const& x, int k) {
    if constexpr (in_halves<R>) {
        constexpr int middle = static_cast<int>(sizeof x.low / sizeof(T));
        return k < middle ? lane_of<T>(x.low, k) : lane_of<T>(x.high, k - middle);
    } else {
        return x[k];
    }
}
template <class T, class R, class Function>
SPIKEFUSE_FUNCTION R each_lane_of(R x, Function const& function) {
    if constexpr (in_halves<R>) {
        return {each_lane_of<T>(x.low, function), each_lane_of<T>(x.high, function)};
    } else {
        for (int k = 0; k < static_cast<int>(sizeof x / sizeof(T)); ++k) x[k] = function(x[k]);
        return x;
    }
}

enum class comparison { greater, greater_equal, less, less_equal, not_equal };
template <comparison How, class M, class T, class R>
SPIKEFUSE_FUNCTION M compare(R a, R b) {
    if constexpr (in_halves<R>) {
        return {compare<How, decltype(M::low), T>(a.low, b.low),
                compare<How, decltype(M::low), T>(a.high, b.high)};
    } else {
#if defined(__AVX512F__)
        constexpr int predicates[] = {_CMP_GT_OQ, _CMP_GE_OQ, _CMP_LT_OQ, _CMP_LE_OQ, _CMP_NEQ_UQ};
        constexpr int predicate = predicates[static_cast<int>(How)];
        if constexpr (sizeof(T) == 4) {
            return _mm512_cmp_ps_mask(std::bit_cast<__m512>(a), std::bit_cast<__m512>(b),
                                      predicate);
        } else {
            return _mm512_cmp_pd_mask(std::bit_cast<__m512d>(a), std::bit_cast<__m512d>(b),
                                      predicate);
        }
#else
        if constexpr (How == comparison::greater) return std::bit_cast<M>(a > b);
        if constexpr (How == comparison::greater_equal) return std::bit_cast<M>(a >= b);
        if constexpr (How == comparison::less) return std::bit_cast<M>(a < b);
        if constexpr (How == comparison::less_equal) return std::bit_cast<M>(a <= b);
        if constexpr (How == comparison::not_equal) return std::bit_cast<M>(a != b);
#endif
    }
}
template <class T, class M, class R>
SPIKEFUSE_FUNCTION R choose(M where, R yes, R no) {
    if constexpr (in_halves<R>) {
        return {choose<T>(where.low, yes.low, no.low), choose<T>(where.high, yes.high, no.high)};
    } else {
#if defined(__AVX512F__)
        if constexpr (sizeof(T) == 4) {
            return std::bit_cast<R>(
                _mm512_mask_blend_ps(where, std::bit_cast<__m512>(no), std::bit_cast<__m512>(yes)));
        } else {
            return std::bit_cast<R>(_mm512_mask_blend_pd(where, std::bit_cast<__m512d>(no),
                                                         std::bit_cast<__m512d>(yes)));
        }
#elif defined(__AVX__) // `where ? yes : no` would compare `where` with zero first
        if constexpr (sizeof(T) == 4) {
            return std::bit_cast<R>(_mm256_blendv_ps(std::bit_cast<__m256>(no),
                                                     std::bit_cast<__m256>(yes),
                                                     std::bit_cast<__m256>(where)));
        } else {
            return std::bit_cast<R>(_mm256_blendv_pd(std::bit_cast<__m256d>(no),
                                                     std::bit_cast<__m256d>(yes),
                                                     std::bit_cast<__m256d>(where)));
        }
#else
        return where ? yes : no;
#endif
    }
}
#if !defined(__SSE2__)
/// The bits of lanes, each in its own lane, those of all halves in one register: as their numbers
/// differ, its lanes together are the bits of all. No processor but x86 has an instruction for it.
template <class T, int First, class M>
SPIKEFUSE_FUNCTION auto bits_in_lanes(M where) {
    if constexpr (in_halves<M>) {
        constexpr int middle = First + static_cast<int>(sizeof where.low / sizeof(T));
        return bits_in_lanes<T, First>(where.low) | bits_in_lanes<T, middle>(where.high);
    } else {
        M one_of_each{};
        for (int k = 0; k < static_cast<int>(sizeof(M) / sizeof(T)); ++k)
            one_of_each[k] = 1u << (First + k);
        return static_cast<M>(where & one_of_each);
    }
}
#endif
/// One bit a lane, lane 0 lowest.
template <class T, class M>
SPIKEFUSE_FUNCTION std::uint32_t bits_of(M where) {
#if defined(__SSE2__)
    if constexpr (in_halves<M>) {
        return bits_of<T>(where.low) | bits_of<T>(where.high) << (sizeof where.low / sizeof(T));
    } else {
#if defined(__AVX512F__)
        return where;
#elif defined(__AVX__)
        return static_cast<std::uint32_t>(sizeof(T) == 4
                                              ? _mm256_movemask_ps(std::bit_cast<__m256>(where))
                                              : _mm256_movemask_pd(std::bit_cast<__m256d>(where)));
#else
        return static_cast<std::uint32_t>(sizeof(T) == 4
                                              ? _mm_movemask_ps(std::bit_cast<__m128>(where))
                                              : _mm_movemask_pd(std::bit_cast<__m128d>(where)));
#endif
    }
#else
    auto const bits = bits_in_lanes<T, 0>(where);
    std::uint32_t result = 0;
    for (int k = 0; k < static_cast<int>(sizeof bits / sizeof(T)); ++k)
        result |= static_cast<std::uint32_t>(bits[k]);
    return result;
#endif
}
/// The lanes whose bit is set.
template <class T, class M>
SPIKEFUSE_FUNCTION M lanes_with(std::uint32_t bits) {
    if constexpr (in_halves<M>) {
        using half = typename M::half;
        return {lanes_with<T, half>(bits), lanes_with<T, half>(bits >> (sizeof(half) / sizeof(T)))};
    } else {
#if defined(__AVX512F__)
        return static_cast<M>(bits);
#else
        M one_of_each{};
        for (int k = 0; k < static_cast<int>(sizeof(M) / sizeof(T)); ++k) one_of_each[k] = 1u << k;
        using integer = std::remove_reference_t<decltype(one_of_each[0])>;
        return std::bit_cast<M>(((static_cast<integer>(bits) - M{}) & one_of_each) != 0);
#endif
    }
}

/// Numbers of one register of the processor.
template <class T>
inline constexpr int numbers_of_register = SPIKEFUSE_REGISTER_BYTES / static_cast<int>(sizeof(T));
/// Lanes of `a`, and of `b` moved by `By`, by turns of `By` lanes; or the others, the other way.
template <int By, bool Second, class R, std::size_t... Lane>
SPIKEFUSE_FUNCTION R by_turns(R a, R b, std::index_sequence<Lane...>) {
    constexpr int count = sizeof...(Lane);
    return __builtin_shufflevector(a, b,
                                   (static_cast<int>(Lane) & By) == 0
                                       ? static_cast<int>(Lane) + (Second ? By : 0)
                                       : count + static_cast<int>(Lane) - (Second ? 0 : By)...);
}
/// As many rows as a register has numbers, the other way round: the first `wanted` of them.
template <class T>
SPIKEFUSE_FUNCTION void turn_square(T const* from, std::size_t from_apart, T* to,
                                    std::size_t to_apart, int wanted) {
    using numbers = typename register_of<T>::numbers;
    constexpr int count = numbers_of_register<T>;
    using all = std::make_index_sequence<static_cast<std::size_t>(count)>;
    numbers rows[count];
    for (int r = 0; r < count; ++r)
        rows[r] = load<numbers>(from + static_cast<std::size_t>(r) * from_apart);
    auto const exchange = [&]<int By>(fixed<By>) SPIKEFUSE_INLINE {
        for (int r = 0; r < count; ++r)
            if ((r & By) == 0) {
                numbers const a = rows[r], b = rows[r + By];
                rows[r] = by_turns<By, false>(a, b, all{});
                rows[r + By] = by_turns<By, true>(a, b, all{});
            }
    };
    if constexpr (count >= 16) exchange(fixed<8>{});
    if constexpr (count >= 8) exchange(fixed<4>{});
    if constexpr (count >= 4) exchange(fixed<2>{});
    exchange(fixed<1>{});
    for (int r = 0; r < count; ++r)
        if (r < wanted) store(rows[r], to + static_cast<std::size_t>(r) * to_apart);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
