// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory as named regions: one behind the other, at cache lines, and an overlap is found.
#include <spikefuse/network.hpp>

using namespace spikefuse;

constexpr detail::plan::memory_map some = [] {
    std::array<std::size_t, detail::plan::region_count> bytes{};
    bytes[0] = 100, bytes[1] = 64, bytes[3] = 1, bytes[detail::plan::region_count - 1] = 65;
    return detail::plan::memory_map(bytes);
}();
static_assert(some.is_sound() && some.total == 128 + 64 + 64 + 128);
static_assert(some.offsets[0] == 0 && some.offsets[1] == 128 && some.offsets[2] == 192 &&
              some.offsets[3] == 192 && some.offsets[4] == 256);

constexpr bool notices(std::size_t region, std::size_t offset) {
    detail::plan::memory_map moved = some;
    moved.offsets[region] = offset;
    return !moved.is_sound();
}
static_assert(notices(1, 64));   // in the middle of another
static_assert(notices(3, 130));  // not at a line
static_assert(notices(0, 1024)); // beyond the end
static_assert(!notices(2, 0));   // of no bytes: nowhere

// Every network's map is sound, forwards and in training; training keeps what a run has where it
// is.
template <class Network, class T>
constexpr bool maps_of(Network) {
    using stages = detail::plan::schedule<Network, true>;
    using run = detail::plan::layout<stages, T>;
    using training = detail::plan::layout<stages, T, true>;
    static_assert(run::scratch.is_sound() && training::scratch.is_sound());
    static_assert(run::scratch.sizes[static_cast<std::size_t>(detail::plan::region::history)] == 0);
    static_assert(run::template offset_of<detail::plan::region::coefficients> ==
                  training::template offset_of<detail::plan::region::coefficients>);
    return true;
}
static_assert(maps_of<decltype(input<784> >> linear<128> >> lif >> linear<10> >> li), float>(
    {input<784> >> linear<128> >> lif >> linear<10> >> li}));
static_assert(maps_of<decltype(input<70> >> linear<40> >> recurrent(lif) >> (identity | li)),
                      double>(input<70> >> linear<40> >> recurrent(lif) >> (identity | li)));

int main() {}
