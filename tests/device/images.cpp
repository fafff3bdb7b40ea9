// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions, pools and delays, forwards and backwards, compiled for a device.
#include "networks.hpp"

#include <spikefuse/train/backpropagation.hpp>

using namespace spikefuse;
using test::on_device, test::spikes;

void camera(spikes const& bits) {
    auto network =
        on_device<float>(input<image<2, 34, 34>> >> conv2d<16, 5>.stride<2>().padding<1>() >> lif >>
                         max_pool2d<2> >> delay<3> >> conv2d<8, 3>.padding<same_size>() >> lif >>
                         sum_pool2d<2> >> flatten >> linear<10> >> li);
    network(bits);
    backpropagation back{network, cross_entropy(max_over_time)};
    back.run(bits);
}
