// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a caller asked to see of the layers inside: traces of states and spikes.

#include "../../core/errors.hpp"
#include "../../plan/catalog.hpp"
#include "arrays.hpp"
#include "owned.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class T, class Space>
class model_recordings {
  public:
    using trace_view = Kokkos::View<T***, Kokkos::LayoutRight, Space>; // [T, B, N]
    using spike_view =
        Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, Space>; // [T, B, ceil(N/32)]

    /// Asks for the trace of a state ("v", "i", ...), of a layer's "spikes" (packed), or of its
    /// "output" (a layer that does not spike) in the runs to come.
    /// @throws name_error no such layer, or nothing of it is called so
    void record(std::string_view layer, std::string_view what) {
        plan::trace_entry const& one = find_record(layer, what);
        reserve(one);
        steps_of_[one.slot] = 0;
        write_table();
        make_anew_ = &model_recordings::make_anew; // not compiled where nothing is recorded
    }
    /// The trace of a state in the last run: [T, B, N]. The next run writes into the same view, if
    /// it has as many samples.
    /// @throws name_error not asked for before that run
    trace_view recorded(std::string_view layer, std::string_view state) const {
        plan::trace_entry const& one = find_record(layer, state);
        if (one.bits)
            throw name_error("'spikes' of '" + std::string(layer) + "' are bits",
                             "recorded() gives states",
                             "Call recorded_spikes(\"" + std::string(layer) + "\")");
        return last_part(state_records_[one.slot].view(), layer, one);
    }
    /// The spikes of a layer in the last run, packed: [T, B, ceil(N/32)].
    /// @throws name_error not asked for before that run
    spike_view recorded_spikes(std::string_view layer) const {
        plan::trace_entry const& one = find_record(layer, "spikes");
        return last_part(spike_records_[one.slot].view(), layer, one);
    }

    /// Where a trace lies; `what` empty: of what the layer gives, spikes or output.
    /// @throws name_error there is none
    plan::trace_entry const& find_record(std::string_view layer, std::string_view what) const {
        return find_entry(
                   entries_, layer,
                   [&](record_place const& one) {
                       return one.name() == what || (what.empty() && one.entry.is_output);
                   },
                   [&] {
                       return what.empty()
                                  ? "no layer of neurons is called '" + std::string(layer) + "'"
                                  : "nothing to record is called '" + std::string(what) + "' of '" +
                                        std::string(layer) + "'";
                   })
            .entry;
    }

  protected:
    model_recordings(plan::catalog const& of, std::vector<std::string> const& layers, int steps,
                     int batch)
        : steps_(steps), batch_(batch), steps_of_(of.slots), state_records_(of.slots),
          spike_records_(of.slots) {
        for (plan::trace_entry const& one : of.traces)
            entries_.push_back({layers[static_cast<std::size_t>(one.layer)], one});
    }
    model_recordings(model_recordings const& other)
        : steps_(other.steps_), batch_(other.batch_), entries_(other.entries_),
          steps_of_(other.steps_of_), state_records_(other.state_records_),
          spike_records_(other.spike_records_), make_anew_(other.make_anew_) {
        if (other.recording()) write_table(); // of the copy's own traces
    }
    model_recordings(model_recordings&&) noexcept = default;
    model_recordings& operator=(model_recordings const&) = delete; // `model` copies, then moves
    model_recordings& operator=(model_recordings&&) noexcept = default;
    ~model_recordings() = default;

    bool recording() const { return record_table_.is_allocated(); }
    /// Traces of runs of so many samples: made anew where those of before had another number.
    void record_samples(int samples) {
        if (!recording() || samples == batch_) return;
        batch_ = samples;
        (this->*make_anew_)();
    }
    /// nullptr where nothing is recorded.
    std::uintptr_t const* record_table() const { return record_table_.data(); }
    void ran(int steps) { steps_of_.assign(steps_of_.size(), steps); }

    struct record_place {
        std::string layer;
        plan::trace_entry entry;
        std::string_view name() const { return entry.name; }
    };
    /// Whatever can be recorded, layer by layer.
    std::vector<record_place> const& all_records() const { return entries_; }

  private:
    void make_anew() {
        for (record_place const& one : entries_)
            if (state_records_[one.entry.slot].view().is_allocated() ||
                spike_records_[one.entry.slot].view().is_allocated())
                reserve(one.entry);
        write_table();
    }
    void reserve(plan::trace_entry const& one) {
        auto const steps = static_cast<std::size_t>(steps_),
                   batch = static_cast<std::size_t>(batch_);
        if (one.bits) {
            spike_records_[one.slot] =
                spike_view("spikefuse::recorded spikes", steps, batch, (one.width + 31) / 32);
        } else {
            state_records_[one.slot] =
                trace_view("spikefuse::recorded states", steps, batch, one.width);
        }
    }
    /// Tells kernels where each trace lies.
    void write_table() {
        if (!recording())
            record_table_ =
                Kokkos::View<std::uintptr_t*, Space>("spikefuse::records", steps_of_.size());
        auto const table = Kokkos::create_mirror_view(record_table_);
        for (std::size_t k = 0; k < steps_of_.size(); ++k) { // one of the two, or neither
            auto* const spikes = spike_records_[k].data();
            table(k) = spikes != nullptr
                           ? reinterpret_cast<std::uintptr_t>(spikes)
                           : reinterpret_cast<std::uintptr_t>(state_records_[k].data());
        }
        Kokkos::deep_copy(record_table_, table);
    }
    template <class View>
    View last_part(View const& whole, std::string_view layer, plan::trace_entry const& one) const {
        int const steps = whole.is_allocated() ? steps_of_[one.slot] : 0;
        if (steps == 0)
            throw name_error("'" + std::string(one.name) + "' of '" + std::string(layer) +
                                 "' was not recorded",
                             whole.is_allocated() ? "nothing ran since record() was called for it"
                                                  : "record() was not called for it",
                             "Call record(\"" + std::string(layer) + "\", \"" +
                                 std::string(one.name) + "\") before the run");
        return Kokkos::subview(
            whole, std::pair<std::size_t, std::size_t>(0, static_cast<std::size_t>(steps)),
            Kokkos::ALL, Kokkos::ALL);
    }

    int steps_, batch_;
    std::vector<record_place> entries_;
    std::vector<int> steps_of_; // of the last run since a trace was asked for, by slot
    Kokkos::View<std::uintptr_t*, Space> record_table_;
    std::vector<owned<trace_view>> state_records_;
    std::vector<owned<spike_view>> spike_records_;
    void (model_recordings::*make_anew_)() = nullptr; // all traces, of other extents
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
