// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// One register of neurons: the arithmetic type in which equations are evaluated.
///
/// On the host `lanes<T>` is 64 bytes of numbers (GNU vector extension: the compiler lowers it to
/// AVX-512, AVX2, SSE2, NEON or plain code, so no flag is imposed on a consumer); in device code it
/// is one number, and threads are the lanes. SPIKEFUSE_ONE_LANE makes it one number on the host
/// too: so the tests run what a device runs.

#include "tuple.hpp"

#include <cmath>
#include <cstdint>
#include <type_traits>

#if SPIKEFUSE_HOST_LANES
#include "detail/registers.hpp"
#endif

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

#if SPIKEFUSE_HOST_LANES

template <class T, int Count = 1>
struct lane_mask {
    using native = typename side_by_side<mask_register<T>, Count>::type;
    native value;

    friend SPIKEFUSE_FUNCTION lane_mask operator&(lane_mask a, lane_mask b) {
        return {static_cast<native>(a.value & b.value)};
    }
    friend SPIKEFUSE_FUNCTION lane_mask operator|(lane_mask a, lane_mask b) {
        return {static_cast<native>(a.value | b.value)};
    }

    template <int Index>
    SPIKEFUSE_FUNCTION lane_mask<T> part() const {
        return {part_of<Count, Index>(value)};
    }
    /// One bit a lane, lane 0 lowest.
    SPIKEFUSE_FUNCTION std::uint32_t bits() const
        requires(Count == 1)
    {
        return bits_of<T>(value);
    }
};
/// The lanes whose bit is set, lane 0 lowest.
template <class T>
SPIKEFUSE_FUNCTION lane_mask<T> mask_of(std::uint32_t bits) {
    return {lanes_with<T, typename lane_mask<T>::native>(bits)};
}
/// The mask of one lane, none where `k` is not one.
template <class T>
SPIKEFUSE_FUNCTION lane_mask<T> lane_is(int k) {
    return mask_of<T>(k >= 0 && k < 64 / static_cast<int>(sizeof(T)) ? 1u << k : 0u);
}

/// `Count` registers side by side, a power of two: each operation is done on all of them before the
/// next one, so that none waits for its own last result.
template <class T, int Count = 1>
struct lanes {
    static constexpr int count = Count, width = Count * 64 / static_cast<int>(sizeof(T));
    using number = T;
    using mask = lane_mask<T, Count>;
    using native = typename side_by_side<whole_line<typename register_of<T>::numbers>, Count>::type;
    native value;

    lanes() = default;
    SPIKEFUSE_FUNCTION lanes(native raw) : value(raw) {}
    template <class Number>
        requires std::is_arithmetic_v<Number>
    SPIKEFUSE_FUNCTION lanes(Number all) : value(all_of<native>(static_cast<T>(all))) {}

    /// `square` rows of `square` numbers, the other way round; of those rows the first `wanted`.
    static constexpr int square = numbers_of_register<T>;
    static SPIKEFUSE_FUNCTION void turn_square(T const* from, std::size_t from_apart, T* to,
                                               std::size_t to_apart, int wanted = square) {
        detail::turn_square(from, from_apart, to, to_apart, wanted);
    }
    static SPIKEFUSE_FUNCTION lanes load(T const* from) { return detail::load<native>(from); }
    SPIKEFUSE_FUNCTION void store(T* to) const { detail::store(value, to); }
    /// The first `Live` lanes; nothing behind them is read, and written. Others are 0.
    template <int Live>
    static SPIKEFUSE_FUNCTION lanes load_first(T const* from) {
        return detail::load_first<native, Live>(from);
    }
    template <int Live>
    SPIKEFUSE_FUNCTION void store_first(T* to) const {
        detail::store_first<Live>(value, to);
    }
    /// Past the caches, to a whole cache line: for numbers that nobody reads soon. `finish_streams`
    /// makes them visible.
    SPIKEFUSE_FUNCTION void stream(T* to) const { detail::stream(value, to); }
    static SPIKEFUSE_FUNCTION void finish_streams() { detail::finish_streams(); }
    /// 1 in the lanes whose bit is set, lane 0 lowest; 0 in the others.
    static SPIKEFUSE_FUNCTION lanes of_bits(std::uint32_t bits)
        requires(Count == 1)
    {
        return select(mask_of<T>(bits), lanes(T(1)), lanes(T(0)));
    }
    /// one(fixed<k>): register k of those that stand side by side.
    template <class One>
    static SPIKEFUSE_FUNCTION lanes join(One const& one) {
        return joined<native, Count>([&](auto k) { return one(k).value; });
    }
    template <int Index>
    SPIKEFUSE_FUNCTION lanes<T> part() const {
        return part_of<Count, Index>(value);
    }
    SPIKEFUSE_FUNCTION T lane(int k) const { return lane_of<T>(value, k); }

    friend SPIKEFUSE_FUNCTION lanes operator+(lanes a, lanes b) { return a.value + b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator-(lanes a, lanes b) { return a.value - b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator*(lanes a, lanes b) { return a.value * b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator/(lanes a, lanes b) { return a.value / b.value; }
    friend SPIKEFUSE_FUNCTION lanes operator-(lanes a) { return -a.value; }
    SPIKEFUSE_FUNCTION lanes& operator+=(lanes b) { return value = value + b.value, *this; }

    template <comparison How>
    static SPIKEFUSE_FUNCTION mask compare(lanes a, lanes b) {
        return {detail::compare<How, typename mask::native, T>(a.value, b.value)};
    }
    friend SPIKEFUSE_FUNCTION mask operator>(lanes a, lanes b) {
        return compare<comparison::greater>(a, b);
    }
    friend SPIKEFUSE_FUNCTION mask operator>=(lanes a, lanes b) {
        return compare<comparison::greater_equal>(a, b);
    }
    friend SPIKEFUSE_FUNCTION mask operator<(lanes a, lanes b) {
        return compare<comparison::less>(a, b);
    }
    friend SPIKEFUSE_FUNCTION mask operator<=(lanes a, lanes b) {
        return compare<comparison::less_equal>(a, b);
    }
    friend SPIKEFUSE_FUNCTION mask operator!=(lanes a, lanes b) {
        return compare<comparison::not_equal>(a, b);
    }
};

template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> select(lane_mask<T, Count> where, lanes<T, Count> yes,
                                          lanes<T, Count> no) {
    return choose<T>(where.value, yes.value, no.value);
}
/// Applies a scalar function lane by lane.
template <class T, int Count, class Function>
SPIKEFUSE_FUNCTION lanes<T, Count> each_lane(lanes<T, Count> x, Function const& function) {
    return each_lane_of<T>(x.value, function);
}

#else

template <class T, int Count = 1>
struct lane_mask {
    bool value;
    friend SPIKEFUSE_FUNCTION lane_mask operator&(lane_mask a, lane_mask b) {
        return {a.value && b.value};
    }
    friend SPIKEFUSE_FUNCTION lane_mask operator|(lane_mask a, lane_mask b) {
        return {a.value || b.value};
    }
    template <int Index>
    SPIKEFUSE_FUNCTION lane_mask part() const {
        return *this;
    }
    SPIKEFUSE_FUNCTION std::uint32_t bits() const { return value ? 1u : 0u; }
};

template <class T, int Count = 1>
struct lanes {
    static_assert(Count == 1);
    static constexpr int count = 1, width = 1;
    using number = T;
    using mask = lane_mask<T, Count>;
    T value;

    lanes() = default;
    template <class Number>
        requires std::is_arithmetic_v<Number>
    SPIKEFUSE_FUNCTION lanes(Number all) : value(static_cast<T>(all)) {}
    static SPIKEFUSE_FUNCTION lanes load(T const* from) { return *from; }
    SPIKEFUSE_FUNCTION void store(T* to) const { *to = value; }
    template <int Live>
    static SPIKEFUSE_FUNCTION lanes load_first(T const* from) {
        return *from;
    }
    template <int Live>
    SPIKEFUSE_FUNCTION void store_first(T* to) const {
        *to = value;
    }
    SPIKEFUSE_FUNCTION void stream(T* to) const { store(to); }
    static SPIKEFUSE_FUNCTION void finish_streams() {}
    static SPIKEFUSE_FUNCTION lanes of_bits(std::uint32_t bits) { return T(bits & 1u); }
    template <class One>
    static SPIKEFUSE_FUNCTION lanes join(One const& one) {
        return one(fixed<0>{});
    }
    template <int Index>
    SPIKEFUSE_FUNCTION lanes part() const {
        return *this;
    }
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

template <class T, int Count>
SPIKEFUSE_FUNCTION lanes<T, Count> select(lane_mask<T, Count> where, lanes<T, Count> yes,
                                          lanes<T, Count> no) {
    return where.value ? yes : no;
}
template <class T>
SPIKEFUSE_FUNCTION lane_mask<T> lane_is(int k) {
    return {k == 0};
}
template <class T, int Count, class Function>
SPIKEFUSE_FUNCTION lanes<T, Count> each_lane(lanes<T, Count> x, Function const& function) {
    return function(x.value);
}

#endif

/// Neurons whose weights lie side by side: those of a register; where that is one number, those of
/// 32 threads that run together.
template <class T>
inline constexpr int panel_width = lanes<T>::width > 1 ? lanes<T>::width : 32;
/// Registers that a thread runs side by side, so that none waits for itself: `many`; at most 4
/// where they are several of the processor's, which would not hold more (measured:
/// docs/lab_notebook/speed.md); but one where a register is one number, so that threads that run
/// together read what lies together.
template <class T>
SPIKEFUSE_FUNCTION constexpr int interleave([[maybe_unused]] int many) {
#if SPIKEFUSE_HOST_LANES
    return in_halves<typename lanes<T>::native> && many > 4 ? 4 : many;
#else
    return 1;
#endif
}

/// Whether sums that stay in registers are better kept few: where a register of neurons is several
/// of the processor's.
template <class T>
inline constexpr bool simd_is_composite = lanes<T>::width > 1 && interleave<T>(12) < 12;

/// Registers of neurons that the processor's registers hold together: 32 with AVX-512, 8 with AVX2
/// and NEON, 4 with SSE2.
inline constexpr int registers_of_neurons = SPIKEFUSE_REGISTERS * SPIKEFUSE_REGISTER_BYTES / 64;

/// Whether the processor runs an operation on 64 bytes as two, so that arithmetic takes twice as
/// long beside the loads: Zen 4.
#ifdef __znver4__
inline constexpr bool double_pumped_avx512 = true;
#else
inline constexpr bool double_pumped_avx512 = false;
#endif

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
