// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One network, compiled for a device to an object: what the host does with kernels, too. The
// others' kernels alone are compiled.
#include "networks.hpp"

using namespace spikefuse;
using test::on_device, test::spikes, test::held, test::values;

void classifier(spikes const& bits, values<float> const& numbers, held<float> const& constant) {
    auto network = on_device<float>(input<784> >> linear<128> >> lif >> linear<10> >> li);
    network.record("lif 1", "spikes");
    network(bits);
    network(numbers, max_over_time);
    network(constant, counts);
    network.set_state("lif 1", "v", 0.5);
}
