// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rockpool's neurons beside its recordings, and the noise of its synapse beside theory and the
// recorded statistics.
#include "golden.hpp"

#include <fstream>

using namespace spikefuse;
using golden::array, golden::variant;

namespace {

/// [B, T, N], [T, N] or [B, T, 1] as [T, B, width].
std::vector<double> steps_first(array const& x, std::size_t batch, std::size_t steps,
                                std::size_t width) {
    std::size_t const given = x.values.size() / batch / steps;
    REQUIRE((given == width || given == 1));
    std::vector<double> result(steps * batch * width);
    for (std::size_t t = 0; t < steps; ++t)
        for (std::size_t b = 0; b < batch; ++b)
            for (std::size_t n = 0; n < width; ++n)
                result[(t * batch + b) * width + n] =
                    x.values[(b * steps + t) * given + (given == 1 ? 0 : n)];
    return result;
}

} // namespace

TEST_CASE("Rockpool: ExpSynTorch, and the one state that it keeps") {
    golden::tally counts;
    for (variant const& one : golden::read("rockpool_expsyn.h5")) {
        golden::each_precision([&](auto number) {
            using T = decltype(number);
            constexpr auto network = input<6> >> exp_syn(compat);
            auto const& shape = one.f64.at("isyn").shape; // [B, T, N]
            golden::trial<T> trial(network, one, static_cast<int>(shape[1]),
                                   static_cast<int>(shape[0]), counts);
            for (auto const& [key, values] : one.in) {
                INFO("variant " << one.name << ", input " << key);
                if (key == "tau") {
                    trial.parameter("exp_syn 1", "tau", values);
                } else {
                    REQUIRE((key == "x" || key == "isyn0"));
                }
            }
            if (one.has("isyn0")) trial.state("exp_syn 1", "i", one.input("isyn0"));
            auto const x = steps_first(one.input("x"), shape[0], shape[1], 6);
            trial.run(x);
            trial.outputs("isyn", "BTN");
            auto twice = trial.trace_of_output();
            for (T& value : twice) value *= 2;
            auto const kept =
                trial.model().state("exp_syn 1", "i"); // the first sample's, for all of them
            for (std::size_t b = 0; b < shape[0]; ++b)
                trial.compare(
                    "final_state",
                    std::vector<T>(kept.begin() + static_cast<std::ptrdiff_t>(6 * b),
                                   kept.begin() + static_cast<std::ptrdiff_t>(6 * b + 6)));
            trial.differentiate(x, {{"exp_syn 1", "output", twice}}, [&] {
                if (one.has("isyn0")) trial.state("exp_syn 1", "i", one.input("isyn0"));
            });
            trial.parameter_gradient("grad_tau", "exp_syn 1", "tau");
            trial.input_gradient("grad_x", "BTN");
            trial.all_seen();
        });
        ++counts.variants;
    }
    counts.print("rockpool_expsyn.h5");
}

TEST_CASE("Rockpool: LIF with several spikes a step, feed-forward and recurrent") {
    golden::tally counts;
    for (variant const& one : golden::read("rockpool_lif.h5")) {
        auto const run = [&]<class T>(T, auto network) {
            auto const& shape = one.f64.at("vmem").shape; // [B, T, N]
            golden::trial<T> trial(network, one, static_cast<int>(shape[1]),
                                   static_cast<int>(shape[0]), counts);
            auto& model = trial.model();
            for (auto const& [key, values] : one.in) {
                INFO("variant " << one.name << ", input " << key);
                if (key == "x" || key == "cz") continue;
                if (key == "w_rec") { // [pre, post] there
                    std::vector<double> turned(values.values.size());
                    for (std::size_t pre = 0; pre < 6; ++pre)
                        for (std::size_t post = 0; post < 6; ++post)
                            turned[post * 6 + pre] = values.values[pre * 6 + post];
                    model.set("recurrent 1", "weight", turned);
                } else {
                    trial.parameter("rockpool_lif 1", key, values);
                }
            }
            model.record("rockpool_lif 1", "v");
            model.record("rockpool_lif 1", "i");
            auto const x = steps_first(one.input("x"), shape[0], shape[1], 6);
            trial.run(x);
            trial.outputs("spk", "BTN", true);
            trial.states("rockpool_lif 1", "v", "vmem", "BTN");
            trial.states("rockpool_lif 1", "i", "isyn", "BTN");
            array const& cz = one.input("cz"); // [B, T, N]
            auto const seeds = steps_first(cz, shape[0], shape[1], 6);
            trial.differentiate(x,
                                {{"rockpool_lif 1", "v", trial.trace_of("rockpool_lif 1", "v")},
                                 {"rockpool_lif 1", "output", {seeds.begin(), seeds.end()}}},
                                [] {});
            trial.input_gradient("grad_x", "BTN");
            for (std::string const name : {"tau_mem", "tau_syn", "threshold", "bias"})
                trial.parameter_gradient("grad_" + name, "rockpool_lif 1", name);
            trial.gradient_transposed("grad_w_rec", "recurrent 1", "weight", 6);
            trial.all_seen();
        };
        golden::each_precision([&](auto number) {
            constexpr auto neuron = rockpool_lif(golden::rounded<piecewise_linear_surrogate<>>);
            if (one.has("w_rec")) {
                run(number, input<6> >> recurrent(neuron, with_autapses));
            } else {
                run(number, input<6> >> neuron);
            }
        });
        ++counts.variants;
    }
    counts.print("rockpool_lif.h5");
}

namespace {
struct moments {
    double mean = 0, variance = 0, kurtosis = 0, lag_1 = 0, lag_10 = 0, neighbour = 0;
};
/// Of noise alone, after `burn_in` steps, over time, samples and synapses.
moments measure(double noise_std, double tau, double dt, int batch, int steps, int burn_in,
                std::uint64_t seed) {
    constexpr int width = 64;
    model network{input<width> >> noisy_exp_syn({.tau = tau * units::s, .noise_std = noise_std}),
                  {.steps = steps, .batch = batch, .dt = dt * units::s, .seed = seed}};
    Kokkos::View<float**, Kokkos::LayoutRight> const silence("x", static_cast<std::size_t>(batch),
                                                             width);
    auto const i = test::host(network(silence));
    moments m;
    double n = 0, fourth = 0;
    for (int t = burn_in; t + 10 < steps; ++t)
        for (int b = 0; b < batch; ++b)
            for (int k = 0; k < width; ++k) {
                double const x = i(t, b, k), square = x * x;
                n += 1, m.mean += x, m.variance += square, fourth += square * square;
                m.lag_1 += x * i(t + 1, b, k), m.lag_10 += x * i(t + 10, b, k),
                    m.neighbour += x * i(t, b, (k + 1) % width);
            }
    m.mean /= n, m.variance /= n;
    m.kurtosis = fourth / n / (m.variance * m.variance);
    m.lag_1 /= n * m.variance, m.lag_10 /= n * m.variance, m.neighbour /= n * m.variance;
    return m;
}
} // namespace

TEST_CASE("noise has the moments that theory and the recorded library give") {
    std::ifstream file(golden::path_of("rockpool_expsyn_noise_stats.json"));
    auto const recorded = nlohmann::json::parse(file);
    int cases = 0;
    for (auto const& one : recorded.at("cases")) {
        double const noise_std = one.at("noise_std"), tau = one.at("tau"), dt = one.at("dt");
        INFO("noise_std " << noise_std << ", tau " << tau << ", dt " << dt);
        moments const ours =
            measure(noise_std, tau, dt, one.at("B"), one.at("T"), one.at("burn_in"), 11);
        double const effective =
            one.at("n_effective")
                .get<double>(); // independent numbers; bounds are five standard errors
        double const b = std::exp(-dt / tau),
                     variance = noise_std * noise_std * dt * b * b / (1 - b * b);
        CHECK(std::abs(variance / one.at("theory_var").get<double>() - 1) < 1e-3);
        CHECK(std::abs(ours.mean) < 5 * std::sqrt(variance / effective));
        CHECK(std::abs(ours.variance / variance - 1) < 5 * std::sqrt(2 / effective));
        CHECK(std::abs(ours.variance / one.at("var").get<double>() - 1) <
              10 * std::sqrt(2 / effective));
        CHECK(std::abs(ours.kurtosis - 3) < 5 * std::sqrt(24 / effective));
        CHECK(std::abs(ours.lag_1 - b) < 5 / std::sqrt(effective));
        CHECK(std::abs(ours.lag_10 - std::pow(b, 10)) < 5 / std::sqrt(effective));
        CHECK(std::abs(ours.neighbour) < 5 / std::sqrt(effective));
        ++cases;
    }
    std::printf("rockpool_expsyn_noise_stats.json: %d cases\n", cases);
    REQUIRE(cases > 0);
}

TEST_CASE("noise does not depend on how a run is cut, and is another one for another seed, sample, "
          "neuron and layer") {
    constexpr auto network = input<40> >> noisy_exp_syn >> noisy_exp_syn;
    auto const run = [&](int steps, int calls, int batch, std::uint64_t seed) {
        model one{network, {.steps = steps, .batch = batch, .seed = seed}};
        Kokkos::View<float**, Kokkos::LayoutRight> const silence(
            "x", static_cast<std::size_t>(batch), 40);
        std::vector<float> first; // of sample 0
        for (int call = 0; call < calls; ++call) {
            auto const out = test::host(one(silence));
            for (int t = 0; t < steps; ++t)
                for (int k = 0; k < 40; ++k) first.push_back(out(t, 0, k));
        }
        return first;
    };
    auto const whole = run(60, 1, 3, 5);
    REQUIRE(run(20, 3, 3, 5) == whole);
    REQUIRE(run(1, 60, 3, 5) == whole);
    REQUIRE(run(60, 1, 1, 5) ==
            whole); // a sample's noise is its own: one thread or several, alone or among others
    REQUIRE(run(60, 1, 3, 6) != whole);
    std::set<float> const distinct(whole.begin(), whole.end());
    REQUIRE(distinct.size() > whole.size() * 99 / 100);
}
