// What the project does, in view of a person: a two-layer network hears a rhythm, in one kernel.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <random>
#include <spikefuse/io/plot/progress.hpp>
#include <spikefuse/io/plot/raster.hpp>
#include <spikefuse/io/plot/svg.hpp>
#include <spikefuse/io/plot/terminal.hpp>
#include <spikefuse/io/plot/traces.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

constexpr auto network_type = input<64> >> linear<40> >> lif({.tau_mem = 20 * ms}) >> linear<8> >>
                              lif({.tau_mem = 10 * ms}) >> linear<3> >> li;

namespace {

/// Noise on all channels, and three groups of channels that take turns.
void rhythm(Kokkos::View<std::uint32_t***, Kokkos::LayoutRight> const& spikes, int first_step, std::mt19937& random) {
    auto const host = Kokkos::create_mirror_view(spikes);
    for (std::size_t t = 0; t < host.extent(0); ++t) {
        auto const turn = (static_cast<std::size_t>(first_step) + t) / 40 % 4;
        for (std::size_t b = 0; b < host.extent(1); ++b) {
            host(t, b, 0) = host(t, b, 1) = 0;
            for (std::size_t n = 0; n < 64; ++n) {
                double const chance = turn < 3 && n / 21 == turn ? 0.20 : 0.02;
                if (random() < chance * 4294967296.0) host(t, b, n / 32) |= 1u << (n % 32);
            }
        }
    }
    Kokkos::deep_copy(spikes, host);
}

/// The spikes of sample 0.
io::plot::spike_trace spikes_of(Kokkos::View<std::uint32_t***, Kokkos::LayoutRight> const& spikes, std::size_t neurons) {
    auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), spikes);
    return io::plot::unpack_spikes({host.data(), host.size()}, host.extent(0), neurons, host.extent(1));
}

int demonstrate(std::string const& svg, int steps, int batch) {
    auto network = model{network_type, {.steps = steps, .batch = batch, .dt = 1 * ms, .seed = 3}};
    // Each hidden neuron listens to one of the three groups; each output to a few hidden neurons.
    std::mt19937 random(5);
    auto noise = [&](double spread) { return spread * (static_cast<double>(random()) / 2147483648.0 - 1.0); };
    std::vector<double> first, second, third;
    for (std::size_t o = 0; o < 40; ++o)
        for (std::size_t n = 0; n < 64; ++n) first.push_back((n / 21 == o % 3 ? 0.42 : -0.08) + noise(0.15));
    for (std::size_t o = 0; o < 8; ++o)
        for (std::size_t n = 0; n < 40; ++n) second.push_back((n % 3 == o % 3 ? 0.55 : -0.12) + noise(0.05));
    for (std::size_t o = 0; o < 3; ++o)
        for (std::size_t n = 0; n < 8; ++n) third.push_back(n % 3 == o ? 0.5 : -0.1);
    network.set("linear 1", "weight", first);
    network.set("linear 2", "weight", second);
    network.set("linear 3", "weight", third);
    for (auto const* layer : {"lif 1", "lif 2"}) network.record(layer, "spikes");
    std::cout << describe(network) << "\n";

    auto const length = static_cast<std::size_t>(steps), samples = static_cast<std::size_t>(batch);
    Kokkos::View<std::uint32_t***, Kokkos::LayoutRight> const spikes("spikes", length, samples, 2); // [T, B, ceil(64/32)]
    Kokkos::View<float***, Kokkos::LayoutRight> const traces("traces", length, samples, 3);         // [T, B, 3]
    Kokkos::DefaultExecutionSpace const space;
    constexpr int rounds = 20;
    double seconds = 0;
    {
        io::plot::progress bar("simulating", static_cast<std::size_t>(rounds) * length * samples, "steps");
        for (int round = 0; round < rounds; ++round) {
            rhythm(spikes, round * steps, random);
            auto const start = std::chrono::steady_clock::now();
            network.run(space, spikes, trace, traces); // the state goes on where the last call left it
            space.fence();
            seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
            bar.advance(length * samples);
        }
    }
    auto const membranes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), traces);
    std::vector<io::plot::series> lines;
    for (std::size_t n = 0; n < 3; ++n) {
        lines.push_back({"readout " + std::to_string(n), {}});
        for (std::size_t t = 0; t < length; ++t) lines.back().values.push_back(static_cast<double>(membranes(t, 0, n)));
    }
    io::plot::figure picture{.title = "A three-layer network hears three groups of channels take turns",
                             .subtitle = "input<64> >> linear<40> >> lif >> linear<8> >> lif >> linear<3> >> li"};
    std::size_t const columns = io::plot::terminal_columns(stdout);
    bool const colours = io::plot::wants_colours(stdout);
    for (auto const& [name, trace_of] :
         {std::pair{"input", spikes_of(spikes, 64)}, std::pair{"lif 1", spikes_of(network.recorded_spikes("lif 1"), 40)},
          std::pair{"lif 2", spikes_of(network.recorded_spikes("lif 2"), 8)}}) {
        std::cout << "\n" << io::plot::terminal_raster(trace_of, {.title = name, .dt = 1 * ms, .columns = columns});
        picture.panels.emplace_back(io::plot::raster_panel{name, trace_of});
    }
    std::cout << "\n"
              << io::plot::terminal_traces(lines,
                                           {.title = "membranes of the readout", .dt = 1 * ms, .columns = columns, .colours = colours})
              << "\n";
    picture.panels.emplace_back(io::plot::traces_panel{.title = "membranes of the readout", .lines = lines});

    std::size_t right = 0, asked = 0; // does the readout say whose turn it is?
    for (std::size_t t = 0; t < length; ++t) {
        auto const turn = (static_cast<std::size_t>((rounds - 1) * steps) + t) / 40 % 4;
        if (turn == 3 || t % 40 < 20) continue; // silence, and the time a membrane needs
        for (std::size_t b = 0; b < samples; ++b) {
            std::size_t best = 0;
            for (std::size_t n = 1; n < 3; ++n) best = membranes(t, b, n) > membranes(t, b, best) ? n : best;
            right += best == turn ? 1 : 0;
            ++asked;
        }
    }
    double const updates = static_cast<double>(rounds) * steps * batch * (40 + 8 + 3);
    std::printf("the readout names the group whose turn it is in %.1f %% of %zu steps\n",
                100.0 * static_cast<double>(right) / static_cast<double>(asked), asked);
    std::printf("%d launches for %.2f million neuron updates: %.1f ms in all, %.0f million updates a second on %d threads\n", rounds,
                updates / 1e6, seconds * 1e3, updates / 1e6 / seconds, space.concurrency());
    io::plot::write_svg(picture, svg);
    std::printf("the same picture: %s\n", svg.c_str());
    return 0;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App app("spikefuse: a spiking network is a C++ type, and runs as one kernel");
    std::string svg = "spikefuse_demo.svg";
    int steps = 320, batch = 32;
    app.add_option("--svg", svg, "where the picture is written")->capture_default_str();
    app.add_option("--steps", steps, "steps of 1 ms a call")->capture_default_str()->check(CLI::Range(40, 100000));
    app.add_option("--batch", batch, "samples side by side")->capture_default_str()->check(CLI::Range(1, 65536));
    CLI11_PARSE(app, argc, argv);
    Kokkos::ScopeGuard const kokkos;
    try {
        return demonstrate(svg, steps, batch);
    } catch (error const& fault) {
        std::fprintf(stderr, "%s\n", fault.what());
        return 1;
    }
}
