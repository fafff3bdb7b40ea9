// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What the benchmarks share: options, inputs and weights from a seed, times of runs that take
/// turns, and a folder of plain files (little-endian, row-major) from which bench/peers.py builds
/// the same network in other libraries.

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace bench {

using values = Kokkos::View<float***, Kokkos::LayoutRight>;         // [T, B, N]
using packed = Kokkos::View<std::uint32_t***, Kokkos::LayoutRight>; // [T, B, ceil(N/32)]

// --- what the command line says ---

struct options {
    std::filesystem::path folder; // results go to FOLDER/CASE/FAMILY
    int rounds = 7;
    bool times_only = false;        // no files for peers: a second run with other threads
    std::vector<std::string> names; // of cases; all of them where none is given

    bool wants(std::string const& name) const {
        return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
    }
};

/// PROGRAM --out FOLDER [--rounds N] [--times-only] [CASE...]; ends the program where it makes no
/// sense.
inline options read_options(int argc, char** argv) {
    options chosen;
    for (int k = 1; k < argc; ++k) {
        std::string const word = argv[k];
        if (word == "--out" && k + 1 < argc) {
            chosen.folder = argv[++k];
        } else if (word == "--rounds" && k + 1 < argc) {
            chosen.rounds = std::max(1, std::atoi(argv[++k]));
        } else if (word == "--times-only") {
            chosen.times_only = true;
        } else if (word.starts_with("--")) {
            chosen.folder.clear();
            break;
        } else {
            chosen.names.push_back(word);
        }
    }
    if (chosen.folder.empty()) {
        std::fprintf(stderr,
                     "usage: %s --out FOLDER [--rounds N] [--times-only] "
                     "[CASE...]\nscripts/bench.sh runs all of them\n",
                     argv[0]);
        std::exit(2);
    }
    return chosen;
}

/// One way of running one network. A family is a library whose equations the neurons have.
struct setup {
    std::string name, family, structure; // structure: feedforward, recurrent, neurons
    std::vector<int> sizes;              // of the input and of every population
    int steps, batch;
    double activity = 0.1;         // share of inputs that are not zero
    bool analog = false;           // input values instead of spikes
    double hidden_activity = 0.12; // weights are scaled until spiking layers fire this often
    double neuron_operations =
        6; // multiply-adds that the equations of one neuron and step take, about
    double loop_strength =
        1; // of recurrent weights, beside those that would carry as much as the input
};

// --- writing ---

/// A JSON object, in the order in which it is filled.
class json {
  public:
    json& put(std::string const& key, double number) {
        char text[40];
        std::snprintf(text, sizeof text, "%.9g", number);
        return raw(key, std::isfinite(number) ? text : "null");
    }
    json& put(std::string const& key, std::string const& words) {
        return raw(key, "\"" + words + "\"");
    }
    json& put(std::string const& key, char const* words) { return put(key, std::string(words)); }
    json& put(std::string const& key, bool yes) { return raw(key, yes ? "true" : "false"); }
    json& put(std::string const& key, json const& inside) { return raw(key, inside.text()); }
    template <class Number>
    json& put(std::string const& key, std::vector<Number> const& numbers) {
        std::string list;
        for (Number one : numbers) {
            char text[40];
            std::snprintf(text, sizeof text, "%s%.9g", list.empty() ? "" : ", ",
                          static_cast<double>(one));
            list += text;
        }
        return raw(key, "[" + list + "]");
    }
    std::string text() const { return "{" + inside_ + "}"; }

  private:
    json& raw(std::string const& key, std::string const& value) {
        inside_ += (inside_.empty() ? "\"" : ", \"") + key + "\": " + value;
        return *this;
    }
    std::string inside_;
};

/// Ends the program, which then has measured nothing, unless what it relies on holds.
inline void insist(bool holds, std::string const& otherwise) {
    if (holds) return;
    std::fprintf(stderr, "%s\n", otherwise.c_str());
    std::exit(1);
}

inline void write_file(std::filesystem::path const& path, void const* data, std::size_t bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(static_cast<char const*>(data), static_cast<std::streamsize>(bytes));
    insist(static_cast<bool>(file), path.string() + " cannot be written");
}
template <class Number>
void write_file(std::filesystem::path const& path, std::vector<Number> const& numbers) {
    write_file(path, numbers.data(), numbers.size() * sizeof(Number));
}

/// FOLDER/ours_THREADS.json.
inline void write_json(std::filesystem::path const& folder, int threads, json const& result) {
    std::filesystem::create_directories(folder);
    std::string const text = result.text() + "\n";
    write_file(folder / ("ours_" + std::to_string(threads) + ".json"), text.data(), text.size());
}

// --- who else is there ---

/// How much of the processors others take: what this process did not use itself. Zero where
/// /proc/stat is not there.
class disturbance {
  public:
    disturbance() : busy_(busy()), own_(own()), timer_() {}
    double share() const {
        double const all = timer_.seconds() *
                           static_cast<double>(std::max(1u, std::thread::hardware_concurrency()));
        return std::max(0.0, (busy() - busy_ - (own() - own_)) / std::max(all, 1e-3));
    }

  private:
    static double own() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }
    static double busy() {
        std::ifstream file("/proc/stat");
        std::string word;
        double seconds = 0, ticks = 0;
        file >> word;
        for (int column = 0; column < 8 && file >> ticks; ++column)
            if (column != 3 && column != 4) seconds += ticks; // not idle, not waiting for a disk
        return seconds / static_cast<double>(sysconf(_SC_CLK_TCK));
    }
    double busy_, own_;
    Kokkos::Timer timer_;
};
/// Returns when the machine has been quiet for a moment. A program waits two minutes in all.
inline void wait_for_quiet() {
    static int left = 240;
    for (int attempt = 0; left > 0; ++attempt, --left) {
        disturbance const others;
        std::this_thread::sleep_for(std::chrono::milliseconds(500));
        if (others.share() < 0.08) return;
        if (attempt == 4) std::fprintf(stderr, "  others use the processors: waiting\n");
    }
}

// --- memory ---

/// Of a line of this process's status, in bytes. Zero where /proc is not there.
inline double resident(std::string const& what) {
    std::ifstream file("/proc/self/status");
    for (std::string word; file >> word;)
        if (double kilobytes = 0; word == what + ":" && file >> kilobytes) return kilobytes * 1024;
    return 0;
}
/// How far the peak rises while `work` is done, in bytes. Zero where /proc is not there.
template <class Work>
double peak_of(Work const& work) {
#ifdef __GLIBC__
    malloc_trim(0); // what has been freed is not there to be used again
#endif
    std::ofstream("/proc/self/clear_refs") << "5"; // the peak counts from here
    double const before = resident("VmRSS");
    work();
    return resident("VmHWM") - before;
}

// --- times ---

struct statistics {
    double median, fastest, slowest;
    std::vector<double> seconds;
    double others = 0; // share of the processors that others used meanwhile

    json as_json() const {
        return json()
            .put("median", median)
            .put("fastest", fastest)
            .put("slowest", slowest)
            .put("seconds", seconds)
            .put("others", others);
    }
};
inline statistics statistics_of(std::vector<double> seconds) {
    std::sort(seconds.begin(), seconds.end());
    std::size_t const half = seconds.size() / 2;
    double const median =
        seconds.size() % 2 == 1 ? seconds[half] : (seconds[half - 1] + seconds[half]) / 2;
    return {median, seconds.front(), seconds.back(), seconds, 0};
}

/// Seconds of each of `works`, which take turns, so that a disturbance of the machine meets all of
/// them. The first turn warms up and says how often a short one is repeated between two looks at
/// the clock. Measured again, up to three times, where others used the processors.
inline std::vector<statistics> time_in_turns(std::vector<std::function<void()>> const& works,
                                             int rounds) {
    std::vector<int> repeats;
    for (auto const& work : works) {
        work();
        Kokkos::Timer const timer;
        work();
        repeats.push_back(
            std::clamp(static_cast<int>(0.01 / std::max(timer.seconds(), 1e-7)), 1, 2000));
    }
    std::vector<statistics> best;
    for (int attempt = 0; attempt < 3; ++attempt) {
        wait_for_quiet();
        for (auto const& work : works) work();
        std::vector<std::vector<double>> seconds(works.size());
        disturbance const others;
        for (int round = 0; round < rounds; ++round)
            for (std::size_t k = 0; k < works.size(); ++k) {
                Kokkos::Timer const timer;
                for (int repeat = 0; repeat < repeats[k]; ++repeat) works[k]();
                seconds[k].push_back(timer.seconds() / repeats[k]);
            }
        double const share = others.share();
        if (best.empty() || share < best.front().others) {
            best.clear();
            for (auto const& one : seconds)
                best.push_back(statistics_of(one)), best.back().others = share;
        }
        if (share < 0.05) break;
    }
    return best;
}

// --- inputs ---

inline std::uint64_t spread_bits(std::uint64_t x) { // splitmix64
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}
inline double uniform(std::uint64_t seed, std::uint64_t k) {
    return static_cast<double>(spread_bits(seed * 0x100000001b3u + k) >> 11) * 0x1p-53;
}

inline packed random_spikes(int steps, int batch, int width, double activity) {
    packed const spikes("spikes", static_cast<std::size_t>(steps), static_cast<std::size_t>(batch),
                        static_cast<std::size_t>((width + 31) / 32));
    auto const host = Kokkos::create_mirror_view(spikes);
    std::uint64_t k = 0;
    for (std::size_t row = 0; row < host.extent(0) * host.extent(1); ++row)
        for (int n = 0; n < width; ++n)
            if (uniform(1, k++) < activity)
                host.data()[row * host.extent(2) + static_cast<std::size_t>(n) / 32] |= 1u
                                                                                        << (n % 32);
    Kokkos::deep_copy(spikes, host);
    return spikes;
}
/// A share of `activity` is uniform in (0, 1], the rest is zero.
inline values random_values(int steps, int batch, int width, double activity) {
    values const all("values", static_cast<std::size_t>(steps), static_cast<std::size_t>(batch),
                     static_cast<std::size_t>(width));
    auto const host = Kokkos::create_mirror_view(all);
    for (std::size_t k = 0; k < host.size(); ++k)
        host.data()[k] = uniform(1, k) < activity ? static_cast<float>(1 - uniform(2, k)) : 0.f;
    Kokkos::deep_copy(all, host);
    return all;
}
inline std::vector<float> random_normal(std::size_t size, double scale, std::uint64_t seed) {
    std::vector<float> numbers(size);
    for (std::size_t k = 0; k < size; ++k)
        numbers[k] = static_cast<float>(scale * std::sqrt(-2 * std::log(1 - uniform(seed, 2 * k))) *
                                        std::cos(6.283185307179586 * uniform(seed, 2 * k + 1)));
    return numbers;
}

/// sum(output * seed), a seed for every output, the same in every step.
struct weighted_sum {
    using readout = std::remove_const_t<decltype(spikefuse::trace)>;
    template <class>
    struct targets {
        float const* values = nullptr; // [B, N]
    };
    template <class T>
    SPIKEFUSE_FUNCTION T of_step(T value, int count, targets<T> seeds, int, int sample, int n, int,
                                 int, T* gradient) const {
        *gradient = seeds.values[sample * count + n];
        return value * *gradient;
    }
};

template <class View>
auto on_host(View const& view) {
    Kokkos::fence();
    return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
}

/// SpikingJelly's LIFNode of tau = 2 steps with its defaults.
constexpr auto spikingjelly_lif =
    spikefuse::lif_box({.tau_mem = 2 * spikefuse::ms}, spikefuse::inclusive, spikefuse::sigmoid<4>);

// --- a case ---

/// How far apart two results are, of the same network with another order of summation.
struct distance {
    double spikes_differ = 0; // share of the outputs that differ, where they are spikes
    double relative = 0;      // |a - b| / |b|, Euclidean

    template <class A, class B>
    static distance between(A const* a, B const* b, std::size_t size) {
        double off = 0, whole = 0, differ = 0;
        for (std::size_t k = 0; k < size; ++k) {
            double const d = static_cast<double>(a[k]) - static_cast<double>(b[k]);
            off += d * d, whole += static_cast<double>(b[k]) * static_cast<double>(b[k]),
                differ += d != 0 ? 1 : 0;
        }
        return {differ / static_cast<double>(std::max<std::size_t>(size, 1)),
                std::sqrt(off / std::max(whole, 1e-300))};
    }
    json as_json() const { return json().put("share", spikes_differ).put("relative", relative); }
};
/// The same bounds as peers.py has for other libraries.
inline bool outputs_agree(distance off, bool spikes) {
    return spikes ? off.spikes_differ < 1e-3 : off.relative < 1e-3;
}
inline bool gradients_agree(distance off) { return off.relative < 2e-2; }

/// A network with input, weights and everything that is measured of it.
template <class Network, bool Analog>
class trial {
  public:
    using model = spikefuse::model<Network>;
    using training = spikefuse::backpropagation<model, weighted_sum>;

    trial(setup const& of, Network network)
        : about(of), ours(network, {.steps = of.steps, .batch = of.batch}),
          probe_(network, {.steps = of.steps, .batch = of.batch}) {
        if constexpr (Analog) {
            input = random_values(of.steps, of.batch, of.sizes.front(), of.activity);
        } else {
            input = random_spikes(of.steps, of.batch, of.sizes.front(), of.activity);
        }
        auto const t = static_cast<std::size_t>(of.steps), b = static_cast<std::size_t>(of.batch);
        output = values("output", t, b, static_cast<std::size_t>(model::outputs));
        seeds.resize(b * static_cast<std::size_t>(model::outputs));
        for (std::size_t k = 0; k < seeds.size(); ++k)
            seeds[k] = static_cast<float>(2 * uniform(3, k) - 1);
        choose_weights();
    }

    void forward() {
        ours.reset();
        ours.run(Kokkos::DefaultExecutionSpace(), input, spikefuse::trace, output);
        Kokkos::fence();
    }
    void start_training() {
        back = std::make_unique<training>(ours, weighted_sum{});
        back->want_constant_gradients(false); // nobody else computes them
        back->set_targets(seeds);
        if (about.structure == "neurons") back->want_input_gradient();
    }
    void train() {
        back->run(input);
        Kokkos::fence();
    }

    /// What has to be done, whoever does it: additions (a multiply-add each at most) and bytes that
    /// must be moved at least once.
    json work() const {
        double const rows = static_cast<double>(about.steps) * about.batch;
        double adding = 0, weights = 0, coming_back = 0, neurons = 0;
        double arriving = about.activity; // share of a layer's inputs that are not zero
        std::size_t population = 0;
        for (std::size_t k = 1; k < about.sizes.size(); ++k) {
            double const from = about.sizes[k - 1], to = about.sizes[k];
            double const fires = population < rates.size() ? rates[population] : 1;
            neurons += to;
            if (about.structure != "neurons") {
                adding += rows * arriving * from * to, weights += from * to;
                if (k > 1) coming_back += rows * from * to;
                if (about.structure == "recurrent" && k == 1)
                    adding += rows * fires * to * to, weights += to * to,
                        coming_back += rows * to * to;
            }
            arriving = fires, ++population;
        }
        double const stepping = rows * neurons * about.neuron_operations;
        double const in = static_cast<double>(input.size()) * 4,
                     out = static_cast<double>(output.size()) * 4;
        double const input_gradient =
            about.structure == "neurons" ? rows * about.sizes.front() * 4 : 0;
        return json()
            .put("forward_operations", adding + stepping)
            .put("training_operations", 2 * adding + coming_back + 3 * stepping)
            .put("forward_bytes", in + 4 * weights + out)
            .put("training_bytes", in + 8 * weights + out + input_gradient)
            .put("neurons", neurons);
    }

    /// Input, weights, outputs and gradients, for those who compute the same.
    void write(std::filesystem::path const& folder) {
        write_file(folder / "input", on_host(input).data(), input.size() * 4);
        write_file(folder / "seeds", seeds);
        auto const host = on_host(output);
        if (spiking(ours.layer_names().back())) {
            std::vector<std::uint8_t> counts(host.size());
            for (std::size_t k = 0; k < counts.size(); ++k)
                counts[k] = static_cast<std::uint8_t>(std::min(host.data()[k], 255.f));
            write_file(folder / "output", counts);
        } else {
            write_file(folder / "output", host.data(), host.size() * 4);
        }
        for (auto const& one : ours.parameters()) {
            if (one.name != "weight" && one.name != "bias") continue;
            write_file(folder / (one.layer + " " + one.name), ours.get(one.layer, one.name));
            if (back && !ours.is_neurons(one.layer)) // Rockpool's have a bias
                write_file(folder / (one.layer + " " + one.name + " gradient"),
                           back->gradient(one.layer, one.name));
        }
        if (back && about.structure == "neurons") { // of the first sample: [T, N]
            auto const gradient = on_host(back->input_gradient());
            auto const width = static_cast<std::size_t>(about.sizes.front());
            std::vector<float> first;
            for (std::size_t t = 0; t < static_cast<std::size_t>(about.steps); ++t) {
                float const* const row =
                    gradient.data() + t * static_cast<std::size_t>(about.batch) * width;
                first.insert(first.end(), row, row + width);
            }
            write_file(folder / "input gradient", first);
        }
    }
    bool output_spikes() const { return spiking(ours.layer_names().back()); }

    setup about;
    model ours;
    std::conditional_t<Analog, values, packed> input;
    values output;
    std::vector<float> seeds; // [B, N]
    std::unique_ptr<training> back;
    std::vector<double> rates; // spikes a neuron and step, of every population that fires

  private:
    static bool spiking(std::string const& layer) {
        return !layer.starts_with("linear") && !layer.starts_with("recurrent") &&
               !layer.starts_with("li ");
    }

    static bool graded(std::string const& layer) {
        return layer.starts_with("rockpool");
    } // several spikes a step

    /// Normal weights around zero; population by population, at a scale at which it fires as often
    /// as wanted.
    void choose_weights() {
        std::vector<std::string> const layers = ours.layer_names();
        double arriving = about.activity;
        std::uint64_t seed = 10;
        for (std::string const& layer : layers)
            if (spiking(layer)) probe_.record(layer, graded(layer) ? "output" : "spikes");
        for (std::size_t k = 0; k < layers.size(); ++k) {
            if (spiking(layers[k])) arriving = about.hidden_activity;
            if (ours.is_neurons(layers[k])) continue;
            bool const loop = layers[k].starts_with("recurrent");
            double const from = loop ? about.hidden_activity : arriving,
                         strength = loop ? about.loop_strength : 1;
            for (auto const& one : ours.parameters()) {
                if (one.layer != layers[k]) continue;
                if (one.name == "weight") {
                    set(one.layer, "weight",
                        random_normal(one.shape[0] * one.shape[1],
                                      strength /
                                          std::sqrt(from * static_cast<double>(one.shape[1])),
                                      ++seed));
                } else {
                    set(one.layer, one.name, random_normal(one.shape[0], 0.01, ++seed));
                }
            }
        }
        for (std::size_t k = 0; k + 1 < layers.size(); ++k) {
            if (!layers[k].starts_with("linear")) continue;
            std::size_t population = k + 1;
            while (!ours.is_neurons(layers[population])) ++population;
            if (!spiking(layers[population])) continue;
            std::vector<float> const plain = ours.get(layers[k], "weight");
            double low = 0.02, high = 100;
            for (int round = 0; round < 14; ++round) {
                double const middle = std::sqrt(low * high);
                scale(layers[k], plain, middle);
                (rate_of(layers[population]) < about.hidden_activity ? low : high) = middle;
            }
            double const rate = rate_of(layers[population]);
            insist(std::abs(rate - about.hidden_activity) < 0.05 * about.hidden_activity,
                   about.name + ", " + about.family + ": " + layers[population] + " fires at " +
                       std::to_string(rate) + " at the scale nearest to " +
                       std::to_string(about.hidden_activity) +
                       "; a weaker loop would not run away");
        }
        rates.clear();
        for (std::string const& layer : layers)
            if (spiking(layer)) rates.push_back(rate_of(layer));
    }
    void set(std::string const& layer, std::string const& name, std::vector<float> const& numbers) {
        ours.set(layer, name, numbers), probe_.set(layer, name, numbers);
    }
    void scale(std::string const& layer, std::vector<float> numbers, double factor) {
        for (float& one : numbers) one *= static_cast<float>(factor);
        set(layer, "weight", numbers);
    }
    double rate_of(std::string const& layer) {
        probe_.reset();
        probe_.run(Kokkos::DefaultExecutionSpace(), input, spikefuse::counts,
                   Kokkos::View<float**, Kokkos::LayoutRight>("counts", output.extent(1),
                                                              output.extent(2)));
        double fired = 0;
        if (graded(layer)) {
            auto const spikes = on_host(probe_.recorded(layer, "output"));
            for (std::size_t k = 0; k < spikes.size(); ++k) fired += spikes.data()[k] != 0 ? 1 : 0;
        } else {
            auto const spikes = on_host(probe_.recorded_spikes(layer));
            for (std::size_t k = 0; k < spikes.size(); ++k)
                fired += std::popcount(spikes.data()[k]);
        }
        double width = 0;
        std::size_t population = 0;
        for (std::string const& one : ours.layer_names()) {
            if (!ours.is_neurons(one)) continue;
            ++population;
            if (one == layer) width = about.sizes[population];
        }
        return fired / (static_cast<double>(about.steps) * about.batch * width);
    }

    model probe_; // it records
};

/// Where nothing is written by hand.
struct no_twin {
    template <class Trial>
    explicit no_twin(Trial const&) {}
};

/// Runs a case, prints a line, and writes FOLDER/CASE/FAMILY/ours_THREADS.json. Twin: the same
/// network written by hand, with forward(), train(), output [T, B, N] and first_gradient(), that of
/// "linear 1" (or of the first sample's input). Trains: else backward kernels are not compiled, and
/// the twin needs neither.
template <bool Analog, class Twin, bool Trains = true, class Network>
void measure(options const& chosen, setup const& about, Network network) {
    if (!chosen.wants(about.name)) return;
    constexpr bool has_twin = !std::is_same_v<Twin, no_twin>;
    int const threads = Kokkos::DefaultExecutionSpace().concurrency();
    trial<Network, Analog> one(about, network);
    Twin twin(one);
    json result, times;
    one.forward();
    std::vector<std::function<void()>> works{[&] { one.forward(); }};
    std::vector<std::string> names{"forward"};
    if constexpr (Trains) {
        double const peak = peak_of([&] { one.start_training(), one.train(); });
        if (peak > 0)
            result.put("training_peak_bytes", peak + static_cast<double>(one.output.size()) *
                                                         4); // others' is made meanwhile
        works.push_back([&] { one.train(); }), names.push_back("training");
    }
    if constexpr (has_twin) {
        twin.forward();
        auto const off =
            distance::between(twin.output.data(), on_host(one.output).data(), twin.output.size());
        insist(outputs_agree(off, one.output_spikes()),
               about.name + ": the twin gives another output");
        result.put("twin_output", off.as_json());
        works.push_back([&] { twin.forward(); }), names.push_back("twin_forward");
    }
    if constexpr (has_twin && Trains) {
        twin.train();
        auto const theirs = twin.first_gradient();
        auto const off =
            about.structure == "neurons"
                ? distance::between(theirs.data(), on_host(one.back->input_gradient()).data(),
                                    theirs.size())
                : distance::between(theirs.data(), one.back->gradient("linear 1", "weight").data(),
                                    theirs.size());
        insist(gradients_agree(off), about.name + ": the twin gives another gradient");
        result.put("twin_gradient", off.as_json());
        works.push_back([&] { twin.train(); }), names.push_back("twin_training");
    }
    std::vector<statistics> const taken = time_in_turns(works, chosen.rounds);
    std::printf("  %-16s %-12s %d threads", about.name.c_str(), about.family.c_str(), threads);
    for (std::size_t k = 0; k < taken.size(); ++k) {
        times.put(names[k], taken[k].as_json());
        std::printf("  %s %.3g ms", names[k].c_str(), taken[k].median * 1e3);
    }
    std::printf("\n");
    std::fflush(stdout);
    result.put("case", about.name)
        .put("family", about.family)
        .put("structure", about.structure)
        .put("sizes", about.sizes);
    result.put("steps", static_cast<double>(about.steps))
        .put("batch", static_cast<double>(about.batch))
        .put("activity", about.activity);
    result.put("analog", about.analog)
        .put("trains", Trains)
        .put("output_spikes", one.output_spikes());
    result.put("rates", one.rates)
        .put("threads", static_cast<double>(threads))
        .put("times", times)
        .put("work", one.work());
    if constexpr (Trains)
        result.put("tape_bytes", static_cast<double>(one.back->tape_bytes(about.steps)));
    std::filesystem::path const folder = chosen.folder / about.name / about.family;
    write_json(folder, threads, result);
    if (!chosen.times_only) one.write(folder);
}

} // namespace bench
