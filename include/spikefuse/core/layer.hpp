// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What every layer is, whatever it computes: the concept through which graph, plan, run and io
/// know layers.

#include "config.hpp"

#include <array>
#include <concepts>
#include <initializer_list>
#include <limits>
#include <string_view>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// Every word that `>>` understands derives from it.
struct layer {};

/// What a parameter may be; finite all.
enum class array_unit {
    number,   ///< any
    positive, ///< above zero
    time,     ///< in seconds, above zero
    rate,     ///< in 1/s, zero or more
    steps     ///< whole ones, from 0 to `highest`; not learned
};

/// One array of a layer's parameters, as people see it: `weight [rows, columns]`, `tau_mem [rows]`.
struct array_info {
    std::string_view name;                   ///< as `model::set` knows it
    int rows = 0;                            ///< outputs, or neurons
    int columns = 0;                         ///< 0: one number a row
    array_unit measure = array_unit::number; ///< what its numbers may be
    double initial = 0;                      ///< what they begin as
    double spread = 0;                       ///< initial values are uniform in initial +- spread
    bool zero_diagonal = false;              ///< the diagonal is held at zero
    double increment = 0;                    ///< from row to row of the initial values
    int period = 0;                          ///< rows after which they begin anew; 0: never
    int highest = 0;                         ///< of steps
};

/// A layer in the exchange format NIR: the node types it is, and the field of each parameter. A
/// field that a node lacks has the value `default_if_missing`; NaN means that it must be there.
/// What a layer has no parameter for, because its equations fix it, is `implied`.
struct nir_mapping {
    /// The default of a field that must be there.
    static constexpr double required = std::numeric_limits<double>::quiet_NaN();
    /// One of a node's fields, and the parameter that it is.
    struct field {
        std::string_view parameter;           ///< its name here
        std::string_view name;                ///< its name in NIR
        double default_if_missing = required; ///< where a node lacks it
    };
    /// A field that the equations fix: that parameter over dt, or 1 where none is named.
    struct fixed {
        std::string_view name;      ///< its name in NIR
        std::string_view parameter; ///< empty: the field is 1
    };
    /// How a window slides, in rows and in columns: a node's geometry, which a layer's type fixes.
    struct window {
        std::array<int, 2> kernel{};   ///< its size
        std::array<int, 2> stride{};   ///< from a window to the next
        std::array<int, 2> dilation{}; ///< from a number of the kernel to the next
        std::array<int, 2> before{};   ///< padding above and at the left
        std::array<int, 2> behind{};   ///< padding below and at the right
        int groups = 0;                ///< 0: a pool
    };
    window slides;                         ///< a kernel of 0: there is no window
    std::array<std::string_view, 2> types; ///< of nodes
    std::array<field, 8> fields;           ///< empty behind the last
    std::array<fixed, 2> implied;          ///< likewise
    bool starts_at_leak = false;           ///< membranes begin at v_leak, not at 0

    constexpr nir_mapping() = default;
    constexpr nir_mapping(std::string_view type, std::initializer_list<field> of,
                          std::string_view also = {})
        : types{type, also} {
        std::size_t k = 0;
        for (field const& one : of) fields[k++] = one;
    }
    /// The same with a window.
    constexpr nir_mapping with_window(window of) const {
        nir_mapping all = *this;
        all.slides = of;
        return all;
    }
    /// The same, with membranes that begin at v_leak.
    constexpr nir_mapping with_start_at_leak() const {
        nir_mapping all = *this;
        all.starts_at_leak = true;
        return all;
    }
    /// The same with fields that the equations fix.
    constexpr nir_mapping with_fixed(fixed one, fixed other) const {
        nir_mapping all = *this;
        all.implied = {one, other};
        return all;
    }
};

/// A word of the network.
/// `kind`: its name in messages. `mixes`: true if an output depends on several inputs (linear),
/// false if on its own alone (neurons). `wants`: the width it asks for, 0 for any. What it makes of
/// what comes: a layer says the width, `gives(left)`, 0 while unknown; a word that joins others
/// says `shape<Left>`, and whether it `keeps_width`.
template <class L>
concept layer_word =
    std::derived_from<L, layer> &&
    requires {
        typename L::kind;
        { L::mixes } -> std::convertible_to<bool>;
        { L::wants } -> std::convertible_to<int>;
    } &&
    (requires(int left) {
        { L::gives(left) } -> std::convertible_to<int>;
    } || requires {
        { L::keeps_width } -> std::convertible_to<bool>;
    });
namespace detail {
/// Whether a word gives as many numbers as come, whatever their number.
template <class L>
inline constexpr bool keeps_width = L::keeps_width;
template <class L>
    requires requires { L::gives(0); }
inline constexpr bool keeps_width<L> = L::gives(0) == 0 && L::gives(7) == 7;
} // namespace detail
/// A shape, for concepts that ask whether a word can be asked what it does behind one.
struct some_shape {
    static constexpr int width = 1;    ///< numbers in all
    static constexpr int channels = 1; ///< of an image
    static constexpr int rows = 1;     ///< likewise
    static constexpr int columns = 1;  ///< likewise
};
/// Words that change no number: they say a shape, or pass what comes.
template <class L>
inline constexpr bool computes_nothing = false;
template <class L>
    requires requires { L::computes_nothing; }
inline constexpr bool computes_nothing<L> = L::computes_nothing; ///< where it says
/// A layer that connects. `over<Left>`: how behind a shape `Left`: by weights in panels, from every
/// input to every output (`dense_weights`), or by functions of its own from row to row (`row_map`).
/// `arrays<Left>()`: the parameters, in the order in which they lie.
template <class L>
concept connection = layer_word<L> && bool(L::mixes) && requires(L const& one) {
    typename L::template over<some_shape>;
    one.template arrays<some_shape>();
};
/// A layer of neurons, one an input. `equations_of`: a struct with `equations()`.
/// `arrays<Left>()`: the parameters and then the tables, in the order in which the equations name
/// them.
template <class L>
concept neuron_layer = layer_word<L> && !bool(L::mixes) && requires(L const& one) {
    typename L::equations_of;
    one.template arrays<some_shape>();
};

/// How a layer is called in NIR; empty where it does not say (`exchange`).
template <class L>
inline constexpr nir_mapping nir_mapping_of{};
template <class L>
    requires requires { L::exchange; }
inline constexpr nir_mapping nir_mapping_of<L> = L::exchange; ///< where it says

} // namespace spikefuse::inline SPIKEFUSE_ABI
