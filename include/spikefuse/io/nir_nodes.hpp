// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The nodes of the exchange format NIR, each a struct of its fields, sizes settled. No Kokkos, no
/// network type. Source of the equations: Pedersen et al. 2024, Nature Communications 15:8122.

#include "../core/config.hpp"

#include "hdf5.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::nir {

using io::array;
/// Extents, without batch and time: `[N]`, `[C, H, W]`.
using extents = std::vector<std::size_t>;

/// A number a neuron, or one for all.
struct parameter {
    std::vector<double> values; ///< row-major over the node's shape, or one number
    /// That of neuron `k`.
    double operator[](std::size_t k) const { return values[values.size() == 1 ? 0 : k]; }
    /// Whether all are the same number.
    bool uniform() const {
        for (double const one : values)
            if (one != values[0]) return false;
        return true;
    }
};

/// Node types, as NIR names them. `fields(node, visit)` calls `visit(name in the file, field)`.
namespace nodes {

struct input { ///< where a network begins
    template <class Self, class Visit>
    static void fields(Self&, Visit const&) {}
};
struct output { ///< where it ends
    template <class Self, class Visit>
    static void fields(Self&, Visit const&) {}
};
struct junction { ///< Input or Output of a nested graph: what arrives is summed and passed on
    template <class Self, class Visit>
    static void fields(Self&, Visit const&) {}
};
struct affine {   ///< y = W x + b; with more axes one matrix for each leading index
    array weight; ///< [.., out, in]
    parameter bias;
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("weight", self.weight), visit("bias", self.bias);
    }
};
struct linear {   ///< y = W x
    array weight; ///< [.., out, in]
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("weight", self.weight);
    }
};
struct scale { ///< y = s x, elementwise
    parameter factor;
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("scale", self.factor);
    }
};
/// Cross-correlation, zeros outside.
template <std::size_t Axes>
struct convolution {
    array weight; ///< [out, in / groups, kernel..]
    parameter bias;
    std::array<std::size_t, Axes> stride{}, dilation{};
    std::array<std::size_t, Axes> before{}, after{}; ///< zeros in front of and behind each axis
    std::size_t groups = 1;                          ///< of channels, not joined with each other
    std::string padding;                             ///< "same", "valid", or empty: numbers
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("weight", self.weight), visit("bias", self.bias);
    }
    /// Extent of the kernel along an axis.
    std::size_t kernel(std::size_t axis) const { return weight.shape[2 + axis]; }
};
struct conv1d : convolution<1> {}; ///< over [C, L]
struct conv2d : convolution<2> {}; ///< over [C, H, W]
/// Windows of each channel; those that would hang over the end are left out.
struct pool {
    std::array<std::size_t, 2> kernel{}, stride{}, padding{};
    template <class Self, class Visit>
    static void fields(Self&, Visit const&) {}
};
struct sum_pool2d : pool {}; ///< the sum
struct avg_pool2d : pool {}; ///< the sum over the size of the whole window
struct flatten {             ///< axes first to last become one
    std::size_t first = 0, last = 0;
    template <class Self, class Visit>
    static void fields(Self&, Visit const&) {}
};
struct delay {      ///< y(t) = x(t - delay)
    parameter time; ///< s
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("delay", self.time);
    }
};
struct threshold { ///< 1 where x > threshold, else 0
    parameter level;
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("threshold", self.level);
    }
};
struct integrator { ///< I: dv/dt = r x
    parameter r;
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("r", self.r);
    }
};
struct li { ///< LI: tau dv/dt = (v_leak - v) + r x
    parameter tau, r, v_leak;
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("tau", self.tau), visit("r", self.r), visit("v_leak", self.v_leak);
    }
};
struct iaf { ///< IF: dv/dt = r x; a spike where v > v_threshold, then v = v_reset
    parameter r, v_threshold, v_reset;
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("r", self.r), visit("v_threshold", self.v_threshold), visit("v_reset", self.v_reset);
    }
};
struct lif { ///< LIF: tau dv/dt = (v_leak - v) + r x; spikes as IF
    parameter tau, r, v_leak, v_threshold, v_reset;
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("tau", self.tau), visit("r", self.r), visit("v_leak", self.v_leak),
            visit("v_threshold", self.v_threshold), visit("v_reset", self.v_reset);
    }
};
struct cuba_li { ///< CubaLI: tau_syn di/dt = -i + w_in x; tau_mem dv/dt = (v_leak - v) + r i
    parameter tau_mem, tau_syn, r, v_leak, w_in;
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("tau_mem", self.tau_mem), visit("tau_syn", self.tau_syn), visit("r", self.r),
            visit("v_leak", self.v_leak), visit("w_in", self.w_in);
    }
};
struct cuba_lif { ///< CubaLIF: CubaLI, and spikes as IF
    parameter tau_mem, tau_syn, r, v_leak, v_threshold, v_reset, w_in;
    template <class Self, class Visit>
    static void fields(Self& self, Visit const& visit) {
        visit("tau_mem", self.tau_mem), visit("tau_syn", self.tau_syn), visit("r", self.r),
            visit("v_leak", self.v_leak), visit("v_threshold", self.v_threshold),
            visit("v_reset", self.v_reset), visit("w_in", self.w_in);
    }
};

} // namespace nodes

/// What a node is.
using kind =
    std::variant<nodes::input, nodes::output, nodes::junction, nodes::affine, nodes::linear,
                 nodes::scale, nodes::conv1d, nodes::conv2d, nodes::sum_pool2d, nodes::avg_pool2d,
                 nodes::flatten, nodes::delay, nodes::threshold, nodes::integrator, nodes::li,
                 nodes::iaf, nodes::lif, nodes::cuba_li, nodes::cuba_lif>;

/// Whether it has a membrane that is reset, and gives spikes.
template <class Node>
concept spiking = requires(Node node) { node.v_reset; };
/// Whether it has a membrane.
template <class Node>
concept stateful = spiking<Node> || requires(Node node) { node.v_leak; } ||
                   std::is_same_v<Node, nodes::integrator>;

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir
