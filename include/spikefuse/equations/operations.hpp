// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The operations of an equation: each is one struct with its arithmetic, and how a gradient goes
/// back through it. `apply` sees registers of neurons; `back<K>` gives argument K's share of a
/// gradient that arrives at the result.

#include "../core/math.hpp"
#include "expression.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::equations {

namespace detail {
using spikefuse::detail::lane_mask, spikefuse::detail::lanes;
} // namespace detail

template <class T, int Count>
SPIKEFUSE_FUNCTION detail::lanes<T, Count> as_number(detail::lanes<T, Count> x) {
    return x;
}
template <class T, int Count>
SPIKEFUSE_FUNCTION detail::lanes<T, Count> as_number(detail::lane_mask<T, Count> where) {
    return select(where, detail::lanes<T, Count>(T(1)), detail::lanes<T, Count>(T(0)));
}

struct add {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return a + b;
    }
    template <int K, class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V, V) {
        return gradient;
    }
};
struct subtract {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return a - b;
    }
    template <int K, class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V, V) {
        if constexpr (K == 0) {
            return gradient;
        } else {
            return -gradient;
        }
    }
};
struct multiply {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return a * b;
    }
    template <int K, class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V a, V b) {
        if constexpr (K == 0) {
            return gradient * b;
        } else {
            return gradient * a;
        }
    }
};
struct divide {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return a / b;
    }
    template <int K, class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V a, V b) {
        if constexpr (K == 0) {
            return gradient *
                   (V(1) /
                    b); // 1 / b by itself: of a constant it is divided once a run, not once a step
        } else {
            return -gradient * (V(1) / b) * (a * (V(1) / b));
        }
    }
};
struct negate {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a) {
        return -a;
    }
    template <int K, class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V) {
        return -gradient;
    }
};
struct inverse_of {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a) {
        return V(1) / a;
    }
    template <int K, class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V a) {
        return -gradient / (a * a);
    }
};
// Costly ones: a replay keeps their results for the way back. `back` sees the argument and the
// result.
struct exponential {
    static constexpr bool costly = true;
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a) {
        return spikefuse::detail::exp(a);
    }
    template <class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V, V result) {
        return gradient * result;
    }
};
struct logarithm {
    static constexpr bool costly = true;
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a) {
        return spikefuse::detail::log(a);
    }
    template <class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V a, V) {
        return gradient / a;
    }
};
struct square_root {
    static constexpr bool costly = true;
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a) {
        return spikefuse::detail::sqrt(a);
    }
    template <class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V, V result) {
        return gradient / (2 * result);
    }
};
struct floor_of {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a) {
        return spikefuse::detail::floor(a);
    }
    template <int K, class V>
    static SPIKEFUSE_FUNCTION V back(V, V) {
        return V(0);
    }
};
struct maximum_of { // at a tie the gradient goes to the second: a clamped number at its bound has
                    // none, as in torch
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return spikefuse::detail::maximum(a, b);
    }
    template <int K, class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V a, V b) {
        if constexpr (K == 0) {
            return select(a > b, gradient, V(0));
        } else {
            return select(a > b, V(0), gradient);
        }
    }
};
struct minimum_of {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return spikefuse::detail::minimum(a, b);
    }
    template <int K, class V>
    static SPIKEFUSE_FUNCTION V back(V gradient, V a, V b) {
        if constexpr (K == 0) {
            return select(a < b, gradient, V(0));
        } else {
            return select(a < b, V(0), gradient);
        }
    }
};
struct detached { // the value alone: no gradient flows through
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a) {
        return a;
    }
    template <int K, class V>
    static SPIKEFUSE_FUNCTION V back(V, V) {
        return V(0);
    }
};

// Conditions: true or false; as a number 1 or 0.
struct greater {
    static constexpr bool condition = true;
    template <class V>
    static SPIKEFUSE_FUNCTION auto apply(V a, V b) {
        return a > b;
    }
};
struct greater_equal {
    static constexpr bool condition = true;
    template <class V>
    static SPIKEFUSE_FUNCTION auto apply(V a, V b) {
        return a >= b;
    }
};
struct less {
    static constexpr bool condition = true;
    template <class V>
    static SPIKEFUSE_FUNCTION auto apply(V a, V b) {
        return a < b;
    }
};
struct less_equal {
    static constexpr bool condition = true;
    template <class V>
    static SPIKEFUSE_FUNCTION auto apply(V a, V b) {
        return a <= b;
    }
};
struct both {
    static constexpr bool condition = true, of_conditions = true;
    template <class M>
    static SPIKEFUSE_FUNCTION M apply(M a, M b) {
        return a & b;
    }
};

template <class Operation>
concept is_condition = requires { Operation::condition; };

template <class A, class B>
concept operands = operand<A> && operand<B> && (word<A> || word<B>);

template <class A, class B>
    requires operands<A, B>
constexpr auto operator+(A a, B b) {
    return build<add>(a, b);
}
template <class A, class B>
    requires operands<A, B>
constexpr auto operator-(A a, B b) {
    return build<subtract>(a, b);
}
template <class A, class B>
    requires operands<A, B>
constexpr auto operator*(A a, B b) {
    return build<multiply>(a, b);
}
template <class A, class B>
    requires operands<A, B>
constexpr auto operator/(A a, B b) {
    return build<divide>(a, b);
}
template <class A, class B>
    requires operands<A, B>
constexpr auto operator>(A a, B b) {
    return build<greater>(a, b);
}
template <class A, class B>
    requires operands<A, B>
constexpr auto operator>=(A a, B b) {
    return build<greater_equal>(a, b);
}
template <class A, class B>
    requires operands<A, B>
constexpr auto operator<(A a, B b) {
    return build<less>(a, b);
}
template <class A, class B>
    requires operands<A, B>
constexpr auto operator<=(A a, B b) {
    return build<less_equal>(a, b);
}
template <is_condition First, class... A, is_condition Second, class... B>
constexpr auto operator&(node<First, A...> a, node<Second, B...> b) {
    return build<both>(a, b);
}
template <word A>
constexpr auto operator-(A a) {
    return build<negate>(a);
}
template <word A>
constexpr auto exp(A a) {
    return build<exponential>(a);
}
template <word A>
constexpr auto inverse(A a) {
    return build<inverse_of>(a);
}
template <word A>
constexpr auto inverse(node<inverse_of, A> a) { // a rate that was given as one
    return get<0>(a.arguments);
}
template <word A>
constexpr auto log(A a) {
    return build<logarithm>(a);
}
template <word A>
constexpr auto sqrt(A a) {
    return build<square_root>(a);
}
template <word A>
constexpr auto abs(A a) {
    return max(max(a, -a), 0); // at 0 no gradient flows, as in torch
}
template <word A>
constexpr auto square(A a) {
    return build<multiply>(a, a);
}
/// The value of an expression, through which no gradient flows.
template <word A>
constexpr auto detach(A a) {
    return build<detached>(a);
}
template <word A>
constexpr auto floor(A a) {
    return build<floor_of>(a);
}
template <class A, class B>
    requires operands<A, B>
constexpr auto max(A a, B b) {
    return build<maximum_of>(a, b);
}
template <class A, class B>
    requires operands<A, B>
constexpr auto min(A a, B b) {
    return build<minimum_of>(a, b);
}
template <word A, number Low, number High>
constexpr auto clamp(A a, Low low, High high) {
    return min(max(a, low), high);
}

template <class Self>
template <operand E>
constexpr auto assignable<Self>::operator+=(E value) const {
    return assignment<Self, decltype(Self{} + value)>{Self{} + value};
}
template <class Self>
template <operand E>
constexpr auto assignable<Self>::operator-=(E value) const {
    return assignment<Self, decltype(Self{} - value)>{Self{} - value};
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::equations
