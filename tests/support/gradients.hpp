// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Gradients beside central differences: every learnable number of a model of smooth neurons, what
// it begins with, and its input.
#include "random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>

namespace {

using namespace spikefuse;
using values = Kokkos::View<double***, Kokkos::LayoutRight>;

template <class View>
std::vector<typename View::non_const_value_type> listed(View const& view) {
    auto const h = test::host(view);
    return {h.data(), h.data() + h.size()};
}

/// LIF whose spike is a sigmoid: everything has a derivative, and it uses what the language has.
struct smooth_lif {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        constexpr auto i = state<"i">;
        constexpr auto a = state<"a">;
        constexpr auto rise = local<"rise">;
        constexpr auto tau_mem = param<"tau_mem">(12 * ms);
        constexpr auto tau_syn = param<"tau_syn">(6 * ms);
        constexpr auto rest = param<"rest">(0.1);
        constexpr auto threshold = param<"threshold">(0.6);
        constexpr auto beta = param<"beta">(0.9);
        return dynamics(start(v = rest, a = rest * threshold), i += current,
                        d(v) = (rest - v + i - 0.2 * a) / tau_mem,
                        d(a) = (0.3 * square(v) - a / threshold) / tau_syn,
                        i = i * exp(-dt / tau_syn), rise = exp(-4 * (v - threshold)),
                        spike = 1 / (1 + rise), v = (1 - spike) * v + spike * rest * 0.5,
                        a = clamp(beta, 0, 1) * a + log(1 + spike) * sqrt(beta + square(v)));
    }
};
/// The same of one state: where the neuron is not what is looked at, a compiler is done sooner.
struct soft_lif {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        constexpr auto tau_mem = param<"tau_mem">(9 * ms);
        constexpr auto threshold = param<"threshold">(0.6);
        return dynamics(d(v) = (current - v) / tau_mem, spike = 1 / (1 + exp(-4 * (v - threshold))),
                        v = (1 - spike) * v);
    }
};

inline values random_values(int steps, int batch, int width, unsigned seed) {
    values const x("x", static_cast<std::size_t>(steps), static_cast<std::size_t>(batch),
                   static_cast<std::size_t>(width));
    std::mt19937 random(seed);
    test::fill(x, [&](std::size_t) {
        return random() % 3 == 0 ? 0 : static_cast<double>(random() % 1000) / 400;
    });
    return x;
}

/// Learnable numbers of a model and its input, each against its central difference: `loss_now`
/// runs. (One function for all networks.)
inline void
compare_with_differences(detail::model_parameters<double, Kokkos::DefaultExecutionSpace>& network,
                         detail::gradient_buffers<double, Kokkos::DefaultExecutionSpace>& back,
                         values const& x, std::function<double()> const& loss_now) {
    loss_now();
    std::size_t checked = 0;
    auto const compare = [&](std::string const& what, std::vector<double> const& gradient,
                             std::function<void(std::size_t, double)> const& change) {
        double largest = 0;
        for (double one : gradient) largest = std::max(largest, std::abs(one));
        REQUIRE(largest > 0);
        // Of many numbers some, of every neuron: widths here have no such factor. Where threads are
        // the lanes, the same equations are looked at again, and fewer numbers do.
        constexpr bool again = !SPIKEFUSE_HOST_LANES;
        std::size_t const stride = gradient.size() > 1000 ? (again ? 239 : 61)
                                   : gradient.size() > 40 ? (again ? 29 : 7)
                                   : gradient.size() > 10 ? (again ? 5 : 1)
                                                          : 1;
        for (std::size_t k = 0; k < gradient.size(); k += stride) {
            constexpr double h = 1e-5;
            change(k, h);
            double const above = loss_now();
            change(k, -2 * h);
            double const below = loss_now();
            change(k, h);
            INFO(what << "[" << k << "]: " << gradient[k] << ", difference "
                      << (above - below) / (2 * h) << ", largest " << largest);
            REQUIRE(std::abs((above - below) / (2 * h) - gradient[k]) <= 1e-6 * largest);
            ++checked;
        }
    };
    std::vector<double> const input_gradient = listed(back.input_gradient());
    auto const x_of_host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), x);
    compare("input", input_gradient, [&](std::size_t k, double by) {
        x_of_host.data()[k] += by, Kokkos::deep_copy(x, x_of_host);
    });
    for (auto const& one : network.arrays()) {
        std::string const name(one.name());
        if (one.info.measure == array_unit::steps) continue; // whole numbers
        bool const time = name.starts_with("tau");
        loss_now();
        auto gradient = back.gradient(one.layer, name);
        for (double& g : gradient) g *= time ? 1e-3 : 1; // change of a millisecond
        auto numbers = network.get(one.layer, name);
        compare(one.layer + " " + name, gradient, [&](std::size_t k, double by) {
            if (gradient[k] == 0 && numbers[k] == 0) return; // the diagonal, held at zero
            numbers[k] += by * (time ? 1e-3 : 1);
            network.set(one.layer, name, numbers);
        });
    }
    REQUIRE(checked > (SPIKEFUSE_HOST_LANES ? 50 : 15));
}
inline void
let_neurons_differ(detail::model_parameters<double, Kokkos::DefaultExecutionSpace>& network) {
    for (auto const& one : network.arrays()) {
        auto numbers = network.get(one.layer, one.name());
        for (std::size_t k = 0; k < numbers.size(); ++k)
            if (one.info.measure == array_unit::steps)
                numbers[k] =
                    static_cast<double>(k * 5 % static_cast<std::size_t>(one.info.highest + 1));
            else
                numbers[k] *=
                    (one.info.columns != 0 ? 3 : 1) * (1 + 0.03 * static_cast<double>(k % 5));
        network.set(one.layer, one.name(), numbers);
    }
}
template <class Network, class Loss, class Prepare>
void check_gradients(Network const& network_type, Loss loss, Prepare const& prepare, int steps = 23,
                     int checkpoint = 6) {
    constexpr int batch = 3;
    model network{network_type, {.steps = steps, .batch = batch, .seed = 5}, precision<double>};
    let_neurons_differ(network);
    values const x = random_values(steps, batch, Network::wants, 7);
    backpropagation back{network, loss, {.checkpoint_steps = checkpoint, .groups = 1}};
    prepare(back, steps, batch);
    back.want_input_gradient();
    compare_with_differences(network, back, x, [&] {
        back.run(x);
        Kokkos::fence();
        return back.loss();
    });
}

auto const no_preparation = [](auto&, int, int) {};
auto const some_labels = [](auto& back, int, int batch) {
    std::vector<int> labels(static_cast<std::size_t>(batch));
    for (std::size_t b = 0; b < labels.size(); ++b) labels[b] = static_cast<int>(b % 3);
    back.set_labels(labels);
};
auto const some_targets = [](auto& back, int steps, int batch, int outputs) {
    std::vector<double> targets(static_cast<std::size_t>(steps * batch * outputs));
    for (std::size_t k = 0; k < targets.size(); ++k) targets[k] = std::sin(static_cast<double>(k));
    back.set_targets(targets, steps);
};
constexpr auto smooth = neuron<smooth_lif>;
constexpr auto soft = neuron<soft_lif>;

} // namespace
