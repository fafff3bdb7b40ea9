// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// From a NIR file into a model: `network.load(nir::read(path))`, see nir_load.hpp.

#include "nir.hpp"
#include "nir_load.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::io {

/// `network.load(nir::read(path))`, as it was called before.
/// @param network whose structure is the file's
/// @param path of the file
template <class Model>
[[deprecated("say network.load(nir::read(path))")]] void load_nir(Model& network,
                                                                  std::string const& path) {
    network.load(nir::read(path, 2 * nir::detail::numbers_in(network)));
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::io
