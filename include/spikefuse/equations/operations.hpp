#pragma once
/// The operations of an equation: each is one struct with its arithmetic. `apply` sees registers of neurons.

#include "../core/math.hpp"
#include "expression.hpp"

namespace spikefuse::equations {

template <class T>
SPIKEFUSE_FUNCTION lanes<T> as_number(lanes<T> x) {
    return x;
}
template <class T>
SPIKEFUSE_FUNCTION lanes<T> as_number(lane_mask<T> where) {
    return select(where, lanes<T>(T(1)), lanes<T>(T(0)));
}

struct add {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return a + b;
    }
};
struct subtract {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return a - b;
    }
};
struct multiply {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return a * b;
    }
};
struct divide {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return a / b;
    }
};
struct negate {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a) {
        return -a;
    }
};
struct exponential {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a) {
        return spikefuse::exp(a);
    }
};
struct floor_of {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a) {
        return spikefuse::floor(a);
    }
};
struct maximum_of {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return spikefuse::maximum(a, b);
    }
};
struct minimum_of {
    template <class V>
    static SPIKEFUSE_FUNCTION V apply(V a, V b) {
        return spikefuse::minimum(a, b);
    }
};
struct greater { // a condition: fires when the left side is above the right
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
template <word A>
constexpr auto operator-(A a) {
    return build<negate>(a);
}
template <word A>
constexpr auto exp(A a) {
    return build<exponential>(a);
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

} // namespace spikefuse::equations
