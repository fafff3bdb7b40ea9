// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a classifier's readout comes to, sample by sample, on the host: right or wrong, and its
/// loss.

#include "../../kernel/loss.hpp"
#include "../loss.hpp"
#include "targets.hpp"

#include <cstddef>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

/// @tparam T the model's type
/// @tparam Outputs N
template <class T, int Outputs, class Loss>
class scores {
    using readout = typename Loss::readout;

  public:
    /// @param values `[B, N]`, or of a trace `[T, B, N]`; kept by reference, as labels are
    /// @param steps T, or 1
    scores(Loss const& loss, T const* values, int steps, std::vector<int> const& labels)
        : loss_(loss), values_(values), steps_(readout::every_step ? steps : 1), labels_(labels) {}

    /// Whether the largest readout is the label's; of a trace the largest sum over time.
    bool is_right(std::size_t b) const {
        if constexpr (!readout::every_step)
            return winner<readout>(row(0, b), Outputs) == labels_[b];
        std::vector<double> sums(static_cast<std::size_t>(Outputs));
        for (int t = 0; t < steps_; ++t)
            for (std::size_t n = 0; n < sums.size(); ++n)
                sums[n] += static_cast<double>(row(t, b)[n]);
        return winner<readout>(sums.data(), Outputs) == labels_[b];
    }
    /// Of the first `count` samples those that are right.
    std::size_t count_right(std::size_t count) const {
        std::size_t right = 0;
        for (std::size_t b = 0; b < count; ++b) right += is_right(b) ? 1 : 0;
        return right;
    }
    /// The loss of sample b by itself, as the kernel computes it.
    double loss(std::size_t b) const {
        label_targets const wanted{labels_.data() + b};
        std::vector<T> gradient(static_cast<std::size_t>(Outputs)); // nobody reads it
        double sum = 0;
        if constexpr (!readout::every_step) {
            sum = static_cast<double>(
                loss_.template of_readout<T>(row(0, b), Outputs, wanted, 0, 1, gradient.data()));
        } else {
            for (int t = 0; t < steps_; ++t) {
                if constexpr (row_loss<Loss, T>) {
                    sum += static_cast<double>(loss_.template of_row<T>(
                        row(t, b), Outputs, wanted, t, 0, steps_, 1, gradient.data()));
                } else if constexpr (step_loss<Loss, T>) {
                    for (int n = 0; n < Outputs; ++n)
                        sum += static_cast<double>(loss_.template of_step<T>(
                            row(t, b)[n], Outputs, wanted, t, 0, n, steps_, 1, gradient.data()));
                }
            }
        }
        return sum;
    }

  private:
    T const* row(int t, std::size_t b) const {
        return values_ + (static_cast<std::size_t>(t) * labels_.size() + b) * Outputs;
    }
    Loss const& loss_;
    T const* values_;
    int steps_;
    std::vector<int> const& labels_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
