// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: this network computes nothing
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong = detail::plan::schedule<decltype(input<64> >> identity), false>::outputs;
