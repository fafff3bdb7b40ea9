// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: only parameters may stand on the right of start
#include <spikefuse/network.hpp>
using namespace spikefuse;
struct wrong_start {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        constexpr auto a = state<"a">;
        return dynamics(start(v = a), v += current, output = v);
    }
};
constexpr auto states = equations::equation_traits<wrong_start>::state_count;
