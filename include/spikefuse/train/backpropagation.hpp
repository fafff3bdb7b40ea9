// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Gradients of a model: one launch, forward and backward; on a device one for each, and one for
/// weights behind spikes. For those who drive training themselves; `trainer` does the rest.

#include "../kernel/backward.hpp"
#include "../run/model.hpp"
#include "detail/gradient_buffers.hpp"
#include "loss.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {
template <class Schedule, class T, class Space>
inline constexpr training_plan training_plan_of = [] {
    using layout = plan::layout<Schedule, T, true>;
    return training_plan{Schedule::inputs,
                         Schedule::outputs,
                         layout::padded(Schedule::outputs),
                         layout::block_steps,
                         layout::samples_together,
                         layout::parameter_total,
                         layout::transposed_total,
                         layout::entry_apart,
                         layout::kept_currents,
                         layout::memory_total,
                         plan::catalog_of<Schedule, T>::value.slots,
                         trains_in_one_launch<Space>};
}();
} // namespace detail

template <class Model, class Loss>
class backpropagation;

/// Gradients of a loss with respect to all parameters, and where asked to the input and the first
/// states. Keeps a reference to the model. A handle, as a Kokkos::View is: a copy shows the same
/// gradients and writes to the same tape.
template <layer_word Network, class T, class Space, class Loss>
class backpropagation<model<Network, T, Space>, Loss> : public detail::gradient_buffers<T, Space> {
    using Model = model<Network, T, Space>;
    using buffers = detail::gradient_buffers<T, Space>;
    using plain = detail::plan::schedule<Network, false>;
    using layout = detail::plan::layout<plain, T, true>;
    using targets = typename Loss::template targets<T>;
    static constexpr bool targets_follow_steps = [] {
        if constexpr (requires { Loss::targets_follow_steps; }) return Loss::targets_follow_steps;
        return false;
    }();

  public:
    using value_type = T;
    static constexpr int longest_block = layout::block_steps; ///< the largest K

    /// Reserves the gradients, `[groups, parameters]`; the tape is reserved by the first run.
    /// @param of is kept by reference
    /// @param loss such as `cross_entropy(max_over_time)`
    /// @param chosen K, groups, size of the tape
    /// @throws value_error a K or a number of groups that cannot be
    explicit backpropagation(Model& of, Loss loss = {}, backpropagation_settings chosen = {})
        : buffers(detail::training_plan_of<plain, T, Space>, of, of, of.memory_, of.setup().batch,
                  chosen),
          model_(of), loss_(loss), name_(of.label("backpropagation")) {}

    /// The class of every sample, for the runs to come.
    /// @param labels `[B]`, or as many as those runs have samples; each from 0 to N - 1, with N the
    ///     network's outputs
    /// @throws error a shape or value error; then the labels of before still stand
    void set_labels(std::span<int const> labels) {
        static_assert(std::is_same_v<targets, detail::label_targets>,
                      "spikefuse: this loss has no labels.");
        targets_.labels = this->copy_labels(labels);
    }
    /// A target for every output, for the runs to come.
    /// @param values row-major `[B, N]`, or `[T, B, N]` for a loss of the trace, with the B of
    ///     those runs
    /// @param steps 1, or the T of those runs
    /// @throws error a shape or value error; then the targets of before still stand
    void set_targets(std::span<T const> values, int steps = 1) {
        targets_.values = this->copy_targets(values, steps, targets_follow_steps);
    }

    /// Runs the network on `input` and then backwards. Asynchronous: fence before looking at a view
    /// of results on the host.
    /// @param space where it is queued; may be left out
    /// @param input as for `model::operator()`
    /// @throws shape_error a view that does not fit
    /// @throws value_error no labels, no targets; then the model is as before
    template <class Input>
    void run(Space const& space, Input const& input) {
        Kokkos::Profiling::ScopedRegion const region(name_);
        constexpr detail::input_kind kind = detail::kind_of_input<Input, T, Space>();
        int const steps = detail::check_input(input, kind, Model::inputs, model_.setup().batch,
                                              model_.setup().steps, Model::takes_fewer);
        using readout = typename Loss::readout;
        detail::run_demands const wanted{.every_step = readout::every_step,
                                         .held = kind == detail::input_kind::held,
                                         .labels = lacks_labels(),
                                         .targets = lacks_targets(),
                                         .targets_follow_steps = targets_follow_steps,
                                         .picks_a_step = detail::picking_readout<readout>};
        this->check_run(steps, detail::samples_of(input), wanted);
        using stages = detail::plan::schedule<Network, kind == detail::input_kind::bits>;
        using kernel = detail::backward_kernel<stages, T, kind, Loss, Space>;
        using charge = detail::loss_in_kernel<T, Loss>;
        detail::run_arguments<T> arguments =
            model_.arguments_of(space, input, steps); // the last that may be refused
        this->prepare(arguments, space, wanted,
                      detail::split_demands_of<stages, T, kind, Space>(arguments.batch, steps),
                      charge::costs_apart(this->block(), Model::outputs),
                      charge::row_gradients_apart(this->block(), Model::outputs));
        detail::transpose_kernel<stages, T> const copy{arguments};
        if (int const registers = copy.registers();
            registers > 0 && !detail::copies_for_itself<Space>(arguments.groups))
            Kokkos::parallel_for(model_.label("transpose"),
                                 Kokkos::RangePolicy<Space, int>(space, 0, registers), copy);
        if constexpr (!detail::trains_in_one_launch<Space>) {
            using forward = typename kernel::forward;
            if (!detail::run_sliced<stages, T, kind, readout, detail::purpose::tape>(
                    model_.forward_name_, space, arguments, model_.slices_, model_.scratch_)) {
                detail::forward_policy<forward, Space> const shape(detail::teams_for(
                    forward::demands, space, arguments.batch, arguments, model_.scratch_));
                Kokkos::parallel_for(model_.forward_name_, shape, forward{arguments});
            }
        }
        kernel backward{arguments,
                        {loss_, targets_, this->losses(), this->costs(), this->row_gradients()},
                        detail::tokens_of<Space>(space)};
        detail::team_demands demands = kernel::demands;
        if constexpr (kernel::near::possible) {
            backward.run.near_rows =
                kernel::near::rows_in(detail::shared_memory_of_team<typename kernel::policy>(
                    space, arguments.groups, kernel::teams_beside));
            demands.lists = std::max(demands.lists, kernel::near::bytes(backward.run.near_rows));
        }
        if constexpr (!std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>) {
            // as many as have the registers
            int const most =
                typename kernel::policy(space, 1, 1)
                    .set_scratch_size(0, Kokkos::PerTeam(detail::scratch_bytes{demands.lists}))
                    .team_size_max(backward, Kokkos::ParallelForTag()) /
                32 * 32;
            demands.threads = std::min(demands.threads, most);
            if (demands.threads == 0) // Kokkos would launch nothing, in silence
                throw value_error("a team of this network's training takes " +
                                      detail::readable_bytes(double(demands.lists)) +
                                      " of shared memory",
                                  "the device offers less", "Make its widest layer narrower");
        }
        typename kernel::policy const shape(
            detail::teams_for(demands, space, arguments.groups, backward.run, model_.scratch_));
        Kokkos::parallel_for(model_.label("training"), shape, backward);
        detail::add_splits<stages, T, kind>(model_.label("weights"), space, backward.run,
                                            this->groups());
        model_.has_run(space, arguments);
        this->ran(steps);
    }
    template <class Input>
    void run(Input const& input) {
        run(Space(), input);
    }

    /// While one lives the model may be run for a look: at its end states, and the steps that noise
    /// counts by, are as they were. What `model::record` asked for is then that of the last look.
    class unchanged {
      public:
        explicit unchanged(Model& of) : model_(of), elapsed_(of.elapsed_), begun_(of.begun_) {
            if (begun_ == 0) return; // whatever the states are, nobody will see them
            states_ = Kokkos::View<T*, Space>(
                Kokkos::view_alloc("spikefuse::states_before", Kokkos::WithoutInitializing),
                states().size());
            Kokkos::deep_copy(states_, states());
        }
        unchanged(unchanged const&) = delete;
        unchanged& operator=(unchanged const&) = delete;
        ~unchanged() {
            model_.elapsed_ = elapsed_, model_.begun_ = begun_;
            if (begun_ > 0) Kokkos::deep_copy(states(), states_);
        }

      private:
        using state_view =
            Kokkos::View<T*, Space, Kokkos::MemoryTraits<Kokkos::Unmanaged>>; // [B, memory_total]
        state_view states() const {
            return state_view(model_.memory_.data(),
                              static_cast<std::size_t>(model_.setup().batch) *
                                  layout::memory_total);
        }
        Model& model_;
        std::uint64_t elapsed_;
        int begun_;
        Kokkos::View<T*, Space> states_;
    };

  private:
    bool lacks_labels() const {
        if constexpr (std::is_same_v<targets, detail::label_targets>)
            return targets_.labels == nullptr;
        return false;
    }
    bool lacks_targets() const {
        if constexpr (requires { targets_.values; }) return targets_.values == nullptr;
        return false;
    }

    Model& model_;
    Loss loss_;
    targets targets_{};
    std::string name_; // of the region of a run
};

template <class Model, class Loss>
backpropagation(Model&, Loss) -> backpropagation<Model, Loss>;
template <class Model, class Loss>
backpropagation(Model&, Loss, backpropagation_settings) -> backpropagation<Model, Loss>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
