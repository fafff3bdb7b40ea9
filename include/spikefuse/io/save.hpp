// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// From a model into a NIR file: `nir::write(path, network)`, see nir_write.hpp.

#include "nir.hpp"
#include "nir_write.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::io {

/// `nir::write(path, network)`, as it was called before.
/// @param network of layers that NIR has
/// @param path is replaced in one step, or left as it was
template <class Model>
[[deprecated("say nir::write(path, network)")]] void save_nir(Model const& network,
                                                              std::string const& path) {
    nir::write(path, network);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
