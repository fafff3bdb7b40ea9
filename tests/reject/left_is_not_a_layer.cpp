// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: what stands on the left of >> is not a layer
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = 784 >> linear<128>;
