// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lists and sums of rows as a device's warps make them: their threads are simulated.

#include "../support/simulated_warp.hpp"

#include <algorithm>
#include <array>
#include <catch2/catch_all.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <random>
#include <spikefuse/kernel/slice_products.hpp>
#include <spikefuse/kernel/weight_products.hpp>
#include <spikefuse/layers/detail/list_events.hpp>
#include <vector>

using namespace spikefuse;
using namespace spikefuse::detail;
using test::simulated_warp;

namespace {

double share(std::mt19937& random) { return static_cast<double>(random()) / 4294967296.0; }

using row_of_bits = std::vector<std::uint32_t>;

/// What a warp has: numbers, and a list for each of its sums.
template <class T, int Outputs, int Words, int Listed>
struct summing {
    static constexpr int zeros = 32 * Words, list = 32 * Listed + 16;
    struct alignas(16) entries {
        std::uint16_t of[(list + 1 + 7) / 8 * 8]; // one more, which nobody may write
    };
    std::vector<some_numbers<T, 4>> numbers{static_cast<std::size_t>((zeros + 1) * Outputs / 4)};
    std::array<entries, 4> lists;

    summing() {
        std::mt19937 random(Words + Outputs);
        for (int k = 0; k < zeros * Outputs; ++k)
            at()[k] =
                static_cast<T>(std::ldexp(share(random) - 0.5, static_cast<int>(random() % 16)));
        for (entries& one : lists) one.of[list] = 4711;
    }
    T* at() { return numbers.data()->of; }

    /// Event j goes to part j % 4.
    std::vector<T> expected(row_of_bits const& row) {
        std::vector<T> part[4], sum;
        for (auto& one : part) one.resize(Outputs);
        int j = 0;
        for (int k = 0; k < zeros; ++k)
            if (row[static_cast<std::size_t>(k / 32)] >> k % 32 & 1u) {
                for (int n = 0; n < Outputs; ++n)
                    part[j % 4][static_cast<std::size_t>(n)] += at()[k * Outputs + n];
                ++j;
            }
        for (std::size_t n = 0; n < Outputs; ++n)
            sum.push_back((part[0][n] + part[1][n]) + (part[2][n] + part[3][n]));
        return sum;
    }
    template <class Warp>
    int sum_of(row_of_bits const& row, int part, int lane, std::vector<T>& to) {
        using sum_type = listed_sum<T, Outputs, Words, Listed, Warp>;
        std::uint32_t word[sum_type::own];
        for (int k = 0; k < sum_type::own; ++k) {
            auto const w = static_cast<std::size_t>(lane * sum_type::own + k);
            word[k] = w < row.size() ? row[w] : 0;
        }
        sum_type sum(at(), zeros, lists[static_cast<std::size_t>(part)].of, lane);
        int const events = sum.add(word);
        for (int q = 0; q < sum_type::each; ++q)
            to[static_cast<std::size_t>(sum_type::output_of(lane, q))] = sum.total(q);
        return events;
    }
};
int count_of(row_of_bits const& row) {
    int count = 0;
    for (std::uint32_t const word : row) count += count_bits(word);
    return count;
}
row_of_bits random_row(int words, double activity, std::mt19937& random) {
    row_of_bits row(static_cast<std::size_t>(words));
    for (std::uint32_t& word : row)
        for (unsigned b = 0; b < 32; ++b)
            word |= static_cast<std::uint32_t>(share(random) < activity) << b;
    return row;
}

template <class T, int Outputs, int Words, int Listed>
void check_sums() {
    using all = summing<T, Outputs, Words, Listed>;
    INFO(Outputs << " outputs, " << Words << " words, of which " << Listed << " are listed");
    auto const own = std::make_unique<all>();
    std::mt19937 random(5);
    constexpr int parts = sums_of_warp<T, Outputs>, threads = 32 / parts;
    for (double const activity : {0.0, 0.004, 0.1, 0.3, 1.0})
        for (double const other : {0.0, 0.1, 1.0}) {
            row_of_bits rows[parts];
            std::vector<T> got[parts];
            int events[parts] = {};
            for (int k = 0; k < parts; ++k) {
                rows[k] = random_row(Words, k % 2 == 0 ? activity : other, random);
                got[k].resize(Outputs);
            }
            simulated_warp::run([&](int lane) {
                int const part = lane / threads;
                int const count = own->template sum_of<simulated_warp>(rows[part], part,
                                                                       lane % threads, got[part]);
                if (lane % threads == 0) events[part] = count;
            });
            for (int part = 0; part < parts; ++part) {
                auto const& row = rows[part];
                CHECK(events[part] == count_of(row));
                CHECK(got[part] == own->expected(row));
                CHECK(own->lists[static_cast<std::size_t>(part)].of[all::list] == 4711);
                std::vector<T> alone(Outputs); // by a host's thread
                CHECK(own->template sum_of<warp>(row, part, 0, alone) == count_of(row));
                CHECK(alone == own->expected(row));
            }
        }
}

/// A row that `warps` list one after the other: they share nothing but the list.
template <int Words, int Scale>
void check_list(int warps) {
    using list = list_of_warps<Words, Scale, simulated_warp>;
    constexpr int offset = 7, zeros = 5000, guard = 4711;
    std::mt19937 random(Words);
    INFO(Words << " words, " << warps << " warps");
    for (double const activity : {0.0, 0.01, 0.12, 0.5, 1.0}) {
        row_of_bits const row = random_row(Words, activity, random);
        std::vector<int> expected;
        for (int k = 0; k < 32 * Words; ++k)
            if (row[static_cast<std::size_t>(k / 32)] >> k % 32 & 1u)
                expected.push_back((offset + k) * Scale);
        expected.resize((expected.size() + 3) / 4 * 4, zeros * Scale);
        std::vector<int> events(expected.size() + 1, guard);
        int ends[32] = {};
        for (int rank = 0; rank < warps; ++rank) {
            simulated_warp::run([&](int lane) {
                auto const w = static_cast<std::size_t>(lane % list::threads);
                ends[lane] = list::fill(w < row.size() ? row[w] : 0, lane, rank, warps, offset,
                                        zeros, events.data());
            });
            for (int const end : ends) CHECK(end == static_cast<int>(expected.size()));
        }
        expected.push_back(guard);
        CHECK(events == expected);
    }
}

/// A warp's rows, and those of a host's thread: even and odd inputs by themselves.
template <class T, int Inputs, int Outputs, int Rows>
void check_products() {
    INFO(Inputs << " inputs, " << Outputs << " outputs, " << Rows << " rows");
    std::mt19937 random(Inputs);
    auto const number = [&] { return static_cast<T>(share(random) - 0.4); };
    auto const at = [](int r, int n) { return static_cast<std::size_t>(r * Outputs + n); };
    std::vector<some_numbers<T, 4>> matrix(static_cast<std::size_t>((Inputs + 1) * Outputs / 4));
    T* const weights = matrix.data()->of;
    for (int k = 0; k < Inputs * Outputs; ++k) weights[k] = number();
    std::vector<T> x(static_cast<std::size_t>(Rows * Inputs));
    for (T& one : x) one = number();
    auto const input = [&](int r, int i) {
        return i < Inputs ? x[static_cast<std::size_t>(r * Inputs + i)] : T(0);
    };
    std::vector<T> got(at(Rows, 0)), alone(got), expected(got);
    for (int r = 0; r < Rows; ++r)
        for (int n = 0; n < Outputs; ++n) {
            T sum[2] = {};
            for (int i = 0; i < Inputs; ++i)
                sum[i % 2] = std::fma(input(r, i), weights[i * Outputs + n], sum[i % 2]);
            expected[at(r, n)] = sum[0] + sum[1];
        }
    auto const multiply = [&]<class Warp>(Warp, int lane, T* room, std::vector<T>& to) {
        using products = row_products<T, Inputs, Outputs, Rows, Warp>;
        products some(weights, room, lane);
        some.add(input);
        for (int r = 0; r < Rows; ++r)
            for (int q = 0; q < products::each; ++q)
                to[at(r, products::output_of(lane, q))] = some.total(r, q);
    };
    std::vector<some_numbers<T, 4>> room(
        row_products<T, Inputs, Outputs, Rows, simulated_warp>::room / 4);
    simulated_warp::run([&](int lane) { multiply(simulated_warp{}, lane, room.data()->of, got); });
    multiply(warp{}, 0, room.data()->of, alone);
    CHECK(got == alone);
    double worst = 0; // a compiler may fuse or not
    for (std::size_t k = 0; k < got.size(); ++k)
        worst = std::max(worst, std::abs(double(got[k]) - double(expected[k])));
    CHECK(worst <= 100 * double(std::numeric_limits<T>::epsilon()));
}

/// Gradients of the inputs of both halves, and of a host's threads: sums over rows in their order.
template <class T, int Outputs>
void check_value_products(int rows) {
    INFO(Outputs << " outputs, " << rows << " rows");
    using of_warp = value_products<T, Outputs, simulated_warp>;
    constexpr int inputs = of_warp::inputs;
    std::mt19937 random(static_cast<unsigned>(rows));
    auto const number = [&] { return static_cast<T>(share(random) - 0.4); };
    std::vector<some_numbers<T, 4>> matrix(static_cast<std::size_t>(rows * Outputs / 4));
    T* const gradients = matrix.data()->of;
    for (int k = 0; k < rows * Outputs; ++k) gradients[k] = number();
    std::vector<T> x(static_cast<std::size_t>(rows * 2 * inputs));
    for (T& one : x) one = number();
    auto const value = [&](int r, int i) {
        return r < rows ? x[static_cast<std::size_t>(r * 2 * inputs + i)] : T(0);
    };
    std::vector<T> got(static_cast<std::size_t>(2 * inputs * Outputs)), alone(got);
    auto const add = [&]<class Warp>(Warp, int first, int lane, T* room, std::vector<T>& to) {
        using products = value_products<T, Outputs, Warp>;
        products some(gradients, room, lane);
        some.add(rows, [&](int r, T(&values)[inputs]) {
            for (int k = 0; k < inputs; ++k) values[k] = value(r, first + k);
        });
        for (int k = 0; k < inputs; ++k)
            for (int q = 0; q < products::each; ++q)
                to[static_cast<std::size_t>((first + k) * Outputs + products::output_of(lane, q))] =
                    some.total(k, q);
    };
    std::vector<some_numbers<T, 4>> room(2 * of_warp::room_of_half / 4);
    simulated_warp::run([&](int lane) {
        int const half = lane / 16;
        add(simulated_warp{}, half * inputs, lane % 16,
            room.data()->of + half * of_warp::room_of_half, got);
    });
    for (int first : {0, inputs}) add(warp{}, first, 0, room.data()->of, alone);
    CHECK(got == alone);
    double worst = 0;
    for (int i = 0; i < 2 * inputs; ++i)
        for (int n = 0; n < Outputs; ++n) {
            double sum = 0;
            for (int r = 0; r < rows; ++r)
                sum += double(value(r, i)) * double(gradients[r * Outputs + n]);
            worst = std::max(
                worst, std::abs(double(got[static_cast<std::size_t>(i * Outputs + n)]) - sum));
        }
    CHECK(worst <= 100 * double(std::numeric_limits<T>::epsilon()));
}

} // namespace

TEST_CASE("a warp's sums over rows of values times gradients") {
    for (int const rows : {1, 16, 53, 96}) {
        check_value_products<float, 64>(rows);
        check_value_products<double, 32>(rows);
    }
}
TEST_CASE("a warp's products of rows of values") {
    check_products<float, 130, 64, 8>();
    check_products<float, 77, 64, 4>();
    check_products<float, 3, 32, 8>();
    check_products<double, 64, 64, 2>();
    check_products<double, 65, 32, 4>();
}
TEST_CASE("a row that several warps list") {
    for (int const warps : {1, 3, 8}) {
        check_list<1, 1>(warps);
        check_list<8, 1>(warps);
        check_list<25, 2>(warps);
        check_list<32, 1>(warps);
    }
}
TEST_CASE("a sum in four parts is the sum of listed rows") {
    constexpr int rows = 40;
    std::mt19937 random(2);
    std::vector<float> panel(static_cast<std::size_t>(rows * panel_width<float>));
    for (float& w : panel) w = static_cast<float>(share(random) - 0.5);
    for (int count = 0; count <= 44; count += 4) {
        std::vector<std::uint16_t> events(static_cast<std::size_t>(count) + 32);
        for (auto& event : events) {
            auto const row = static_cast<std::uint16_t>(random() % rows);
            event = static_cast<std::uint16_t>(row * entry_scale<float>);
        }
        auto const whole = sum_four(panel.data(), events.data(), count);
        some_numbers<float, 4> part[4];
        for (int k = 0; k < 4; ++k) part[k] = sum_part(panel.data(), events.data(), count, k);
        for (int q = 0; q < 4; ++q)
            CHECK(whole.of[q] == (part[0].of[q] + part[1].of[q]) + (part[2].of[q] + part[3].of[q]));
    }
}
TEST_CASE("a warp's sums of listed rows, two or four at once") {
    check_sums<float, 64, 16, 16>();
    check_sums<float, 64, 1, 1>();
    check_sums<float, 64, 25, 4>(); // 784 inputs
    check_sums<float, 32, 32, 8>();
    check_sums<float, 32, 45, 8>(); // six words a thread
    check_sums<double, 64, 3, 1>();
    check_sums<double, 32, 16, 16>();
}
