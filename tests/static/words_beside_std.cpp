// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// `using namespace std` and `using namespace spikefuse` in one program.
#include <algorithm>
#include <cmath>
#include <functional>
#include <iomanip>
#include <iostream>
#include <spikefuse/plot.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train.hpp>
#include <tuple>
#include <vector>

using namespace std;
using namespace spikefuse;

int main() {
    tuple<int, double> const both = make_tuple(1, 2.5);
    vector<double> numbers{get<1>(both), floor(2.5), exp(0.), log(1.), sqrt(4.), abs(-1.)};
    transform(numbers.begin(), numbers.end(), numbers.begin(), [](double x) { return x + 1; });
    array<double, 2> const bounds{*min_element(numbers.begin(), numbers.end()), max(1., 2.)};
    cout << fixed << setprecision(2) << bounds[0] << clamp(1, 0, 2) << '\n';
    constexpr auto network = input<8> >> linear<4> >> lif({.tau_mem = 20 * ms});
    cout << describe(network) << parameter_count(network) << '\n';
}
