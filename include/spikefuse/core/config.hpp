// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What the flags of a compiler decide: host or device, how long a register is, what a plan counts
/// on; and the name of all that depends on them. Everything of this library stands in an inline
/// namespace of that name, so that files compiled with different flags, whose numbers lie
/// differently, do not link with each other.

#include <Kokkos_Macros.hpp>

/// SPIKEFUSE_FUNCTION: runs on the host and on a device. SPIKEFUSE_FLATTEN: a function into which
/// all that it calls is inlined, so that its numbers stay in registers; -DSPIKEFUSE_FLATTEN=
/// compiles faster and runs slower. A build that does not optimize inlines nothing: it compiles in
/// less time, and a debugger shows every call.
///
/// SPIKEFUSE_STAGE: a part of a kernel that a device's compiler sees by itself. One that is very
/// large it does not look through: all memory is then read by generic loads.
#if defined(__CUDACC__) || defined(__HIPCC__) || !defined(__GNUC__)
#define SPIKEFUSE_FUNCTION KOKKOS_FORCEINLINE_FUNCTION
#undef SPIKEFUSE_FLATTEN // of the host alone
#define SPIKEFUSE_FLATTEN KOKKOS_FUNCTION
#define SPIKEFUSE_STAGE KOKKOS_FUNCTION __noinline__
#define SPIKEFUSE_INLINE
#elif defined(__OPTIMIZE__)
#define SPIKEFUSE_FUNCTION KOKKOS_FORCEINLINE_FUNCTION
#ifndef SPIKEFUSE_FLATTEN
#define SPIKEFUSE_FLATTEN __attribute__((flatten))
#endif
#define SPIKEFUSE_INLINE __attribute__((always_inline)) // behind a lambda's parameters
#else
#define SPIKEFUSE_FUNCTION KOKKOS_INLINE_FUNCTION
#undef SPIKEFUSE_FLATTEN
#define SPIKEFUSE_FLATTEN
#define SPIKEFUSE_INLINE
#endif

#ifndef SPIKEFUSE_STAGE
#define SPIKEFUSE_STAGE SPIKEFUSE_FUNCTION
#endif

/// In front of a loop: so many rounds at a time, and no more, on a device, which would unroll all
/// of a loop whose length it knows.
#if defined(__CUDA_ARCH__)
#define SPIKEFUSE_PRAGMA_(TEXT) _Pragma(#TEXT)
#define SPIKEFUSE_ROUNDS(COUNT) SPIKEFUSE_PRAGMA_(unroll COUNT)
#else
#define SPIKEFUSE_ROUNDS(COUNT)
#endif

/// 1: a register of neurons is 64 bytes of numbers. 0: it is one number, and threads are the lanes.
/// SPIKEFUSE_ONE_LANE asks for that on the host too: so the tests run what a device runs.
#if !defined(__CUDACC__) && !defined(__HIPCC__) && defined(__GNUC__) && !defined(SPIKEFUSE_ONE_LANE)
#define SPIKEFUSE_HOST_LANES 1
#else
#define SPIKEFUSE_HOST_LANES 0
#endif
/// Bytes of the processor's own registers, and how many there are.
#if defined(__AVX512F__)
#define SPIKEFUSE_REGISTER_BYTES 64
#define SPIKEFUSE_REGISTERS 32
#elif defined(__AVX__)
#define SPIKEFUSE_REGISTER_BYTES 32
#define SPIKEFUSE_REGISTERS 16
#elif defined(__aarch64__) // NEON
#define SPIKEFUSE_REGISTER_BYTES 16
#define SPIKEFUSE_REGISTERS 32
#else
#define SPIKEFUSE_REGISTER_BYTES 16
#define SPIKEFUSE_REGISTERS 16
#endif

#define SPIKEFUSE_PASTE_(a, b) a##b
#define SPIKEFUSE_PASTE(a, b) SPIKEFUSE_PASTE_(a, b)
#if !SPIKEFUSE_HOST_LANES
#define SPIKEFUSE_ABI_0 v1
#else
#define SPIKEFUSE_ABI_0 SPIKEFUSE_PASTE(v, SPIKEFUSE_REGISTER_BYTES)
#endif
/// Bytes of near caches a core that the plan of a network counts on, a plain number.
#ifndef SPIKEFUSE_NEAR_CACHES
#define SPIKEFUSE_NEAR_CACHES 2097152
#define SPIKEFUSE_ABI_1 SPIKEFUSE_ABI_0
#else
#define SPIKEFUSE_ABI_1                                                                            \
    SPIKEFUSE_PASTE(SPIKEFUSE_PASTE(SPIKEFUSE_ABI_0, _caches), SPIKEFUSE_NEAR_CACHES)
#endif
/// Weights times steps of a sample that are worth a thread, a plain number.
#ifndef SPIKEFUSE_SHARE_OF_WORK
#define SPIKEFUSE_SHARE_OF_WORK 524288
#define SPIKEFUSE_ABI SPIKEFUSE_ABI_1
#else
#define SPIKEFUSE_ABI                                                                              \
    SPIKEFUSE_PASTE(SPIKEFUSE_PASTE(SPIKEFUSE_ABI_1, _share), SPIKEFUSE_SHARE_OF_WORK)
#endif
