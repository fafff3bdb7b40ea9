// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each part of the backward kernel, called alone on a sample in the host's memory, beside plain
// sums or differences. What they give together is compared elsewhere (train/gradients_test.cpp).

#include "../support/one_sample.hpp"

#include <catch2/catch_all.hpp>
#include <spikefuse/kernel/backward.hpp>
#include <spikefuse/network.hpp>
#include <spikefuse/train/loss.hpp>

using namespace spikefuse;
using namespace spikefuse::detail;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;
using test::one_sample;

namespace {
constexpr auto dense = input<70> >> linear<20> >> li;
constexpr auto deep = input<9> >> li >> linear<20>(no_bias) >> li;
constexpr auto plain = input<10> >> li;
constexpr auto tuned = input<4> >> population<5>;

template <auto const& Network, test::input_kind Kind = test::input_kind::bits>
using training = one_sample<Network, double, test::purpose::gradients, trace_readout, Kind>;

/// Numbers without a pattern, in +-1.
double some(int k) { return static_cast<double>((k * 7919 + 13) % 2003 - 1001) / 1001; }
/// Gradients of the currents behind a stage, [steps, width].
template <class Stage, class Sample>
void set_gradients(Sample const& sample) {
    for (int r = 0; r < sample.steps; ++r)
        for (int o = 0; o < Stage::width; ++o)
            current_row<Stage>(sample.here(), r)[o] = some(r * 100 + o);
}
} // namespace

TEST_CASE("weight gradients: of spikes, sums of the gradients of the steps in which they came") {
    training<dense> sample(40);
    using stage = decltype(sample)::node<0>;
    using context = decltype(sample)::context;
    sample.random_spikes(0.2, 4);
    set_gradients<stage>(sample);
    sample_group<context> group{{sample.here()}, 1};
    backward_mixing<stage, context>(group);
    for (int o = 0; o < 20; ++o) {
        double bias = 0;
        for (int r = 0; r < 40; ++r) bias += some(r * 100 + o);
        using over = context::panels_of<0>;
        CHECK_THAT(over::bias_place(sample.gradient.data(), o / sample.W)[o % sample.W],
                   WithinAbs(bias, 1e-9));
        for (int i = 0; i < 70; ++i) {
            double sum = 0;
            for (int r = 0; r < 40; ++r)
                if (sample.spiked(r, i)) sum += some(r * 100 + o);
            CHECK_THAT(sample.weight<0>(sample.gradient.data(), o, i), WithinAbs(sum, 1e-9));
        }
    }
}
TEST_CASE("weight gradients: of values, few or many, sums of products") {
    training<dense, test::input_kind::values> sample(12);
    using stage = decltype(sample)::node<0>;
    using context = decltype(sample)::context;
    for (int r = 0; r < 12; ++r)
        for (int i = 0; i < 70; ++i)
            if (r % 2 == 0 || i % 9 == 0) // every other row is full
                sample.input(static_cast<std::size_t>(r * 70 + i)) = some(r * 71 + i + 5);
    set_gradients<stage>(sample);
    sample_group<context> group{{sample.here()}, 1};
    backward_mixing<stage, context>(group);
    for (int o = 0; o < 20; ++o)
        for (int i = 0; i < 70; ++i) {
            double sum = 0;
            for (int r = 0; r < 12; ++r)
                sum += sample.input(static_cast<std::size_t>(r * 70 + i)) * some(r * 100 + o);
            CHECK_THAT(sample.weight<0>(sample.gradient.data(), o, i), WithinAbs(sum, 1e-9));
        }
}
TEST_CASE("input gradients: the transposed weights times the gradients of the currents") {
    training<deep> sample(7);
    using context = decltype(sample)::context;
    using stage = decltype(sample)::node<1>;
    constexpr int layer = weights_of<stage>, buffer = 1;
    set_gradients<stage>(sample);
    auto const here = sample.here();
    backward_feeds<stage, context>({&here, 1, 0, 7});
    for (int r = 0; r < 7; ++r)
        for (int i = 0; i < 9; ++i) {
            double sum = 0;
            for (int o = 0; o < 20; ++o)
                sum += sample.weight<layer>(sample.parameters.data(), o, i) * some(r * 100 + o);
            CHECK_THAT(gradient_at<buffer>(here, r, i / sample.W)[i % sample.W],
                       WithinAbs(sum, 1e-9));
        }
}
TEST_CASE("passing rows: their adjoint gives each feature what its neurons got") {
    training<tuned, test::input_kind::values> sample(3);
    using stage = decltype(sample)::node<0>;
    using source = boost::mp11::mp_front<boost::mp11::mp_front<stage::feeds>::sources>;
    static_assert(source::each == 5);
    auto const here = sample.here();
    alignas(64) double row[64] = {};
    for (int n = 0; n < 20; ++n) row[n] = some(n);
    pass_back<source>(here, 1, row);
    for (int n = 0; n < 4; ++n) {
        double sum = 0;
        for (int k = 0; k < 5; ++k) sum += some(5 * n + k);
        CHECK_THAT(sample.input_gradient(static_cast<std::size_t>(4 + n)), WithinAbs(sum, 1e-12));
        CHECK(sample.input_gradient(static_cast<std::size_t>(n)) == 0);
    }
}
TEST_CASE("neuron adjoint: li's answer to a pulse, the other way round in time") {
    training<plain> sample(30);
    using stage = decltype(sample)::node<0>;
    auto const here = sample.here();
    sample.spike(0, 3);
    initialize_neurons(here);
    // Forwards, by hand: what one spike in step 0 gives in each step.
    std::vector<double> answer;
    double v = 0, i = 0;
    for (int t = 0; t < 30; ++t) {
        i += t == 0 ? 1 : 0;
        v += 0.1 * (i - v);
        i -= 0.2 * i;
        answer.push_back(v);
    }
    // Backwards: the gradient of the last output with respect to the current of step r.
    auto const* const rest = here.template region<plan::region::states>();
    for (std::size_t k = 0; k < decltype(sample)::layout::state_total; ++k)
        sample.tape(k) = rest[k];
    replay<stage>(here, [&](int, auto const& row_of) {
        for (int r = 0; r < 30; ++r)
            for (int lane = 0; lane < sample.W; ++lane) row_of(r)[lane] = r == 29 ? 1 : 0;
    });
    for (int r = 0; r < 30; ++r)
        CHECK_THAT(sample.input_gradient(static_cast<std::size_t>(r * 10 + 3)),
                   WithinAbs(answer[static_cast<std::size_t>(29 - r)], 1e-12));
}
TEST_CASE("initial state: the adjoint of coefficients is their difference quotient") {
    training<plain> sample(1);
    using context = decltype(sample)::context;
    using layout = context::layout;
    auto const here = sample.here();
    constexpr int width = padded_width<context, 0>;
    constexpr int arrays = layout::coefficient_arrays<0>();
    auto* const weights = here.region<plan::region::coefficient_gradients>();
    for (int k = 0; k < arrays; ++k) weights[k * width] = some(k + 1);
    coefficients_adjoint<0>(here, sample.gradient.data());
    auto const charge = [&] { // sum of coefficients, each with its weight
        initialize_neurons(here);
        double sum = 0;
        for (int k = 0; k < arrays; ++k)
            sum += some(k + 1) * here.region<plan::region::coefficients>()[k * width];
        return sum;
    };
    for (int p = 0; p < 3; ++p) { // tau_mem, tau_syn and v_leak, whatever their order
        double& parameter = sample.parameters(static_cast<std::size_t>(p * width));
        double const before = parameter, step = 1e-8;
        parameter = before + step;
        double const above = charge();
        parameter = before - step;
        double const below = charge();
        parameter = before;
        double const quotient = (above - below) / (2 * step);
        CHECK(quotient != 0);
        CHECK_THAT(sample.gradient(static_cast<std::size_t>(p * width)), WithinRel(quotient, 1e-5));
    }
}
TEST_CASE("recording: the gradient of a penalty on activity is its difference quotient") {
    training<plain> sample(10);
    using context = decltype(sample)::context;
    constexpr int slot = output_slot<context, 0>;
    test::numbers<double> const counts("counts", 10);
    activity_penalty<double> penalties[slot + 1] = {};
    penalties[slot] = {counts.data(), 0.2, 0.5, 3};
    sample.run.penalties = penalties;
    for (int n = 0; n < 10; ++n) counts(static_cast<std::size_t>(n)) = n; // below, within, above
    auto const here = sample.here();
    for (int n = 0; n < 10; ++n) {
        auto const at = static_cast<std::size_t>(n);
        double const step = 1e-6;
        counts(at) += step;
        double const above = penalty_of_layer<0>(here);
        counts(at) -= 2 * step;
        double const below = penalty_of_layer<0>(here);
        counts(at) += step;
        CHECK_THAT(penalty_gradient<0>(here, n / sample.W).lane(n % sample.W),
                   WithinAbs((above - below) / (2 * step), 1e-6));
    }
}
TEST_CASE("recording: an injected gradient is the caller's number, and 0 where there is none") {
    training<plain> sample(5);
    test::numbers<double> const given("given", 50);
    for (std::size_t k = 0; k < 50; ++k) given(k) = double(k);
    std::uintptr_t const table[3] = {0, 0, reinterpret_cast<std::uintptr_t>(given.data())};
    CHECK(injected_gradient<0>(sample.here(), 2, 0, 1).lane(0) == 0); // none at all
    sample.run.seeds = table;
    CHECK(injected_gradient<0>(sample.here(), 1, 0, 1).lane(0) == 0);
    for (int n = 0; n < 10; ++n)
        CHECK(injected_gradient<0>(sample.here(2), 2, n / sample.W, 1).lane(n % sample.W) ==
              30 + n);
}
TEST_CASE("loss: a reduced readout's gradient goes to the steps that it was made of") {
    one_sample<plain, double, test::purpose::gradients, last_step_readout> sample(4);
    using loss = std::remove_cvref_t<decltype(cross_entropy(last_step))>;
    loss_in_kernel<double, loss> const charged{loss{}, {}, nullptr, nullptr, nullptr};
    auto const here = sample.here();
    auto* const whole = here.region<plan::region::readout_gradient>();
    for (int n = 0; n < 10; ++n) whole[n] = some(n);
    alignas(64) double row[16];
    charged.seed_output(here, 0, 2, row);
    CHECK(row[0] == 0);
    charged.seed_output(here, 0, 3, row);
    CHECK(row[0] == some(0));
}
TEST_CASE("loss: what it costs and its gradient are those of its formula") {
    one_sample<plain, double, test::purpose::gradients, last_step_readout> sample(4);
    using loss = std::remove_cvref_t<decltype(cross_entropy(last_step))>;
    int const label = 3;
    double cost = 0;
    loss_in_kernel<double, loss> const charged{loss{}, {&label}, &cost, nullptr, nullptr};
    double sum = 0;
    for (int n = 0; n < 10; ++n) {
        sample.output(static_cast<std::size_t>(n)) = some(n);
        sum += std::exp(some(n));
    }
    auto const here = sample.here();
    charged.begin_costs(here);
    CHECK_THAT(cost, WithinAbs(std::log(sum) - some(3), 1e-12));
    for (int n = 0; n < 10; ++n)
        CHECK_THAT(here.region<plan::region::readout_gradient>()[n],
                   WithinAbs(std::exp(some(n)) / sum - (n == label ? 1 : 0), 1e-12));
}
