// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Views with value semantics.

#include "../../core/config.hpp"

#include <Kokkos_Core.hpp>

#include <utility>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// A Kokkos::View as a value: a copy owns its elements, where views share them. Copying waits for
/// running kernels.
template <class View>
class owned {
  public:
    owned() = default;
    owned(View made) : view_(std::move(made)) {}
    owned(owned const& other) : view_(copy_of(other.view_)) {}
    owned(owned&& other) noexcept = default;
    owned& operator=(owned const& other) {
        view_ = copy_of(other.view_);
        return *this;
    }
    owned& operator=(owned&& other) noexcept = default;
    ~owned() = default;

    View const& view() const { return view_; }
    auto* data() const { return view_.data(); }

  private:
    static View copy_of(View const& from) {
        if (!from.is_allocated()) return {};
        View const to(Kokkos::view_alloc(Kokkos::WithoutInitializing, from.label()), from.layout());
        Kokkos::deep_copy(to, from);
        return to;
    }

    View view_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
