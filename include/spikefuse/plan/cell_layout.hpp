// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What one body keeps between the steps of a cell, and which networks a thread can run alone.

#include "names.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

/// What a thread has room for: inputs or neurons of a layer, and states of a body.
inline constexpr int widest_of_cell = 512, states_of_cell = 1024;

/// A compiler's message shows the layer and its size.
template <bool Fits, auto Layer, int Size>
struct layer_fits_a_thread {
    static_assert(Fits, "spikefuse: a layer of this network is too large for a cell, which one "
                        "thread runs: up to 512 inputs or neurons a layer, and 1024 states a body. "
                        "This message shows the layer, and its inputs, neurons or states. Call the "
                        "network from the host: network.step(input), one launch for all bodies.");
    static constexpr bool is_said = true;
};
template <bool Dense, auto Layer>
struct layer_is_no_image {
    static_assert(Dense, "spikefuse: a cell, which one thread runs, has no memory for convolutions "
                         "and pools (this message shows which). Call the network from the host, "
                         "network.step(input), or by teams, network.on_team().");
    static constexpr bool is_said = true;
};
template <bool Alone, auto Layer>
struct layer_keeps_its_own_state {
    static_assert(Alone, "spikefuse: this message shows a layer that gives all samples the state "
                         "of the first one (compat), which a cell, with one body, does not see. "
                         "Leave out compat, or call the network from the host: "
                         "network.step(input).");
    static constexpr bool is_said = true;
};
template <bool Found, auto Layer, auto State, auto... Known>
struct there_is_a_state {
    static_assert(Found, "spikefuse: this network has no state of that name. This message shows "
                         "the layer and the state that were asked for, and then those that there "
                         "are: use one of these.");
};

/// A body's memory: `numbers`, states as in a sample's memory, then the rows of numbers that loops
/// feed back and delays read; and `words`, those of spikes. The same for inputs of values and of
/// bits.
template <class Schedule, class T>
struct cell_layout {
    using offsets = layout<Schedule, T>;
    static constexpr int count = Schedule::layer_count, buffer_count = offsets::buffer_count;

    /// Words, or numbers, of a row that a buffer keeps.
    template <int Buffer>
    static constexpr auto row_length =
        static_cast<std::size_t>(offsets::template kept_length<Buffer>);
    template <int Buffer, bool Bits>
    static constexpr std::size_t kept() {
        using self = typename Schedule::template buffer_at<Buffer>;
        return self::bits == Bits ? static_cast<std::size_t>(self::kept) * row_length<Buffer> : 0;
    }
    static constexpr auto value_sums =
        running_sums<buffer_count>([](auto b) { return kept<b, false>(); });
    static constexpr auto word_sums =
        running_sums<buffer_count>([](auto b) { return kept<b, true>(); });
    static constexpr std::size_t state_count = offsets::kept_states,
                                 number_count = state_count + value_sums.before[buffer_count],
                                 word_count = word_sums.before[buffer_count];
    /// Where the rows begin that a buffer keeps: of the step before first. States lie as in a
    /// sample's memory.
    template <int Buffer>
    static constexpr std::size_t row_at =
        Schedule::template buffer_at<Buffer>::bits ? word_sums.before[Buffer]
                                                   : state_count + value_sums.before[Buffer];

    /// Refuses a layer that is too large for a thread.
    template <int Layer>
    static constexpr bool check() {
        constexpr int in = Schedule::template width_into<Layer>,
                      out = Schedule::template width_from<Layer>,
                      states = offsets::template state_arrays<Layer>() * out,
                      wide = in > out ? in : out;
        constexpr bool narrow = wide <= widest_of_cell,
                       fits = number_count <= states_of_cell || Layer != largest;
        if constexpr (!narrow || !fits)
            return layer_fits_a_thread<false,
                                       parameter_names<Schedule, T>::template layer_name<Layer>(),
                                       (narrow ? states : wide)>::is_said;
        return true;
    }
    /// The layer that has most states.
    static constexpr int largest = [] {
        int found = 0;
        std::size_t most = 0;
        for (int l = 0; l < count; ++l)
            if (std::size_t const own =
                    offsets::kept_state_sums.before[l + 1] - offsets::kept_state_sums.before[l];
                own > most)
                most = own, found = l;
        return found;
    }();
};

/// Where a state of a layer lies in a body's memory: numbers, or a row of spikes.
struct cell_state_place {
    std::size_t offset, width;
    bool bits;
};
/// The states of a body by name.
template <class Schedule, class T>
class cell_state_names {
    using own = cell_layout<Schedule, T>;
    using offsets = typename own::offsets;
    using names = parameter_names<Schedule, T>;
    using known = catalog_of<Schedule, T>;

    static constexpr std::size_t find(std::string_view layer, std::string_view name) {
        std::size_t k = 0;
        for (state_entry const& one : known::value.states) {
            if (one.name == name && names::is_layer(static_cast<std::size_t>(one.layer), layer))
                return k;
            ++k;
        }
        return k;
    }
    static constexpr cell_state_place place(std::size_t k) {
        state_entry const& one = known::value.states[k];
        cell_state_place found{one.offset, one.width, one.bits};
        mp11::mp_for_each<mp11::mp_iota_c<static_cast<std::size_t>(own::buffer_count)>>(
            [&](auto b) {
                constexpr int buffer = static_cast<int>(b);
                using self = typename Schedule::template buffer_at<buffer>;
                for (int ago = 1; ago <= self::kept; ++ago)
                    if (one.offset == offsets::template kept_row_at<buffer>(ago))
                        found.offset =
                            own::template row_at<buffer> +
                            static_cast<std::size_t>(ago - 1) * own::template row_length<buffer>;
            });
        return found;
    }
    template <std::size_t K>
    static constexpr auto name_of() {
        constexpr state_entry one = known::value.states[K];
        constexpr auto layer = names::template layer_name<one.layer>();
        text<sizeof(layer.letters) + one.name.size()> all;
        std::size_t size = 0;
        for (char const letter : layer.letters) all.letters[size++] = letter;
        all.letters[size - 1] = ' ';
        for (char const letter : one.name) all.letters[size++] = letter;
        return all;
    }

  public:
    /// Refuses a name that the network does not have.
    template <auto Layer, auto State>
    static constexpr cell_state_place at() {
        constexpr std::size_t k = find(Layer.letters, State.letters);
        if constexpr (k == known::value.states.size()) {
            return [&]<std::size_t... K>(std::index_sequence<K...>) {
                return cell_state_place{
                    sizeof(there_is_a_state<false, Layer, State, name_of<K>()...>), 0, false};
            }(std::make_index_sequence<known::value.states.size()>{});
        } else {
            return place(k);
        }
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
