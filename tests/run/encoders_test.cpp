// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encoders: what they draw, when they fire, and that neither threads, chunks nor the way an input
// is passed show. Numbers of norse 1.1.0 and snnTorch 1.0.0, printed by those libraries.
#include "../support/random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <spikefuse/spikefuse.hpp>
#include <string>

using namespace spikefuse;

namespace {

using held_view = Kokkos::View<double**, Kokkos::LayoutRight>;
using stepwise_view = Kokkos::View<double***, Kokkos::LayoutRight>;

/// One sample whose features are `values`, held.
held_view held(std::vector<double> const& values) {
    held_view const x("x", 1, values.size());
    auto const h = Kokkos::create_mirror_view(x);
    std::copy(values.begin(), values.end(), h.data());
    Kokkos::deep_copy(x, h);
    return x;
}
/// One sample of one feature that takes these values, step by step.
stepwise_view stepwise(std::vector<double> const& values) {
    stepwise_view const x("x", values.size(), 1, 1);
    auto const h = Kokkos::create_mirror_view(x);
    std::copy(values.begin(), values.end(), h.data());
    Kokkos::deep_copy(x, h);
    return x;
}

/// "0010-" for 0, 0, 1, 0, -1: feature n of sample 0 over time.
template <class Trace>
std::string written(Trace const& trace, std::size_t n = 0) {
    std::string text;
    for (std::size_t t = 0; t < trace.extent(0); ++t)
        text += trace(t, 0, n) == 0    ? '0'
                : trace(t, 0, n) == 1  ? '1'
                : trace(t, 0, n) == -1 ? '-'
                                       : '?';
    return text;
}

/// Inputs between -0.2 and 1.2, of which some are 0.
template <class T>
Kokkos::View<T**, Kokkos::LayoutRight> some_values(std::size_t batch, std::size_t width) {
    Kokkos::View<T**, Kokkos::LayoutRight> const x("x", batch, width);
    auto const h = Kokkos::create_mirror_view(x);
    for (std::size_t k = 0; k < h.size(); ++k)
        h.data()[k] = k % 5 == 0 ? T(0) : static_cast<T>(k * 37 % 140) / T(100) - T(0.2);
    Kokkos::deep_copy(x, h);
    return x;
}
template <class T>
Kokkos::View<T***, Kokkos::LayoutRight> repeated(Kokkos::View<T**, Kokkos::LayoutRight> const& x,
                                                 std::size_t steps) {
    Kokkos::View<T***, Kokkos::LayoutRight> const xs("xs", steps, x.extent(0), x.extent(1));
    for (std::size_t t = 0; t < steps; ++t)
        Kokkos::deep_copy(Kokkos::subview(xs, t, Kokkos::ALL, Kokkos::ALL), x);
    return xs;
}

template <class A, class B>
void same_bits(A const& a, B const& b) {
    REQUIRE(a.size() == b.size());
    std::size_t different = 0;
    for (std::size_t k = 0; k < a.size(); ++k)
        different += test::bits_of(a.data()[k]) != test::bits_of(b.data()[k]) ? 1 : 0;
    REQUIRE(different == 0);
}

/// The same spikes however the input is passed, cut and run.
template <class Network>
void check_sameness(char const* name, Network const& network_type) {
    INFO(name);
    constexpr std::size_t steps = 150;
    for (int batch : {1, 6}) {
        auto make = [&] {
            return model{network_type,
                         {.steps = static_cast<int>(steps), .batch = batch, .seed = 9}};
        };
        auto const x = some_values<float>(static_cast<std::size_t>(batch), Network::wants);
        auto const xs = repeated(x, steps);
        auto whole = make(), each = make(), parts = make();
        auto const out = test::host(whole(x));
        double total = 0;
        for (std::size_t k = 0; k < out.size(); ++k) total += std::abs(out.data()[k]);
        REQUIRE(total > 0);
        same_bits(out, test::host(each(xs))); // held, and step by step
        std::size_t at = 0;
        for (std::size_t rows : {1, 70, 79}) { // in chunks
            auto const part = test::host(
                parts(Kokkos::subview(xs, std::pair(at, at + rows), Kokkos::ALL, Kokkos::ALL)));
            same_bits(Kokkos::subview(out, std::pair(at, at + rows), Kokkos::ALL, Kokkos::ALL),
                      part);
            at += rows;
        }
        REQUIRE(at == steps);
        Kokkos::DefaultExecutionSpace const space;
        if (space.concurrency() > 1) {
            auto one_thread = make();
            same_bits(out, test::host(one_thread(
                               Kokkos::Experimental::partition_space(space, 1, 1)[0], x)));
        }
    }
}

} // namespace

TEST_CASE("Poisson: rates, variances, and no correlation in time, between neurons, samples, layers "
          "and runs") {
    constexpr std::size_t steps = 4000, batch = 3, width = 48;
    model network{
        input<width> >> poisson({.rate = 500}),
        {.steps = steps, .batch = batch, .dt = 2 * ms, .seed = 3}}; // probability: the input
    Kokkos::View<float**, Kokkos::LayoutRight> const x("x", batch, width);
    auto const h = Kokkos::create_mirror_view(x);
    auto const chance = [](std::size_t n) {
        return static_cast<double>(n) / 40 - 0.05;
    }; // -0.05 to 1.125
    for (std::size_t b = 0; b < batch; ++b)
        for (std::size_t n = 0; n < width; ++n) h(b, n) = static_cast<float>(chance(n));
    Kokkos::deep_copy(x, h);
    auto const spikes = test::host(network(x)), again = test::host(network(x));
    double chi = 0;
    int free = 0;
    auto const by_chance = [&](auto const& product) { // the mean of a product of standardised
                                                      // spikes, in standard deviations
        double sum = 0;
        std::size_t count = 0;
        for (std::size_t n = 0; n + 1 < width; ++n) {
            double const p = chance(n), q = chance(n + 1);
            if (p <= 0.01 || q >= 0.99) continue;
            for (std::size_t t = 1; t < steps; ++t)
                sum += product(t, n,
                               [](double z, double m) { return (z - m) / std::sqrt(m * (1 - m)); }),
                    ++count;
        }
        return std::abs(sum) / std::sqrt(static_cast<double>(count));
    };
    for (std::size_t b = 0; b < batch; ++b) {
        for (std::size_t n = 0; n < width; ++n) {
            double const p = std::min(1., std::max(0., static_cast<double>(h(b, n))));
            std::size_t fired = 0;
            for (std::size_t t = 0; t < steps; ++t) fired += spikes(t, b, n) == 1 ? 1 : 0;
            double const mean = static_cast<double>(fired) / steps;
            if (p == 0 || p == 1) {
                REQUIRE(mean == p);
                continue;
            }
            double const z = (mean - p) / std::sqrt(p * (1 - p) / steps);
            INFO("sample " << b << ", neuron " << n << ": fires in " << mean
                           << " of the steps, should in " << p);
            REQUIRE(std::abs(z) < 4.5);
            chi += z * z, ++free;
        }
    }
    INFO("chi square " << chi << " of " << free);
    REQUIRE(std::abs(chi - free) < 4.5 * std::sqrt(2. * free));
    REQUIRE(by_chance([&](auto t, auto n, auto z) {
                return z(spikes(t, 0, n), chance(n)) * z(spikes(t - 1, 0, n), chance(n));
            }) < 4.5);
    REQUIRE(by_chance([&](auto t, auto n, auto z) {
                return z(spikes(t, 0, n), chance(n)) * z(spikes(t, 0, n + 1), chance(n + 1));
            }) < 4.5);
    REQUIRE(by_chance([&](auto t, auto n, auto z) {
                return z(spikes(t, 0, n), chance(n)) * z(spikes(t, 1, n), chance(n));
            }) < 4.5);
    REQUIRE(by_chance([&](auto t, auto n, auto z) {
                return z(spikes(t, 0, n), chance(n)) * z(again(t, 0, n), chance(n));
            }) < 4.5);

    model two{input<width> >> (poisson({.rate = 500}) | poisson({.rate = 500})),
              {.steps = steps, .batch = batch, .dt = 2 * ms}};
    auto const pair = test::host(two(x));
    REQUIRE(by_chance([&](auto t, auto n, auto z) {
                return z(pair(t, 0, n), chance(n)) * z(pair(t, 0, n + width), chance(n));
            }) < 4.5);
    model seeded{input<width> >> poisson({.rate = 500}),
                 {.steps = steps, .batch = batch, .dt = 2 * ms, .seed = 4}};
    auto const other = test::host(seeded(x));
    REQUIRE(by_chance([&](auto t, auto n, auto z) {
                return z(spikes(t, 0, n), chance(n)) * z(other(t, 0, n), chance(n));
            }) < 4.5);
}

TEST_CASE("the same spikes for any number of threads and chunks, held or step by step") {
    check_sameness("poisson", input<70> >> poisson({.rate = 400}));
    check_sameness("latency", input<70> >> latency);
    check_sameness("delta_encoder", input<70> >> delta_encoder);
    check_sameness("signed_delta_encoder", input<70> >> signed_delta_encoder);
    check_sameness("lif_current_encoder", input<70> >> scale(10) >> lif_current_encoder);
    check_sameness("population", input<5> >> population<13>);
    check_sameness("population and poisson",
                   input<5> >> population<13>({.tuning_width = 0.1}) >> poisson({.rate = 300}));
    check_sameness("in a network", input<7> >> linear<6> >> lif >>
                                       population<9>({.tuning_width = 0.2}) >> poisson >>
                                       linear<5> >> li);
    check_sameness("in a loop", input<6> >> recurrent(population<3> >> poisson({.rate = 300}),
                                                      through(linear<6>)));
}

TEST_CASE("latency: the steps that snnTorch names, below the threshold none") {
    std::vector<double> const x{0.0,  0.005, 0.01, 0.02, 0.26, 0.5, 0.5001,
                                0.74, 0.75,  0.77, 0.9,  0.99, 1.0};
    struct {
        int tau, steps;
        std::vector<int> theirs; // spikegen.latency(x, num_steps, tau=tau, linear=True, clip=True)
    } const cases[] = {{5, 6, {-1, -1, 5, 5, 4, 2, 2, 1, 1, 1, 0, 0, 0}},
                       {50, 51, {-1, -1, 50, 49, 37, 25, 25, 13, 12, 12, 5, 1, 0}},
                       {10, 20, {-1, -1, 10, 10, 7, 5, 5, 3, 2, 2, 1, 0, 0}}};
    for (auto const& one : cases) {
        model network{input<13> >> latency({.longest = one.tau * ms}),
                      {.steps = one.steps},
                      precision<double>};
        auto const spikes = test::host(network(held(x)));
        for (std::size_t n = 0; n < x.size(); ++n)
            for (int t = 0; t < one.steps; ++t) {
                INFO("tau " << one.tau << ", input " << x[n] << ", step " << t);
                REQUIRE(spikes(t, 0, n) == (t == one.theirs[n] ? 1 : 0));
            }
        auto const silence = test::host(network(held(x))); // once
        for (std::size_t k = 0; k < silence.size(); ++k) REQUIRE(silence.data()[k] == 0);
        network.reset();
        REQUIRE(written(test::host(network(held(x))), 4) == written(spikes, 4));
    }
    // Halves go to the even step, in float too, whatever dt: 2.5 to 2, 7.5 to 8.
    for (duration const dt : {1 * ms, 0.1 * ms, 3 * ms}) {
        model network{input<2> >> latency({.longest = 10 * dt}), {.steps = 10, .dt = dt}};
        Kokkos::View<float**, Kokkos::LayoutRight> const half("x", 1, 2);
        Kokkos::deep_copy(Kokkos::subview(half, 0, 0), 0.75f),
            Kokkos::deep_copy(Kokkos::subview(half, 0, 1), 0.25f);
        auto const spikes = test::host(network(half));
        REQUIRE(written(spikes, 0) == "0010000000");
        REQUIRE(written(spikes, 1) == "0000000010");
    }
}

TEST_CASE("delta: snnTorch's spikes where the input jumps by the threshold or rests, and slow "
          "changes are not lost") {
    auto const run = [](auto encoder, double threshold, std::vector<double> const& x) {
        model network{input<1> >> encoder({.threshold = threshold}), {}, precision<double>};
        return written(test::host(network(stepwise(x))));
    };
    std::vector<double> const jumps{1, 2, 1, 0, 0, 1, 1, 0, -1, -1, 0, 1};
    REQUIRE(run(delta_encoder, 1, jumps) == "110001000011"); // spikegen.delta(x, 1)
    REQUIRE(run(signed_delta_encoder, 1, jumps) ==
            "11--010--011"); // spikegen.delta(x, 1, off_spike=True)
    std::vector<double> const x{0,    0.05,  0.2, 0.3, 0.31, 0.45, 0.4,  0.2,
                                0.25, 0.365, 0.9, 0.9, 0.5,  0.1,  -0.2, 0};
    std::string const theirs =
        "0010010000100001"; // spikegen.delta(x, 0.12); its signed spikes are 0010010-0010---1
    std::string const ours = run(delta_encoder, 0.12, x);
    for (std::size_t t = 0; t < x.size(); ++t)
        REQUIRE((theirs[t] == '0' || ours[t] == '1')); // at least theirs
    REQUIRE(ours == "0011010001110001"); // 0.3 and 0.365 were reached slowly; 0.9 takes two steps
    REQUIRE(run(signed_delta_encoder, 0.12, x) == "0011010-01110---");

    // Its spikes add up to a slow input.
    std::vector<double> wave(400);
    for (std::size_t t = 0; t < wave.size(); ++t) wave[t] = std::sin(0.03 * static_cast<double>(t));
    std::string const told = run(signed_delta_encoder, 0.1, wave);
    double sum = 0;
    for (std::size_t t = 0; t < wave.size(); ++t) {
        sum += told[t] == '1' ? 0.1 : told[t] == '-' ? -0.1 : 0;
        REQUIRE(std::abs(sum - wave[t]) < 0.1 + 1e-12);
    }
}

TEST_CASE("population: norse's numbers, every feature's neurons side by side") {
    std::vector<std::vector<double>> const five{
        // population_encode([0, 0.3, 0.55, 1], 5)
        {1.0, 0.9692332344763441, 0.8824969025845955, 0.7548396019890073, 0.6065306597126334},
        {0.9559974818331, 0.9987507809245809, 0.9801986733067554, 0.903707077873196,
         0.7827045382418681},
        {0.8596327636025421, 0.9559974818330998, 0.9987507809245809, 0.9801986733067554,
         0.903707077873196},
        {0.6065306597126334, 0.7548396019890073, 0.8824969025845955, 0.9692332344763441, 1.0}};
    std::vector<std::vector<double>> const four{
        // population_encode([0.25, 1.7, 0.9], 4, scale=2), sigma 0.3
        {0.4993517885992762, 0.14529162554555947, 2.1714325285941618e-06, 1.666955013885219e-15},
        {1.1332393247975555e-14, 7.037922499383142e-06, 0.22451176664654748, 0.3678794411714422},
        {0.00012340980408667932, 0.546108135978051, 0.12413075997184882, 1.4492788871477585e-06}};
    auto const compare = [](auto network_type, std::vector<double> const& x, auto const& theirs) {
        model network{network_type, {.steps = 3}, precision<double>};
        auto const out = test::host(network(held(x)));
        std::size_t const each = theirs[0].size();
        REQUIRE(out.extent(2) == theirs.size() * each);
        for (std::size_t t = 0; t < 3; ++t)
            for (std::size_t n = 0; n < theirs.size(); ++n)
                for (std::size_t k = 0; k < each; ++k)
                    REQUIRE(std::abs(out(t, 0, n * each + k) - theirs[n][k]) < 1e-14);
    };
    compare(input<4> >> population<5>, {0, 0.3, 0.55, 1}, five);
    compare(input<3> >> population<4>({.highest = 2, .tuning_width = 0.3 / std::sqrt(2.)}),
            {0.25, 1.7, 0.9}, four);
    compare(input<4> >> scale(1) >> population<5>, {0, 0.3, 0.55, 1},
            five); // behind a stage of its own
    constexpr auto both =
        input<2> >> (identity | identity) >> population<5>; // behind a join: features 0, 1, 0, 1
    compare(both, {0.3, 1}, std::vector{five[1], five[3], five[1], five[3]});
}

TEST_CASE("constant current: norse's lif_current_encoder, held") {
    std::vector<std::string> const theirs{
        "00000010000001000000", "00100100100100100100",
        "01010101010101010101", "11111111111111111111",
        "00000000000000000000", "00000000000001000000"}; // constant_current_lif_encode(x, 20)
    model network{input<6> >> lif_current_encoder, {.steps = 20}, precision<double>};
    auto const spikes = test::host(network(held({2, 4, 8, 16, 1, 1.3})));
    for (std::size_t n = 0; n < 6; ++n) REQUIRE(written(spikes, n) == theirs[n]);
}
