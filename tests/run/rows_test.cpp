// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rows of input in all their ways: listed, in pieces, looked up, multiplied whole. Against sums in
// double, and against themselves in chunks.
#include "../support/random_spikes.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstring>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;
using test::host, test::random_spikes, test::unpacked;

namespace {

constexpr int steps = 601, batch = 2; // more than any stretch

/// Activities that change from row to row, on both sides of every crossover.
template <int Inputs>
test::spike_view mixed_spikes() {
    auto const spikes = random_spikes(steps, batch, Inputs, 0.05, 1);
    auto const all = host(spikes);
    int k = 0;
    for (double activity : {0.5, 0.97, 0.2, 0.28, 0.0, 1.0}) {
        auto const some =
            host(random_spikes(steps, batch, Inputs, activity, 2 + static_cast<unsigned>(k)));
        for (auto t = static_cast<std::size_t>(k++); t < steps; t += 7)
            for (std::size_t b = 0; b < batch; ++b)
                for (std::size_t w = 0; w < all.extent(2); ++w) all(t, b, w) = some(t, b, w);
    }
    Kokkos::deep_copy(spikes, all);
    return spikes;
}

template <class View>
View part(View const& whole, int first, int count) {
    auto const end = static_cast<std::size_t>(first + count);
    View some("part", static_cast<std::size_t>(count), whole.extent(1), whole.extent(2));
    Kokkos::deep_copy(some, Kokkos::subview(whole, std::pair(static_cast<std::size_t>(first), end),
                                            Kokkos::ALL, Kokkos::ALL));
    return some;
}

} // namespace

TEMPLATE_TEST_CASE_SIG("sums of weights are right however full a row is", "",
                       ((int Inputs), Inputs), 7, 64, 150, 1100, 1500, 2050) {
    constexpr int outputs = 40;
    constexpr auto network = input<Inputs> >> linear<outputs> >> scale(1);
    model one{network, {.steps = steps, .batch = batch, .seed = 5}};
    auto const weight = one.get("linear 1", "weight"),
               bias = one.get("linear 1", "bias"); // [outputs, inputs]
    auto const spikes = mixed_spikes<Inputs>();
    auto const values = unpacked<float>(spikes, Inputs);
    auto const graded = unpacked<float>(spikes, Inputs); // no number is 1
    auto const numbers = host(graded);
    for (std::size_t k = 0; k < numbers.span(); ++k)
        numbers.data()[k] *= 0.5f + 0.001f * static_cast<float>(k % 300);
    Kokkos::deep_copy(graded, numbers);
    auto const compare = [&](auto const& given, auto const& x) {
        auto const got = host(one(given));
        one.reset();
        for (std::size_t t = 0; t < steps; ++t)
            for (std::size_t b = 0; b < batch; ++b)
                for (std::size_t n = 0; n < outputs; ++n) {
                    double sum = static_cast<double>(bias[n]), size = std::abs(sum);
                    float const* const weights = &weight[n * Inputs];
                    float const* const row = &x(t, b, 0); // plain pointers: nothing is optimized
                    for (std::size_t i = 0; i < Inputs; ++i) {
                        double const one_of_them =
                            static_cast<double>(weights[i]) * static_cast<double>(row[i]);
                        sum += one_of_them, size += one_of_them < 0 ? -one_of_them : one_of_them;
                    }
                    REQUIRE(std::abs(static_cast<double>(got(t, b, n)) - sum) <= 1e-6 * size);
                }
    };
    compare(spikes, host(values));
    compare(values, host(values));
    compare(graded, numbers);

    // In chunks of any length, down to a step, with the bits of one run.
    auto const chunks = [&](auto const& given) {
        auto const whole = host(one(given));
        one.reset();
        for (int first = 0, length = 1; first < steps; first += length, length = length % 9 + 2) {
            int const count = first + length < steps ? length : steps - first;
            auto const got = host(one(part(given, first, count)));
            REQUIRE(std::memcmp(got.data(), &whole(static_cast<std::size_t>(first), 0, 0),
                                got.span() * sizeof(float)) == 0);
        }
        one.reset();
    };
    chunks(spikes);
    chunks(values);
    chunks(graded);
}
