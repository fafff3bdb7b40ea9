// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Surrogates beside the recorded ones: derivative and forward value on a grid. And: no recording is
// left unread.
#include "golden.hpp"

using namespace spikefuse;
using golden::variant;
using spikefuse::detail::by_membrane, spikefuse::detail::by_threshold, spikefuse::detail::lanes;

namespace {

template <class T>
struct grid {
    std::vector<T> spike, slope;
};
/// A surrogate over all x, as a register sees them.
template <class T, class S>
grid<T> evaluate(std::vector<double> const& x, surrogate_word<S>) {
    grid<T> result;
    constexpr auto width = static_cast<std::size_t>(lanes<T>::width);
    for (std::size_t k = 0; k < x.size(); k += width) {
        T values[width]{}, slopes[width], spikes[width];
        for (std::size_t j = 0; j < width && k + j < x.size(); ++j)
            values[j] = static_cast<T>(x[k + j]);
        auto const v = lanes<T>::load(values);
        by_membrane<S>(v, lanes<T>(0)).store(slopes);
        equations::as_number(v > lanes<T>(0)).store(spikes);
        auto const against = by_threshold<S>(v, lanes<T>(0));
        for (std::size_t j = 0; j < width && k + j < x.size(); ++j) {
            result.slope.push_back(slopes[j]), result.spike.push_back(spikes[j]);
            REQUIRE(against.lane(static_cast<int>(j)) == -slopes[j]);
        }
    }
    return result;
}
template <class T>
std::map<std::string, std::function<grid<T>(std::vector<double> const&)>> surrogates() {
    auto const with = [](auto word) {
        return [word](std::vector<double> const& x) { return evaluate<T>(x, word); };
    };
    return {{"super_10", with(superspike<10>)},
            {"super_100", with(superspike<100>)},
            {"triangle_0.3", with(triangle<0.3>)},
            {"tanh_5", with(tanh_slope<5>)},
            {"circ_0.5", with(circle<0.5>)},
            {"heavi_erfc_2", with(gaussian_error<2>)},
            {"atan_2", with(arctan<2>)},
            {"atan_5", with(arctan<5>)},
            {"fast_sigmoid_10", with(fast_sigmoid<10>)},
            {"fast_sigmoid_25", with(fast_sigmoid<25>)},
            {"sigmoid_25", with(sigmoid<25>)},
            {"SFS_25_1", with(sparse_fast_sigmoid<25, 1>)},
            {"spike_rate_escape_1_25", with(spike_rate_escape<1, 25>)},
            {"ste", with(straight_through)},
            {"triangular_1", with(step_slope<1>)}};
}

void run_file(char const* file, char const* spike, char const* slope) {
    golden::tally counts;
    for (variant const& one : golden::read(file)) {
        golden::each_precision([&](auto number) {
            using T = decltype(number);
            auto const known = surrogates<T>();
            INFO("variant " << one.name << ": no surrogate here is called that");
            REQUIRE(known.contains(one.name));
            golden::trial<T> trial(one, counts);
            auto const ours = known.at(one.name)(one.input("x").values);
            trial.compare(spike, ours.spike, true);
            trial.compare(slope, ours.slope);
            trial.all_seen();
        });
        ++counts.variants;
    }
    counts.print(file);
}

} // namespace

TEST_CASE("surrogates of norse") { run_file("norse_surrogates.h5", "z", "dzdx"); }
TEST_CASE("surrogates of snnTorch") { run_file("snntorch_surrogates.h5", "spk", "dsdx"); }

TEST_CASE("Rockpool's surrogates look at membrane and threshold") {
    using V = lanes<double>;
    auto const at = [](auto word, double v, double threshold) {
        using S = typename decltype(word)::unit;
        return std::pair{by_membrane<S>(V(v), V(threshold)).lane(0),
                         by_threshold<S>(V(v), V(threshold)).lane(0)};
    };
    // StepPWL: 1 / threshold and -v / threshold^2 from half a window below on.
    REQUIRE(at(piecewise_linear<0.5>, 1.4, 2.) == std::pair{0., 0.});
    REQUIRE(at(piecewise_linear<0.5>, 1.5, 2.) == std::pair{0.5, -0.375});
    REQUIRE(at(piecewise_linear<0.5>, 5., 2.) == std::pair{0.5, -1.25});
    // PeriodicExponential: highest at every multiple of the threshold, the same from one to the
    // next.
    auto const highest = at(periodic_exponential<0.5>, 2., 2.).first;
    REQUIRE(highest == 0.5);
    REQUIRE(std::abs(at(periodic_exponential<0.5>, 2.3, 2.).first - 0.5 * std::exp(-0.3 / 0.5)) <
            1e-15);
    REQUIRE(std::abs(at(periodic_exponential<0.5>, 4.3, 2.).first -
                     at(periodic_exponential<0.5>, 2.3, 2.).first) < 1e-15);
    REQUIRE(std::abs(at(periodic_exponential<0.5>, 1.2, 2.).first - 0.5 * std::exp(-0.8 / 0.5)) <
            1e-15);
    REQUIRE(at(periodic_exponential<0.5>, 3., 2.).second ==
            -at(periodic_exponential<0.5>, 3., 2.).first * 1.5);
}

TEST_CASE("a surrogate that a user writes in a line, and the logistic one") {
    auto const mine = surrogate<[](auto x) { return 1 / square(10 * abs(x) + 1); }>;
    std::vector<double> const x{-1, -0.1, 0, 0.2, 3};
    auto const ours = evaluate<double>(x, mine), same = evaluate<double>(x, superspike<10>);
    REQUIRE(ours.slope == same.slope);
    auto const noisy = evaluate<double>(x, logistic<2>);
    for (std::size_t k = 0; k < x.size(); ++k)
        REQUIRE(std::abs(noisy.slope[k] - (1 - std::pow(std::tanh(2 * x[k]), 2))) < 1e-14);
    // And it is a choice like any other, on the host: nvcc cannot name a lambda among the template
    // arguments of a kernel.
    using host = Kokkos::DefaultHostExecutionSpace;
    model network{input<1> >> lif(mine), {.steps = 3}, host()};
    Kokkos::View<float**, Kokkos::LayoutRight, host> const drive("x", 1, 1);
    network(drive);
}

TEST_CASE("every recording is read by a test") {
    std::set<std::string> found;
    for (auto const& entry : std::filesystem::directory_iterator(test::golden_data())) {
        std::string const name = entry.path().filename().string();
        if (name.ends_with(".md")) continue;
        INFO(name << ": no test here reads it");
        REQUIRE(golden::known_files.contains(name));
        found.insert(name);
    }
    std::printf("recordings: %zu files, all of them read\n", found.size());
    REQUIRE(found == golden::known_files);
}
