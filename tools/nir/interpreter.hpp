// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Any NIR graph, step by step: plain loops in double, no kernel, no network type. Slow, and the
// truth that kernels and other readers are held against. It shares the graph and its schedule with
// the library, and no arithmetic.

#include <cmath>
#include <deque>
#include <map>
#include <spikefuse/io/nir_choices.hpp>
#include <spikefuse/io/nir_schedule.hpp>
#include <string>
#include <vector>

namespace nir_tool {

namespace nir = spikefuse::nir;
namespace nodes = nir::nodes;
using numbers = std::vector<double>;

class interpreter {
  public:
    // What a node keeps and gives: z or the output, and of neurons the membrane and the current.
    struct cell {
        numbers gives, v, i;
        std::vector<char> fired; // at the step before, where the reset is late
    };

    interpreter(nir::graph const& graph, nir::choices const& choices)
        : graph_(graph), choices_(choices), plan_(nir::schedule_of(graph, choices)),
          cells_(graph.nodes.size()), before_(graph.nodes.size()), entering_(graph.nodes.size()),
          past_(graph.nodes.size()) {
        if (!(choices.dt > 0) || !std::isfinite(choices.dt))
            throw spikefuse::value_error("dt is " + std::to_string(choices.dt),
                                         "a time step is positive",
                                         "Say it: NIR files do not hold it");
        for (std::size_t e = 0; e < graph.edges.size(); ++e)
            entering_[graph.edges[e].second].push_back(e);
        for (std::size_t k = 0; k < graph.nodes.size(); ++k) {
            cells_[k].gives.assign(count(graph.nodes[k].out), 0);
            before_[k] = cells_[k].gives;
            std::visit([&](auto const& node) { begin(node, k); }, graph.nodes[k].what);
        }
        // What a loop carries into the first step: what nodes without state make of silence.
        for (std::size_t const k : plan_.order)
            std::visit(
                [&]<class Node>(Node const& node) {
                    if constexpr (!nir::stateful<Node> && !std::is_same_v<Node, nodes::delay> &&
                                  !std::is_same_v<Node, nodes::input>)
                        step(node, k, arriving(k));
                },
                graph.nodes[k].what);
        remember();
    }

    // One step. inputs: of each Input, by its label.
    void step(std::map<std::string, numbers> const& inputs) {
        for (nir::port const& port : graph_.inputs) cells_[port.node].gives = inputs.at(port.label);
        for (std::size_t const k : plan_.order)
            std::visit(
                [&]<class Node>(Node const& node) {
                    if constexpr (!std::is_same_v<Node, nodes::input>) step(node, k, arriving(k));
                },
                graph_.nodes[k].what);
        for (std::size_t k = 0; k < past_.size(); ++k) {
            if (!std::holds_alternative<nodes::delay>(graph_.nodes[k].what)) continue;
            past_[k].push_front(arriving(k));
            if (past_[k].size() > longest_[k]) past_[k].pop_back();
        }
        remember();
    }
    cell const& at(std::size_t node) const { return cells_[node]; }

    static std::size_t count(nir::extents const& shape) {
        std::size_t all = 1;
        for (std::size_t const extent : shape) all *= extent;
        return all;
    }

  private:
    // --- what arrives -------------------------------------------------------------------------
    numbers arriving(std::size_t k) const {
        numbers sum(count(graph_.nodes[k].in), 0);
        for (std::size_t const e : entering_[k]) {
            std::size_t const from = graph_.edges[e].first;
            numbers const& one = plan_.late[e] ? before_[from] : cells_[from].gives;
            for (std::size_t n = 0; n < sum.size(); ++n) sum[n] += one[n];
        }
        return sum;
    }
    void remember() {
        for (std::size_t e = 0; e < plan_.late.size(); ++e)
            if (plan_.late[e]) before_[graph_.edges[e].first] = cells_[graph_.edges[e].first].gives;
    }

    // --- beginnings ---------------------------------------------------------------------------
    template <class Node>
    void begin(Node const& node, std::size_t k) {
        if constexpr (nir::stateful<Node>) {
            cell& own = cells_[k];
            own.v.assign(own.gives.size(), 0);
            own.fired.assign(own.gives.size(), 0);
            if constexpr (requires { node.tau_syn; }) own.i.assign(own.gives.size(), 0);
            if constexpr (requires { node.v_leak; })
                for (std::size_t n = 0; n < own.v.size(); ++n)
                    if (choices_.start == nir::starts::leak) own.v[n] = node.v_leak[n];
        } else if constexpr (std::is_same_v<Node, nodes::delay>) {
            for (std::size_t n = 0; n < node.time.values.size(); ++n)
                longest_[k] = std::max(longest_[k], nir::steps_of(node, n, choices_.dt));
        }
    }

    // --- connections --------------------------------------------------------------------------
    template <class Node>
    void step(Node const&, std::size_t k, numbers const& x) { // ends and Flatten: as it came
        cells_[k].gives = x;
    }
    void step(nodes::affine const& node, std::size_t k, numbers const& x) {
        weigh(node.weight, &node.bias, x, cells_[k].gives);
    }
    void step(nodes::linear const& node, std::size_t k, numbers const& x) {
        weigh(node.weight, nullptr, x, cells_[k].gives);
    }
    static void weigh(nir::array const& weight, nir::parameter const* bias, numbers const& x,
                      numbers& y) {
        std::size_t const in = weight.shape.back(), out = weight.shape[weight.shape.size() - 2],
                          matrices = weight.values.size() / (in * out);
        y.assign(x.size() / in * out, 0);
        for (std::size_t row = 0; row < x.size() / in; ++row) {
            std::size_t const matrix = matrices == 1 ? 0 : row;
            for (std::size_t o = 0; o < out; ++o) {
                double sum = bias == nullptr ? 0 : (*bias)[matrix * out + o];
                for (std::size_t i = 0; i < in; ++i)
                    sum += weight.values[(matrix * out + o) * in + i] * x[row * in + i];
                y[row * out + o] = sum;
            }
        }
    }
    void step(nodes::scale const& node, std::size_t k, numbers const& x) {
        for (std::size_t n = 0; n < x.size(); ++n) cells_[k].gives[n] = node.factor[n] * x[n];
    }
    void step(nodes::threshold const& node, std::size_t k, numbers const& x) {
        for (std::size_t n = 0; n < x.size(); ++n) cells_[k].gives[n] = x[n] > node.level[n];
    }
    void step(nodes::delay const& node, std::size_t k, numbers const& x) {
        for (std::size_t n = 0; n < x.size(); ++n) {
            std::size_t const late = nir::steps_of(node, n, choices_.dt);
            cells_[k].gives[n] = late == 0                ? x[n]
                                 : late > past_[k].size() ? 0
                                                          : past_[k][late - 1][n];
        }
    }

    // An axis of one for Conv1d: the same loops.
    struct window {
        std::size_t kernel[2], stride[2], dilation[2];
        long before[2];
    };
    struct image {
        std::size_t channels, height, width;
    };
    static image image_of(nir::extents const& shape) {
        return {shape[0], shape.size() == 2 ? 1 : shape[1], shape.back()};
    }
    // visit(input index, kernel index) for each place of the window at (y, x) that lies inside.
    template <class Visit>
    static void each_place(window const& w, image const& in, std::size_t c, std::size_t y,
                           std::size_t x, Visit const& visit) {
        for (std::size_t a = 0; a < w.kernel[0]; ++a)
            for (std::size_t b = 0; b < w.kernel[1]; ++b) {
                long const row =
                               static_cast<long>(y * w.stride[0] + a * w.dilation[0]) - w.before[0],
                           column =
                               static_cast<long>(x * w.stride[1] + b * w.dilation[1]) - w.before[1];
                if (row < 0 || column < 0 || row >= static_cast<long>(in.height) ||
                    column >= static_cast<long>(in.width))
                    continue;
                visit((c * in.height + static_cast<std::size_t>(row)) * in.width +
                          static_cast<std::size_t>(column),
                      a * w.kernel[1] + b);
            }
    }
    template <std::size_t Axes>
    void convolve(nodes::convolution<Axes> const& node, std::size_t k, numbers const& x) {
        window w{{1, 1}, {1, 1}, {1, 1}, {0, 0}};
        for (std::size_t axis = 0; axis < Axes; ++axis) {
            std::size_t const at = axis + 2 - Axes;
            w.kernel[at] = node.kernel(axis), w.stride[at] = node.stride[axis];
            w.dilation[at] = node.dilation[axis],
            w.before[at] = static_cast<long>(node.before[axis]);
        }
        image const in = image_of(graph_.nodes[k].in), out = image_of(graph_.nodes[k].out);
        std::size_t const each = in.channels / node.groups, taps = w.kernel[0] * w.kernel[1];
        for (std::size_t o = 0; o < out.channels; ++o)
            for (std::size_t row = 0; row < out.height; ++row)
                for (std::size_t column = 0; column < out.width; ++column) {
                    double sum = node.bias[o];
                    std::size_t const group = o / (out.channels / node.groups);
                    for (std::size_t c = 0; c < each; ++c)
                        each_place(w, in, group * each + c, row, column,
                                   [&](std::size_t from, std::size_t tap) {
                                       sum += node.weight.values[(o * each + c) * taps + tap] *
                                              x[from];
                                   });
                    cells_[k].gives[(o * out.height + row) * out.width + column] = sum;
                }
    }
    void step(nodes::conv1d const& node, std::size_t k, numbers const& x) { convolve(node, k, x); }
    void step(nodes::conv2d const& node, std::size_t k, numbers const& x) { convolve(node, k, x); }
    void pooled(nodes::pool const& node, std::size_t k, numbers const& x, double divisor) {
        window const w{{node.kernel[0], node.kernel[1]},
                       {node.stride[0], node.stride[1]},
                       {1, 1},
                       {static_cast<long>(node.padding[0]), static_cast<long>(node.padding[1])}};
        image const in = image_of(graph_.nodes[k].in), out = image_of(graph_.nodes[k].out);
        for (std::size_t c = 0; c < out.channels; ++c)
            for (std::size_t row = 0; row < out.height; ++row)
                for (std::size_t column = 0; column < out.width; ++column) {
                    double sum = 0;
                    each_place(w, in, c, row, column,
                               [&](std::size_t from, std::size_t) { sum += x[from]; });
                    cells_[k].gives[(c * out.height + row) * out.width + column] = sum / divisor;
                }
    }
    void step(nodes::sum_pool2d const& node, std::size_t k, numbers const& x) {
        pooled(node, k, x, 1);
    }
    void step(nodes::avg_pool2d const& node, std::size_t k, numbers const& x) {
        pooled(node, k, x, static_cast<double>(node.kernel[0] * node.kernel[1]));
    }

    // --- neurons ------------------------------------------------------------------------------
    double part(double tau) const { // of the way to where it is pulled, in a step
        double const ratio = choices_.dt / tau;
        return choices_.integration == nir::integrations::euler ? ratio : 1 - std::exp(-ratio);
    }
    double gain() const {
        return choices_.integrator == nir::integrators::per_second ? choices_.dt : 1;
    }
    void step(nodes::integrator const& node, std::size_t k, numbers const& x) {
        cell& own = cells_[k];
        for (std::size_t n = 0; n < x.size(); ++n)
            own.gives[n] = own.v[n] += gain() * node.r[n] * x[n];
    }
    void step(nodes::li const& node, std::size_t k, numbers const& x) {
        cell& own = cells_[k];
        for (std::size_t n = 0; n < x.size(); ++n)
            own.gives[n] = own.v[n] +=
                part(node.tau[n]) * ((node.v_leak[n] - own.v[n]) + node.r[n] * x[n]);
    }
    void step(nodes::iaf const& node, std::size_t k, numbers const& x) {
        for (std::size_t n = 0; n < x.size(); ++n)
            fire(node, cells_[k], n, cells_[k].v[n] + gain() * node.r[n] * x[n]);
    }
    void step(nodes::lif const& node, std::size_t k, numbers const& x) {
        cell& own = cells_[k];
        for (std::size_t n = 0; n < x.size(); ++n)
            fire(node, own, n,
                 own.v[n] + part(node.tau[n]) * ((node.v_leak[n] - own.v[n]) + node.r[n] * x[n]));
    }
    template <class Node>
    double through_synapse(Node const& node, cell& own, std::size_t n, double x) const {
        double const old = own.i[n];
        own.i[n] += part(node.tau_syn[n]) * (node.w_in[n] * x - old);
        double const current = choices_.current == nir::currents::after ? own.i[n] : old;
        return own.v[n] +
               part(node.tau_mem[n]) * ((node.v_leak[n] - own.v[n]) + node.r[n] * current);
    }
    void step(nodes::cuba_li const& node, std::size_t k, numbers const& x) {
        cell& own = cells_[k];
        for (std::size_t n = 0; n < x.size(); ++n)
            own.gives[n] = own.v[n] = through_synapse(node, own, n, x[n]);
    }
    void step(nodes::cuba_lif const& node, std::size_t k, numbers const& x) {
        for (std::size_t n = 0; n < x.size(); ++n)
            fire(node, cells_[k], n, through_synapse(node, cells_[k], n, x[n]));
    }
    template <class Node>
    void fire(Node const& node, cell& own, std::size_t n, double v) const {
        auto const reset = [&] {
            v = choices_.reset == nir::resets::subtract ? v - node.v_threshold[n] : node.v_reset[n];
        };
        bool const late = choices_.moment == nir::moments::next_step;
        if (late && own.fired[n] != 0) reset();
        bool const fires = choices_.fires == nir::firings::above ? v > node.v_threshold[n]
                                                                 : v >= node.v_threshold[n];
        if (!late && fires) reset();
        own.gives[n] = own.fired[n] = fires;
        own.v[n] = v;
    }

    nir::graph const& graph_;
    nir::choices choices_;
    nir::schedule plan_;
    std::vector<cell> cells_;
    std::vector<numbers> before_; // of sources of late edges: what they gave a step earlier
    std::vector<std::vector<std::size_t>> entering_;
    std::vector<std::deque<numbers>> past_; // of a Delay: what arrived, the latest first
    std::map<std::size_t, std::size_t> longest_;
};

} // namespace nir_tool
