// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A device's loop that is undone with some of its weights in the team's shared memory.
#include "../support/gradients.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>

using namespace spikefuse;

namespace {

constexpr auto wide_loop = input<3> >> linear<83> >> recurrent(soft) >> linear<3> >> li;
using near =
    detail::near_weights<detail::plan::schedule<std::remove_cv_t<decltype(wide_loop)>, false>,
                         double>;

} // namespace

TEST_CASE("near weights: as many rows as there is room for, in fours") {
    CHECK(near::outputs == 83);
    CHECK(near::row_numbers == 96); // three panels of inputs
    CHECK(near::rows_in(near::bytes(0) - 1) == 0);
    CHECK(near::rows_in(near::bytes(7)) == 4);
    CHECK(near::rows_in(near::bytes(8)) == 8);
    CHECK(near::rows_in(1 << 30) == 80);
}
TEST_CASE("near weights: central differences, with some rows near and some far") {
    if constexpr (detail::on_the_host) {
        using space = Kokkos::DefaultExecutionSpace;
        int const rows =
            near::rows_in(detail::shared_memory_of_team<detail::team_policy<space>>(space(), 3, 1));
        CHECK((rows > 0 && rows < 80));
    }
    check_gradients(wide_loop, cross_entropy(max_over_time), some_labels);
}
