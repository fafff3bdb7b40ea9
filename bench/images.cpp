// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutional networks of integrate-and-fire neurons, forward and with gradients, of 1 and 64
// recordings, beside a hand-written twin: milliseconds a recording.
// - camera: the network of cnn_sinabs.nir (2x34x34; convolutions to 16, 16 and 8 channels, pools,
//   256-10) over 300 steps, random weights, drawn events and numbers; or its own weights and
//   N-MNIST's recordings
// - digits: 28x28, convolutions to 12 and 64 channels, pools, 10, over 100 steps
//
//   images [ROUNDS [FOLDER [DATA]]]   FOLDER gets networks, inputs and counts for images_peers.py;
//                                     DATA holds cnn_sinabs.nir and nmnist_test.h5 at any depth
#include "images_twin.hpp"

#include <spikefuse/io.hpp>

using namespace spikefuse;

namespace {

using bench::packed, bench::values;
constexpr auto fires = iaf({.r = 1});

struct camera {
    static constexpr auto network = input<image<2, 34, 34>> >>
                                    conv2d<16, 5>.stride<2>().padding<1>() >> fires
                                    >> conv2d<16, 3>.padding<1>() >> fires
                                    >> sum_pool2d<2> >> conv2d<8, 3>.padding<1>() >> fires
                                    >> sum_pool2d<2> >> flatten >> linear<256> >> fires
                                    >> linear<10> >> fires;
    static constexpr int steps = 300;
    static constexpr char const* weighted[] = {"conv2d 1", "conv2d 2", "conv2d 3", "linear 1",
                                               "linear 2"};
    using twin = bench::chain_twin<bench::conv_twin<2, 34, 34, 16, 5, 2, 1, 1>,
                                   bench::conv_twin<16, 16, 16, 16, 3, 1, 1, 2>,
                                   bench::conv_twin<16, 8, 8, 8, 3, 1, 1, 2>,
                                   bench::dense_twin<128, 256>, bench::dense_twin<256, 10>>;
    /// Multiply-adds of each layer's product, and its inputs.
    static constexpr double products[][2] = {
        {204800, 2312}, {589824, 4096}, {73728, 1024}, {32768, 128}, {2560, 256}};
    static constexpr char const* layers =
        R"([{"conv": "conv2d 1", "shape": [16, 2, 5, 5], "stride": 2, "padding": 1},
 {"conv": "conv2d 2", "shape": [16, 16, 3, 3], "stride": 1, "padding": 1}, {"pool": 2},
 {"conv": "conv2d 3", "shape": [8, 16, 3, 3], "stride": 1, "padding": 1}, {"pool": 2},
 {"linear": "linear 1", "shape": [256, 128]}, {"linear": "linear 2", "shape": [10, 256]}])";
};
struct digits {
    static constexpr auto network = input<image<1, 28, 28>> >> conv2d<12, 5> >> fires >>
                                    sum_pool2d<2> >> conv2d<64, 5> >> fires >> sum_pool2d<2> >>
                                    flatten >> linear<10> >> fires;
    static constexpr int steps = 100;
    static constexpr char const* weighted[] = {"conv2d 1", "conv2d 2", "linear 1"};
    using twin = bench::chain_twin<bench::conv_twin<1, 28, 28, 12, 5, 1, 0, 2>,
                                   bench::conv_twin<12, 12, 12, 64, 5, 1, 0, 2>,
                                   bench::dense_twin<1024, 10>>;
    static constexpr double products[][2] = {{172800, 784}, {1228800, 1728}, {10240, 1024}};
    static constexpr char const* layers =
        R"([{"conv": "conv2d 1", "shape": [12, 1, 5, 5], "stride": 1, "padding": 0}, {"pool": 2},
 {"conv": "conv2d 2", "shape": [64, 12, 5, 5], "stride": 1, "padding": 0}, {"pool": 2},
 {"linear": "linear 1", "shape": [10, 1024]}])";
};
/// What input_shape<Case::network> is; nvcc writes that in a way that g++ does not take.
template <class Case>
using shape_of_input = wanted_shape<std::remove_cvref_t<decltype(Case::network)>>;
template <class Case>
constexpr int pixels = shape_of_input<Case>::width;
template <class Case>
constexpr std::size_t layers_of = std::size(Case::weighted);

template <class Case, class Draw>
packed drawn(int batch, Draw const& draw) {
    packed const x("events", Case::steps, static_cast<std::size_t>(batch),
                   (pixels<Case> + 31) / 32);
    auto const h = Kokkos::create_mirror_view(x);
    draw(h);
    Kokkos::deep_copy(x, h);
    return x;
}
template <class Case>
packed events(int batch, double activity) {
    return drawn<Case>(batch, [&](auto const& h) {
        std::mt19937 random(7);
        for (std::size_t t = 0; t < h.extent(0); ++t)
            for (std::size_t b = 0; b < h.extent(1); ++b)
                for (std::size_t n = 0; n < pixels<Case>; ++n)
                    if (static_cast<double>(random()) < activity * 4294967296.0)
                        h(t, b, n / 32) |= 1u << (n % 32);
    });
}
/// The first recordings in bins of 1 ms, as spikes.
packed recordings(std::string const& file, int batch) {
    auto const seen = io::read_events(file, pixels<camera>);
    return drawn<camera>(batch, [&](auto const& h) {
        for (std::size_t b = 0; b < h.extent(1); ++b)
            for (std::size_t k = seen.offsets[b]; k < seen.offsets[b + 1]; ++k) {
                auto const t = static_cast<std::size_t>(std::llround(seen.times[k] * 1e6) / 1000);
                if (t < h.extent(0)) h(t, b, seen.unit_of[k] / 32) |= 1u << (seen.unit_of[k] % 32);
            }
    });
}
/// Numbers from 0 to 1.
template <class Case>
values currents(int batch) {
    values const x("currents", Case::steps, static_cast<std::size_t>(batch), pixels<Case>);
    auto const h = Kokkos::create_mirror_view(x);
    std::mt19937 random(7);
    for (std::size_t k = 0; k < h.size(); ++k)
        h.data()[k] = static_cast<float>(random() >> 8) / 16777216.f;
    Kokkos::deep_copy(x, h);
    return x;
}

template <class Numbers>
void write(std::filesystem::path const& path, Numbers const& numbers) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<char const*>(numbers.data()),
               static_cast<std::streamsize>(numbers.size() * sizeof *numbers.data()));
}
template <class View>
auto on_host(View const& view) {
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
}
std::string fires_of(std::size_t layer) { return "iaf " + std::to_string(layer + 1); }

struct way {
    std::string name;
    int recordings;
    std::function<void()> run;
    std::vector<double> seconds{};
};
void take_turns(std::vector<way>& ways, int rounds) {
    for (int round = 0; round <= rounds; ++round) // the first round warms up
        for (auto& each : ways) {
            Kokkos::fence();
            Kokkos::Timer const timer;
            each.run();
            Kokkos::fence();
            if (round > 0) each.seconds.push_back(timer.seconds() / each.recordings);
        }
    for (auto& each : ways) {
        std::sort(each.seconds.begin(), each.seconds.end());
        std::printf("  %-22s %8.3f ms a recording (%.3f to %.3f)\n", each.name.c_str(),
                    1e3 * each.seconds[each.seconds.size() / 2], 1e3 * each.seconds.front(),
                    1e3 * each.seconds.back());
    }
}

/// The twin of a model, and the spikes of its recordings as lists.
template <class Case>
class twin_of {
  public:
    template <class Model>
    twin_of(Model const& of, packed const& x)
        : twin_(make(of, std::make_index_sequence<layers_of<Case>>{})), in_(x.extent(1)),
          counts(x.extent(1) * 10) {
        auto const h = on_host(x);
        for (std::size_t b = 0; b < in_.size(); ++b)
            for (std::size_t t = 0; t < h.extent(0); ++t) {
                auto& now = in_[b].emplace_back();
                for (std::uint32_t n = 0; n < pixels<Case>; ++n)
                    if ((h(t, b, n / 32) >> (n % 32) & 1u) != 0) now.push_back(n);
            }
    }
    void run(std::size_t batch) {
        std::fill(counts.begin(), counts.end(), 0.f);
        auto const one = [this](std::size_t b) { twin_.run(in_[b], &counts[b * 10]); };
        if (batch == 1) return one(0);
        using host = Kokkos::DefaultHostExecutionSpace;
        Kokkos::parallel_for(Kokkos::RangePolicy<host, Kokkos::Schedule<Kokkos::Dynamic>>(0, batch),
                             one);
        Kokkos::fence();
    }

  private:
    template <class Model, std::size_t... K>
    static typename Case::twin make(Model const& of, std::index_sequence<K...>) {
        return {std::tuple{std::tuple_element_t<K, decltype(Case::twin::layers)>(
            of.get(Case::weighted[K], "weight"), of.get(Case::weighted[K], "bias"),
            of.get(fires_of(K), "threshold")[0])...}};
    }
    typename Case::twin twin_;
    std::vector<std::vector<bench::spikes>> in_;

  public:
    std::vector<float> counts; ///< [recordings, 10]
};

/// @param few one recording
/// @param some 64
/// @param prepare gives a model its thresholds, and what else
template <class Case, class Input, class Prepare>
void measure(std::string const& name, Input const& few, Input const& some, int rounds,
             std::filesystem::path const& folder, Prepare const& prepare) {
    auto const make = [&](int batch) {
        model network{Case::network,
                      {.steps = Case::steps, .batch = batch, .dt = 1 * units::s, .seed = 1}};
        prepare(network);
        return network;
    };
    auto one = make(1), many = make(64), learning = make(64);
    backpropagation back{learning, cross_entropy(counts)};
    back.set_labels(std::vector<int>(64));
    std::printf("%s, %d threads\n", name.c_str(), Kokkos::DefaultExecutionSpace().concurrency());
    std::vector<way> ways{{"one recording", 1, [&] { one.reset(), one(few); }},
                          {"64 recordings", 64, [&] { many.reset(), many(some); }},
                          {"64, with gradients", 64, [&] { back.run(some); }}};
    auto const ours = on_host(many(some, counts));
    if constexpr (std::is_same_v<Input, packed>) {
        twin_of<Case> twin(one, some);
        twin.run(64);
        std::size_t different = 0; // another order of sums: a membrane on the threshold may differ
        for (std::size_t k = 0; k < twin.counts.size(); ++k)
            different += twin.counts[k] != ours.data()[k] ? 1 : 0;
        std::printf("  twin: %zu of %zu counts differ from ours\n", different, twin.counts.size());
        if (different * 20 > twin.counts.size()) std::exit(1);
        ways.push_back({"twin, one recording", 1, [&] { twin.run(1); }});
        ways.push_back({"twin, 64 recordings", 64, [&] { twin.run(64); }});
        take_turns(ways, rounds);
    } else {
        take_turns(ways, rounds);
    }
    // What a recording's spikes add, and a multiply-add for each equation of a neuron; of numbers
    // the first product is whole.
    for (std::size_t k = 0; k < layers_of<Case>; ++k) one.record(fires_of(k), "spikes");
    one.reset(), one(few);
    double came = 0, operations = 0;
    if constexpr (std::is_same_v<Input, packed>) {
        auto const h = on_host(few);
        for (std::size_t w = 0; w < h.size(); ++w) came += std::popcount(h.data()[w]);
    } else {
        came = static_cast<double>(few.size());
    }
    std::printf("  spikes a neuron and step:");
    for (std::size_t k = 0; k < layers_of<Case>; ++k) {
        operations += came * Case::products[k][0] / Case::products[k][1];
        auto const words = on_host(one.recorded_spikes(fires_of(k)));
        came = 0;
        for (std::size_t w = 0; w < words.size(); ++w) came += std::popcount(words.data()[w]);
        auto const neurons = static_cast<double>(one.get(fires_of(k), "threshold").size());
        operations += neurons * Case::steps * 3;
        std::printf(" %.4f", came / Case::steps / neurons);
    }
    std::printf("; %.4g additions a recording\n", operations);
    if (folder.empty()) return;
    auto const in = folder / name;
    for (auto const* layer : Case::weighted)
        for (auto const* what : {"weight", "bias"})
            write(in / (std::string(layer) + " " + what), one.get(layer, what));
    write(in / (std::is_same_v<Input, values> ? "currents" : "events"), on_host(some));
    write(in / "counts", ours);
    std::ofstream(in / "network.json")
        << "{\"steps\": " << Case::steps
        << ", \"batch\": 64, \"threshold\": " << one.get("iaf 1", "threshold")[0]
        << ", \"image\": [" << shape_of_input<Case>::channels << ", " << shape_of_input<Case>::rows
        << ", " << shape_of_input<Case>::columns << "], \"operations\": " << operations
        << ", \"layers\": " << Case::layers << "}\n";
}
template <class Case>
void measure_drawn(std::string const& name, std::vector<double> const& activities, int rounds,
                   std::filesystem::path const& folder) {
    auto const prepare = [](auto& network) {
        for (std::size_t k = 0; k < layers_of<Case>; ++k)
            network.set(fires_of(k), "threshold", 1.5);
    };
    for (double const activity : activities) {
        char what[64];
        std::snprintf(what, sizeof what, "%s, %.1f %% of the pixels a step", name.c_str(),
                      100 * activity);
        measure<Case>(what, events<Case>(1, activity), events<Case>(64, activity), rounds, folder,
                      prepare);
    }
    measure<Case>(name + ", numbers", currents<Case>(1), currents<Case>(64), rounds, folder,
                  prepare);
}
std::string find(std::filesystem::path const& folder, std::string const& name) {
    for (auto const& one : std::filesystem::recursive_directory_iterator(folder))
        if (one.path().filename() == name) return one.path().string();
    std::fprintf(stderr, "%s does not lie in %s\n", name.c_str(), folder.c_str());
    std::exit(2);
}

} // namespace

int main(int argc, char** argv) {
    int const rounds = argc > 1 ? std::atoi(argv[1]) : 7;
    if (rounds < 1) {
        std::fprintf(stderr, "usage: %s [ROUNDS [FOLDER [DATA]]]\n", argv[0]);
        return 2;
    }
    std::filesystem::path const folder = argc > 2 ? argv[2] : "";
    Kokkos::ScopeGuard const kokkos;
    if (argc > 3) {
        auto const file = nir::read(find(argv[3], "cnn_sinabs.nir"));
        auto const data = find(argv[3], "nmnist_test.h5");
        measure<camera>("camera, N-MNIST", recordings(data, 1), recordings(data, 64), rounds,
                        folder, [&](auto& network) { network.load(file, {.dt = 1}); });
    }
    measure_drawn<camera>("camera", {0.004, 0.05, 0.25}, rounds, folder);
    measure_drawn<digits>("digits", {0.05, 0.25}, rounds, folder);
}
