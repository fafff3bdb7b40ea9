// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a tape keeps of the currents behind weights.

#include "../../layers/detail/rows.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Currents that stay on the tape, if it keeps any, when a run reads them.
template <class T, class Currents>
struct kept_when_read {
    Currents currents;
    T* to;
    std::size_t apart;

    template <int Count>
    SPIKEFUSE_FUNCTION void read(int r, lanes<T> (&row)[Count]) const {
        currents.read(r, row);
        for (int q = 0; to != nullptr && q < Count; ++q)
            row[q].store(to + static_cast<std::size_t>(q) * apart +
                         static_cast<std::size_t>(r) * panel_width<T>);
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
