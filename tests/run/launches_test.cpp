// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One launch a run, whatever T, batch and depth; no allocation, no fence, no copy inside it. Seen
// through Kokkos' own tools.
#include "../support/random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>
#include <string>
#include <vector>

using namespace spikefuse;

namespace {

std::vector<std::string> events; // the callbacks take no context

struct watch {
    watch() {
        namespace tools = Kokkos::Tools::Experimental;
        events.clear();
        auto const launched = [](char const* name, std::uint32_t, std::uint64_t*) {
            events.push_back(std::string("launch ") + name);
        };
        tools::set_begin_parallel_for_callback(launched);
        tools::set_begin_parallel_reduce_callback(launched);
        tools::set_begin_parallel_scan_callback(launched);
        tools::set_begin_fence_callback([](char const* name, std::uint32_t, std::uint64_t*) {
            std::string const fence(
                name); // the tools interface fences before it calls us: that one is ours
            if (fence.find("Kokkos Profile Tool Fence") == std::string::npos)
                events.push_back("fence " + fence);
        });
        tools::set_allocate_data_callback(
            [](Kokkos_Profiling_SpaceHandle, char const* name, void const*, std::uint64_t) {
                events.push_back(std::string("allocation ") + name);
            });
        tools::set_begin_deep_copy_callback(
            [](Kokkos_Profiling_SpaceHandle, char const*, void const*, Kokkos_Profiling_SpaceHandle,
               char const*, void const*, std::uint64_t) { events.push_back("copy"); });
    }
    watch(watch const&) = delete;
    watch& operator=(watch const&) = delete;
    ~watch() {
        namespace tools = Kokkos::Tools::Experimental;
        tools::set_begin_parallel_for_callback(nullptr);
        tools::set_begin_parallel_reduce_callback(nullptr);
        tools::set_begin_parallel_scan_callback(nullptr);
        tools::set_begin_fence_callback(nullptr);
        tools::set_allocate_data_callback(nullptr);
        tools::set_begin_deep_copy_callback(nullptr);
    }
};

template <class Network>
void one_launch(Network const& network_type, int steps, int batch) {
    constexpr int width = Network::wants;
    auto network = model{network_type, {.steps = steps, .batch = batch}};
    auto const spikes = test::random_spikes(steps, batch, width, 0.2, 1);
    Kokkos::View<float**, Kokkos::LayoutRight> const result(
        "result", static_cast<std::size_t>(batch), static_cast<std::size_t>(network.outputs));
    Kokkos::DefaultExecutionSpace const space;
    Kokkos::fence();
    watch const here;
    network.run(space, spikes, counts, result); // the very first run of a model, too
    network.reset();
    network.run(space, spikes, counts, result);
    auto const seen = events;
    REQUIRE(seen ==
            std::vector<std::string>{"launch spikefuse::forward", "launch spikefuse::forward"});
}

} // namespace

TEST_CASE("one launch a run, no allocation, no fence") {
    constexpr auto shallow = input<33> >> lif;
    constexpr auto usual = input<100> >> linear<48> >> lif >> linear<10> >> li;
    constexpr auto deep = input<64> >> linear<64> >> lif >> linear<64> >> lif >> linear<64> >>
                          lif >> linear<64> >> lif >> linear<64> >> lif >> linear<10> >> li;
    constexpr auto encoded =
        input<9> >> population<6> >> poisson >> linear<10> >> lif >> delta_encoder;
    one_launch(shallow, 1, 1);
    one_launch(encoded, 400, 3);
    one_launch(usual, 1, 64);
    one_launch(usual, 500, 1);
    one_launch(deep, 300, 7);
}

TEST_CASE("a step of training: one launch, and for several groups one that copies weights, "
          "whatever the steps, samples and loops; on a device one each for what is forwards, "
          "backwards and of weights") {
    constexpr bool in_parts =
        !detail::trains_in_one_launch<Kokkos::DefaultExecutionSpace>; // as on a device
    auto const launches = [](auto const& network_type, int steps, int batch, bool copies,
                             auto loss) {
        auto network = model{network_type, {.steps = steps, .batch = batch}};
        auto const spikes = test::random_spikes(steps, batch, network.inputs, 0.2, 1);
        backpropagation back{network, loss};
        back.set_labels(std::vector<int>(static_cast<std::size_t>(batch), 1));
        Kokkos::DefaultExecutionSpace const space;
        back.run(space, spikes); // makes the tape
        Kokkos::fence();
        watch const here;
        back.run(space, spikes);
        back.run(space, spikes);
        auto const seen = events;
        std::vector<std::string> twice;
        for (int k = 0; k < 2; ++k) {
            if (copies) twice.emplace_back("launch spikefuse::transpose");
            if (in_parts) twice.emplace_back("launch spikefuse::forward");
            twice.emplace_back("launch spikefuse::training");
            if (in_parts) twice.emplace_back("launch spikefuse::weights");
        }
        REQUIRE(seen == twice);
    };
    launches(input<100> >> linear<10> >> li, 500, 3, false,
             cross_entropy(max_over_time)); // nobody asks for the input's gradient
    launches(input<100> >> linear<48> >> lif >> linear<10> >> li, 500, 1, in_parts,
             cross_entropy(max_over_time)); // one group copies for itself
    launches(input<100> >> linear<48> >> lif >> linear<10> >> li, 500, 8, true,
             cross_entropy(max_over_time));
    launches(input<100> >> linear<48> >> lif >> linear<10> >> li, 500, 8, true,
             cross_entropy(trace)); // of whole rows
    launches(input<64> >> linear<64> >> lif >> linear<64> >> lif >> linear<64> >> recurrent(lif) >>
                 linear<10> >> li,
             90, 7, true, cross_entropy(max_over_time));
}

TEST_CASE("everything that is launched or allocated carries the library's name") {
    watch const here;
    auto network = model{input<10> >> linear<4> >> lif, {.steps = 3}};
    network.record("lif 1", "v");
    auto const spikes = test::random_spikes(3, 1, 10, 0.2, 1);
    (void)network(spikes);
    int ours = 0;
    for (auto const& event : events) {
        if (event.starts_with("launch ") || event.starts_with("allocation ")) {
            INFO(event);
            bool const known = event.find("spikefuse::") != std::string::npos ||
                               event.find("random spikes") != std::string::npos ||
                               event.find("Kokkos::") != std::string::npos ||
                               event == "allocation [unlabeled]";
            CHECK(known);
            ours += event.find("spikefuse::") != std::string::npos ? 1 : 0;
        }
    }
    REQUIRE(ours >= 5);
}

TEST_CASE("a cell that is taken again is one launch, and its steps allocate nothing", "[launch]") {
    auto network = model{input<40> >> linear<20> >> lif >> linear<2> >> li, {}};
    (void)network.cell(); // the first one allocates
    watch const seen;
    auto const cell = network.cell();
    CHECK(events == std::vector<std::string>{"launch spikefuse::cell"});
    events.clear();
    Kokkos::parallel_for(
        "mine", 3, KOKKOS_LAMBDA(int) {
            auto body = cell.rest();
            float const in[40] = {1};
            float out[2];
            cell.step(body, in, out);
        });
    CHECK(events == std::vector<std::string>{"launch mine"});
}
