// kokkos
// expect: cross_entropy takes a readout of one number a class
#include <spikefuse/train/loss.hpp>
using namespace spikefuse;
auto const wrong = cross_entropy(trace);
