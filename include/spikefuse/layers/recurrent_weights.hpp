// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The weights of a loop: current[o] = sum over n of weight[o][n] * z[n], with z the population's
/// own output of the step before. Source: norse's LIFRecurrent. Weights [post, pre]; without
/// autapses the diagonal is held at zero, in weights that a user supplies too.

#include "../core/layer.hpp"
#include "../core/name.hpp"
#include "detail/rows.hpp"

#include <array>

namespace spikefuse::inline SPIKEFUSE_ABI {

template <bool Autapses>
struct recurrent_weights_word : layer {
    using kind = named<"recurrent">;
    static constexpr bool mixes = true;
    static constexpr int wants = 0;
    static constexpr int gives(int left) { return left; }
    static constexpr nir_mapping exchange{"Linear", {{"weight", "weight"}}, "Affine"};

    template <class Left>
    using over = detail::weights_over<Left::width, Left::width, false>;

    template <class Left>
    constexpr auto arrays() const {
        constexpr int neurons = Left::width;
        array_info weight{"weight",           neurons, neurons,
                          array_unit::number, 0,       detail::start_spread(neurons)};
        weight.zero_diagonal = !Autapses;
        return std::array{weight};
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI
