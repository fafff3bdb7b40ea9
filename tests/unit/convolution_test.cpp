// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions and pools beside plain loops over coordinates, as PyTorch's documentation defines
// them; without a kernel around them.
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <random>
#include <spikefuse/network.hpp>
#include <vector>

using namespace spikefuse;
using spikefuse::detail::lanes, spikefuse::detail::panel_width;

namespace {

struct direction {
    int stride, before, dilation;
};
/// What a test says of a window once more, in numbers.
struct geometry {
    int channels, height, width;
    int kernel_rows, kernel_columns;
    direction rows, columns;
    int out_height, out_width;

    /// Calls function(c, y, x, k, l, o, q): input [c][y][x] meets output [o][q] at [k][l].
    template <class Function>
    void each_meeting(int c, Function function) const {
        for (int o = 0; o < out_height; ++o)
            for (int q = 0; q < out_width; ++q)
                for (int k = 0; k < kernel_rows; ++k)
                    for (int l = 0; l < kernel_columns; ++l) {
                        int const y = o * rows.stride - rows.before + k * rows.dilation,
                                  x = q * columns.stride - columns.before + l * columns.dilation;
                        if (y >= 0 && y < height && x >= 0 && x < width)
                            function((c * height + y) * width + x, k * kernel_columns + l,
                                     o * out_width + q);
                    }
    }
    int pixels() const { return height * width; }
    int positions() const { return out_height * out_width; }
    int places() const { return kernel_rows * kernel_columns; }
};

template <class T>
struct numbers {
    std::mt19937 random{5};
    T operator()() { return static_cast<T>(static_cast<int>(random() % 2001) - 1000) / 1000; }
    std::vector<T> some(std::size_t count) {
        std::vector<T> all(count);
        for (T& one : all) one = (*this)();
        return all;
    }
};
template <class T>
std::vector<std::uint32_t> packed(std::vector<T> const& row) {
    std::vector<std::uint32_t> words((row.size() + 31) / 32 + 1);
    for (std::size_t n = 0; n < row.size(); ++n)
        if (row[n] != T(0)) words[n / 32] |= 1u << (n % 32);
    words.back() = ~0u; // nobody reads on
    if (row.size() % 32 != 0) words[row.size() / 32] |= ~0u << (row.size() % 32);
    return words;
}
template <class T>
void agree(std::vector<T> const& truth, T const* given) {
    for (std::size_t k = 0; k < truth.size(); ++k) {
        INFO(k);
        REQUIRE(std::abs(static_cast<double>(truth[k] - given[k])) <
                (sizeof(T) == 4 ? 2e-5 : 1e-12));
    }
}
template <class T>
struct aligned {
    static constexpr std::size_t line = 64 / sizeof(T);
    std::vector<T> all;
    explicit aligned(std::size_t count) : all(count + 2 * line) {}
    T* data() {
        auto const address = reinterpret_cast<std::uintptr_t>(all.data());
        return all.data() + (64 - address % 64) % 64 / sizeof(T);
    }
};

/// A convolution as `Over` has it: forwards and backwards, of numbers and of spikes.
template <class T, class Over>
void hold_convolution(geometry const& is, int out, int groups, bool bias, double activity,
                      bool spikes) {
    int const in_group = is.channels / groups, out_group = out / groups,
              columns = in_group * is.places();
    REQUIRE(Over::inputs == is.channels * is.pixels());
    REQUIRE(Over::outputs == out * is.positions());
    numbers<T> draw;
    auto const weight = draw.some(static_cast<std::size_t>(out * columns)),
               biases = draw.some(static_cast<std::size_t>(out)),
               gradients = draw.some(static_cast<std::size_t>(Over::outputs));
    std::vector<T> row(static_cast<std::size_t>(Over::inputs));
    for (T& x : row)
        x = static_cast<double>(draw.random() % 1000) < 1000 * activity ? (spikes ? T(1) : draw())
                                                                        : T(0);
    auto const at = [&](int o, int c, int place) { return o * columns + c * is.places() + place; };

    std::vector<T> truth(static_cast<std::size_t>(Over::outputs)), input_truth(row.size()),
        weight_truth(weight.size()), bias_truth(biases.size());
    for (int o = 0; o < out; ++o) {
        for (int k = 0; k < is.positions(); ++k) {
            truth[static_cast<std::size_t>(o * is.positions() + k)] = bias ? biases[o] : T(0);
            bias_truth[o] += gradients[static_cast<std::size_t>(o * is.positions() + k)];
        }
        for (int c = 0; c < in_group; ++c)
            is.each_meeting(o / out_group * in_group + c, [&](int n, int place, int position) {
                auto const to = static_cast<std::size_t>(o * is.positions() + position),
                           w = static_cast<std::size_t>(at(o, c, place)),
                           i = static_cast<std::size_t>(n);
                truth[to] += weight[w] * row[i];
                input_truth[i] += weight[w] * gradients[to];
                weight_truth[w] += row[i] * gradients[to];
            });
    }

    constexpr int P = panel_width<T>;
    std::size_t const panels = static_cast<std::size_t>((out + P - 1) / P) * P,
                      lines = static_cast<std::size_t>(columns + 1);
    aligned<T> parameters(panels * lines + panels), changed(panels * lines + panels);
    for (int o = 0; o < out; ++o) {
        for (int k = 0; k < columns; ++k)
            *Over::weight(parameters.data(), o, k) =
                weight[static_cast<std::size_t>(o * columns + k)];
        if (bias) parameters.data()[panels * lines + static_cast<std::size_t>(o)] = biases[o];
    }
    auto const words = packed(row);
    std::vector<T> const none(row.size());
    auto const each_form = [&](auto const& form) {
        spikes ? form(words.data()) : form(row.data());
    };
    each_form([&](auto const* x) {
        std::vector<T> outputs, inputs;
        for (int n = 0; n < Over::outputs; ++n)
            outputs.push_back(Over::output(x, static_cast<T const*>(parameters.data()), n));
        agree(truth, outputs.data());
        for (int n = 0; n < Over::inputs; ++n)
            inputs.push_back(Over::input_gradient(x, gradients.data(),
                                                  static_cast<T const*>(parameters.data()), n));
        agree(input_truth, inputs.data());

        aligned<T> work(Over::template work<T, true> + 64), copy(Over::template transposed<T>);
        if constexpr (lanes<T>::width > 1) {
            aligned<T> currents(static_cast<std::size_t>(Over::outputs));
            Over::run(x, static_cast<T const*>(parameters.data()), work.data(), currents.data());
            agree(truth, currents.data());
            for (int k = 0; k < static_cast<int>(Over::template transposed<T>) / lanes<T>::width;
                 ++k)
                Over::transpose(static_cast<T const*>(parameters.data()), copy.data(), k);
            agree(input_truth, Over::input_gradients(
                                   x, gradients.data(), static_cast<T const*>(parameters.data()),
                                   static_cast<T const*>(copy.data()), work.data()));
        }
        int const parts = Over::template gradient_parts<T>, middle = parts / 2;
        for (int const first : {0, middle}) // two threads
            Over::add_parameter_gradients(x, gradients.data(), work.data(), changed.data(), first,
                                          first == 0 ? middle : parts);
    });
    std::vector<T> weights_changed;
    for (int o = 0; o < out; ++o)
        for (int k = 0; k < columns; ++k)
            weights_changed.push_back(*Over::weight(changed.data(), o, k));
    agree(weight_truth, weights_changed.data());
    if (bias) agree(bias_truth, changed.data() + panels * lines);
}
template <class T, class Shape, class Word>
void hold(Shape, Word, geometry const& is, int out, int groups = 1, bool bias = true) {
    using over = typename Word::template over<Shape>;
    for (bool const spikes : {false, true})
        for (double const activity : {0., 0.05, 0.3, 1.})
            hold_convolution<T, over>(is, out, groups, bias, activity, spikes);
}

} // namespace

TEMPLATE_TEST_CASE("a convolution, and its gradients, are those of plain loops", "", float,
                   double) {
    using T = TestType;
    hold<T>(image<2, 9, 7>, conv2d<5, 3>, {2, 9, 7, 3, 3, {1, 0, 1}, {1, 0, 1}, 7, 5}, 5);
    hold<T>(image<2, 34, 34>, conv2d<16, 5>.stride<2>().padding<1>(),
            {2, 34, 34, 5, 5, {2, 1, 1}, {2, 1, 1}, 16, 16}, 16);
    hold<T>(image<3, 6, 5>, conv2d<33, 2, 3>.padding<1, 2>().stride<2, 1>()(no_bias),
            {3, 6, 5, 2, 3, {2, 1, 1}, {1, 2, 1}, 4, 7}, 33, 1, false);
    hold<T>(image<4, 8, 8>, conv2d<6, 3>.groups<2>().dilation<2>(),
            {4, 8, 8, 3, 3, {1, 0, 2}, {1, 0, 2}, 4, 4}, 6, 2);
    hold<T>(image<5, 6, 6>, conv2d<5, 3>.groups<5>().padding<same_size>(),
            {5, 6, 6, 3, 3, {1, 1, 1}, {1, 1, 1}, 6, 6}, 5, 5);
    hold<T>(image<2, 5, 6>, conv2d<32, 2>.padding<same_size>().groups<2>(),
            {2, 5, 6, 2, 2, {1, 0, 1}, {1, 0, 1}, 5, 6}, 32, 2); // even: more behind
    hold<T>(image<3, 1, 20>, conv1d<4, 5>.stride<3, 3>().dilation<1, 2>(),
            {3, 1, 20, 1, 5, {3, 0, 1}, {3, 0, 2}, 1, 4}, 4);
}

namespace {

/// Beside a plain reduction of each window.
template <class T, class Over, class Reduce>
void hold_pool(geometry const& is, Reduce reduce) {
    numbers<T> draw;
    std::vector<T> row(static_cast<std::size_t>(Over::inputs));
    REQUIRE(Over::outputs == is.channels * is.positions());
    for (T& x : row) x = draw.random() % 3 == 0 ? draw() : T(0);
    std::vector<std::vector<std::size_t>> windows(static_cast<std::size_t>(Over::outputs));
    for (int c = 0; c < is.channels; ++c)
        is.each_meeting(c, [&](int n, int, int position) {
            windows[static_cast<std::size_t>(c * is.positions() + position)].push_back(
                static_cast<std::size_t>(n));
        });
    auto const gradients = draw.some(static_cast<std::size_t>(Over::outputs));
    for (bool const spikes : {false, true}) {
        if (spikes)
            for (T& x : row) x = x != T(0) ? T(1) : T(0);
        std::vector<T> truth, input_truth(row.size());
        for (std::size_t k = 0; k < windows.size(); ++k)
            truth.push_back(reduce(row, windows[k], gradients[k], input_truth));
        auto const words = packed(row);
        auto const check = [&](auto const* x) {
            std::vector<T> outputs, inputs;
            T const* const no_parameters = nullptr;
            for (int n = 0; n < Over::outputs; ++n)
                outputs.push_back(Over::output(x, no_parameters, n));
            agree(truth, outputs.data());
            for (int n = 0; n < Over::inputs; ++n)
                inputs.push_back(Over::input_gradient(x, gradients.data(), no_parameters, n));
            agree(input_truth, inputs.data());
            if constexpr (lanes<T>::width > 1) {
                std::vector<T> currents(truth.size()), work(Over::template work<T, true>);
                Over::run(x, no_parameters, work.data(), currents.data());
                agree(truth, currents.data());
                agree(input_truth, Over::input_gradients(x, gradients.data(), no_parameters,
                                                         no_parameters, work.data()));
            }
        };
        spikes ? check(words.data()) : check(row.data());
    }
}
template <class Shape, class Word>
using over_of = typename Word::template over<Shape>;
template <auto Shape, auto Word>
using over = over_of<std::remove_cvref_t<decltype(Shape)>, std::remove_cvref_t<decltype(Word)>>;

} // namespace

TEMPLATE_TEST_CASE("pools, and their gradients, are those of plain loops", "", float, double) {
    using T = TestType;
    using places = std::vector<std::size_t>;
    auto const sum = [](double share) {
        return [share](std::vector<T> const& row, places const& window, T gradient,
                       std::vector<T>& back) {
            T all(0);
            for (std::size_t n : window) all += row[n], back[n] += static_cast<T>(share) * gradient;
            return static_cast<T>(share) * all;
        };
    };
    auto const largest = [](std::vector<T> const& row, places const& window, T gradient,
                            std::vector<T>& back) {
        std::size_t best = window[0];
        for (std::size_t n : window)
            if (row[n] > row[best]) best = n;
        back[best] += gradient;
        return row[best];
    };
    hold_pool<T, over<image<3, 7, 6>, sum_pool2d<2>>>({3, 7, 6, 2, 2, {2, 0, 1}, {2, 0, 1}, 3, 3},
                                                      sum(1));
    hold_pool<T, over<image<2, 8, 8>, sum_pool2d<3, 2>.stride<1, 2>().padding<1, 0>()>>(
        {2, 8, 8, 3, 2, {1, 1, 1}, {2, 0, 1}, 8, 4}, sum(1));
    hold_pool<T, over<image<2, 6, 6>, avg_pool2d<3>.stride<2>().padding<1>()>>(
        {2, 6, 6, 3, 3, {2, 1, 1}, {2, 1, 1}, 3, 3}, sum(1. / 9));
    hold_pool<T, over<image<4, 6, 5>, max_pool2d<2>>>({4, 6, 5, 2, 2, {2, 0, 1}, {2, 0, 1}, 3, 2},
                                                      largest);
    hold_pool<T, over<image<1, 7, 7>, max_pool2d<3>.stride<2>().padding<1>()>>(
        {1, 7, 7, 3, 3, {2, 1, 1}, {2, 1, 1}, 4, 4}, largest);
}
