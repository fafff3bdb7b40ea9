// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Names that are checked when a program compiles: `network.set<"lif 1", "tau_mem">(20 * ms)`. A
/// wrong one is answered with the right ones.

#include "catalog.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

/// Text of a fixed length, as a template argument: a compiler's message shows it in quotes.
template <std::size_t Size>
struct text {
    char letters[Size + 1]{};
};

/// The parameters of a network by name, for a compiler.
template <class Schedule, class T>
class parameter_names {
    using known = catalog_of<Schedule, T>;

    struct writer : letter_writer {
        constexpr void put_layer(std::size_t layer) { // "lif 1"
            int ordinal = 1;
            for (std::size_t k = 0; k < layer; ++k)
                ordinal += known::layers[k].kind == known::layers[layer].kind ? 1 : 0;
            put(known::layers[layer].kind), put(" "), put(ordinal);
        }
    };
    /// Calls function(layer, name) for every parameter in order.
    template <class Function>
    static constexpr void each(Function function) {
        mp11::mp_for_each<mp11::mp_iota_c<known::layers.size()>>([&](auto l) {
            constexpr int layer = static_cast<int>(l);
            for (array_info const& one : Schedule::template arrays_of<layer>())
                function(static_cast<std::size_t>(layer), one.name);
        });
    }
    /// "lif 1 tau_mem": parameter k.
    static constexpr void write(writer& to, std::size_t k) {
        each([&](std::size_t layer, std::string_view name) {
            if (k-- == 0) to.put_layer(layer), to.put(" "), to.put(name);
        });
    }

  public:
    /// Whether layer k is called so.
    static constexpr bool is_layer(std::size_t k, std::string_view name) {
        char letters[256]{};
        writer to{{letters}};
        to.put_layer(k);
        return std::string_view(letters, to.size) == name;
    }
    static constexpr bool has(std::string_view layer, std::string_view parameter) {
        bool found = false;
        each([&](std::size_t k, std::string_view name) {
            found = found || (name == parameter && is_layer(k, layer));
        });
        return found;
    }
    static constexpr std::size_t count = [] {
        std::size_t all = 0;
        each([&](std::size_t, std::string_view) { ++all; });
        return all;
    }();
    /// "lif 1", of layer `Layer`.
    template <int Layer>
    static constexpr auto layer_name() {
        constexpr std::size_t size = [] {
            writer length;
            length.put_layer(Layer);
            return length.size;
        }();
        text<size> all;
        writer to{{all.letters}};
        to.put_layer(Layer);
        all.letters[size] = '\0'; // said once more, so that clang shows it as a string
        return all;
    }
    /// "lif 1 tau_mem", of parameter `K`.
    template <std::size_t K>
    static constexpr auto name_of() {
        constexpr std::size_t size = [] {
            writer length;
            write(length, K);
            return length.size;
        }();
        text<size> all;
        writer to{{all.letters}};
        write(to, K);
        return all;
    }
};

/// `Layer` and `Parameter` as they were written, `Known` what there is: a compiler's message shows
/// all of them.
template <bool Found, auto Layer, auto Parameter, auto... Known>
struct there_is_a_parameter {
    static_assert(Found, "spikefuse: this network has no parameter of that name. This message "
                         "shows the layer and the parameter that were "
                         "asked for, and then those that there are: use one of these.");
};
/// Refuses a name that the network does not have.
template <class Schedule, class T, auto Layer, auto Parameter>
constexpr void check_parameter_name() {
    using names = parameter_names<Schedule, T>;
    if constexpr (!names::has(Layer.letters, Parameter.letters))
        [&]<std::size_t... K>(std::index_sequence<K...>) {
            (void)there_is_a_parameter<false, Layer, Parameter, names::template name_of<K>()...>{};
        }(std::make_index_sequence<names::count>{});
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
