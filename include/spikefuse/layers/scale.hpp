// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Multiplies what passes: y = factor * x, one factor a feature. `scale(0.5)`. NIR's Scale.

#include "../neurons/neuron.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `scale`, one number per feature.
struct scale_parameters {
    double factor = 1; ///< what passes is multiplied with it
};

struct scale_neuron {
    using kind = named<"scale">;
    using parameters = scale_parameters;
    static constexpr nir_mapping exchange{"Scale", {{"factor", "scale"}}};
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        return dynamics(output = param<"factor">(&parameters::factor) * current);
    }
};

/// `scale(0.5)`; its parameter is "factor".
inline constexpr struct scale_maker {
    constexpr neuron_word<scale_neuron> operator()(double factor) const {
        return neuron_word<scale_neuron>({factor});
    }
} scale{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
