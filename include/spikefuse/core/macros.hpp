// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Marks for functions that run on the host and on a device.

#include <Kokkos_Macros.hpp>

#define SPIKEFUSE_FUNCTION KOKKOS_FORCEINLINE_FUNCTION

/// A function into which all that it calls is inlined, so that its numbers stay in registers.
#if defined(__CUDACC__) || defined(__HIPCC__) || !defined(__GNUC__)
#define SPIKEFUSE_FLATTEN KOKKOS_FUNCTION
#define SPIKEFUSE_INLINE
#else
#define SPIKEFUSE_FLATTEN __attribute__((flatten))
#define SPIKEFUSE_INLINE __attribute__((always_inline)) // behind a lambda's parameters
#endif
