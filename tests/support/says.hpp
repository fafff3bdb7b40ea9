// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// SAYS(kind, call, words): the call throws that kind of error, and its sentence holds the words.

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#define SAYS(KIND, CALL, WORDS)                                                                    \
    REQUIRE_THROWS_MATCHES(                                                                        \
        CALL, KIND, Catch::Matchers::MessageMatches(Catch::Matchers::ContainsSubstring(WORDS)))
