// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a C header and a Fortran module say of a network, as text in an object file: CMake reads it
/// there, so that nothing is typed twice, and nothing has to run while cross-compiling.

#include "../plan/schedule.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace spikefuse::inline SPIKEFUSE_ABI::bindings {

/// "spikefuse-facts 0.1.0 inputs=0000000784 outputs=0000000010". Make it a variable with a C name.
/// @param version of this library, which stands at its front door
template <layer_word Network, std::size_t Size>
constexpr auto facts_of(Network const&, char const (&version)[Size]) {
    using schedule = spikefuse::detail::plan::schedule<Network, false>;
    constexpr std::string_view first = "spikefuse-facts ", second = " inputs=", third = " outputs=";
    constexpr int digits = 10;
    std::array<char, first.size() + second.size() + third.size() + Size + 2 * digits> text{};
    std::size_t end = 0;
    auto const add = [&](std::string_view words) {
        for (char const letter : words) text[end++] = letter;
    };
    auto const count = [&](int number) {
        int scale = 1'000'000'000;
        for (int k = 0; k < digits; ++k, scale /= 10)
            text[end++] = static_cast<char>('0' + number / scale % 10);
    };
    add(first), add(version), add(second);
    count(schedule::inputs);
    add(third);
    count(schedule::outputs);
    return text;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::bindings
