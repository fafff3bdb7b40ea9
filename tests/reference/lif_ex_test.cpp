// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Numbers printed by norse 1.1.0.
#include "../support/traces.hpp"

#include <spikefuse/neurons/lif_ex.hpp>

using namespace spikefuse;

TEST_CASE("norse: LIFEx") {
    test::check_traces(
        "lif_ex", lif_ex(rates), 1.5,
        {{"v_leak", 0.1}, {"threshold", 0.5}, {"v_reset", -0.2}, {"delta_t", 0.4}},
        "00101010101010",
        {{"v",
          {0.15971517765, 0.32682808776, -0.2, 0.17529095774, -0.2, 0.22448855774, -0.2,
           0.37597502174, -0.2, 0.4054263587, -0.2, 0.35677521435, -0.2, 0.40813848197}},
         {"i",
          {0.36, 1.248, 2.5584, 2.70672, 3.425376, 3.1003008, 3.44024064, 4.312192512, 4.1097540096,
           4.5478032077, 3.9982425661, 4.1585940529, 4.8868752423, 4.5695001939}}});
}
