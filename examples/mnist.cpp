// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// GeNN's MNIST network from a NIR file, over real images: pixels as currents, the class is the
// readout neuron that fires most.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <spikefuse/io/load.hpp>

#include "faults.hpp"
#include "mnist_network.hpp"

using namespace spikefuse;

int main(int argc, char** argv) {
    CLI::App app("MNIST with the integrate-and-fire network of a NIR file");
    std::string data, network;
    int steps = 100, batch = 128;
    bool inclusive = false;
    app.add_option("--data", data,
                   "folder with t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz")
        ->required();
    app.add_option("--network", network,
                   "NIR file: Scale, then three IF layers of 784, 128 and 10 neurons")
        ->required();
    app.add_option("--steps", steps, "time steps an image is shown")
        ->capture_default_str()
        ->check(CLI::Range(1, 1000000));
    app.add_option("--batch", batch, "images side by side")
        ->capture_default_str()
        ->check(CLI::Range(1, 65536));
    app.add_flag("--inclusive", inclusive, "fire at the threshold (GeNN), not only above it (NIR)");
    CLI11_PARSE(app, argc, argv);
    Kokkos::ScopeGuard const kokkos;
    return say_faults([&] {
        io::mnist const set = io::read_mnist(data);
        auto const total =
            inclusive
                ? mnist_network::classify(mnist_network::inclusive, set, network, steps, batch)
                : mnist_network::classify(mnist_network::strict, set, network, steps, batch);
        auto const images = static_cast<double>(total.images);
        std::printf("accuracy            %.2f %%  (%zu of %zu)\n",
                    100.0 * static_cast<double>(total.right) / images, total.right, total.images);
        std::printf("speed               %.0f images a second  (%.3f s in all, %d threads)\n",
                    images / total.seconds, total.seconds,
                    Kokkos::DefaultExecutionSpace().concurrency());
        std::printf("spikes a step       %.4f in the input layer, %.4f in the hidden layer\n",
                    total.input_rate, total.hidden_rate);
    });
}
