// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What the terminal at the other end can show: colours, and how many columns.

#include "../../core/config.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace spikefuse::inline SPIKEFUSE_ABI::io::plot {

/// Is a person looking at this stream?
inline bool is_terminal(std::FILE* stream = stdout) {
    int const number = stream == nullptr ? -1 : fileno(stream);
    return number >= 0 && isatty(number) == 1;
}

/// Colours are for terminals, unless NO_COLOR is set (no-color.org) or TERM is "dumb".
inline bool wants_colours(std::FILE* stream = stdout) {
    char const* const refused = std::getenv("NO_COLOR");
    char const* const kind = std::getenv("TERM");
    bool const dumb = kind != nullptr && std::string_view(kind) == "dumb";
    return is_terminal(stream) && !dumb && (refused == nullptr || *refused == '\0');
}

/// The stream's width in characters, between 40 and 160; 100 where nobody knows.
inline std::size_t terminal_columns(std::FILE* stream = stdout) {
    winsize size{};
    bool const known =
        is_terminal(stream) && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    return known ? std::clamp<std::size_t>(size.ws_col, 40, 160) : 100;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io::plot
