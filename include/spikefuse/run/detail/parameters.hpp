// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The parameters of a model: weights, biases and the neurons' constants, by the names of their layers.

#include "../../plan/describe.hpp"
#include "arrays.hpp"
#include "owned.hpp"

#include <random>
#include <span>
#include <string>
#include <vector>

namespace spikefuse::detail {

template <class Plain, class T, class Space>
class model_parameters {
    using places = plan::layout<Plain, T>;

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
            parameter p{one.layer, std::string(one.info.name), {static_cast<std::size_t>(one.info.rows)}};
            if (one.info.columns != 0) p.shape.push_back(static_cast<std::size_t>(one.info.columns));
            result.push_back(p);
        }
        return result;
    }

    /// Throws what `set` would throw, and changes nothing.
    template <class Number>
    array_place const& check(std::string_view layer, std::string_view name, std::span<Number const> values) const {
        array_place const& one = find(layer, name);
        if (values.size() != one.size())
            throw shape_error("'" + std::string(name) + "' of '" + std::string(layer) + "' was given " + std::to_string(values.size()) +
                                  " numbers",
                              "this network wants " + one.shape_text(), "Pass " + std::to_string(one.size()) + " numbers, row by row");
        for (std::size_t k = 0; k < values.size(); ++k) one.template check<T>(static_cast<double>(values[k]), k);
        return one;
    }
    /// Sets an array, row-major: weight [outputs, inputs], or one number a neuron.
    /// Throws name_error, shape_error, or value_error (NaN, a time constant that is not positive); then nothing has changed.
    template <class Number>
    void set(std::string_view layer, std::string_view name, std::span<Number const> values) {
        array_place const& one = check(layer, name, values);
        std::size_t k = 0;
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), bag_.view());
        one.for_each_place(places::panel, [&](std::size_t at) { host(at) = static_cast<T>(values[k++]); });
        one.settle(places::panel, host.data());
        Kokkos::deep_copy(bag_.view(), host);
    }
    template <class Number>
    void set(std::string_view layer, std::string_view name, std::vector<Number> const& values) {
        set(layer, name, std::span<Number const>(values));
    }
    /// Sets every entry of an array to one number (seconds for a time constant).
    void set(std::string_view layer, std::string_view name, double value) {
        set(layer, name, std::vector<double>(find(layer, name).size(), value));
    }
    void set(std::string_view layer, std::string_view name, duration value) { set(layer, name, value.seconds); }

    /// An array, row-major.
    std::vector<T> get(std::string_view layer, std::string_view name) const {
        array_place const& one = find(layer, name);
        return gather(one, Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), bag_.view()).data());
    }

    /// Whether a layer is one of neurons (or of another pointwise kind), not of weights.
    bool is_neurons(std::string_view layer) const {
        bool found = false;
        plan::mp11::mp_for_each<plan::mp11::mp_iota_c<static_cast<std::size_t>(Plain::layer_count)>>([&](auto l) {
            using word = typename Plain::template word<static_cast<int>(l)>;
            if (names_[l] == layer) found = !word::mixes;
        });
        return found;
    }

    /// How each layer is called in the exchange format, in order.
    static std::vector<exchange_rule> exchange_rules() {
        std::vector<exchange_rule> rules;
        plan::mp11::mp_for_each<plan::mp11::mp_transform<plan::mp11::mp_identity, typename Plain::words>>(
            [&]<class Word>(plan::mp11::mp_identity<Word>) { rules.push_back(Word::exchange); });
        return rules;
    }

  protected:
    template <layer_word Network>
    void start_parameters(Network const& network, std::uint64_t seed) {
        each_layer(network, [this](auto l, auto const& word) { this->template list_arrays<l>(word); });
        bag_ = Kokkos::View<T*, Space>("spikefuse::parameters", std::max<std::size_t>(places::bag_total, 1));
        auto const host = Kokkos::create_mirror_view(bag_.view());
        std::mt19937_64 random(seed);
        for (array_place const& one : arrays_) {
            one.template check<T>(one.info.initial, 0);
            double value = one.info.initial;
            int row = 0;
            one.for_each_place(places::panel, [&](std::size_t at) {
                double const unit_interval = static_cast<double>(random() >> 11) * 0x1p-53;
                host(at) = static_cast<T>(value + one.info.spread * (2 * unit_interval - 1));
                value += one.info.increment;
                if (one.info.period != 0 && ++row % one.info.period == 0) value = one.info.initial;
            });
            one.settle(places::panel, host.data());
        }
        Kokkos::deep_copy(bag_.view(), host);
    }
    T const* bag() const { return bag_.data(); }
    /// An array of something else that lies as the parameters do.
    std::vector<T> gather(array_place const& one, T const* bag) const {
        std::vector<T> values;
        values.reserve(one.size());
        one.for_each_place(places::panel, [&](std::size_t at) { values.push_back(bag[at]); });
        return values;
    }
    array_place const& find(std::string_view layer, std::string_view name) const { return find_array(arrays_, layer, name); }
    std::vector<array_place> const& arrays() const { return arrays_; }

    owned<Kokkos::View<T*, Space>> bag_;

  private:
    template <std::size_t L, class Word>
    void list_arrays(Word const& word) {
        constexpr int layer = static_cast<int>(L);
        std::size_t offset = places::template bag_at<layer>;
        for (array_info const& info : word.template arrays<Plain::template width_into<layer>>()) {
            array_place one{names_[L], info, offset};
            offset += static_cast<std::size_t>(places::padded(info.rows)) * one.lines();
            arrays_.push_back(one);
        }
    }

    std::vector<std::string> names_ = detail::layer_names<Plain>();
    std::vector<array_place> arrays_;
};

} // namespace spikefuse::detail
