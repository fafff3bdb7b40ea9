// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: the network's input width is not known
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto plan_of_wrong = detail::plan::schedule<decltype(linear<128> >> lif), false>::outputs;
