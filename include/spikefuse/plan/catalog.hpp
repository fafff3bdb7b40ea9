// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a network has that people call by name: layers, states, traces, and where each lies. It is
/// data, of one type for all networks: code that works by name is compiled once, and not once for
/// each network.

#include "layout.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

struct layer_entry {
    std::string_view kind;       // "lif"
    bool mixes;                  // weights; otherwise neurons, or another pointwise layer
    std::size_t parameters_at;   // elements, from the beginning of the parameters
    nir_mapping const* exchange; // how NIR calls it
};
/// A state of a layer's neurons, or the row that a loop feeds back.
struct state_entry {
    int layer;
    std::string_view name;
    std::size_t offset; // elements, from the beginning of a sample
    std::size_t width;
    bool bits;
};
/// What of a layer can be recorded.
struct trace_entry {
    int layer;
    std::string_view name;
    std::size_t slot;
    std::size_t width;
    bool bits, is_output;
};

struct catalog {
    std::span<layer_entry const> layers;
    std::span<state_entry const> states;
    std::span<trace_entry const> traces;
    std::size_t parameters; // elements
    std::size_t memory;     // elements that a sample keeps between calls
    std::size_t slots;      // of traces
};

/// "linear 1", "lif 1", "linear 2": the kind, and which of its kind.
inline std::vector<std::string> layer_names(std::span<layer_entry const> layers) {
    std::vector<std::string> names;
    for (std::size_t k = 0; k < layers.size(); ++k) {
        int ordinal = 1;
        for (std::size_t j = 0; j < k; ++j) ordinal += layers[j].kind == layers[k].kind ? 1 : 0;
        names.push_back(std::string(layers[k].kind) + " " + std::to_string(ordinal));
    }
    return names;
}

/// Writes text, or, without a place to write, counts its letters.
struct letter_writer {
    char* to = nullptr;
    std::size_t size = 0;

    constexpr void put(std::string_view words) {
        for (char const letter : words) {
            if (to != nullptr) to[size] = letter;
            ++size;
        }
    }
    constexpr void put(int number) {
        if (number >= 10) put(number / 10);
        char const digit = static_cast<char>('0' + number % 10);
        put(std::string_view(&digit, 1));
    }
};

/// "spikes", of the step before, "spikes 2 steps ago" ...; of numbers "output".
template <bool Bits, int Ago>
inline constexpr auto kept_row_letters = [] {
    std::array<char, 40> letters{};
    letter_writer to{letters.data()};
    to.put(Bits ? "spikes" : "output");
    if (Ago > 1) to.put(" "), to.put(Ago), to.put(" steps ago");
    return letters;
}();
template <bool Bits, int Ago>
inline constexpr std::string_view kept_row_name = kept_row_letters<Bits, Ago>.data();

/// The catalog of a network in number type T.
template <class Schedule, class T>
class catalog_of {
    using offsets = layout<Schedule, T>;
    static constexpr std::size_t count = static_cast<std::size_t>(Schedule::layer_count);

    template <class Word>
    static constexpr layer_entry entry(std::size_t parameters_at) {
        return {Word::kind::text(), Word::mixes, parameters_at, &nir_mapping_of<Word>};
    }
    static constexpr auto slots =
        static_cast<std::size_t>(offsets::template record_slot<Schedule::layer_count>());
    static constexpr std::size_t kept_row_count = [] {
        std::size_t rows = 0;
        mp11::mp_for_each<typename Schedule::buffers>([&](auto one) { rows += one.kept; });
        return rows;
    }();
    /// Found in one walk over the layers and one over the stages; there are at most so many.
    struct entries {
        std::array<state_entry, slots + kept_row_count> states{};
        std::array<trace_entry, slots> traces{};
        std::size_t state_count = 0, trace_count = 0;
    };
    template <int L>
    static constexpr void add_layer(entries& found) {
        using word = typename Schedule::template word<L>;
        if constexpr (neuron_layer<word>) {
            using about = equations::equation_traits<typename word::equations_of>;
            constexpr auto width = static_cast<std::size_t>(Schedule::template width_from<L>);
            std::size_t offset = offsets::template kept_states_at<L>;
            auto slot = static_cast<std::size_t>(offsets::template record_slot<L>());
            auto const add = [&](std::string_view name) {
                found.states[found.state_count++] = {L, name, offset, width, false};
                found.traces[found.trace_count++] = {L, name, slot++, width, false, false};
                offset += width;
            };
            [&]<class... State>(mp11::mp_list<State...>) {
                (add(State::name::text()), ...);
            }(typename about::states{});
            found.traces[found.trace_count++] = {
                L, about::emits_bits ? "spikes" : "output", slot, width, about::emits_bits, true};
        }
    }
    // What a loop feeds back belongs to the layer that gave it.
    template <int Width, class Feeds, class... Points, int Target>
    static constexpr void add_rows(entries& found,
                                   stage<Width, Feeds, mp11::mp_list<Points...>, Target>) {
        if constexpr (Target >= 0 && sizeof...(Points) > 0) {
            using self = typename Schedule::template buffer_at<Target>;
            mp11::mp_for_each<mp11::mp_iota_c<static_cast<std::size_t>(self::kept)>>([&](auto k) {
                constexpr int ago = static_cast<int>(k) + 1;
                found.states[found.state_count++] = {mp11::mp_back<mp11::mp_list<Points...>>::value,
                                                     kept_row_name<self::bits, ago>,
                                                     offsets::template kept_row_at<Target>(ago),
                                                     static_cast<std::size_t>(Width), self::bits};
            });
        }
    }

    static constexpr entries all = []<std::size_t... L>(std::index_sequence<L...>) {
        entries found{};
        (add_layer<static_cast<int>(L)>(found), ...);
        mp11::mp_for_each<typename Schedule::stages>([&](auto one) { add_rows(found, one); });
        return found;
    }(std::make_index_sequence<count>{});

  public:
    static constexpr std::array<layer_entry, count> layers =
        []<std::size_t... L>(std::index_sequence<L...>) {
            return std::array<layer_entry, count>{
                entry<typename Schedule::template word<static_cast<int>(L)>>(
                    offsets::template parameter_offset<static_cast<int>(L)>)...};
        }(std::make_index_sequence<count>{});

    static constexpr catalog value{layers,
                                   std::span<state_entry const>(all.states.data(), all.state_count),
                                   std::span<trace_entry const>(all.traces.data(), all.trace_count),
                                   offsets::parameter_total,
                                   offsets::memory_total,
                                   slots};
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan

namespace spikefuse::inline SPIKEFUSE_ABI {

/// How many parameters a network has: weights, biases, and what neurons have one number of each. Of
/// those that hold at zero (no autapses) too.
template <layer_word Network>
constexpr std::size_t parameter_count(Network const& network) {
    using stages = detail::plan::schedule<Network, false>;
    std::size_t count = 0;
    each_layer(network, [&](auto l, auto const& word) {
        for (array_info const& one : stages::template arrays_of<static_cast<int>(l)>(word))
            count += static_cast<std::size_t>(one.rows) *
                     static_cast<std::size_t>(one.columns == 0 ? 1 : one.columns);
    });
    return count;
}

} // namespace spikefuse::inline SPIKEFUSE_ABI
