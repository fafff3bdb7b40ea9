// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The MNIST network of examples/mnist beside a hand-written loop, same flags, same threads, same
// images, in one run.
#include "../examples/faults.hpp"
#include "harness.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <spikefuse/io/idx.hpp>
#include <spikefuse/io/load.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

constexpr auto network_type = input<784> >> scale(1) >> iaf >> linear<128>(no_bias) >> iaf
                              >> linear<10>(no_bias) >> iaf;

namespace {

constexpr std::size_t pixels = 784, hidden = 128, classes = 10;

/// What one writes by hand: three loops a step; a spike adds a row of weights, so weights lie
/// [input][output].
struct by_hand {
    std::vector<float> first, second; // [784, 128], [128, 10]
    float scale, first_threshold, hidden_threshold, readout_threshold;

    void classify(float const* image, int steps, float* fired) const {
        float v0[pixels] = {}, v1[hidden] = {}, v2[classes] = {}, drive[pixels];
        for (std::size_t n = 0; n < pixels; ++n) drive[n] = scale * image[n];
        std::fill_n(fired, classes, 0.f);
        for (int t = 0; t < steps; ++t) {
            float current1[hidden] = {}, current2[classes] = {};
            for (std::size_t n = 0; n < pixels; ++n) {
                v0[n] += drive[n];
                if (v0[n] > first_threshold) {
                    v0[n] = 0;
                    for (std::size_t o = 0; o < hidden; ++o) current1[o] += first[n * hidden + o];
                }
            }
            for (std::size_t n = 0; n < hidden; ++n) {
                v1[n] += current1[n];
                if (v1[n] > hidden_threshold) {
                    v1[n] = 0;
                    for (std::size_t o = 0; o < classes; ++o)
                        current2[o] += second[n * classes + o];
                }
            }
            for (std::size_t n = 0; n < classes; ++n) {
                v2[n] += current2[n];
                if (v2[n] > readout_threshold) {
                    v2[n] = 0;
                    fired[n] += 1;
                }
            }
        }
    }
};

void report(char const* name, bench::statistics const& times, std::size_t images) {
    std::printf("%-28s %8.0f images a second   %.3f s  (%.3f to %.3f)\n", name,
                static_cast<double>(images) / times.median, times.median, times.fastest,
                times.slowest);
}

void compare(std::string const& data, std::string const& file, int steps, int batch, int rounds,
             std::string const& out) {
    io::mnist const set = io::read_mnist(data);
    auto const samples = static_cast<std::size_t>(batch);
    std::size_t const images = set.count, batches = (images + samples - 1) /
                                                    samples; // the last one is filled up with black
    if (images == 0 || set.rows * set.columns != pixels)
        throw shape_error("the data do not fit", "images of 28 x 28 pixels are needed",
                          "Give the folder of MNIST's t10k files");
    Kokkos::View<float***, Kokkos::LayoutRight> const currents("currents", batches, samples,
                                                               pixels);
    Kokkos::View<float***, Kokkos::LayoutRight> const ours("ours", batches, samples, classes),
        twins("twins", batches, samples, classes);
    auto const host = Kokkos::create_mirror_view(currents);
    for (std::size_t k = 0; k < images * pixels; ++k)
        host.data()[k] = static_cast<float>(set.images[k]);
    Kokkos::deep_copy(currents, host);

    auto network = model{network_type, {.steps = steps, .batch = batch, .dt = 1 * units::s}};
    network.load(nir::read(file));
    by_hand twin{std::vector<float>(pixels * hidden),  std::vector<float>(hidden * classes),
                 network.get("scale 1", "factor")[0],  network.get("iaf 1", "threshold")[0],
                 network.get("iaf 2", "threshold")[0], network.get("iaf 3", "threshold")[0]};
    auto const w1 = network.get("linear 1", "weight"), w2 = network.get("linear 2", "weight");
    for (std::size_t o = 0; o < hidden; ++o)
        for (std::size_t n = 0; n < pixels; ++n) twin.first[n * hidden + o] = w1[o * pixels + n];
    for (std::size_t o = 0; o < classes; ++o)
        for (std::size_t n = 0; n < hidden; ++n) twin.second[n * classes + o] = w2[o * hidden + n];

    Kokkos::DefaultExecutionSpace const space;
    auto const run_ours = [&] {
        for (std::size_t k = 0; k < batches; ++k) {
            network.reset();
            network.run(space, Kokkos::subview(currents, k, Kokkos::ALL, Kokkos::ALL), counts,
                        Kokkos::subview(ours, k, Kokkos::ALL, Kokkos::ALL));
        }
        space.fence();
    };
    auto const run_twin = [&] {
        Kokkos::parallel_for(
            "by hand",
            Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace,
                                Kokkos::Schedule<Kokkos::Dynamic>>(0, static_cast<int>(images)),
            [&](int k) {
                twin.classify(host.data() + static_cast<std::size_t>(k) * pixels, steps,
                              twins.data() + static_cast<std::size_t>(k) * classes);
            });
        Kokkos::fence();
    };
    run_ours(), run_twin();
    std::size_t different = 0;
    auto const host_ours = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), ours);
    for (std::size_t k = 0; k < images * classes; ++k)
        different += host_ours.data()[k] != twins.data()[k] ? 1 : 0;
    bench::insist(different * 1000 < images * classes, "the hand-written loop counts other spikes");
    std::vector<bench::statistics> const taken = bench::time_in_turns({run_ours, run_twin}, rounds);
    std::printf("%zu images, %d steps, batch %d, %d threads; median of %d (fastest to slowest)\n",
                images, steps, batch, space.concurrency(), rounds);
    report("spikefuse, one kernel", taken[0], images);
    report("hand-written loop", taken[1], images);
    std::printf("spike counts that differ: %zu of %zu (the order of summation is not the same)\n",
                different, images * classes);
    if (out.empty()) return;
    bench::json times, result;
    times.put("forward", taken[0].as_json()).put("twin_forward", taken[1].as_json());
    result.put("case", "mnist" + std::to_string(batch))
        .put("family", "nir")
        .put("images", static_cast<double>(images))
        .put("steps", static_cast<double>(steps));
    result.put("batch", static_cast<double>(batch))
        .put("threads", static_cast<double>(space.concurrency()))
        .put("times", times);
    result.put("counts_differ", static_cast<double>(different))
        .put("counts", static_cast<double>(images * classes));
    bench::write_json(std::filesystem::path(out) / ("mnist" + std::to_string(batch)) / "nir",
                      space.concurrency(), result);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("The MNIST network beside a hand-written loop");
    std::string data, network, out;
    int steps = 100, batch = 128, rounds = 7;
    app.add_option("--data", data, "folder with MNIST's t10k files")->required();
    app.add_option("--network", network, "mnist_if.nir")->required();
    app.add_option("--out", out, "folder of the benchmark's results");
    app.add_option("--steps", steps)->capture_default_str()->check(CLI::Range(1, 100000));
    app.add_option("--batch", batch)->capture_default_str()->check(CLI::Range(1, 10000));
    app.add_option("--rounds", rounds)->capture_default_str()->check(CLI::Range(1, 1000));
    CLI11_PARSE(app, argc, argv);
    Kokkos::ScopeGuard const kokkos;
    return say_faults([&] { compare(data, network, steps, batch, rounds, out); });
}
