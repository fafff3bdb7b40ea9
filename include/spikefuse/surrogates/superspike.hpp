// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// SuperSpike: 1 / (alpha |x| + 1)^2. norse's `super`, with its alpha of 100.
/// Source: Zenke and Ganguli, "SuperSpike", Neural Computation 30:1514 (2018).

#include "surrogate.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

template <auto Alpha = 100>
struct superspike_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        return 1 / square(Alpha * abs(x) + 1);
    }
};
/// @tparam Alpha steepness
template <auto Alpha = 100>
inline constexpr surrogate_word<superspike_surrogate<Alpha>> superspike{};

} // namespace spikefuse::inline SPIKEFUSE_ABI
