#pragma once
/// The numbers of one run, as the kernel receives them: one flat struct.

#include <cstddef>
#include <cstdint>

namespace spikefuse::detail {

enum class input_kind { values, held, bits }; // [T, B, N]; [B, N] held for all steps; [T, B, ceil(N/32)]

template <class T>
struct run_arguments {
    T const* bag;                  // parameters
    T* states;                     // [B, state_total], kept between calls
    void const* input;             // values or words
    std::size_t input_step;        // distance of two steps, in elements
    std::size_t input_sample;      // distance of two samples, in elements
    T* output;                     // [T, B, N] or [B, N]
    std::uintptr_t const* records; // per layer and slot the address of a trace or 0; nullptr when nothing is recorded
    int steps;
    int batch;
    T step;                // dt, in seconds
    std::uint64_t seed;    // of noise
    std::uint64_t elapsed; // steps before this run
    bool fresh;            // states begin at rest
};

} // namespace spikefuse::detail
