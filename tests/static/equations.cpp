// What equations are known to contain before anything runs.
#include <spikefuse/language.hpp>

using namespace spikefuse;

using lif_anatomy = equations::anatomy<lif_neuron<>>;
static_assert(lif_anatomy::state_count == 2);
static_assert(lif_anatomy::param_count == 5);
static_assert(lif_anatomy::emits_bits);
// dt / tau_mem, dt / tau_syn, v_leak, threshold, v_reset: all known before the time loop.
static_assert(lif_anatomy::coefficient_count == 5);
static_assert(equations::anatomy<lif_neuron<strict_policy, subtract_policy>>::param_count == 4);
static_assert(!equations::anatomy<li_neuron>::emits_bits && equations::anatomy<li_neuron>::has_output);

// Literals of the same type but different value are different coefficients; the same parameter is one.
struct two_literals {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        constexpr auto tau = param<"tau">(20 * ms);
        return dynamics(v = v * exp(-2 * dt / tau) + v * exp(-3 * dt / tau) + tau * tau, output = v);
    }
};
static_assert(equations::anatomy<two_literals>::coefficient_count == 3);

static_assert(20 * ms == 0.02 * s);
static_assert((10 * ms) / (5 * ms) == 2.0);

int main() {}
