// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// What a loss compares with: the labels or target values of a batch, or of fewer samples.

#include "../../core/errors.hpp"

#include <Kokkos_Core.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace spikefuse::inline SPIKEFUSE_ABI::detail {

inline void check_label(long long label, std::size_t sample, int classes) {
    if (label < 0 || label >= classes)
        throw value_error("the label of sample " + std::to_string(sample) + " is " +
                              std::to_string(label),
                          "the network has " + std::to_string(classes) +
                              " outputs, labels are 0 to " + std::to_string(classes - 1),
                          "Look at the data, or give the network more outputs");
}
inline void check_labels(std::span<int const> labels, std::size_t batch, int classes) {
    if (labels.empty() || labels.size() > batch)
        throw shape_error("there are " + std::to_string(labels.size()) + " labels",
                          "this model's batch is " + std::to_string(batch), "Pass one a sample");
    for (std::size_t b = 0; b < labels.size(); ++b) check_label(labels[b], b, classes);
}

/// What a run needs to know of its loss and its input.
struct run_demands {
    bool every_step, held, labels, targets, targets_follow_steps, picks_a_step;
};

template <class T, class Space>
class target_buffers {
  protected:
    target_buffers(int batch, int outputs)
        : batch_(batch), outputs_(outputs),
          labels_("spikefuse::labels", static_cast<std::size_t>(batch)) {}

    int const* copy_labels(std::span<int const> labels) {
        check_labels(labels, static_cast<std::size_t>(batch_), outputs_);
        label_count_ = labels.size();
        std::vector<int> all(labels.begin(), labels.end());
        all.resize(labels_.extent(0));
        Kokkos::View<int const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const
            host(all.data(), all.size());
        Kokkos::deep_copy(labels_, host);
        return labels_.data();
    }
    T const* copy_targets(std::span<T const> values, int steps, bool follow_steps) {
        if (steps < 1 || (steps != 1 && !follow_steps))
            throw value_error(
                "the targets are of " + std::to_string(steps) + " steps",
                follow_steps ? "a run has at least one"
                             : "this loss looks at one number an output, whatever the steps",
                follow_steps ? "Pass the number of steps, 1 or more" : "Leave it out");
        auto const outputs = static_cast<std::size_t>(outputs_),
                   most = static_cast<std::size_t>(batch_), times = static_cast<std::size_t>(steps),
                   wanted = values.size(), rows = wanted / outputs;
        if (wanted == 0 || wanted % outputs != 0 || rows % times != 0 || rows / times > most)
            throw shape_error("there are " + std::to_string(wanted) + " targets",
                              "this loss wants " +
                                  (steps == 1 ? "" : std::to_string(steps) + " times ") +
                                  std::to_string(most * outputs) + ", or of fewer samples as many",
                              "Pass one an output");
        values_ = Kokkos::View<T*, Space>("spikefuse::targets", wanted);
        Kokkos::View<T const*, Kokkos::HostSpace, Kokkos::MemoryTraits<Kokkos::Unmanaged>> const
            host(values.data(), wanted);
        Kokkos::deep_copy(values_, host);
        return values_.data();
    }
    /// Throws what a run of so many steps and samples lacks.
    void check_targets(int steps, int samples, run_demands const& wanted) const {
        if (wanted.labels)
            throw value_error("there are no labels", "this loss compares with them",
                              "Call set_labels first");
        if (wanted.targets)
            throw value_error("there are no targets", "this loss compares with them",
                              "Call set_targets first");
        auto const n = static_cast<std::size_t>(samples);
        std::string const of = "this run has " + std::to_string(samples) + " samples";
        if (label_count_ != 0 && label_count_ != n)
            throw shape_error("there are " + std::to_string(label_count_) + " labels", of,
                              "Pass one a sample");
        std::size_t const of_step = n * static_cast<std::size_t>(outputs_);
        if (wanted.targets_follow_steps &&
            values_.extent(0) != static_cast<std::size_t>(steps) * of_step)
            throw shape_error("there are " + std::to_string(values_.extent(0)) + " targets",
                              "a run of " + std::to_string(steps) +
                                  " steps wants one for every step, sample and output",
                              "Call set_targets(targets, " + std::to_string(steps) + ")");
        if (!wanted.targets_follow_steps && values_.extent(0) != 0 && values_.extent(0) != of_step)
            throw shape_error("there are " + std::to_string(values_.extent(0)) + " targets", of,
                              "Pass one for every sample and output");
    }

  private:
    int batch_, outputs_;
    std::size_t label_count_ = 0; // 0: none were given
    Kokkos::View<int*, Space> labels_;
    Kokkos::View<T*, Space> values_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail
