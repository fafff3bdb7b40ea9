// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a caller may pass as input, and the sentences for what does not fit: a Kokkos::View of
/// values `[T, B, N]`, of values `[B, N]` that are held for `settings.steps` steps, or of packed
/// spikes, uint32_t `[T, B, ceil(N/32)]`, in which feature n is bit n % 32 of word n / 32. Values
/// are of the model's number type. Any layout and strides; T and B may differ from call to call: T
/// is at most 2^30, B at most `settings.batch`. The view lies in memory that the model's space
/// reaches.

#include "../core/errors.hpp"
#include "../core/numbers.hpp"
#include "../kernel/arguments.hpp"
#include "../kernel/readout.hpp"
#include "../plan/layout.hpp"

#include <Kokkos_Core.hpp>

#include <array>
#include <string>
#include <string_view>
#include <utility>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// Whether nvcc calls the type so, or a part of it: a lambda, which has no name for a kernel.
template <class Word>
constexpr bool holds_a_lambda() {
#ifdef __NVCC__
    return std::string_view(__PRETTY_FUNCTION__).find("lambda [") != std::string_view::npos;
#else
    return false;
#endif
}
/// Whether kernels of these layers have names.
template <class Schedule, class Space>
constexpr bool kernels_have_names() {
    if constexpr (std::is_same_v<typename Space::memory_space, Kokkos::HostSpace>)
        return true;
    else
        return []<int... Layer>(std::integer_sequence<int, Layer...>) {
            return !(holds_a_lambda<typename Schedule::template word<Layer>>() || ...);
        }(std::make_integer_sequence<int, Schedule::layer_count>{});
}

template <class View>
inline constexpr bool is_words = std::is_same_v<typename View::non_const_value_type, std::uint32_t>;

/// The rank and the element type determine the kind of input: values [T, B, N], held values [B, N],
/// or packed spikes [T, B, ceil(N/32)].
template <class View, class T, class Space>
constexpr input_kind kind_of_input() {
    static_assert(Kokkos::is_view_v<View>, "spikefuse: the input is not a Kokkos::View. Pass "
                                           "values [T, B, N], values [B, N] held for all "
                                           "steps, or packed spikes uint32_t [T, B, ceil(N/32)].");
    static_assert(
        Kokkos::SpaceAccessibility<Space, typename View::memory_space>::accessible,
        "spikefuse: the input lies in memory that the model's space cannot read. Copy it there: "
        "Kokkos::create_mirror_view_and_copy(Space(), input).");
    if constexpr (is_words<View>) {
        static_assert(
            View::rank() == 3,
            "spikefuse: packed spikes have three dimensions: uint32_t [T, B, ceil(N/32)].");
        return input_kind::bits;
    } else {
        static_assert(std::is_same_v<typename View::non_const_value_type, T>,
                      "spikefuse: the input's number type is not the model's. Convert the input, "
                      "or make the model in its precision: "
                      "model{network, settings, precision<double>}.");
        static_assert(View::rank() == 3 || View::rank() == 2,
                      "spikefuse: input values have three dimensions [T, B, N], or two [B, N] "
                      "where they are held for all steps.");
        return View::rank() == 3 ? input_kind::values : input_kind::held;
    }
}

template <class View>
std::string shape_of(View const& view) {
    std::string text = "[";
    for (std::size_t k = 0; k < View::rank(); ++k)
        text += (k > 0 ? ", " : "") + std::to_string(view.extent(k));
    return text + "]";
}

/// Throws shape_error: a view to write to that has other extents, or whose numbers share memory.
template <class View>
void check_extents(View const& output, std::array<std::size_t, View::rank()> const& wanted) {
    bool fits = true;
    for (std::size_t axis = 0; axis < View::rank(); ++axis)
        fits = fits && output.extent(axis) == wanted[axis];
    if (!fits) {
        std::string text = "[";
        for (std::size_t e : wanted) text += (text.size() > 1 ? ", " : "") + std::to_string(e);
        text += "]";
        throw shape_error("the output view is " + shape_of(output), "this run writes " + text,
                          "Pass a view " + text);
    }
    for (std::size_t axis = 0; axis < View::rank(); ++axis)
        if (output.extent(axis) > 1 && output.stride(axis) == 0)
            throw shape_error("the output view " + shape_of(output) + " has a stride of 0",
                              "its numbers share memory",
                              "Pass a view with memory for each number");
}

/// Throws shape_error: a mask of more samples than there are.
template <class View, class Space>
void check_samples(View const& which, int batch) {
    using element = typename View::non_const_value_type;
    static_assert(View::rank() == 1 &&
                      (std::is_same_v<element, bool> || std::is_same_v<element, int>),
                  "spikefuse: reset() takes a mask, a view of bool [B], or a list, a view of int "
                  "with the numbers of samples.");
    static_assert(Kokkos::SpaceAccessibility<Space, typename View::memory_space>::accessible,
                  "spikefuse: the samples to reset are named in memory that the model's space "
                  "cannot read. Copy them there.");
    if (std::is_same_v<element, bool> && which.extent(0) > static_cast<std::size_t>(batch))
        throw shape_error("the mask of samples is [" + std::to_string(which.extent(0)) + "]",
                          "this model was made for .batch = " + std::to_string(batch),
                          "Pass one bool a sample, or a list: a view of int");
}

/// Checks a view that a run writes to. Throws shape_error, and value_error where steps are too many
/// to be told apart.
template <class Readout, class T, class Space, class Output>
void check_output(Output const& output, int steps, int batch, int outputs) {
    static_assert(std::is_same_v<typename Output::value_type, T>,
                  "spikefuse: the output view's number type is not the model's (a const view "
                  "cannot be written).");
    static_assert(Kokkos::SpaceAccessibility<Space, typename Output::memory_space>::accessible,
                  "spikefuse: the output lies in memory that the model's space cannot write. "
                  "Make it there: "
                  "Kokkos::View<..., Space>, and copy it to the host afterwards.");
    static_assert(Output::rank() == (Readout::every_step ? 3 : 2),
                  "spikefuse: a trace goes to a view [T, B, N], a reduced readout to [B, N].");
    auto const b = static_cast<std::size_t>(batch), n = static_cast<std::size_t>(outputs);
    if constexpr (Readout::every_step) {
        check_extents(output, {static_cast<std::size_t>(steps), b, n});
    } else {
        check_extents(output, {b, n});
    }
    if constexpr (requires { Readout::smallest_wins; }) check_step_numbers<T>(steps);
}

/// The largest number of steps of one call: an int counts them, up to a block beyond the last one.
inline constexpr std::size_t most_steps = std::size_t(1) << 30;

/// How many samples a view of an input holds.
template <class View>
int samples_of(View const& input) {
    return static_cast<int>(input.extent(View::rank() - 2));
}
/// Checks a view against the batch and the widths, and gives the number of steps it holds.
/// @param fewer whether it may hold fewer samples than the batch
template <class View>
int check_input(View const& input, input_kind kind, int width, int batch, int steps,
                bool fewer = true) {
    std::size_t const columns =
        static_cast<std::size_t>(kind == input_kind::bits ? (width + 31) / 32 : width);
    std::size_t const sample_axis = View::rank() - 2;
    if (input.extent(View::rank() - 1) != columns)
        throw shape_error(
            "the input is " + shape_of(input) + ", its last extent should be " +
                std::to_string(columns),
            kind == input_kind::bits
                ? "packed spikes of " + std::to_string(width) + " features are ceil(N/32) words"
                : "the network's input is " + std::to_string(width) + " features",
            "Pass [T, B, " + std::to_string(columns) + "], or change the network's input<N>");
    std::size_t const samples = input.extent(sample_axis), most = static_cast<std::size_t>(batch);
    if (samples > most || samples == 0 || (samples < most && !fewer))
        throw shape_error("the input is " + shape_of(input) + ", it holds " +
                              std::to_string(samples) + " samples",
                          "this model was made for .batch = " + std::to_string(batch) +
                              (fewer ? "" : ", and a layer keeps one state for all of them"),
                          fewer ? "Pass 1 to " + std::to_string(batch) +
                                      ", or make a model with another .batch"
                                : "Pass that many samples, or make a model with another .batch");
    std::size_t const given = View::rank() == 3 ? input.extent(0) : static_cast<std::size_t>(steps);
    if (given == 0)
        throw shape_error("the input is " + shape_of(input) + ": no steps", "T is 0",
                          "Pass at least one step");
    if (given > most_steps)
        throw shape_error("a run of " + std::to_string(given) + " steps is too long",
                          "one call takes up to " + std::to_string(most_steps),
                          "Run it in chunks: the states go on from call to call");
    return static_cast<int>(given);
}
/// Whether a layer would take NaN for silence.
template <class Word>
inline constexpr bool refuses_nan = false;
template <class Word>
    requires requires { Word::equations_of::refuses_nan; }
inline constexpr bool refuses_nan<Word> = Word::equations_of::refuses_nan;

/// Throws value_error where an input holds NaN, for an encoder that would take it for silence. On a
/// host, whose runs are done when they return; a device's input is not looked at.
template <class View>
void check_no_nan(View const& input, std::string const& encoder) {
    auto const check = [&](auto... index) {
        if (!is_nan(input(index...))) return;
        std::string place;
        ((place += "[" + std::to_string(index) + "]"), ...);
        throw value_error("the input is NaN at " + place,
                          "'" + encoder + "' would take it for silence",
                          "Look where this number comes from");
    };
    for (std::size_t a = 0; a < input.extent(0); ++a)
        for (std::size_t b = 0; b < input.extent(1); ++b) {
            if constexpr (View::rank() == 3) {
                for (std::size_t c = 0; c < input.extent(2); ++c) check(a, b, c);
            } else {
                check(a, b);
            }
        }
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
