// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The version of the library, for `#if`. CMake reads it here.

#define SPIKEFUSE_VERSION_MAJOR 0
#define SPIKEFUSE_VERSION_MINOR 1
#define SPIKEFUSE_VERSION_PATCH 0

/// 10203 is 1.2.3: `#if SPIKEFUSE_VERSION >= 10203`.
#define SPIKEFUSE_VERSION                                                                          \
    (SPIKEFUSE_VERSION_MAJOR * 10000 + SPIKEFUSE_VERSION_MINOR * 100 + SPIKEFUSE_VERSION_PATCH)

#define SPIKEFUSE_TEXT_OF_(number) #number
#define SPIKEFUSE_DOTTED_(major, minor, patch)                                                     \
    SPIKEFUSE_TEXT_OF_(major) "." SPIKEFUSE_TEXT_OF_(minor) "." SPIKEFUSE_TEXT_OF_(patch)
/// "1.2.3"
#define SPIKEFUSE_VERSION_TEXT                                                                     \
    SPIKEFUSE_DOTTED_(SPIKEFUSE_VERSION_MAJOR, SPIKEFUSE_VERSION_MINOR, SPIKEFUSE_VERSION_PATCH)
