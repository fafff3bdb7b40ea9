// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Several inputs and outputs, ways that cross, loops through other neurons: `input<A, B>`, `|`,
// `take`, beside plain loops over numbers.
#include "../support/random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using test::bits_of, test::host, test::random_spikes, test::unpacked;

namespace {

using row = std::vector<double>;

/// Layers as plain loops, with a model's numbers.
template <class Model>
struct plainly {
    Model& network;

    row linear(std::string const& layer, row const& x) const {
        auto const weight = network.get(layer, "weight"), bias = network.get(layer, "bias");
        row y(bias.begin(), bias.end());
        for (std::size_t o = 0; o < y.size(); ++o)
            for (std::size_t i = 0; i < x.size(); ++i)
                y[o] += static_cast<double>(weight[o * x.size() + i]) * x[i];
        return y;
    }
    static row spikes(row& v, row const& x) { // nir::lif, r = 3, tau 10 steps
        row z(x.size());
        v.resize(x.size());
        for (std::size_t n = 0; n < x.size(); ++n) {
            v[n] += 0.1 * (3 * x[n] - v[n]);
            z[n] = v[n] > 1;
            if (z[n] != 0) v[n] = 0;
        }
        return z;
    }
    static row leaks(row& v, row const& x) { // nir::li, tau 10 steps
        v.resize(x.size());
        for (std::size_t n = 0; n < x.size(); ++n) v[n] += 0.1 * (x[n] - v[n]);
        return v;
    }
};
row sum(row a, row const& b) {
    for (std::size_t n = 0; n < a.size(); ++n) a[n] += b[n];
    return a;
}
row behind(row a, row const& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}
row part(row const& x, std::ptrdiff_t first, std::ptrdiff_t count) {
    return {x.begin() + first, x.begin() + first + count};
}

constexpr auto fires = nir::lif({.tau = 10 * ms, .r = 3});
constexpr auto leaks = nir::li({.tau = 10 * ms});

// clang-format off
constexpr auto merging = input<37, 21>
    >> ((take<0> >> linear<19>) + (take<1> >> linear<19>)) >> fires
    >> ((linear<3> >> leaks) | identity);
/// Parts that are rows, and parts of one row.
constexpr auto crossing = input<12> >> ((linear<9> >> fires) | (linear<40> >> fires))
    >> (((take<0> >> linear<6>) + (take<1> >> linear<6>)) | (take<1> >> linear<35>) | take<0>)
    >> leaks >> (take<2> | (take<1> >> scale(2)) | take<0>);
constexpr auto populations = input<11> >> linear<20>
    >> recurrent(fires >> (identity | (linear<8> >> fires)), through(take<1> >> linear<20>))
    >> (take<1> | (take<0> >> linear<4> >> leaks));
// clang-format on

static_assert(input_shape<merging> == features<58>{} && output_shape<merging> == features<22>{});
static_assert(output_shape<crossing> == features<50>{});

/// A network over random spikes, packed and as numbers, whole and in pieces, beside what `step`
/// does: a row in, a row out, for each sample anew.
template <class T, class Network, class Begin>
void compare(Network const& words, Begin const& begin) {
    constexpr int steps = 60, batch = 3;
    constexpr int width = Network::wants;
    model network{words, {.steps = steps, .batch = batch, .seed = 4}, precision<T>};
    for (auto const& p : network.parameters())
        if (p.name == "weight") {
            auto weight = network.get(p.layer, p.name);
            for (auto& w : weight) w = w * 3 + T(0.05);
            network.set(p.layer, p.name, weight);
        }
    auto const packed = random_spikes(steps, batch, width, 0.2, 8);
    auto const values = unpacked<T>(packed, width);
    auto const whole = host(network(packed));
    network.reset();
    auto const valued = host(network(values));
    auto const x = host(values);
    double const tolerance = sizeof(T) == 4 ? 2e-5 : 1e-12;
    std::size_t const outputs = whole.extent(2);
    double furthest = 0, between = 0, largest = 0;
    int active = 0;
    for (std::size_t b = 0; b < batch; ++b) {
        auto step = begin(plainly<decltype(network)>{network});
        for (std::size_t t = 0; t < steps; ++t) {
            row in(static_cast<std::size_t>(width));
            for (std::size_t n = 0; n < in.size(); ++n) in[n] = static_cast<double>(x(t, b, n));
            row const wanted = step(in);
            REQUIRE(wanted.size() == outputs);
            for (std::size_t n = 0; n < outputs; ++n) {
                furthest =
                    std::max(furthest, std::abs(static_cast<double>(whole(t, b, n)) - wanted[n]));
                between = std::max(between,
                                   std::abs(static_cast<double>(whole(t, b, n) - valued(t, b, n))));
                largest = std::max(largest, std::abs(wanted[n]));
                active += wanted[n] != 0 ? 1 : 0;
            }
        }
    }
    CHECK(furthest <= tolerance * largest);
    CHECK(between <= tolerance * largest);
    CHECK(active > 200);
    network.reset();
    for (std::size_t t = 0; t < steps; t += 15) {
        auto const piece =
            host(network(Kokkos::subview(packed, std::pair(t, t + 15), Kokkos::ALL, Kokkos::ALL)));
        for (std::size_t k = 0; k < 15; ++k)
            for (std::size_t b = 0; b < batch; ++b)
                for (std::size_t n = 0; n < outputs; ++n)
                    REQUIRE(bits_of(piece(k, b, n)) == bits_of(whole(t + k, b, n)));
    }
}

} // namespace

TEST_CASE("two inputs of a row each take their weights, and two outputs stand in one row") {
    auto const begin = [](auto plain) {
        return [plain, v = row(), w = row()](row const& x) mutable {
            row const z = plain.spikes(v, sum(plain.linear("linear 1", part(x, 0, 37)),
                                              plain.linear("linear 2", part(x, 37, 21))));
            return behind(plain.leaks(w, plain.linear("linear 3", z)), z);
        };
    };
    compare<float>(merging, begin);
    compare<double>(merging, begin);
}
TEST_CASE("a plan says which part of a row is read") {
    std::string const text = describe(merging);
    INFO(text);
    CHECK_THAT(text, ContainsSubstring("network: 37 | 21 -> 22, "));
    CHECK_THAT(text, ContainsSubstring("[21]  input [37, 58) -> buffer "));
}
TEST_CASE("ways cross: what several layers take stands side by side") {
    compare<double>(crossing, [](auto plain) {
        return [plain, v = row(), w = row(), u = row()](row const& x) mutable {
            row const a = plain.spikes(v, plain.linear("linear 1", x)),
                      b = plain.spikes(w, plain.linear("linear 2", x));
            row const all = plain.leaks(
                u, behind(behind(sum(plain.linear("linear 3", a), plain.linear("linear 4", b)),
                                 plain.linear("linear 5", b)),
                          a));
            return behind(behind(part(all, 41, 9), sum(part(all, 6, 35), part(all, 6, 35))),
                          part(all, 0, 6));
        };
    });
}
TEST_CASE("a population drives another, and is driven by it a step later") {
    compare<double>(populations, [](auto plain) {
        return [plain, v = row(), w = row(), u = row(), back = row(20)](row const& x) mutable {
            // Layers of the way back are counted first, and its bias acts from the first step.
            if (w.empty()) back = plain.linear("linear 2", row(8));
            row const exc = plain.spikes(v, sum(plain.linear("linear 1", x), back)),
                      inh = plain.spikes(w, plain.linear("linear 3", exc));
            back = plain.linear("linear 2", inh);
            return behind(inh, plain.leaks(u, plain.linear("linear 4", exc)));
        };
    });
}
TEST_CASE("a cell of several inputs and outputs steps as the host does") {
    constexpr int steps = 40;
    model network{merging, {.steps = steps, .batch = 1, .seed = 4}};
    for (auto const* layer : {"linear 1", "linear 2", "linear 3"}) {
        auto weight = network.get(layer, "weight");
        for (auto& w : weight) w = w * 3 + 0.05f;
        network.set(layer, "weight", weight);
    }
    auto const values = unpacked<float>(random_spikes(steps, 1, 58, 0.2, 8), 58);
    auto const whole = host(network(values));
    if constexpr (!test::on_a_device) {
        network.reset();
        auto const cell = network.cell();
        auto state = cell.rest();
        for (std::size_t t = 0; t < steps; ++t) {
            float out[22];
            cell.step(state, &values(t, 0, 0), out);
            for (std::size_t n = 0; n < 22; ++n)
                REQUIRE(bits_of(out[n]) == bits_of(whole(t, 0, n)));
        }
    }
}
