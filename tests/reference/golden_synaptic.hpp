// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// snnTorch's Synaptic beside its recordings.
#include "golden.hpp"

namespace synaptic_recordings {

using namespace spikefuse;
using golden::array, golden::variant;

template <class Neuron, class Policy, class Function>
void with(Neuron neuron, bool wanted, Policy policy, Function const& f) {
    if (wanted) return f(neuron(policy));
    f(neuron);
}

template <class T>
void check(golden::trial<T> trial, variant const& one) {
    array const& x = one.input("x");
    trial.exact_in_strict();
    auto& model = trial.model();
    // One winner's spike is not scaled: its reset alone asks for the factor.
    bool const used = one.meta.at("inhibition") == 0 ||
                      (one.meta.at("reset_delay") == 0 && one.meta.at("reset_mechanism") != "none");
    for (auto const& [key, values] : one.in) {
        INFO("variant " << one.name << ", input " << key);
        if (key == "x" || key == "cs" || key == "syn0" || key == "mem0") continue;
        if (key == "graded_spikes_factor") {
            if (used) trial.parameter("synaptic 1", key, values);
        } else if (key == "quant_levels") {
            trial.parameter("synaptic 1", "quantisation_levels", values);
        } else {
            REQUIRE((key == "p_alpha" || key == "p_beta" || key == "p_threshold"));
            trial.parameter("synaptic 1", key.substr(2), values);
        }
    }
    auto const set_states = [&] {
        for (std::string const state : {"syn", "mem"})
            if (one.has(state + "0")) trial.state("synaptic 1", state, one.input(state + "0"));
    };
    for (char const* const state : {"syn", "mem"}) model.record("synaptic 1", state);
    set_states();
    trial.run(x.values);
    trial.outputs("spk", "TBN", true);
    trial.states("synaptic 1", "syn", "syn");
    trial.states("synaptic 1", "mem", "mem");
    std::vector<typename golden::trial<T>::arriving> const arriving{
        {"synaptic 1", "syn", trial.trace_of("synaptic 1", "syn")},
        {"synaptic 1", "mem", trial.trace_of("synaptic 1", "mem")},
        {"synaptic 1", "", {one.input("cs").values.begin(), one.input("cs").values.end()}}};
    trial.differentiate(x.values, arriving, set_states);
    trial.input_gradient("grad_x");
    for (std::string const name : {"alpha", "beta", "threshold"})
        trial.parameter_gradient("grad_" + name, "synaptic 1", name);
    for (std::string const name : {"syn", "mem"})
        trial.state_gradient("grad_" + name + "0", "synaptic 1", name);
    trial.all_seen();
}

/// Calls f(neuron) for the one that a variant's meta describes; `slips`: as snnTorch 0.9.1 with
/// explicit states. What is never reset is not reset at once, either.
template <bool Resets, class Neuron, class Function>
void neuron_of(Neuron with_its_reset, variant const& one, bool slips, Function const& f) {
    [[maybe_unused]] bool const at_once_asked = one.meta.at("reset_delay").get<int>() == 0,
                                inhibited = one.meta.at("inhibition").get<int>() != 0;
    if (slips) {
        REQUIRE(!one.has("quant_levels"));
        REQUIRE(!one.has("graded_spikes_factor"));
        return with(with_its_reset(compat, at_once), inhibited, one_winner, f);
    }
    auto const in_its_time = [&](auto const& go_on) {
        if constexpr (Resets) {
            with(with_its_reset, at_once_asked, at_once, go_on);
        } else {
            go_on(with_its_reset);
        }
    };
    in_its_time([&](auto in_time) {
        with(in_time, inhibited, one_winner, [&](auto neuron) {
            if (one.has("quant_levels")) {
                REQUIRE(one.input("quant_levels").values.size() == 16);
                f(neuron(quantised_to<16>));
            } else {
                with(neuron, one.has("graded_spikes_factor"), graded, f);
            }
        });
    });
}

/// The variants of both files whose reset is `reset`, which `neuron` has. (A program for each
/// reset: they are many.)
template <bool Resets = true, class Neuron>
void run_files(std::string const& reset, Neuron with_its_reset) {
    for (char const* const file : {"snntorch_synaptic_head.h5", "snntorch_synaptic_v091.h5"}) {
        golden::tally counts;
        for (variant const& one : golden::read(file)) {
            auto const named = one.meta.at("reset_mechanism").get<std::string>();
            INFO("variant " << one.name << ", reset " << named);
            REQUIRE((named == "subtract" || named == "zero" || named == "none"));
            if (named != reset) continue;
            // What 0.9.1 got wrong concerns explicit states; `hidden` ones it computed as later
            // versions do.
            bool const slips = std::string(file).find("v091") != std::string::npos &&
                               one.meta.at("mode").get<std::string>() != "hidden";
            neuron_of<Resets>(with_its_reset, one, slips, [&](auto neuron) {
                golden::each_precision([&](auto number) {
                    auto const& shape = one.input("x").shape; // [T, B, N]
                    check<decltype(number)>({input<5> >> neuron, one, static_cast<int>(shape.at(0)),
                                             static_cast<int>(shape.at(1)), counts},
                                            one);
                });
            });
            ++counts.variants;
        }
        counts.print((std::string(file) + ", reset " + reset).c_str());
    }
}

} // namespace synaptic_recordings
