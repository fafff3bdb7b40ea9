// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Per-sample parts of a kernel: where rows are, and where the results of a step go.

#include "../../layers/detail/mix.hpp"
#include "../../plan/layout.hpp"
#include "../readout.hpp"
#include "arguments.hpp"
#include "gather.hpp"
#include "slices.hpp"

#include <Kokkos_Core.hpp>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// What identifies a sample inside a kernel: its team, its scratch, its block of steps.
template <class Member>
struct sample_context {
    Member const& team;
    unsigned char* scratch;
    unsigned char* lists;
    int sample;
    int place;      // on the tape
    int first_step; // of this block
    int rows;       // steps in this block

    template <class U>
    SPIKEFUSE_FUNCTION U* at(std::size_t offset) const {
        return reinterpret_cast<U*>(scratch + offset);
    }
    /// Row 0 of a buffer that the layout places there.
    SPIKEFUSE_FUNCTION unsigned char* buffer(std::size_t offset) const { return scratch + offset; }
    template <class U>
    SPIKEFUSE_FUNCTION U* in_lists(std::size_t offset) const {
        return reinterpret_cast<U*>(lists + offset);
    }
};

/// Of which types the teams and contexts of a space are.
template <class Space>
struct teams_on {
    using member = typename team_policy<Space>::member_type;
    using context = sample_context<member>;
};
template <class Space>
struct teams_on<sliced<Space>> {
    using member = slice_member<typename team_policy<Space>::member_type>;
    using context = slice_context<member>;
};

template <class Schedule, class T, input_kind Kind, class Readout, class Space,
          purpose Purpose = purpose::run>
struct sample_kernel {
    using V = lanes<T>;
    using layout = plan::layout<Schedule, T, Purpose == purpose::gradients>;
    using member = typename teams_on<Space>::member;
    static constexpr int W = V::width, P = panel_width<T>;
    /// Of a device's team: one a neuron of the widest layer, or one for as many each.
    static constexpr int turns = (layout::widest_layer + 255) / 256,
                         device_threads =
                             plan::round_up((layout::widest_layer + turns - 1) / turns, 32);
    template <int Layer>
    using equations_of = typename Schedule::template word<Layer>::equations_of;
    /// How a layer's weights lie.
    template <int Layer>
    using panels_of = typename Schedule::template word<Layer>::template over<
        Schedule::template width_into<Layer>>;

    run_arguments<T> run;

    using context = typename teams_on<Space>::context;
    /// Event lists with memory of their own: per thread in level-1 scratch, or per team in level 0,
    /// which is a device's shared memory.
    static constexpr std::size_t lists_bytes = layout::lists::apart ? layout::lists::total + 64 : 0;
    /// The team's level-1 scratch, aligned to a cache line; the model's own memory where Kokkos'
    /// scratch is too small.
    SPIKEFUSE_FUNCTION unsigned char* scratch_of(member const& team, std::size_t bytes) const {
        if (run.scratch != nullptr)
            return run.scratch + static_cast<std::size_t>(team.league_rank()) * run.team_scratch;
        return from_a_line(team.team_scratch(1), bytes);
    }
    /// Null where none is wanted. `behind`: bytes of the team's scratch, behind which the threads'
    /// lists lie where it is the model's own.
    SPIKEFUSE_FUNCTION unsigned char* lists_of(member const& team, std::size_t bytes,
                                               [[maybe_unused]] std::size_t behind) const {
        if constexpr (layout::lists::of_threads) {
            if (run.scratch != nullptr)
                return scratch_of(team, behind) + plan::line(behind) +
                       static_cast<std::size_t>(team.team_rank()) * plan::line(bytes);
            return from_a_line(team.thread_scratch(1), bytes);
        } else {
            return bytes == 0 ? nullptr : from_a_line(team.team_scratch(0), bytes);
        }
    }
    static SPIKEFUSE_FUNCTION context place_in(member const& team, unsigned char* scratch,
                                               unsigned char* lists) {
        return {team,
                scratch,
                layout::lists::apart ? lists
                                     : scratch + layout::template offset_of<plan::region::lists>,
                0,
                0,
                0,
                0};
    }
    template <class Scratch>
    static SPIKEFUSE_FUNCTION unsigned char* from_a_line(Scratch const& scratch,
                                                         std::size_t bytes) {
        // Still the pointer that Kokkos gave: what was a number in between is no longer known to be
        // shared memory.
        auto* const raw = static_cast<unsigned char*>(scratch.get_shmem(static_cast<int>(bytes)));
        return raw + (64 - (reinterpret_cast<std::uintptr_t>(raw) & 63)) % 64;
    }

    /// Calls function(k) for this thread's share of 0 to count - 1. On the host shares are
    /// contiguous, so that two threads rarely write to one cache line; on a device neighbouring
    /// threads get neighbouring elements (coalesced access).
    template <class Function>
    static SPIKEFUSE_FUNCTION void each_own(context const& here, int count,
                                            Function const& function) {
        int const rank = here.team.team_rank(), size = here.team.team_size();
        if constexpr (W > 1) {
            int const share = (count + size - 1) / size, end = (rank + 1) * share;
            for (int k = rank * share; k < end && k < count; ++k) function(k);
        } else {
            for (int k = rank; k < count; k += size) function(k);
        }
    }
    /// The same for groups of `Together`, and what remains, each in `parts`: function(first, how
    /// many, part).
    template <int Count, int Together, class Function>
    static SPIKEFUSE_FUNCTION void each_own_part(context const& here, int parts,
                                                 Function const& function) {
        constexpr int whole = Count / Together, rest = Count % Together;
        constexpr int groups = whole + (rest != 0 ? 1 : 0);
        each_own(here, groups * parts, [&](int k) { // on a device neighbours have the same part
            int const group = W > 1 ? k / parts : parts == 1 ? k : k % groups; // fewer registers
            int const part = W > 1 ? k % parts : k / groups;
            if (rest == 0 || group < whole) {
                if constexpr (whole > 0) function(group * Together, fixed<Together>{}, part);
            } else {
                if constexpr (rest != 0) function(Count - rest, fixed<rest>{}, part);
            }
        });
    }
    /// function(first, how many)
    template <int Count, int Together, class Function>
    static SPIKEFUSE_FUNCTION void each_own_group(context const& here, Function const& function) {
        each_own_part<Count, Together>(here, 1,
                                       [&](int first, auto count, int) { function(first, count); });
    }

    // --- buffers ---

    /// Row `r` of this block.
    template <int Buffer>
    SPIKEFUSE_FUNCTION auto const* row_of(context const& here, int r) const {
        using element =
            std::conditional_t<Schedule::template buffer_at<Buffer>::bits, std::uint32_t, T>;
        if constexpr (Buffer == plan::network_input) {
            std::size_t const step =
                Kind == input_kind::held ? 0 : static_cast<std::size_t>(here.first_step + r);
            return static_cast<element const*>(run.input) + step * run.input_step +
                   static_cast<std::size_t>(here.sample) * run.input_sample;
        } else {
            using self = typename Schedule::template buffer_at<Buffer>;
            unsigned char const* const first = here.buffer(layout::template buffer_offset<Buffer>);
            return reinterpret_cast<element const*>(
                first + static_cast<std::ptrdiff_t>(r) *
                            static_cast<std::ptrdiff_t>(
                                layout::template row_bytes<self>)); // -1: before the block
        }
    }
    /// Prefetches a row of the network's input.
    template <int Buffer>
    SPIKEFUSE_FUNCTION void ask_for_row([[maybe_unused]] context const& here,
                                        [[maybe_unused]] int r) const {
#if SPIKEFUSE_HOST_LANES
        if constexpr (Buffer == plan::network_input && Kind != input_kind::held) {
            using element = std::remove_cvref_t<decltype(*row_of<Buffer>(here, 0))>;
            constexpr int numbers = Schedule::template buffer_at<Buffer>::bits
                                        ? layout::words(Schedule::inputs)
                                        : Schedule::inputs;
            if (here.first_step + r >= run.steps) return;
            auto const* const row = row_of<Buffer>(here, r);
            for (int k = 0; k < numbers; k += static_cast<int>(64 / sizeof(element)))
                __builtin_prefetch(row + k);
            __builtin_prefetch(row + numbers - 1); // rows need not begin with a line
        }
#endif
    }
    /// Words or values between two rows.
    template <int Buffer>
    SPIKEFUSE_FUNCTION std::size_t stride_of() const {
        if constexpr (Buffer == plan::network_input) {
            return Kind == input_kind::held ? 0 : run.input_step;
        } else {
            using self = typename Schedule::template buffer_at<Buffer>;
            return layout::template row_bytes<self> /
                   (self::bits ? sizeof(std::uint32_t) : sizeof(T));
        }
    }

    // --- what a step gives, and where the tape keeps what training needs ---

    /// The tape's entry of the block that begins at `step`.
    SPIKEFUSE_FUNCTION T* tape_entry(context const& here, int step) const {
        auto const blocks = static_cast<std::size_t>((run.steps + run.block - 1) / run.block);
        return run.tape + (static_cast<std::size_t>(here.place) * blocks +
                           static_cast<std::size_t>(step / run.block)) *
                              layout::entry_apart;
    }
    /// The first step from `step` on that has an entry.
    SPIKEFUSE_FUNCTION int next_entry(int step) const {
        return (step + run.block - 1) / run.block * run.block;
    }
    struct readout_panel {
        V value, when;
    };
    /// The step from which each neuron's readout took its value, padded to whole registers.
    SPIKEFUSE_FUNCTION T* when_row(context const& here) const {
        return run.when + static_cast<std::size_t>(here.sample) *
                              static_cast<std::size_t>(layout::padded(Schedule::outputs));
    }
    /// Passes the output of panel p in step r on: to the next stage, to the caller, or into the
    /// readout.
    template <class Stage, class Cells>
    SPIKEFUSE_FUNCTION void give_out(context const& here, int p, int r, Cells const& cells, V flow,
                                     readout_panel& reduced) const {
        if constexpr (Stage::target != plan::readout) {
            using to = typename Schedule::template buffer_at<Stage::target>;
            unsigned char* const row = here.buffer(layout::template buffer_offset<Stage::target>) +
                                       static_cast<std::size_t>(r) * layout::template row_bytes<to>;
            if constexpr (to::bits) {
                store_bits(
                    row, p,
                    get<plan::mp11::mp_size<typename Stage::points>::value - 1>(cells).fired.bits(),
                    Stage::width);
            } else {
                flow.store(reinterpret_cast<T*>(row) + p * W);
            }
        } else if constexpr (Purpose == purpose::gradients) {
            // the backward pass keeps outputs by itself
        } else if constexpr (Readout::every_step) {
            store_output(here, p, r, flow);
        } else {
            int const step = here.first_step + r;
            if constexpr (Purpose == purpose::tape && picking_readout<Readout>)
                reduced.when = select(Readout::selects(reduced.value, flow, step),
                                      V(static_cast<T>(step)), reduced.when);
            reduced.value = Readout::combine(reduced.value, flow, step);
            if constexpr (summing_readout<Readout>)
                if ((step + 1) % steps_per_total == 0) add_to_totals(here, p, reduced.value);
        }
    }
    /// Sums over time are flushed to double every few steps: counts are exact and means do not
    /// drift, however long the run. (A compensated sum in T would not survive -ffast-math.)
    static constexpr int steps_per_total = 16;
    SPIKEFUSE_FUNCTION double* readout_totals(context const& here) const {
        return here.template at<double>(layout::template offset_of<plan::region::readout_totals>);
    }
    SPIKEFUSE_FUNCTION void add_to_totals(context const& here, int p, V& sum) const {
        double* const totals = readout_totals(here) + p * W;
        for (int k = 0; k < W; ++k) totals[k] += static_cast<double>(sum.lane(k));
        sum = V(T(0));
    }
    /// The value of neuron n's readout over the whole run.
    SPIKEFUSE_FUNCTION T readout_value(context const& here, int n) const {
        T value = here.template at<T>(layout::template offset_of<plan::region::readout>)[n];
        if constexpr (summing_readout<Readout>)
            value = static_cast<T>(readout_totals(here)[n] + static_cast<double>(value));
        return Readout::finish(value, run.steps);
    }

    /// Packs the spikes of panel p into a row of words; neurons beyond the width stay silent.
    static SPIKEFUSE_FUNCTION void store_bits(unsigned char* row, int p, std::uint32_t fired,
                                              int width) {
        if (width - p * W < W) fired &= (1u << (width - p * W)) - 1u;
        if constexpr (W == 16) {
            auto const half = static_cast<std::uint16_t>(fired);
            std::memcpy(row + 2 * p, &half, 2);
        } else if constexpr (W == 8) {
            row[p] = static_cast<unsigned char>(fired);
        } else {
            auto* const word = reinterpret_cast<std::uint32_t*>(row) + p / 32;
            if (store_together(word, p % 32, fired != 0, width - p / 32 * 32)) return;
            if (fired != 0) {
                Kokkos::atomic_or(word, 1u << (p % 32));
            } else {
                Kokkos::atomic_and(word, ~(1u << (p % 32)));
            }
        }
    }
    /// Stores a register of a [T, B, N] array whose rows have `width` elements. Uses non-temporal
    /// stores for arrays larger than the cache: strided stores would cause conflict misses and
    /// read-for-ownership traffic.
    SPIKEFUSE_FUNCTION void store_line(T* to, V value, int width) const {
        std::size_t const bytes = static_cast<std::size_t>(run.steps) *
                                  static_cast<std::size_t>(run.batch) *
                                  static_cast<std::size_t>(width) * sizeof(T);
        if (bytes > layout::cache_budget && reinterpret_cast<std::uintptr_t>(to) % sizeof(V) == 0) {
            value.stream(to);
        } else {
            value.store(to);
        }
    }
    /// Panel p of the output in row r of this block, into the caller's view.
    SPIKEFUSE_FUNCTION void store_output(context const& here, int p, int r, V value) const {
        constexpr int width = Schedule::outputs;
        T* const to = run.output + static_cast<std::size_t>(here.first_step + r) * run.output_step +
                      static_cast<std::size_t>(here.sample) * run.output_sample +
                      static_cast<std::size_t>(p * W) * run.output_neuron;
        if (run.output_neuron == 1 && width - p * W >= W) {
            store_line(to, value, width);
        } else {
            for (int k = 0; k < W && k < width - p * W; ++k)
                to[static_cast<std::size_t>(k) * run.output_neuron] = value.lane(k);
        }
    }
    /// A row of a [T, B, N] trace.
    SPIKEFUSE_FUNCTION void store_trace(T* base, context const& here, int p, int r, int width,
                                        V value) const {
        T* const to =
            base +
            (static_cast<std::size_t>(here.first_step + r) * static_cast<std::size_t>(run.batch) +
             static_cast<std::size_t>(here.sample)) *
                static_cast<std::size_t>(width) +
            p * W;
        if (width - p * W >= W) {
            store_line(to, value, width);
        } else {
            for (int k = 0; k < width - p * W; ++k) to[k] = value.lane(k);
        }
    }

    /// Adds a step's outputs to the counts of layers whose activity is penalized: [B, N].
    template <class Points, class Cells>
    SPIKEFUSE_FUNCTION void count_spikes(context const& here, int p, int r,
                                         Cells const& cells) const {
        for_each_index<plan::mp11::mp_size<Points>::value>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<Points, k>::value;
            double* const sums = penalized_counts<layer>(here);
            if (sums == nullptr) return;
            constexpr int width = Schedule::template width_from<layer>;
            for (int lane = 0; lane < W && p * W + lane < width; ++lane) {
                double& sum = sums[p * W + lane];
                sum = (here.first_step + r == 0 ? 0 : sum) +
                      static_cast<double>(get<k>(cells).output.lane(lane));
            }
        });
    }
    template <int Layer>
    static constexpr int output_slot = layout::template record_slot<Layer>() +
                                       equations::equation_traits<equations_of<Layer>>::state_count;
    template <int Layer>
    SPIKEFUSE_FUNCTION double* penalized_counts(context const& here) const {
        if (run.penalties == nullptr || run.penalties[output_slot<Layer>].counts == nullptr)
            return nullptr;
        return run.penalties[output_slot<Layer>].counts +
               static_cast<std::size_t>(here.sample) * Schedule::template width_from<Layer>;
    }
    /// The output of step r of this block, and later its gradient.
    SPIKEFUSE_FUNCTION T* readout_row(context const& here, int r) const {
        return here.template at<T>(layout::template offset_of<plan::region::outputs>) +
               static_cast<std::size_t>(r) * layout::padded(Schedule::outputs);
    }
    /// Writes the recorded traces. Slots of a layer: its states in order, then its output (bits
    /// where it fires).
    template <class Points, class Cells>
    KOKKOS_FUNCTION void record(context const& here, int p, int r, Cells const& cells) const {
        for_each_index<plan::mp11::mp_size<Points>::value>([&](auto k) {
            constexpr int layer = plan::mp11::mp_at_c<Points, k>::value;
            using about = equations::equation_traits<equations_of<layer>>;
            constexpr int width = Schedule::template width_from<layer>;
            constexpr int slot = layout::template record_slot<layer>();
            for_each_index<about::state_count>([&](auto j) {
                if (run.records[slot + j] != 0)
                    store_trace(reinterpret_cast<T*>(run.records[slot + j]), here, p, r, width,
                                get<k>(cells).states[j]);
            });
            std::uintptr_t const outputs = run.records[slot + about::state_count];
            if (outputs == 0) return;
            if constexpr (about::emits_bits) {
                auto* const row = reinterpret_cast<unsigned char*>(outputs) +
                                  (static_cast<std::size_t>(here.first_step + r) *
                                       static_cast<std::size_t>(run.batch) +
                                   static_cast<std::size_t>(here.sample)) *
                                      static_cast<std::size_t>(layout::words(width)) * 4;
                store_bits(row, p, get<k>(cells).fired.bits(), width);
            } else {
                store_trace(reinterpret_cast<T*>(outputs), here, p, r, width, get<k>(cells).output);
            }
        });
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
