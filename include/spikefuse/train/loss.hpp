#pragma once
/// What training makes small. A loss says which readout it looks at, what its targets are, and its value and gradient for one sample;
/// it is evaluated inside the backward kernel.
///
/// Values are means over the batch, as in torch.nn: the numbers of a sample already stand divided by B.

#include "../core/errors.hpp"
#include "../run/readout.hpp"

#include <Kokkos_Core.hpp>

#include <cmath>
#include <span>
#include <string>
#include <vector>

namespace spikefuse {

namespace detail {

/// The class of every sample.
struct label_targets {
    int const* labels = nullptr; // [B]
};
/// A number for every output: [B, N] for a reduced readout, [T, B, N] for a trace.
template <class T>
struct value_targets {
    T const* values = nullptr;
};

} // namespace detail

/// Cross-entropy of the softmax of a readout: -log p(label). `cross_entropy(max_over_time)`, `cross_entropy(counts)`,
/// `cross_entropy(last_step)`.
template <class Readout>
struct cross_entropy_loss {
    using readout = Readout;
    using targets = detail::label_targets;

    template <class T>
    SPIKEFUSE_FUNCTION T of_readout(T const* values, int count, targets wanted, int sample, int, int batch, T* gradient) const {
        T largest = values[0], sum(0);
        for (int n = 1; n < count; ++n) largest = values[n] > largest ? values[n] : largest;
        for (int n = 0; n < count; ++n) sum += gradient[n] = std::exp(values[n] - largest);
        int const label = wanted.labels[sample];
        T const loss = std::log(sum) - (values[label] - largest);
        for (int n = 0; n < count; ++n) gradient[n] = (gradient[n] / sum - (n == label ? T(1) : T(0))) / T(batch);
        return loss / T(batch);
    }
};
inline constexpr struct cross_entropy_maker {
    template <readout_word Readout>
    constexpr cross_entropy_loss<Readout> operator()(Readout) const {
        static_assert(!Readout::every_step,
                      "spikefuse: cross_entropy takes a readout of one number a class: max_over_time, counts, last_step.");
        return {};
    }
} cross_entropy{};

/// Mean of (value - target)^2 over batch and outputs, of a reduced readout or of a trace: `mean_squared(counts)`, `mean_squared(trace)`.
template <class Readout, class T = float>
struct mean_squared_loss {
    using readout = Readout;
    using targets = detail::value_targets<T>;

    template <class Number>
    SPIKEFUSE_FUNCTION Number of_readout(Number const* values, int count, targets wanted, int sample, int, int batch,
                                         Number* gradient) const {
        Number const weight = Number(1) / (Number(batch) * Number(count));
        Number sum(0);
        for (int n = 0; n < count; ++n) {
            Number const off = values[n] - wanted.values[sample * count + n];
            sum += off * off;
            gradient[n] = 2 * weight * off;
        }
        return weight * sum;
    }
    template <class Number>
    SPIKEFUSE_FUNCTION Number of_step(Number value, int count, targets wanted, int step, int sample, int n, int steps, int batch,
                                      Number* gradient) const {
        Number const weight = Number(1) / (Number(steps) * Number(batch) * Number(count));
        Number const off =
            value - wanted.values[(static_cast<std::size_t>(step) * static_cast<std::size_t>(batch) + static_cast<std::size_t>(sample)) *
                                      static_cast<std::size_t>(count) +
                                  static_cast<std::size_t>(n)];
        *gradient = 2 * weight * off;
        return weight * off * off;
    }
};

/// Nothing by itself: gradients come from `seed` alone.
struct no_loss {
    using readout = trace_readout;
    struct targets {};
    template <class T>
    SPIKEFUSE_FUNCTION T of_step(T, int, targets, int, int, int, int, int, T* gradient) const {
        *gradient = T(0);
        return T(0);
    }
};

} // namespace spikefuse
