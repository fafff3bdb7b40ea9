// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The version of the library, for `#if`. CMake reads it here.

#define SPIKEFUSE_VERSION_MAJOR 0
#define SPIKEFUSE_VERSION_MINOR 1
#define SPIKEFUSE_VERSION_PATCH 0

/// 10203 is 1.2.3: `#if SPIKEFUSE_VERSION >= 10203`.
#define SPIKEFUSE_VERSION                                                                          \
    (SPIKEFUSE_VERSION_MAJOR * 10000 + SPIKEFUSE_VERSION_MINOR * 100 + SPIKEFUSE_VERSION_PATCH)
