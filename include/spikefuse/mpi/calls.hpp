// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What calls of MPI answer, as errors of ours.

#include "../core/config.hpp"
#include "../core/errors.hpp"

#include <cstddef>
#include <limits>
#include <mpi.h>
#include <string>

namespace spikefuse::inline SPIKEFUSE_ABI::mpi::detail {

/// Throws value_error: what MPI says of a call that failed, where the communicator returns errors.
inline void check(int code) {
    if (code == MPI_SUCCESS) return;
    char text[MPI_MAX_ERROR_STRING];
    int length = 0;
    MPI_Error_string(code, text, &length);
    throw value_error("MPI says: " + std::string(text, static_cast<std::size_t>(length)),
                      "an exchange between ranks failed", "Look at what the ranks do before");
}
inline int rank_in(MPI_Comm ranks) {
    int rank = 0;
    check(MPI_Comm_rank(ranks, &rank));
    return rank;
}
inline int size_of(MPI_Comm ranks) {
    int size = 1;
    check(MPI_Comm_size(ranks, &size));
    return size;
}
inline int as_count(std::size_t numbers) {
    if (numbers > static_cast<std::size_t>(std::numeric_limits<int>::max()))
        throw value_error(std::to_string(numbers) + " numbers are more than MPI counts",
                          "it counts by int",
                          "Take fewer groups, fewer steps at a time, or more ranks");
    return static_cast<int>(numbers);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::mpi::detail
