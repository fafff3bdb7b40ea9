// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Networks forwards, compiled for a device: every kind of stage, input and readout. What it would
// compute is never asked: the host's tests run the same source.
#include "networks.hpp"

using namespace spikefuse;
using test::on_device, test::spikes, test::held, test::values;

void in_double(values<double> const& numbers) {
    auto network =
        on_device<double>(input<40> >> linear<17>(no_bias) >> synaptic >> linear<10> >> li);
    network(numbers, first_spike);
}
void branches_and_loops(values<float> const& numbers) {
    constexpr auto clocks = (linear<20> >> lif({.tau_mem = 5 * ms})) | (linear<13> >> lif_adex);
    auto network = on_device<float>(
        input<50> >> (identity + (linear<50> >> lif)) >> clocks >> recurrent(lif(subtract)) >>
        linear<10> >> recurrent(linear<5> >> lif >> linear<10>, through(scale(0.5))) >> li);
    network(numbers, mean_over_time);
}
void contest(spikes const& bits) {
    auto network = on_device<float>(input<64> >> linear<40> >> leaky(one_winner) >> linear<20> >>
                                    synaptic(quantised_to<16>) >> linear<10> >> noisy_exp_syn);
    network(bits, mean_over_time);
}
void encoder(held<float> const& constant) {
    auto network = on_device<float>(input<48> >> population<3>({.tuning_width = 0.1}) >> poisson >>
                                    linear<10> >> lif);
    network(constant, last_step);
}
