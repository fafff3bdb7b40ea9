// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Population code: every feature goes to N neurons, each tuned to another value: exp(-(x -
/// centre)^2 / (2 tuning_width^2)). `input<4> >> population<16>` gives 64 features, those of the
/// first feature first. What it gives are numbers: `>> poisson` makes spikes.
///
/// Source: norse.torch.functional.encode, `population_encode`: a scale s there is lowest 0, highest
/// s, tuning_width sigma / sqrt(s) here.

#include "../neurons/neuron.hpp"
#include "../shapes/features.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Parameters of `population`. `centre` is a parameter of the model too, one number per neuron.
struct population_parameters {
    double lowest = 0;         ///< centres begin equally spaced from here
    double highest = 1;        ///< the last centre of a feature
    positive tuning_width = 1; ///< in units of the input
};

struct population_neuron {
    using kind = named<"population">;
    using parameters = population_parameters;
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto centre = param<"centre">(&parameters::lowest);
        constexpr auto tuning_width = param<"tuning_width">(&parameters::tuning_width);
        return dynamics(output = exp(-square(current - centre) / (2 * square(tuning_width))));
    }
};

template <int N>
struct population_word : neuron_word<population_neuron> {
    static_assert(N > 0, "spikefuse: population<N> takes at least one neuron a feature.");
    static constexpr int neurons_a_feature = N;
    static constexpr int gives(int left) { return left * N; }

    constexpr population_word() = default;
    constexpr explicit population_word(population_parameters p) : neuron_word(p) {}
    constexpr population_word operator()(population_parameters p) const {
        return population_word(p);
    }

    template <class Left>
    constexpr auto arrays() const {
        auto result = neuron_word::template arrays<features<Left::width * N>>();
        for (array_info& one : result)
            if (one.name == "centre")
                one.period = N,
                one.increment = N > 1 ? (values.highest - values.lowest) / (N - 1) : 0;
        return result;
    }
};

/// `[..., F]` to `[..., F * N]`, numbers in (0, 1].
/// @tparam N neurons a feature, at least 1
template <int N>
inline constexpr population_word<N> population{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
