// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Delays of features, forwards, backwards and in a loop, compiled for a device.
#include "networks.hpp"

#include <spikefuse/train/backpropagation.hpp>

using namespace spikefuse;
using test::on_device, test::spikes;

void waiting(spikes const& bits) {
    auto network = on_device<float>(input<34> >> delays<2> >> linear<64> >> lif >> delays<5> >>
                                    linear<10> >> recurrent(lif, through(delays<3>)) >> li);
    network(bits);
    backpropagation back{network, cross_entropy(max_over_time)};
    back.run(bits);
}
