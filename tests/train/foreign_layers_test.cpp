// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Layers of somebody else's, with nothing but the members that the concepts ask for: they compile,
// run, and train.
#include "../support/gradients.hpp"

namespace foreign {

/// Weights without a bias, uniform in plus or minus 0.4 at first.
template <int Outputs>
struct wiring : spikefuse::layer {
    using kind = spikefuse::named<"wiring">;
    static constexpr bool mixes = true;
    static constexpr int wants = 0;
    static constexpr int gives(int) { return Outputs; }
    template <class Left>
    using over = spikefuse::dense_weights<Left::width, Outputs, false>;
    template <class Left>
    constexpr auto arrays() const {
        return std::array{spikefuse::array_info{
            .name = "weight", .rows = Outputs, .columns = Left::width, .spread = 0.4}};
    }
};
/// A membrane that forgets, and what a sigmoid makes of it.
struct soft {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        constexpr auto keep = param<"keep">(0.75);
        return dynamics(v = keep * v + current, output = 1 / (1 + exp(1 - v)));
    }
};
struct cells : spikefuse::layer {
    using kind = spikefuse::named<"cells">;
    static constexpr bool mixes = false;
    static constexpr int wants = 0;
    static constexpr int gives(int left) { return left; }
    using equations_of = soft;
    template <class Left>
    constexpr auto arrays() const {
        return std::array{
            spikefuse::array_info{.name = "keep", .rows = Left::width, .initial = 0.75}};
    }
};

/// A row the other way round, times one number: a row map, which brings functions of its own.
template <int N>
struct mirrored {
    static constexpr int inputs = N, outputs = N;
    template <class T, bool Training>
    static constexpr std::size_t work = (N + 63) / 64 * 64;
    template <class T>
    static constexpr std::size_t transposed = 0;
    template <class T>
    static constexpr int gradient_parts = 1;
    template <class T>
    static SPIKEFUSE_FUNCTION void transpose(T const*, T*, int) {}

    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T output(Row const* row, T const* gain, int n) {
        return *gain * static_cast<T>(spikefuse::value_in(row, N - 1 - n));
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION void run(Row const* row, T const* gain, T*, T* currents) {
        for (int n = 0; n < N; ++n) currents[n] = output(row, gain, n);
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T input_gradient(Row const*, T const* gradients, T const* gain,
                                               int n) {
        return *gain * gradients[N - 1 - n];
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T const* input_gradients(Row const* row, T const* gradients,
                                                       T const* gain, T const*, T* to) {
        for (int n = 0; n < N; ++n) to[n] = input_gradient(row, gradients, gain, n);
        return to;
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION void add_parameter_gradients(Row const* row, T const* gradients, T*,
                                                           T* to, int, int) {
        for (int n = 0; n < N; ++n)
            *to += gradients[n] * static_cast<T>(spikefuse::value_in(row, N - 1 - n));
    }
};
struct mirror : spikefuse::layer {
    using kind = spikefuse::named<"mirror">;
    static constexpr bool mixes = true;
    static constexpr int wants = 0;
    static constexpr int gives(int left) { return left; }
    template <class Left>
    using over = mirrored<Left::width>;
    template <class Left>
    constexpr auto arrays() const {
        return std::array{spikefuse::array_info{.name = "gain", .rows = 1, .initial = 1.5}};
    }
};

} // namespace foreign

static_assert(spikefuse::connection<foreign::wiring<3>> && spikefuse::neuron_layer<foreign::cells>);
static_assert(!spikefuse::connection<foreign::cells> &&
              !spikefuse::neuron_layer<foreign::wiring<3>>);

TEST_CASE("a foreign connection and foreign neurons run: the numbers of a plain loop") {
    model network{input<2> >> foreign::wiring<3>{} >> foreign::cells{},
                  {.steps = 4, .batch = 1},
                  precision<double>};
    REQUIRE(network.layer_names() == std::vector<std::string>{"wiring 1", "cells 1"});
    network.set("wiring 1", "weight", std::vector<double>{1, 2, 3, 4, 5, 6}); // [3, 2]
    network.set<"cells 1", "keep">(std::vector<double>{0.5, 0.25, 0.125});
    network.record("cells 1", "v");
    values const x("x", 4, 1, 2);
    test::fill(x, [](std::size_t k) { return 0.1 * static_cast<double>(k); });
    auto const output = test::host(network(x)), v = test::host(network.recorded("cells 1", "v"));
    double const weight[3][2] = {{1, 2}, {3, 4}, {5, 6}}, keep[3] = {0.5, 0.25, 0.125};
    for (int n = 0; n < 3; ++n) {
        double membrane = 0;
        for (int t = 0; t < 4; ++t) {
            membrane = keep[n] * membrane + weight[n][0] * 0.1 * (2 * t) +
                       weight[n][1] * 0.1 * (2 * t + 1);
            REQUIRE(std::abs(v(t, 0, n) - membrane) < 1e-13);
            REQUIRE(std::abs(output(t, 0, n) - 1 / (1 + std::exp(1 - membrane))) < 1e-13);
        }
    }
}
static_assert(spikefuse::row_map<foreign::mirrored<3>>);
TEST_CASE("central differences: foreign layers among others, and in a loop") {
    check_gradients(input<4> >> foreign::mirror{} >> linear<5> >> foreign::cells{} >>
                        foreign::mirror{} >> foreign::wiring<3>{} >> li,
                    cross_entropy(counts), some_labels);
    check_gradients(input<4> >> recurrent(foreign::wiring<9>{} >> foreign::cells{},
                                          through(foreign::wiring<4>{})) >>
                        linear<3> >> li,
                    cross_entropy(counts), some_labels, 11, 3);
}
