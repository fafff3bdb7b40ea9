// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// What a NIR file leaves open, as options of a command; and as words again.

#include <CLI/CLI.hpp>
#include <map>
#include <spikefuse/io/nir_choices.hpp>
#include <string>

namespace nir_tool {

namespace nir = spikefuse::nir;

// Every choice in one place: the option, its words, what it asks. visit(option, question, words,
// member of nir::choices).
template <class Choices, class Visit>
void each_choice(Choices& all, Visit const& visit) {
    using namespace spikefuse::nir;
    visit(
        "--reset", "what a spike does to the membrane",
        std::map<std::string, resets>{{"value", resets::to_value}, {"subtract", resets::subtract}},
        all.reset);
    visit("--reset-at", "when it does that",
          std::map<std::string, moments>{{"once", moments::at_once},
                                         {"next-step", moments::next_step}},
          all.moment);
    visit("--current", "which synaptic current the membrane of a Cuba neuron reads",
          std::map<std::string, currents>{{"after", currents::after}, {"before", currents::before}},
          all.current);
    visit("--integrate", "I and IF: r x a second, or a step",
          std::map<std::string, integrators>{{"second", integrators::per_second},
                                             {"step", integrators::per_step}},
          all.integrator);
    visit("--fires", "above the threshold, or at it too",
          std::map<std::string, firings>{{"above", firings::above}, {"at", firings::at}},
          all.fires);
    visit("--start", "where membranes begin: 0, or v_leak",
          std::map<std::string, starts>{{"zero", starts::zero}, {"leak", starts::leak}}, all.start);
    visit("--decay", "by dt / tau a step, or by 1 - exp(-dt / tau)",
          std::map<std::string, integrations>{{"euler", integrations::euler},
                                              {"exp", integrations::exponential}},
          all.integration);
    visit("--loops", "a Delay in a cycle stands for its step, or for one step more",
          std::map<std::string, loops>{{"delays", loops::delays}, {"late", loops::late}}, all.loop);
}

inline void add_choices(CLI::App& command, nir::choices& into) {
    command
        .add_option("--dt", into.dt,
                    "seconds a step (1: the file counts in steps); NIR files do not hold it")
        ->required()
        ->check(CLI::PositiveNumber)
        ->group("What the file leaves open");
    each_choice(
        into, [&](char const* option, char const* question, auto const& words, auto& member) {
            std::string text = question, sep = ": ";
            for (auto const& [word, value] : words) {
                text += sep + word + (value == member ? " (default)" : "");
                sep = ", ";
            }
            command
                .add_option_function<std::string>(
                    option, [&member, words](std::string const& word) { member = words.at(word); },
                    text)
                ->check(CLI::IsMember(words))
                ->type_name("WORD")
                ->group("What the file leaves open");
        });
}

// The choices as a line an option: what was chosen, and what for.
inline std::string said_of(nir::choices const& chosen, std::string const& before) {
    std::string text;
    each_choice(chosen, [&](char const* option, char const* question, auto const& words,
                            auto const& member) {
        for (auto const& [word, value] : words)
            if (value == member)
                text += before + (option + 2) + " = " + word + ": " + question + "\n";
    });
    return text;
}

} // namespace nir_tool
