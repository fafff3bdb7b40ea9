// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What stands for the derivative of a spike in training. The forward pass is the same for all: the
/// neuron fires or not.
///
/// A surrogate is a struct with `derivative(x)`, x by how much the membrane exceeds the threshold.
/// One that looks at membrane and threshold apart has `by_membrane(v, threshold)` and
/// `by_threshold(v, threshold)` instead. One that changes the gradient which arrives at a spike
/// (clips it, say) has `arriving(gradient)` too.

#include "../core/math.hpp"
#include "../core/policy.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Surrogate S as a choice: `lif(superspike<100>)`.
/// @tparam S a struct with `derivative(x)`, or `by_membrane` and `by_threshold`
template <class S>
struct surrogate_word {
    static constexpr neuron_policies::axis question = neuron_policies::axis::surrogate;
    using unit = S;
};

namespace detail {

/// Derivative of a spike with respect to the membrane, per unit of the membrane.
/// @param membrane before the reset
/// @param threshold above which a spike is sent
template <class S, class V>
SPIKEFUSE_FUNCTION V by_membrane(V membrane, V threshold) {
    if constexpr (requires { S::by_membrane(membrane, threshold); }) {
        return S::by_membrane(membrane, threshold);
    } else {
        return S::derivative(membrane - threshold);
    }
}
/// Derivative of a spike with respect to the threshold.
/// @param membrane before the reset
/// @param threshold above which a spike is sent
template <class S, class V>
SPIKEFUSE_FUNCTION V by_threshold(V membrane, V threshold) {
    if constexpr (requires { S::by_threshold(membrane, threshold); }) {
        return S::by_threshold(membrane, threshold);
    } else {
        return -S::derivative(membrane - threshold);
    }
}

/// The gradient of a spike as surrogate S takes it.
template <class S, class V>
SPIKEFUSE_FUNCTION V arriving(V gradient) {
    if constexpr (requires { S::arriving(gradient); }) {
        return S::arriving(gradient);
    } else {
        return gradient;
    }
}

} // namespace detail

template <auto Derivative>
struct written_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        return Derivative(x);
    }
};
/// A surrogate in a line: `lif(surrogate<[](auto x) { return 1 / square(10 * abs(x) + 1); }>)`. For
/// a device `surrogate<mine{}>` of a struct with this function, a SPIKEFUSE_FUNCTION, as
/// `operator()`: nvcc cannot name a lambda among the template arguments of a kernel.
/// @tparam Derivative a function of the membrane above the threshold
template <auto Derivative>
inline constexpr surrogate_word<written_surrogate<Derivative>> surrogate{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
