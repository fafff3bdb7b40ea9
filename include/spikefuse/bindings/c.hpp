// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A network for programs in C and Fortran: models behind numbers, codes instead of exceptions.
/// `spikefuse_add_bindings` (cmake/bindings.cmake) writes a C header, a Fortran module and the one
/// source that gives the functions here their C names.

#include "../run/model.hpp"
#include "arguments.hpp"
#include "handles.hpp"
#ifdef SPIKEFUSE_BINDINGS_WITH_FILES // said by spikefuse_add_bindings where HDF5 and zlib are
#include "../io/nir_load.hpp"
#include "../io/nir_write.hpp"
#endif

#include <cstdint>
#include <memory>
#include <mutex>

namespace spikefuse::inline SPIKEFUSE_ABI::bindings {

/// The functions of a C interface, of one network and number type. All answer a code (`status`),
/// throw nothing, and may be called by any thread; calls of one model wait for each other.
/// @tparam Network a constexpr network
/// @tparam T float or double
/// @tparam Built the readouts that runs may ask for; `last_step` is one
template <auto const& Network, class T, readout... Built>
class library {
    using model = model_of<Network, T>;
    using space = typename model::space_type;
    using memory = typename space::memory_space;
    using schedule =
        spikefuse::detail::plan::schedule<std::remove_cvref_t<decltype(Network)>, false>;

    struct entry {
        explicit entry(model_settings const& chosen) : network(Network, chosen) {
            for (auto const& one : network.parameters())
                parameters.push_back({one.layer, one.name, static_cast<int>(one.shape[0]),
                                      one.shape.size() > 1 ? static_cast<int>(one.shape[1]) : 0});
            for (spikefuse::detail::plan::state_entry const& one :
                 spikefuse::detail::plan::catalog_of<schedule, T>::value.states)
                states.push_back({network.layer_names()[static_cast<std::size_t>(one.layer)],
                                  std::string(one.name), chosen.batch,
                                  static_cast<int>(one.width)});
        }
        std::mutex busy;
        std::string error;
        model network;
        std::vector<named_array> parameters, states;
    };
    static handles<entry>& all() {
        static auto& one =
            *new handles<entry>; // views must not outlive Kokkos, whose end clears it
        return one;
    }
    /// Calls function(entry), and leaves the sentence of an error with the model too.
    template <class Function>
    static int with(handle which, Function const& function) noexcept {
        std::shared_ptr<entry> one;
        int const code = guarded([&] {
            detail::expect_kokkos();
            one = all().find(which);
            std::lock_guard const lock(one->busy);
            function(*one);
        });
        if (code != 0 && one != nullptr)
            guarded([&] {
                std::lock_guard const lock(one->busy);
                one->error = last_error();
            });
        return code;
    }

  public:
    static constexpr int inputs = model::inputs;   ///< features of the input
    static constexpr int outputs = model::outputs; ///< and of the output

    /// Begins Kokkos with its environment variables; does nothing where it runs.
    static int initialise() noexcept {
        return guarded([] {
            if (Kokkos::is_finalized()) detail::expect_kokkos();
            if (Kokkos::is_initialized()) return;
            Kokkos::initialize();
            detail::began_kokkos() = true;
        });
    }
    /// Destroys this library's models, and ends Kokkos if `initialise` began it.
    static int finalise() noexcept {
        return guarded([] {
            all().clear();
            if (!detail::began_kokkos() || Kokkos::is_finalized()) return;
            Kokkos::finalize();
            detail::began_kokkos() = false;
        });
    }

    /// Bytes of a model of these settings, without making it: its parameters and states. What
    /// threads work in, Kokkos keeps once for all kernels of a program.
    static int memory_of(model_settings const& chosen, std::size_t* bytes) noexcept {
        return guarded([&] {
            detail::expect_pointer(bytes, "bytes");
            spikefuse::detail::checked_settings<T>(chosen);
            auto const& sizes = spikefuse::detail::plan::catalog_of<schedule, T>::value;
            *bytes = (sizes.parameters + sizes.memory * static_cast<std::size_t>(chosen.batch)) *
                     sizeof(T);
        });
    }
    static int create(handle* which, model_settings const& chosen) noexcept {
        return guarded([&] {
            detail::expect_pointer(which, "the model");
            *which = 0;
            detail::expect_kokkos();
            *which = all().add(made(chosen));
        });
    }
    static int destroy(handle* which) noexcept {
        return guarded([&] {
            detail::expect_pointer(which, "the model");
            all().remove(*which);
            *which = 0;
        });
    }
    /// The sentence of this model's last error; it stays until the next one.
    static char const* error_of(handle which) noexcept {
        char const* text = "";
        guarded([&] { text = all().find(which)->error.c_str(); });
        return text;
    }

    static int set_parameter(handle which, char const* layer, char const* name, T const* values,
                             std::size_t count) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_pointer(values, "values");
            one.network.set(detail::text_of(layer, "layer"), detail::text_of(name, "name"),
                            std::span<T const>(values, count));
        });
    }
    static int fill_parameter(handle which, char const* layer, char const* name,
                              double value) noexcept {
        return with(which, [&](entry& one) {
            one.network.set(detail::text_of(layer, "layer"), detail::text_of(name, "name"), value);
        });
    }
    static int get_parameter(handle which, char const* layer, char const* name, T* values,
                             std::size_t count) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_pointer(values, "values");
            copy_out(
                name,
                one.network.get(detail::text_of(layer, "layer"), detail::text_of(name, "name")),
                values, count);
        });
    }
    /// The arrays of a model, in order; see `named_array`. What is pointed to lives with the model.
    static int parameter_count(handle which, int* count) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_pointer(count, "count");
            *count = static_cast<int>(one.parameters.size());
        });
    }
    static int state_count(handle which, int* count) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_pointer(count, "count");
            *count = static_cast<int>(one.states.size());
        });
    }
    /// @param to where the caller will write what is found; refused where it is null
    static int parameter(handle which, int number, void const* to,
                         named_array const** found) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_pointer(to, "the array");
            *found = &at(one.parameters, number, "parameter");
        });
    }
    static int state(handle which, int number, void const* to, named_array const** found) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_pointer(to, "the array");
            *found = &at(one.states, number, "state");
        });
    }

    static int load(handle which, char const* path) noexcept {
        return with(which, [&](entry& one) {
            std::string const file = detail::text_of(path, "path");
#ifdef SPIKEFUSE_BINDINGS_WITH_FILES
            one.network.load(nir::read(file));
#else
            refuse_file(one, file);
#endif
        });
    }
    static int save(handle which, char const* path) noexcept {
        return with(which, [&](entry& one) {
            std::string const file = detail::text_of(path, "path");
#ifdef SPIKEFUSE_BINDINGS_WITH_FILES
            nir::write(file, one.network);
#else
            refuse_file(one, file);
#endif
        });
    }

    /// Runs [T, B, N] through all steps. The arrays lie where the model computes, or, `from_host`,
    /// in the host's memory: then the run has ended when this returns.
    template <bool FromHost>
    static int run(handle which, int how, int steps, T const* input, std::size_t input_count,
                   T* output, std::size_t output_count) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_steps(steps);
            auto const in = input_of<FromHost>(one, input, input_count, steps);
            reading(how, [&](auto word) {
                write<FromHost>(one, word, in, steps, output, output_count);
            });
        });
    }
    /// The same for an input [B, N] that is held for `settings.steps` steps.
    template <bool FromHost>
    static int run_held(handle which, int how, T const* input, std::size_t input_count, T* output,
                        std::size_t output_count) noexcept {
        return with(which, [&](entry& one) {
            auto const in = input_of<FromHost>(one, input, input_count, 1);
            auto const held = Kokkos::subview(in, 0, Kokkos::ALL, Kokkos::ALL);
            int const steps = one.network.setup().steps;
            reading(how, [&](auto word) {
                write<FromHost>(one, word, held, steps, output, output_count);
            });
        });
    }
    /// Waits for what was begun with arrays of the device.
    static int fence() noexcept {
        return guarded([] {
            detail::expect_kokkos();
            space().fence("spikefuse::bindings");
        });
    }

    static int reset(handle which) noexcept {
        return with(which, [](entry& one) { one.network.reset(); });
    }
    /// Lets samples start from rest.
    /// @param mask a bool a sample, on the host
    static int reset_some(handle which, bool const* mask, std::size_t count) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_pointer(mask, "mask");
            Kokkos::View<bool const*, Kokkos::HostSpace,
                         Kokkos::MemoryTraits<Kokkos::Unmanaged>> const given(mask, count);
            one.network.reset(space(), Kokkos::create_mirror_view_and_copy(memory(), given));
            if constexpr (!on_host) space().fence("spikefuse::bindings");
        });
    }
    static int get_state(handle which, char const* layer, char const* name, T* values,
                         std::size_t count) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_pointer(values, "values");
            copy_out(
                name,
                one.network.state(detail::text_of(layer, "layer"), detail::text_of(name, "name")),
                values, count);
        });
    }
    static int set_state(handle which, char const* layer, char const* name, T const* values,
                         std::size_t count) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_pointer(values, "values");
            one.network.set_state(detail::text_of(layer, "layer"), detail::text_of(name, "name"),
                                  std::span<T const>(values, count));
        });
    }
    /// Steps since the model was created: what noise counts by.
    static int elapsed_steps(handle which, std::int64_t* steps) noexcept {
        return with(which, [&](entry& one) {
            detail::expect_pointer(steps, "steps");
            *steps = static_cast<std::int64_t>(one.network.elapsed_steps());
        });
    }
    static int set_elapsed_steps(handle which, std::int64_t steps) noexcept {
        return with(which, [&](entry& one) {
            if (steps < 0)
                throw value_error("elapsed steps are " + std::to_string(steps),
                                  "they are counted from 0", "Pass 0 or more");
            one.network.set_elapsed_steps(static_cast<std::uint64_t>(steps));
        });
    }
    /// For a Fortran module, whose arrays have extents: says that the fastest is not the features'.
    static int refuse_extent(handle which, char const* what, int given, int wanted) noexcept {
        return with(which, [&](entry&) {
            throw shape_error("the first extent of the " + detail::text_of(what, "what") + " is " +
                                  std::to_string(given),
                              "in Fortran the first one is the fastest: it counts features, here " +
                                  std::to_string(wanted),
                              "Pass an array (features, samples) or (features, samples, steps)");
        });
    }

  private:
    /// Kokkos says in words of its own that there is no memory.
    static std::shared_ptr<entry> made(model_settings const& chosen) {
        try {
            return std::make_shared<entry>(chosen);
        } catch (error const&) {
            throw;
        } catch (std::exception const&) {
            std::size_t bytes = 0;
            memory_of(chosen, &bytes);
            throw memory_error("a model of " + std::to_string(chosen.batch) + " samples takes " +
                                   spikefuse::detail::readable_bytes(static_cast<double>(bytes)),
                               "there is no such memory", "Make the batch smaller");
        }
    }
    static constexpr bool on_host = std::is_same_v<memory, Kokkos::HostSpace>;
    template <bool FromHost>
    using place = std::conditional_t<FromHost, Kokkos::HostSpace, memory>;
    template <class Data, bool FromHost>
    using array = Kokkos::View<Data, Kokkos::LayoutRight, place<FromHost>,
                               Kokkos::MemoryTraits<Kokkos::Unmanaged>>;

    static named_array const& at(std::vector<named_array> const& arrays, int number,
                                 char const* what) {
        if (number < 0 || static_cast<std::size_t>(number) >= arrays.size())
            throw value_error("there is no " + std::string(what) + " " + std::to_string(number),
                              "this network has " + std::to_string(arrays.size()), "Count from 0");
        return arrays[static_cast<std::size_t>(number)];
    }
    static void copy_out(char const* name, std::vector<T> const& from, T* to, std::size_t count) {
        if (count != from.size())
            throw shape_error("there is room for " + std::to_string(count) + " numbers",
                              "'" + std::string(name) + "' has " + std::to_string(from.size()),
                              "Pass an array of that size");
        std::copy(from.begin(), from.end(), to);
    }
    [[maybe_unused]] static void refuse_file(entry&, std::string const& path) {
        throw file_error("'" + path + "' is neither read nor written",
                         "this library was built without HDF5",
                         "Build it where spikefuse's component io is found");
    }
    /// Calls function(readout), and throws for what is none of those built.
    template <class Function>
    static void reading(int how, Function const& function) {
        auto const is = [&]<readout One>(std::integral_constant<readout, One>) {
            if (how != static_cast<int>(One)) return false;
            function(detail::word_of<One>());
            return true;
        };
        if ((is(std::integral_constant<readout, Built>{}) || ...)) return;
        throw value_error("there is no readout " + std::to_string(how),
                          "each of the six costs compile time, and this library was built with " +
                              std::to_string(sizeof...(Built)),
                          "Name it in spikefuse_add_bindings(... READOUTS ...)");
    }
    template <bool FromHost>
    static auto input_of(entry& one, T const* input, std::size_t count, int steps) {
        detail::expect_pointer(input, "the input");
        int const batch = one.network.setup().batch;
        detail::expect_count("input", count, steps, batch, inputs);
        array<T const***, FromHost> const given(input, steps, batch, inputs);
        return Kokkos::create_mirror_view_and_copy(memory(), given); // itself where it can be read
    }
    template <bool FromHost, class Readout, class Input>
    static void write(entry& one, Readout word, Input const& in, int steps, T* output,
                      std::size_t count) {
        detail::expect_pointer(output, "the output");
        int const batch = one.network.setup().batch;
        detail::expect_count("output", count, Readout::every_step ? steps : 1, batch, outputs);
        auto const to = [&] {
            if constexpr (Readout::every_step) {
                return array<T***, FromHost>(output, steps, batch, outputs);
            } else {
                return array<T**, FromHost>(output, batch, outputs);
            }
        }();
        auto const there = Kokkos::create_mirror_view(
            Kokkos::view_alloc(Kokkos::WithoutInitializing, memory()), to);
        one.network.run(space(), in, word, there);
        if constexpr (FromHost && !on_host) {
            space().fence("spikefuse::bindings");
            Kokkos::deep_copy(to, there);
        }
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::bindings
