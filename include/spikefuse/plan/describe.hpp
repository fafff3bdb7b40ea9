// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// `describe(network)`: the plan in words. Order, fusion, where each number lives, bytes, launches.

#include "catalog.hpp"

#include <cmath>
#include <cstdio>
#include <ostream>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {

inline std::string percent(double share) { return std::to_string(std::lround(100 * share)) + " %"; }
inline std::string readable_bytes(double bytes) {
    char text[32];
    if (bytes < 1024) {
        std::snprintf(text, sizeof text, "%.0f B", bytes);
    } else if (bytes < 1024 * 1024) {
        std::snprintf(text, sizeof text, "%.1f KiB", bytes / 1024);
    } else {
        std::snprintf(text, sizeof text, "%.1f MiB", bytes / 1024 / 1024);
    }
    return text;
}

template <class Word>
std::string state_names() {
    std::string text;
    if constexpr (neuron_layer<Word>) {
        [&]<class... State>(plan::mp11::mp_list<State...>) {
            ((text += (text.empty() ? "" : ", ") + std::string(State::name::text())), ...);
        }(typename equations::equation_traits<typename Word::equations_of>::states{});
    }
    return text;
}

template <class Network, class T>
struct description {
    using Schedule =
        plan::schedule<Network, false>; // of values; a network may take packed spikes, too
    using offsets = plan::layout<Schedule, T>;
    std::vector<std::string> names = plan::layer_names(plan::catalog_of<Schedule, T>::layers);
    std::string text;

    void line(std::string const& words) { text += words + "\n"; }

    static std::string steps_ago(int steps) {
        return steps == 0   ? ""
               : steps == 1 ? " a step ago"
                            : " " + std::to_string(steps) + " steps ago";
    }
    static std::string kept_rows(int rows) {
        return rows == 0   ? ")"
               : rows == 1 ? ", the last one kept)"
                           : ", the last " + std::to_string(rows) + " kept)";
    }
    template <class Shape>
    static std::string shape_words(Shape) {
        return std::to_string(Shape::width);
    }
    template <int C, int H, int W>
    static std::string shape_words(image_shape<C, H, W>) {
        return "image [" + std::to_string(C) + ", " + std::to_string(H) + ", " + std::to_string(W) +
               "]";
    }
    template <class First, class... More>
    static std::string shape_words(joined_shape<First, More...>) {
        return (shape_words(First{}) + ... + (" | " + shape_words(More{})));
    }
    /// Of a buffer's columns only some: "input [5, 8)".
    template <class Source>
    static std::string columns() {
        return Source::whole ? ""
                             : " [" + std::to_string(Source::first) + ", " +
                                   std::to_string(Source::first + Source::taken) + ")";
    }
    template <class Feed>
    std::string feed_words() const {
        std::string from;
        [&]<class... Source>(plan::mp11::mp_list<Source...>) {
            ((from += (from.empty() ? "" : " + ") +
                      (Source::buffer == 0 ? std::string("input")
                                           : "buffer " + std::to_string(Source::buffer)) +
                      columns<Source>() + steps_ago(Source::delay) +
                      (Source::each == 1 ? "" : ", each to " + std::to_string(Source::each))),
             ...);
        }(typename Feed::sources{});
        if constexpr (Feed::layer == plan::no_layer) {
            return from;
        } else {
            return from + " -> " + names[Feed::layer];
        }
    }
    template <class... Nodes>
    void node(int& number, plan::mp11::mp_identity<plan::loop<Nodes...>>,
              std::string const& indent) {
        line(indent + "step by step:");
        (node(number, plan::mp11::mp_identity<Nodes>{}, indent + "  "), ...);
    }
    template <class Node>
    void node(int& number, plan::mp11::mp_identity<Node>, std::string const& indent) {
        ++number;
        std::string words;
        [&]<class... Feed>(plan::mp11::mp_list<Feed...>) {
            ((words += (words.empty() ? "" : " + ") + feed_words<Feed>()), ...);
        }(typename Node::feeds{});
        std::string states;
        plan::mp11::mp_for_each<typename Node::points>([&](auto layer) {
            words += " -> " + names[layer()];
            std::string const held = state_names<typename Schedule::template word<layer()>>();
            if (!held.empty())
                states += (states.empty() ? "" : "; ") + names[layer()] + ": " + held;
        });
        if constexpr (Node::target == plan::readout) {
            words += " -> readout";
        } else {
            using to = typename Schedule::template buffer_at<Node::target>;
            words += " -> buffer " + std::to_string(Node::target) +
                     (to::bits ? " (bits, " : " (values, ") +
                     readable_bytes(static_cast<double>(offsets::template row_bytes<to>)) +
                     " a step" + kept_rows(to::kept);
        }
        line(indent + "stage " + std::to_string(number) + "  [" + std::to_string(Node::width) +
             "]  " + words);
        if (!states.empty()) line(indent + "          registers: " + states);
    }

    std::string write() {
        line("network: " + shape_words(typename Schedule::input_shape{}) + " -> " +
             std::to_string(Schedule::outputs) + ", " + std::to_string(Schedule::layer_count) +
             " layers, " + (sizeof(T) == 4 ? "float" : "double"));
        line("launches a run: 1, whatever the steps, samples and layers");
        int number = 0;
        plan::mp11::mp_for_each<
            plan::mp11::mp_transform<plan::mp11::mp_identity, typename Schedule::nodes>>(
            [&](auto one) { node(number, one, "  "); });
        line(looked_up_above<T> == 1
                 ? "  rows of spikes: listed"
                 : "  rows of spikes: listed up to " + percent(looked_up_above<T>) +
                       " of the inputs, above that looked up, " +
                       std::to_string(looked_up_together<T>) + " at a time; in loops listed");
        line(lanes<T>::width == 1
                 ? std::string("  rows of values: a dense product")
                 : "  rows of values: listed up to " + percent(multiplied_above<T>) +
                       ", above that a dense product");
        constexpr int of_values = offsets::block_steps,
                      of_spikes = plan::layout<plan::schedule<Network, true>, T>::block_steps;
        line("  steps at a time: " + std::to_string(of_values) +
             (of_spikes == of_values ? "" : ", of packed spikes " + std::to_string(of_spikes)) +
             "; a register holds " + std::to_string(lanes<T>::width) +
             (lanes<T>::width == 1 ? " neuron" : " neurons"));
        line("  planned for " + readable_bytes(static_cast<double>(offsets::cache_budget)) +
             " of near caches a core (SPIKEFUSE_NEAR_CACHES), of which rows between stages take " +
             readable_bytes(static_cast<double>(offsets::row_budget)));
        constexpr std::size_t work = offsets::work_of_step == 0 ? 1 : offsets::work_of_step,
                              each = (offsets::share_of_work + work - 1) / work;
        line("  threads on one sample: at most one for each " +
             (each == 1 ? "step" : std::to_string(each) + " steps") +
             " of a run (SPIKEFUSE_SHARE_OF_WORK)");
        line("parameters: " +
             readable_bytes(static_cast<double>(offsets::parameter_total * sizeof(T))) +
             "; state a sample: " +
             readable_bytes(static_cast<double>(offsets::memory_total * sizeof(T))) +
             "; scratch a team: " + scratch_of<offsets>());
        using training = plan::layout<Schedule, T, true>;
        line("training: 1 launch, on a device 2 or, of spikes, 3, and 1 that copies weights; "
             "tape: " +
             readable_bytes(static_cast<double>(offsets::entry_total * sizeof(T))) +
             " a sample and " + std::to_string(training::block_steps) + " steps, and " +
             readable_bytes(static_cast<double>(training::kept_currents * sizeof(T))) +
             " a sample and step for currents while they fit; scratch a team: " +
             scratch_of<training>() + ", and on the host that of a run");
        line("scratch of a sample, in order: " + map_of(offsets::scratch));
        line("in training: " + map_of(training::scratch));
        return text;
    }
    /// "states 128 B, readout 64 B": what is not empty.
    static std::string map_of(plan::memory_map const& map) {
        std::string all;
        for (std::size_t k = 0; k < map.sizes.size(); ++k)
            if (map.sizes[k] != 0)
                all += (all.empty() ? "" : ", ") + std::string(plan::region_names[k]) + " " +
                       readable_bytes(static_cast<double>(map.sizes[k]));
        return all;
    }
    template <class Places>
    static std::string scratch_of() {
        std::string all = readable_bytes(static_cast<double>(Places::scratch_total));
        std::string const lists = readable_bytes(static_cast<double>(Places::lists::total));
        if constexpr (Places::lists::of_threads) all += " and " + lists + " a thread";
        if constexpr (Places::lists::near) all += " and, shared, " + lists;
        return all;
    }
};

} // namespace detail

/// The plan of a network, for reading: `std::cout << describe(network)`.
template <class T = float, layer_word Network>
std::string describe(Network const&) {
    return detail::description<Network, T>{}.write();
}

} // namespace spikefuse::inline SPIKEFUSE_ABI
