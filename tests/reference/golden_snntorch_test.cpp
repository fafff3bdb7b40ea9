// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// snnTorch's networks beside its recordings.
#include "golden.hpp"

using namespace spikefuse;
using golden::array, golden::variant;

namespace {

/// The variants of a file whose surrogate is called `surrogate`, in each precision.
template <class... Precision, class Neuron>
void run_network_file(char const* file, char const* surrogate, Neuron neuron) {
    golden::tally counts;
    for (variant const& one : golden::read(file)) {
        auto const named = one.meta.at("surrogate").get<std::string>();
        REQUIRE((named == "atan" || named == "fast_sigmoid_25"));
        if (named != surrogate) continue;
        REQUIRE(one.meta.at("reset_mechanism") == "subtract");
        REQUIRE(one.meta.at("reset_delay") == 1);
        auto const run = [&]<class T>(T) {
            auto const network = input<40> >> linear<32> >> neuron >> linear<10> >> neuron;
            array const& x = one.input("x");
            golden::trial<T> trial(network, one, static_cast<int>(x.shape[0]),
                                   static_cast<int>(x.shape[1]), counts);
            auto& model = trial.model();
            auto const set = [&](auto& of) {
                for (char const* const layer : {"synaptic 1", "synaptic 2"})
                    for (char const* const name : {"alpha", "beta", "threshold"})
                        of.set(layer, name,
                               static_cast<double>(one.meta.at(name).template get<float>()));
                for (auto const& [key, values] : one.in) {
                    INFO("input " << key);
                    if (key == "x" || key == "target") continue;
                    REQUIRE((key == "W1" || key == "W2" || key == "b1" || key == "b2"));
                    of.set("linear " + key.substr(1), key[0] == 'W' ? "weight" : "bias",
                           values.values);
                }
            };
            set(model);
            for (std::string const layer : {"1", "2"})
                for (char const* const what : {"spikes", "mem", "syn"})
                    model.record("synaptic " + layer, what);
            trial.run(x.values);
            for (std::string const layer : {"1", "2"}) {
                trial.spikes("synaptic " + layer, "spk" + layer);
                for (std::string const state : {"mem", "syn"})
                    trial.states("synaptic " + layer, state, state + layer);
            }
            trial.compare_maxima("synaptic 2", "mem", "ce_max/logits", "ce_max/argmax_t");
            auto const gradients = [&](auto& of, std::string const& loss) {
                for (std::string const n : {"1", "2"}) {
                    of.parameter_gradient(loss + "/grad_W" + n, "linear " + n, "weight");
                    of.parameter_gradient(loss + "/grad_b" + n, "linear " + n, "bias");
                }
                of.input_gradient(loss + "/grad_x");
            };
            auto twice = trial.trace_of("synaptic 2", "mem");
            for (T& value : twice) value *= 2;
            trial.differentiate(x.values,
                                {{"synaptic 2", "mem", twice},
                                 {"synaptic 2", "spikes", std::vector<T>(twice.size(), T(1))}},
                                [] {});
            gradients(trial, "sumsq");
            // The cross-entropy looks at the membrane of the last layer, which spikes and
            // resets all the same.
            auto const seen =
                input<40> >> linear<32> >> neuron >> linear<10> >> neuron(membrane_out);
            golden::trial<T> shown(seen, one, static_cast<int>(x.shape[0]),
                                   static_cast<int>(x.shape[1]), counts);
            set(shown.model());
            shown.differentiate_cross_entropy(seen, x.values, one.input("target").values);
            gradients(shown, "ce_max");
            trial.seen_by(shown);
            trial.all_seen();
        };
        (run(Precision{}), ...);
        ++counts.variants;
    }
    REQUIRE(counts.variants > 0);
    counts.print(file);
}

} // namespace

TEST_CASE("snnTorch: whole networks") {
    constexpr auto atan = golden::rounded<arctan_surrogate<>>;
    constexpr auto fast_sigmoid_25 = golden::rounded<fast_sigmoid_surrogate<25>>;
    run_network_file<float, double>("snntorch_network_head.h5", "atan", synaptic(atan));
    // In float: golden_surrogates_test.
    run_network_file<double>("snntorch_network_head.h5", "fast_sigmoid_25",
                             synaptic(fast_sigmoid_25));
    run_network_file<float, double>("snntorch_network_v091.h5", "fast_sigmoid_25",
                                    synaptic(compat, fast_sigmoid_25));
}
