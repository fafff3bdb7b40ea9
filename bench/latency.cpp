// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One step at a time: 784-256-10, batch 1, spikes at 10 %. Time of each call, from the call until
// its output can be read.
#include "harness.hpp"

using namespace spikefuse;

namespace {

template <class Network>
void measure(bench::options const& chosen, char const* family, Network network) {
    bench::setup about{"latency", family, "latency", {784, 256, 10}, 2000, 1};
    bench::trial<Network, false> one(about, network);
    one.forward(); // the outputs that peers are held against
    std::vector<double> seconds;
    Kokkos::DefaultExecutionSpace const space;
    double off = 0;
    auto const expected = bench::on_host(one.output);
    bench::values const output("one step", 1, 1, 10);
    bench::wait_for_quiet();
    for (int round = 0; round <= chosen.rounds; ++round) { // the first round warms up
        one.ours.reset();
        for (int t = 0; t < about.steps; ++t) {
            Kokkos::Timer const timer;
            one.ours.run(space,
                         Kokkos::subview(one.input, std::pair(t, t + 1), Kokkos::ALL, Kokkos::ALL),
                         trace, output);
            space.fence();
            if (round > 0) seconds.push_back(timer.seconds());
            auto const step = bench::on_host(output);
            for (std::size_t n = 0; n < 10; ++n)
                off = std::max(off,
                               static_cast<double>(std::abs(
                                   step(0, 0, n) - expected(static_cast<std::size_t>(t), 0, n))));
        }
    }
    std::sort(seconds.begin(), seconds.end());
    double const median = seconds[seconds.size() / 2], worst = seconds[seconds.size() * 999 / 1000];
    int const threads = space.concurrency();
    std::printf("  %-16s %-12s %d threads  a step: median %.3g us, 99.9th percentile %.3g us; %g "
                "from one call for all steps\n",
                "latency", family, threads, median * 1e6, worst * 1e6, off);
    bench::json result;
    result.put("case", "latency")
        .put("family", family)
        .put("structure", "latency")
        .put("sizes", about.sizes);
    result.put("steps", static_cast<double>(about.steps))
        .put("batch", 1.0)
        .put("activity", about.activity)
        .put("analog", false)
        .put("trains", false);
    result.put("output_spikes", one.output_spikes())
        .put("rates", one.rates)
        .put("threads", static_cast<double>(threads));
    result.put("calls", static_cast<double>(seconds.size()))
        .put("median", median)
        .put("percentile_99_9", worst)
        .put("off", off);
    std::filesystem::path const folder = chosen.folder / "latency" / family;
    bench::write_json(folder, threads, result);
    if (!chosen.times_only) one.write(folder);
}

} // namespace

int main(int argc, char** argv) {
    bench::options const chosen = bench::read_options(argc, argv);
    Kokkos::ScopeGuard const kokkos;
    measure(chosen, "norse", input<784> >> linear<256> >> lif(superspike<1>) >> linear<10> >> li);
    measure(chosen, "snntorch", input<784> >> linear<256> >> synaptic >> linear<10> >> synaptic);
}
