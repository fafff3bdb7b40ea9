// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Run-time errors. One form everywhere: what is wrong, why, and the cure.

#include <stdexcept>
#include <string>

namespace spikefuse {

/// Base of everything this library throws. `what()` reads "spikefuse::KIND: PROBLEM (WHY). CURE".
class error : public std::runtime_error {
  public:
    /// @param kind the error's own name
    /// @param problem what is wrong, with its numbers
    /// @param why what was wanted; may be empty
    /// @param cure what to do; may be empty
    error(std::string const& kind, std::string const& problem, std::string const& why,
          std::string const& cure)
        : std::runtime_error("spikefuse::" + kind + ": " + problem +
                             (why.empty() ? "" : " (" + why + ")") +
                             (cure.empty() ? "." : ". " + cure)) {}
};

/// Two shapes that must agree do not: a view, a file's array, a chunk.
struct shape_error : error {
    shape_error(std::string const& problem, std::string const& why, std::string const& cure)
        : error("shape_error", problem, why, cure) {}
};

/// A number outside its domain: a negative time constant, NaN, zero steps.
struct value_error : error {
    value_error(std::string const& problem, std::string const& why, std::string const& cure)
        : error("value_error", problem, why, cure) {}
};

/// A name that nothing carries: a layer, a state, a parameter.
struct name_error : error {
    name_error(std::string const& problem, std::string const& why, std::string const& cure)
        : error("name_error", problem, why, cure) {}
};

/// A file that is missing, cut short, corrupt, or not what was asked for.
struct file_error : error {
    file_error(std::string const& problem, std::string const& why, std::string const& cure)
        : error("file_error", problem, why, cure) {}
};

} // namespace spikefuse
