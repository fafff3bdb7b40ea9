// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// expect: the path of recurrent(...) gives another width than the body takes
// expect: path_leads_back<8, 4>
#include <spikefuse/network.hpp>
using namespace spikefuse;
constexpr auto wrong =
    detail::plan::schedule<decltype(input<5, 3> >> recurrent(lif, through(take<0> >> linear<4>))),
                           false>::outputs;
