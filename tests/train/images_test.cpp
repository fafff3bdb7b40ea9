// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Networks of images: their spikes beside plain loops, their gradients beside central differences.
// (Each convolution and pool by itself: tests/unit/convolution_test.cpp.)
#include "../support/gradients.hpp"

namespace {

using row = std::vector<double>;

/// As torch.nn.Conv2d of a stride and a padding: [channels, height, width] to [out, ...].
struct plain_convolution {
    int channels, height, width, out, kernel, stride, padding;
    row weight, bias;
    int rows() const { return (height + 2 * padding - kernel) / stride + 1; }
    int columns() const { return (width + 2 * padding - kernel) / stride + 1; }
    row operator()(row const& x) const {
        row y;
        for (int o = 0; o < out; ++o)
            for (int r = 0; r < rows(); ++r)
                for (int c = 0; c < columns(); ++c) {
                    double sum = bias[static_cast<std::size_t>(o)];
                    for (int i = 0; i < channels; ++i)
                        for (int k = 0; k < kernel; ++k)
                            for (int l = 0; l < kernel; ++l) {
                                int const v = r * stride - padding + k,
                                          h = c * stride - padding + l;
                                if (v < 0 || v >= height || h < 0 || h >= width) continue;
                                sum += weight[static_cast<std::size_t>(
                                           ((o * channels + i) * kernel + k) * kernel + l)] *
                                       x[static_cast<std::size_t>((i * height + v) * width + h)];
                            }
                    y.push_back(sum);
                }
        return y;
    }
};
/// Sums of windows of two by two, stride two.
row plain_pool(row const& x, int channels, int height, int width) {
    row y(static_cast<std::size_t>(channels * (height / 2) * (width / 2)));
    for (int c = 0; c < channels; ++c)
        for (int v = 0; v < height / 2 * 2; ++v)
            for (int h = 0; h < width / 2 * 2; ++h)
                y[static_cast<std::size_t>((c * (height / 2) + v / 2) * (width / 2) + h / 2)] +=
                    x[static_cast<std::size_t>((c * height + v) * width + h)];
    return y;
}

constexpr auto pictures = input<image<2, 9, 11>> >> conv2d<5, 3>.stride<2>().padding<1>() >>
                          iaf({.r = 1000}) >> sum_pool2d<2> >> delay<3> >> conv2d<4, 2> >>
                          iaf({.r = 1000}) >> flatten >> linear<3> >> li;
static_assert(input_shape<pictures> == image<2, 9, 11>);
static_assert(output_shape<pictures> == features<3>{});

} // namespace

TEST_CASE("a network of images fires as plain loops do, packed or not, in pieces or not") {
    constexpr int steps = 40, batch = 3, width = 2 * 9 * 11;
    auto const make = [](int of_steps) {
        model one{pictures, {.steps = of_steps, .batch = batch, .seed = 3}, precision<double>};
        for (auto const* name : {"conv2d 1", "conv2d 2"}) {
            auto weights = one.get(name, "weight");
            for (double& w : weights) w = 2 * w + 0.05;
            one.set(name, "weight", weights);
        }
        return one;
    };
    auto network = make(steps);
    network.record("iaf 1", "spikes");
    network.record("iaf 2", "spikes");
    auto const packed = test::random_spikes(steps, batch, width, 0.15, 11);
    auto const x = test::host(test::unpacked<double>(packed, width));
    auto const out = test::host(network(packed));
    auto const first = test::host(test::unpacked<double>(network.recorded_spikes("iaf 1"), 150)),
               second = test::host(test::unpacked<double>(network.recorded_spikes("iaf 2"), 4));
    plain_convolution const one{
        2, 9, 11, 5, 3, 2, 1, network.get("conv2d 1", "weight"), network.get("conv2d 1", "bias")},
        other{5,
              2,
              3,
              4,
              2,
              1,
              0,
              network.get("conv2d 2", "weight"),
              network.get("conv2d 2", "bias")};
    REQUIRE((one.rows() == 5 && one.columns() == 6));
    auto const fire = [](row& v, row const& current) {
        row spikes;
        for (std::size_t n = 0; n < v.size(); ++n) {
            v[n] += current[n];
            spikes.push_back(v[n] > 1 ? 1 : 0);
            if (v[n] > 1) v[n] = 0;
        }
        return spikes;
    };
    std::size_t fired[2] = {};
    for (std::size_t b = 0; b < batch; ++b) {
        row v(150), w(8);
        std::vector<row> pooled(3, row(30)); // of three steps
        for (std::size_t t = 0; t < steps; ++t) {
            row seen;
            for (std::size_t n = 0; n < width; ++n) seen.push_back(x(t, b, n));
            row const spikes = fire(v, one(seen));
            row const later = fire(w, other(pooled.front()));
            pooled.erase(pooled.begin());
            pooled.push_back(plain_pool(spikes, 5, 5, 6));
            for (std::size_t n = 0; n < 150; ++n) {
                INFO("step " << t << " neuron " << n);
                REQUIRE(first(t, b, n) == spikes[n]);
                fired[0] += spikes[n] != 0 ? 1 : 0;
            }
            for (std::size_t n = 0; n < 4; ++n) {
                REQUIRE(second(t, b, n) == later[n]);
                fired[1] += later[n] != 0 ? 1 : 0;
            }
        }
    }
    REQUIRE((fired[0] > 500 && fired[1] > 20));

    auto pieces = make(steps / 4);
    auto const unpacked = test::unpacked<double>(packed, width);
    for (int k = 0; k < 4; ++k) {
        auto const part = std::pair(k * steps / 4, (k + 1) * steps / 4);
        auto const some =
            test::host(pieces(Kokkos::subview(unpacked, part, Kokkos::ALL, Kokkos::ALL)));
        for (std::size_t t = 0; t < some.extent(0); ++t)
            for (std::size_t b = 0; b < some.extent(1); ++b)
                for (std::size_t n = 0; n < some.extent(2); ++n)
                    REQUIRE(some(t, b, n) == out(t + static_cast<std::size_t>(part.first), b, n));
    }
}
TEST_CASE("central differences: images, replayed") {
    check_gradients(input<image<4, 5, 4>> >> conv2d<6, 2>.groups<2>().stride<1, 2>() >> smooth >>
                        sum_pool2d<2>.stride<1>() >> delay<3> >>
                        (conv2d<3, 2>.padding<same_size>()(no_bias) + conv2d<3, 1>) >> smooth >>
                        avg_pool2d<2, 1> >> flatten >> linear<3> >> li,
                    cross_entropy(counts), some_labels);
}
TEST_CASE("central differences: images, in a loop, and a delay longer than a block") {
    check_gradients(input<image<2, 5, 4>> >> conv2d<3, 3>.stride<2>().padding<1>() >>
                        recurrent(smooth, through(conv2d<3, 3>.padding<same_size>())) >>
                        max_pool2d<2>.stride<1>() >> delay<7> >> flatten >> linear<3> >> li,
                    cross_entropy(counts), some_labels, 23, 3);
}
