// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Training from data to a trained model: mini-batches, validation, early stopping, a progress bar;
/// deterministic for a seed. To look at validation data changes nothing: a training gives the same
/// bits with it and without.

#include "../io/plot/progress.hpp"
#include "data.hpp"
#include "detail/scores.hpp"
#include "ranks.hpp"
#include "update.hpp"

#include <chrono>
#include <cstdio>
#include <numeric>
#include <random>

namespace spikefuse::inline SPIKEFUSE_ABI {

/// How a trainer trains: `{.epochs = 20, .rate = cosine_rate(20)}`.
struct trainer_settings {
    int epochs = 10;         ///< times all samples are seen, at least 1
    std::uint64_t seed = 0;  ///< of the order of samples
    double clip_norm = 0;    ///< gradients whose norm is larger are scaled down to it; 0: never
    rate_schedule rate = {}; ///< what the learning rate is multiplied with; constant if empty
    int patience = 0; ///< epochs without a better validation after which training stops; 0: never
    bool show_progress = true;              ///< on a terminal a bar; elsewhere a line an epoch
    backpropagation_settings backward = {}; ///< of the backward pass
};

/// What an epoch came to. Losses are means over samples, accuracies shares in [0, 1].
struct epoch_report {
    int epoch = 0;                  ///< from 0
    double loss = 0;                ///< over the training batches, while they changed the network
    double accuracy = 0;            ///< likewise
    double validation_loss = 0;     ///< after the epoch; 0 without validation
    double validation_accuracy = 0; ///< likewise
    double seconds = 0;             ///< of training and validation
    bool validated = false;         ///< there were validation data
    bool best = false;              ///< so far, of validation or, without, of training
};

/// Trains a classifier: a model, a loss of labels, an optimizer. Keeps a reference to the model,
/// whose parameters it changes. A sample is right where the largest readout is its label's, of a
/// trace the largest sum over time; of equal ones the first counts.
/// @tparam Ranks who shares each batch. All of them call `fit`, `step` and `evaluate`, and get the
///     same reports; where one throws, all do
template <class Model, class Loss, class Optimizer, training_ranks Ranks = one_rank>
class trainer {
  public:
    using T = typename Model::value_type;
    using Space = typename Model::space_type;
    using parameter = typename Model::parameter; ///< an array of the model: layer, name, shape
    using optimizer = Optimizer;                 ///< its type

    /// @throws value_error no epochs, settings of the backward pass that cannot be, or a model that
    ///     has not this rank's share of a batch
    trainer(Model& network, Loss loss, Optimizer with, trainer_settings settings = {},
            Ranks const& ranks = {})
        : model_(network), loss_(loss), settings_(checked(settings, network, ranks)), ranks_(ranks),
          backward_(network, loss, settings_.backward), learner_(network, with, settings.clip_norm),
          gradients_(gradients_of(ranks, backward_)) {
        backward_.want_constant_gradients(false); // until one learns
    }

    /// Lets a neuron's constant learn: `learn("lif 1", "tau_mem")`.
    /// @param layer such as "lif 1"
    /// @param name of the parameter
    /// @param shared one number for all neurons, if it is one now
    /// @throws name_error no such parameter
    void learn(std::string_view layer, std::string_view name, bool shared = false) {
        learner_.learn(layer, name, shared);
        if (model_.is_neurons(layer)) backward_.want_constant_gradients();
    }
    /// Keeps an array, weights too, as it is.
    /// @throws name_error no such parameter
    void freeze(std::string_view layer, std::string_view name) { learner_.freeze(layer, name); }

    /// Charges a layer for activity outside the bounds; the losses that are reported while learning
    /// contain it, those of `evaluate` do not.
    /// @throws error a name or value error
    void penalize(std::string_view layer, activity_bounds bounds) {
        backward_.penalize(layer, bounds);
    }

    /// Trains up to `epochs`. Each epoch takes the samples in a new order, B at a time (of all
    /// ranks together); the rest, less than B, waits for another epoch. Ends with the parameters of
    /// the last epoch, not of the best. All data are looked through before anything changes.
    /// @param train at least B samples
    /// @param validation may be `no_data`
    /// @param each_epoch called with the report of every epoch (for checkpoints, plots)
    /// @return the reports of all epochs so far
    /// @throws value_error less than B samples, steps of another length than the model's, a label
    ///     out of range, a factor of the learning rate that cannot be; a loss or gradient that is
    ///     not finite: then the parameters are those of before that step, and the states at rest
    /// @throws shape_error input of another width
    template <training_data<Model> Train, class Validation, class EachEpoch>
    std::vector<epoch_report> fit(Train const& train, Validation const& validation,
                                  EachEpoch const& each_epoch) {
        std::size_t const batch = whole_batch(), batches = train.size() / batch;
        if (train.size() < batch)
            throw value_error("there are " + std::to_string(train.size()) + " samples to train on",
                              "a batch has " + std::to_string(batch),
                              "Give more data, or make the model with a smaller .batch");
        detail::together(ranks_, [&] { // not only after an epoch
            check_data(train), check_data(validation);
        });
        auto input = input_for(train);
        auto labels = labels_of_batch();
        std::vector<std::size_t> which(labels.size());
        for (; epoch_ < settings_.epochs; ++epoch_) {
            auto const begun = std::chrono::steady_clock::now();
            auto const order = order_of(epoch_, train.size());
            epoch_report report{.epoch = epoch_};
            {
                double const factor = settings_.rate ? settings_.rate(epoch_) : 1;
                learner_.check_factor(factor);
                auto bar = progress_bar(batches);
                for (std::size_t k = 0; k < batches; ++k) {
                    for (std::size_t b = 0; b < which.size(); ++b)
                        which[b] = order[k * batch + sample(b)];
                    auto const [loss, right] = step_on(input, labels, factor, [&] {
                        train.fill(std::span<std::size_t const>(which), input, std::span(labels));
                    });
                    report.loss += loss / static_cast<double>(batches);
                    report.accuracy +=
                        static_cast<double>(right) / static_cast<double>(batches * batch);
                    if (bar) {
                        bar->show("loss", loss);
                        bar->show("accuracy", report.accuracy * static_cast<double>(batches) /
                                                  static_cast<double>(k + 1));
                        bar->advance();
                    }
                }
            }
            if (validation.size() > 0) {
                auto const [loss, accuracy] = evaluate(validation);
                report.validation_loss = loss, report.validation_accuracy = accuracy,
                report.validated = true;
            }
            report.seconds =
                std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
            double const score = report.validated ? report.validation_accuracy : report.accuracy;
            report.best = score > best_;
            note(score);
            history_.push_back(report);
            ++epoch_; // a checkpoint taken now goes on with the next one
            detail::together(ranks_, [&] { each_epoch(history_.back()); });
            --epoch_;
            if (settings_.patience > 0 && since_best_ >= settings_.patience) {
                ++epoch_;
                break;
            }
        }
        return history_;
    }
    template <class Train, class Validation>
    std::vector<epoch_report> fit(Train const& train, Validation const& validation) {
        return fit(train, validation, [](epoch_report const&) {});
    }

    /// One step on one batch. @throws error as `fit` does
    /// @param input `[T, B, N]`, `[B, N]` or packed; of this rank's share
    /// @param labels one a sample, 0 to N - 1
    /// @param factor of the learning rate
    /// @return the batch's loss, and how many samples were right before the step; of all ranks
    template <class Input>
    std::pair<double, std::size_t> step(Input const& input, std::vector<int> const& labels,
                                        double factor = 1) {
        learner_.check_factor(factor);
        return step_on(input, labels, factor, [] {});
    }

    /// Mean loss and accuracy on data, without learning. The model is afterwards as before, its
    /// states and the steps that noise counts by too: to look again gives the same numbers.
    /// @return the mean loss, and the share of samples that are right
    /// @throws error data that do not fit, as `fit` does
    template <class Data>
    std::pair<double, double> evaluate(Data const& data) {
        typename backpropagation<Model, Loss>::unchanged const as_it_is(model_);
        double sums[] = {0, 0, 0}; // faults, losses, samples that are right
        auto const look = [&] {
            auto input = input_for(data);
            auto labels = labels_of_batch();
            each_batch(data, [&](std::vector<std::size_t> const& which, std::size_t real) {
                data.fill(std::span<std::size_t const>(which), input, std::span(labels));
                detail::check_labels(labels, labels.size(), Model::outputs);
                model_.reset();
                auto const output = model_(input, typename Loss::readout{});
                auto const values =
                    Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), output);
                scores const of(loss_, values.data(), static_cast<int>(output.extent(0)), labels);
                for (std::size_t b = 0; b < real; ++b) sums[1] += of.loss(b);
                sums[2] += static_cast<double>(of.count_right(real));
            });
        };
        detail::together(ranks_, look, sums);
        auto const count = static_cast<double>(std::max<std::size_t>(data.size(), 1));
        return {sums[1] / count, sums[2] / count};
    }

    /// The epochs so far.
    std::vector<epoch_report> const& history() const { return history_; }
    /// Those of the last step.
    backpropagation<Model, Loss> const& gradients() const { return backward_; }
    auto& learning() { return learner_; } ///< what changes the parameters
    Model& network() { return model_; }   ///< the model that is trained
    /// The epoch that comes next, from 0.
    int epoch() const { return epoch_; }
    /// Goes on with `epoch`, as if `history` had happened: what load_checkpoint ends with.
    void resume(int epoch, std::vector<epoch_report> history) {
        epoch_ = epoch, history_ = std::move(history), best_ = -1, since_best_ = 0;
        for (epoch_report const& one : history_) {
            double const score = one.validated ? one.validation_accuracy : one.accuracy;
            note(score);
        }
    }

  private:
    using scores = detail::scores<T, Model::outputs, Loss>;

    static trainer_settings checked(trainer_settings settings, Model const& network,
                                    Ranks const& ranks) {
        if (settings.epochs < 1)
            throw value_error("epochs is " + std::to_string(settings.epochs),
                              "training has at least one", "Set .epochs");
        if (settings.backward.carries_on)
            throw value_error("the trainer is told to carry states on",
                              "it shuffles samples, which are no continuation of each other",
                              "Drive backpropagation and learner yourself, chunk by chunk");
        if (ranks.batch() != 0 && ranks.batch() != network.setup().batch)
            throw value_error("the model's batch is " + std::to_string(network.setup().batch),
                              "rank " + std::to_string(ranks.rank()) + " of " +
                                  std::to_string(ranks.ranks()) + " has " +
                                  std::to_string(ranks.batch()) + " samples of each batch",
                              "Make it with the ranks' settings({.steps = ...})");
        if (ranks.groups() != 0) settings.backward.groups = ranks.groups();
        return settings;
    }
    /// What gives all ranks' gradients, and in how many groups.
    static auto gradients_of(Ranks const& ranks, backpropagation<Model, Loss> const& backward) {
        if constexpr (std::is_same_v<Ranks, one_rank>)
            return [all = backward.raw(), groups = backward.group_count()](Space const&) {
                return std::pair(all, *groups);
            };
        else
            return [sum = ranks.sum_of(backward)](Space const& space) mutable {
                return std::pair(sum(space), 1);
            };
    }
    /// One step, on what `prepare` writes into the input and labels.
    template <class Input, class Prepare>
    std::pair<double, std::size_t> step_on(Input const& input, std::vector<int> const& labels,
                                           double factor, Prepare const& prepare) {
        std::uint64_t const elapsed = model_.elapsed_steps();
        double sums[] = {0, 0, 0}; // faults, losses, samples that are right
        auto const run = [&] {
            prepare();
            backward_.set_labels(labels);
            backward_.run(input);
            sums[1] = static_cast<double>(backward_.loss());
            sums[2] = static_cast<double>(count_right(labels));
        };
        try {
            detail::together(ranks_, run, sums);
        } catch (...) {
            model_.set_elapsed_steps(elapsed); // this rank may have run, another not
            throw;
        }
        double const loss = sums[1] / ranks_.ranks();
        bool const sound = detail::is_finite(loss);
        bool finite = sound;
        if (sound) {
            auto const [all, groups] = gradients_(Space());
            finite = detail::is_finite(learner_.update(Space(), all, groups, factor));
        }
        if (!finite) {
            model_.set_elapsed_steps(elapsed), model_.reset();
            throw value_error(
                "the " + std::string(sound ? "gradient" : "loss") + " is not finite in step " +
                    std::to_string(learner_.steps() + 1),
                "it would destroy the parameters, which are as before this step",
                "Lower the learning rate, set .clip_norm, or look for NaN in the data");
        }
        return {loss, static_cast<std::size_t>(sums[2])};
    }
    std::size_t whole_batch() const {
        return static_cast<std::size_t>(model_.setup().batch) *
               static_cast<std::size_t>(ranks_.ranks());
    }
    /// The number in the whole batch of this rank's sample b.
    std::size_t sample(std::size_t b) const {
        return static_cast<std::size_t>(ranks_.sample(static_cast<int>(b)));
    }
    template <class Data>
    void check_step_of(Data const& data) const {
        if constexpr (timed_data<Data>) {
            duration const step = data.step(), dt = model_.setup().dt;
            auto const written = [](duration time) {
                char text[32];
                std::snprintf(text, sizeof text, "%.6g ms", time / ms);
                return std::string(text);
            };
            if (!detail::is_finite(step / dt) || !(std::abs(step / dt - 1) < 1e-6))
                throw value_error(
                    "a step of the data lasts " + written(step),
                    "one of the network lasts " + written(dt),
                    "Make the model with the data's step as .dt, or bin the data by the model's");
        }
    }
    /// Throws for data that do not fit the model.
    template <class Data>
    void check_data(Data const& data) const {
        check_step_of(data);
        if (data.size() == 0) return;
        auto input = input_for(data);
        detail::check_input(input, detail::kind_of_input<decltype(input), T, Space>(),
                            Model::inputs, model_.setup().batch, model_.setup().steps);
        if constexpr (labelled_data<Data>) {
            for (std::size_t k = 0; k < data.size(); ++k)
                detail::check_label(data.label(k), k, Model::outputs);
        } else {
            auto labels = labels_of_batch();
            each_batch(data, [&](std::vector<std::size_t> const& which, std::size_t real) {
                data.fill(std::span<std::size_t const>(which), input, std::span(labels));
                for (std::size_t b = 0; b < real; ++b)
                    detail::check_label(labels[b], which[b], Model::outputs);
            });
        }
    }
    std::vector<int> labels_of_batch() const {
        return std::vector<int>(static_cast<std::size_t>(model_.setup().batch));
    }
    /// Calls function(which, how many of them count) for all of this rank's samples, B at a time;
    /// the last batch is filled up.
    template <class Data, class Function>
    void each_batch(Data const& data, Function const& function) const {
        std::vector<std::size_t> which(static_cast<std::size_t>(model_.setup().batch));
        std::size_t samples = data.size(); // of no_data a constant, which nvcc warns about
        for (std::size_t begin = 0; begin < samples; begin += whole_batch()) {
            std::size_t real = 0;
            for (std::size_t b = 0; b < which.size(); ++b) {
                std::size_t const k = begin + sample(b);
                which[b] = k < samples ? k : begin;
                real += k < samples ? 1 : 0;
            }
            if (real > 0) function(which, real);
        }
    }
    /// Room for a batch of the data.
    template <class Data>
    auto input_for(Data const& data) const {
        check_step_of(data);
        return data.template make_input<Model>(model_.setup().batch, model_.setup().steps);
    }
    void note(double score) {
        since_best_ = score > best_ ? 0 : since_best_ + 1;
        best_ = std::max(best_, score);
    }
    /// The order of samples in an epoch: of the seed and the epoch alone, so that a resumed
    /// training sees the same.
    std::vector<std::size_t> order_of(int epoch, std::size_t count) const {
        std::vector<std::size_t> order(count);
        std::iota(order.begin(), order.end(), std::size_t(0));
        std::mt19937_64 random(settings_.seed * 0x9e3779b97f4a7c15u +
                               static_cast<std::uint64_t>(epoch) + 1);
        for (std::size_t k = count; k > 1; --k) std::swap(order[k - 1], order[random() % k]);
        return order;
    }
    std::unique_ptr<io::plot::progress> progress_bar(std::size_t batches) const {
        if (!settings_.show_progress || ranks_.rank() != 0) return nullptr;
        io::plot::progress_options how;
        how.log_lines = 1;
        return std::make_unique<io::plot::progress>("epoch " + std::to_string(epoch_ + 1) + "/" +
                                                        std::to_string(settings_.epochs),
                                                    batches, "batches", how);
    }
    std::size_t count_right(std::vector<int> const& labels) const {
        auto const host =
            Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), backward_.readout());
        return scores(loss_, host.data(), backward_.steps(), labels).count_right(labels.size());
    }

    Model& model_;
    Loss loss_;
    trainer_settings settings_;
    Ranks ranks_;
    backpropagation<Model, Loss> backward_;
    learner<Model, Optimizer> learner_;
    using gradients_type = decltype(gradients_of(std::declval<Ranks const&>(),
                                                 std::declval<backpropagation<Model, Loss>&>()));
    gradients_type gradients_;
    int epoch_ = 0;
    double best_ = -1;
    int since_best_ = 0;
    std::vector<epoch_report> history_;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI
