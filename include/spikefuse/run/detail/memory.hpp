// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a model remembers between calls: the states of every sample, and the rows that loops feed back.

#include "../../core/errors.hpp"
#include "../../core/numbers.hpp"
#include "../../plan/describe.hpp"
#include "../../plan/layout.hpp"
#include "owned.hpp"

#include <cstring>
#include <span>
#include <string>
#include <vector>

namespace spikefuse::detail {

template <class Plain, class T, class Space>
class model_memory {
    using places = plan::layout<Plain, T>;

  public:
    explicit model_memory(int batch) : batch_(static_cast<std::size_t>(batch)) {
        data_ = make();
        [&]<std::size_t... L>(std::index_sequence<L...>) {
            (list_states<static_cast<int>(L)>(), ...);
        }(std::make_index_sequence<static_cast<std::size_t>(Plain::layer_count)>{});
        plan::mp11::mp_for_each<plan::mp11::mp_transform<plan::mp11::mp_identity, typename Plain::nodes>>(
            [&](auto node) { list_rows(node); });
    }
    T* data() const { return data_.data(); }
    Kokkos::View<T*, Space> const& view() const { return data_.view(); }
    /// Memory for all samples.
    Kokkos::View<T*, Space> make() const { return {"spikefuse::states", std::max<std::size_t>(places::memory_total * batch_, 1)}; }

    /// A state of all samples, [B, N], from something that lies as the states do.
    std::vector<T> get(std::string_view layer, std::string_view name, Kokkos::View<T*, Space> const& data) const {
        state_place const& one = find(layer, name);
        auto const all = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), data);
        std::vector<T> values(batch_ * one.width); // [B, N]
        for (std::size_t b = 0; b < batch_; ++b)
            for (std::size_t n = 0; n < one.width; ++n)
                values[b * one.width + n] = read(all.data() + b * places::memory_total + one.offset, n, one.bits);
        return values;
    }
    /// Throws what `set` would throw, and changes nothing.
    template <class Number>
    void check(std::string_view layer, std::string_view name, std::span<Number const> values) const {
        state_place const& one = find(layer, name);
        if (values.size() != 1 && values.size() != one.width && values.size() != batch_ * one.width)
            throw shape_error("'" + std::string(name) + "' of '" + std::string(layer) + "' was given " + std::to_string(values.size()) +
                                  " numbers",
                              "it is [B, N] = [" + std::to_string(batch_) + ", " + std::to_string(one.width) + "]",
                              "Pass that many numbers, row by row, or N for all samples alike, or one for all");
        for (std::size_t k = 0; k < values.size(); ++k)
            if (!is_finite(static_cast<T>(values[k])))
                throw value_error("'" + std::string(name) + "' of '" + std::string(layer) + "' is " +
                                      number_text(static_cast<double>(values[k])) + " at [" + std::to_string(k) + "]",
                                  "a state is a finite number" + beyond<T>(static_cast<double>(values[k])),
                                  "Look where this number comes from");
    }
    /// Values that were checked.
    template <class Number>
    void set(std::string_view layer, std::string_view name, std::span<Number const> values) {
        state_place const& one = find(layer, name);
        auto const all = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), data_.view());
        for (std::size_t b = 0; b < batch_; ++b)
            for (std::size_t n = 0; n < one.width; ++n) {
                std::size_t const at = values.size() == 1 ? 0 : values.size() == one.width ? n : b * one.width + n;
                write(all.data() + b * places::memory_total + one.offset, n, one.bits, static_cast<T>(values[at]));
            }
        Kokkos::deep_copy(data_.view(), all);
    }

  private:
    struct state_place {
        std::string layer, name;
        std::size_t offset = 0, width = 0; // in numbers, from the beginning of a sample
        bool bits = false;
    };

    template <int L>
    void list_states() {
        using word = typename Plain::template word<L>;
        if constexpr (requires { typename word::equations_of; }) {
            constexpr int width = Plain::template width_from<L>;
            std::size_t offset = places::template states_at<L>;
            [&]<class... State>(plan::mp11::mp_list<State...>) {
                ((places_.push_back({layer_names<Plain>()[L], std::string(State::name::text()), offset, width, false}),
                  offset += static_cast<std::size_t>(places::padded(width))),
                 ...);
            }(typename equations::anatomy<typename word::equations_of>::states{});
        }
    }
    // What a loop feeds back belongs to the layer that gave it.
    template <class... Nodes>
    void list_rows(plan::mp11::mp_identity<plan::loop<Nodes...>>) {
        (list_rows(plan::mp11::mp_identity<Nodes>{}), ...);
    }
    template <int Width, class Feeds, class... Points, int Target>
    void list_rows(plan::mp11::mp_identity<plan::stage<Width, Feeds, plan::mp11::mp_list<Points...>, Target>>) {
        if constexpr (Target >= 0 && sizeof...(Points) > 0) {
            using self = typename Plain::template buffer_at<Target>;
            constexpr int layer = plan::mp11::mp_back<plan::mp11::mp_list<Points...>>::value;
            if constexpr (self::fed_back)
                places_.push_back({layer_names<Plain>()[layer], self::bits ? "spikes" : "output",
                                   places::state_total + places::template kept_bytes<Target> / sizeof(T), Width, self::bits});
        }
    }

    state_place const& find(std::string_view layer, std::string_view name) const {
        std::string known;
        for (state_place const& one : places_) {
            if (one.layer == layer && one.name == name) return one;
            known += (known.empty() ? "" : ", ") + ("'" + one.layer + "' " + one.name);
        }
        throw name_error("there is no state '" + std::string(name) + "' of '" + std::string(layer) + "'", "this network has: " + known,
                         "Use one of these names");
    }
    static T read(T const* row, std::size_t n, bool bits) {
        if (!bits) return row[n];
        return static_cast<T>((word_of(row, n) >> (n % 32)) & 1u);
    }
    static void write(T* row, std::size_t n, bool bits, T value) {
        if (!bits) {
            row[n] = value;
            return;
        }
        std::uint32_t const bit = 1u << (n % 32), word = value != T(0) ? word_of(row, n) | bit : word_of(row, n) & ~bit;
        std::memcpy(reinterpret_cast<unsigned char*>(row) + n / 32 * 4, &word, 4);
    }
    static std::uint32_t word_of(T const* row, std::size_t n) {
        std::uint32_t word;
        std::memcpy(&word, reinterpret_cast<unsigned char const*>(row) + n / 32 * 4, 4);
        return word;
    }

    std::size_t batch_;
    owned<Kokkos::View<T*, Space>> data_; // [B, memory_total]
    std::vector<state_place> places_;
};

} // namespace spikefuse::detail
