#pragma once
/// All-to-all weights: current[o] = bias[o] + sum over i of weight[o][i] * x[i].
///
/// `linear<128>` takes its input width from the left, `linear<784, 128>` says both, `linear<128>(no_bias)` has no bias.
/// Start values: uniform in +-1/sqrt(inputs), weights and bias, as torch.nn.Linear.
/// Weights lie in panels of one register's width of outputs, [output / W][input][W]: a spike adds one row of a panel.

#include "../core/lanes.hpp"
#include "../core/layer.hpp"
#include "../core/name.hpp"

#include <array>
#include <cstdint>

namespace spikefuse {

struct no_bias_word {};
inline constexpr no_bias_word no_bias{};

template <int In, int Out, bool Bias>
struct linear_word : layer {
    static_assert(In >= 0 && Out > 0, "spikefuse: linear<N> and linear<In, Out> take widths of at least 1.");
    using kind = named<"linear">;
    static constexpr bool mixes = true;
    static constexpr int wants = In; // 0: taken from the left
    static constexpr int gives(int) { return Out; }
    static constexpr exchange_rule exchange{"Affine", {{"weight", "weight"}, {"bias", "bias", 0}}, "Linear"};

    constexpr linear_word<In, Out, false> operator()(no_bias_word) const { return {}; }

    /// The compile-time facts and the arithmetic for `Left` inputs.
    template <int Left>
    struct over {
        static constexpr int inputs = Left, outputs = Out;
        static constexpr bool has_bias = Bias;
        static constexpr double additions_per_input = Out; // what one spike costs

        /// Where panel p of outputs begins, and its bias.
        template <class T>
        static SPIKEFUSE_FUNCTION T const* panel(T const* bag, int p) {
            return bag + static_cast<std::size_t>(p) * lanes<T>::width * inputs;
        }
        template <class T>
        static SPIKEFUSE_FUNCTION lanes<T> bias(T const* bag, int p) {
            if constexpr (Bias) {
                constexpr int panels = (Out + lanes<T>::width - 1) / lanes<T>::width;
                return lanes<T>::load(panel(bag, panels) + static_cast<std::size_t>(p) * lanes<T>::width);
            } else {
                return lanes<T>(T(0));
            }
        }
    };

    template <int Left>
    static constexpr double start_spread() {
        double root = Left; // Newton: std::sqrt is not constexpr
        for (int k = 0; k < 60; ++k) root = 0.5 * (root + Left / root);
        return 1 / root;
    }
    template <int Left>
    constexpr auto arrays() const {
        constexpr array_info weight{"weight", Out, Left, unit::number, 0, start_spread<Left>()};
        if constexpr (Bias) {
            return std::array{weight, array_info{"bias", Out, 0, unit::number, 0, start_spread<Left>()}};
        } else {
            return std::array{weight};
        }
    }
};

template <int First, int Second = 0>
inline constexpr auto linear = linear_word<Second == 0 ? 0 : First, Second == 0 ? First : Second, true>{};

} // namespace spikefuse
