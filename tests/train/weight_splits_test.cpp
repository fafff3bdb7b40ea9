// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A device's gradients of weights by splits, held against those of the pass backwards, which makes
// them where the tape keeps no currents.
#include "../support/random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>

using namespace spikefuse;

namespace {

template <class T>
Kokkos::View<T***, Kokkos::LayoutRight> random_numbers(int steps, int batch, int width,
                                                       unsigned seed) {
    Kokkos::View<T***, Kokkos::LayoutRight> const x("numbers", static_cast<std::size_t>(steps),
                                                    static_cast<std::size_t>(batch),
                                                    static_cast<std::size_t>(width));
    std::mt19937 random(seed);
    test::fill(x, [&](std::size_t) { return static_cast<T>(random() % 1000) / 2000 - T(0.1); });
    return x;
}
enum class reads { spikes, numbers };
/// Runs so many times, with the states that are there; checks how many gradients there are.
template <class T, reads What = reads::spikes, class Network>
void compare(Network network, int steps, int batch, int splits, int runs = 1) {
    bool const carries_on = runs > 1;
    std::vector<std::vector<T>> gradients[2];
    std::vector<std::string> names;
    for (int way : {0, 1}) {
        model one{network, {.steps = steps, .batch = batch, .seed = 3}, precision<T>};
        for (auto const& p : one.parameters())
            if (p.shape.size() == 2) {
                auto weight = one.get(p.layer, p.name);
                for (T& w : weight) w = w * 3 + T(0.02);
                one.set(p.layer, p.name, weight);
            } else if (p.layer == "delays 1") {
                auto delay = one.get(p.layer, p.name);
                for (std::size_t k = 0; k < delay.size(); ++k) delay[k] = static_cast<T>(k % 4);
                one.set(p.layer, p.name, delay);
            }
        backpropagation back{one,
                             cross_entropy(max_over_time),
                             {.tape_megabytes = way == 0 ? 512. : 0., .carries_on = carries_on}};
        back.set_labels(std::vector<int>(static_cast<std::size_t>(batch), 1));
        for (int run = 0; run < runs; ++run) {
            auto const seed = static_cast<unsigned>(4 + run);
            if constexpr (What == reads::spikes) {
                back.run(test::random_spikes(steps, batch, decltype(one)::inputs, 0.1, seed));
            } else {
                back.run(random_numbers<T>(steps, batch, decltype(one)::inputs, seed));
            }
        }
        Kokkos::fence();
        if (way == 0) {
            CHECK(back.groups() == splits);
        } else {
            CHECK(back.groups() >= splits);
        }
        for (auto const& p : one.parameters()) {
            gradients[way].push_back(back.gradient(p.layer, p.name));
            names.push_back(p.layer + " " + p.name);
        }
    }
    for (std::size_t k = 0; k < gradients[0].size(); ++k) {
        INFO(names[k]);
        double largest = 0, apart = 0;
        for (std::size_t j = 0; j < gradients[0][k].size(); ++j) {
            double const a = gradients[0][k][j], b = gradients[1][k][j];
            largest = std::max(largest, std::abs(b));
            apart = std::max(apart, std::abs(a - b));
        }
        CHECK((largest > 0 || names[k].find("weight") == std::string::npos));
        REQUIRE(apart <= (sizeof(T) == 8 ? 1e-12 : 2e-5) * largest);
    }
}

} // namespace

TEST_CASE("weights by splits: several slices, more inputs and rows than fit at a time, no bias") {
    constexpr auto wide = input<600> >> linear<150> >> lif >> linear<40>(no_bias) >> li;
    compare<float>(wide, 300, 5, 4);
    compare<double>(wide, 300, 2, 2);
}
TEST_CASE("weights by splits: no more of them than teams are worth") {
    compare<float>(input<300> >> linear<1000> >> lif >> linear<3> >> li, 12, 40, 22);
}
TEST_CASE("weights by splits: loops, delays, several sources, and rows from before the run") {
    constexpr auto loops = input<45> >> linear<37> >> recurrent(lif) >> delays<3> >>
                           (identity | (linear<33> >> lif)) >>
                           recurrent(linear<20> >> lif, through(linear<70>)) >> linear<5> >> li;
    compare<float>(loops, 100, 3, 2);
    compare<float>(loops, 70, 3, 2, 2);
    compare<double>(loops, 33, 1, 1, 3);
}
TEST_CASE("weights by splits: three steps, one sample, and more samples than teams") {
    compare<float>(input<5> >> linear<9> >> leaky >> linear<3> >> li, 4, 1100, 82);
    compare<float>(input<33> >> linear<4> >> li, 3, 1, 1);
}
TEST_CASE("weights by splits: behind numbers, with spikes behind them") {
    constexpr auto wide = input<203> >> linear<150> >> lif >> linear<40>(no_bias) >> li;
    compare<float, reads::numbers>(wide, 300, 5, 4);
    compare<double, reads::numbers>(input<32> >> linear<20>(no_bias) >> lif >> linear<3> >> li, 40,
                                    7, 4, 2);
    compare<float, reads::numbers>(input<9> >> linear<33> >> recurrent(lif) >> linear<3> >> li, 70,
                                   3, 2);
}
