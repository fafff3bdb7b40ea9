// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// How an equation says that a neuron fires: once, several times in a step, or only the highest of
/// its layer.

#include "operations.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::equations {

/// A condition whose derivative is the surrogate S's.
template <class S>
struct firing {
    static constexpr bool condition = true, of_conditions = true;
    using surrogate = S;
    template <class M>
    static SPIKEFUSE_FUNCTION M apply(M fires) {
        return fires;
    }
};
/// Several spikes in a step: as often as the threshold goes into the membrane, at most `Most`
/// times.
template <class S, int Most>
struct counting {
    using surrogate = S;
    static constexpr int most = Most;
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V membrane, V threshold) {
        V const count = minimum(floor(membrane / threshold), V(Most));
        return select(membrane >= threshold, count, V(0));
    }
};
/// True in one neuron of a layer at most: where the condition's left side exceeds its right side by
/// most.
struct winning {
    static constexpr bool condition = true, of_conditions = true;
};
/// The nearest entry of a table, the first of two that are equally near. Its derivative is one.
struct nearest_level {};

/// `spike = fire<Surrogate>(v > threshold)`.
template <class S, is_condition Operation, class... A>
constexpr auto fire(node<Operation, A...> condition) {
    return build<firing<S>>(condition);
}
/// `spike = fire_several<Surrogate, 31>(v, threshold)`.
template <class S, int Most, operand A, operand B>
constexpr auto fire_several(A membrane, B threshold) {
    return build<counting<S, Most>>(membrane, threshold);
}
/// `spike = only_winner(v > threshold)`: of a layer, only the neuron whose v lies highest above its
/// threshold may fire.
template <is_condition Operation, class... A>
constexpr auto only_winner(node<Operation, A...> condition) {
    return build<winning>(condition);
}
/// `nearest(v, levels<"level", 16>(-1, 1.2))`.
template <operand A, class Name, int Count>
constexpr auto nearest(A value, levels_word<Name, Count> table) {
    return build<nearest_level>(value, table);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::equations
