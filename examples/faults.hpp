// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// How a program of this project ends where it cannot go on.

#include <cstdio>
#include <new>
#include <spikefuse/core/errors.hpp>
#include <string>

/// Runs a program's work. What is thrown is said on standard error, behind all that was printed,
/// and the program ends with 1.
template <class Work>
int say_faults(Work const& work) {
    try {
        work();
        return 0;
    } catch (spikefuse::error const& fault) {
        std::fflush(stdout);
        std::fprintf(stderr, "%s\n", fault.what());
    } catch (std::exception const& fault) {
        std::fflush(stdout);
        std::string const what = fault.what(), why = what.substr(0, what.find('\n'));
        bool const memory = dynamic_cast<std::bad_alloc const*>(&fault) ||
                            why.find("llocat") != std::string::npos; // Kokkos says it in words
        if (memory)
            std::fprintf(stderr, "the run does not fit (%s). Use fewer steps or a smaller batch\n",
                         why.c_str());
        else
            std::fprintf(stderr, "the program cannot go on: %s\n", why.c_str());
    }
    return 1;
}
