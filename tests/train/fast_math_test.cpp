// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// With -ffast-math (see CMakeLists.txt) std::isfinite is always true; what guards a training still
// sees NaN and infinities.
#include "../support/says.hpp"

#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/start_values.hpp>
#include <spikefuse/train/trainer.hpp>

#ifndef __FAST_MATH__
#error "This test is compiled with -ffast-math."
#endif

using namespace spikefuse;

namespace {

double volatile nan_of_double = std::bit_cast<double>(std::uint64_t(0x7ff8000000000000u));
double volatile infinity_of_double = std::bit_cast<double>(std::uint64_t(0x7ff0000000000000u));

struct broken_samples {
    std::size_t size() const { return 2; }
    template <class Model>
    auto make_input(int batch, int steps) const {
        return Kokkos::View<float***, Kokkos::LayoutRight>(
            "samples", static_cast<std::size_t>(steps), static_cast<std::size_t>(batch), 3);
    }
    template <class View>
    void fill(std::span<std::size_t const>, View const& input, std::span<int> labels) const {
        auto const host = Kokkos::create_mirror_view(input);
        host(0, 1, 2) = static_cast<float>(nan_of_double);
        Kokkos::deep_copy(input, host);
        for (int& label : labels) label = 1;
    }
};

} // namespace

TEST_CASE("bits say what is finite") {
    double const nan = nan_of_double, infinity = infinity_of_double;
    REQUIRE_FALSE(detail::is_finite(nan));
    REQUIRE_FALSE(detail::is_finite(infinity));
    REQUIRE_FALSE(detail::is_finite(-infinity));
    REQUIRE_FALSE(detail::is_finite(static_cast<float>(nan)));
    REQUIRE_FALSE(detail::is_finite(static_cast<float>(infinity)));
    REQUIRE_FALSE(detail::is_finite(std::sqrt(nan) + 1));
    REQUIRE(detail::is_finite(1e308));
    REQUIRE(detail::is_finite(-0.f));
    REQUIRE(detail::is_finite(7));
    REQUIRE(detail::fits<float>(0));
    REQUIRE(detail::fits<float>(3e38));
    REQUIRE_FALSE(detail::fits<float>(1e39));
    REQUIRE_FALSE(detail::fits<float>(-1e39));
    REQUIRE_FALSE(detail::fits<float>(1e-60));
    REQUIRE(detail::fits<double>(1e-60));
    REQUIRE_FALSE(detail::fits<double>(nan));
    REQUIRE_FALSE(io::plot::detail::shown(nan));
    REQUIRE_FALSE(io::plot::detail::shown(-infinity));
}

TEST_CASE("NaN is refused, and stops a training") {
    double const nan = nan_of_double;
    model network{input<4> >> linear<3> >> li, {.steps = 5, .batch = 2}};
    for (double const wrong : {nan, static_cast<double>(infinity_of_double)}) {
        SAYS(value_error, (trainer{network, cross_entropy(counts), adam{.learning_rate = wrong}}),
             "the learning rate");
        SAYS(value_error, (trainer{network, cross_entropy(counts), adam{.beta_2 = wrong}}),
             "beta_2");
        SAYS(value_error, (trainer{network, cross_entropy(counts), adam{}, {.clip_norm = wrong}}),
             "clip_norm");
        SAYS(value_error, start_weights(network, "linear 1", wrong * linear_start, 1),
             "not finite");
        SAYS(value_error, exponential_rate(wrong), "factor");
        backpropagation back{network, cross_entropy(counts)};
        SAYS(value_error, back.penalize("li 1", {.most = wrong}), "bounded");
    }
    model learns_time_constants{input<3> >> li, {.steps = 5, .batch = 2}};
    auto const before = learns_time_constants.get("li 1", "tau_mem");
    trainer training{learns_time_constants,
                     cross_entropy(last_step),
                     adam{},
                     {.epochs = 1, .show_progress = false}};
    training.learn("li 1", "tau_mem");
    SAYS(value_error, training.fit(broken_samples{}, no_data{}),
         "the loss is not finite in step 1");
    REQUIRE(learns_time_constants.get("li 1", "tau_mem") == before);
}
