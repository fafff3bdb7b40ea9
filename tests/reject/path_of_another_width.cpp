// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: the path of recurrent(...) gives another width than the body takes
// expect: path_leads_back<64, 32>
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong =
    detail::plan::schedule<decltype(input<64> >> recurrent(lif, through(linear<32>))),
                           false>::outputs;
