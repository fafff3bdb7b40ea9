// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program's own words beside `using namespace spikefuse`: those that physics codes, games and
// numerical programs have at global scope stay theirs.
#include <spikefuse/plot.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train.hpp>
#if __has_include(<hdf5.h>)
#include <spikefuse/io.hpp>
#endif

// Numbers, by the names of units, of choices, of what a plan and a kernel are made of.
constexpr int s = 1, m = 2, h = 3, name = 4, plan = 5, chosen = 6, settings = 7, unit = 8,
              strict = 9, several = 10, axis = 11, constant = 12, fixed = 13, lanes = 14,
              schedule = 15, catalog = 16, kernel = 17, layout = 18, stage = 19, region = 20,
              readout = 21, policy = 22, arrays = 23, slices = 24, buffer = 25, feed = 26,
              source = 27, loop = 28, node = 29, state = 30, param = 31, current = 32, noise = 33,
              uniform = 34, dt = 35, spike = 36, output = 37, local = 38, levels = 39, operand = 40,
              word = 41, expression = 42, array = 43, data = 44, events = 45, labels = 46,
              batch = 47, steps = 48, seed = 49, threshold = 50, reset = 51, weights = 52,
              inputs = 53, outputs = 54, threads = 55, team = 56, body = 57, figure = 58,
              raster = 59, chart = 60, series = 61, progress = 62, line = 63, text = 64,
              single = 65, sums = 66, width = 67, count = 68, region_count = 69, arriving = 70,
              kind = 71, report = 72, fault = 73, port = 74, graph = 75, context = 76,
              arguments = 77, memory_map = 78, warp = 79, core = 80, run = 81, train = 82,
              shape = 83, window = 84, tau = 85, rate = 86, loss = 87, gradient = 88,
              optimizer = 89, epoch = 90, tape = 91, history = 92, competition = 93, cell = 94;
// Functions.
constexpr int get(int one) { return one; }
constexpr int select(int one) { return one; }
constexpr double square(double one) { return one * one; }
constexpr double maximum(double a, double b) { return a > b ? a : b; }
constexpr double minimum(double a, double b) { return a > b ? b : a; }
constexpr int round_up(int one) { return one; }
constexpr int clamp(int one) { return one; }
constexpr int record(int one) { return one; }
constexpr int load(int one) { return one; }
constexpr int save(int one) { return one; }
constexpr int check(int one) { return one; }
constexpr int unroll(int one) { return one; }
constexpr int interleave(int one) { return one; }
constexpr int make_tuple(int one) { return one; }
template <class T>
constexpr T value_of(T one) {
    return one;
}
// Types.
struct tuple {
    int first;
};
template <class T>
struct leaf {
    T value;
};
struct lane_mask {};
struct network {};
struct spikes {};
struct tree {};
struct both {};
struct program {
    int first;
};
namespace policies {
constexpr int strict = 1;
}

using namespace spikefuse;

constexpr int all_numbers =
    s + m + h + name + plan + chosen + settings + unit + strict + several + axis + constant +
    fixed + lanes + schedule + catalog + kernel + layout + stage + region + readout + policy +
    arrays + slices + buffer + feed + source + loop + node + state + param + current + noise +
    uniform + dt + spike + output + local + levels + operand + word + expression + array + data +
    events + labels + batch + steps + seed + threshold + reset + weights + inputs + outputs +
    threads + team + body + figure + raster + chart + series + progress + line + text + single +
    sums + width + count + region_count + arriving + kind + report + fault + port + graph +
    context + arguments + memory_map + warp + core + run + train + shape + window + tau + rate +
    loss + gradient + optimizer + epoch + tape + history + competition + cell;
static_assert(all_numbers == 94 * 95 / 2);
static_assert(get(1) + select(1) + round_up(1) + clamp(1) + record(1) + load(1) + save(1) +
                  check(1) + unroll(1) + interleave(1) + make_tuple(1) + value_of(1) ==
              12);
static_assert(square(3) == 9 && maximum(1, 2) == 2 && minimum(1, 2) == 1);
static_assert(tuple{1}.first == 1 && leaf<int>{2}.value == 2 && program{3}.first == 3);
static_assert(sizeof(lane_mask) + sizeof(network) + sizeof(spikes) + sizeof(tree) + sizeof(both) >
              0);
static_assert(policies::strict == 1);

// Beside them a network is written as ever; words that left are one name away.
constexpr auto classifier = input<8> >> linear<4> >>
                            lif({.tau_mem = 20 * ms}, neuron_policies::strict, superspike<100>) >>
                            li({.tau_mem = 0.5 * units::s});
static_assert(500 * us == 0.5 * ms && 1000 * ms == units::s);
float sum_of(Kokkos::View<float***, Kokkos::LayoutRight> const& x) {
    auto network = model{classifier, {.steps = 10, .batch = 1, .dt = 1 * ms}};
    return network(x)(0, 0, 0);
}
