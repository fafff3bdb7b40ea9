// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Start values of weights, as the reference libraries draw them: `start_weights(network, "linear
/// 1", norse_recurrent_start, seed)`. A model's own are those of torch.nn.Linear, drawn from
/// `settings.seed`.

#include "../core/finite.hpp"
#include "../run/model.hpp"

#include <cmath>
#include <numbers>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// How a weight is drawn: uniform in plus or minus `gain / sqrt(fan)`, or normal with that
/// deviation.
struct start_values {
    /// What the spread is counted by.
    enum class fan {
        inputs,  ///< of a neuron
        outputs, ///< of the layer
        both     ///< their sum
    };
    double gain = 1;        ///< in front of the spread
    bool normal = false;    ///< uniform otherwise
    fan over = fan::inputs; ///< what stands under the root

    friend constexpr start_values operator*(double factor, start_values of) {
        of.gain *= factor;
        return of;
    }
};

/// torch.nn.Linear and so snnTorch: uniform, 1 / sqrt(inputs).
inline constexpr start_values linear_start{1};
/// Rockpool, LinearTorch and LIFTorch: uniform, sqrt(6 / inputs); torch.nn.init.kaiming_uniform_.
inline constexpr start_values kaiming_uniform_start{2.449489742783178};
/// torch.nn.init.kaiming_normal_: normal, sqrt(2 / inputs).
inline constexpr start_values kaiming_normal_start{1.4142135623730951, true};
/// torch.nn.init.xavier_uniform_: uniform, sqrt(6 / (inputs + outputs)).
inline constexpr start_values xavier_uniform_start{2.449489742783178, false,
                                                   start_values::fan::both};
/// norse, LIFRecurrentCell and its kin, input and recurrent weights: normal, sqrt(2 / outputs).
inline constexpr start_values norse_recurrent_start{1.4142135623730951, true,
                                                    start_values::fan::outputs};
/// norse, LILinearCell: normal, 1 / sqrt(inputs).
inline constexpr start_values norse_readout_start{1, true};

/// Draws all weights of a layer anew; a diagonal that is held at zero stays there. The numbers
/// depend on the seed and the shape alone.
/// @param network whose weights they are
/// @param layer such as "linear 1"
/// @param how such as `kaiming_uniform_start`, or `3 * linear_start`
/// @param seed of the numbers
/// @throws name_error no such layer
/// @throws value_error an array that is not a matrix, a gain that is not finite or is zero in the
///     model's precision; then nothing has changed
template <layer_word Network, class T, class Space>
void start_weights(model<Network, T, Space>& network, std::string_view layer, start_values how,
                   std::uint64_t seed) {
    if (!detail::is_finite(how.gain))
        throw value_error("the start values of '" + std::string(layer) +
                              "' have a gain that is not finite",
                          "weights would not be finite", "Give a finite factor");
    auto values = network.get(layer, "weight");
    std::size_t outputs = 0, inputs = 0;
    for (auto const& one : network.parameters())
        if (one.layer == layer && one.name == "weight")
            outputs = one.shape[0], inputs = one.shape.size() == 2 ? one.shape[1] : 0;
    if (inputs == 0)
        throw value_error("'weight' of '" + std::string(layer) + "' is no matrix",
                          "start values are counted from its inputs and outputs",
                          "Set it with set()");
    std::size_t const fan = how.over == start_values::fan::inputs    ? inputs
                            : how.over == start_values::fan::outputs ? outputs
                                                                     : inputs + outputs;
    double const spread = how.gain / std::sqrt(static_cast<double>(fan));
    if (!detail::fits<T>(spread))
        throw value_error("the start values of '" + std::string(layer) +
                              "' spread over a number that the model's precision has not",
                          "weights would be infinite, or all zero", "Give another factor");
    std::mt19937_64 random(seed);
    auto const draw = [&] {
        return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
    }; // in (0, 1)
    for (T& value : values) {
        double const first = draw();
        value = static_cast<T>(spread * (how.normal ? std::sqrt(-2 * std::log(first)) *
                                                          std::cos(2 * std::numbers::pi * draw())
                                                    : 2 * first - 1));
    }
    network.set(layer, "weight", values);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI
