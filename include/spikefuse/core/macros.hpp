#pragma once
/// Marks for functions that run on the host and on a device.

#include <Kokkos_Macros.hpp>

#define SPIKEFUSE_FUNCTION KOKKOS_FORCEINLINE_FUNCTION
