// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a NIR file does not say: the reader's user does.

#include "../core/config.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::nir {

/// What a spike does to the membrane.
enum class resets {
    to_value, ///< v = v_reset: NIR since 1.0.6
    subtract  ///< v = v - v_threshold: NIR before, and snnTorch's default
};
/// When it does that.
enum class moments {
    at_once,  ///< within the step of the spike: NIR
    next_step ///< after the next step's equations: snnTorch's default
};
/// Which synaptic current the membrane of CubaLI and CubaLIF reads.
enum class currents {
    after, ///< the one that this step's input has reached: snnTorch, norse, SpikingJelly
    before ///< the one of the step before: the format's authors
};
/// What I and IF do with their input.
enum class integrators {
    per_second, ///< v' = v + dt r x: NIR
    per_step    ///< v' = v + r x: what sinabs, norse and spyx mean, with r = 1
};
/// When a membrane fires.
enum class firings {
    above, ///< v > v_threshold: NIR, norse, snnTorch
    at     ///< v >= v_threshold: sinabs, SpikingJelly, GeNN
};
/// Where membranes begin.
enum class starts {
    zero, ///< at 0: NIR's examples
    leak  ///< at v_leak: norse
};
/// How a membrane decays in a step.
enum class integrations {
    euler,      ///< by dt / tau: NIR's examples
    exponential ///< by 1 - exp(-dt / tau): sinabs
};
/// What a Delay does to the cycle that it stands in.
enum class loops {
    late,  ///< the edge that closes a cycle carries the value of one step earlier, a Delay or not
    delays ///< a Delay of a step or more closes the cycle by itself: no further step
};

/// What a NIR file leaves open. The defaults are those of the format and of most who write it.
struct choices {
    double dt = 0;                                    ///< seconds a step; must be said. 1: the
                                                      ///< file counts in steps
    resets reset = resets::to_value;                  ///< what a spike does
    moments moment = moments::at_once;                ///< when
    currents current = currents::after;               ///< that a Cuba neuron's membrane reads
    integrators integrator = integrators::per_second; ///< I and IF
    firings fires = firings::above;                   ///< strict, or at the threshold too
    starts start = starts::zero;                      ///< of membranes
    integrations integration = integrations::euler;   ///< of what decays
    loops loop = loops::delays;                       ///< cycles through a Delay
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir
