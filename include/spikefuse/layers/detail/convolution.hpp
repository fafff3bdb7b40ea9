// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Convolutions of images, forwards and backwards: a row map.
///
/// Weights lie as those of `linear` from (channels of a group x places of the kernel) to the output
/// channels, in panels: a spike adds, for each position that reads it, one row of a panel to a row
/// of the image [position][channel]. Values of which many are not zero are multiplied, a tile of
/// positions at a time. Rows are [channel][position] again when neurons read them.

#include "../row_map.hpp"
#include "product.hpp"
#include "scatter.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// @tparam Window window_over
/// @tparam In,Out channels
/// @tparam Groups of channels, which see each other alone
template <class Window, int In, int Out, int Groups, bool Bias>
struct convolution {
    static constexpr int pixels = Window::pixels, positions = Window::positions,
                         places = Window::places;
    static constexpr int inputs = In * pixels, outputs = Out * positions;
    static constexpr int group_in = In / Groups, group_out = Out / Groups;
    static constexpr int columns = group_in * places; // of the weights [Out, columns]
    using weights = weights_over<columns, Out, Bias>;
    static constexpr bool has_bias = Bias;

    using scattering = scatter<Window, In, Out>;
    static constexpr bool scatters = Groups == 1 && scattering::possible;

    using rows = typename Window::rows;
    using line = typename Window::columns;
    static constexpr int padded_pixels = rows::padded * line::padded; // of an image with its border

    template <class T>
    static constexpr int P = panel_width<T>;
    template <class T>
    static constexpr int W = lanes<T>::width;
    /// Channels of outputs, and of a group's inputs and all, in whole registers.
    template <class T>
    static constexpr int out_apart = (Out + P<T> - 1) / P<T> * P<T>;
    template <class T>
    static constexpr int group_apart = (group_in + P<T> - 1) / P<T> * P<T>;
    template <class T>
    static constexpr int in_apart = Groups * group_apart<T>;
    /// Whether a group's output channels are whole registers.
    template <class T>
    static constexpr bool whole_registers = Groups == 1 || group_out % W<T> == 0;

    // --- a thread's memory: an image of outputs, [position][channel] or [register of
    // channels][position][lane]; behind it the input with its border [channel][pixel], its events,
    // or its gradients, [pixel][channel] and [channel][pixel] ---

    template <class T>
    static constexpr std::size_t image_size = static_cast<std::size_t>(
        scatters ? std::max(positions * out_apart<T>, scattering::template image_size<T>)
                 : positions * out_apart<T>);
    template <class T>
    static constexpr std::size_t gradient_size =
        static_cast<std::size_t>(padded_pixels * in_apart<T>);
    static constexpr std::size_t input_size = static_cast<std::size_t>(In * padded_pixels),
                                 gradient_row = (inputs + 63) / 64 * 64;
    template <class T, bool Training>
    static constexpr std::size_t work = [] {
        std::size_t const backward = Training ? gradient_size<T> + gradient_row : 0,
                          events = scatters ? scattering::template event_size<T> : 0;
        return W<T> == 1 ? 0 : image_size<T> + std::max({input_size, backward, events});
    }();
    /// [group][place][panel of input channels][output channel of the group][P]
    template <class T>
    static constexpr std::size_t transposed =
        W<T> == 1 ? 0 : static_cast<std::size_t>(places * in_apart<T> * group_out);
    template <class Number> // register p of a group's input channels
    static SPIKEFUSE_FUNCTION Number* transposed_panel(Number* copy, int group, int place, int p) {
        using T = std::remove_const_t<Number>;
        return column_of_panel(copy + static_cast<std::size_t>(group * places + place) *
                                          static_cast<std::size_t>(group_apart<T> * group_out),
                               p, group_out);
    }
    template <class T>
    static SPIKEFUSE_FUNCTION void transpose(T const* parameters, T* copy, int k) {
        constexpr int width = W<T>, registers = group_apart<T> / width;
        int const o = k % group_out, p = k / group_out % registers,
                  place = k / group_out / registers % places,
                  group = k / group_out / registers / places;
        T* const to = transposed_panel(copy, group, place, p) + o * P<T>;
        for (int lane = 0; lane < width; ++lane) {
            int const c = p * width + lane;
            to[lane] = c < group_in ? *weight(parameters, group * group_out + o, c * places + place)
                                    : T(0);
        }
    }
    template <class Number>
    static SPIKEFUSE_FUNCTION Number* weight(Number* parameters, int o, int column) {
        using T = std::remove_const_t<Number>;
        return weights::panel(parameters, o / W<T>) + column * P<T> + o % W<T>;
    }

    // --- forwards ---

    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T output(Row const* row, T const* parameters, int n) {
        int const o = n / positions, group = o / group_out;
        T sum(0);
        for (int c = 0; c < group_in; ++c)
            Window::each_read(n % positions, [&](int pixel, int place) {
                T const x = static_cast<T>(value_in(row, (group * group_in + c) * pixels + pixel));
                if (x != T(0)) sum += x * *weight(parameters, o, c * places + place);
            });
        if constexpr (Bias) sum += *(weights::bias_place(parameters, 0) + o);
        return sum;
    }
    template <class T, class Row>
    static void run(Row const* row, T const* parameters, T* work, T* currents) {
        T *const image = work, *const behind = work + image_size<T>;
        auto const bias = [&](int p) { return weights::bias(parameters, p); };
        if constexpr (std::is_same_v<Row, T> && whole_registers<T>)
            if (events_in(row, inputs) > multiplied_above<T> * inputs) {
                multiply_image(row, parameters, behind, image, bias);
                return turn_registers(image, currents);
            }
        if constexpr (scatters) {
            scattering::add_events(scattering::listed(row, behind), parameters, image);
            scattering::take_border_off(image, bias);
            turn_registers(image, currents);
        } else {
            for (std::size_t k = 0; k < image_size<T>; ++k) image[k] = T(0);
            each_meeting(row, 0, inputs, [&](int position, int group, int column, auto x) {
                add_column(parameters, group, column, x, image + position * out_apart<T>);
            });
            turn(image, static_cast<std::size_t>(out_apart<T>), positions, Out, currents,
                 static_cast<std::size_t>(positions));
            if constexpr (Bias)
                for (int o = 0; o < Out; ++o)
                    for (int k = 0; k < positions; ++k)
                        currents[o * positions + k] += *(weights::bias_place(parameters, 0) + o);
        }
    }

    // --- adjoints ---

    /// Channels of inputs; on a device weights [Out, columns], then biases.
    template <class T>
    static constexpr int gradient_parts = W<T> > 1 ? In : Out* columns + (Bias ? Out : 0);

    template <class T, class Row>
    static SPIKEFUSE_FUNCTION void add_parameter_gradients(Row const* row, T const* gradients,
                                                           [[maybe_unused]] T* work, T* to,
                                                           int first, int end) {
        if constexpr (W<T> == 1) {
            for (int part = first; part < end; ++part) add_gradient(row, gradients, to, part);
        } else {
            T* const image = work;
            if constexpr (scatters) {
                turn_back(gradients, image);
                scattering::put_border_on(image);
                scattering::add_gradients(scattering::listed(row, work + image_size<T>),
                                          first * pixels, end * pixels, image, to);
            } else {
                turn(gradients, static_cast<std::size_t>(positions), Out, positions, image,
                     static_cast<std::size_t>(out_apart<T>));
                each_meeting(row, first * pixels, end * pixels,
                             [&](int position, int group, int column, auto x) {
                                 add_to_column(image + position * out_apart<T>, group, column, x,
                                               to);
                             });
            }
            if constexpr (Bias)
                if (first == 0 && end > 0)
                    for (int o = 0; o < Out; ++o)
                        *(weights::bias_place(to, 0) + o) += sum_of(gradients + o * positions);
        }
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION T input_gradient(Row const*, T const* gradients, T const* parameters,
                                               int n) {
        int const c = n / pixels, group = c / group_in;
        T sum(0);
        for (int o = group * group_out; o < (group + 1) * group_out; ++o)
            Window::each_reader(n % pixels, [&](int position, int place) {
                sum += gradients[o * positions + position] *
                       *weight(parameters, o, (c - group * group_in) * places + place);
            });
        return sum;
    }
    template <class T, class Row>
    static T const* input_gradients(Row const*, T const* gradients, T const*, T const* copy,
                                    T* work) {
        constexpr int width = W<T>, registers = (group_in + width - 1) / width;
        constexpr auto apart = static_cast<std::size_t>(in_apart<T>);
        T *const turned = work, *const image = work + image_size<T>,
                 *const row = image + gradient_size<T>;
        turn(gradients, static_cast<std::size_t>(positions), Out, positions, turned,
             static_cast<std::size_t>(Out));
        for (std::size_t k = 0; k < gradient_size<T>; ++k) image[k] = T(0);
        auto const add = [&]<int Panels>(fixed<Panels>, int p) {
            for (int group = 0; group < Groups; ++group)
                for (int y = 0; y < rows::outputs; ++y)
                    for (int place = 0; place < places; ++place)
                        add_products<Panels>(
                            transposed_panel(copy, group, place, p),
                            static_cast<std::size_t>(group_out * P<T>),
                            turned + (y * line::outputs) * Out + group * group_out,
                            static_cast<std::size_t>(Out), line::outputs, group_out,
                            image +
                                static_cast<std::size_t>(
                                    (y * rows::stride + place / line::kernel * rows::dilation) *
                                        line::padded +
                                    place % line::kernel * line::dilation) *
                                    apart +
                                group * group_apart<T> + p * width,
                            static_cast<std::size_t>(line::stride) * apart,
                            static_cast<std::size_t>(width));
        };
        each_some<registers>([&](int p, auto count) { add(count, p); });
        for (int group = 0; group < Groups; ++group)
            for (int y = 0; y < rows::inputs; ++y)
                turn(
                    image +
                        static_cast<std::size_t>((y + rows::before) * line::padded + line::before) *
                            apart +
                        group * group_apart<T>,
                    apart, line::inputs, group_in,
                    row + group * group_in * pixels + y * line::inputs,
                    static_cast<std::size_t>(pixels));
        for (std::size_t k = inputs; k < gradient_row; ++k) row[k] = T(0);
        return row;
    }

  private:
    /// function(p, count) for registers, two at a time where P is one register.
    template <int Registers, class Function>
    static SPIKEFUSE_FUNCTION void each_some(Function const& function) {
        int p = 0;
        for (; p + 2 <= Registers; p += 2) function(p, fixed<2>{});
        if (p < Registers) function(p, fixed<1>{});
    }
    /// function(position, group, column of its weights, x) for what reads the inputs [first, end).
    template <class Row, class Function>
    static void each_meeting(Row const* row, int first, int end, Function const& function) {
        each_event(row, first, end, [&](int n, auto x) {
            int const c = n / pixels, group = c / group_in;
            Window::each_tap(n % pixels, [&](int position, int place) {
                function(position, group, (c - group * group_in) * places + place, x);
            });
        });
    }
    /// From [register][position][lane] to [channel][position], and back.
    template <class T>
    static void turn_registers(T const* image, T* currents) {
        for (int p = 0; p * W<T> < Out; ++p)
            turn_lanes(image + p * positions * W<T>, positions, std::min(Out - p * W<T>, W<T>),
                       currents + p * W<T> * positions);
    }
    template <class T>
    static void turn_back(T const* gradients, T* image) {
        if constexpr (Out % W<T> != 0) // lanes that are no channel
            std::fill_n(image + Out / W<T> * positions * W<T>, positions * W<T>, T(0));
        for (int p = 0; p * W<T> < Out; ++p)
            turn(gradients + p * W<T> * positions, static_cast<std::size_t>(positions),
                 std::min(Out - p * W<T>, W<T>), positions, image + p * positions * W<T>,
                 static_cast<std::size_t>(W<T>));
    }
    /// x times a column of a group's weights, added to a position's channels.
    template <class T, class Factor>
    static SPIKEFUSE_FUNCTION void add_column(T const* parameters, int group, int column, Factor x,
                                              T* to) {
        using V = lanes<T>;
        if constexpr (whole_registers<T>) {
            constexpr int registers = (group_out + V::width - 1) / V::width;
            int const first = group * group_out / V::width;
            for (int p = 0; p < registers; ++p) {
                T* const place = to + (first + p) * V::width;
                V const some = V::load(weights::panel(parameters, first + p) +
                                       static_cast<std::size_t>(column) * P<T>);
                (V::load(place) + weighed(some, x)).store(place);
            }
        } else {
            for (int o = group * group_out; o < (group + 1) * group_out; ++o)
                to[o] += weighed(*weight(parameters, o, column), x);
        }
    }
    /// Its adjoint.
    template <class T, class Factor>
    static SPIKEFUSE_FUNCTION void add_to_column(T const* from, int group, int column, Factor x,
                                                 T* parameters) {
        using V = lanes<T>;
        if constexpr (whole_registers<T>) {
            constexpr int registers = (group_out + V::width - 1) / V::width;
            int const first = group * group_out / V::width;
            for (int p = 0; p < registers; ++p) {
                T* const place =
                    weights::panel(parameters, first + p) + static_cast<std::size_t>(column) * P<T>;
                (V::load(place) + weighed(V::load(from + (first + p) * V::width), x)).store(place);
            }
        } else {
            for (int o = group * group_out; o < (group + 1) * group_out; ++o)
                *weight(parameters, o, column) += weighed(from[o], x);
        }
    }
    /// What a position reads, seen from its first pixel: input i is column i of the weights.
    template <class T>
    struct seen_from {
        T const* first;
        SPIKEFUSE_FUNCTION T operator[](int i) const {
            return first[offsets[static_cast<std::size_t>(i)]];
        }
    };
    static constexpr std::array<int, columns> offsets = [] {
        std::array<int, columns> of{};
        for (int i = 0; i < columns; ++i)
            of[static_cast<std::size_t>(i)] =
                i / places * padded_pixels +
                i % places / line::kernel * rows::dilation * line::padded +
                i % line::kernel * line::dilation;
        return of;
    }();
    /// All positions, a tile of a row at a time, plus `bias`.
    template <class T, class Add>
    static void multiply_image(T const* row, T const* parameters, T* padded, T* image,
                               Add const& bias) {
        using V = lanes<T>;
        for (std::size_t k = 0; k < input_size; ++k) padded[k] = T(0);
        for (int c = 0; c < In; ++c)
            for (int y = 0; y < rows::inputs; ++y)
                std::memcpy(padded + (c * rows::padded + y + rows::before) * line::padded +
                                line::before,
                            row + c * pixels + y * line::inputs, sizeof(T) * line::inputs);
        auto const some = [&]<int Count, int Panels>(fixed<Count>, fixed<Panels>, int group, int p,
                                                     int y, int x) {
            V sums[Count][Panels];
            for (auto& one : sums)
                for (V& sum : one) sum = V(T(0));
            T const* const first =
                padded + (group * group_in * rows::padded + y * rows::stride) * line::padded +
                x * line::stride;
            multiply(
                weights::panel(parameters, p), static_cast<std::size_t>((columns + 1) * P<T>),
                [&](int r) { return seen_from<T>{first + r * line::stride}; }, columns, sums);
            for (int r = 0; r < Count; ++r)
                for (int q = 0; q < Panels; ++q)
                    (sums[r][q] + bias(p + q))
                        .store(image +
                               ((p + q) * positions + y * line::outputs + x + r) * V::width);
        };
        constexpr int registers = (group_out + V::width - 1) / V::width;
        for (int group = 0; group < Groups; ++group)
            each_some<registers>([&](int p, auto count) {
                int const first = group * group_out / V::width + p;
                for (int y = 0; y < rows::outputs; ++y) {
                    int x = 0;
                    for (; x + 4 <= line::outputs; x += 4)
                        some(fixed<4>{}, count, group, first, y, x);
                    for (; x < line::outputs; ++x) some(fixed<1>{}, count, group, first, y, x);
                }
            });
    }
    template <class T>
    static SPIKEFUSE_FUNCTION T sum_of(T const* gradients) {
        T sum(0);
        for (int k = 0; k < positions; ++k) sum += gradients[k];
        return sum;
    }
    template <class T, class Row>
    static SPIKEFUSE_FUNCTION void add_gradient(Row const* row, T const* gradients, T* to,
                                                int part) {
        if (part >= Out * columns) {
            int const o = part - Out * columns;
            *(weights::bias_place(to, 0) + o) += sum_of(gradients + o * positions);
            return;
        }
        int const o = part / columns, c = part % columns / places, wanted = part % places,
                  group = o / group_out;
        T sum(0);
        for (int k = 0; k < positions; ++k)
            Window::each_read(k, [&](int pixel, int place) {
                if (place == wanted)
                    sum += gradients[o * positions + k] *
                           static_cast<T>(value_in(row, (group * group_in + c) * pixels + pixel));
            });
        *weight(to, o, part % columns) += sum;
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
