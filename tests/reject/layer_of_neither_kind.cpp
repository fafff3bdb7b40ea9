// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: a layer is neither a connection (mixes is true, and over<Left> says how its weights lie)
// nor one of neurons
#include <spikefuse/network.hpp>
struct neither : spikefuse::layer {
    using kind = spikefuse::named<"neither">;
    static constexpr bool mixes = false;
    static constexpr int wants = 0;
    static constexpr int gives(int left) { return left; }
};
auto const wrong = spikefuse::describe(spikefuse::input<4> >> neither{});
