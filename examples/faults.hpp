#pragma once
// How a program of this project ends where it cannot go on.

#include <cstdio>
#include <spikefuse/core/errors.hpp>
#include <string>

/// Runs a program's work. What is thrown is said on standard error, behind all that was printed, and the program ends with 1.
template <class Work>
int say_faults(Work const& work) {
    try {
        work();
        return 0;
    } catch (spikefuse::error const& fault) {
        std::fflush(stdout);
        std::fprintf(stderr, "%s\n", fault.what());
    } catch (std::exception const& fault) { // Kokkos: no memory
        std::fflush(stdout);
        std::string const why = fault.what();
        std::fprintf(stderr, "the run does not fit (%s). Use fewer steps or a smaller batch\n", why.substr(0, why.find('\n')).c_str());
    }
    return 1;
}
