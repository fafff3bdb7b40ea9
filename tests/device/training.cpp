// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Networks backwards and what learns, compiled for a device.
#include "networks.hpp"

#include <spikefuse/train/update.hpp>

using namespace spikefuse;
using test::on_device, test::spikes, test::held, test::values;

namespace {

template <class Network, class Loss, class Input>
void train(Network& network, Loss loss, Input const& input) {
    backpropagation back{network, loss};
    back.run(input);
    learner<Network, adam> learning(network, {}, 1.0);
    learning.learn(network.layer_names()[1], "threshold", true);
    learning.update(Kokkos::Cuda(), back.raw(), back.groups());
}

} // namespace

void classifier(spikes const& bits) {
    auto network = on_device<float>(input<784> >> linear<128> >> lif >> linear<10> >> li);
    train(network, cross_entropy(max_over_time), bits);
}
void branches_and_loops(values<double> const& numbers) {
    constexpr auto clocks = (linear<20> >> lif({.tau_mem = 5 * ms})) | (linear<13> >> lif_adex);
    auto network = on_device<double>(input<50> >> (identity + (linear<50> >> lif)) >> clocks >>
                                     recurrent(lif) >> linear<10> >> li);
    train(network, mean_squared(trace), numbers);
}
void contest(held<float> const& constant) {
    auto network =
        on_device<float>(input<64> >> linear<40> >> leaky(one_winner) >> linear<10> >> leaky);
    train(network, mean_squared(counts), constant);
}
