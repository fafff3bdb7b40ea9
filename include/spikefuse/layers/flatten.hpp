// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `flatten`: an image's numbers as features, in the order [C, H, W] in which they lie. NIR's and
/// torch's Flatten. Costs nothing.

#include "../core/layer.hpp"
#include "../core/name.hpp"
#include "../shapes/image.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

struct flatten_word : layer {
    using kind = named<"flatten">;
    static constexpr bool mixes = false;
    static constexpr bool computes_nothing = true;
    static constexpr int wants = 0;
    static constexpr int gives(int left) { return left; }
    template <class Left>
    using shape = shape_of_width<Left::width>;
};
/// `conv2d<8, 3> >> lif >> flatten >> linear<10>`
inline constexpr flatten_word flatten{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
