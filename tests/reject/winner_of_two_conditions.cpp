// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: only_winner(...) takes one comparison
#include <spikefuse/network.hpp>
using namespace spikefuse;
struct undecided {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        return dynamics(v += current, spike = only_winner((v > 1) & (v < 2)));
    }
};
equations::neurons<undecided, detail::lanes<float>> cells;
auto const reach = equations::reach_threshold(cells);
