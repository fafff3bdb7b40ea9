// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// 4096 adaptive exponential neurons alone, batch 16, 1000 steps, an input spike of 1 at 20 %.
// Training gives the gradient of the input.
#include "twin.hpp"

using namespace spikefuse;
using spikefuse::detail::lanes;

namespace {

/// By hand: a panel of 16 neurons runs over all steps with its states in registers. The exponential
/// is the library's.
class adex_twin {
    static constexpr std::size_t width = 4096, words = width / 32, panels = width / bench::wide;
    static constexpr float mem = 0.1f, syn = 0.2f, ada = 0.002f, adaptation_current = 4,
                           adaptation_spike = 0.02f, delta_t = 0.5f;

  public:
    std::vector<float> output; // [T, B, N]

    template <class Trial>
    explicit adex_twin(Trial const& of)
        : output(of.output.size()), steps_(static_cast<std::size_t>(of.about.steps)),
          batch_(static_cast<std::size_t>(of.about.batch)), input_(of.input.data()),
          seeds_(of.seeds) {}

    void forward() {
        each_panel([&](std::size_t sample, std::size_t p, float*) { run(sample, p, nullptr); });
    }
    void train() {
        gradient_.resize(output.size());
        each_panel([&](std::size_t sample, std::size_t p, float* tape) {
            run(sample, p, tape);
            run_back(sample, p, tape);
        });
    }
    std::vector<float> const& first_gradient() const { return gradient_; }

  private:
    template <class Function>
    void each_panel(Function const& function) const {
        using policy = Kokkos::RangePolicy<Kokkos::DefaultHostExecutionSpace,
                                           Kokkos::Schedule<Kokkos::Dynamic>>;
        Kokkos::parallel_for("twin", policy(0, static_cast<int>(batch_ * panels)).set_chunk_size(8),
                             [&](int k) {
                                 thread_local std::vector<float> tape;
                                 tape.resize(steps_ * bench::wide);
                                 function(static_cast<std::size_t>(k) / panels,
                                          static_cast<std::size_t>(k) % panels, tape.data());
                             });
        Kokkos::fence();
    }
    static bench::row onset(bench::row v) {
        return std::bit_cast<bench::row>(
            spikefuse::detail::exp(std::bit_cast<lanes<float>>((v - 1) / delta_t)));
    }
    static bench::row from_bits(unsigned bits) {
        bench::row values;
        for (int k = 0; k < bench::wide; ++k) values[k] = static_cast<float>(bits >> k & 1u);
        return values;
    }
    void run(std::size_t sample, std::size_t p, float* tape) {
        bench::row v{}, i{}, a{};
        for (std::size_t t = 0; t < steps_; ++t) {
            std::size_t const at = t * batch_ + sample;
            i += from_bits(input_[at * words + p / 2] >> (p % 2 * bench::wide) & 0xffffu);
            bench::row const moved = v + mem * ((delta_t * onset(v) - v) + i - a);
            a += ada * (adaptation_current * v - a);
            i -= syn * i;
            if (tape != nullptr) bench::store(moved, tape + t * bench::wide);
            bench::row const spikes = moved > 1 ? bench::row{} + 1 : bench::row{};
            a += spikes * adaptation_spike;
            v = moved > 1 ? bench::row{} : moved;
            bench::store(spikes, output.data() + at * width + p * bench::wide);
        }
    }
    void run_back(std::size_t sample, std::size_t p, float const* tape) {
        bench::row v{}, i{}, a{};
        bench::row const seed = bench::load(seeds_.data() + sample * width + p * bench::wide);
        for (std::size_t t = steps_; t-- > 0;) {
            bench::row const moved = bench::load(tape + t * bench::wide), x = moved - 1,
                             off = (x > 0 ? x : -x) + 1;
            bench::row before{};
            if (t > 0) {
                before = bench::load(tape + (t - 1) * bench::wide);
                before = before > 1 ? bench::row{} : before;
            }
            bench::row const spike = seed + a * adaptation_spike - v * moved;
            bench::row const e = (moved > 1 ? bench::row{} : v) + spike / (off * off);
            i = i * (1 - syn) + mem * e;
            v = e * (1 + mem * (onset(before) - 1)) + a * (ada * adaptation_current);
            a = a * (1 - ada) - mem * e;
            bench::store(i, gradient_.data() + (t * batch_ + sample) * width + p * bench::wide);
        }
    }

    std::size_t steps_, batch_;
    std::uint32_t const* input_;
    std::vector<float> seeds_, gradient_;
};

} // namespace

int main(int argc, char** argv) {
    bench::options const chosen = bench::read_options(argc, argv);
    Kokkos::ScopeGuard const kokkos;
    bench::setup about{"adex", "norse", "neurons", {4096, 4096}, 1000, 16};
    about.activity = 0.2;
    about.neuron_operations = 24; // half of them are the exponential
    bench::measure<false, adex_twin>(chosen, about, input<4096> >> lif_adex(superspike<1>));
}
