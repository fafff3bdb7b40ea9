// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Delays of another time for each feature: what comes out beside plain loops over what went in, and
// gradients beside central differences.
#include "../support/gradients.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <spikefuse/train.hpp>

namespace {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

/// Times from 0 to `most`, all of them.
std::vector<double> times(int width, int most) {
    std::vector<double> all;
    for (int n = 0; n < width; ++n) all.push_back(static_cast<double>(n * 5 % (most + 1)));
    return all;
}
/// x(t - time of n - more), zero before the first step.
template <class View>
double past(View const& x, std::size_t t, std::size_t b, std::size_t n,
            std::vector<double> const& time, int more = 0) {
    auto const at = static_cast<int>(t) - static_cast<int>(time[n]) - more;
    return at < 0 ? 0 : static_cast<double>(x(static_cast<std::size_t>(at), b, n));
}

} // namespace

TEST_CASE("each feature comes out after its own time: numbers, spikes, in pieces, in a loop") {
    constexpr int steps = 41, batch = 2, width = 21, piece = 5;
    constexpr auto layout = input<width> >> delays<6> >> scale(1);
    auto const time = times(width, 6);
    auto const x = random_values(steps, batch, width, 3);
    auto const packed = test::random_spikes(steps, batch, width, 0.4, 11);
    auto const spikes = test::host(test::unpacked<double>(packed, width));
    model whole{layout, {.steps = steps, .batch = batch}, precision<double>};
    auto const as_delay = test::host(whole(x)); // at first all wait as delay<6> does
    whole.set("delays 1", "delay", time);
    whole.reset();
    auto const y = test::host(whole(x));
    whole.reset();
    auto const of_packed = test::host(whole(packed));
    model pieces{layout, {.steps = piece, .batch = batch}, precision<double>};
    pieces.set("delays 1", "delay", time);
    model loop{input<width> >> recurrent(scale(0.5), through(delays<6>)),
               {.steps = steps, .batch = batch},
               precision<double>};
    loop.set("delays 1", "delay", time);
    auto const around = test::host(loop(x));
    auto const in = test::host(x);
    for (std::size_t t = 0; t < steps; ++t)
        for (std::size_t b = 0; b < batch; ++b)
            for (std::size_t n = 0; n < width; ++n) {
                INFO("step " << t << " sample " << b << " feature " << n);
                REQUIRE(y(t, b, n) == past(in, t, b, n, time));
                REQUIRE(of_packed(t, b, n) == past(spikes, t, b, n, time));
                REQUIRE(as_delay(t, b, n) == (t < 6 ? 0 : in(t - 6, b, n)));
                REQUIRE(around(t, b, n) == (in(t, b, n) + past(around, t, b, n, time, 1)) / 2);
            }
    for (int first = 0; first + piece <= steps; first += piece) {
        auto const part = test::host(
            pieces(Kokkos::subview(x, std::pair(first, first + piece), Kokkos::ALL, Kokkos::ALL)));
        for (std::size_t t = 0; t < piece; ++t)
            for (std::size_t b = 0; b < batch; ++b)
                for (std::size_t n = 0; n < width; ++n)
                    REQUIRE(part(t, b, n) == y(t + static_cast<std::size_t>(first), b, n));
    }
}

TEST_CASE("spikes wait each for its own time, in runs, steps and cells alike") {
    constexpr int steps = 50, batch = 3, width = 37;
    constexpr auto layout = input<19> >> linear<width> >> iaf({.r = 1000}) >> delays<9> >>
                            linear<4> >> recurrent(li, through(delays<2>));
    auto const make = [&](int of_steps) {
        model one{layout, {.steps = of_steps, .batch = batch, .seed = 4}, precision<double>};
        one.set("delays 1", "delay", times(width, 9));
        one.set("delays 2", "delay", times(4, 2));
        return one;
    };
    auto network = make(steps);
    network.record("iaf 1", "spikes");
    auto const x = random_values(steps, batch, 19, 8);
    auto const y = test::host(network(x));
    auto const fired = test::host(test::unpacked<double>(network.recorded_spikes("iaf 1"), width));

    // What the spikes mean to what is behind them, once more with the delay undone by hand.
    model behind{input<width> >> linear<4> >> recurrent(li, through(delays<2>)),
                 {.steps = steps, .batch = batch},
                 precision<double>};
    for (auto const* name : {"weight", "bias"})
        behind.set("linear 1", name, network.get("linear 2", name));
    for (auto const& one : behind.parameters())
        if (one.layer == "li 1") behind.set("li 1", one.name, network.get("li 1", one.name));
    behind.set("delays 1", "delay", times(4, 2));
    values const shifted("shifted", steps, batch, width);
    std::size_t spikes = 0;
    auto const shifted_host = Kokkos::create_mirror_view(shifted);
    for (std::size_t t = 0; t < steps; ++t)
        for (std::size_t b = 0; b < batch; ++b)
            for (std::size_t n = 0; n < width; ++n) {
                shifted_host(t, b, n) = past(fired, t, b, n, times(width, 9));
                spikes += fired(t, b, n) != 0 ? 1 : 0;
            }
    Kokkos::deep_copy(shifted, shifted_host);
    REQUIRE(spikes > 300);
    auto const wanted = test::host(behind(shifted));

    auto stepper = make(1);
    auto const cell = stepper.cell();
    using state = decltype(stepper.cell())::state;
    Kokkos::View<state*> const states("states", batch);
    Kokkos::parallel_for(batch, KOKKOS_LAMBDA(int b) { states(b) = cell.rest(); });
    Kokkos::View<double**, Kokkos::LayoutRight> const now("now", batch, 19), of_cell("y", batch, 4);
    for (std::size_t t = 0; t < steps; ++t) {
        Kokkos::deep_copy(now, Kokkos::subview(x, t, Kokkos::ALL, Kokkos::ALL));
        auto const of_step = test::host(stepper.step(now));
        Kokkos::parallel_for(
            batch, KOKKOS_LAMBDA(int b) {
                cell.step(states(b), Kokkos::subview(now, b, Kokkos::ALL),
                          Kokkos::subview(of_cell, b, Kokkos::ALL));
            });
        auto const cells = test::host(of_cell);
        for (std::size_t b = 0; b < batch; ++b)
            for (std::size_t n = 0; n < 4; ++n) {
                INFO("step " << t << " sample " << b << " output " << n);
                REQUIRE(std::abs(y(t, b, n) - wanted(t, b, n)) < 1e-12); // of numbers
                REQUIRE(of_step(b, n) == y(t, b, n));
                REQUIRE(cells(b, n) == y(t, b, n));
            }
    }
}

TEST_CASE("spikes that wait are spikes to what follows, numbers are numbers") {
    auto const told = [](auto const& layout) {
        std::string const text = describe(model{layout, {.steps = 4}});
        std::size_t const at = text.find("delays 1");
        REQUIRE(at != std::string::npos);
        return text.substr(at, text.find('\n', at) - at);
    };
    REQUIRE_THAT(told(input<9> >> linear<5> >> lif >> delays<3> >> linear<2> >> li),
                 ContainsSubstring("(bits, "));
    REQUIRE_THAT(told(input<9> >> linear<5> >> lif >> delays<3> >> delays<2> >> linear<2> >> li),
                 ContainsSubstring("(bits, "));
    REQUIRE_THAT(told(input<9> >> linear<5> >> li >> delays<3> >> linear<2> >> li),
                 ContainsSubstring("(values, "));
    REQUIRE_THAT(told(input<9> >> linear<5> >> lif >> delays<3> >> scale(2) >> linear<2> >> li),
                 ContainsSubstring("(values, "));
}
TEST_CASE("gradients through spikes that wait are those of a delay of all") {
    constexpr int steps = 70, batch = 3;
    auto const gradients = [&](auto const& wait) {
        model network{input<image<1, 6, 7>> >> conv2d<3, 2> >> lif(superspike<10>) >> wait >>
                          conv2d<2, 2> >> lif(superspike<10>) >> flatten >> linear<3> >> li,
                      {.steps = steps, .batch = batch, .seed = 2},
                      precision<double>};
        std::mt19937 random(3); // drawn anew: a layer more is another start
        for (auto const* layer : {"conv2d 1", "conv2d 2", "linear 1"}) {
            auto weight = network.get(layer, "weight");
            for (double& one : weight) one = static_cast<double>(random() % 1000) / 1000 - 0.3;
            network.set(layer, "weight", weight);
            network.set(layer, "bias", 0);
        }
        for (auto const* layer : {"lif 1", "lif 2"}) network.set(layer, "threshold", 0.02);
        backpropagation back{network, cross_entropy(mean_over_time)};
        back.set_labels(std::vector<int>{0, 2, 1});
        back.run(test::random_spikes(steps, batch, 42, 0.2, 5));
        Kokkos::fence();
        std::vector<double> all{back.loss()};
        for (auto const* layer : {"conv2d 1", "conv2d 2"})
            for (double const one : back.gradient(layer, "weight")) all.push_back(one);
        return all;
    };
    auto const together = gradients(delay<4>), each = gradients(delays<4>);
    REQUIRE(together.size() == each.size());
    double largest = 0;
    for (std::size_t k = 0; k < each.size(); ++k) {
        INFO(k);
        REQUIRE(std::abs(each[k] - together[k]) < 1e-12);
        largest = std::max(largest, std::abs(each[k]));
    }
    REQUIRE(largest > 1e-3);
}
TEST_CASE("central differences: delays behind one another, of images") {
    check_gradients(input<image<1, 4, 5>> >> delays<3> >> conv2d<3, 2> >> soft >> delays<2> >>
                        delays<4> >> conv2d<2, 2> >> soft >> flatten >> linear<3> >> li,
                    cross_entropy(counts), some_labels, 23, 3);
}

TEST_CASE("central differences: delays of features, replayed, and longer than a block") {
    check_gradients(input<5> >> delays<3> >> linear<19> >> soft >> delays<8> >>
                        (linear<6> + (linear<6> >> delays<2>)) >> soft >> linear<3> >> li,
                    cross_entropy(counts), some_labels, 23, 3);
}
TEST_CASE("central differences: delays of features in loops") {
    check_gradients(input<5> >> linear<6> >>
                        recurrent(soft, through(delays<4> >> linear<6>(no_bias))) >>
                        recurrent(soft >> delays<2>, through(delays<3>)) >> linear<3> >> li,
                    cross_entropy(counts), some_labels, 23, 6);
}

TEST_CASE("delays are whole steps within what is kept, and nothing changes them in training") {
    constexpr auto layout = input<4> >> delays<5> >> linear<3> >> li;
    model network{layout, {.steps = 8, .batch = 2}};
    REQUIRE(network.get("delays 1", "delay") == std::vector<float>(4, 5));
    std::vector<float> const chosen = {0, 5, 2, 3};
    network.set("delays 1", "delay", chosen);
    for (double const wrong : {-1., 6., 2.5})
        REQUIRE_THROWS_MATCHES(
            network.set("delays 1", "delay", std::vector<double>{0, 1, wrong, 3}), value_error,
            MessageMatches(ContainsSubstring("'delay' of 'delays 1' is ") &&
                           ContainsSubstring("at [2] (it waits for a whole "
                                             "number of steps from 0 to 5)")));
    REQUIRE(network.get("delays 1", "delay") == chosen);
    trainer teacher{network, cross_entropy(counts),
                    adam{.learning_rate = 0.01, .weight_decay = 0.5}};
    REQUIRE_THROWS_MATCHES(teacher.learn("delays 1", "delay"), value_error,
                           MessageMatches(ContainsSubstring("'delay' of 'delays 1' cannot learn")));
    auto const before = network.get("linear 1", "weight");
    Kokkos::View<float***, Kokkos::LayoutRight> const x("x", 8, 2, 4);
    Kokkos::deep_copy(x, 1.f);
    teacher.step(x, std::vector<int>{0, 1});
    REQUIRE(network.get("delays 1", "delay") == chosen);
    REQUIRE(network.get("linear 1", "weight") != before);
}
