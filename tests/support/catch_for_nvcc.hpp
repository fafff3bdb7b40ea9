// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// What a build for a device includes before anything else (tests/CMakeLists.txt). Catch2's checks
// bracket what they look at with `#pragma nv_diagnostic push` and `pop`. In a member function
// inside its class, nvcc's front end may note the pop as its own push: then it never ends,
// whichever warning it looks up next (docs/explanation/gpu.md).
#include <catch2/internal/catch_compiler_capabilities.hpp>

#undef CATCH_INTERNAL_START_WARNINGS_SUPPRESSION
#undef CATCH_INTERNAL_STOP_WARNINGS_SUPPRESSION
#define CATCH_INTERNAL_START_WARNINGS_SUPPRESSION
#define CATCH_INTERNAL_STOP_WARNINGS_SUPPRESSION
