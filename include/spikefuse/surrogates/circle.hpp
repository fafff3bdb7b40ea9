#pragma once
/// Circle: the slope of x / sqrt(alpha^2 + x^2), times alpha: alpha^3 / (alpha^2 + x^2)^1.5. norse's `circ`.
/// Source: norse.torch.functional.threshold, HeaviCirc.

#include "surrogate.hpp"

namespace spikefuse {

template <auto Alpha = 1>
struct circle_surrogate {
    template <class V>
    static SPIKEFUSE_FUNCTION V derivative(V x) {
        V const away = Alpha * Alpha + x * x, root = sqrt(away);
        return 2 * Alpha * (1 / (2 * root) - x * x / (2 * away * root));
    }
};
template <auto Alpha = 1>
inline constexpr surrogate_word<circle_surrogate<Alpha>> circle{};

} // namespace spikefuse
