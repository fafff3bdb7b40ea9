// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Losses: gradients of those that see a step's outputs together beside central differences, their
// values beside plain loops.
#include "../support/gradients.hpp"

#include <limits>

using namespace spikefuse;

namespace {

/// Of one's own: the largest output of a step beside the label's, squared where it comes nearer
/// than 1; a mean over steps and batch.
struct margin_loss {
    using readout = trace_readout;
    template <class>
    using targets = detail::label_targets;
    template <class T>
    SPIKEFUSE_FUNCTION T of_row(T const* outputs, int count, detail::label_targets wanted, int,
                                int sample, int steps, int batch, T* gradient) const {
        int const label = wanted.labels[sample];
        int other = label == 0 ? 1 : 0;
        for (int n = 0; n < count; ++n) {
            if (n != label && outputs[n] > outputs[other]) other = n;
            gradient[n] = T(0);
        }
        T const short_of = T(1) + outputs[other] - outputs[label], terms = T(steps) * T(batch);
        if (short_of <= T(0)) return T(0);
        gradient[other] = 2 * short_of / terms;
        gradient[label] = -gradient[other];
        return short_of * short_of / terms;
    }
};

/// The mean over steps and batch of the cross-entropy of each step's outputs, by a double loop over
/// what the loss looked at.
template <class View>
double mean_of_steps(View const& outputs, int steps, int batch, int count,
                     std::vector<int> const& labels) {
    double sum = 0;
    for (std::size_t row = 0; row < static_cast<std::size_t>(steps * batch); ++row) {
        std::size_t const begin = row * static_cast<std::size_t>(count);
        double exps = 0;
        for (std::size_t n = 0; n < static_cast<std::size_t>(count); ++n)
            exps += std::exp(static_cast<double>(outputs(begin + n)));
        std::size_t const label =
            static_cast<std::size_t>(labels[row % static_cast<std::size_t>(batch)]);
        sum += std::log(exps) - static_cast<double>(outputs(begin + label));
    }
    return sum / (steps * batch);
}
template <class T, class Network>
void check_cross_entropy_of_steps(Network const& network_type, int checkpoint = 0) {
    constexpr int steps = 150, batch = 5; // several blocks, the last one shorter
    model network{network_type, {.steps = steps, .batch = batch, .seed = 4}, precision<T>};
    constexpr int outputs = decltype(network)::outputs;
    std::vector<int> labels(batch);
    for (int b = 0; b < batch; ++b) labels[static_cast<std::size_t>(b)] = b * 7 % outputs;
    auto const loss_with = [&](int groups) {
        backpropagation back{
            network, cross_entropy(trace), {.checkpoint_steps = checkpoint, .groups = groups}};
        back.set_labels(labels);
        back.run(test::random_spikes(steps, batch, Network::wants, 0.3, 3));
        REQUIRE(back.steps() == steps);
        double const theirs =
            mean_of_steps(test::host(back.readout()), steps, batch, outputs, labels);
        INFO(outputs << " outputs: " << back.loss() << ", " << theirs);
        REQUIRE(std::abs(static_cast<double>(back.loss()) - theirs) <=
                (sizeof(T) == 4 ? 1e-6 : 1e-14) * (1 + theirs));
        REQUIRE((outputs == 1 || theirs > 0.1));
        return back.loss();
    };
    REQUIRE(loss_with(1) == loss_with(5)); // the samples of a group, or one each
}

} // namespace

TEST_CASE("central differences: a loss that sees a step's outputs together, behind a chain, a "
          "joint, a loop and a population") {
    constexpr auto mixed = input<5> >> linear<18> >> smooth;
    check_gradients(mixed >> linear<3> >> li, cross_entropy(trace), some_labels);
    check_gradients(mixed >> linear<20>, cross_entropy(trace), some_labels, 13);
    check_gradients(mixed >> linear<100> >> smooth, cross_entropy(trace), some_labels, 7, 3);
    check_gradients(input<4> >> linear<10> >> recurrent(smooth), cross_entropy(trace), some_labels);
    check_gradients(input<4> >> smooth >> (linear<2> | population<3>({.tuning_width = 0.3})),
                    cross_entropy(trace), some_labels, 11);
    check_gradients(mixed >> linear<17> >> smooth, margin_loss{}, some_labels);
}
TEST_CASE("cross-entropy of the trace is the mean over steps, for every width of outputs") {
    constexpr auto hidden = input<12> >> linear<30> >> lif(superspike<5>);
    check_cross_entropy_of_steps<float>(hidden >> linear<10> >> li);
    check_cross_entropy_of_steps<float>(hidden >> linear<100> >> li);
    check_cross_entropy_of_steps<float>(input<12> >> linear<20> >>
                                        recurrent(lif(superspike<5>, detached)));
    check_cross_entropy_of_steps<double>(hidden >> linear<1> >> li);
    check_cross_entropy_of_steps<double>(hidden >> linear<20> >> lif(superspike<5>), 7);
}
TEST_CASE("a loss is NaN where its readout is") {
    constexpr float nan = std::numeric_limits<float>::quiet_NaN();
    for (int at = 0; at < 3; ++at) {
        float readout[] = {1, 2, 3}, gradient[3];
        readout[at] = nan;
        int const label = 1;
        float const targets[] = {0, 0, 0};
        REQUIRE(std::isnan(cross_entropy(counts).of_readout(
            readout, 3, detail::label_targets{&label}, 0, 1, gradient)));
        REQUIRE(
            std::isnan(cross_entropy(first_spike)
                           .of_readout(readout, 3, detail::label_targets{&label}, 0, 1, gradient)));
        REQUIRE(std::isnan(cross_entropy(trace).of_row(readout, 3, detail::label_targets{&label}, 0,
                                                       0, 1, 1, gradient)));
        REQUIRE(std::isnan(mean_squared(counts).of_readout(
            readout, 3, detail::value_targets<float>{targets}, 0, 1, gradient)));
    }
}
TEST_CASE("a sample with a NaN among its outputs is of no class") {
    float const nan = std::numeric_limits<float>::quiet_NaN();
    float const values[] = {nan, 2, 1}, others[] = {3, nan, 1}, good[] = {1, 2, 0};
    CHECK(detail::winner<counts_readout>(values, 3) == -1);
    CHECK(detail::winner<counts_readout>(others, 3) == -1);
    CHECK(detail::winner<counts_readout>(good, 3) == 1);
    CHECK(detail::winner<first_spike_readout>(good, 3) == 2);
}
