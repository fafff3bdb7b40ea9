// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a consumer instantiates: a run, a cell, training, files and pictures, with the warnings that
// a careful project switches on.
#include <cstdio>
#include <spikefuse/io/load.hpp>
#include <spikefuse/io/plot/raster.hpp>
#include <spikefuse/io/plot/svg.hpp>
#include <spikefuse/io/plot/terminal.hpp>
#include <spikefuse/io/plot/traces.hpp>
#include <spikefuse/io/save.hpp>
#include <spikefuse/run/written_numbers.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/checkpoint.hpp>
#include <spikefuse/train/trainer.hpp>
#include <vector>

using namespace spikefuse;

void consumer(std::string const& path) {
    model network{input<20> >> linear<40> >> recurrent(lif(superspike<10>)) >> linear<2> >> li,
                  {.steps = 8, .batch = 4}};
    Kokkos::View<float***, Kokkos::LayoutRight> const spikes("spikes", 8, 4, 20); // [T, B, N]
    (void)network(spikes);
    auto const cell = network.cell();
    auto body = cell.rest();
    float const seen[20] = {};
    float out[2];
    cell.step(body, seen, out);
    cell.set<"lif 1", "spikes">(body, 3, cell.get<"lif 1", "v">(body, 0));
    backpropagation gradients{network, cross_entropy(max_over_time)};
    learner<decltype(network), adam> learning(network, {.learning_rate = 5e-3}, 1.0);
    gradients.set_labels(std::vector<int>{0, 1, 0, 1});
    gradients.run(spikes);
    learning.update(Kokkos::DefaultExecutionSpace(), gradients.raw(), gradients.groups());
    trainer training{
        network, cross_entropy(max_over_time), adam{.learning_rate = 1e-3}, {.epochs = 1}};
    save_checkpoint(training, path);
    nir::write(path, network);
    network.load(nir::read(path));
    constexpr float biases[40] = {0.1f, 0.2f};
    set_written(network, 1 * ms, {{"linear 1", "bias", biases}, {"lif 1", "v_leak", 0.0}});
    io::plot::write_svg(io::plot::figure{.title = "nothing"}, path);
}
