// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a backward run reads and writes, and what a caller may ask of it: of one type for all
/// networks and losses of a number type.

#include "../../core/finite.hpp"
#include "../../run/model.hpp"
#include "../../run/split_plan.hpp"
#include "targets.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <span>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// How gradients are computed: `{.tape_megabytes = 0}`.
struct backpropagation_settings {
    int checkpoint_steps = 0; ///< steps between two entries of the tape (K); 0: planned
    int groups = 0; ///< gradients that are summed at the end, at most B; 0: planned. Numbers depend
                    ///< on it in their last bits
    double tape_megabytes = 512; ///< currents are kept on the tape while it is no larger; beyond,
                                 ///< they are summed again, more slowly
    bool carries_on = false;     ///< states go on from call to call (truncated backpropagation);
                                 ///< otherwise every call begins at rest
};

/// What activity costs nothing, in spikes a step; see `penalize`.
struct activity_bounds {
    double least = 0;    ///< spikes a step
    double most = 1;     ///< spikes a step
    double strength = 1; ///< times the squared excess is added to the loss
};

namespace detail {

/// What the plan of a network says of its training. Sizes are elements.
struct training_plan {
    int inputs, outputs, padded_outputs;
    int longest_block, samples_together;
    std::size_t parameters, transposed, entry_apart, kept_currents, memory, slots;
    bool one_launch; ///< forward and backward
};
template <class T, class Space>
class gradient_buffers : public target_buffers<T, Space> {
  public:
    /// Lets a gradient arrive at a state or an output of a layer, after each step of the runs to
    /// come. Stays until replaced; an empty view takes it away.
    /// @param layer such as "lif 1"
    /// @param what as `model::record` names it; empty: what the layer gives
    /// @param gradient `[T, B, N]`, with the T of those runs
    /// @throws error a name or shape error
    void seed(std::string_view layer, std::string_view what,
              Kokkos::View<T***, Kokkos::LayoutRight, Space> const& gradient) {
        plan::trace_entry const& found = recordings_->find_record(layer, what);
        if (gradient.is_allocated() &&
            (gradient.extent(1) > static_cast<std::size_t>(batch_) ||
             gradient.extent(2) != found.width || !gradient.span_is_contiguous()))
            throw shape_error("the seed of '" + std::string(layer) + "' is " + shape_of(gradient),
                              "it has a number for every step, sample and neuron",
                              "Pass a contiguous view [T, " + std::to_string(batch_) + ", " +
                                  std::to_string(found.width) + "]");
        note(seed_table_, "spikefuse::seeds", found.slot,
             reinterpret_cast<std::uintptr_t>(gradient.data()));
        seeds_[found.slot] = gradient;
    }
    /// Charges a layer for neurons whose mean output over time (spikes a step) lies outside the
    /// bounds: strength * excess^2, a mean over samples and neurons, is added to the loss.
    /// A strength of 0 takes the charge away.
    /// @throws error a name or value error
    void penalize(std::string_view layer, activity_bounds bounds) {
        if (!fits<T>(bounds.least) || !fits<T>(bounds.most) || !fits<T>(bounds.strength) ||
            bounds.least > bounds.most || bounds.strength < 0)
            throw value_error("the activity of '" + std::string(layer) + "' is bounded by " +
                                  std::to_string(bounds.least) + " and " +
                                  std::to_string(bounds.most) + ", strength " +
                                  std::to_string(bounds.strength),
                              "the lower bound is not above the upper one, the strength is zero or "
                              "more, and all are numbers of the model's precision",
                              "Set .least, .most and .strength");
        plan::trace_entry const& found = recordings_->find_record(layer, "");
        Kokkos::View<double*, Space> spikes;
        if (bounds.strength > 0)
            spikes = Kokkos::View<double*, Space>("spikefuse::spike_counts",
                                                  static_cast<std::size_t>(batch_) * found.width);
        note(penalties_, "spikefuse::penalties", found.slot,
             activity_penalty<T>{spikes.data(), static_cast<T>(bounds.least),
                                 static_cast<T>(bounds.most), static_cast<T>(bounds.strength)});
        counts_[found.slot] = spikes;
    }
    /// Whether runs to come give the gradients of neurons' constants (tau_mem, threshold ...).
    void want_constant_gradients(bool wanted = true) { wants_constants_ = wanted; }
    /// The runs to come also give the gradient of their input.
    void want_input_gradient() { wants_input_ = true; }
    /// The runs to come also give the gradient of the states that they begin with.
    void want_state_gradient() { wants_states_ = true; }

    /// The loss of the last run: the mean over the batch, a share of which is each sample's number.
    T loss() const {
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), losses_);
        double sum = 0;
        for (std::size_t b = 0; b < samples(); ++b) sum += static_cast<double>(host(b));
        return static_cast<T>(sum);
    }
    /// What the loss looked at, row-major: [B, N], or [T, B, N]. Longer where an earlier run was.
    Kokkos::View<T*, Space> const& readout() const { return output_; }
    /// Steps of the last run; 0 before the first.
    int steps() const { return steps_; }
    /// The gradient of an array of parameters, row-major: weight `[outputs, inputs]`, or one number
    /// a neuron (of a time constant: loss per second). Waits for the last run.
    /// @throws name_error no such parameter
    /// @throws value_error a neuron's constant, and the last run did without
    std::vector<T> gradient(std::string_view layer, std::string_view name) const {
        array_place const& one = find_array(parameters_->arrays(), layer, name);
        if (!has_constants_ && parameters_->is_neurons(one.layer))
            throw value_error("there is no gradient of '" + std::string(name) + "' of '" +
                                  one.layer + "'",
                              "the last run was told to leave out those of neurons' constants",
                              "Call want_constant_gradients() before run()");
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), gradient_);
        std::vector<T> sum(one.size(), T(0));
        for (std::size_t g = 0; g < static_cast<std::size_t>(*groups_); ++g) {
            auto const part = one.values(panel_width<T>, host.data() + g * plan_.parameters);
            for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += part[k];
        }
        for (std::size_t k = 0;
             one.info.zero_diagonal && k < static_cast<std::size_t>(one.info.rows); ++k)
            sum[k * one.columns() + k] = T(0); // held at zero
        return sum;
    }
    /// The gradient of the states ("v", "i", ...) that the last run began with: [B, N]. Call
    /// want_state_gradient before that run. Rows that a loop feeds back ("spikes", "output") have
    /// none here. Throws name_error.
    std::vector<T> state_gradient(std::string_view layer, std::string_view name) const {
        if (state_gradient_.extent(0) == 0)
            throw value_error("there is no gradient of states", "the last run was not asked for it",
                              "Call want_state_gradient() before run()");
        if (name == "spikes" || name == "output")
            throw name_error(
                "'" + std::string(name) + "' of '" + std::string(layer) + "' is no state",
                "gradients reach the states that a run begins with", "Ask for a state by its name");
        return memory_->get(layer, name, state_gradient_, samples());
    }
    /// The gradient of the input, flat and row-major: [T, B, N], or [B, N] for a held one; of
    /// packed spikes a number a feature. Call want_input_gradient before the run.
    Kokkos::View<T*, Space> const& input_gradient() const { return input_gradient_; }

    /// All gradients as they lie: [groups, parameters], to be summed over the groups in their
    /// order.
    Kokkos::View<T*, Space> const& raw() const { return gradient_; }
    /// How many gradients there are to be summed, of the last run.
    int groups() const { return *groups_; }
    /// The same number, whichever run was the last one.
    std::shared_ptr<int const> group_count() const { return groups_; }
    /// Numbers of one gradient.
    std::size_t parameters() const { return std::max<std::size_t>(plan_.parameters, 1); }
    /// Steps between two entries of the tape (K).
    int block() const { return block_; }
    /// Bytes of the tape of a run of so many steps: for each sample on it what the sample
    /// remembers, ceil(T / K) times; and, where they are kept, the currents behind layers of
    /// weights, T times. On the host a thread's next samples take the place of its last ones.
    std::size_t tape_bytes(int steps, Space const& space = Space()) const {
        return tape_places(steps, space) *
               (entry_numbers(steps) +
                (keeps_currents(steps, space) ? current_numbers(steps) : 0)) *
               sizeof(T);
    }
    /// Whether a run of so many steps keeps currents: see `tape_megabytes`. Gradients are the same,
    /// on a device but for the last bits: those of weights are then summed in another order.
    bool keeps_currents(int steps, Space const& space = Space()) const {
        return static_cast<double>(tape_places(steps, space) *
                                   (entry_numbers(steps) + current_numbers(steps))) *
                   sizeof(T) <=
               settings_.tape_megabytes * 1024 * 1024;
    }

  protected:
    /// Reserves the gradients; the tape is reserved by the first run. Throws value_error. What it
    /// points to is the model's.
    gradient_buffers(training_plan const& of, model_parameters<T, Space> const& parameters,
                     model_recordings<T, Space> const& recordings,
                     model_memory<T, Space> const& memory, int batch,
                     backpropagation_settings chosen)
        : target_buffers<T, Space>(batch, of.outputs), plan_(of), parameters_(&parameters),
          recordings_(&recordings), memory_(&memory), batch_(batch), samples_(batch),
          settings_(chosen) {
        if (chosen.checkpoint_steps < 0 || chosen.checkpoint_steps > of.longest_block)
            throw value_error("checkpoint_steps is " + std::to_string(chosen.checkpoint_steps),
                              "a block of steps is kept in scratch, which has room for " +
                                  std::to_string(of.longest_block),
                              "Choose 1 to " + std::to_string(of.longest_block) +
                                  ", or 0 to have it planned");
        if (chosen.groups < 0)
            throw value_error("groups is " + std::to_string(chosen.groups), "it counts gradients",
                              "Choose 1 or more, or 0");
        if (!is_finite(chosen.tape_megabytes) || chosen.tape_megabytes < 0)
            throw value_error("tape_megabytes is " + std::to_string(chosen.tape_megabytes),
                              "it is a size of memory, zero or more", "Set .tape_megabytes");
        block_ = chosen.checkpoint_steps == 0 ? of.longest_block : chosen.checkpoint_steps;
        *groups_ = groups_of(batch);
        auto const samples = static_cast<std::size_t>(batch);
        gradient_ = Kokkos::View<T*, Space>("spikefuse::gradients",
                                            std::max<std::size_t>(of.parameters, 1) *
                                                static_cast<std::size_t>(*groups_));
        transposed_ = Kokkos::View<T*, Space>("spikefuse::transposed_weights",
                                              std::max<std::size_t>(of.transposed, 1));
        losses_ = Kokkos::View<T*, Space>("spikefuse::losses", samples);
        when_ = Kokkos::View<T*, Space>("spikefuse::when",
                                        samples * static_cast<std::size_t>(of.padded_outputs));
    }

    /// Throws what a run of so many steps and samples lacks.
    void check_run(int steps, int samples, run_demands const& wanted) const {
        this->check_targets(steps, samples, wanted);
        for (auto const& [slot, one] : seeds_) {
            if (one.is_allocated() && one.extent(0) < static_cast<std::size_t>(steps))
                throw shape_error("a seed has " + std::to_string(one.extent(0)) + " steps",
                                  "this run has " + std::to_string(steps),
                                  "Give a gradient for every step");
            if (one.is_allocated() && one.extent(1) != static_cast<std::size_t>(samples))
                throw shape_error("a seed has " + std::to_string(one.extent(1)) + " samples",
                                  "this run has " + std::to_string(samples),
                                  "Give a gradient for every sample");
        }
        if (wanted.picks_a_step) check_step_numbers<T>(steps);
    }
    /// Room for a run, and where it is. `costs`, `row_gradients`: elements for each sample on the
    /// tape.
    void prepare(run_arguments<T>& arguments, Space const& space, run_demands const& wanted,
                 split_demands const& weights, std::size_t costs, std::size_t row_gradients) {
        int const steps = arguments.steps;
        if (!settings_.carries_on) arguments.begun = 0;
        samples_ = arguments.batch, *groups_ = groups_of(samples_);
        std::size_t const places_on_tape = tape_places(steps, space);
        bool const keeps = keeps_currents(steps, space), splits = weights.splits > 0 && keeps;
        int teams = *groups_;
        if (splits) {
            teams = teams_before_splits(samples_);
            if (settings_.groups == 0) *groups_ = std::min(*groups_, weights.splits);
            grow(constant_gradients_, "spikefuse::constant_gradients",
                 static_cast<std::size_t>(teams) * std::max<std::size_t>(weights.constants, 1));
            grow(spikes_, "spikefuse::spikes", weights.spikes);
        }
        grow(tape_, "spikefuse::tape", places_on_tape * entry_numbers(steps));
        if (keeps)
            grow(currents_, "spikefuse::tape_currents", places_on_tape * current_numbers(steps));
        grow(output_, "spikefuse::output",
             (wanted.every_step ? static_cast<std::size_t>(steps) : 1) * outputs_of_step());
        if (wants_input_)
            grow(input_gradient_, "spikefuse::input_gradient",
                 (wanted.held ? 1 : static_cast<std::size_t>(steps)) * samples() *
                     static_cast<std::size_t>(plan_.inputs));
        if (wants_states_)
            grow(state_gradient_, "spikefuse::state_gradient", samples() * plan_.memory);
        grow(costs_, "spikefuse::costs_of_steps", places_on_tape * costs);
        grow(row_gradients_, "spikefuse::row_gradients", places_on_tape * row_gradients);
        arguments.output = output_.data();
        arguments.output_step = outputs_of_step();
        arguments.output_sample = static_cast<std::size_t>(plan_.outputs);
        arguments.output_neuron = 1;
        arguments.tape = tape_.data();
        arguments.when = when_.data();
        arguments.currents = keeps ? currents_.data() : nullptr;
        arguments.transposed = transposed_.data();
        arguments.samples_per_pass = samples_per_pass(teams, steps);
        arguments.block = block_;
        arguments.constants = has_constants_ = wants_constants_;
        arguments.groups = teams;
        arguments.gradient = gradient_.data();
        arguments.constant_gradients = splits ? constant_gradients_.data() : nullptr;
        arguments.spikes = spikes_.data();
        arguments.state_gradient = wants_states_ ? state_gradient_.data() : nullptr;
        arguments.input_gradient = wants_input_ ? input_gradient_.data() : nullptr;
        arguments.penalties = penalties_.is_allocated() ? penalties_.data() : nullptr;
        arguments.seeds = seeds_.empty() ? nullptr : seed_table_.data();
    }

    T* losses() const { return losses_.data(); }
    double* costs() const { return costs_.data(); }
    T* row_gradients() const { return row_gradients_.data(); }
    void ran(int steps) { steps_ = steps; }

  private:
    std::size_t samples() const { return static_cast<std::size_t>(samples_); }
    std::size_t outputs_of_step() const {
        return samples() * static_cast<std::size_t>(plan_.outputs);
    }
    /// Samples of a group on the tape: all, or, where one launch does both, as many as near caches
    /// hold.
    int samples_per_pass(int groups, int steps) const {
        int const all = (samples_ + groups - 1) / groups;
        if (!plan_.one_launch) return all;
        constexpr std::size_t cache_budget = SPIKEFUSE_NEAR_CACHES;
        std::size_t const fit =
            cache_budget / 4 / sizeof(T) /
            std::max<std::size_t>(entry_numbers(steps) + current_numbers(steps), 1);
        int const some = std::max(
            1, static_cast<int>(std::min<std::size_t>(fit, static_cast<std::size_t>(all))));
        return plan::round_up(some, plan_.samples_together);
    }
    std::size_t tape_places(int steps, Space const& space) const {
        if (!plan_.one_launch) return samples();
        return static_cast<std::size_t>(std::min(*groups_, space.concurrency())) *
               static_cast<std::size_t>(samples_per_pass(*groups_, steps));
    }
    /// Of one sample.
    std::size_t entry_numbers(int steps) const {
        return static_cast<std::size_t>((steps + block_ - 1) / block_) * plan_.entry_apart;
    }
    std::size_t current_numbers(int steps) const {
        return static_cast<std::size_t>(steps) * plan_.kept_currents;
    }
    /// Enough for the threads of a large machine, while all gradients together stay below 64 MiB,
    /// and each is that of a few samples: it is cleared and summed as a whole. A power of two:
    /// threads then get the same number of samples. On a device enough for its multiprocessors, a
    /// sample each if need be.
    int planned_groups(int samples) const {
        bool const host = plan_.one_launch;
        std::size_t const fits = (std::size_t(host ? 64 : 256) << 20) /
                                 std::max<std::size_t>(plan_.parameters * sizeof(T), 1);
        int const most = std::min(static_cast<int>(std::min<std::size_t>(fits, host ? 16 : 128)),
                                  host ? samples / 4 : samples);
        return std::max(2,
                        static_cast<int>(std::bit_floor(static_cast<unsigned>(std::max(most, 1)))));
    }
    int groups_of(int samples) const {
        return std::min(samples,
                        settings_.groups == 0 ? planned_groups(samples) : settings_.groups);
    }
    /// Writes what stands for a slot, into a table that is made when it is first needed.
    template <class Entry>
    void note(Kokkos::View<Entry*, Space>& table, std::string const& name, std::size_t slot,
              Entry const& entry) const {
        if (!table.is_allocated()) table = Kokkos::View<Entry*, Space>(name, plan_.slots);
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), table);
        host(slot) = entry;
        Kokkos::deep_copy(table, host);
    }
    template <class Number>
    static void grow(Kokkos::View<Number*, Space>& view, std::string const& name,
                     std::size_t size) {
        if (view.extent(0) < size)
            view = Kokkos::View<Number*, Space>(
                Kokkos::view_alloc(name, Kokkos::WithoutInitializing), size);
    }

    training_plan plan_;
    model_parameters<T, Space> const* parameters_;
    model_recordings<T, Space> const* recordings_;
    model_memory<T, Space> const* memory_;
    int batch_, samples_; // at most, and of the last run
    backpropagation_settings settings_;
    int block_ = 1, steps_ = 0;
    std::shared_ptr<int> groups_ = std::make_shared<int>(1);
    bool wants_constants_ = true, has_constants_ = true, wants_input_ = false,
         wants_states_ = false;
    Kokkos::View<T*, Space> gradient_, transposed_, currents_, losses_, when_, tape_, output_,
        input_gradient_, state_gradient_, row_gradients_, constant_gradients_;
    Kokkos::View<std::uint32_t*, Space> spikes_;
    Kokkos::View<double*, Space> costs_;
    Kokkos::View<std::uintptr_t*, Space> seed_table_;
    std::map<std::size_t, Kokkos::View<T***, Kokkos::LayoutRight, Space>> seeds_; // by slot
    Kokkos::View<activity_penalty<T>*, Space> penalties_;
    std::map<std::size_t, Kokkos::View<double*, Space>> counts_;
};

} // namespace detail
} // namespace spikefuse::inline SPIKEFUSE_ABI
