// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Trains a spiking network on MNIST: 784-256-10, LIF and a leaky readout, pixels as constant
// currents. The first 8,000 of the 10,000 test images are learnt, the last 2,000 are what it is
// tested on.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/datasets.hpp>
#include <spikefuse/train/trainer.hpp>

#include "faults.hpp"

using namespace spikefuse;

constexpr auto classifier = input<784> >> linear<256> >> lif(superspike<10>) >> linear<10> >> li;

int main(int argc, char** argv) {
    CLI::App app("Train a spiking network on MNIST");
    std::string data;
    int steps = 30, batch = 64, epochs = 10, seeds = 1;
    double rate = 2e-3;
    app.add_option("--data", data,
                   "folder with t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz")
        ->required();
    app.add_option("--steps", steps, "time steps an image is shown")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
    app.add_option("--batch", batch, "images a step of the optimizer")
        ->capture_default_str()
        ->check(CLI::Range(1, 8000));
    app.add_option("--epochs", epochs, "times all images are seen")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
    app.add_option("--seeds", seeds, "how many trainings, each with a seed of its own")
        ->capture_default_str()
        ->check(CLI::Range(1, 100));
    app.add_option("--rate", rate, "learning rate of Adam")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    CLI11_PARSE(app, argc, argv);
    Kokkos::ScopeGuard const kokkos;
    return say_faults([&] {
        io::mnist const set = io::read_mnist(data);
        image_samples const train(set, 0, 8000), test(set, 8000, 10000);
        for (int seed = 0; seed < seeds; ++seed) {
            model network{classifier,
                          {.steps = steps,
                           .batch = batch,
                           .dt = 1 * ms,
                           .seed = static_cast<std::uint64_t>(seed)}};
            trainer training{network,
                             cross_entropy(max_over_time),
                             adam{.learning_rate = rate},
                             {.epochs = epochs,
                              .seed = static_cast<std::uint64_t>(seed),
                              .rate = cosine_rate(epochs, 0.1)}};
            double seconds = 0;
            training.fit(train, test, [&](epoch_report const& one) {
                seconds += one.seconds;
                std::printf("seed %d  epoch %2d  loss %.4f  train %.2f %%  test %.2f %%  %.1f s\n",
                            seed, one.epoch + 1, one.loss, 100 * one.accuracy,
                            100 * one.validation_accuracy, one.seconds);
                std::fflush(stdout);
            });
            std::printf(
                "seed %d: test accuracy %.2f %% after %d epochs, %.1f s; tape %.0f KiB a batch\n",
                seed, 100 * training.history().back().validation_accuracy, epochs, seconds,
                static_cast<double>(training.gradients().tape_bytes(steps)) / 1024);
        }
    });
}
