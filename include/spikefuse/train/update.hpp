#pragma once
/// From gradients to new parameters: sums the groups, clips, and lets the optimizer change what is learnable. Sums are taken in fixed
/// chunks, so that threads do not matter.

#include "backpropagation.hpp"
#include "optimizer.hpp"

namespace spikefuse {

/// The learnable part of a model, and an optimizer's memory of it. Weights and biases learn, neurons' constants after `learn`.
template <class Model, class Optimizer>
class learner;

template <layer_word Network, class T, class Space, class Optimizer>
class learner<model<Network, T, Space>, Optimizer> {
    using Model = model<Network, T, Space>;
    using places = plan::layout<plan::schedule<Network, false>, T>;

  public:
    /// `clip_norm`: a gradient whose norm over all that learns is larger is scaled down to it; 0: never. Source: torch's clip_grad_norm_.
    learner(Model& of, Optimizer optimizer, double clip_norm = 0) : model_(of), optimizer_(optimizer), clip_norm_(clip_norm) {
        std::size_t const size = std::max<std::size_t>(places::bag_total, 1);
        moments_ = Kokkos::View<T*, Space>("spikefuse::moments", size * Optimizer::moments);
        sum_ = Kokkos::View<T*, Space>("spikefuse::gradient", size);
        learns_ = Kokkos::View<std::uint8_t*, Space>("spikefuse::learns", size);
        lowest_ = Kokkos::View<T*, Space>("spikefuse::lowest", size);
        norm_ = Kokkos::View<double*, Space>("spikefuse::norm", 1);
        partial_ = Kokkos::View<double*, Space>("spikefuse::norms", (size + chunk - 1) / chunk);
        Kokkos::deep_copy(lowest_, -std::numeric_limits<T>::infinity());
        for (auto const& one : model_.parameters())
            if (!model_.is_neurons(one.layer)) learn(one.layer, one.name);
    }

    /// Lets an array learn. `shared`, for an array of one number a neuron: entries that are alike stay alike, and learn from the sum of
    /// their gradients. A time constant is held at one step or more, a rate at zero or more, what is divided by at 1e-6 or more.
    /// Throws name_error.
    void learn(std::string_view layer, std::string_view name, bool shared = false) { choose(layer, name, true, shared); }
    /// Keeps an array as it is. Throws name_error.
    void freeze(std::string_view layer, std::string_view name) { choose(layer, name, false, false); }

    /// One step of the optimizer from gradients [groups, bag], as `backpropagation::raw` gives them. `factor`: of the learning rate.
    /// Where their norm is not finite, nothing is learnt: gradient_norm() says so. Asynchronous.
    void update(Space const& space, Kokkos::View<T*, Space> const& gradients, int groups, double factor = 1) {
        std::size_t const size = places::bag_total;
        if (size == 0) return;
        ++step_;
        auto const sum = sum_;
        auto const learns = learns_;
        auto const partial = partial_;
        std::size_t const chunks = (size + chunk - 1) / chunk;
        Kokkos::parallel_for(
            "spikefuse::gather", Kokkos::RangePolicy<Space, Kokkos::IndexType<std::size_t>>(space, 0, chunks),
            KOKKOS_LAMBDA(std::size_t c) {
                double square = 0;
                std::size_t const end = (c + 1) * chunk < size ? (c + 1) * chunk : size;
                for (std::size_t k = c * chunk; k < end; ++k) {
                    T total = gradients(k);
                    for (int g = 1; g < groups; ++g) total += gradients(static_cast<std::size_t>(g) * size + k);
                    if (learns(k) == 0) total = T(0);
                    sum(k) = total;
                    square += static_cast<double>(total) * static_cast<double>(total);
                }
                partial(c) = square;
            });
        for (auto const& [begin, count] : shared_) { // entries of neurons lie side by side
            Kokkos::parallel_for(
                "spikefuse::share", Kokkos::RangePolicy<Space>(space, 0, 1), KOKKOS_LAMBDA(int) {
                    T total(0);
                    for (std::size_t k = begin; k < begin + count; ++k) total += sum(k);
                    for (std::size_t k = begin; k < begin + count; ++k) sum(k) = total;
                });
        }
        auto const norm = norm_;
        Kokkos::parallel_for(
            "spikefuse::norm", Kokkos::RangePolicy<Space>(space, 0, 1), KOKKOS_LAMBDA(int) {
                double square = 0;
                for (std::size_t c = 0; c < chunks; ++c) square += partial(c);
                norm(0) = std::sqrt(square);
            });
        auto const moments = moments_;
        auto const lowest = lowest_;
        T* const bag = model_.bag_.data();
        Optimizer const optimizer = optimizer_;
        double const rate = optimizer_.learning_rate * factor, most = clip_norm_;
        std::int64_t const step = step_;
        Kokkos::parallel_for(
            "spikefuse::update", Kokkos::RangePolicy<Space, Kokkos::IndexType<std::size_t>>(space, 0, size), KOKKOS_LAMBDA(std::size_t k) {
                if (learns(k) == 0 || !(norm(0) <= std::numeric_limits<double>::max())) return; // nothing is learnt from NaN
                double const shrink = most > 0 && norm(0) > most ? most / (norm(0) + 1e-6) : 1.0;
                T const fresh = optimizer.update(bag[k], sum(k) * static_cast<T>(shrink), moments.data() + k, size, rate, step);
                bag[k] = fresh < lowest(k) ? lowest(k) : fresh;
            });
    }
    /// The norm of the last gradient of all that learns, before it was clipped. Waits for it.
    double gradient_norm() const {
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), norm_);
        return host(0);
    }

    // --- for checkpoints ------------------------------------------------------------------------------------------------------------

    /// The optimizer's memory: [moments, bag].
    std::vector<T> moments() const {
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), moments_);
        return {host.data(), host.data() + host.size()};
    }
    /// Throws shape_error; then nothing has changed.
    void set_moments(std::vector<T> const& values, std::int64_t step) {
        if (values.size() != moments_.size())
            throw shape_error("the optimizer's memory was given " + std::to_string(values.size()) + " numbers",
                              "this one has " + std::to_string(moments_.size()), "Use the checkpoint of this network and optimizer");
        auto const host = Kokkos::create_mirror_view(moments_);
        std::copy(values.begin(), values.end(), host.data());
        Kokkos::deep_copy(moments_, host);
        step_ = step;
    }
    /// Steps of the optimizer so far.
    std::int64_t steps() const { return step_; }

  private:
    static constexpr std::size_t chunk = 1024; // a sum's order shall not depend on threads

    void choose(std::string_view layer, std::string_view name, bool learns, bool shared) {
        auto const& one = model_.find(layer, name);
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), learns_);
        auto const low = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), lowest_);
        T const bound = one.info.measure == unit::time       ? static_cast<T>(model_.setup().dt.seconds)
                        : one.info.measure == unit::rate     ? T(0)
                        : one.info.measure == unit::positive ? static_cast<T>(1e-6)
                                                             : -std::numeric_limits<T>::infinity();
        one.for_each_place(places::panel, [&](std::size_t at) { host(at) = learns ? 1 : 0, low(at) = bound; });
        for (std::size_t k = 0; one.info.hollow && k < static_cast<std::size_t>(one.info.rows); ++k)
            host(one.place(places::panel, k, k)) = 0;
        Kokkos::deep_copy(learns_, host);
        Kokkos::deep_copy(lowest_, low);
        std::erase_if(shared_, [&](auto const& known) { return known.first == one.offset; });
        if (learns && shared) shared_.emplace_back(one.offset, one.size());
    }

    Model& model_;
    Optimizer optimizer_;
    double clip_norm_;
    std::int64_t step_ = 0;
    Kokkos::View<T*, Space> moments_, sum_, lowest_;
    Kokkos::View<std::uint8_t*, Space> learns_;
    Kokkos::View<double*, Space> norm_, partial_;
    std::vector<std::pair<std::size_t, std::size_t>> shared_;
};

} // namespace spikefuse
