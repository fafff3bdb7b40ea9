// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// norse's neurons and networks beside its recordings.
#include "golden.hpp"

using namespace spikefuse;
using golden::array, golden::variant;

namespace {

/// norse's names of parameters, and ours.
std::string our_name(std::string const& theirs) {
    if (theirs == "p_v_th") return "threshold";
    if (theirs == "p_delta_T") return "delta_t";
    return theirs.substr(2);
}
std::set<std::string> const norse_parameters{
    "p_tau_mem_inv", "p_tau_syn_inv", "p_tau_ada_inv",        "p_v_leak",          "p_v_th",
    "p_v_reset",     "p_delta_T",     "p_adaptation_current", "p_adaptation_spike"};

/// The recordings' losses: sum(v^2) of what does not spike; sum(cz z) + sum(v^2) / 2, and the same
/// of an adaptation, of what does.
template <class T>
void differentiate(golden::trial<T>& trial, std::string const& layer, variant const& one,
                   std::function<void()> const& set_states) {
    std::vector<typename golden::trial<T>::arriving> arriving;
    bool const spikes = one.has("cz");
    for (char const* const state : {"v", "a"}) {
        if (one.meta.at("loss").get<std::string>().find(state + std::string("**2")) ==
            std::string::npos)
            continue;
        auto values = trial.trace_of(layer, state);
        if (!spikes)
            for (T& value : values) value *= 2;
        arriving.push_back({layer, state, values});
    }
    if (spikes)
        arriving.push_back(
            {layer, "spikes", {one.input("cz").values.begin(), one.input("cz").values.end()}});
    trial.differentiate(one.input("x").values, arriving, set_states);
    trial.input_gradient("grad_x");
    for (char const* const key : {"grad_W", "grad_W_in"})
        trial.parameter_gradient(key, "linear 1", "weight");
    trial.parameter_gradient("grad_W_rec", "recurrent 1", "weight");
    for (std::string const state : {"v", "i", "a"})
        trial.state_gradient("grad_" + state + "0", layer, state);
}

/// Holds everything of one variant of a population `layer`, behind weights, if the network has any,
/// against the recording. `unused`: parameters that norse passes to a neuron that has no use for
/// them. Returns what sets the states that it begins with.
template <class T>
std::function<void()> check(golden::trial<T>& trial, std::string const& layer, variant const& one,
                            bool elementwise, std::set<std::string> const& unused) {
    array const& x = one.input("x");
    if (elementwise) trial.exact_in_strict();
    auto& model = trial.model();
    std::map<std::string, std::string> const states{
        {"v0", "v"}, {"i0", "i"}, {"a0", "a"}, {"z0", "spikes"}};
    for (auto const& [key, values] : one.in) {
        INFO("variant " << one.name << ", input " << key);
        if (key == "x" || key == "cz") continue;
        if (key == "W" || key == "W_in") {
            model.set("linear 1", "weight", values.values);
        } else if (key == "W_rec") {
            model.set("recurrent 1", "weight", values.values);
        } else if (norse_parameters.contains(key)) {
            if (!unused.contains(key)) trial.parameter(layer, our_name(key), values);
        } else {
            REQUIRE(states.contains(key));
        }
    }
    auto const set_states = [states, layer, &one, &trial,
                             &model] { // after the parameters: the others begin at rest
        if (layer.starts_with("lif_adex"))
            model.set_state(layer, "v", 0.0); // as norse's step functions do when they get no state
        for (auto const& [key, values] : one.in)
            if (states.contains(key)) trial.state(layer, states.at(key), values);
    };
    for (char const* const state : {"v", "i", "a"})
        if (*state == 'v' || trial.expected().contains(state)) model.record(layer, state);
    if (trial.expected().contains("z")) model.record(layer, "spikes");
    set_states();
    trial.run(x.values);
    for (char const* const state : {"v", "i", "a"}) trial.states(layer, state, state);
    trial.spikes(layer, "z");
    if (trial.expected().contains("W_rec_used"))
        trial.compare("W_rec_used", model.get("recurrent 1", "weight"));
    differentiate(trial, layer, one, set_states);
    trial.all_seen();
    return set_states;
}

enum class runs { over_time, as_a_cell_too };
template <class T, runs As, class Network>
void run_variant(Network network, std::string const& layer, variant const& one,
                 golden::tally& counts, bool elementwise,
                 std::set<std::string> const& unused = {}) {
    array const& x = one.input("x"); // [T, B, N]
    golden::trial<T> trial(network, one, static_cast<int>(x.shape.at(0)),
                           static_cast<int>(x.shape.at(1)), counts);
    auto const set_states = check(trial, layer, one, elementwise, unused);
    if constexpr (As == runs::as_a_cell_too) {
        trial.model().reset();
        set_states();
        trial.run_as_cell(network, x.values);
    }
}

/// Calls f(surrogate) for the one that a recording names; `Every`: not only SuperSpike's.
template <bool Every, class Function>
void with_surrogate(variant const& one, Function const& f) {
    if (!one.meta.contains("method")) return f(superspike<100>);
    std::string const method = one.meta.at("method");
    double const alpha = one.meta.at("alpha");
    if (method == "super" && alpha == 100) return f(superspike<100>);
    if (method == "super" && alpha == 10) return f(superspike<10>);
    if constexpr (Every) {
        if (method == "triangle" && alpha == 0.3)
            return f(triangle<0.3f>); // norse holds it as float
        if (method == "tanh" && alpha == 5) return f(tanh_slope<5>);
        if (method == "circ" && alpha == 0.5) return f(circle<0.5>);
        if (method == "heavi_erfc" && alpha == 2) return f(gaussian_error<2>);
    }
    FAIL("surrogate " << method << " " << alpha << " of variant " << one.name
                      << " is not known here");
}

/// `network`: a network, or what makes one from a surrogate.
template <runs As, bool Every = false, class Network>
void run_file(char const* file, Network network, std::string const& layer, bool elementwise,
              std::set<std::string> const& unused = {}) {
    golden::tally counts;
    for (variant const& one : golden::read(file)) {
        golden::each_precision([&](auto number) {
            using T = decltype(number);
            if constexpr (layer_word<Network>) {
                run_variant<T, As>(network, layer, one, counts, elementwise, unused);
            } else {
                with_surrogate<Every>(one, [&](auto surrogate) {
                    // All of them in float: golden_surrogates_test.
                    if constexpr (std::is_same_v<T, double> ||
                                  std::is_same_v<decltype(surrogate),
                                                 std::remove_const_t<decltype(superspike<100>)>>)
                        run_variant<T, As>(network(surrogate), layer, one, counts, elementwise,
                                           unused);
                });
            }
        });
        ++counts.variants;
    }
    counts.print(file);
}

} // namespace

TEST_CASE("norse: leaky integrators") {
    run_file<runs::over_time>("norse_li.h5", input<6> >> li(rates), "li 1", true);
    run_file<runs::as_a_cell_too>("norse_li_cell.h5", input<7> >> li(rates), "li 1", true);
    run_file<runs::as_a_cell_too>("norse_li_linear_cell.h5",
                                  input<9> >> linear<6>(no_bias) >> li(rates), "li 1", false);
}

TEST_CASE("norse: LIF over time and as a cell") {
    run_file<runs::over_time, true>(
        "norse_lif.h5", [](auto surrogate) { return input<6> >> lif(rates, surrogate); }, "lif 1",
        true);
    run_file<runs::as_a_cell_too>("norse_lif_cell.h5", input<6> >> lif(rates), "lif 1", true);
}

TEST_CASE("norse: recurrent LIF, with autapses and without") {
    auto const run_both = []<runs As>(std::integral_constant<runs, As>, char const* file) {
        golden::tally counts;
        for (variant const& one : golden::read(file)) {
            golden::each_precision([&](auto number) {
                using T = decltype(number);
                constexpr auto before = input<10> >> linear<8>(no_bias);
                if (one.meta.at("autapses").get<int>() != 0) {
                    run_variant<T, As>(before >> recurrent(lif(rates, detached), with_autapses),
                                       "lif 1", one, counts, false);
                } else {
                    run_variant<T, As>(before >> recurrent(lif(rates, detached)), "lif 1", one,
                                       counts, false);
                }
            });
            ++counts.variants;
        }
        counts.print(file);
    };
    run_both(std::integral_constant<runs, runs::over_time>{}, "norse_lif_recurrent.h5");
    run_both(std::integral_constant<runs, runs::as_a_cell_too>{}, "norse_lif_recurrent_cell.h5");
}

TEST_CASE("norse: adaptive exponential LIF") {
    run_file<runs::over_time>(
        "norse_lif_adex_ff.h5",
        [](auto surrogate) { return input<6> >> lif_adex(rates, surrogate); }, "lif_adex 1", false);
    run_file<runs::over_time>("norse_lif_adex_step.h5",
                              input<10> >> linear<6>(no_bias) >>
                                  recurrent(lif_adex(rates), with_autapses),
                              "lif_adex 1", false);
    run_file<runs::over_time>("norse_lif_adex_enc.h5", input<6> >> lif_adex_encoder(rates, compat),
                              "lif_adex_encoder 1", false, {"p_tau_syn_inv"});
}

TEST_CASE("norse: whole networks") {
    golden::tally counts;
    for (variant const& one : golden::read("norse_network.h5")) {
        auto const run = [&]<class T>(T, auto network) {
            array const& x = one.input("x");
            golden::trial<T> trial(network, one, static_cast<int>(x.shape[0]),
                                   static_cast<int>(x.shape[1]), counts);
            auto& model = trial.model();
            for (auto const& [key, values] : one.in) {
                INFO("input " << key);
                if (key == "x" || key == "target") continue;
                if (key == "W_rec") {
                    model.set("recurrent 1", "weight", values.values);
                } else {
                    REQUIRE((key == "W1" || key == "W2" || key == "b1" || key == "b2"));
                    model.set("linear " + key.substr(1), key[0] == 'W' ? "weight" : "bias",
                              values.values);
                }
            }
            model.record("lif 1", "spikes");
            model.record("lif 1", "v");
            model.record("lif 1", "i");
            model.record("li 1", "i");
            trial.run(x.values);
            trial.spikes("lif 1", "z1");
            trial.states("lif 1", "v", "v1");
            trial.states("lif 1", "i", "i1");
            trial.states("li 1", "i", "i2");
            trial.outputs("out");
            trial.maxima("ce_max/logits", "ce_max/argmax_t");
            auto const gradients = [&](std::string const& loss) {
                for (std::string const n : {"1", "2"}) {
                    trial.parameter_gradient(loss + "/grad_W" + n, "linear " + n, "weight");
                    if (one.has("b" + n))
                        trial.parameter_gradient(loss + "/grad_b" + n, "linear " + n, "bias");
                }
                if (one.has("W_rec"))
                    trial.parameter_gradient(loss + "/grad_W_rec", "recurrent 1", "weight");
                trial.input_gradient(loss + "/grad_x");
            };
            auto twice = trial.trace_of_output();
            for (T& value : twice) value *= 2;
            trial.differentiate(x.values, {{"li 1", "output", twice}}, [] {});
            gradients("sumsq");
            trial.differentiate_cross_entropy(network, x.values, one.input("target").values);
            gradients("ce_max");
            trial.all_seen();
        };
        golden::each_precision([&](auto number) {
            if (one.has("W_rec")) {
                run(number, input<40> >> linear<32>(no_bias) >> recurrent(lif(rates, detached)) >>
                                linear<10>(no_bias) >> li(rates));
            } else {
                run(number, input<40> >> linear<32> >> lif(rates) >> linear<10> >> li(rates));
            }
        });
        ++counts.variants;
    }
    counts.print("norse_network.h5");
}
