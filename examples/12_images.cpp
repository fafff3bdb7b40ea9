// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Images: a camera sees a bar that drifts to one of four sides, as events of two kinds (pixels that
// become bright, and dark). Convolutions, a pool and a delay learn to tell where it goes.
#include <cstdio>
#include <random>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/update.hpp>

using namespace spikefuse;

constexpr auto eye = input<image<2, 16, 16>> >> conv2d<8, 5>.stride<2>().padding<2>() >>
                     lif(superspike<10>) >> sum_pool2d<2>;
constexpr auto watcher = eye >> (identity | delay<8>) >> conv2d<16, 3>.padding<same_size>() >>
                         lif(superspike<10>) >> flatten >> linear<4> >> li;
static_assert(output_shape<eye> == image<8, 4, 4>);

namespace {

constexpr int steps = 40, batch = 32, side = 16;
using events = Kokkos::View<float***, Kokkos::LayoutRight>; // [T, B, C * H * W]

/// A bar that moves a pixel in three steps, and some noise. Gives where each one goes.
template <class Events>
std::vector<int> drifting_bars(Events const& seen, std::mt19937& random) {
    std::vector<int> labels(batch);
    for (std::size_t b = 0; b < batch; ++b) {
        int const to = labels[b] = static_cast<int>(random() % 4);
        int const start = static_cast<int>(random() % side);
        for (int t = 0; t < steps; ++t) {
            int const moved = to % 2 == 0 ? start + t / 3 : start - t / 3;
            for (int c = 0; c < 2; ++c) // the edge in front brightens, the one behind darkens
                for (int y = 0; y < side; ++y)
                    for (int x = 0; x < side; ++x) {
                        int const place = (to < 2 ? x : y) - moved - (c == 0 ? 0 : 3);
                        bool const edge = (place % side + side) % side == 0;
                        seen(static_cast<std::size_t>(t), b,
                             static_cast<std::size_t>((c * side + y) * side + x)) =
                            random() % 100 < (edge ? 40u : 1u) ? 1.f : 0.f;
                    }
        }
    }
    return labels;
}

} // namespace

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    model network{watcher, {.steps = steps, .batch = batch, .dt = 1 * ms, .seed = 1}};
    backpropagation gradients{network, cross_entropy(max_over_time)};
    learner<decltype(network), adam> learning(network, {.learning_rate = 1e-2}, 1.0);
    std::printf("%s", describe(network).c_str());

    events const seen("events", steps, batch, decltype(network)::inputs);
    auto const host = Kokkos::create_mirror_view(seen);
    std::mt19937 random(7);
    int right = 0;
    for (int step = 1; step <= 120; ++step) {
        auto const labels = drifting_bars(host, random);
        Kokkos::deep_copy(seen, host);
        if (step > 110) { // new ones, before it learns from them
            network.reset();
            auto const classes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(),
                                                                     network(seen, max_over_time));
            for (std::size_t b = 0; b < batch; ++b) {
                int best = 0;
                for (int n = 1; n < 4; ++n)
                    if (classes(b, static_cast<std::size_t>(n)) >
                        classes(b, static_cast<std::size_t>(best)))
                        best = n;
                right += best == labels[b] ? 1 : 0;
            }
        }
        gradients.set_labels(labels);
        gradients.run(seen);
        learning.update(Kokkos::DefaultExecutionSpace(), gradients.raw(), gradients.groups());
        if (step % 20 == 0)
            std::printf("step %3d  loss %.4f\n", step, static_cast<double>(gradients.loss()));
    }
    std::printf("of 320 new recordings %d right\n", right);
    return right > 300 ? 0 : 1;
}
