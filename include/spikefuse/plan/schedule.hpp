// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The plan of a network as a type: its layers, the shapes between them, buffers and nodes.

#include "plan_joins.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

/// The schedule of a network whose input is `bits` (packed spikes) or values.
template <class Network, bool InputBits>
struct schedule {
    using input_shape = wanted_shape<Network>;
    static_assert(input_shape::width != 0,
                  "spikefuse: the network's input width is not known. Begin "
                  "it with input<N> or linear<In, Out>.");
    static constexpr int inputs = input_shape::width;
    using start = detail::plan_builder<mp11::mp_list<>, mp11::mp_list<>,
                                       mp11::mp_list<buffer<inputs, InputBits>>, mp11::mp_list<>,
                                       detail::in_buffers<input_shape, source<network_input, 0>>>;
    using finished =
        detail::finish<typename detail::append<start, std::remove_cv_t<Network>>::type>;
    using words = typename finished::type::words;
    using shapes = typename finished::type::shapes;
    using buffers = typename finished::type::buffers;
    using nodes = typename finished::type::nodes;
    using stages = typename stages_of<nodes>::type; // those of loops too
    static constexpr int outputs = finished::outputs;
    static constexpr bool emits_bits = finished::bits;
    static constexpr int layer_count = static_cast<int>(mp11::mp_size<words>::value);

    template <int Layer>
    using word = mp11::mp_at_c<words, Layer>;
    template <int Layer>
    using shape_into = mp11::mp_at_c<shapes, Layer>;
    template <int Layer>
    static constexpr int width_into = shape_into<Layer>::width;
    template <int Layer>
    static constexpr int width_from = shape_behind<word<Layer>, shape_into<Layer>>::width;
    /// How a connection lies behind what it reads.
    template <int Layer>
    using over = typename word<Layer>::template over<shape_into<Layer>>;
    /// The arrays of a layer's parameters.
    template <int Layer>
    static constexpr auto arrays_of(word<Layer> const& one = {}) {
        return one.template arrays<shape_into<Layer>>();
    }
    template <int Buffer>
    using buffer_at = mp11::mp_at_c<buffers, Buffer>;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
