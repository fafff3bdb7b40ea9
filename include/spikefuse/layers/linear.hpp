// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// All-to-all weights: current[o] = bias[o] + sum over i of weight[o][i] * x[i].
///
/// `linear<128>` takes its input width from the left, `linear<784, 128>` says both,
/// `linear<128>(no_bias)` has no bias. Start values: uniform in +-1/sqrt(inputs), weights and bias,
/// as torch.nn.Linear. Weights lie in panels of one register's width of outputs, [output /
/// W][input][W]: a spike adds one row of a panel.

#include "../core/layer.hpp"
#include "../core/name.hpp"
#include "../shapes/image.hpp"
#include "detail/rows.hpp"

#include <array>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Weights from each of `In` inputs to each of `Out` outputs, and a bias each: what `over<Left>` of
/// a connection names.
template <int In, int Out, bool Bias>
using dense_weights = detail::weights_over<In, Out, Bias>;

struct no_bias_word {};
/// `linear<128>(no_bias)`: weights alone.
inline constexpr no_bias_word no_bias{};

template <int In, int Out, bool Bias>
struct linear_word : layer {
    static_assert(In >= 0 && Out > 0,
                  "spikefuse: linear<N> and linear<In, Out> take widths of at least 1.");
    using kind = named<"linear">;
    static constexpr bool mixes = true;
    static constexpr int wants = In; ///< 0: taken from the left
    static constexpr int gives(int) { return Out; }
    template <class Left>
        requires(detail::reads_features<Left>())
    using shape = features<Out>;
    static constexpr nir_mapping exchange{
        "Affine", {{"weight", "weight"}, {"bias", "bias", 0}}, "Linear"};

    constexpr linear_word<In, Out, false> operator()(no_bias_word) const { return {}; }

    template <class Left>
    using over = dense_weights<Left::width, Out, Bias>;

    template <class Left>
    constexpr auto arrays() const {
        constexpr double spread = detail::start_spread(Left::width);
        constexpr array_info weight{"weight", Out, Left::width, array_unit::number, 0, spread};
        if constexpr (Bias) {
            return std::array{weight, array_info{"bias", Out, 0, array_unit::number, 0, spread}};
        } else {
            return std::array{weight};
        }
    }
};

/// Parameters "weight" `[outputs, inputs]`, row-major, and "bias" `[outputs]`.
/// @tparam First outputs; inputs, where a second number is given
/// @tparam Second outputs
template <int First, int Second = 0>
inline constexpr auto linear =
    linear_word<Second == 0 ? 0 : First, Second == 0 ? First : Second, true>{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
