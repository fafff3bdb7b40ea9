// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `network.load(file)`: whatever room reads files says what a file is, and sets a model by it.

#include "../../core/config.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// A model that loads files. A file says `choices`, a type, and has beside it
/// `load_into(model&, file const&, choices const*)`.
template <class Model>
class loads_files {
  public:
    /// Sets every parameter from a file that was read, or throws and sets none:
    /// `network.load(nir::read("net.nir"), {.dt = 1e-3})`. See io/nir_load.hpp.
    /// @param file of a network of this structure
    template <class File>
        requires requires { typename File::choices; }
    void load(File const& file) {
        load_into(static_cast<Model&>(*this), file,
                  static_cast<typename File::choices const*>(nullptr));
    }
    /// The same, held against what is said of that which the file leaves open.
    /// @param file of a network of this structure
    /// @param said choices, which the network's words have to answer alike
    template <class File>
    void load(File const& file, typename File::choices const& said) {
        load_into(static_cast<Model&>(*this), file, &said);
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
