// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: on_spike stands before `spike = ...`
#include <spikefuse/network.hpp>
using namespace spikefuse;
struct wrong_order {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        return dynamics(v += current, on_spike(v = 0), spike = v > 1);
    }
};
constexpr auto states = equations::equation_traits<wrong_order>::state_count;
