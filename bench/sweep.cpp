// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Time against batch, width, steps, depth and activity, one at a time away from linear(512) and
// LIF, batch 16, 200 steps, spikes at 10 %.
#include "twin.hpp"

using namespace spikefuse;

namespace {

/// Depth times linear(Width) and LIF, by hand: a thread has a sample, and takes 64 steps of it
/// through a layer at a time.
template <int Width, int Depth>
class stack_twin {
    static constexpr std::size_t words = Width / 32, panels = Width / bench::wide, block = 64;

  public:
    std::vector<float> output; // [T, B, N]

    template <class Trial>
    explicit stack_twin(Trial const& of)
        : output(of.output.size()), steps_(static_cast<std::size_t>(of.about.steps)),
          batch_(static_cast<std::size_t>(of.about.batch)), input_(of.input.data()) {
        for (int k = 1; k <= Depth; ++k) {
            std::string const layer = "linear " + std::to_string(k);
            weights_.push_back(bench::in_panels(of.ours.get(layer, "weight"), Width, Width)),
                biases_.push_back(of.ours.get(layer, "bias"));
        }
    }

    void forward() {
        using policy = Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace,
                                           Kokkos::Schedule<Kokkos::Dynamic>>;
        Kokkos::parallel_for("twin", policy(0, static_cast<int>(batch_)),
                             [&](int b) { run(static_cast<std::size_t>(b)); });
        Kokkos::fence();
    }

  private:
    void run(std::size_t sample) {
        thread_local bench::spike_list arriving;
        thread_local std::vector<std::uint32_t> bits(block * words);
        auto const cells = std::make_unique<bench::lif_cells[]>(Depth * panels); // no vector: nvcc
        for (std::size_t first = 0; first < steps_; first += block) {
            std::size_t const rows = std::min(block, steps_ - first);
            for (std::size_t layer = 0; layer < Depth; ++layer) {
                arriving.clear();
                for (std::size_t r = 0; r < rows; ++r)
                    arriving.add_step(layer == 0 ? input_ + ((first + r) * batch_ + sample) * words
                                                 : bits.data() + r * words,
                                      words);
                std::fill(bits.begin(), bits.end(), 0u);
                for (std::size_t p = 0; p < panels; ++p) {
                    bench::row const bias = bench::load(biases_[layer].data() + p * bench::wide);
                    bench::lif_cells here = cells[layer * panels + p];
                    for (std::size_t r = 0; r < rows; ++r) {
                        unsigned const spikes = here.step(
                            arriving.sum(weights_[layer].data() + p * Width * bench::wide, r, bias),
                            nullptr);
                        bits[r * words + p / 2] |= spikes << (p % 2 * bench::wide);
                        if (layer + 1 == Depth)
                            for (std::size_t k = 0; k < bench::wide; ++k)
                                output[((first + r) * batch_ + sample) * Width + p * bench::wide +
                                       k] = static_cast<float>(spikes >> k & 1u);
                    }
                    cells[layer * panels + p] = here;
                }
            }
        }
    }

    std::size_t steps_, batch_;
    std::uint32_t const* input_;
    std::vector<bench::line_of_floats> weights_;
    std::vector<std::vector<float>> biases_;
};

bench::setup about(std::string const& name, int width, int depth, int steps = 200, int batch = 16) {
    bench::setup result{"sweep-" + name, "norse", depth > 1 ? "stack" : "feedforward", {},
                        steps,           batch};
    result.sizes.assign(static_cast<std::size_t>(depth) + 1, width);
    return result;
}

template <int Width, bool Analog = false>
void point(bench::options const& chosen, std::string const& name, int steps = 200, int batch = 16,
           double activity = 0.1) {
    bench::setup setup = about(name, Width, 1, steps, batch);
    setup.activity = activity, setup.analog = Analog;
    bench::measure<Analog, bench::lif_twin<Width, Width, 0, false, Analog>, false>(
        chosen, setup, input<Width> >> linear<Width> >> lif(superspike<1>));
}
template <int Depth, class Network>
void deep(bench::options const& chosen, Network network) {
    bench::measure<false, stack_twin<512, Depth>, false>(
        chosen, about("depth-" + std::to_string(Depth), 512, Depth), network);
}

} // namespace

int main(int argc, char** argv) {
    bench::options const chosen = bench::read_options(argc, argv);
    Kokkos::ScopeGuard const kokkos;
    for (int batch : {1, 4, 16, 64, 256})
        point<512>(chosen, "batch-" + std::to_string(batch), 200, batch);
    point<128>(chosen, "width-128");
    point<256>(chosen, "width-256");
    point<512>(chosen, "width-512");
    point<1024>(chosen, "width-1024");
    point<2048>(chosen, "width-2048");
    for (int steps : {10, 50, 200, 1000})
        point<512>(chosen, "steps-" + std::to_string(steps), steps);
    constexpr auto layer = linear<512> >> lif(superspike<1>);
    constexpr auto two = layer >> layer;
    constexpr auto four = two >> two;
    deep<1>(chosen, input<512> >> layer);
    deep<2>(chosen, input<512> >> two);
    deep<4>(chosen, input<512> >> four);
    deep<8>(chosen, input<512> >> four >> four);
    for (int percent : {1, 2, 5, 10, 20, 30, 40, 50, 70, 100}) {
        point<512>(chosen, "spikes-" + std::to_string(percent), 200, 16, percent / 100.);
        point<512, true>(chosen, "values-" + std::to_string(percent), 200, 16, percent / 100.);
    }
}
