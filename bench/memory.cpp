// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Memory of inference against steps: 784 held values, drawn as Poisson spikes inside the kernel,
// then 784-256-10, batch 256. A case is a number of steps and "reduced" or "trace", as 1000-trace;
// each has a process of its own, so that nothing is left of another.
#include "harness.hpp"

using namespace spikefuse;

namespace {

/// From before a model is made until its output is there.
template <class Readout, class Output>
double peak_of_run(int steps, Readout readout, Output const& output) {
    return bench::peak_of([&] {
        model network{input<784> >> poisson >> linear<256> >> lif >> linear<10> >> li,
                      {.steps = steps, .batch = 256}};
        network.set("linear 1", "weight", bench::random_normal(784 * 256, 0.1, 1));
        network.set("linear 2", "weight", bench::random_normal(256 * 10, 0.1, 2));
        Kokkos::View<float**, Kokkos::LayoutRight> const rates("rates", 256, 784);
        Kokkos::deep_copy(rates, 1.f);
        network.run(Kokkos::DefaultExecutionSpace(), rates, readout, output());
        Kokkos::fence();
    });
}

} // namespace

int main(int argc, char** argv) {
    bench::options const chosen = bench::read_options(argc, argv);
    Kokkos::ScopeGuard const kokkos;
    for (std::string const& name : chosen.names) {
        int const steps = std::max(1, std::atoi(name.c_str()));
        bool const reduced = name.ends_with("-reduced");
        double const peak =
            reduced
                ? peak_of_run(
                      steps, max_over_time,
                      [] { return Kokkos::View<float**, Kokkos::LayoutRight>("output", 256, 10); })
                : peak_of_run(steps, trace, [=] {
                      return bench::values("output", static_cast<std::size_t>(steps), 256, 10);
                  });
        std::printf("  %d steps, %s: the peak rises by %.1f MiB\n", steps,
                    reduced ? "reduced over time" : "as a trace", peak / (1 << 20));
        int const threads = Kokkos::DefaultExecutionSpace().concurrency();
        bench::json result;
        result.put("case", "memory")
            .put("steps", static_cast<double>(steps))
            .put("batch", 256.0)
            .put("threads", static_cast<double>(threads));
        result.put("readout", reduced ? "reduced" : "trace").put("peak_bytes", peak);
        bench::write_json(chosen.folder / "memory" / name, threads, result);
    }
}
