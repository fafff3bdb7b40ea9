// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A network inside a kernel of yours: one step of one body, by one thread.
///
///     auto cell = network.cell();
///     using state = decltype(cell)::state;              // what a body keeps: lie it where you
///     like Kokkos::parallel_for(bodies, KOKKOS_LAMBDA(int b) {
///         float const seen[] = {place(b), speed(b)};    // [inputs]
///         float force[1];                               // [outputs]
///         cell.step(states(b), seen, force);
///         ...
///     });
///
/// No scratch, no barrier, no allocation; every execution space. The bits are those of
/// `network.step` and of runs, for the same body, in programs whose flags let the compiler treat
/// both alike (docs/how_to/in_your_simulation.md).

#include "../kernel/forward_cells.hpp"
#include "detail/owned.hpp"
#include "settings.hpp"

#include <Kokkos_Core.hpp>

#include <algorithm>
#include <string>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {

template <class T, std::size_t Count>
struct cell_numbers {
    T numbers[Count]; // states in order, array by array, then values that loops feed back
    SPIKEFUSE_FUNCTION T* number_data() { return numbers; }
};
template <class T>
struct cell_numbers<T, 0> {
    SPIKEFUSE_FUNCTION T* number_data() { return nullptr; }
};
template <std::size_t Count>
struct cell_words {
    std::uint32_t words[Count]; // spikes that loops feed back
    SPIKEFUSE_FUNCTION std::uint32_t* word_data() { return words; }
};
template <>
struct cell_words<0> {
    SPIKEFUSE_FUNCTION std::uint32_t* word_data() { return nullptr; }
};

} // namespace detail

/// The numbers of one body between its steps: a plain struct, copied like one.
template <class T, std::size_t Numbers, std::size_t Words>
struct cell_state : detail::cell_numbers<T, Numbers>, detail::cell_words<Words> {
    static constexpr std::size_t number_count = Numbers, word_count = Words;
};

/// Numbers that stand `stride` elements apart, as an argument of `step`: a column of a View, say.
template <class Number>
struct strided {
    Number* data;
    std::size_t stride;
    template <class Index>
    SPIKEFUSE_FUNCTION Number& operator[](Index k) const {
        return data[static_cast<std::size_t>(k) * stride];
    }
};
template <class Number, class Stride>
strided(Number*, Stride) -> strided<Number>;

/// What `network.cell()` gives: a trivially copyable handle for kernels. It points to parameters
/// and coefficients of the model, which must live while it is used.
template <layer_word Network, class T>
class network_cell {
    using plain = detail::plan::schedule<Network, false>;
    using own = detail::plan::cell_layout<plain, T>;
    using layout = detail::plan::layout<plain, T>;
    template <int Layer>
    static constexpr bool layer_fits() {
        if constexpr (detail::broadcast_first_sample_state<typename plain::template word<Layer>>)
            return detail::plan::layer_keeps_its_own_state<
                false,
                detail::plan::parameter_names<plain, T>::template layer_name<Layer>()>::is_said;
        if constexpr (detail::plan::maps_rows<plain, Layer>)
            if constexpr (!past_map<typename plain::template over<Layer>>)
                return detail::plan::layer_is_no_image<
                    false,
                    detail::plan::parameter_names<plain, T>::template layer_name<Layer>()>::is_said;
        return own::template check<Layer>();
    }
    static_assert([]<int... Layer>(std::integer_sequence<int, Layer...>) {
        return (layer_fits<Layer>() && ...);
    }(std::make_integer_sequence<int, plain::layer_count>{}));

  public:
    using value_type = T;
    using state = cell_state<T, own::number_count, own::word_count>;
    static constexpr int inputs = plain::inputs, outputs = plain::outputs;
    /// Whether a layer draws random numbers: then `step` takes for which body and which step.
    static constexpr bool noisy = [] {
        bool found = false;
        boost::mp11::mp_for_each<
            boost::mp11::mp_iota_c<static_cast<std::size_t>(plain::layer_count)>>([&](auto l) {
            using word = typename plain::template word<static_cast<int>(l)>;
            if constexpr (neuron_layer<word>)
                found = found || equations::equation_traits<typename word::equations_of>::noisy ||
                        equations::equation_traits<typename word::equations_of>::draws;
        });
        return found;
    }();

    explicit network_cell(detail::cell_constants<T> constants) : constants_(constants) {}

    /// A body at rest.
    SPIKEFUSE_FUNCTION state rest() const {
        state one;
        begin(one);
        return one;
    }
    /// Puts a body at rest: an episode begins anew.
    SPIKEFUSE_FUNCTION void begin(state& one) const {
        constexpr int numbers = static_cast<int>(own::number_count),
                      resting = static_cast<int>(own::state_count),
                      words = static_cast<int>(own::word_count);
        for (int k = 0; k < numbers; ++k)
            one.number_data()[k] = k < resting ? constants_.initial[k] : T(0);
        for (int k = 0; k < words; ++k) one.word_data()[k] = 0;
    }

    /// One step of dt. `in[k]`: the input, `inputs` numbers of type T, or packed spikes,
    /// ceil(inputs / 32) words of std::uint32_t. `out[n]`: takes `outputs` numbers of type T, or,
    /// of a network that ends in spikes, ceil(outputs / 32) words. Pointers, arrays, std::span,
    /// Views of rank 1, `strided`.
    template <class In, class Out>
    SPIKEFUSE_FUNCTION void step(state& one, In const& in, Out&& out) const {
        static_assert(!noisy, "spikefuse: this network draws random numbers: tell step for which "
                              "body and step, cell.step(state, in, out, {.sample = body, .step = "
                              "t}).");
        step(one, in, out, noise_index{});
    }
    /// The same for a network that draws random numbers: they depend on the model's seed, the layer
    /// and the neuron, and on `index`.
    template <class In, class Out>
    SPIKEFUSE_FUNCTION void step(state& one, In const& in, Out&& out, noise_index index) const {
        using given = std::remove_cvref_t<decltype(in[0])>;
        using taken = std::remove_cvref_t<decltype(out[0])>;
        constexpr bool input_bits = std::is_same_v<given, std::uint32_t>,
                       output_bits = std::is_same_v<taken, std::uint32_t>;
        static_assert(input_bits || std::is_same_v<given, T>,
                      "spikefuse: the input of a cell is of another number type than the model. "
                      "Pass numbers of the model's type, or std::uint32_t: packed spikes.");
        static_assert(output_bits || std::is_same_v<taken, T>,
                      "spikefuse: the output of a cell is of another number type than the model. "
                      "Pass a place for numbers of the model's type, or for packed spikes.");
        static_assert(!output_bits || plain::emits_bits,
                      "spikefuse: this network ends in numbers, and packed spikes were asked for. "
                      "Pass a place for numbers of the model's type.");
        detail::step_cell<detail::plan::schedule<Network, input_bits>, T, output_bits>(
            constants_, one.number_data(), one.word_data(), in, out, index);
    }

    /// A number of a body by name: a state of neuron n, or, of a layer that a loop feeds back, its
    /// "spikes" (0 or 1) or "output" of the step before. `cell.get<"lif 1", "v">(state, n)`. The
    /// names are checked when the program compiles.
    template <detail::spelling Layer, detail::spelling Name>
    static SPIKEFUSE_FUNCTION T get(state const& one, int n) {
        constexpr detail::plan::cell_state_place place = place_of<Layer, Name>;
        if constexpr (place.bits) {
            return static_cast<T>(
                (one.words[place.offset + static_cast<std::size_t>(n / 32)] >> (n % 32)) & 1u);
        } else {
            return one.numbers[place.offset + static_cast<std::size_t>(n)];
        }
    }
    template <detail::spelling Layer, detail::spelling Name>
    static SPIKEFUSE_FUNCTION void set(state& one, int n, T value) {
        constexpr detail::plan::cell_state_place place = place_of<Layer, Name>;
        if constexpr (place.bits) {
            std::uint32_t& word = one.words[place.offset + static_cast<std::size_t>(n / 32)];
            std::uint32_t const bit = 1u << (n % 32);
            word = value != T(0) ? word | bit : word & ~bit;
        } else {
            one.numbers[place.offset + static_cast<std::size_t>(n)] = value;
        }
    }

  private:
    template <detail::spelling Layer, detail::spelling Name>
    static constexpr detail::plan::cell_state_place place_of =
        detail::plan::cell_state_names<plain, T>::template at<Layer, Name>();

    detail::cell_constants<T> constants_;
};

namespace detail {

/// Launches few steps of all samples, each by one thread. A few parts a thread, so that none waits
/// long for the last, and none so small that its coefficients cost more than its steps.
template <class Schedule, class Readout, class T, class Space>
void run_cells(std::string const& label, Space const& space, run_arguments<T> const& arguments) {
    int const parts = std::clamp(arguments.batch / 64, 1, 16 * space.concurrency());
    using policy = Kokkos::RangePolicy<Space, int, Kokkos::Schedule<Kokkos::Dynamic>>;
    Kokkos::parallel_for(label, policy(space, 0, parts, Kokkos::ChunkSize(1)),
                         forward_cells_kernel<Schedule, T, Readout>{arguments, parts});
}

/// What the cells of a model read besides its parameters.
template <class T, class Space>
class cell_memory {
  public:
    /// Computes it on `space`, and gives a cell that reads it.
    template <class Network>
    network_cell<Network, T> prepare(std::string const& label, Space const& space,
                                     T const* parameters, model_settings const& chosen) {
        using schedule = plan::schedule<Network, false>;
        using layout = plan::layout<schedule, T>;
        using kernel = cell_prepare_kernel<schedule, T>;
        constexpr std::size_t size =
            layout::coefficient_total + plan::cell_layout<schedule, T>::state_count;
        if (!numbers_.view().is_allocated())
            numbers_ = Kokkos::View<T*, Space>("spikefuse::cell", size + 1);
        T* const initial = numbers_.data() + layout::coefficient_total;
        Kokkos::parallel_for(
            label, Kokkos::RangePolicy<Space, int>(space, 0, static_cast<int>(kernel::count)),
            kernel{parameters, numbers_.data(), initial, static_cast<T>(chosen.dt.seconds)});
        return network_cell<Network, T>({parameters, numbers_.data(), initial, chosen.seed});
    }

  private:
    owned<Kokkos::View<T*, Space>> numbers_;
};

} // namespace detail

} // namespace spikefuse::inline SPIKEFUSE_ABI
