// GeNN's MNIST network from a NIR file, over real images: pixels as currents, the class is the readout neuron that fires most.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <spikefuse/io/idx.hpp>
#include <spikefuse/io/load.hpp>
#include <spikefuse/io/progress.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

constexpr auto strict_network = input<784> >> scale(1) >> iaf >> linear<128>(no_bias) >> iaf >> linear<10>(no_bias) >> iaf;
constexpr auto inclusive_network = input<784> >> scale(1) >> iaf(inclusive) >> linear<128>(no_bias) >>
                                   iaf(inclusive) >> linear<10>(no_bias) >> iaf(inclusive);

struct choices {
    std::string data, network;
    int steps = 100, batch = 128;
    bool inclusive = false;
};

namespace {

/// Spikes of the first `samples` samples.
template <class View>
double spikes_in(View const& spikes, std::size_t samples) {
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), spikes);
    long total = 0;
    for (std::size_t t = 0; t < host.extent(0); ++t)
        for (std::size_t b = 0; b < samples; ++b)
            for (std::size_t w = 0; w < host.extent(2); ++w) total += __builtin_popcount(host(t, b, w));
    return static_cast<double>(total);
}

template <class Network>
void classify(Network const& network_type, choices const& chosen) {
    io::mnist const images = io::read_mnist(chosen.data);
    std::size_t const pixels = images.rows * images.columns;
    if (pixels != 784)
        throw shape_error("the images are " + std::to_string(images.rows) + " x " + std::to_string(images.columns),
                          "the network takes 28 x 28", "Take MNIST's own files");
    auto const samples = static_cast<std::size_t>(chosen.batch);
    auto network = model{network_type, {.steps = chosen.steps, .batch = chosen.batch, .dt = 1 * s}}; // the file's r is per step of 1
    io::load_nir(network, chosen.network);
    for (auto const* layer : {"iaf 1", "iaf 2"}) network.record(layer, "spikes");

    Kokkos::DefaultExecutionSpace const space;
    Kokkos::View<float**, Kokkos::LayoutRight> const currents("currents", samples, pixels); // [B, N], held for all steps
    Kokkos::View<float**, Kokkos::LayoutRight> const fired("fired", samples, 10);           // [B, 10]
    auto const host_currents = Kokkos::create_mirror_view(currents);
    auto const host_fired = Kokkos::create_mirror_view(fired);
    std::size_t right = 0;
    double seconds = 0, fired_inputs = 0, fired_hidden = 0;
    {
        io::progress bar("images", images.count);
        for (std::size_t first = 0; first < images.count; first += samples) {
            std::size_t const count = std::min(samples, images.count - first);
            for (std::size_t b = 0; b < samples; ++b)
                for (std::size_t n = 0; n < pixels; ++n)
                    host_currents(b, n) = b < count ? static_cast<float>(images.images[(first + b) * pixels + n]) : 0.f;
            auto const start = std::chrono::steady_clock::now();
            Kokkos::deep_copy(currents, host_currents);
            network.reset();
            network.run(space, currents, counts, fired);
            Kokkos::deep_copy(host_fired, fired);
            seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            for (std::size_t b = 0; b < count; ++b) {
                int best = 0;
                for (int n = 1; n < 10; ++n) best = host_fired(b, n) > host_fired(b, best) ? n : best;
                right += best == images.labels[first + b] ? 1 : 0;
            }
            fired_inputs += spikes_in(network.recorded_spikes("iaf 1"), count);
            fired_hidden += spikes_in(network.recorded_spikes("iaf 2"), count);
            bar.advance(count);
        }
    }
    double const image_steps = static_cast<double>(images.count) * chosen.steps;
    std::printf("accuracy            %.2f %%  (%zu of %zu)\n", 100.0 * static_cast<double>(right) / static_cast<double>(images.count),
                right, images.count);
    std::printf("speed               %.0f images a second  (%.3f s in all, %d threads)\n", static_cast<double>(images.count) / seconds,
                seconds, space.concurrency());
    std::printf("spikes a step       %.4f in the input layer, %.4f in the hidden layer\n", fired_inputs / image_steps / 784,
                fired_hidden / image_steps / 128);
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("MNIST with the integrate-and-fire network of a NIR file");
    choices chosen;
    app.add_option("--data", chosen.data, "folder with t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz")->required();
    app.add_option("--network", chosen.network, "NIR file with three IF layers of 784, 128 and 10 neurons")->required();
    app.add_option("--steps", chosen.steps, "time steps an image is shown")->capture_default_str()->check(CLI::Range(1, 1000000));
    app.add_option("--batch", chosen.batch, "images side by side")->capture_default_str()->check(CLI::Range(1, 65536));
    app.add_flag("--inclusive", chosen.inclusive, "fire at the threshold (GeNN), not only above it (NIR)");
    CLI11_PARSE(app, argc, argv);
    Kokkos::ScopeGuard const kokkos;
    try {
        if (chosen.inclusive) {
            classify(inclusive_network, chosen);
        } else {
            classify(strict_network, chosen);
        }
    } catch (error const& fault) {
        std::fprintf(stderr, "%s\n", fault.what());
        return 1;
    }
    return 0;
}
