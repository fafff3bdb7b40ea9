// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the project does, in view of a person: a recurrent spiking network learns to tell four
// movements apart, from data made here.
#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <random>
#include <spikefuse/io/plot/raster.hpp>
#include <spikefuse/io/plot/svg.hpp>
#include <spikefuse/io/plot/terminal.hpp>
#include <spikefuse/io/plot/traces.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/start_values.hpp>
#include <spikefuse/train/trainer.hpp>

#include "faults.hpp"

using namespace spikefuse;

constexpr int channels = 64, hidden = 48, classes = 4, steps = 80;
constexpr auto classifier =
    input<channels> >> linear<hidden> >>
    recurrent(lif({.tau_mem = 20 * ms}, superspike<10>, detached)) >> linear<classes> >>
    li({.tau_mem = 40 * ms});
constexpr char const* movements[classes] = {"up", "down", "up and down", "down and up"};

namespace {

/// A bright spot runs along a line of channels; jitter and noise cover it. How often a channel
/// fires tells little: its time does.
class moving_spots {
  public:
    moving_spots(std::size_t count, std::uint64_t seed) : count_(count), seed_(seed) {}

    std::size_t size() const { return count_; }
    template <class Model>
    auto make_input(int batch, int length) const {
        return Kokkos::View<std::uint32_t***, Kokkos::LayoutRight,
                            typename Model::space_type>( // [T, B, ceil(64/32)]
            "spots", static_cast<std::size_t>(length), static_cast<std::size_t>(batch),
            channels / 32);
    }
    template <class View>
    void fill(std::span<std::size_t const> which, View const& input, std::span<int> labels) const {
        auto const host = Kokkos::create_mirror_view(input);
        for (std::size_t b = 0; b < which.size(); ++b) {
            std::mt19937 random(static_cast<unsigned>(seed_ * 1000003 + which[b]));
            auto const chance = [&](double of) { return random() < of * 4294967296.0; };
            auto const between = [&](double low, double high) {
                return low + (high - low) * (random() / 4294967296.0);
            };
            labels[b] = static_cast<int>(which[b] % classes);
            double const begin = between(0, 8), length = between(48, 64), shift = between(-4, 4);
            for (std::size_t t = 0; t < host.extent(0); ++t) {
                double const part = (static_cast<double>(t) - begin) / length;
                double const there = labels[b] < 2 ? part : 1 - std::abs(1 - 2 * part);
                double const spot =
                    shift + (channels - 1) * (labels[b] % 2 == 0 ? there : 1 - there);
                for (std::size_t word = 0; word < channels / 32; ++word) host(t, b, word) = 0;
                for (std::size_t n = 0; n < channels; ++n) {
                    bool const lit =
                        part >= 0 && part <= 1 && std::abs(static_cast<double>(n) - spot) < 3;
                    if (chance(lit ? 0.30 : 0.03)) host(t, b, n / 32) |= 1u << (n % 32);
                }
            }
        }
        Kokkos::deep_copy(input, host);
    }

  private:
    std::size_t count_;
    std::uint64_t seed_;
};

/// What the network does with one sample of each kind: pictures of the first, and which kinds it
/// takes them for.
template <class Model, class Input>
void look(Model& network, Input const& spikes, std::string const& when, io::plot::figure& picture) {
    network.reset();
    auto const membranes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(),
                                                               network(spikes, trace)); // [T, B, 4]
    auto const fired =
        Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), network.recorded_spikes("lif 1"));
    auto const raster = io::plot::unpack_spikes({fired.data(), fired.size()}, fired.extent(0),
                                                hidden, fired.extent(1));
    std::vector<io::plot::series> lines;
    for (std::size_t n = 0; n < classes; ++n) {
        lines.push_back({movements[n], {}});
        for (std::size_t t = 0; t < membranes.extent(0); ++t)
            lines.back().values.push_back(membranes(t, 0, n));
    }
    std::size_t const columns = io::plot::terminal_columns(stdout);
    std::cout << "\n"
              << io::plot::terminal_raster(raster, {.title = "hidden spikes " + when,
                                                    .dt = 1 * ms,
                                                    .columns = columns,
                                                    .lines = 12})
              << "\n"
              << io::plot::terminal_traces(lines, {.title = "membranes of the readout " + when,
                                                   .dt = 1 * ms,
                                                   .columns = columns,
                                                   .lines = 8,
                                                   .colours = io::plot::wants_colours(stdout)});
    picture.panels.emplace_back(io::plot::raster_panel{"hidden spikes " + when, raster});
    picture.panels.emplace_back(io::plot::traces_panel{
        .title = "membranes of the readout " + when, .lines = lines, .height = 130});
}

void demonstrate(std::string const& svg, int epochs, std::uint64_t seed) {
    moving_spots const train(2048, 2 * seed), test(512, 2 * seed + 1);
    model network{classifier, {.steps = steps, .batch = 32, .dt = 1 * ms, .seed = seed}};
    start_weights(network, "linear 1", 5 * linear_start, seed);
    network.record("lif 1", "spikes");
    std::cout << describe(network) << "\n";
    std::printf("%zu movements to learn from, %zu to be tested with: %s, %s, %s, %s\n",
                train.size(), test.size(), movements[0], movements[1], movements[2], movements[3]);

    trainer training{
        network,
        cross_entropy(max_over_time),
        adam{.learning_rate = 3e-3},
        {.epochs = epochs, .seed = seed, .show_progress = io::plot::is_terminal(stderr)}};
    training.penalize("lif 1", {.most = 0.04, .strength = 20}); // few spikes are to do
    auto const samples = test.make_input<decltype(network)>(network.setup().batch, steps);
    std::vector<std::size_t> which(static_cast<std::size_t>(network.setup().batch));
    for (std::size_t b = 0; b < which.size(); ++b) which[b] = b;
    std::vector<int> labels(which.size());
    test.fill(which, samples, std::span(labels));
    io::plot::figure picture{
        .title = "A recurrent network before and after it learned to tell movements apart",
        .subtitle = "input<64> >> linear<48> >> recurrent(lif) >> linear<4> >> li"};
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), samples);
    auto const heard = io::plot::unpack_spikes({host.data(), host.size()}, host.extent(0), channels,
                                               host.extent(1));
    std::cout << "\n"
              << io::plot::terminal_raster(heard, {.title = "a movement up",
                                                   .dt = 1 * ms,
                                                   .columns = io::plot::terminal_columns(stdout),
                                                   .lines = 12});
    picture.panels.emplace_back(io::plot::raster_panel{"input: a movement up", heard});

    look(network, samples, "before", picture);
    io::plot::write_svg(picture,
                        svg); // where it cannot be written, that is said before the training
    std::printf("\naccuracy before: %.1f %% of the test movements (chance: %d %%)\n\n",
                100 * training.evaluate(test).second, 100 / classes);
    std::printf("epoch   loss     accuracy   test loss   test accuracy   seconds\n");
    double seconds = 0;
    training.fit(train, test, [&](epoch_report const& one) {
        seconds += one.seconds;
        std::printf("%5d   %.4f   %6.1f %%   %.4f      %6.1f %%        %.2f\n", one.epoch + 1,
                    one.loss, 100 * one.accuracy, one.validation_loss,
                    100 * one.validation_accuracy, one.seconds);
        std::fflush(stdout);
    });
    look(network, samples, "after", picture);
    io::plot::write_svg(picture, svg);
    auto const updates = static_cast<double>(epochs) * static_cast<double>(train.size()) * steps *
                         (hidden + classes);
    std::printf("\naccuracy after %d epochs: %.1f %% of the test movements; %.1f s, %.0f million "
                "neuron updates a second with "
                "gradients, on %d threads\n",
                epochs, 100 * training.history().back().validation_accuracy, seconds,
                updates / 1e6 / seconds, Kokkos::DefaultExecutionSpace().concurrency());
    std::printf("the same pictures: %s\n", svg.c_str());
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "spikefuse: a spiking network is a C++ type; forward it is one kernel, backward another");
    std::string svg = "spikefuse_demo.svg";
    int epochs = 10;
    std::uint64_t seed = 0;
    app.add_option("--svg", svg, "where the pictures are written")->capture_default_str();
    app.add_option("--epochs", epochs, "times all movements are seen")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000));
    app.add_option("--seed", seed, "of the data and the start weights")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    Kokkos::ScopeGuard const kokkos;
    return say_faults([&] { demonstrate(svg, epochs, seed); });
}
