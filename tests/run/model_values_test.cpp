// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A model is a value: copies stand for themselves, to look changes nothing; views of any strides;
// numbers as their type has them; long runs; populations wider than Kokkos' scratch.
#include "../support/random_spikes.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <limits>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/update.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;
using spikefuse::detail::lanes;
using test::host;

namespace {

constexpr auto small = input<4> >> linear<3> >> li;
constexpr auto one_li = input<1> >> li;
constexpr auto one_iaf = input<1> >> iaf;

using rows = Kokkos::View<float**, Kokkos::LayoutRight>;
using row_traces = Kokkos::View<float***, Kokkos::LayoutRight>;
using columns = Kokkos::View<float**, Kokkos::LayoutLeft>;
using column_traces = Kokkos::View<float***, Kokkos::LayoutLeft>;

/// The same extents, row by row: between a device and its host only such views are copied.
template <class View>
auto in_rows(View const& view) {
    using type = Kokkos::View<typename View::non_const_data_type, Kokkos::LayoutRight>;
    if constexpr (View::rank() == 3) {
        return type("rows", view.extent(0), view.extent(1), view.extent(2));
    } else {
        return type("rows", view.extent(0), view.extent(1));
    }
}
/// k-th number, row-major, of anything of rank 2 or 3.
template <class View, class Number>
void fill_any(View const& view, Number const& number) {
    auto const whole = in_rows(view);
    test::fill(whole, number);
    Kokkos::deep_copy(view, whole);
}
template <class View>
std::vector<float> listed(View const& view) {
    auto const whole = in_rows(view);
    Kokkos::deep_copy(whole, view);
    auto const h = host(whole);
    return {h.data(), h.data() + h.size()};
}
float wave(std::size_t k) { return 1 + std::sin(static_cast<float>(k)); }

rows held(float value, int batch = 1, int width = 1) {
    rows const view("held", static_cast<std::size_t>(batch), static_cast<std::size_t>(width));
    Kokkos::deep_copy(view, value);
    return view;
}

template <class Action>
void refuses(Action const& action, std::string const& kind, std::string const& words) {
    try {
        action();
    } catch (error const& fault) {
        INFO(fault.what());
        REQUIRE(std::string(fault.what()).starts_with("spikefuse::" + kind));
        REQUIRE(std::string(fault.what()).find(words) != std::string::npos);
        return;
    }
    FAIL("nothing was refused: " << words);
}

} // namespace

TEST_CASE("outputs of any strides hold what a LayoutRight view holds") {
    Kokkos::DefaultExecutionSpace const space;
    rows const x("x", 5, 4);
    fill_any(x, wave);
    auto const run = [&](auto readout, auto const& output) {
        model network{small, {.steps = 2, .batch = 5}};
        network.run(space, x, readout, output);
        return listed(output);
    };
    auto const reduced = run(last_step, rows("right", 5, 3)),
               traced = run(trace, row_traces("right", 2, 5, 3));
    REQUIRE(reduced != std::vector<float>(15, 0));
    REQUIRE(run(last_step, columns("left", 5, 3)) == reduced);
    REQUIRE(run(trace, column_traces("left", 2, 5, 3)) == traced);
    // Parts of larger views: rows that lie apart, and every second number.
    row_traces const wide("wide", 5, 7, 3);
    REQUIRE(run(last_step, Kokkos::subview(wide, Kokkos::ALL, 2, Kokkos::ALL)) == reduced);
    REQUIRE(run(last_step, Kokkos::subview(wide, std::pair(0, 5), std::pair(1, 4), 1)) == reduced);
    Kokkos::View<float****, Kokkos::LayoutRight> const deep("deep", 2, 5, 3, 2);
    REQUIRE(run(trace, Kokkos::subview(deep, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL, 1)) == traced);
    auto const untouched = host(Kokkos::View<float****, Kokkos::LayoutRight>(deep));
    for (int t = 0; t < 2; ++t)
        for (int b = 0; b < 5; ++b)
            for (int n = 0; n < 3; ++n) REQUIRE(untouched(t, b, n, 0) == 0);
    std::vector<float> memory(15);
    Kokkos::View<float**, Kokkos::LayoutStride> const same_line(memory.data(),
                                                                Kokkos::LayoutStride(5, 0, 3, 1));
    refuses([&] { run(last_step, same_line); }, "shape_error", "has a stride of 0");
    refuses([&] { run(last_step, columns("left", 3, 5)); }, "shape_error",
            "the output view is [3, 5]");
}

TEST_CASE("inputs of any strides are read as LayoutRight views are, forward and in training") {
    auto const run = [&](auto const& input) {
        fill_any(input, wave);
        model network{small, {.steps = 2, .batch = 5}};
        auto output = listed(network(input));
        backpropagation back{network, mean_squared(last_step)};
        back.set_targets(std::vector<float>(15, 0.5f));
        back.want_input_gradient();
        back.run(input);
        auto const gradient = host(back.input_gradient());
        output.insert(output.end(), gradient.data(), gradient.data() + gradient.size());
        return output;
    };
    auto const wanted = run(row_traces("right", 2, 5, 4)),
               wanted_of_held = run(rows("right", 5, 4));
    REQUIRE(run(column_traces("left", 2, 5, 4)) == wanted);
    REQUIRE(run(columns("left", 5, 4)) == wanted_of_held);
    Kokkos::View<float****, Kokkos::LayoutRight> const deep("deep", 2, 5, 4, 3);
    REQUIRE(run(Kokkos::subview(deep, Kokkos::ALL, Kokkos::ALL, Kokkos::ALL, 2)) == wanted);
    // Packed spikes too: 40 inputs are two words.
    auto const spikes = test::random_spikes(6, 2, 40, 0.3, 1);
    Kokkos::View<std::uint32_t***, Kokkos::LayoutLeft> const left("left", 6, 2, 2);
    auto const from = host(spikes);
    fill_any(left, [&](std::size_t k) { return from.data()[k]; });
    constexpr auto wide = input<40> >> linear<3> >> li;
    model one{wide, {.batch = 2}}, other{wide, {.batch = 2}};
    REQUIRE(listed(one(spikes)) == listed(other(left)));
}

TEST_CASE("a copy is a network of its own") {
    auto const x = held(0.5f);
    model a{one_li, {.steps = 3}};
    a.record("li 1", "v");
    a(x);
    auto const before = a.state("li 1", "v");
    auto b = a; // goes on where a stands
    REQUIRE(b.state("li 1", "v") == before);
    REQUIRE(b.elapsed_steps() == 3);
    REQUIRE(listed(b.recorded("li 1", "v")) == listed(a.recorded("li 1", "v")));
    auto const recorded = listed(a.recorded("li 1", "v"));
    b.set("li 1", "tau_mem", 33 * ms);
    for (int k = 0; k < 10; ++k) b(x);
    Kokkos::fence();
    REQUIRE(a.state("li 1", "v") == before);
    REQUIRE(a.get("li 1", "tau_mem")[0] == 0.01f);
    REQUIRE(listed(a.recorded("li 1", "v")) == recorded);
    REQUIRE(listed(b.recorded("li 1", "v")) != recorded);
    REQUIRE(b.state("li 1", "v") == std::vector<float>{listed(b.recorded("li 1", "v"))[2]});
    a = b;
    REQUIRE(a.state("li 1", "v") == b.state("li 1", "v"));
    REQUIRE(a.get("li 1", "tau_mem") == b.get("li 1", "tau_mem"));
    a.reset();
    REQUIRE(listed(a(x)) != listed(b(x)));

    std::vector<model<decltype(one_li)>> several(3, model<decltype(one_li)>{one_li, {.steps = 1}});
    several[1](x);
    Kokkos::fence();
    REQUIRE(several[0].state("li 1", "v")[0] == 0);
    REQUIRE(several[1].state("li 1", "v")[0] != 0);
    REQUIRE(several[2].state("li 1", "v")[0] == 0);
    auto moved = std::move(several[1]);
    REQUIRE(moved.state("li 1", "v")[0] != 0);
}

namespace {
struct simulation {
    model<decltype(small)> by_type;
    model_of<small> by_name;
    simulation() : by_type(small, {.batch = 4}), by_name(small, {.batch = 4}) {}
};
} // namespace

TEST_CASE("a model is a member of a class, and trains there") {
    simulation one;
    rows const x("x", 4, 4);
    fill_any(x, wave);
    REQUIRE(listed(one.by_type.step(x)) == listed(one.by_name.step(x)));
    backpropagation back{one.by_type, mean_squared(last_step)};
    back.set_targets(std::vector<float>(12, 1.f));
    back.run(x);
    REQUIRE(back.loss() > 0);
    learner update{one.by_type, sgd{}};
    REQUIRE(update.update(Kokkos::DefaultExecutionSpace(), back.raw(), back.groups()) > 0);
    REQUIRE(describe(one.by_type) == describe(one.by_name));
}

TEST_CASE("to look changes nothing, nor does what is refused") {
    auto const x = held(0.5f);
    auto const run = [&](auto const& before) {
        model network{one_li, {.steps = 5}};
        before(network);
        network.set("li 1", "v_leak", 0.7);
        auto result = listed(network(x));
        backpropagation back{network, mean_squared(last_step)};
        back.set_targets(std::vector<float>{1.f});
        back.run(x);
        result.push_back(back.gradient("li 1", "v_leak")[0]);
        return result;
    };
    auto const untouched = run([](auto&) {});
    REQUIRE(untouched[0] > 0.7f); // it begins at its leak
    REQUIRE(run([](auto const& network) {
                REQUIRE(network.state("li 1", "v") == std::vector<float>{0});
            }) == untouched);
    REQUIRE(run([](auto& network) {
                REQUIRE_THROWS_AS(network.set_state("li 1", "nothing", 1.0), name_error);
            }) == untouched);
    REQUIRE(run([](auto& network) {
                REQUIRE_THROWS_AS(network.set_state("li 1", "v", std::vector{1., 2.}), shape_error);
            }) == untouched);
    REQUIRE(run([](auto& network) {
                REQUIRE_THROWS_AS(network.set_state("li 1", "v", std::nan("")), value_error);
            }) == untouched);
    REQUIRE(run([](auto& network) {
                REQUIRE_THROWS_AS(network.set("li 1", "tau_mem", -1.), value_error);
            }) == untouched);
    REQUIRE(run([](auto& network) {
                REQUIRE_THROWS_AS(network.record("li 1", "w"), name_error);
            }) == untouched);
    REQUIRE(run([&](auto& network) { REQUIRE_THROWS_AS(network(held(1, 2)), shape_error); }) ==
            untouched);
    REQUIRE(run([&](auto& network) {
                REQUIRE_THROWS_AS(
                    network.run(Kokkos::DefaultExecutionSpace(), x, last_step, rows("y", 1, 2)),
                    shape_error);
            }) == untouched);
    REQUIRE(run([](auto const& network) {
                (void)network.get("li 1", "v_leak"), (void)network.parameters(),
                    (void)describe(network);
            }) == untouched);
    // A state that was set stands; the others begin as the parameters said then.
    model set{one_li, {.steps = 1}};
    set.set_state("li 1", "v", 0.25);
    set.set("li 1", "v_leak", 0.7);
    REQUIRE(set.state("li 1", "v") == std::vector{0.25f});
    set.reset();
    REQUIRE(set.state("li 1", "v") == std::vector{0.7f});
}

TEST_CASE("what was asked for after a run was not recorded in it") {
    auto const x = held(0.5f);
    model network{one_li, {.steps = 3}};
    network.record("li 1", "v");
    refuses([&] { network.recorded("li 1", "v"); }, "name_error", "nothing ran since record()");
    network(x);
    REQUIRE(network.recorded("li 1", "v").extent(0) == 3);
    network.record("li 1", "i");
    refuses([&] { network.recorded("li 1", "i"); }, "name_error", "nothing ran since record()");
    refuses([&] { network.recorded("li 1", "output"); }, "name_error", "record() was not called");
    REQUIRE(network.recorded("li 1", "v").extent(0) == 3); // it was
    network.step(x);
    REQUIRE(network.recorded("li 1", "i").extent(0) == 1);
    REQUIRE(listed(network.recorded("li 1", "i"))[0] != 0);
}

TEST_CASE("numbers are checked as the model's type has them") {
    model single{one_li, {}};
    model twice{one_li, {}, precision<double>};
    for (double const bad : {1e300, -1e300, 3.5e38}) {
        refuses([&] { single.set("li 1", "v_leak", bad); }, "value_error", "in float this one is");
        refuses([&] { single.set_state("li 1", "v", bad); }, "value_error", "in float this one is");
        twice.set("li 1", "v_leak", bad);
        twice.set_state("li 1", "v", bad);
    }
    refuses([&] { single.set("li 1", "tau_mem", 1e-50); }, "value_error",
            "is 1e-50 at [0] (a time constant is positive and finite");
    refuses([&] { single.set("li 1", "tau_mem", 1e-50 * units::s); }, "value_error",
            "in float this one is 0");
    twice.set("li 1", "tau_mem", 1e-50);
    refuses([] { model{one_li, {.dt = 1e-300 * units::s}}; }, "value_error",
            "settings.dt is 1e-300 s");
    model{one_li, {.dt = 1e-300 * units::s}, precision<double>};
    refuses([] { model{input<1> >> li({.tau_mem = 1e-50 * units::s}), {}}; }, "value_error",
            "in float this one is 0");
    refuses([] { model{one_li, {.dt = std::nan("") * units::s}}; }, "value_error",
            "settings.dt is nan s");
    REQUIRE(single.get("li 1", "v_leak")[0] == 0);
}

TEST_CASE("counts are exact and means do not drift, however many steps") {
    constexpr int steps = 16'900'000; // float counts to 16777216
    model fires{one_iaf, {.steps = steps}};
    REQUIRE(host(fires(held(2), counts))(0, 0) == 16'900'000.f);
    // Numbers that are no whole ones: the mean of a membrane at its end, 0.1.
    model still{input<1> >> scale(0.1f), {.steps = 1'000'000}};
    REQUIRE(std::abs(host(still(held(1), mean_over_time))(0, 0) - 0.1f) < 1e-7f);
    REQUIRE(std::abs(host(still(held(1), counts))(0, 0) - 100'000) < 0.05f);
    model in_double{input<1> >> scale(0.1f), {.steps = 1'000'000}, precision<double>};
    Kokkos::View<double**, Kokkos::LayoutRight> const x("x", 1, 1);
    Kokkos::deep_copy(x, 1.);
    REQUIRE(std::abs(host(in_double(x, counts))(0, 0) / static_cast<double>(0.1f) - 1'000'000) <
            1e-3);
    // Up to 16 steps it is the plain sum, to the bit; training sees the same.
    for (int const length : {1, 15, 16, 17, 1000}) {
        model network{one_li, {.steps = length}};
        network.record("li 1", "v");
        auto const sum = host(network(held(0.3f), counts))(0, 0);
        auto const v = host(network.recorded("li 1", "v"));
        float plain = 0;
        for (int t = 0; t < length; ++t) plain += v(t, 0, 0);
        if (length <= 16) REQUIRE(sum == plain);
        REQUIRE(std::abs(sum - plain) <= 1e-5f * plain);
        backpropagation back{network, mean_squared(counts)};
        back.set_targets(std::vector<float>{0.f});
        back.run(held(0.3f));
        REQUIRE(host(back.readout())(0) == sum);
    }
}

TEST_CASE("more steps than an int counts are refused, not cut") {
    model network{input<32> >> iaf, {}};
    std::uint32_t word = 1;
    for (std::size_t const steps :
         {std::size_t(4'294'967'301), std::size_t(3'000'000'000), std::size_t(1) << 31}) {
        if (steps >> 32 != 0 && sizeof(rows::size_type) < sizeof(steps)) {
            WARN("not tried: a view of " << steps
                                         << " steps, since Kokkos' views count by 32 bits");
            continue;
        }
        Kokkos::View<std::uint32_t***, Kokkos::LayoutStride> const x(
            &word, Kokkos::LayoutStride(steps, 0, 1, 1, 1, 1));
        refuses([&] { network(x, counts); }, "shape_error",
                "a run of " + std::to_string(steps) + " steps is too long");
    }
    REQUIRE(network.elapsed_steps() == 0);
    refuses([] { model{one_iaf, {.steps = 2'147'483'647}}; }, "value_error",
            "settings.steps is 2147483647");
    refuses([] { model{one_iaf, {.batch = 2, .first_sample = 4'294'967'295u}}; }, "value_error",
            "settings.first_sample");
    refuses([] { model{one_iaf, {.sample_stride = 0}}; }, "value_error", "settings.sample_stride");
    refuses([] { model{one_iaf, {.batch = 3, .sample_stride = 2'147'483'648u}}; }, "value_error",
            "settings.first_sample is 0");
    model steps_in_float{one_iaf, {.steps = (1 << 24) + 1}};
    refuses([&] { steps_in_float(held(0), first_spike); }, "value_error",
            "cannot tell 16777217 apart");
}

TEST_CASE("NaN stays NaN in every readout") {
    float const nan = std::numeric_limits<float>::quiet_NaN();
    row_traces const x("x", 3, 1, 3); // NaN first, in between, last
    test::fill(x, [&](std::size_t k) { return k % 4 == 0 ? nan : 1.f; });
    model network{input<3> >> scale(1.f), {.steps = 3}};
    auto const all_nan = [](auto const& view) {
        auto const h = host(view);
        for (int n = 0; n < 3; ++n) REQUIRE(std::isnan(h(0, n)));
    };
    all_nan(network(x, max_over_time));
    all_nan(network(x, counts));
    all_nan(network(x, mean_over_time));
    all_nan(network(x, first_spike));
}

TEST_CASE("an encoder takes no NaN for silence") {
    if (test::on_a_device) SKIP("a run on a device does not look at its input from the host");
    rows const x("x", 2, 3);
    test::fill(
        x, [](std::size_t k) { return k == 4 ? std::numeric_limits<float>::quiet_NaN() : 1.f; });
    auto const check = [&](auto const& network_type, std::string const& name) {
        model network{network_type, {.steps = 5, .batch = 2}};
        refuses([&] { network(x, counts); }, "value_error",
                "the input is NaN at [1][1] ('" + name + "'");
        REQUIRE(network.elapsed_steps() == 0);
        REQUIRE(host(network(held(std::numeric_limits<float>::infinity(), 2, 3), counts)).size() >
                0);
    };
    check(input<3> >> poisson, "poisson 1");
    check(input<3> >> latency >> linear<2> >> li, "latency 1");
    check(input<3> >> (scale(1.f) | delta_encoder), "delta_encoder 1");
}

TEST_CASE(
    "noise follows the sample's number: two models of two samples draw what one of four draws") {
    constexpr auto noisy = input<32> >> poisson({.rate = 300}) >> linear<4> >> noisy_exp_syn;
    auto const run = [=](int batch, std::uint32_t first, std::uint32_t stride = 1) {
        model network{noisy,
                      {.steps = 50,
                       .batch = batch,
                       .seed = 7,
                       .first_sample = first,
                       .sample_stride = stride}};
        return host(network(held(1, batch, 32)));
    };
    auto const whole = run(4, 0), low = run(2, 0), high = run(2, 2), every_other = run(2, 1, 2);
    int alike = 0;
    for (int t = 0; t < 50; ++t)
        for (int b = 0; b < 2; ++b)
            for (int n = 0; n < 4; ++n) {
                REQUIRE(low(t, b, n) == whole(t, b, n));
                REQUIRE(high(t, b, n) == whole(t, b + 2, n));
                REQUIRE(every_other(t, b, n) == whole(t, 1 + 2 * b, n));
                alike += low(t, b, n) == high(t, b, n) ? 1 : 0;
            }
    REQUIRE(alike < 20);
}

TEST_CASE("a population wider than Kokkos' scratch runs and trains") {
    constexpr int width = 600'000;
    constexpr auto wide = input<width> >> lif_adex;
    model network{wide, {.steps = 3, .batch = 2}};
    auto const x = held(4, 2, width);
    auto const fired = host(network(x, counts)),
               narrow = host(model{input<1> >> lif_adex, {.steps = 3}}(held(4), counts));
    for (int b = 0; b < 2; ++b)
        for (int n = 0; n < width; n += 997) REQUIRE(fired(b, n) == narrow(0, 0));
    backpropagation back{network, mean_squared(counts)};
    back.set_targets(std::vector<float>(2 * width, 0.5f));
    back.run(x);
    REQUIRE(std::abs(back.loss() - (narrow(0, 0) - 0.5f) * (narrow(0, 0) - 0.5f)) < 1e-5f);
}

TEST_CASE(
    "norse's circle surrogate keeps its digits where the membrane is far from the threshold") {
    using circle_1 = circle_surrogate<1>;
    for (float const x : {0.f, 0.5f, 10.f, 1000.f, 1e4f, 1e6f}) {
        double const exact = std::pow(1 + static_cast<double>(x) * static_cast<double>(x), -1.5);
        REQUIRE(
            std::abs(static_cast<double>(circle_1::derivative(lanes<float>(x)).lane(0)) / exact -
                     1) < 1e-6);
    }
    for (float const x : {1e20f, -1e20f, 3e38f})
        REQUIRE(circle_1::derivative(lanes<float>(x)).lane(0) == 0);
    double const at_2 = circle_surrogate<2>::derivative(lanes<double>(3.)).lane(0);
    REQUIRE(std::abs(at_2 - 8 / std::pow(13., 1.5)) < 1e-15);
}
