// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The arguments of one run, as the kernel receives them: one flat struct.

#include "../core/target.hpp"

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// What a kernel is compiled for: a plain run; a run that records a tape; the recomputation of a
/// block for its adjoint.
enum class purpose { run, tape, gradients };

enum class input_kind {
    values,
    held,
    bits
}; // [T, B, N]; [B, N] held for all steps; [T, B, ceil(N/32)]

/// The penalty on a layer's activity: spike counts, and the bounds of their mean over time.
template <class T>
struct activity_penalty {
    double* counts; // [B, N]; nullptr: nothing is charged. In float the sum of many steps would
                    // stand still
    T least, most, strength;

    /// How far a neuron's mean activity lies outside the bounds, in spikes per step.
    SPIKEFUSE_FUNCTION T excess(double count, int steps) const {
        T const activity = static_cast<T>(count / steps);
        return activity > most ? activity - most : activity < least ? activity - least : T(0);
    }
};

template <class T>
struct run_arguments {
    T const* parameters; // parameters
    T* states; // [B, memory_total], kept between calls: states, then rows that loops feed back
    void const* input;         // values or words
    std::size_t input_step;    // distance of two steps, in elements
    std::size_t input_sample;  // distance of two samples, in elements
    T* output;                 // [T, B, N] or [B, N]
    std::size_t output_step;   // distance of two steps, in elements
    std::size_t output_sample; // of two samples
    std::size_t output_neuron; // of two neurons
    std::uintptr_t const*
        records; // per layer and slot the address of a trace or 0; nullptr when nothing is recorded
    int steps;
    int batch;
    std::uint32_t first_sample;  // the number of the first sample, by which noise is drawn
    std::uint32_t sample_stride; // from one sample's number to the next one's
    T step;                      // dt, in seconds
    std::uint64_t seed;          // of noise
    std::uint64_t elapsed;       // steps before this run
    int begun;                   // samples from this one on begin at rest
    unsigned char* scratch;      // of the teams, where they need more than Kokkos gives; or nullptr
    std::size_t team_scratch;    // bytes from a team's to the next one's

    // training only
    T* tape;     // [places, blocks, entry_apart]: what every block of steps began with
    T* currents; // [places, panels, T, P]: what arrived behind layers of weights; or nullptr: it is
                 // summed again
    int samples_per_pass;  // samples of a group that run, and then are undone: then the next ones
                           // take their places
    T* when;               // [B, N in whole registers]: in which step the readout took its value
    int block;             // steps between two entries of the tape
    bool constants;        // gradients of neurons' constants too
    int groups;            // samples are spread over so many gradients, which are summed afterwards
    T* transposed;         // a copy of the weights, [panel of inputs][output][P] a layer
    int near_rows;         // of a loop's, in a device's shared memory (near_weights.hpp)
    T* gradient;           // [groups, parameter_total]
    T* constant_gradients; // [teams, constant_total]: where a launch of their own makes those of
                           // weights (weight_splits.hpp); or nullptr
    std::uint32_t* spikes; // for it, [buffer][B][steps kept before the run, T][words]
    T* state_gradient;     // [B, memory_total]: of what the run began with; or nullptr
    T* input_gradient;     // [T, B, N], or [B, N] for a held input; or nullptr
    std::uintptr_t const* seeds; // per layer and slot the address of a gradient [T, B, N] that
                                 // arrives there, or 0; or nullptr
    activity_penalty<T> const* penalties; // a slot; or nullptr

    /// The same; a device's compiler knows then in which memory it all lies, even where a kernel is
    /// so large that it does not become a part of its launch.
    SPIKEFUSE_FUNCTION auto known() const
        -> std::conditional_t<on_the_host, run_arguments const&, run_arguments> {
        if constexpr (on_the_host) {
            return *this;
        } else {
            run_arguments const own = *this;
            know_global(own.parameters, own.states, static_cast<char const*>(own.input), own.output,
                        own.records, own.scratch, own.tape, own.currents, own.when, own.transposed,
                        own.gradient, own.constant_gradients, own.spikes, own.state_gradient,
                        own.input_gradient, own.seeds, own.penalties);
            return own;
        }
    }
    SPIKEFUSE_FUNCTION std::uint32_t number_of(std::size_t sample) const {
        return first_sample + static_cast<std::uint32_t>(sample) * sample_stride;
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
