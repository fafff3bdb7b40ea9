// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: left_gives<12>
// expect: right_wants<10>
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto block =
    population<4> >> linear<10, 5>; // how many features it will take is not known here
constexpr auto wrong = detail::plan::schedule<decltype(input<3> >> block), false>::outputs;
