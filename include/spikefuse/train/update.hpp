// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// From gradients to new parameters: sums the groups, clips, and lets the optimizer change what is
/// learnable. Sums are taken in fixed chunks, so that threads do not matter.

#include "../core/finite.hpp"
#include "backpropagation.hpp"
#include "optimizer.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace spikefuse::inline SPIKEFUSE_ABI {

namespace detail {

/// What learns, of one type for all networks of a number type: see `learner`.
template <class T, class Space, class Optimizer>
class parameter_learner {
  public:
    parameter_learner(model_parameters<T, Space>& of, model_settings const& setup,
                      Optimizer optimizer, double clip_norm)
        : parameters_(of), name_(kernel_label(setup, "update")), dt_(setup.dt),
          optimizer_(optimizer), clip_norm_(clip_norm) {
        check_setting<T>("the learning rate", optimizer.learning_rate);
        if constexpr (requires { optimizer.template check<T>(); }) optimizer.template check<T>();
        check_setting<T>("clip_norm", clip_norm);
        std::size_t const size = std::max<std::size_t>(of.parameter_count(), 1);
        moments_ = Kokkos::View<T*, Space>("spikefuse::moments", size * Optimizer::moments);
        sum_ = Kokkos::View<T*, Space>("spikefuse::gradient", size);
        learns_ = Kokkos::View<std::uint8_t*, Space>("spikefuse::learns", size);
        lowest_ = Kokkos::View<T*, Space>("spikefuse::lowest", size);
        partial_ = Kokkos::View<double*, Space>("spikefuse::norms", (size + chunk - 1) / chunk);
        Kokkos::deep_copy(lowest_, -infinite<T>);
        for (array_place const& one : parameters_.arrays())
            if (!parameters_.is_neurons(one.layer) && one.info.measure != array_unit::steps)
                learn(one.layer, one.name());
    }

    /// Lets an array learn. Time constants, rates and what is positive learn in their logarithm: a
    /// step changes them by a share of themselves, and weight decay leaves them alone. A time
    /// constant is held at one step or more.
    /// @param layer such as "lif 1"
    /// @param name of the parameter
    /// @param shared one number for all neurons, which have to be alike: it learns from the sum of
    ///     their gradients
    /// @throws name_error no such parameter
    /// @throws value_error shared weights, or entries that differ; steps, which are whole numbers
    void learn(std::string_view layer, std::string_view name, bool shared = false) {
        choose(layer, name, true, shared);
    }
    /// Keeps an array as it is.
    /// @throws name_error no such parameter
    void freeze(std::string_view layer, std::string_view name) {
        choose(layer, name, false, false);
    }

    /// Whether that can be a factor of the learning rate.
    /// @throws value_error below zero, or one of the two is not finite with it; nothing is learnt
    void check_factor(double factor) const {
        detail::check_factor(factor, optimizer_.learning_rate,
                             static_cast<double>(std::numeric_limits<T>::max()));
    }
    /// One step of the optimizer. Waits for the norm.
    /// @param space where it runs
    /// @param gradients `[groups, parameters]`, as `backpropagation::raw` gives them
    /// @param groups as `backpropagation::groups` says
    /// @param factor of the learning rate
    /// @return the gradient's norm (see gradient_norm); where that is not finite, nothing is learnt
    ///     and no step counted
    /// @throws value_error as `check_factor`
    double update(Space const& space, Kokkos::View<T*, Space> const& gradients, int groups,
                  double factor = 1) {
        check_factor(factor);
        Kokkos::Profiling::ScopedRegion const region(name_);
        std::size_t const size = parameters_.parameter_count();
        if (size == 0) return 0;
        auto const sum = sum_;
        auto const learns = learns_;
        T* const parameters = parameters_.parameter_data();
        Kokkos::parallel_for(
            "spikefuse::gather",
            Kokkos::RangePolicy<Space, Kokkos::IndexType<std::size_t>>(space, 0, size),
            KOKKOS_LAMBDA(std::size_t k) {
                T total = gradients(k);
                for (int g = 1; g < groups; ++g)
                    total += gradients(static_cast<std::size_t>(g) * size + k);
                sum(k) = (learns(k) & learning) == 0      ? T(0)
                         : (learns(k) & logarithmic) != 0 ? total * parameters[k]
                                                          : total;
            });
        for (auto const& range :
             shared_) { // entries of neurons lie side by side; the first speaks for all in the norm
            std::size_t const
                begin = range.first,
                count = range.second; // no structured binding: clang 18 with -fopenmp captures none
            Kokkos::parallel_for(
                "spikefuse::share", Kokkos::RangePolicy<Space>(space, 0, 1), KOKKOS_LAMBDA(int) {
                    T total(0);
                    for (std::size_t k = begin; k < begin + count; ++k) total += sum(k);
                    for (std::size_t k = begin; k < begin + count; ++k) sum(k) = total;
                });
        }
        auto const partial = partial_;
        std::size_t const chunks = partial.extent(0);
        Kokkos::parallel_for(
            "spikefuse::norm",
            Kokkos::RangePolicy<Space, Kokkos::IndexType<std::size_t>>(space, 0, chunks),
            KOKKOS_LAMBDA(std::size_t c) {
                double square = 0;
                std::size_t const end = (c + 1) * chunk < size ? (c + 1) * chunk : size;
                for (std::size_t k = c * chunk; k < end; ++k)
                    if ((learns(k) & uncounted) == 0)
                        square += static_cast<double>(sum(k)) * static_cast<double>(sum(k));
                partial(c) = square;
            });
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), partial);
        norm_ = 0;
        for (std::size_t c = 0; c < chunks; ++c) norm_ += host(c);
        norm_ = std::sqrt(norm_);
        if (!is_finite(norm_)) return norm_;
        ++step_;
        auto const moments = moments_;
        auto const lowest = lowest_;
        Optimizer const optimizer = optimizer_;
        double const rate = optimizer_.learning_rate * factor;
        T const shrink = static_cast<T>(
            clip_norm_ > 0 && norm_ > clip_norm_ ? clip_norm_ / (norm_ + 1e-6) : 1.0);
        std::int64_t const step = step_;
        Kokkos::parallel_for(
            "spikefuse::update",
            Kokkos::RangePolicy<Space, Kokkos::IndexType<std::size_t>>(space, 0, size),
            KOKKOS_LAMBDA(std::size_t k) {
                if ((learns(k) & learning) == 0) return;
                bool const in_logarithm = (learns(k) & logarithmic) != 0;
                T fresh = optimizer.update(in_logarithm ? T(0) : parameters[k], sum(k) * shrink,
                                           moments.data() + k, size, rate, step);
                if (in_logarithm) fresh = parameters[k] * std::exp(fresh);
                parameters[k] = fresh < lowest(k) ? lowest(k) : fresh;
            });
        return norm_;
    }
    /// The norm of the last gradient of all that learns, in the coordinates that it learns in,
    /// before it was clipped.
    double gradient_norm() const { return norm_; }

    // --- for checkpoints ---

    /// The optimizer's memory, however weights lie: for each of its moments all arrays of
    /// `model::parameters`, row by row.
    std::vector<T> moments() const {
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), moments_);
        std::vector<T> values;
        each_moment([&](std::size_t at) { values.push_back(host(at)); });
        return values;
    }
    /// Gives back what `moments` and `steps` gave.
    /// @param values of all moments
    /// @param step of the optimizer, zero or more
    /// @throws error a shape or value error; then nothing has changed
    void set_moments(std::vector<T> const& values, std::int64_t step) {
        std::size_t wanted = 0;
        each_moment([&](std::size_t) { ++wanted; });
        if (values.size() != wanted)
            throw shape_error("the optimizer's memory was given " + std::to_string(values.size()) +
                                  " numbers",
                              "this one has " + std::to_string(wanted),
                              "Use the checkpoint of this network and optimizer");
        for (std::size_t k = 0; k < values.size(); ++k)
            if (!is_finite(values[k]))
                throw value_error(
                    "the optimizer's memory is not finite at [" + std::to_string(k) + "]",
                    "it would destroy the parameters", "Look where these numbers come from");
        if (step < 0)
            throw value_error("the optimizer's steps are " + std::to_string(step),
                              "they are counted from 0", "Pass 0 or more");
        auto const host = Kokkos::create_mirror_view(moments_);
        Kokkos::deep_copy(host, T(0));
        each_moment([&, k = std::size_t(0)](std::size_t at) mutable { host(at) = values[k++]; });
        Kokkos::deep_copy(moments_, host);
        step_ = step;
    }
    /// Steps of the optimizer so far.
    std::int64_t steps() const { return step_; }

  private:
    static constexpr std::size_t chunk = 1024; ///< a sum's order shall not depend on threads

    /// Calls function(place among the moments).
    template <class Function>
    void each_moment(Function function) const {
        for (int m = 0; m < Optimizer::moments; ++m)
            for (array_place const& one : parameters_.arrays())
                one.for_each_place(panel_width<T>, [&](std::size_t at) {
                    function(static_cast<std::size_t>(m) * sum_.size() + at);
                });
    }

    enum : std::uint8_t { learning = 1, logarithmic = 2, uncounted = 4 };

    void choose(std::string_view layer, std::string_view name, bool learns, bool shared) {
        auto const& one = find_array(parameters_.arrays(), layer, name);
        std::string const what = "'" + std::string(name) + "' of '" + std::string(layer) + "'";
        if (learns && one.info.measure == array_unit::steps)
            throw value_error(what + " cannot learn",
                              "it is a whole number of steps, of which there is no gradient",
                              "Set it: what stands before and behind it learns");
        if (learns && shared) {
            if (one.info.columns != 0)
                throw value_error(what + " cannot be shared",
                                  "only what neurons have one number of can be one number",
                                  "Let it learn without sharing");
            auto const values = parameters_.get(layer, name);
            if (std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) !=
                values.end())
                throw value_error(what + " differs between neurons",
                                  "a shared number is one for all", "Set it to one number first");
        }
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), learns_);
        auto const low = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), lowest_);
        bool const scaled = one.info.measure == array_unit::time ||
                            one.info.measure == array_unit::rate ||
                            one.info.measure == array_unit::positive;
        T const bound =
            one.info.measure == array_unit::time ? static_cast<T>(dt_.seconds) : -infinite<T>;
        bool first = true;
        one.for_each_place(panel_width<T>, [&](std::size_t at) {
            host(at) = static_cast<std::uint8_t>(
                learns ? learning | (scaled ? logarithmic : 0) |
                             (shared && !std::exchange(first, false) ? uncounted : 0)
                       : 0);
            low(at) = bound;
        });
        for (std::size_t k = 0;
             one.info.zero_diagonal && k < static_cast<std::size_t>(one.info.rows); ++k)
            host(one.place(panel_width<T>, k, k)) = 0;
        Kokkos::deep_copy(learns_, host);
        Kokkos::deep_copy(lowest_, low);
        std::erase_if(shared_, [&](auto const& known) { return known.first == one.offset; });
        if (learns && shared) shared_.emplace_back(one.offset, one.size());
    }

    model_parameters<T, Space>& parameters_;
    std::string name_; // of the region of an update
    duration dt_;
    Optimizer optimizer_;
    double clip_norm_;
    std::int64_t step_ = 0;
    Kokkos::View<T*, Space> moments_, sum_, lowest_;
    Kokkos::View<std::uint8_t*, Space> learns_;
    Kokkos::View<double*, Space> partial_;
    double norm_ = 0;
    std::vector<std::pair<std::size_t, std::size_t>> shared_;
};

} // namespace detail

/// The learnable part of a model, and an optimizer's memory of it, which a copy shares. Weights and
/// biases learn, neurons' constants after `learn`.
template <class Model, class Optimizer>
class learner : public detail::parameter_learner<typename Model::value_type,
                                                 typename Model::space_type, Optimizer> {
  public:
    /// @param of is kept by reference
    /// @param optimizer such as `adam{}`
    /// @param clip_norm a gradient whose norm over all that learns is larger is scaled down to it;
    ///     0: never. Source: torch's clip_grad_norm_
    /// @throws value_error a number that is below zero or not finite, in the model's precision too
    learner(Model& of, Optimizer optimizer, double clip_norm = 0)
        : detail::parameter_learner<typename Model::value_type, typename Model::space_type,
                                    Optimizer>(of, of.setup(), optimizer, clip_norm) {}
};

template <class Model, class Optimizer>
learner(Model&, Optimizer) -> learner<Model, Optimizer>;
template <class Model, class Optimizer>
learner(Model&, Optimizer, double) -> learner<Model, Optimizer>;

} // namespace spikefuse::inline SPIKEFUSE_ABI
