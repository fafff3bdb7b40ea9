// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Events of an image to the positions that read them, and the gradients of the weights that they
/// met there: of convolutions in one group.
///
/// Images of outputs have a border as wide as a kernel reaches, so that each event meets whole
/// windows at constant distances: nothing is looked up, and nothing asked. They lie
/// [register of channels][row][column][lane]; a register's weights are in the first cache while all
/// events meet them.

#include "list_events.hpp"
#include "rows.hpp"
#include "window.hpp"

#include <algorithm>
#include <type_traits>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// One direction of an image of outputs with its border. Input i, at `place = i + before`, meets at
/// tap j the output `place / stride - j * apart` with the place `place % stride + j * step` of the
/// kernel.
template <class Axis>
struct bordered_axis {
    static constexpr bool possible = Axis::stride == 1 || Axis::dilation == 1;
    static constexpr int apart = Axis::dilation, step = Axis::stride;
    static constexpr int most = (Axis::kernel + Axis::stride - 1) / Axis::stride; // taps
    static constexpr int border = (most - 1) * apart;
    static constexpr int size =
        border + std::max(Axis::outputs, (Axis::inputs - 1 + Axis::before) / Axis::stride + 1);

    /// function(fixed<taps>) of an input whose place is `phase` behind a multiple of the stride.
    template <class Function>
    static SPIKEFUSE_FUNCTION void with_taps(int phase, Function const& function) {
        constexpr int longer = Axis::kernel % Axis::stride; // phases with one tap more
        if constexpr (longer == 0) {
            function(fixed<most>{});
        } else {
            phase < longer ? function(fixed<most>{}) : function(fixed<most - 1>{});
        }
    }
};

/// @tparam Window window_over
/// @tparam In,Out channels
template <class Window, int In, int Out>
struct scatter {
    using rows = typename Window::rows;
    using line = typename Window::columns;
    using down = bordered_axis<rows>;
    using along = bordered_axis<line>;
    static constexpr bool possible = down::possible && along::possible;
    static constexpr int inputs = In * Window::pixels, positions = Window::positions,
                         places = Window::places, bordered = down::size * along::size;
    using weights = weights_over<In * places, Out, false>;
    using entry = std::conditional_t<inputs <= 65535, std::uint16_t, std::uint32_t>;

    template <class T>
    static constexpr int registers = (Out + lanes<T>::width - 1) / lanes<T>::width;
    /// Numbers of an image with its border, of the factors of events, and of their list, which is
    /// written some way beyond its end.
    template <class T>
    static constexpr int image_size = registers<T> * bordered * lanes<T>::width;
    static constexpr int factors_size = (inputs + 15) / 16 * 16;
    template <class T>
    static constexpr std::size_t event_size =
        factors_size + (factors_size + 64) * sizeof(entry) / sizeof(T);

    /// Numbers of inputs that are not zero, and what they are.
    template <class T>
    struct events {
        entry const* numbers;
        T const* factors; // nullptr: all are 1
        int count;
    };
    template <class T, class Row>
    static events<T> listed(Row const* row, T* memory) {
        auto* const numbers = reinterpret_cast<entry*>(memory + factors_size);
        if constexpr (std::is_same_v<Row, T>) {
            return {numbers, memory, list_events<1>(row, inputs, 0, numbers, memory)};
        } else {
            return {numbers, nullptr, list_events<1>(row, inputs, 0, numbers, true)};
        }
    }

    /// The image of what events give, without its bias; afterwards without its border too.
    template <class T>
    static void add_events(events<T> const& all, T const* parameters, T* image) {
        std::fill_n(image, image_size<T>, T(0));
        for (int p = 0; p < registers<T>; ++p)
            each<true>(all, 0, inputs, image, p,
                       weights::panel(parameters, p)); // weights are only read
    }
    /// From an image with its border to [register][position][lane] in its place, plus `bias`.
    template <class T, class Bias>
    static void take_border_off(T* image, Bias const& bias) {
        constexpr int W = lanes<T>::width;
        T* to = image; // never beyond what is read
        for (int p = 0; p < registers<T>; ++p) {
            lanes<T> const add = bias(p);
            for (int y = 0; y < rows::outputs; ++y) {
                T const* const from = image + place_of(p, y) * W;
                for (int x = 0; x < line::outputs; ++x, to += W)
                    (lanes<T>::load(from + x * W) + add).store(to);
            }
        }
    }
    /// The same in the other direction: the border becomes 0.
    template <class T>
    static void put_border_on(T* image) {
        constexpr int W = lanes<T>::width;
        for (int p = registers<T>; p-- > 0;)
            for (int at = bordered; at-- > 0;) {
                int const y = at / along::size - down::border, x = at % along::size - along::border;
                bool const within = y >= 0 && y < rows::outputs && x >= 0 && x < line::outputs;
                (within ? lanes<T>::load(image + ((p * rows::outputs + y) * line::outputs + x) * W)
                        : lanes<T>(T(0)))
                    .store(image + (p * bordered + at) * W);
            }
    }
    /// Adds what the events [first, end) gave to the gradients of the weights that they met.
    template <class T>
    static void add_gradients(events<T> const& all, int first, int end, T* image, T* gradients) {
        for (int p = 0; p < registers<T>; ++p)
            each<false>(all, first, end, image, p, weights::panel(gradients, p));
    }

  private:
    static constexpr int place_of(int p, int y) {
        return p * bordered + (y + down::border) * along::size + along::border;
    }
    template <bool Forward, class T, class Number>
    static void each(events<T> const& all, int first, int end, T* image, int p, Number* panel) {
        constexpr int W = lanes<T>::width, P = panel_width<T>;
        int k = 0;
        while (k < all.count && all.numbers[k] < first) ++k;
        for (; k < all.count && all.numbers[k] < end; ++k) {
            int const n = all.numbers[k], c = n / Window::pixels, pixel = n % Window::pixels;
            int const y = pixel / line::inputs + rows::before,
                      x = pixel % line::inputs + line::before;
            T* const position = image + (place_of(p, y / rows::stride) + x / line::stride) * W;
            Number* const weight =
                panel + (c * places + y % rows::stride * line::kernel + x % line::stride) * P;
            auto const meet = [&](auto factor) {
                down::with_taps(y % rows::stride, [&](auto some) {
                    along::with_taps(x % line::stride, [&](auto others) {
                        meet_window<Forward, some, others>(position, weight, factor);
                    });
                });
            };
            if (all.factors == nullptr) {
                meet(std::true_type{});
            } else {
                meet(all.factors[k]);
            }
        }
    }
    template <bool Forward, int Down, int Along, class T, class Number, class Factor>
    static SPIKEFUSE_FUNCTION void meet_window(T* position, Number* weight, Factor x) {
        using V = lanes<T>;
        constexpr int W = V::width, P = panel_width<T>;
        for (int j = 0; j < Down; ++j)
            for (int l = 0; l < Along; ++l) {
                T* const at = position - (j * down::apart * along::size + l * along::apart) * W;
                Number* const with = weight + (j * down::step * line::kernel + l * along::step) * P;
                if constexpr (Forward) {
                    (V::load(at) + weighed(V::load(with), x)).store(at);
                } else {
                    (V::load(with) + weighed(V::load(at), x)).store(with);
                }
            }
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
