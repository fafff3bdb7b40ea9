// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// The threads of a device's warp, on a host: threads that wait for each other wherever those of a
// warp run together. What is written for warps (core/target.hpp) runs here with all its shuffles.

#include <algorithm>
#include <barrier>
#include <spikefuse/core/target.hpp>
#include <thread>
#include <vector>

namespace test {

struct simulated_warp {
    static constexpr int width = 32;

  private:
    static inline std::barrier<> all{width};
    static inline int numbers[width];
    static inline thread_local int own;

    template <int Threads>
    static int first() {
        return own / Threads * Threads;
    }
    template <class Function>
    static auto exchange(int mine, Function const& function) {
        numbers[own] = mine;
        meet(); // all numbers are there
        auto const result = function();
        meet(); // all have been read
        return result;
    }

  public:
    using sums = spikefuse::detail::warp::sums;

    /// Calls function(lane) in all threads.
    template <class Function>
    static void run(Function const& function) {
        std::vector<std::jthread> threads;
        for (int lane = 0; lane < width; ++lane)
            threads.emplace_back([&, lane] {
                own = lane;
                function(lane);
            });
    }
    template <int Threads = width>
    static sums add_up(int lane, int mine) {
        return exchange(mine, [&] {
            sums found{0, 0};
            for (int k = 0; k < Threads; ++k) {
                found.before += k < lane ? numbers[first<Threads>() + k] : 0;
                found.all += numbers[first<Threads>() + k];
            }
            return found;
        });
    }
    template <int Threads = width, class Number>
    static Number of_thread(int from, Number mine) {
        return static_cast<Number>(exchange(
            static_cast<int>(mine), [&] { return numbers[first<Threads>() + from % Threads]; }));
    }
    template <int Threads = width>
    static int largest(int mine) {
        return exchange(mine, [] {
            int const* const from = numbers + first<Threads>();
            return *std::max_element(from, from + Threads);
        });
    }
    template <int Threads>
    static int largest_of_parts(int mine) {
        return exchange(mine, [] {
            int most = numbers[own % Threads];
            for (int k = own % Threads; k < width; k += Threads) most = std::max(most, numbers[k]);
            return most;
        });
    }
    static void meet() { all.arrive_and_wait(); }
};

} // namespace test
