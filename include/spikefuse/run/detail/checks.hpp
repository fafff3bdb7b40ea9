// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Runs that are looked at: whatever layers of neurons have is recorded, then read on the host. Not
/// compiled where nobody asks for it.

#include "../findings.hpp"
#include "parameters.hpp"
#include "recordings.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class T, class Space>
class model_checks : public model_parameters<T, Space>, public model_recordings<T, Space> {
    using parameters_of_model = model_parameters<T, Space>;
    using recordings = model_recordings<T, Space>;

  public:
    /// Looks at every run from now on, those of trainings too: records all that there is, as
    /// `record` does, and waits for the run. For finding faults, not for speed.
    ///
    /// Such a run throws value_error where a state or an output is not finite, and says of which
    /// layer, in which step, sample and neuron first; or where a parameter cannot be. States are
    /// then as the run left them, and `recorded` shows the steps before.
    void check_runs() {
        for (auto const& one : this->all_records()) this->record(one.layer, one.name());
        std::size_t neurons = 0;
        for (auto const& one : this->all_records()) neurons += one.entry.bits ? one.entry.width : 0;
        spikes_.assign(neurons, 0);
        rows_ = 0;
        look_ = &model_checks::look;
    }
    /// What runs since `check_runs` came to: layers and neurons that never fired, or nearly always.
    std::vector<finding> findings() const {
        std::vector<finding> all;
        std::size_t const* of_layer = spikes_.data();
        for (auto const& one : this->all_records()) {
            if (!one.entry.bits || rows_ == 0) continue;
            for (auto const fault : {activity_fault::dead, activity_fault::saturated}) {
                finding const found =
                    find_fault(fault, one.layer, of_layer, one.entry.width, rows_);
                if (found.neurons > 0) all.push_back(found);
            }
            of_layer += one.entry.width;
        }
        return all;
    }

  protected:
    model_checks(plan::catalog const& of, int steps, int batch)
        : parameters_of_model(of), recordings(of, this->layer_names(), steps, batch) {}

    /// A run of so many steps and samples was launched.
    void ran(Space const& space, int steps, int samples) {
        recordings::ran(steps);
        if (look_ != nullptr)
            (this->*look_)(space,
                           static_cast<std::size_t>(steps) * static_cast<std::size_t>(samples));
    }

  private:
    void look(Space const& space, std::size_t rows) {
        space.fence("spikefuse::check_runs");
        for (array_place const& one : this->arrays()) {
            auto const values = this->get(one.layer, one.name());
            for (std::size_t k = 0; k < values.size(); ++k)
                one.template check<T>(static_cast<double>(values[k]), k);
        }
        first_fault<T> first;
        std::size_t* of_layer = spikes_.data();
        for (auto const& one : this->all_records()) {
            if (one.entry.bits) {
                auto const spikes = this->recorded_spikes(one.layer);
                count_spikes(numbers_of(spikes).data(), spikes.extent(0) * spikes.extent(1),
                             one.entry.width, of_layer);
                of_layer += one.entry.width;
            } else {
                auto const trace = this->recorded(one.layer, one.name());
                first.look(numbers_of(trace).data(), trace.extent(0), trace.extent(1),
                           trace.extent(2), one.layer, one.name());
            }
        }
        rows_ += rows;
        first.say();
    }
    /// The numbers of a trace, one after the other, on the host.
    template <class View>
    static auto numbers_of(View const& trace) {
        using flat = Kokkos::View<typename View::value_type*, Space,
                                  Kokkos::MemoryTraits<Kokkos::Unmanaged>>;
        return Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(),
                                                   flat(trace.data(), trace.size()));
    }

    void (model_checks::*look_)(Space const&, std::size_t) = nullptr;
    std::vector<std::size_t> spikes_; // of each neuron of the layers that spike
    std::size_t rows_ = 0;            // in so many steps of all samples
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
