// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What training makes small. A loss says which readout it looks at, what its targets are, and its
/// value and gradient for one sample; it is evaluated inside the backward kernel.
///
/// Values are means over the batch, as in torch.nn: the numbers of a sample already stand divided
/// by B.
///
/// A loss of a reduced readout has `of_readout(values, count, targets, sample, batch, gradient)`:
/// from one sample's readout [N] its share of the loss, and the gradient [N]. A loss of the trace
/// has `of_row(values, count, targets, step, sample, steps, batch, gradient)`: the same of the
/// outputs [N] of one step; or, where each number is charged by itself, `of_step(value, count,
/// targets, step, sample, n, steps, batch, gradient)`: the same of one number of the trace. All are
/// templates of the number type and run in the kernel, so they check nothing; targets are checked
/// where they are set.

#include "../kernel/readout.hpp"

#include <cmath>
#include <cstddef>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {

/// The class of every sample.
struct label_targets {
    int const* labels = nullptr; ///< [B]
};
/// A number for every output: [B, N] for a reduced readout, [T, B, N] for a trace.
template <class T>
struct value_targets {
    T const* values = nullptr;
};

/// A loss is made of a readout: `cross_entropy(max_over_time)`.
template <template <class> class Loss>
struct loss_of {
    template <readout_word Readout>
    constexpr Loss<Readout> operator()(Readout) const {
        return {};
    }
};

} // namespace detail

/// Cross-entropy of the softmax of a readout: -log p(label). Of a readout whose smallest number
/// names the class (`first_spike`), of its negative. Of the trace the mean over steps of the
/// cross-entropy of each step's outputs: `cross_entropy(trace)`. Source: torch.nn.CrossEntropyLoss;
/// snntorch.functional, ce_rate_loss (of the trace), ce_count_loss, ce_max_membrane_loss,
/// ce_temporal_loss.
template <class Readout>
struct cross_entropy_loss {
    using readout = Readout;
    template <class>
    using targets = detail::label_targets;

    /// One sample's share of the loss, and its gradient.
    /// @param values the sample's readout `[N]`
    /// @param count N
    /// @param wanted the labels `[B]`
    /// @param sample which, from 0
    /// @param batch B, by which the share is divided
    /// @param gradient `[N]`, of the readout; written
    template <class T>
    SPIKEFUSE_FUNCTION T of_readout(T const* values, int count, detail::label_targets wanted,
                                    int sample, int batch, T* gradient) const {
        return of_scores(values, count, wanted.labels[sample], T(batch), gradient);
    }
    /// One step's share of the loss of a trace, and its gradient.
    /// @param values the outputs of the step `[N]`
    /// @param count N
    /// @param wanted the labels `[B]`
    /// @param sample which, from 0
    /// @param steps T, by which the share is divided too
    /// @param batch B
    /// @param gradient `[N]`, of these outputs; written
    template <class T>
        requires Readout::every_step
    SPIKEFUSE_FUNCTION T of_row(T const* values, int count, detail::label_targets wanted, int,
                                int sample, int steps, int batch, T* gradient) const {
        return of_scores(values, count, wanted.labels[sample], T(steps) * T(batch), gradient);
    }

  private:
    /// A mean of `terms` such numbers has this one's share.
    template <class T>
    static SPIKEFUSE_FUNCTION T of_scores(T const* values, int count, int label, T terms,
                                          T* gradient) {
        constexpr T sign = requires { Readout::smallest_wins; } ? T(-1) : T(1);
        T largest = sign * values[0], sum(0);
        for (int n = 1; n < count; ++n)
            largest = sign * values[n] > largest ? sign * values[n] : largest;
        for (int n = 0; n < count; ++n)
            sum += gradient[n] = std::exp(sign * values[n] - largest); // NaN stays NaN
        T const loss = std::log(sum) - (sign * values[label] - largest);
        for (int n = 0; n < count; ++n)
            gradient[n] = sign * (gradient[n] / sum - (n == label ? T(1) : T(0))) / terms;
        return loss / terms;
    }
};
/// `cross_entropy(max_over_time)`: targets are labels `[B]`.
inline constexpr detail::loss_of<cross_entropy_loss> cross_entropy{};

/// Mean of (value - target)^2 over batch and outputs (and steps), of a reduced readout or of a
/// trace: `mean_squared(counts)`, `mean_squared(first_spike)`, `mean_squared(trace)`. Source:
/// torch.nn.MSELoss; snntorch.functional, mse_count_loss, mse_membrane_loss, mse_temporal_loss.
template <class Readout>
struct mean_squared_loss {
    using readout = Readout;
    static constexpr bool targets_follow_steps =
        Readout::every_step; // one of every step of a trace
    template <class T>
    using targets = detail::value_targets<T>;

    /// As `cross_entropy_loss::of_readout`, with targets `[B, N]`.
    template <class T>
    SPIKEFUSE_FUNCTION T of_readout(T const* values, int count, detail::value_targets<T> wanted,
                                    int sample, int batch, T* gradient) const {
        T const weight = T(1) / (T(batch) * T(count));
        T sum(0);
        for (int n = 0; n < count; ++n) {
            T const off =
                values[n] -
                wanted.values[static_cast<std::size_t>(sample) * static_cast<std::size_t>(count) +
                              static_cast<std::size_t>(n)];
            sum += off * off;
            gradient[n] = 2 * weight * off;
        }
        return weight * sum;
    }
    /// One number's share of the loss of a trace, and its gradient.
    /// @param value output n of the step
    /// @param count N
    /// @param wanted the targets `[T, B, N]`
    /// @param step which, from 0
    /// @param sample which, from 0
    /// @param n which output
    /// @param steps T
    /// @param batch B
    /// @param gradient of that number; written
    template <class T>
    SPIKEFUSE_FUNCTION T of_step(T value, int count, detail::value_targets<T> wanted, int step,
                                 int sample, int n, int steps, int batch, T* gradient) const {
        T const weight = T(1) / (T(steps) * T(batch) * T(count));
        T const off =
            value -
            wanted.values[(static_cast<std::size_t>(step) * static_cast<std::size_t>(batch) +
                           static_cast<std::size_t>(sample)) *
                              static_cast<std::size_t>(count) +
                          static_cast<std::size_t>(n)];
        *gradient = 2 * weight * off;
        return weight * off * off;
    }
};
/// `mean_squared(counts)`: targets are values `[B, N]`, or `[T, B, N]` for `trace`.
inline constexpr detail::loss_of<mean_squared_loss> mean_squared{};

/// Zero by itself: gradients come from `backpropagation::seed`. For a loss that the caller
/// computes.
struct no_loss {
    using readout = trace_readout;
    template <class>
    struct targets {};
    /// Nothing.
    template <class T>
    SPIKEFUSE_FUNCTION T of_step(T, int, targets<T>, int, int, int, int, int, T* gradient) const {
        *gradient = T(0);
        return T(0);
    }
};

} // namespace spikefuse::inline SPIKEFUSE_ABI
