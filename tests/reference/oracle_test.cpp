// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random networks beside the oracle. Each layer of the oracle is fed with what the library's layer
// before it gave, so one spike on the edge of the threshold does not pull the rest of the network
// apart, and every layer is judged by itself.
#include "oracle.hpp"

#include "../support/random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

namespace {

struct tally {
    std::size_t spikes = 0, excused = 0, fired = 0, states = 0;
    double worst = 0; // of states, relative to the largest entry of their array
};
tally all;

struct trial {
    int steps, batch;
    double activity;   // of the input
    double gain, bias; // of the weights
    double threshold = 1;
};
enum class given { spikes, values };

template <class T>
using parameters_of = spikefuse::detail::model_parameters<T, Kokkos::DefaultExecutionSpace>;
template <class T>
using recordings_of = spikefuse::detail::model_recordings<T, Kokkos::DefaultExecutionSpace>;

/// Rebuilds the layers of a model as the oracle's, from names and numbers alone.
template <class T>
auto oracle_layers(parameters_of<T> const& network, T dt, std::string const& policies) {
    std::vector<std::unique_ptr<oracle::layer<T>>> layers;
    std::map<std::string, std::vector<std::size_t>> shapes;
    for (auto const& p : network.parameters()) shapes[p.layer + "/" + p.name] = p.shape;
    for (auto const& name : network.layer_names()) {
        std::string const kind = name.substr(0, name.find(' '));
        auto get = [&](char const* what) {
            return shapes.contains(name + "/" + what) ? network.get(name, what) : std::vector<T>{};
        };
        auto spiking = [&](auto& neuron) {
            neuron.threshold = get("threshold");
            neuron.v_reset = get("v_reset");
            neuron.inclusive = policies.find("inclusive") != std::string::npos;
            neuron.how = policies.find("subtract") != std::string::npos   ? oracle::reset::subtract
                         : policies.find("no_reset") != std::string::npos ? oracle::reset::none
                                                                          : oracle::reset::to_value;
            neuron.dt = dt;
        };
        if (kind == "linear") {
            auto const shape = shapes[name + "/weight"];
            layers.push_back(std::make_unique<oracle::linear<T>>(shape[1], shape[0], get("weight"),
                                                                 get("bias")));
        } else if (kind == "scale") {
            layers.push_back(std::make_unique<oracle::scale<T>>(get("factor")));
        } else if (kind == "iaf") {
            auto one = std::make_unique<oracle::iaf<T>>();
            spiking(*one);
            one->r = get("r");
            layers.push_back(std::move(one));
        } else if (kind == "lif") {
            auto one = std::make_unique<oracle::lif<T>>();
            spiking(*one);
            one->tau_mem = get("tau_mem"), one->tau_syn = get("tau_syn"),
            one->v_leak = get("v_leak");
            layers.push_back(std::move(one));
        } else {
            REQUIRE(kind == "li");
            auto one = std::make_unique<oracle::li<T>>();
            one->tau_mem = get("tau_mem"), one->tau_syn = get("tau_syn"),
            one->v_leak = get("v_leak"), one->dt = dt;
            layers.push_back(std::move(one));
        }
    }
    return layers;
}

/// What does not depend on the network: `run` gives it a packed input, or the same as values.
template <class T>
void hold_beside(parameters_of<T>& network, recordings_of<T>& seen, T dt, int width,
                 trial const& how, bool analog, std::string const& policies,
                 std::function<void(Kokkos::View<std::uint32_t***, Kokkos::LayoutRight>,
                                    Kokkos::View<T***, Kokkos::LayoutRight>)> const& run) {
    double const tolerance = sizeof(T) == 4 ? 1e-5 : 1e-12;
    std::mt19937 random(static_cast<unsigned>(how.steps * 31 + how.batch * 7 + width));
    auto uniform = [&](double low, double high) {
        return low + (high - low) * static_cast<double>(random()) / 4294967296.0;
    };
    for (auto const& p : network.parameters()) { // every neuron has its own numbers
        auto values = network.get(p.layer, p.name);
        for (auto& v : values) {
            if (p.name == "weight")
                v = static_cast<T>(static_cast<double>(v) * how.gain +
                                   how.bias / static_cast<double>(p.shape[1]));
            if (p.name == "tau_mem" || p.name == "tau_syn")
                v = static_cast<T>(uniform(0.003, 0.03));
            if (p.name == "threshold") v = static_cast<T>(how.threshold * uniform(0.7, 1.4));
            if (p.name == "v_leak" || p.name == "v_reset") v = static_cast<T>(uniform(-0.2, 0.2));
            if (p.name == "r") v = static_cast<T>(uniform(200, 800));
            if (p.name == "factor") v = static_cast<T>(uniform(0.5, 2));
        }
        network.set(p.layer, p.name, values);
    }
    auto const packed = test::random_spikes(how.steps, how.batch, width, how.activity, random());
    auto const input = test::host(test::unpacked<T>(packed, width));
    for (std::size_t k = 0; analog && k < input.size(); ++k)
        input.data()[k] *= static_cast<T>(uniform(-1, 2));

    std::map<std::string, std::vector<std::string>> states = {
        {"lif", {"v", "i"}}, {"li", {"v", "i"}}, {"iaf", {"v"}}, {"scale", {}}, {"linear", {}}};
    std::vector<std::string> const names = network.layer_names();
    for (auto const& name : names) {
        std::string const kind = name.substr(0, name.find(' '));
        for (auto const& state : states[kind]) seen.record(name, state);
        if (kind == "lif" || kind == "iaf") seen.record(name, "spikes");
        if (kind == "li" || kind == "scale") seen.record(name, "output");
    }
    Kokkos::View<T***, Kokkos::LayoutRight> const values("values", input.extent(0), input.extent(1),
                                                         input.extent(2));
    Kokkos::deep_copy(values, input);
    run(packed, values);
    auto const layers = oracle_layers<T>(network, dt, policies);
    auto const samples = static_cast<std::size_t>(how.batch),
               steps = static_cast<std::size_t>(how.steps);
    for (std::size_t b = 0; b < samples; ++b) {
        std::vector<std::vector<T>> fed(steps, std::vector<T>(static_cast<std::size_t>(width)));
        for (std::size_t t = 0; t < steps; ++t)
            for (std::size_t n = 0; n < static_cast<std::size_t>(width); ++n)
                fed[t][n] = input(t, b, n);
        for (std::size_t l = 0; l < names.size(); ++l) {
            std::string const kind = names[l].substr(0, names[l].find(' '));
            layers[l]->rest();
            std::vector<oracle::shown<T>> truth;
            for (std::size_t t = 0; t < steps; ++t) truth.push_back(layers[l]->step(fed[t]));
            std::size_t const n_out = layers[l]->outputs();
            if (kind == "linear") { // its currents never leave the kernel: the layer behind it is
                                    // judged on them
                for (std::size_t t = 0; t < steps; ++t) fed[t] = truth[t].output;
                continue;
            }
            std::vector<bool> left_out(n_out,
                                       false); // after an excused spike a neuron goes its own way
            bool const fires = kind == "lif" || kind == "iaf";
            Kokkos::View<T***, Kokkos::LayoutRight> shown_by_library;
            if (fires) {
                shown_by_library =
                    test::unpacked<T>(seen.recorded_spikes(names[l]), static_cast<int>(n_out));
            } else {
                shown_by_library = seen.recorded(names[l], "output");
            }
            auto const output = test::host(shown_by_library);
            std::vector<double> largest;
            for (std::size_t s = 0; s < states[kind].size(); ++s) {
                largest.push_back(1e-30);
                for (auto const& step : truth)
                    for (T v : step.states[s])
                        largest[s] = std::max(largest[s], std::abs(static_cast<double>(v)));
            }
            std::vector<decltype(test::host(seen.recorded(names[0], "v")))> recorded;
            for (auto const& state : states[kind])
                recorded.push_back(test::host(seen.recorded(names[l], state)));
            for (std::size_t t = 0; t < steps; ++t)
                for (std::size_t n = 0; n < n_out; ++n) {
                    if (fires) {
                        double const distance = std::abs(static_cast<double>(truth[t].margin[n]));
                        ++all.spikes;
                        all.fired += output(t, b, n) != 0 ? 1 : 0;
                        if (!left_out[n] && output(t, b, n) != truth[t].output[n]) {
                            INFO(names[l] << " step " << t << " sample " << b << " neuron " << n
                                          << " distance " << distance);
                            REQUIRE(distance <= tolerance * std::max(largest[0], 1.0));
                            ++all.excused;
                            left_out[n] = true;
                        }
                    } else if (states[kind].empty()) {
                        REQUIRE(
                            std::abs(static_cast<double>(output(t, b, n) - truth[t].output[n])) <=
                            tolerance *
                                std::max(1.0, std::abs(static_cast<double>(truth[t].output[n]))));
                    }
                    for (std::size_t s = 0; s < recorded.size() && !left_out[n]; ++s) {
                        double const off = std::abs(static_cast<double>(recorded[s](t, b, n) -
                                                                        truth[t].states[s][n])) /
                                           largest[s];
                        all.worst = std::max(all.worst, off);
                        ++all.states;
                        if (off > tolerance) {
                            INFO(names[l] << " state " << states[kind][s] << " step " << t
                                          << " sample " << b << " neuron " << n << " off by "
                                          << off);
                            REQUIRE(off <= tolerance);
                        }
                    }
                }
            for (std::size_t t = 0; t < steps; ++t)
                for (std::size_t n = 0; n < n_out; ++n) {
                    if (t == 0) fed[t].resize(n_out);
                    fed[t].resize(n_out);
                    fed[t][n] = output(t, b, n);
                }
        }
    }
}

#ifndef SPIKEFUSE_FLOAT_ALONE
template <class T>
using rows = Kokkos::View<T***, Kokkos::LayoutRight>; // [T, B, N]
/// All steps of all samples by teams of a kernel like a user's.
template <class T, class Model, class Input>
rows<T> by_teams(Model const& network, Input const& input) {
    using policy = Kokkos::TeamPolicy<>;
    auto const brain = network.on_team();
    rows<T> const result("result", input.extent(0), input.extent(1), Model::outputs);
    Kokkos::View<T**, Kokkos::LayoutRight> const states("states", input.extent(1),
                                                        brain.state_size);
    int const threads = test::on_a_device ? 32 : 1;
    Kokkos::parallel_for(
        brain.with_scratch(policy(input.extent_int(1), threads)),
        KOKKOS_LAMBDA(policy::member_type const& team) {
            int const body = team.league_rank();
            auto here = brain.at(team);
            auto const mine = Kokkos::subview(states, body, Kokkos::ALL);
            here.rest(mine);
            here.run(Kokkos::subview(input, Kokkos::ALL, body, Kokkos::ALL), mine,
                     Kokkos::subview(result, Kokkos::ALL, body, Kokkos::ALL));
        });
    return result;
}
/// Likewise by threads.
template <class T, class Model, class Input>
rows<T> by_threads(Model& network, Input const& input) {
    auto const cell = network.cell();
    rows<T> const result("result", input.extent(0), input.extent(1), Model::outputs);
    int const steps = input.extent_int(0);
    Kokkos::parallel_for(
        input.extent_int(1), KOKKOS_LAMBDA(int b) {
            auto state = cell.rest();
            for (int t = 0; t < steps; ++t)
                cell.step(state, Kokkos::subview(input, t, b, Kokkos::ALL),
                          Kokkos::subview(result, t, b, Kokkos::ALL));
        });
    return result;
}
template <class Network, class T>
constexpr bool fits_a_thread =
    []<int... Layer>(std::integer_sequence<int, Layer...>) {
        namespace plan = spikefuse::detail::plan;
        using plain = plan::schedule<Network, false>;
        return plan::cell_layout<plain, T>::number_count <= plan::states_of_cell &&
               ((plain::template width_into<Layer> <= plan::widest_of_cell &&
                 plain::template width_from<Layer> <= plan::widest_of_cell) &&
                ...);
    }(std::make_integer_sequence<int,
                                 spikefuse::detail::plan::schedule<Network, false>::layer_count>{});
/// The three levels give the same bits.
template <class Network, class T, class Model, class Input>
void at_other_levels(Model& network, Input const& input, rows<T> const& wanted) {
    REQUIRE(test::differences(by_teams<T>(network, input), wanted) == 0);
    if constexpr (fits_a_thread<Network, T>)
        REQUIRE(test::differences(by_threads<T>(network, input), wanted) == 0);
}
#endif

template <class T, given Input, class Network>
void beside(Network const& network_type, trial const& how, std::string const& policies) {
    model network{network_type, {.steps = how.steps, .batch = how.batch, .seed = 42}, precision<T>};
    hold_beside<T>(network, network, static_cast<T>(network.setup().dt.seconds), Network::wants,
                   how, Input == given::values, policies,
                   [&]([[maybe_unused]] auto const& packed, [[maybe_unused]] auto const& values) {
                       auto const run = [&](auto const& input) {
                           [[maybe_unused]] auto const outputs = network(input);
#ifndef SPIKEFUSE_FLOAT_ALONE
                           at_other_levels<Network, T>(network, input, outputs);
#endif
                       };
                       if constexpr (Input == given::values) {
                           run(values);
                       } else {
                           run(packed);
                       }
                   });
}
template <given Input = given::spikes, class Network>
void in_both(Network const& network_type, trial const& how, std::string const& policies = "") {
    beside<float, Input>(network_type, how, policies);
#ifndef SPIKEFUSE_FLOAT_ALONE
    beside<double, Input>(network_type, how, policies);
#endif
}

struct report {
    std::string name;
    tally before = all;
    explicit report(std::string n) : name(std::move(n)) {}
    report(report const&) = delete;
    report& operator=(report const&) = delete;
    ~report() {
        std::printf("%s: %zu spikes compared (%.1f %% fired), %zu on the threshold's edge, %zu "
                    "states, worst %.1e\n",
                    name.c_str(), all.spikes - before.spikes,
                    100.0 * static_cast<double>(all.fired - before.fired) /
                        static_cast<double>(std::max<std::size_t>(all.spikes - before.spikes, 1)),
                    all.excused - before.excused, all.states - before.states, all.worst);
    }
    std::size_t fired() const { return all.fired - before.fired; }
    std::size_t spikes() const { return all.spikes - before.spikes; }
    std::size_t excused() const { return all.excused - before.excused; }
};

} // namespace

TEST_CASE("one layer, alone") {
    report const here("one layer");
    in_both(input<1> >> lif, {200, 2, 0.5, 1, 0, 0.5});
    in_both(input<17> >> li, {1, 1, 0.5, 1, 0});
    in_both(input<17> >> iaf, {130, 3, 0.3, 1, 0});
    in_both<given::values>(input<100> >> lif, {70, 2, 0.3, 1, 0});
    in_both(input<1197> >> lif,
            {70, 2, 0.3, 1,
             0}); // more than a cache line of spikes, and more panels than stand side by side
    REQUIRE(here.fired() > 500);
    REQUIRE(here.excused() * 1000 <= here.spikes());
}

TEST_CASE("networks of one to four layers, widths 1, 17, 100, 1000, 8300") {
    report const here("networks");
    in_both(input<100> >> linear<17> >> lif, {1, 1, 0.3, 3, 40});
    in_both(input<1> >> linear<100> >> lif >> linear<1> >> li, {130, 2, 0.5, 2, 0.5});
    in_both(input<17> >> linear<1000> >> lif >> linear<17> >> lif, {70, 2, 0.2, 3, 2});
    in_both(input<1000> >> linear<100> >> lif >> linear<10>(no_bias) >> li, {65, 1, 0.05, 4, 4});
    in_both(input<100> >> linear<64> >> iaf >> linear<33>(no_bias) >> lif >> scale(1) >>
                linear<17> >> lif >> linear<5> >> li,
            {129, 3, 0.2, 4, 6});
    in_both(input<8300> >> linear<17> >> lif,
            {40, 2, 0.02, 2, 4}); // more inputs than a list's entries of sixteen bits can name
    in_both(input<50> >> scale(2) >> lif >> scale(0.5) >> linear<20> >> iaf, {64, 2, 0.3, 3, 3});
    REQUIRE(here.fired() > 5000);
    REQUIRE(here.excused() * 1000 <= here.spikes());
}

TEST_CASE("analog and crowded input takes the dense path") {
    report const here("dense");
    in_both<given::values>(input<100> >> linear<48> >> lif >> linear<10> >> li, {70, 2, 0.9, 2, 3});
    in_both<given::values>(input<100> >> linear<48> >> lif >> linear<10> >> li,
                           {70, 2, 0.45, 2, 3}); // rows on both sides of the crossover
    in_both(input<100> >> linear<48> >> lif >> linear<10> >> li, {70, 2, 0.9, 2, 3});
    REQUIRE(here.fired() > 500);
}

TEST_CASE("choices: inclusive, subtract, none") {
    report const here("choices");
    in_both(input<40> >> linear<30> >> lif(inclusive) >> linear<20> >> iaf(inclusive),
            {100, 2, 0.3, 3, 4}, "inclusive");
    in_both(input<40> >> linear<30> >> lif(subtract) >> linear<20> >> iaf(subtract),
            {100, 2, 0.3, 3, 4}, "subtract");
    in_both(input<40> >> linear<30> >> lif(no_reset) >> linear<20> >> iaf(inclusive, no_reset),
            {60, 2, 0.3, 3, 1}, "inclusive no_reset");
    REQUIRE(here.fired() > 500);
}

TEST_CASE("silent layers stay silent, and always-firing ones fire") {
    {
        report const here("silent");
        in_both(input<33> >> linear<40> >> lif >> linear<7> >> lif, {100, 2, 0.3, 3, 4, 1e9});
        REQUIRE(here.fired() == 0);
    }
    {
        report const here("always firing");
        in_both(input<33> >> linear<40> >> lif >> linear<7> >> lif, {100, 2, 0.3, 3, 4, -1e3});
        REQUIRE(here.fired() == here.spikes());
    }
}
