// Time against batch, width, steps and activity, one at a time away from linear(512) and LIF, batch 16, 200 steps, spikes at 10 %.
#include "twin.hpp"

using namespace spikefuse;

namespace {

template <int Width, bool Analog = false>
void point(bench::options const& chosen, std::string const& name, int steps = 200, int batch = 16, double activity = 0.1) {
    bench::setup about{"sweep-" + name, "norse", "feedforward", {Width, Width}, steps, batch};
    about.activity = activity, about.analog = Analog, about.trains = false;
    bench::measure<Analog, bench::lif_twin<Width, Width, 0, false, Analog>>(chosen, about,
                                                                            input<Width> >> linear<Width> >> lif(superspike<1>));
}

} // namespace

int main(int argc, char** argv) {
    bench::options const chosen = bench::read_options(argc, argv);
    Kokkos::ScopeGuard const kokkos;
    for (int batch : {1, 4, 16, 64, 256}) point<512>(chosen, "batch-" + std::to_string(batch), 200, batch);
    point<128>(chosen, "width-128");
    point<256>(chosen, "width-256");
    point<512>(chosen, "width-512");
    point<1024>(chosen, "width-1024");
    point<2048>(chosen, "width-2048");
    for (int steps : {10, 50, 200, 1000}) point<512>(chosen, "steps-" + std::to_string(steps), steps);
    for (int percent : {1, 2, 5, 10, 20, 30, 40, 50, 70, 100}) {
        point<512>(chosen, "spikes-" + std::to_string(percent), 200, 16, percent / 100.);
        point<512, true>(chosen, "values-" + std::to_string(percent), 200, 16, percent / 100.);
    }
}
