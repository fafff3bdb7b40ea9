// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// How gradients change parameters: SGD with momentum, Adam, AdamW, as torch.optim computes them,
/// and learning-rate schedules.
///
/// An optimizer is a value with `learning_rate`, `moments` (numbers that it remembers of each
/// parameter) and `update(parameter, gradient, moment, apart, rate, step)`, which gives the new
/// parameter: moment k lies at moment[k * apart], `rate` is the learning rate of this step, `step`
/// counts from 1. It runs in a kernel and checks nothing. A member `check<T>()`, where there is
/// one, throws value_error for numbers that cannot be, stored as T or before.

#include "../core/config.hpp"
#include "../core/errors.hpp"
#include "../core/numbers.hpp"

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <string>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {
/// Throws value_error for a setting that is not finite or below zero, or that the model's precision
/// makes infinite or zero.
template <class T>
void check_setting(std::string const& name, double value) {
    if (fits<T>(value) && value >= 0) return;
    throw value_error(name + " is " + number_text(value),
                      "it is zero or more, and finite, in the model's precision too",
                      "Set ." + (name == "the learning rate" ? "learning_rate" : name));
}
/// Throws value_error for what cannot be left of a mean from step to step.
template <class T>
void check_share(std::string const& name, double value) {
    if (fits<T>(value) && value >= 0 && static_cast<T>(value) < T(1)) return;
    throw value_error(name + " is " + number_text(value),
                      "it is a share: from 0 to below 1, in the model's precision too",
                      "Set ." + name);
}
/// Throws value_error for what cannot be a factor of the learning rate, which is at most `most`.
inline void check_factor(double factor, double rate = 1,
                         double most = std::numeric_limits<double>::max()) {
    if (is_finite(factor) && factor >= 0 && is_finite(factor * rate) && factor * rate <= most)
        return;
    throw value_error("the learning rate's factor is " + number_text(factor),
                      "it is zero or more, and the rate finite with it", "Look at the schedule");
}
} // namespace detail

/// Stochastic gradient descent. Source: torch.optim.SGD, dampening 0.
struct sgd {
    double learning_rate = 0.01; ///< times the mean gradient is taken off
    double momentum = 0;         ///< what is left a step of the mean gradient
    double weight_decay = 0;     ///< times the parameter, added to the gradient
    static constexpr int moments = 1;

    /// @throws value_error a setting that cannot be, stored as T or before
    template <class T>
    void check() const {
        detail::check_setting<T>("the learning rate", learning_rate);
        detail::check_setting<T>("momentum", momentum);
        detail::check_setting<T>("weight_decay", weight_decay);
    }
    /// The new parameter.
    /// @param parameter its value
    /// @param gradient of the loss
    /// @param moment what is remembered of it; written
    /// @param rate the learning rate of this step
    /// @param step counts from 1
    template <class T>
    SPIKEFUSE_FUNCTION T update(T parameter, T gradient, T* moment, std::size_t, double rate,
                                std::int64_t step) const {
        gradient += static_cast<T>(weight_decay) * parameter;
        moment[0] = step == 1 ? gradient : static_cast<T>(momentum) * moment[0] + gradient;
        return parameter - static_cast<T>(rate) * moment[0];
    }
};

/// Adam; with `decoupled` weight decay AdamW. Source: torch.optim.Adam (Kingma and Ba 2015),
/// torch.optim.AdamW (Loshchilov and Hutter 2019).
struct adam {
    double learning_rate = 1e-3; ///< about the size of a step
    double beta_1 = 0.9;         ///< what is left a step of the mean gradient
    double beta_2 = 0.999;       ///< and of its mean square
    double epsilon = 1e-8;       ///< added to the root of that
    double weight_decay = 0;     ///< of all that learns, time constants and thresholds too
    bool decoupled = false;      ///< taken off the parameter itself, not added to the gradient
    static constexpr int moments = 2;

    /// @throws value_error a setting that cannot be, stored as T or before
    template <class T>
    void check() const {
        detail::check_setting<T>("the learning rate", learning_rate);
        detail::check_share<T>("beta_1", beta_1);
        detail::check_share<T>("beta_2", beta_2);
        detail::check_setting<T>("weight_decay", weight_decay);
        if (!detail::fits<T>(epsilon) || !(epsilon > 0))
            throw value_error("epsilon is " + detail::number_text(epsilon),
                              "a parameter whose gradient is zero is divided by it: above zero, in "
                              "the model's precision too",
                              "Set .epsilon, for example to 1e-8");
    }
    /// The new parameter.
    /// @param parameter its value
    /// @param gradient of the loss
    /// @param moment what is remembered of it; written
    /// @param apart elements between its two moments
    /// @param rate the learning rate of this step
    /// @param step counts from 1
    template <class T>
    SPIKEFUSE_FUNCTION T update(T parameter, T gradient, T* moment, std::size_t apart, double rate,
                                std::int64_t step) const {
        if (decoupled) {
            parameter -= static_cast<T>(rate * weight_decay) * parameter;
        } else {
            gradient += static_cast<T>(weight_decay) * parameter;
        }
        T& first = moment[0];
        T& second = moment[apart];
        first = static_cast<T>(beta_1) * first + static_cast<T>(1 - beta_1) * gradient;
        second = static_cast<T>(beta_2) * second + static_cast<T>(1 - beta_2) * gradient * gradient;
        double const correction_1 = 1 - std::pow(beta_1, static_cast<double>(step)),
                     correction_2 = 1 - std::pow(beta_2, static_cast<double>(step));
        T const root =
            std::sqrt(second) / static_cast<T>(std::sqrt(correction_2)) + static_cast<T>(epsilon);
        return parameter - static_cast<T>(rate / correction_1) * first / root;
    }
};
/// AdamW with torch.optim's defaults.
constexpr adam adamw(double learning_rate = 1e-3, double weight_decay = 0.01) {
    return {.learning_rate = learning_rate, .weight_decay = weight_decay, .decoupled = true};
}

/// What the learning rate is multiplied with, epoch by epoch from 0.
using rate_schedule = std::function<double(int epoch)>;
/// The learning rate itself, in every epoch.
inline rate_schedule constant_rate() {
    return [](int) { return 1.0; };
}
/// Falls from 1 along half a cosine.
/// @param epochs epoch `epochs` - 1 and all after it have `last`
/// @param last the factor at the end
/// @throws value_error a factor below zero or not finite
inline rate_schedule cosine_rate(int epochs, double last = 0) {
    detail::check_factor(last);
    return [=](int epoch) {
        double const part =
            epochs <= 1 ? 0 : std::min(1.0, static_cast<double>(epoch) / (epochs - 1));
        return last + (1 - last) * 0.5 * (1 + std::cos(std::numbers::pi * part));
    };
}
/// A fall every so many epochs. Source: torch.optim.lr_scheduler.StepLR.
/// @param epochs between two falls, at least 1
/// @param factor of each fall
/// @throws value_error less than one epoch, a factor below zero or not finite
inline rate_schedule step_rate(int epochs, double factor) {
    if (epochs < 1)
        throw value_error("step_rate is given " + std::to_string(epochs) + " epochs",
                          "the rate falls every so many of them", "Give 1 or more");
    detail::check_factor(factor);
    return [=](int epoch) { return std::pow(factor, epoch / epochs); };
}
/// A fall every epoch. Source: torch.optim.lr_scheduler.ExponentialLR.
/// @param factor of each fall
/// @throws value_error a factor below zero or not finite
inline rate_schedule exponential_rate(double factor) {
    detail::check_factor(factor);
    return [=](int epoch) { return std::pow(factor, epoch); };
}

} // namespace spikefuse::inline SPIKEFUSE_ABI
