// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The parameters of a model: weights, biases and the neurons' constants, by the names of their
/// layers.

#include "../../plan/catalog.hpp"
#include "../parameter_view.hpp"
#include "arrays.hpp"
#include "owned.hpp"

#include <random>
#include <span>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

template <class T, class Space>
class model_parameters {
  public:
    /// Names of the layers in order: "linear 1", "lif 1", "linear 2" ...
    std::vector<std::string> const& layer_names() const { return names_; }

    struct parameter {
        std::string layer, name;
        std::vector<std::size_t> shape; // [rows] or [rows, columns]
    };
    /// Every array of every layer.
    std::vector<parameter> parameters() const {
        std::vector<parameter> result;
        for (array_place const& one : arrays_) {
            parameter p{
                one.layer, std::string(one.info.name), {static_cast<std::size_t>(one.info.rows)}};
            if (one.info.columns != 0)
                p.shape.push_back(static_cast<std::size_t>(one.info.columns));
            result.push_back(p);
        }
        return result;
    }

    /// Changes nothing.
    /// @throws error what `set` would throw
    template <class Number>
    array_place const& check(std::string_view layer, std::string_view name,
                             std::span<Number const> values) const {
        array_place const& one = find(layer, name);
        if (values.size() != one.size())
            throw shape_error("'" + std::string(name) + "' of '" + std::string(layer) +
                                  "' was given " + std::to_string(values.size()) + " numbers",
                              "this network wants " + one.shape_text(),
                              "Pass " + std::to_string(one.size()) + " numbers, row by row");
        for (std::size_t k = 0; k < values.size(); ++k)
            one.template check<T>(static_cast<double>(values[k]), k);
        return one;
    }
    void check(std::string_view layer, std::string_view name, double value) const { // for all
        find(layer, name).template check<T>(value, 0);
    }
    /// Sets an array, row-major: weight [outputs, inputs], or one number a neuron.
    /// @throws name_error no such layer, or no such array of it; then nothing has changed
    /// @throws shape_error another number of values
    /// @throws value_error NaN, a time constant that is not positive
    template <class Number, std::size_t Extent>
    void set(std::string_view layer, std::string_view name, std::span<Number, Extent> values) {
        array_place const& one = check(layer, name, std::span<Number const>(values));
        std::size_t k = 0;
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), bag_.view());
        one.for_each_place(panel, [&](std::size_t at) { host(at) = static_cast<T>(values[k++]); });
        one.settle(panel, host.data());
        Kokkos::deep_copy(bag_.view(), host);
    }
    template <class Number>
    void set(std::string_view layer, std::string_view name, std::vector<Number> const& values) {
        set(layer, name, std::span<Number const>(values));
    }
    /// Sets every entry of an array to one number (seconds for a time constant).
    /// @throws error a name or value error; then nothing has changed
    void set(std::string_view layer, std::string_view name, double value) {
        set(layer, name, std::vector<double>(find(layer, name).size(), value));
    }
    void set(std::string_view layer, std::string_view name, duration value) {
        set(layer, name, value.seconds);
    }

    /// An array, row-major.
    /// @throws name_error no such layer, or no such array of it
    std::vector<T> get(std::string_view layer, std::string_view name) const {
        array_place const& one = find(layer, name);
        return one.values(
            panel, Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), bag_.view()).data());
    }

    /// An array where it lies, for kernels to read and write; it holds from the next run on, and
    /// cells have to be taken again. Nobody looks at what is written: positive time constants,
    /// zeros on the diagonal of a loop without autapses (see `check_runs`). Valid until the model
    /// is moved, assigned to or ends.
    /// @throws name_error none of that name
    parameter_array<T> parameter_view(std::string_view layer, std::string_view name) const {
        return view_of(find(layer, name));
    }
    /// Sets an array from a view, [rows, columns] or [rows], of any strides, where the model
    /// computes: in the order of `space`, without a fence. Nobody looks at the numbers.
    /// @throws error a name or shape error
    template <class View>
        requires Kokkos::is_view_v<View>
    void set(Space const& space, std::string_view layer, std::string_view name,
             View const& values) {
        copy<false>(space, find(layer, name), values);
    }
    /// Writes an array to a view, [rows, columns] or [rows], likewise.
    template <class View>
        requires Kokkos::is_view_v<View>
    void get(Space const& space, std::string_view layer, std::string_view name,
             View const& values) const {
        copy<true>(space, find(layer, name), values);
    }
    /// All parameters as they lie, [parameter_count], for `use_parameters` of another model.
    Kokkos::View<T*, Space> const& parameter_memory() const { return bag_.view(); }
    /// Works with the parameters that lie in a view from now on: those of another model of this
    /// network, or memory of your own, into which you copied `parameter_memory()` before. It may be
    /// unmanaged, and has to outlive the model then. A copy of this model has memory of its own.
    /// Cells have to be taken again.
    /// @throws error a shape error; a value error where it does not begin with a cache line
    void use_parameters(Kokkos::View<T*, Space> const& memory) {
        expect_memory(memory.data(), memory.size(), bag_.view().size(), "parameters");
        bag_ = memory;
    }

    /// Whether a layer is one of neurons (or of another pointwise kind), not of weights.
    bool is_neurons(std::string_view layer) const {
        for (std::size_t k = 0; k < names_.size(); ++k)
            if (names_[k] == layer) return !layers_[k].mixes;
        return false;
    }

    /// Where each of them lies.
    std::vector<array_place> const& arrays() const { return arrays_; }

    /// All parameters as they lie: what runs read, and learning changes.
    T* parameter_data() const { return bag_.data(); }
    /// How many elements that are.
    std::size_t parameter_count() const { return count_; }

    /// How each layer is called in the exchange format, in order.
    std::vector<nir_mapping> nir_mappings() const {
        std::vector<nir_mapping> rules;
        for (plan::layer_entry const& one : layers_) rules.push_back(*one.exchange);
        return rules;
    }

  protected:
    static constexpr std::size_t panel = panel_width<T>;

    explicit model_parameters(plan::catalog const& of)
        : count_(of.parameters),
          bag_(Kokkos::View<T*, Space>("spikefuse::parameters",
                                       std::max<std::size_t>(of.parameters, 1))),
          layers_(of.layers), names_(plan::layer_names(of.layers)) {}

    /// The arrays of a layer, which lie one behind the other.
    void add_arrays(std::size_t layer, std::span<array_info const> arrays) {
        std::size_t offset = layers_[layer].parameters_at;
        for (array_info const& info : arrays) {
            arrays_.push_back({names_[layer], info, offset});
            offset += static_cast<std::size_t>(plan::round_up(info.rows, panel_width<T>)) *
                      arrays_.back().lines();
        }
    }
    /// Weights begin as their layers say (from `seed`), neurons with what is written in the
    /// network.
    /// @throws value_error a default outside its domain
    void initialize(std::uint64_t seed) {
        auto const host = Kokkos::create_mirror_view(bag_.view());
        std::mt19937_64 random(seed);
        for (array_place const& one : arrays_) {
            one.template check<T>(one.info.initial, 0);
            double value = one.info.initial;
            int row = 0;
            one.for_each_place(panel, [&](std::size_t at) {
                double const unit_interval = static_cast<double>(random() >> 11) * 0x1p-53;
                host(at) = static_cast<T>(value + one.info.spread * (2 * unit_interval - 1));
                value += one.info.increment;
                if (one.info.period != 0 && ++row % one.info.period == 0) value = one.info.initial;
            });
            one.settle(panel, host.data());
        }
        Kokkos::deep_copy(bag_.view(), host);
    }
    array_place const& find(std::string_view layer, std::string_view name) const {
        return find_array(arrays_, layer, name);
    }

  private:
    parameter_array<T> view_of(array_place const& one) const {
        return {bag_.data() + one.offset, static_cast<std::size_t>(one.info.rows),
                static_cast<std::size_t>(one.info.columns)};
    }
    template <bool ToView, class View>
    void copy(Space const& space, array_place const& one, View const& values) const {
        expect_parameters_view<T, Space, View>();
        bool fits = (one.info.columns == 0) == (View::rank() == 1) &&
                    values.extent(0) == static_cast<std::size_t>(one.info.rows);
        if constexpr (View::rank() == 2) fits = fits && values.extent(1) == one.columns();
        if (!fits)
            throw shape_error("the view for '" + std::string(one.name()) + "' of '" + one.layer +
                                  "' has " + std::to_string(View::rank()) + " extents and " +
                                  std::to_string(values.size()) + " numbers",
                              "this network's is " + one.shape_text(),
                              "Pass a view " + one.shape_text());
        Kokkos::parallel_for(
            "spikefuse::copy_parameters",
            Kokkos::RangePolicy<Space, Kokkos::IndexType<std::size_t>>(space, 0, one.size()),
            copy_parameters_kernel<T, View, ToView>{view_of(one), values, one.info.zero_diagonal});
    }

    std::size_t count_;
    owned<Kokkos::View<T*, Space>> bag_;
    std::span<plan::layer_entry const> layers_;
    std::vector<std::string> names_;
    std::vector<array_place> arrays_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
