// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Trains a recurrent spiking network on spoken digits: recordings as events in the layout of the
// Spiking Heidelberg Digits.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/datasets.hpp>
#include <spikefuse/train/trainer.hpp>

#include "faults.hpp"

using namespace spikefuse;

constexpr int channels = 64;
constexpr auto hidden = lif({.tau_mem = 60 * ms, .tau_syn = 20 * ms}, superspike<10>, detached);
constexpr auto readout = li({.tau_mem = 200 * ms, .tau_syn = 20 * ms});
constexpr auto classifier = input<channels> >> linear<256> >>
                            recurrent(hidden) >> linear<10> >> readout;

int main(int argc, char** argv) {
    CLI::App app("Train a recurrent spiking network on spoken digits");
    std::string data;
    int steps = 100, batch = 64, epochs = 30, seeds = 1;
    double rate = 2e-3, step_ms = 7, gain = 3;
    app.add_option("--data", data, "folder with fsdd_train.h5 and fsdd_test.h5")->required();
    app.add_option("--steps", steps, "time steps of a recording")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
    app.add_option("--step", step_ms, "length of a step in ms")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--batch", batch, "recordings a step of the optimizer")
        ->capture_default_str()
        ->check(CLI::Range(1, 300));
    app.add_option("--epochs", epochs, "times all recordings are heard")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
    app.add_option("--seeds", seeds, "how many trainings, each with a seed of its own")
        ->capture_default_str()
        ->check(CLI::Range(1, 100));
    app.add_option("--rate", rate, "learning rate of Adam")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--gain", gain, "factor of the first weights")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    Kokkos::ScopeGuard const kokkos;
    return say_faults([&] {
        io::event_data const heard = io::read_events(data + "/fsdd_train.h5", channels),
                             unheard = io::read_events(data + "/fsdd_test.h5", channels);
        event_samples const train(heard, channels, step_ms * ms),
            test(unheard, channels, step_ms * ms);
        for (int seed = 0; seed < seeds; ++seed) {
            model network{classifier,
                          {.steps = steps,
                           .batch = batch,
                           .dt = step_ms * ms,
                           .seed = static_cast<std::uint64_t>(seed)}};
            auto weights = network.get("linear 1", "weight");
            for (float& one : weights) one *= static_cast<float>(gain);
            network.set("linear 1", "weight", weights);
            trainer training{network,
                             cross_entropy(max_over_time),
                             adamw(rate, 1e-4),
                             {.epochs = epochs,
                              .seed = static_cast<std::uint64_t>(seed),
                              .clip_norm = 1,
                              .rate = cosine_rate(epochs, 0.02),
                              .show_progress = false}};
            double seconds = 0;
            training.fit(train, test, [&](epoch_report const& one) {
                seconds += one.seconds;
                std::printf("seed %d  epoch %2d  loss %.4f  train %.2f %%  test %.2f %%  %.1f s\n",
                            seed, one.epoch + 1, one.loss, 100 * one.accuracy,
                            100 * one.validation_accuracy, one.seconds);
                std::fflush(stdout);
            });
            std::printf("seed %d: test accuracy %.2f %% after %d epochs, %.1f s\n", seed,
                        100 * training.history().back().validation_accuracy, epochs, seconds);
        }
    });
}
