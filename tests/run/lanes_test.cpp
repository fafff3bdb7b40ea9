// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A register of neurons does in each lane what a number does, whatever the processor's registers
// are: one of them, or several halves.
#include <algorithm>
#include <array>
#include <bit>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <spikefuse/core/math.hpp>
#include <vector>

using namespace spikefuse;
using namespace spikefuse::detail;

#ifdef SPIKEFUSE_TESTED_BYTES // this program is compiled for a processor with registers of so many
                              // bytes
static_assert(sizeof(typename detail::register_of<float>::numbers) == SPIKEFUSE_TESTED_BYTES);
#endif

namespace {

template <class T>
using row = std::array<T, static_cast<std::size_t>(lanes<T>::width)>;
template <class T>
row<T> numbers_of(lanes<T> x) {
    row<T> result;
    x.store(result.data());
    return result;
}
template <class T>
std::uint32_t all_bits = static_cast<std::uint32_t>((std::uint64_t(1) << lanes<T>::width) - 1);
/// Each lane alone, all but each, none, all, and some without order.
template <class T>
std::vector<std::uint32_t> patterns() {
    std::vector<std::uint32_t> result{0, all_bits<T>, 0xb1e6u & all_bits<T>, 0x2d4fu & all_bits<T>};
    for (int k = 0; k < lanes<T>::width; ++k)
        result.insert(result.end(), {1u << k, all_bits<T> & ~(1u << k)});
    return result;
}
/// What comparisons and exponentials find hard, and what they do not.
template <class T>
std::vector<T> some_numbers() {
    using limits = std::numeric_limits<T>;
    T const highest = std::log(limits::max()), lowest = std::log(limits::denorm_min()),
            normal = std::log(limits::min());
    std::vector<T> result{T(0),
                          -T(0),
                          T(1),
                          T(-1),
                          T(0.5),
                          limits::infinity(),
                          -limits::infinity(),
                          limits::quiet_NaN(),
                          limits::max(),
                          limits::lowest()};
    for (T const at : {highest, lowest, normal})
        for (T const step : {T(-1), T(-0.5), T(0), T(0.5), T(1), T(20)})
            result.push_back(at + step);
    for (int k = -40; k <= 40; ++k) result.push_back(T(k) * T(0.3711));
    for (int k = -8; k <= 8; ++k) result.push_back(highest * T(k) / T(8.5));
    return result;
}
template <class T>
bool same(T a, T b) {
    return (std::isnan(a) && std::isnan(b)) || (a == b && std::signbit(a) == std::signbit(b));
}
/// Calls check(x, y, numbers of x, numbers of y): each number meets each other in some lane, and
/// each lane meets all kinds.
template <class T, class Check>
void each_pair(Check const& check) {
    auto const all = some_numbers<T>();
    for (std::size_t first = 0; first < all.size(); ++first)
        for (std::size_t apart = 0; apart < all.size(); apart += 3) {
            row<T> a, b;
            for (std::size_t k = 0; k < a.size(); ++k)
                a[k] = all[(first + k) % all.size()], b[k] = all[(first + k + apart) % all.size()];
            check(lanes<T>::load(a.data()), lanes<T>::load(b.data()), a, b);
        }
}

} // namespace

TEMPLATE_TEST_CASE("lanes keep their order", "", float, double) {
    using V = lanes<TestType>;
    row<TestType> numbers;
    for (std::size_t k = 0; k < numbers.size(); ++k) numbers[k] = static_cast<TestType>(k + 1);
    V const x = V::load(numbers.data());
    for (int k = 0; k < V::width; ++k) CHECK(x.lane(k) == TestType(k + 1));
    CHECK(numbers_of(x) == numbers);
    alignas(64) row<TestType> streamed{};
    x.stream(streamed.data());
    V::finish_streams();
    CHECK(streamed == numbers);
    CHECK(numbers_of(each_lane(x, [](TestType one) { return one * 3; })) == numbers_of(x * V(3)));
    CHECK(std::ranges::all_of(numbers_of(V(-TestType(0))),
                              [](TestType one) { return same(one, -TestType(0)); }));
}

TEMPLATE_TEST_CASE("a bit is a lane", "", float, double) {
    using V = lanes<TestType>;
    for (std::uint32_t const bits : patterns<TestType>()) {
        CAPTURE(bits);
        auto const where = mask_of<TestType>(bits);
        CHECK(where.bits() == bits);
        V const ones = V::of_bits(bits | ~all_bits<TestType>); // bits behind the lanes are nobody's
        for (int k = 0; k < V::width; ++k) CHECK(ones.lane(k) == TestType(bits >> k & 1u));
        for (std::uint32_t const others : patterns<TestType>()) {
            CHECK((where & mask_of<TestType>(others)).bits() == (bits & others));
            CHECK((where | mask_of<TestType>(others)).bits() == (bits | others));
        }
    }
    for (int k = -1; k <= V::width; ++k)
        CHECK(lane_is<TestType>(k).bits() == (k < 0 || k == V::width ? 0u : 1u << k));
}

TEMPLATE_TEST_CASE("lanes compare and select as numbers do", "", float, double) {
    using T = TestType;
    std::size_t wrong = 0, pairs = 0;
    each_pair<T>([&](lanes<T> x, lanes<T> y, row<T> const& a, row<T> const& b) {
        auto const selected = numbers_of(select((x > y) | (y >= lanes<T>(T(1))), x, y));
        auto const absolute = numbers_of(abs(x)), larger = numbers_of(maximum(x, y)),
                   smaller = numbers_of(minimum(x, y));
        auto const where = [&](auto holds) { // one comparison at a time: of five together g++ 14.2
                                             // -O3 takes NaN != 1 for false
            std::uint32_t bits = 0;
            for (std::size_t k = 0; k < a.size(); ++k) bits |= (holds(a[k], b[k]) ? 1u : 0u) << k;
            return bits;
        };
        wrong += ((x > y).bits() != where(std::greater{})) +
                 ((x >= y).bits() != where(std::greater_equal{})) +
                 ((x < y).bits() != where(std::less{})) +
                 ((x <= y).bits() != where(std::less_equal{})) +
                 ((x != y).bits() != where(std::not_equal_to{}));
        for (std::size_t k = 0; k < a.size(); ++k) {
            wrong += !same(selected[k], a[k] > b[k] || b[k] >= T(1) ? a[k] : b[k]);
            wrong += !same(absolute[k], a[k] < T(0) ? -a[k] : a[k]);
            wrong += !same(larger[k], a[k] > b[k] ? a[k] : b[k]) +
                     !same(smaller[k], a[k] > b[k] ? b[k] : a[k]);
            ++pairs;
        }
    });
    CHECK(pairs > 10000);
    CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("lanes calculate as numbers do", "", float, double) {
    using T = TestType;
    std::size_t wrong = 0;
    each_pair<T>([&](lanes<T> x, lanes<T> y, row<T> const& a, row<T> const& b) {
        auto const sum = numbers_of(x + y), difference = numbers_of(x - y),
                   product = numbers_of(x * y), quotient = numbers_of(x / y),
                   negative = numbers_of(-x);
        lanes<T> more = x;
        more += y;
        auto const added = numbers_of(more), floors = numbers_of(floor(x)),
                   roots = numbers_of(sqrt(x));
        for (std::size_t k = 0; k < a.size(); ++k) {
            wrong += !same(sum[k], a[k] + b[k]) + !same(added[k], a[k] + b[k]) +
                     !same(difference[k], a[k] - b[k]);
            wrong += !same(product[k], a[k] * b[k]) + !same(quotient[k], a[k] / b[k]) +
                     !same(negative[k], -a[k]);
            wrong += !same(floors[k], std::floor(a[k])) + !same(roots[k], std::sqrt(a[k]));
        }
    });
    CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE_SIG("registers side by side are each what they are alone", "",
                       ((class T, int Count), T, Count), (float, 2), (float, 4), (double, 2),
                       (double, 4)) {
    using V = lanes<T>;
    using R = lanes<T, Count>;
    auto const all_same = [](R found, auto const& expected) {
        bool equal = true;
        for_each_index<Count>([&](auto k) {
            auto const a = numbers_of(found.template part<k>()),
                       b = numbers_of(V(expected(k % 2 == 0)));
            equal = equal && std::ranges::equal(a, b, same<T>);
        });
        return equal;
    };
    int wrong = 0;
    each_pair<T>([&](V x, V y, row<T> const& a, row<T> const& b) {
        R const left = R::join([&](auto k) { return k % 2 == 0 ? x : y; }),
                right = R::join([&](auto k) { return k % 2 == 0 ? y : x; });
        auto const one = [&](bool even) { return even ? x : y; };
        auto const other = [&](bool even) { return even ? y : x; };
        auto const check = [&](R found, auto const& expected) {
            wrong += all_same(found, expected) ? 0 : 1;
        };
        check(left + right, [&](bool even) { return one(even) + other(even); });
        check(left - right, [&](bool even) { return one(even) - other(even); });
        check(left * right, [&](bool even) { return one(even) * other(even); });
        check(-left, [&](bool even) { return -one(even); });
        check(exp(left), [&](bool even) { return exp(one(even)); });
        check(maximum(abs(left), right),
              [&](bool even) { return maximum(abs(one(even)), other(even)); });
        check(select((left > right) | (left != left), left, R(T(2))), [&](bool even) {
            return select((one(even) > other(even)) | (one(even) != one(even)), one(even), V(T(2)));
        });
        std::array<T, static_cast<std::size_t>(R::width)> numbers;
        left.store(numbers.data());
        check(R::load(numbers.data()), one);
        for (std::size_t k = 0; k < numbers.size(); ++k)
            wrong += same(numbers[k], (k / a.size() % 2 == 0 ? a : b)[k % a.size()]) ? 0 : 1;
    });
    CHECK(wrong == 0);
}

TEMPLATE_TEST_CASE("e^x is within 2 ulp in each lane, to the ends of the range", "", float,
                   double) {
    using T = TestType;
    each_pair<T>([&](lanes<T> x, lanes<T>, row<T> const& a, row<T> const&) {
        auto const found = numbers_of(exp(x));
        for (std::size_t k = 0; k < a.size(); ++k) {
            T const expected = std::exp(a[k]);
            bool close = same(found[k], expected);
            if (std::isfinite(found[k]) && std::isfinite(expected) &&
                found[k] >= T(0)) { // positive numbers are ordered as their bits
                using integer = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
                close = std::abs(std::bit_cast<integer>(found[k]) -
                                 std::bit_cast<integer>(expected)) <= 2;
            }
            if (!close)
                FAIL_CHECK("e^" << a[k] << " in lane " << k << " is " << found[k] << ", not "
                                << expected);
        }
    });
}
