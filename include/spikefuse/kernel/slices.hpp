// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A device's share of a stage: which stages have their outputs sliced over teams, what a slice
/// holds in its team's shared memory, and how a team stands for its part of a sample.

#include "context.hpp"
#include "slice_products.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// The same work on a space whose teams each have a slice of a stage's outputs.
template <class Space>
struct sliced {};

/// A team as kernels see it that run neurons: its threads are those of all slices of the sample, of
/// which this one has some. Neurons do not meet, so on a device nobody waits.
template <class Member>
struct slice_member {
    Member const& team;
    int rank, size; // rank: of this thread's first neuron; from `nobody` on it has none

    static constexpr int nobody = 1 << 28;
    SPIKEFUSE_FUNCTION int team_rank() const { return rank; }
    SPIKEFUSE_FUNCTION int team_size() const { return size; }
    SPIKEFUSE_FUNCTION void team_barrier() const {
        if constexpr (on_the_host) team.team_barrier();
    }
};
/// Its sample: the rows that the stage fills do not lie in scratch.
struct slice_memory {
    unsigned char* scratch; // states, coefficients, readout
    unsigned char* target;  // row 0 of this block in the stage's target

    template <class U>
    SPIKEFUSE_FUNCTION U* at(std::size_t offset) const {
        return reinterpret_cast<U*>(scratch + offset);
    }
    SPIKEFUSE_FUNCTION unsigned char* buffer(std::size_t) const { return target; }
};
template <class Space>
struct teams_on<sliced<Space>> {
    using member = slice_member<typename team_policy<Space>::member_type>;
    using memory = slice_memory;
};

/// Warps of a team that add up, and threads that run neurons.
inline constexpr int adding_warps = 14, neuron_threads = 64;

/// Shared memory of a team on an H100, without what Kokkos keeps for itself, which is more from 5.0
/// on.
inline constexpr std::size_t most_slice_bytes = KOKKOS_VERSION >= 50000 ? 206000 : 224000;

/// What a slice of a stage is, where it can be one: behind one connection over one source, and with
/// weights that shared memory holds; or neurons that read the network's input as
/// it stands.
template <class Schedule, class T, class Node>
struct slices_of {
    static constexpr bool possible = false;
};
template <class Schedule, class T, int Width, int Layer, int Buffer, class Points, int Target>
    requires(Layer != plan::no_layer && !plan::maps_rows<Schedule, Layer>)
struct slices_of<
    Schedule, T,
    plan::stage<Width, plan::mp11::mp_list<plan::feed<Layer, plan::source<Buffer, 0, 0, 1>>>,
                Points, Target>> {
    static constexpr bool adds_up = true;
    static constexpr int rows_ahead = 2; // of currents in shared memory are on their way
    static constexpr int inputs = Schedule::template buffer_at<Buffer>::width, layer = Layer,
                         source = Buffer, width = Width;
    using over = typename Schedule::template over<Layer>;
    static constexpr int padded = plan::round_up(Width, panel_width<T>);

    static constexpr bool of_values = !Schedule::template buffer_at<Buffer>::bits;

    /// Bytes of shared memory: weights [inputs + 1][outputs], currents [2][steps][outputs], and for
    /// each warp the events of some words, or of a whole row if they are few, or what it
    /// multiplies.
    struct choice {
        int outputs, steps, listed_words;
        /// That a warp multiplies: of float half of the warps have more, and read weights less.
        constexpr int rows() const { return steps / adding_warps * (sizeof(T) == 4 ? 2 : 1); }
        constexpr int sums() const {
            return sums_at_once(sizeof(T) * static_cast<std::size_t>(outputs));
        }
        constexpr std::size_t near() const {
            return of_values ? sizeof(T) * 64 * static_cast<std::size_t>(steps)
                             : 2 * static_cast<std::size_t>(adding_warps * sums() *
                                                            (32 * listed_words + 16));
        }
        constexpr std::size_t bytes() const {
            return sizeof(T) * static_cast<std::size_t>(outputs) *
                       static_cast<std::size_t>(inputs + 1 + 2 * steps) +
                   near() + 4 * 64;
        }
        /// A thread's words, at least, are listed at once.
        constexpr bool fits() const {
            return bytes() <= most_slice_bytes && listed_words * 32 * 32 >= inputs * sums();
        }
    };
    static constexpr choice chosen = [] {
        constexpr choice choices[] = {{neuron_threads, 4 * adding_warps, 8}, // rows for all warps
                                      {neuron_threads, 2 * adding_warps, 8},
                                      {neuron_threads, 2 * adding_warps, 4},
                                      {32, 4 * adding_warps, 8},
                                      {32, 2 * adding_warps, 8},
                                      {32, 2 * adding_warps, 6},
                                      {32, 2 * adding_warps, 4}};
        for (choice const& one : choices)
            if (one.fits() && (one.outputs == 32 || padded >= one.outputs)) return one;
        return choices[0]; // none
    }();
    static constexpr int outputs = chosen.outputs, steps = chosen.steps, rows = chosen.rows(),
                         listed_words = chosen.listed_words, listed_events = 32 * listed_words,
                         entries = listed_events + 16;
    static constexpr std::size_t bytes = chosen.bytes();
    static constexpr int count = (padded + outputs - 1) / outputs;
    static constexpr bool possible =
        chosen.fits() && !plan::stage_traits<Schedule>::competes(Points{});

    static constexpr std::size_t currents_at =
        sizeof(T) * static_cast<std::size_t>(outputs) * static_cast<std::size_t>(inputs + 1);
    static constexpr std::size_t near_at =
        plan::line(currents_at + sizeof(T) * 2 * static_cast<std::size_t>(outputs * steps));
};
/// Whether a network is one stage of neurons without weights.
template <class Nodes>
inline constexpr bool neurons_alone = false;
template <int Width, class... Sources, class Points, int Target>
inline constexpr bool neurons_alone<plan::mp11::mp_list<plan::stage<
    Width, plan::mp11::mp_list<plan::feed<plan::no_layer, Sources...>>, Points, Target>>> = true;
/// Threads of a device's team, of which there may be several on a multiprocessor where none adds
/// up.
template <class Schedule>
inline constexpr int slice_threads =
    neurons_alone<typename Schedule::nodes> ? 128 : neuron_threads + 32 * adding_warps;
template <class Schedule>
inline constexpr int teams_together =
    neurons_alone<typename Schedule::nodes> ? 2048 / slice_threads<Schedule> : 1;

template <class Schedule, class T, int Width, class Points, int Target>
struct slices_of<
    Schedule, T,
    plan::stage<
        Width,
        plan::mp11::mp_list<plan::feed<plan::no_layer, plan::source<plan::network_input, 0, 0, 1>>>,
        Points, Target>> {
    static constexpr bool adds_up = false;
    static constexpr int rows_ahead = 4; // from global memory
    static constexpr int padded = plan::round_up(Width, panel_width<T>),
                         most = slice_threads<Schedule>, turns = (padded + most - 1) / most,
                         outputs = plan::round_up((padded + turns - 1) / turns, 32),
                         count = (padded + outputs - 1) / outputs, steps = 64;
    static constexpr std::size_t bytes = 64; // none
    static constexpr bool possible = !plan::stage_traits<Schedule>::competes(Points{});
};
/// The stages of a network that are all sliced: one launch runs them.
template <class Schedule, class T>
struct all_slices {
    using nodes = typename Schedule::nodes;
    static constexpr int count = static_cast<int>(plan::mp11::mp_size<nodes>::value);
    template <int Node>
    using slices = slices_of<Schedule, T, plan::mp11::mp_at_c<nodes, Node>>;
    static constexpr bool possible = [] {
        bool all = true;
        plan::mp11::mp_for_each<nodes>(
            [&](auto node) { all = all && slices_of<Schedule, T, decltype(node)>::possible; });
        return all;
    }();
    /// Whether one of them has weights before the network's input: of an input that is held their
    /// sum is made once, by a team a sample.
    static constexpr bool weighs_input = [] {
        bool any = false;
        plan::mp11::mp_for_each<nodes>([&](auto node) {
            using one = slices_of<Schedule, T, decltype(node)>;
            if constexpr (one::possible)
                if constexpr (one::adds_up) any = any || one::source == plan::network_input;
        });
        return any;
    }();
    static constexpr std::size_t bytes = [] { // of shared memory, for any of them
        std::size_t most = 0;
        plan::mp11::mp_for_each<nodes>([&](auto node) {
            using one = slices_of<Schedule, T, decltype(node)>;
            if constexpr (one::possible) most = one::bytes > most ? one::bytes : most;
        });
        return most;
    }();
    static constexpr auto slice_sums = plan::running_sums<count>([](auto node) {
        using one = slices<static_cast<int>(node)>;
        if constexpr (one::possible) {
            return static_cast<std::size_t>(one::count);
        } else {
            return std::size_t(0);
        }
    });
    template <int Node> // of all stages before it
    static constexpr std::size_t slices_before = slice_sums.before[Node];
    static constexpr std::size_t slice_count = slices_before<count>;
    /// The node that fills a buffer.
    template <int Buffer>
    static constexpr int filled_by = [] {
        int found = -1, k = 0;
        plan::mp11::mp_for_each<nodes>([&](auto node) {
            if constexpr (requires { decltype(node)::target; })
                if (decltype(node)::target == Buffer) found = k;
            ++k;
        });
        return found;
    }();
};
/// Whether they are, where teams have such slices: on a device.
template <class Schedule, class T>
inline constexpr bool is_sliced = [] {
    if constexpr (lanes<T>::width == 1) {
        return all_slices<Schedule, T>::possible;
    } else {
        return false;
    }
}();

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
