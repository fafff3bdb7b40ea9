// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a caller asked to see of the layers inside: traces of states and spikes.

#include "../../core/errors.hpp"
#include "../../plan/describe.hpp"
#include "../../plan/layout.hpp"
#include "owned.hpp"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace spikefuse::detail {

template <class Plain, class T, class Space>
class model_recordings {
    using places = plan::layout<Plain, T>;

  public:
    using trace_view = Kokkos::View<T***, Kokkos::LayoutRight, Space>;             // [T, B, N]
    using spike_view = Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, Space>; // [T, B, ceil(N/32)]

    /// Asks for the trace of a state ("v", "i", ...), of a layer's "spikes" (packed), or of its "output" (a layer that does not
    /// spike) in the runs to come. Throws name_error.
    void record(std::string_view layer, std::string_view what) {
        record_place const& one = find_record(layer, what);
        auto const steps = static_cast<std::size_t>(steps_), batch = static_cast<std::size_t>(batch_);
        if (one.bits) {
            spike_records_[one.slot] =
                spike_view("spikefuse::recorded spikes", steps, batch, static_cast<std::size_t>(places::words(one.width)));
        } else {
            state_records_[one.slot] = trace_view("spikefuse::recorded states", steps, batch, static_cast<std::size_t>(one.width));
        }
        steps_of_[one.slot] = 0;
        write_table();
    }
    /// The trace of a state in the last run: [T, B, N]. The next run writes into the same view. Throws name_error: not asked for before
    /// that run.
    trace_view recorded(std::string_view layer, std::string_view state) const {
        record_place const& one = find_record(layer, state);
        if (one.bits)
            throw name_error("'spikes' of '" + std::string(layer) + "' are bits", "recorded() gives states",
                             "Call recorded_spikes(\"" + std::string(layer) + "\")");
        return last_part(state_records_[one.slot].view(), one);
    }
    /// The spikes of a layer in the last run, packed: [T, B, ceil(N/32)].
    spike_view recorded_spikes(std::string_view layer) const {
        record_place const& one = find_record(layer, "spikes");
        return last_part(spike_records_[one.slot].view(), one);
    }

  protected:
    model_recordings(int steps, int batch) : steps_(steps), batch_(batch) {
        [&]<std::size_t... L>(std::index_sequence<L...>) {
            (list_places<static_cast<int>(L)>(), ...);
        }(std::make_index_sequence<static_cast<std::size_t>(Plain::layer_count)>{});
    }
    model_recordings(model_recordings const& other)
        : steps_(other.steps_), batch_(other.batch_), places_(other.places_), steps_of_(other.steps_of_),
          state_records_(other.state_records_), spike_records_(other.spike_records_) {
        if (other.recording()) write_table(); // of the copy's own traces
    }
    model_recordings(model_recordings&&) noexcept = default;
    model_recordings& operator=(model_recordings const&) = delete; // `model` copies, then moves
    model_recordings& operator=(model_recordings&&) noexcept = default;
    ~model_recordings() = default;

    struct record_place {
        std::string layer, name;
        std::size_t slot = 0;
        int width = 0;
        bool bits = false, is_output = false;
    };
    static constexpr std::size_t record_slots = static_cast<std::size_t>(places::template record_slot<Plain::layer_count>());

    /// `what` empty: what the layer gives, spikes or output.
    record_place const& find_record(std::string_view layer, std::string_view what) const {
        std::string known;
        for (record_place const& one : places_) {
            if (one.layer == layer && (one.name == what || (what.empty() && one.is_output))) return one;
            known += (known.empty() ? "" : ", ") + ("'" + one.layer + "' " + one.name);
        }
        throw name_error(what.empty() ? "no layer of neurons is called '" + std::string(layer) + "'"
                                      : "nothing to record is called '" + std::string(what) + "' of '" + std::string(layer) + "'",
                         "this network has: " + known, "Use one of these names");
    }
    bool recording() const { return record_table_.is_allocated(); }
    /// nullptr where nothing is recorded.
    std::uintptr_t const* record_table() const { return record_table_.data(); }
    void ran(int steps) { steps_of_.fill(steps); }

  private:
    /// Tells kernels where each trace lies.
    void write_table() {
        if (!recording()) record_table_ = Kokkos::View<std::uintptr_t[1 + record_slots], Space>("spikefuse::records");
        auto const table = Kokkos::create_mirror_view(record_table_);
        for (record_place const& one : places_)
            table(one.slot) = one.bits ? reinterpret_cast<std::uintptr_t>(spike_records_[one.slot].data())
                                       : reinterpret_cast<std::uintptr_t>(state_records_[one.slot].data());
        Kokkos::deep_copy(record_table_, table);
    }
    template <int L>
    void list_places() {
        using word = typename Plain::template word<L>;
        if constexpr (requires { typename word::equations_of; }) {
            using about = equations::anatomy<typename word::equations_of>;
            constexpr int width = Plain::template width_from<L>;
            std::string const layer = layer_names<Plain>()[L];
            auto slot = static_cast<std::size_t>(places::template record_slot<L>());
            [&]<class... State>(plan::mp11::mp_list<State...>) {
                (places_.push_back({layer, std::string(State::name::text()), slot++, width, false, false}), ...);
            }(typename about::states{});
            places_.push_back({layer, about::emits_bits ? "spikes" : "output", slot, width, about::emits_bits, true});
        }
    }
    template <class View>
    View last_part(View const& whole, record_place const& one) const {
        int const steps = whole.is_allocated() ? steps_of_[one.slot] : 0;
        if (steps == 0)
            throw name_error("'" + one.name + "' of '" + one.layer + "' was not recorded",
                             whole.is_allocated() ? "nothing ran since record() was called for it" : "record() was not called for it",
                             "Call record(\"" + one.layer + "\", \"" + one.name + "\") before the run");
        return Kokkos::subview(whole, std::pair<std::size_t, std::size_t>(0, static_cast<std::size_t>(steps)), Kokkos::ALL, Kokkos::ALL);
    }

    int steps_, batch_;
    std::vector<record_place> places_;
    std::array<int, 1 + record_slots> steps_of_{}; // of the last run since a trace was asked for, by slot
    Kokkos::View<std::uintptr_t[1 + record_slots], Space> record_table_;
    std::array<owned<trace_view>, 1 + record_slots> state_records_;
    std::array<owned<spike_view>, 1 + record_slots> spike_records_;
};

} // namespace spikefuse::detail
