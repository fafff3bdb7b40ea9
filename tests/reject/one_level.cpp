// expect: takes at least two levels
#include <spikefuse/language.hpp>
using namespace spikefuse;
constexpr auto wrong = synaptic(quantised_to<1>);
