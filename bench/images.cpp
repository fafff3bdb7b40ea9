// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A convolutional network of an event camera's size (2x34x34; convolutions to 16, 16 and 8
// channels, pools, 256-10, integrate-and-fire) over 300 steps: forward, and with gradients, at
// three activities and on numbers; beside its three convolutions alone, multiplied whole by loops
// as one writes them by hand. Milliseconds a recording.
//   images [ROUNDS [FOLDER]]   FOLDER gets weights, events and counts for images_peers.py
#include <algorithm>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>
#include <string>
#include <vector>

using namespace spikefuse;

namespace {

constexpr auto fires = iaf({.r = 1});
constexpr auto camera = input<image<2, 34, 34>> >> conv2d<16, 5>.stride<2>().padding<1>() >> fires
                        >> conv2d<16, 3>.padding<1>() >> fires
                        >> sum_pool2d<2> >> conv2d<8, 3>.padding<1>() >> fires
                        >> sum_pool2d<2> >> flatten >> linear<256> >> fires >> linear<10> >> fires;
constexpr int steps = 300, pixels = input_shape<camera>.width;
using space = Kokkos::DefaultExecutionSpace;
using packed = Kokkos::View<std::uint32_t***, Kokkos::LayoutRight>; // [T, B, ceil(N/32)]
using values = Kokkos::View<float***, Kokkos::LayoutRight>;         // [T, B, N]

packed events(int batch, double activity) {
    packed const x("events", steps, static_cast<std::size_t>(batch), (pixels + 31) / 32);
    auto const h = Kokkos::create_mirror_view(x);
    std::mt19937 random(7);
    for (std::size_t t = 0; t < h.extent(0); ++t)
        for (std::size_t b = 0; b < h.extent(1); ++b)
            for (std::size_t n = 0; n < pixels; ++n)
                if (static_cast<double>(random()) < activity * 4294967296.0)
                    h(t, b, n / 32) |= 1u << (n % 32);
    Kokkos::deep_copy(x, h);
    return x;
}

/// Numbers from 0 to 1.
values currents(int batch) {
    values const x("currents", steps, static_cast<std::size_t>(batch), pixels);
    auto const h = Kokkos::create_mirror_view(x);
    std::mt19937 random(7);
    for (std::size_t k = 0; k < h.size(); ++k)
        h.data()[k] = static_cast<float>(random() >> 8) / 16777216.f;
    Kokkos::deep_copy(x, h);
    return x;
}

/// A convolution [C, H, W] to [O, P, Q] over every pixel, weights [C][K][K][O]: the inner loop runs
/// over output channels.
template <int C, int H, int W, int O, int K, int S, int P>
void multiply(std::vector<float> const& x, std::vector<float> const& weight,
              std::vector<float>& y) {
    constexpr int rows = (H + 2 * P - K) / S + 1, columns = (W + 2 * P - K) / S + 1;
    for (int r = 0; r < rows; ++r)
        for (int q = 0; q < columns; ++q) {
            float sum[O] = {};
            for (int c = 0; c < C; ++c)
                for (int k = 0; k < K; ++k)
                    for (int l = 0; l < K; ++l) {
                        int const v = r * S - P + k, h = q * S - P + l;
                        if (v < 0 || v >= H || h < 0 || h >= W) continue;
                        float const one = x[static_cast<std::size_t>((c * H + v) * W + h)];
                        float const* const row =
                            &weight[static_cast<std::size_t>(((c * K + k) * K + l) * O)];
                        for (int o = 0; o < O; ++o) sum[o] += one * row[o];
                    }
            for (int o = 0; o < O; ++o)
                y[static_cast<std::size_t>((r * columns + q) * O + o)] = sum[o];
        }
}

template <class Numbers>
void write(std::filesystem::path const& path, Numbers const& numbers) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<char const*>(numbers.data()),
               static_cast<std::streamsize>(numbers.size() * sizeof *numbers.data()));
}

struct way {
    std::string name;
    int recordings;
    std::function<void()> run;
    std::vector<double> seconds{};
};

template <class Input>
constexpr char const* input_name = std::is_same_v<Input, values> ? "currents" : "events";

/// @param few one recording
/// @param some 64
template <class Input>
void measure(char const* name, Input const& few, Input const& some, int rounds,
             std::filesystem::path const& folder) {
    space const here;
    auto const make = [&](int batch) {
        model network{camera, {.steps = steps, .batch = batch, .dt = 1 * units::s, .seed = 1}};
        for (int k = 1; k <= 5; ++k) network.set("iaf " + std::to_string(k), "threshold", 1.5);
        return network;
    };
    auto one = make(1), many = make(64), learning = make(64);
    backpropagation back{learning, cross_entropy(counts)};
    back.set_labels(std::vector<int>(64));
    if (!folder.empty()) {
        auto const in = folder / name;
        for (auto const& each : one.parameters())
            if (each.name == "weight" || each.name == "bias")
                write(in / (each.layer + " " + each.name), one.get(each.layer, each.name));
        write(in / input_name<Input>,
              Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), some));
        write(in / "counts",
              Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), many(some, counts)));
    }
    std::vector<float> x(pixels, 0.5f), first(4096), second(4096), third(512),
        w1(2 * 25 * 16, 0.1f), w2(16 * 9 * 16, 0.1f), w3(16 * 9 * 8, 0.1f), pooled(1024, 0.5f);
    std::vector<way> ways{{"one recording", 1, [&] { one.reset(), one(few); }},
                          {"64 recordings", 64, [&] { many.reset(), many(some); }},
                          {"64, with gradients", 64, [&] { back.run(some); }},
                          {"the convolutions by hand", 1, [&] {
                               for (int t = 0; t < steps; ++t) {
                                   multiply<2, 34, 34, 16, 5, 2, 1>(x, w1, first);
                                   multiply<16, 16, 16, 16, 3, 1, 1>(first, w2, second);
                                   multiply<16, 8, 8, 8, 3, 1, 1>(pooled, w3, third);
                               }
                           }}};
    for (int round = 0; round <= rounds; ++round) // the first round warms up
        for (auto& each : ways) {
            here.fence();
            Kokkos::Timer const timer;
            each.run();
            here.fence();
            if (round > 0) each.seconds.push_back(timer.seconds() / each.recordings);
        }
    std::printf("%s, %d threads\n", name, here.concurrency());
    for (auto& each : ways) {
        std::sort(each.seconds.begin(), each.seconds.end());
        std::printf("  %-26s %7.2f ms a recording (%.2f to %.2f)\n", each.name.c_str(),
                    1e3 * each.seconds[each.seconds.size() / 2], 1e3 * each.seconds.front(),
                    1e3 * each.seconds.back());
    }
    for (int k = 1; k <= 5; ++k) one.record("iaf " + std::to_string(k), "spikes");
    one.reset(), one(few);
    std::printf("  spikes a neuron and step:");
    for (int k = 1; k <= 5; ++k) {
        std::string const layer = "iaf " + std::to_string(k);
        auto const words =
            Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), one.recorded_spikes(layer));
        double fired = 0;
        for (std::size_t w = 0; w < words.size(); ++w) fired += std::popcount(words.data()[w]);
        std::printf(" %.4f",
                    fired / steps / static_cast<double>(one.get(layer, "threshold").size()));
    }
    std::printf("; of the first product %g\n", static_cast<double>(second[0]));
}

} // namespace

int main(int argc, char** argv) {
    int const rounds = argc > 1 ? std::atoi(argv[1]) : 7;
    if (rounds < 1) {
        std::fprintf(stderr, "usage: %s [ROUNDS [FOLDER]]\n", argv[0]);
        return 2;
    }
    std::filesystem::path const folder = argc > 2 ? argv[2] : "";
    Kokkos::ScopeGuard const kokkos;
    for (double const activity : {0.004, 0.05, 0.25}) {
        char name[64];
        std::snprintf(name, sizeof name, "%.1f %% of the pixels a step", 100 * activity);
        measure(name, events(1, activity), events(64, activity), rounds, folder);
    }
    measure("numbers", currents(1), currents(64), rounds, folder);
}
