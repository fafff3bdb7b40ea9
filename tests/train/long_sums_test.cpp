// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Losses summed over millions of steps, and over many samples.
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>
#include <vector>

using namespace spikefuse;

TEST_CASE("what many steps or samples cost is not rounded away") {
    constexpr auto fires_always = lif_box({.tau_mem = 1 * ms}, superspike<10>);
    auto const strong = [](int batch, int width) {
        Kokkos::View<float**, Kokkos::LayoutRight> const x("x", static_cast<std::size_t>(batch),
                                                           static_cast<std::size_t>(width));
        Kokkos::deep_copy(x, 10.f);
        return x;
    };
    constexpr int batch = 4; // a group each: threads need not meet
    {                        // 17,000,000 spikes: a float stands still at 16,777,216
        model network{input<1> >> fires_always, {.steps = 17'000'000, .batch = batch}};
        backpropagation back{network, mean_squared(last_step), {.groups = batch}};
        back.set_targets(std::vector<float>(batch, 1));
        back.penalize("lif_box 1", {.least = 0, .most = 0, .strength = 1});
        back.run(strong(batch, 1));
        REQUIRE(std::abs(back.loss() - 1) < 1e-6f);
    }
    { // means over steps
        constexpr int steps = 1'000'000;
        model network{input<1> >> fires_always, {.steps = steps, .batch = batch}};
        backpropagation squares{network, mean_squared(trace), {.groups = batch}};
        squares.set_targets(std::vector<float>(steps * batch, 0.f), steps);
        squares.run(strong(batch, 1));
        REQUIRE(std::abs(squares.loss() - 1) < 1e-6f);
        model two{input<2> >> fires_always, {.steps = steps, .batch = batch}};
        backpropagation entropy{two, cross_entropy(trace), {.groups = batch}};
        entropy.set_labels(std::vector<int>{1, 0, 1, 0});
        entropy.run(strong(batch, 2));
        REQUIRE(std::abs(entropy.loss() - std::log(2.f)) < 1e-6f);
    }
    { // and over samples
        constexpr int many = 200'000;
        model network{input<1> >> fires_always, {.batch = many}};
        backpropagation back{network, mean_squared(counts)};
        back.set_targets(std::vector<float>(many, 0.f));
        back.run(strong(many, 1));
        REQUIRE(std::abs(back.loss() - 1) < 1e-6f);
    }
}
