// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Trains a convolutional spiking network on recordings of an event camera (N-MNIST's thousand), and
// says how well it tells digits apart that it has not seen: the hundred, and, by cross-validation,
// each of the thousand.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <numeric>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/datasets.hpp>
#include <spikefuse/train/trainer.hpp>

#include "faults.hpp"

using namespace spikefuse;

constexpr auto neuron_of_camera = lif({.tau_mem = 40 * ms, .tau_syn = 10 * ms}, superspike<10>);
constexpr auto camera = input<image<2, 34, 34>> >>
                        conv2d<12, 5>.stride<2>().padding<1>() >> neuron_of_camera
                        >> conv2d<24, 3>.stride<2>().padding<1>() >> neuron_of_camera >> flatten
                        >> linear<10> >> li({.tau_mem = 100 * ms, .tau_syn = 10 * ms});
constexpr int pixels = input_shape<camera>.width;

namespace {

/// Some recordings of a set.
struct some_samples {
    event_samples const& all;
    std::vector<std::size_t> which;

    std::size_t size() const { return which.size(); }
    int label(std::size_t k) const { return all.label(which[k]); }
    duration step() const { return all.step(); }
    template <class Model>
    auto make_input(int batch, int steps) const {
        return all.make_input<Model>(batch, steps);
    }
    template <class View>
    void fill(std::span<std::size_t const> chosen, View const& input, std::span<int> labels) const {
        std::vector<std::size_t> of_all;
        for (std::size_t const k : chosen) of_all.push_back(which[k]);
        all.fill(of_all, input, labels);
    }
};

struct training_plan {
    int steps = 64, batch = 32, epochs = 20;
    double rate = 5e-3, step_ms = 5, gain = 8;
};
/// The accuracy on `unseen` behind the last epoch.
template <class Seen, class Unseen>
double train(training_plan const& how, std::uint64_t seed, std::string const& name,
             Seen const& seen, Unseen const& unseen) {
    model network{camera,
                  {.steps = how.steps, .batch = how.batch, .dt = how.step_ms * ms, .seed = seed}};
    for (auto const* layer : {"conv2d 1", "conv2d 2"}) {
        auto weights = network.get(layer, "weight");
        for (float& one : weights) one *= static_cast<float>(how.gain);
        network.set(layer, "weight", weights);
    }
    trainer training{network,
                     cross_entropy(max_over_time),
                     adamw(how.rate, 1e-4),
                     {.epochs = how.epochs,
                      .seed = seed,
                      .clip_norm = 1,
                      .rate = cosine_rate(how.epochs, 0.02),
                      .show_progress = false}};
    double seconds = 0;
    training.fit(seen, unseen, [&](epoch_report const& one) {
        seconds += one.seconds;
        std::printf("%s  epoch %2d  loss %.4f  train %.2f %%  unseen %.2f %%  %.1f s\n",
                    name.c_str(), one.epoch + 1, one.loss, 100 * one.accuracy,
                    100 * one.validation_accuracy, one.seconds);
        std::fflush(stdout);
    });
    double const accuracy = training.history().back().validation_accuracy;
    std::printf("%s: %.2f %% of %zu unseen recordings after %d epochs, %.1f s an epoch\n",
                name.c_str(), 100 * accuracy, unseen.size(), how.epochs, seconds / how.epochs);
    return accuracy;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("Train a convolutional spiking network on an event camera's recordings");
    std::string data;
    training_plan how;
    int seeds = 1, folds = 0;
    app.add_option("--data", data, "folder with nmnist_train.h5 and nmnist_test.h5")->required();
    app.add_option("--steps", how.steps, "time steps of a recording")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
    app.add_option("--step", how.step_ms, "length of a step in ms")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--batch", how.batch, "recordings a step of the optimizer")
        ->capture_default_str()
        ->check(CLI::Range(1, 500));
    app.add_option("--epochs", how.epochs, "times all recordings are seen")
        ->capture_default_str()
        ->check(CLI::Range(1, 10000));
    app.add_option("--seeds", seeds, "how many trainings, each with a seed of its own")
        ->capture_default_str()
        ->check(CLI::Range(1, 100));
    app.add_option("--folds", folds, "cross-validation: so many parts, each left out once; 0: none")
        ->capture_default_str()
        ->check(CLI::Range(0, 100));
    app.add_option("--rate", how.rate, "learning rate of Adam")
        ->capture_default_str()
        ->check(CLI::PositiveNumber);
    app.add_option("--gain", how.gain, "factor of the convolutions' weights at first")
        ->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    Kokkos::ScopeGuard const kokkos;
    return say_faults([&] {
        io::event_data const seen = io::read_events(data + "/nmnist_train.h5", pixels),
                             unseen = io::read_events(data + "/nmnist_test.h5", pixels);
        event_samples const all(seen, pixels, how.step_ms * ms),
            others(unseen, pixels, how.step_ms * ms);
        std::vector<double> found;
        for (int seed = 0; seed < seeds; ++seed)
            found.push_back(train(how, static_cast<std::uint64_t>(seed),
                                  "seed " + std::to_string(seed), all, others));
        double left_out = 0;
        for (int fold = 0; fold < folds; ++fold) {
            some_samples rest{all, {}}, part{all, {}};
            for (std::size_t k = 0; k < all.size(); ++k)
                (k % static_cast<std::size_t>(folds) == static_cast<std::size_t>(fold) ? part
                                                                                       : rest)
                    .which.push_back(k);
            left_out += train(how, 0, "part " + std::to_string(fold + 1), rest, part) *
                        static_cast<double>(part.size());
        }
        std::printf("the %zu: %.2f %% (mean of %d)\n", others.size(),
                    100 * std::accumulate(found.begin(), found.end(), 0.) / seeds, seeds);
        if (folds > 0)
            std::printf("cross-validation: %.2f %% of the %zu\n",
                        100 * left_out / static_cast<double>(all.size()), all.size());
    });
}
