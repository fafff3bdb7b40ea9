// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Networks of convolutions and integrate-and-fire neurons as one would write them by hand for
/// speed, without the library: an image of membranes lies [row][column][channel] with a border as
/// wide as a kernel reaches, a spike adds its window of weights to the membranes themselves, and a
/// sum of pixels is a spike for each of them. Spikes are 0 or 1; a thread has whole recordings.

#include "twin.hpp"

#include <memory>
#include <span>

namespace bench {

using spikes = std::vector<std::uint32_t>; // numbers c * H * W + y * W + x of those that fired

/// A convolution [C, H, W] to `O` channels, neurons behind it, and a sum over Pool x Pool.
template <int C, int H, int W, int O, int K, int Stride, int Padding, int Pool>
class conv_twin {
    static constexpr int panels = panels_of(O), most = (K + Stride - 1) / Stride, border = most - 1,
                         rows = (H + 2 * Padding - K) / Stride + 1,
                         columns = (W + 2 * Padding - K) / Stride + 1,
                         across = border + std::max(columns, (W - 1 + Padding) / Stride + 1),
                         down = border + std::max(rows, (H - 1 + Padding) / Stride + 1);

  public:
    static constexpr int inputs = C * H * W, pooled_rows = rows / Pool,
                         pooled_columns = columns / Pool,
                         outputs = O * pooled_rows * pooled_columns;
    struct state {
        std::unique_ptr<row[]> v = std::make_unique<row[]>(std::size_t(panels * across * down));
    };

    /// @param weight [O, C, K, K]
    conv_twin(std::vector<float> const& weight, std::vector<float> const& bias, float threshold)
        : weight_(in_panels(weight, C * K * K, O)), threshold_(threshold) {
        for (int o = 0; o < O; ++o) bias_[o / wide][o % wide] = bias[std::size_t(o)];
    }
    void step(state& here, spikes const& in, spikes& out) const {
        for (std::uint32_t const n : in) {
            int const c = static_cast<int>(n) / (H * W), y = static_cast<int>(n) / W % H + Padding,
                      x = static_cast<int>(n) % W + Padding, phase = y % Stride, side = x % Stride;
            for (int p = 0; p < panels; ++p)
                for (int k = phase; k < K; k += Stride)
                    for (int l = side; l < K; l += Stride) {
                        row& v = here.v[std::size_t(p * across * down +
                                                    (y / Stride - k / Stride + border) * across +
                                                    x / Stride - l / Stride + border)];
                        v +=
                            load(&weight_(std::size_t(p * C * K * K + (c * K + k) * K + l) * wide));
                    }
        }
        out.clear();
        for (int p = 0; p < panels; ++p)
            for (int r = 0; r < rows; ++r)
                for (int q = 0; q < columns; ++q) {
                    row& v =
                        here.v[std::size_t(p * across * down + (r + border) * across + q + border)];
                    v += bias_[p];
                    unsigned fired = above(v, threshold_);
                    if (fired == 0) continue;
                    v = v > threshold_ ? row{} : v;
                    for (; fired != 0; fired &= fired - 1) {
                        int const o = p * wide + std::countr_zero(fired);
                        if (o < O)
                            out.push_back(std::uint32_t(
                                (o * pooled_rows + r / Pool) * pooled_columns + q / Pool));
                    }
                }
    }

  private:
    line_of_floats weight_;
    row bias_[panels] = {};
    float threshold_;
};
/// A layer of features is a convolution of one pixel.
template <int Inputs, int Outputs>
using dense_twin = conv_twin<Inputs, 1, 1, Outputs, 1, 1, 0, 1>;

/// Layers one behind the other; counts of the last one's spikes.
template <class... Layer>
struct chain_twin {
    std::tuple<Layer...> layers;

    void run(std::span<spikes const> steps, float* counts) const {
        std::tuple<typename Layer::state...> states;
        spikes now, next;
        for (spikes const& in : steps) {
            now = in;
            [&]<std::size_t... K>(std::index_sequence<K...>) {
                ((std::get<K>(layers).step(std::get<K>(states), now, next), std::swap(now, next)),
                 ...);
            }(std::index_sequence_for<Layer...>{});
            for (std::uint32_t const n : now) counts[n] += 1;
        }
    }
};

} // namespace bench
