// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a network of LAYERS layers costs to compile: a model, and a run whose output is counted
// inside the kernel. GRADIENTS: also a run backwards. No LAYERS: nothing but what is included.
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>

using namespace spikefuse;

#ifndef LAYERS
int main() {}
#else

constexpr int width(std::size_t layer) {
    return 65 + static_cast<int>(layer / 2 * 37 % 64);
} // up to 128 layers no two alike

template <std::size_t Layer>
constexpr auto layer_of_network() {
    if constexpr (Layer % 2 == 0) {
        return linear<width(Layer)>;
    } else {
        return lif;
    }
}
template <std::size_t... Layer>
constexpr auto chain(std::index_sequence<Layer...>) {
    return (input<64> >> ... >>
            layer_of_network<Layer>()); // as one writes it: input >> linear >> lif >> linear >> lif
}
constexpr auto network = chain(std::make_index_sequence<LAYERS>{});

int main() {
    Kokkos::ScopeGuard const kokkos;
    model run{network, {.steps = 10, .batch = 4}};
    Kokkos::View<float***, Kokkos::LayoutRight> const values("values", 10, 4, 64); // [T, B, N]
    auto const result = run(values, counts);
#ifdef GRADIENTS
    backpropagation gradients{run, cross_entropy(counts)};
    gradients.set_labels(std::vector<int>{0, 1, 2, 3});
    gradients.run(values);
#endif
    return static_cast<int>(result.extent(0));
}
#endif
