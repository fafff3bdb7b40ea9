// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: take the resets subtract, reset_to_zero and no_reset
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = input<4> >> synaptic(pull_to_value);
constexpr auto states =
    equations::equation_traits<synaptic_neuron<pull_to_value_policy>>::state_count;
