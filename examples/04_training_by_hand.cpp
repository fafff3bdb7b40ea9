// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Training without a trainer: gradients of a backward run, and a learner that takes them. A network
// with a loop learns to tell which half of its input came first.
#include <algorithm>
#include <cstdio>
#include <random>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/update.hpp>

using namespace spikefuse;

constexpr auto classifier = input<20> >> linear<40> >>
                            recurrent(lif(superspike<10>, detached)) >> linear<2> >> li;

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    constexpr int steps = 40, batch = 32;
    model network{classifier, {.steps = steps, .batch = batch, .dt = 1 * ms, .seed = 1}};
    backpropagation gradients{network, cross_entropy(max_over_time)};
    learner<decltype(network), adam> learning(
        network, {.learning_rate = 5e-3}, 1.0); // a gradient above a norm of 1 is scaled down to it
    learning.learn("lif 1", "threshold");       // a neuron's constants learn where one says so

    Kokkos::View<float***, Kokkos::LayoutRight> const spikes("spikes", steps, batch,
                                                             20); // [T, B, N]
    auto const host = Kokkos::create_mirror_view(spikes);
    std::vector<int> labels(batch);
    std::mt19937 random(7);
    for (int step = 0; step < 60; ++step) {
        for (std::size_t b = 0; b < batch; ++b) {
            labels[b] = static_cast<int>(random() % 2);
            for (std::size_t t = 0; t < steps; ++t)
                for (std::size_t n = 0; n < 20; ++n) {
                    bool const busy = ((n < 10) == (t < steps / 2)) == (labels[b] == 0);
                    host(t, b, n) = random() % 100 < (busy ? 20u : 2u) ? 1.f : 0.f;
                }
        }
        Kokkos::deep_copy(spikes, host);
        gradients.set_labels(labels);
        gradients.run(spikes); // forward, which leaves the tape, and backward
        learning.update(Kokkos::DefaultExecutionSpace(), gradients.raw(), gradients.groups());
        if (step % 10 == 9)
            std::printf("step %2d  loss %.4f  norm of the gradient %.3f\n", step + 1,
                        static_cast<double>(gradients.loss()), learning.gradient_norm());
    }
    auto const thresholds = network.get("lif 1", "threshold");
    auto const [lowest, highest] = std::minmax_element(thresholds.begin(), thresholds.end());
    std::printf("tape %zu B a batch; thresholds %.3f to %.3f\n", gradients.tape_bytes(steps),
                static_cast<double>(*lowest), static_cast<double>(*highest));
}
