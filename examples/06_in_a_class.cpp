// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A network as a member of a simulation: views of the simulation's own, one step a call, copies
// that go their own way.
#include <cstdio>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

constexpr auto controller = input<2> >> linear<32> >> lif >> linear<1> >> li;

/// Bodies on springs, each pushed by the same network, which sees its place and speed.
class simulation {
  public:
    explicit simulation(int bodies)
        : brain_(controller, {.batch = bodies, .dt = 1 * ms, .seed = 3}), seen_("seen", bodies, 2),
          force_("force", bodies, 1) {}
    void begin() {
        auto const seen = seen_;
        Kokkos::parallel_for(
            "begin", Kokkos::RangePolicy<>(space_, 0, static_cast<int>(seen.extent(0))),
            KOKKOS_LAMBDA(int b) { seen(b, 0) = 1 + 0.1f * static_cast<float>(b); });
    }
    void step() {
        brain_.run(space_, seen_, last_step,
                   force_); // one launch on this instance, no allocation, no fence
        auto const seen = seen_;
        auto const force = force_;
        Kokkos::parallel_for(
            "physics", Kokkos::RangePolicy<>(space_, 0, static_cast<int>(seen.extent(0))),
            KOKKOS_LAMBDA(int b) {
                seen(b, 1) += 0.01f * (force(b, 0) - seen(b, 0));
                seen(b, 0) += 0.01f * seen(b, 1);
            });
    }
    /// Places of the bodies, on the host.
    auto places() const { return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), seen_); }
    model_of<controller>& brain() { return brain_; }

  private:
    Kokkos::DefaultExecutionSpace space_;
    model_of<controller> brain_;
    Kokkos::View<float**> seen_, force_; // [B, 2], [B, 1], as Kokkos lays them out on this machine
};

int main(int argc, char** argv) {
    Kokkos::ScopeGuard const kokkos(argc, argv);
    simulation one(4);
    one.begin();
    auto weights = one.brain().get("linear 1", "weight");
    for (auto& weight : weights) weight *= 20; // so that neurons fire
    one.brain().set("linear 1", "weight", weights);
    for (int t = 0; t < 500; ++t) one.step();
    auto const remembered = one.brain(); // parameters and states of its own
    for (int t = 0; t < 500; ++t) one.step();
    auto const places = one.places();
    for (int b = 0; b < 4; ++b)
        std::printf("body %d at %+.3f\n", b, static_cast<double>(places(b, 0)));
    std::printf("steps: %lu of the network, %lu of the copy\n",
                static_cast<unsigned long>(one.brain().elapsed_steps()),
                static_cast<unsigned long>(remembered.elapsed_steps()));
}
