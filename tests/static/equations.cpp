// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What equations are known to contain before anything runs.
#include <spikefuse/network.hpp>

using namespace spikefuse;

using lif_anatomy = equations::equation_traits<lif_neuron<>>;
static_assert(lif_anatomy::state_count == 2);
static_assert(lif_anatomy::param_count == 5);
static_assert(lif_anatomy::emits_bits);
// dt / tau_mem, dt / tau_syn, v_leak, threshold, v_reset: all known before the time loop.
static_assert(lif_anatomy::coefficient_count == 5);
static_assert(equations::equation_traits<lif_neuron<subtract_policy>>::param_count == 4);
static_assert(!equations::equation_traits<li_neuron<>>::emits_bits &&
              equations::equation_traits<li_neuron<>>::has_output);

// Policies: the last one of an axis counts, and what nobody reads is no parameter.
static_assert(std::is_same_v<decltype(lif(subtract)(inclusive)(no_reset))::equations_of,
                             lif_neuron<inclusive_policy, no_reset_policy>>);
static_assert(lif(rates).arrays<features<3>>()[1].measure == array_unit::rate &&
              lif(rates).arrays<features<3>>()[1].initial == 100);
static_assert(equations::equation_traits<synaptic_neuron<graded_policy>>::fires &&
              !equations::equation_traits<synaptic_neuron<graded_policy>>::emits_bits);
static_assert(equations::equation_traits<leaky_neuron<one_winner_policy>>::competes &&
              !equations::equation_traits<leaky_neuron<>>::competes);
static_assert(equations::equation_traits<noisy_exp_syn_neuron<>>::noisy &&
              !equations::equation_traits<exp_syn_neuron<>>::noisy);
static_assert(
    !equations::equation_traits<rockpool_lif_neuron<>>::emits_bits); // several spikes are a number
static_assert(equations::equation_traits<poisson_neuron<>>::draws &&
              equations::equation_traits<poisson_neuron<>>::emits_bits);
static_assert(equations::equation_traits<latency_neuron>::emits_bits &&
              equations::equation_traits<delta_encoder_neuron<false>>::emits_bits);
static_assert(
    !equations::equation_traits<delta_encoder_neuron<true>>::emits_bits); // -1 is a number
static_assert(population<5>({.lowest = -1, .highest = 1}).arrays<features<3>>()[0].rows == 15);
static_assert(population<5>({.lowest = -1, .highest = 1}).arrays<features<3>>()[0].increment ==
              0.5);
static_assert(synaptic(quantised_to<16>).arrays<features<3>>().back().rows == 16);

// Literals of the same type but different value are different coefficients; the same parameter is
// one.
struct two_literals {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        constexpr auto tau = param<"tau">(20 * ms);
        return dynamics(v = v * exp(-2 * dt / tau) + v * exp(-3 * dt / tau) + tau * tau,
                        output = v);
    }
};
static_assert(equations::equation_traits<two_literals>::coefficient_count == 3);

static_assert(20 * ms == 0.02 * units::s);
static_assert((10 * ms) / (5 * ms) == 2.0);

int main() {}
