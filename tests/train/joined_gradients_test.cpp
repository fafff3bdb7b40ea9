// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Gradients of networks with several inputs and outputs, ways that cross and loops through other
// neurons, beside central differences; with one lane a second time.
#include "../support/gradients.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace spikefuse;

namespace {
constexpr auto left = take<0> >> linear<7>;
constexpr auto right = take<1> >> linear<7>;
} // namespace

TEST_CASE("central differences: two inputs, one of them read twice, and two outputs") {
    check_gradients(input<11, 6> >> (left + right) >> soft >> ((linear<3> >> li) | identity) >>
                        (take<1> | take<0>),
                    mean_squared(trace),
                    [](auto& back, int steps, int batch) { some_targets(back, steps, batch, 10); });
}
TEST_CASE("central differences: parts of an input, at once and late, without weights") {
    check_gradients(input<9, 4, 9> >> ((take<2> >> soft) + take<0> + (take<2> >> delay<3>)) >>
                        scale(0.5),
                    mean_squared(trace),
                    [](auto& back, int steps, int batch) { some_targets(back, steps, batch, 9); });
}
TEST_CASE("central differences: a population that drives another, which drives it a step later, "
          "and parts of a row of neurons") {
    check_gradients(input<6> >> linear<9> >> recurrent(soft >> (identity | (linear<5> >> soft)),
                                                       through(take<1> >> linear<9>)) >>
                        soft >> (take<1> | (take<0> >> linear<2>)),
                    mean_squared(trace),
                    [](auto& back, int steps, int batch) { some_targets(back, steps, batch, 7); });
}
TEST_CASE("central differences: two populations that drive each other, each with an input") {
    check_gradients(input<6, 5> >>
                        recurrent(((take<0> >> soft) | take<1>) >>
                                      (take<0> | (((take<0> >> linear<5>)+take<1>) >> soft)),
                                  through(take<1> >> linear<6>)) >>
                        (take<1> | take<0>),
                    mean_squared(trace),
                    [](auto& back, int steps, int batch) { some_targets(back, steps, batch, 11); });
}
