// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: these equations give nothing to the next layer
#include <spikefuse/network.hpp>
using namespace spikefuse;
struct silent {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        return dynamics(v += current);
    }
};
constexpr auto states = equations::equation_traits<silent>::state_count;
