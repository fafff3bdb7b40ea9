// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <spikefuse/network.hpp>

namespace stranger {
inline constexpr auto motor = spikefuse::input<4> >> spikefuse::lif;
}
