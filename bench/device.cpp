// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The device's headline cases: what a forward run and a training step take, and whether the numbers
// are those of the same network on the host.
// device --out FILE [--seconds S] [--cases PART] : a line a figure, and FILE in JSON
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <random>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>
#include <string>
#include <type_traits>
#include <vector>

using namespace spikefuse;

namespace {

using device = Kokkos::DefaultExecutionSpace;
using host_space = Kokkos::DefaultHostExecutionSpace;
using packed = Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, device>; // [T, B, words]
using values = Kokkos::View<float***, Kokkos::LayoutRight, device>;         // [T, B, N]
using held = Kokkos::View<float**, Kokkos::LayoutRight, device>;            // [B, N]

struct options {
    double seconds = 0.2;
    std::string out, part;
};
options given;
std::vector<std::string> figures; // JSON objects

struct random_numbers {
    std::mt19937 engine{7};
    double operator()() { return engine() / 4294967296.0; }
};
packed random_spikes(int steps, int batch, int width, double activity) {
    packed const spikes("spikes", steps, batch, (width + 31) / 32);
    auto const on_host = Kokkos::create_mirror_view(spikes);
    random_numbers random;
    for (int t = 0; t < steps; ++t)
        for (int b = 0; b < batch; ++b)
            for (int n = 0; n < width; ++n)
                if (random() < activity) on_host(t, b, n / 32) |= 1u << (n % 32);
    Kokkos::deep_copy(spikes, on_host);
    return spikes;
}
/// A share `activity` of the numbers lies in 0 .. `highest`, the others are 0.
template <class View>
View random_values(View const& to, double activity, double highest) {
    auto const on_host = Kokkos::create_mirror_view(to);
    random_numbers random;
    for (std::size_t k = 0; k < on_host.size(); ++k)
        on_host.data()[k] = random() < activity ? static_cast<float>(highest * random()) : 0.f;
    Kokkos::deep_copy(to, on_host);
    return to;
}

/// Median and least of the times of `call`, in microseconds, of several calls between two fences.
template <class Call>
void time_of(std::string const& name, Call const& call) {
    using clock = std::chrono::steady_clock;
    auto const since = [](clock::time_point start) {
        return std::chrono::duration<double>(clock::now() - start).count();
    };
    for (int k = 0; k < 3; ++k) call();
    Kokkos::fence();
    auto start = clock::now();
    call();
    Kokkos::fence();
    double const once = since(start);
    int const together = std::clamp(static_cast<int>(0.01 / once), 1, 200);
    std::vector<double> times;
    for (double spent = 0; spent < given.seconds || times.size() < 5;) {
        start = clock::now();
        for (int k = 0; k < together; ++k) call();
        Kokkos::fence();
        double const took = since(start);
        spent += took, times.push_back(took / together * 1e6);
    }
    std::sort(times.begin(), times.end());
    double const median = times[times.size() / 2];
    std::printf("%-44s %10.1f us (least %.1f, one call alone %.1f)\n", name.c_str(), median,
                times[0], once * 1e6);
    std::fflush(stdout);
    figures.push_back("{\"case\": \"" + name + "\", \"median_us\": " + std::to_string(median) +
                      ", \"least_us\": " + std::to_string(times[0]) +
                      ", \"alone_us\": " + std::to_string(once * 1e6) + "}");
}

template <class View>
auto on_host_space(View const& from) {
    using type = Kokkos::View<typename View::non_const_data_type, Kokkos::LayoutRight, host_space>;
    type to(Kokkos::view_alloc(std::string("copy"), Kokkos::WithoutInitializing), from.layout());
    Kokkos::deep_copy(to, from);
    return to;
}
/// Scales weights until the neurons at the end of `hidden`, the first layers of the model, fire in
/// a share `wanted` of the steps, as often as the host's benchmarks have it; 0 leaves them as they
/// are.
template <class Hidden, class Model, class Input>
void fire_at(double wanted, std::string const& name, Hidden const& hidden, Model& one, int steps,
             int batch, Input const& input) {
    model<Hidden, float, device> probe{hidden, {.steps = steps, .batch = batch, .seed = 3}};
    std::vector<std::pair<std::string, std::vector<float>>> weights; // of layers
    for (auto const& p : one.parameters())
        if (p.name == "weight") weights.push_back({p.layer, one.get(p.layer, p.name)});
    auto const layers = probe.layer_names();
    auto const fires = [&](double factor) {
        for (auto const& [layer, numbers] : weights) {
            auto scaled = numbers;
            for (float& x : scaled) x *= static_cast<float>(factor);
            one.set(layer, "weight", scaled);
            if (std::find(layers.begin(), layers.end(), layer) != layers.end())
                probe.set(layer, "weight", scaled);
        }
        probe.reset();
        auto const fired = on_host_space(probe(input, counts));
        double sum = 0;
        for (std::size_t k = 0; k < fired.size(); ++k) sum += double(fired.data()[k]);
        return sum / (double(steps) * double(fired.size()));
    };
    double low = 0.1, high = 100, factor = 1;
    for (int round = 0; wanted > 0 && round < 12; ++round) {
        factor = std::sqrt(low * high);
        (fires(factor) < wanted ? low : high) = factor;
    }
    double const share = fires(factor);
    std::printf("%-44s hidden neurons fire in %.1f %% of the steps\n", name.c_str(), 100 * share);
    figures.push_back("{\"case\": \"" + name + "\", \"fires\": " + std::to_string(share) + "}");
}
bool wanted(std::string const& name) {
    return given.part.empty() || name.find(given.part) != std::string::npos;
}

enum class beside_host { no, yes };

constexpr double usual = 0.12; // the share of steps in which hidden neurons fire
constexpr double as_it_is = 0;

template <class Network, class Hidden, class Input, class Readout>
void forward(std::string const& name, Network const& network, Hidden const& hidden, int steps,
             int batch, Input const& input, Readout readout, beside_host check,
             double fires = usual) {
    if (!wanted(name)) return;
    model<Network, float, device> one{network, {.steps = steps, .batch = batch, .seed = 3}};
    fire_at(fires, name, hidden, one, steps, batch, input);
    auto const result = one(input, readout);
    Kokkos::fence();
    if (check == beside_host::yes) {
        model<Network, float, host_space> other{network,
                                                {.steps = steps, .batch = batch, .seed = 3}};
        for (auto const& p : one.parameters()) other.set(p.layer, p.name, one.get(p.layer, p.name));
        auto const truth = other(on_host_space(input), readout);
        auto const got = on_host_space(result);
        double worst = 0, largest = 0;
        std::size_t different = 0;
        for (std::size_t k = 0; k < got.size(); ++k) {
            double const off = std::abs(double(got.data()[k]) - double(truth.data()[k]));
            worst = std::max(worst, off);
            largest = std::max(largest, std::abs(double(truth.data()[k])));
            different += off != 0 ? 1 : 0;
        }
        std::printf("%-44s of %zu numbers %zu differ from the host's, by %.3g of %.3g\n",
                    name.c_str(), got.size(), different, worst, largest);
        figures.push_back(
            "{\"case\": \"" + name + "\", \"numbers\": " + std::to_string(got.size()) +
            ", \"differ\": " + std::to_string(different) + ", \"worst\": " + std::to_string(worst) +
            ", \"largest\": " + std::to_string(largest) + "}");
    }
    device const space;
    time_of(name, [&] { one.reset(), one.run(space, input, readout, result); });
}
template <class Network, class Hidden, class Input>
void training(std::string const& name, Network const& network, Hidden const& hidden, int steps,
              int batch, Input const& input) {
    if (!wanted(name)) return;
    model<Network, float, device> one{network, {.steps = steps, .batch = batch, .seed = 3}};
    fire_at(usual, name, hidden, one, steps, batch, input);
    backpropagation back{one, cross_entropy(max_over_time)};
    back.set_labels(std::vector<int>(static_cast<std::size_t>(batch), 1));
    back.run(input);
    Kokkos::fence();
    std::printf("%-44s loss %.6f\n", name.c_str(), double(back.loss()));
    device const space;
    time_of(name, [&] { one.reset(), back.run(space, input); });
}

} // namespace

int main(int argc, char** argv) {
    for (int k = 1; k + 1 < argc; k += 2) {
        std::string const word = argv[k];
        if (word == "--seconds") given.seconds = std::atof(argv[k + 1]);
        if (word == "--out") given.out = argv[k + 1];
        if (word == "--cases") given.part = argv[k + 1];
    }
    if (given.out.empty()) {
        std::fprintf(stderr, "usage: %s --out FILE [--seconds S] [--cases PART]\n", argv[0]);
        return 2;
    }
    Kokkos::ScopeGuard const kokkos;
    device().print_configuration(std::cout);
    constexpr auto one_layer = input<512> >> linear<512> >> lif;
    constexpr auto hidden_layer = input<784> >> linear<256> >> lif;
    constexpr auto classifier = hidden_layer >> linear<10> >> li;
    constexpr auto hidden_loop = input<700> >> linear<256>(no_bias) >> recurrent(lif);
    constexpr auto loop = hidden_loop >> linear<20>(no_bias) >> li;
    constexpr auto hidden_images = input<784> >> scale(1) >> iaf >> linear<128>(no_bias) >> iaf;
    constexpr auto images = hidden_images >> linear<10>(no_bias) >> iaf;
    constexpr auto adex = input<4096> >> lif_adex;

    held const nothing("nothing", 1, 1);
    if (wanted("launch"))
        time_of("an empty launch", [&] {
            Kokkos::parallel_for(
                "empty", Kokkos::RangePolicy<device>(0, 1),
                KOKKOS_LAMBDA(int k) { nothing(k, k) = 1; });
        });
    auto const lin512 = random_spikes(500, 16, 512, 0.1);
    forward("linear(512) b16 T500 10% counts", one_layer, one_layer, 500, 16, lin512, counts,
            beside_host::yes);
    forward("linear(512) b16 T500 10% trace", one_layer, one_layer, 500, 16, lin512, trace,
            beside_host::yes);
    training("linear(512) b16 T500 10% training", one_layer, one_layer, 500, 16, lin512);
    forward("linear(512) b1 T500 10% counts", one_layer, one_layer, 500, 1,
            random_spikes(500, 1, 512, 0.1), counts, beside_host::no);
    forward("linear(512) b256 T500 10% counts", one_layer, one_layer, 500, 256,
            random_spikes(500, 256, 512, 0.1), counts, beside_host::no);
    forward("linear(512) b16 T500 values counts", one_layer, one_layer, 500, 16,
            random_values(values("values", 500, 16, 512), 1, 1), counts, beside_host::yes);
    auto const mlp = random_spikes(100, 256, 784, 0.1);
    forward("784-256-10 b256 T100 10% max", classifier, hidden_layer, 100, 256, mlp, max_over_time,
            beside_host::yes);
    forward("784-256-10 b4096 T100 10% max", classifier, hidden_layer, 100, 4096,
            random_spikes(100, 4096, 784, 0.1), max_over_time, beside_host::no);
    training("784-256-10 b256 T100 10% training", classifier, hidden_layer, 100, 256, mlp);
    forward("784-256-10 b1 T1 10% one step", classifier, hidden_layer, 1, 1,
            random_spikes(1, 1, 784, 0.1), max_over_time, beside_host::yes, as_it_is);
    auto const analog = random_values(values("values", 100, 256, 784), 1, 1);
    forward("784-256-10 b256 T100 values max", classifier, hidden_layer, 100, 256, analog,
            max_over_time, beside_host::yes);
    training("784-256-10 b256 T100 values training", classifier, hidden_layer, 100, 256, analog);
    auto const spoken = random_spikes(100, 32, 700, 0.1);
    forward("700-256r-20 b32 T100 10% max", loop, hidden_loop, 100, 32, spoken, max_over_time,
            beside_host::yes);
    training("700-256r-20 b32 T100 10% training", loop, hidden_loop, 100, 32, spoken);
    forward("784-128-10 iaf b10000 T100 19% held counts", images, hidden_images, 100, 10000,
            random_values(held("images", 10000, 784), 0.19, 255), counts, beside_host::no,
            as_it_is);
    forward("4096 adex b16 T1000 20% counts", adex, adex, 1000, 16,
            random_values(values("currents", 1000, 16, 4096), 0.2, 1), counts, beside_host::no,
            as_it_is);
    std::ofstream file(given.out);
    for (std::size_t k = 0; k < figures.size(); ++k) file << (k == 0 ? "[\n" : ",\n") << figures[k];
    file << "\n]\n";
    return file ? 0 : 1;
}
