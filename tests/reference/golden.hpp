// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
// Recordings of the reference libraries: their files, variant by variant, and a model held against
// them. Where they are: ../support/data.hpp.

#include "../support/data.hpp"
#include "../support/random_spikes.hpp"

#include <catch2/catch_test_macros.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <hdf5.h>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <spikefuse/io/hdf5.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>

namespace golden {

/// Every file that a test here reads.
inline std::set<std::string> const known_files{"norse_li.h5",
                                               "norse_li_cell.h5",
                                               "norse_li_linear_cell.h5",
                                               "norse_lif.h5",
                                               "norse_lif_cell.h5",
                                               "norse_lif_recurrent.h5",
                                               "norse_lif_recurrent_cell.h5",
                                               "norse_lif_adex_ff.h5",
                                               "norse_lif_adex_step.h5",
                                               "norse_lif_adex_enc.h5",
                                               "norse_network.h5",
                                               "norse_surrogates.h5",
                                               "snntorch_surrogates.h5",
                                               "snntorch_synaptic_head.h5",
                                               "snntorch_synaptic_v091.h5",
                                               "snntorch_network_head.h5",
                                               "snntorch_network_v091.h5",
                                               "rockpool_expsyn.h5",
                                               "rockpool_lif.h5",
                                               "rockpool_expsyn_noise_stats.json"};

inline std::string path_of(std::string const& file) {
    REQUIRE(known_files.contains(file));
    return (test::golden_data() / file).string();
}

/// A named array, row-major, in the file's own axes.
using array = spikefuse::io::array;

/// One variant: inputs, results in one precision, and what the recording says of itself.
struct variant {
    std::string name;
    double dt = 0.001;
    nlohmann::json meta;
    std::map<std::string, array> in, f32, f64;

    array const& input(std::string const& key) const {
        auto const found = in.find(key);
        INFO("variant " << name << " has no input " << key);
        REQUIRE(found != in.end());
        return found->second;
    }
    bool has(std::string const& key) const { return in.contains(key); }
};

namespace detail {
inline std::string text_attribute(hid_t object, char const* name) {
    hid_t const attribute = H5Aopen(object, name, H5P_DEFAULT);
    REQUIRE(attribute >= 0);
    hid_t const type = H5Aget_type(attribute);
    std::string text;
    if (H5Tis_variable_str(type) > 0) {
        char* raw = nullptr;
        hid_t const memory = H5Tcopy(H5T_C_S1);
        H5Tset_size(memory, H5T_VARIABLE);
        H5Tset_cset(memory, H5Tget_cset(type));
        REQUIRE(H5Aread(attribute, memory, &raw) >= 0);
        text = raw;
        H5free_memory(raw);
        H5Tclose(memory);
    } else {
        text.resize(H5Tget_size(type));
        REQUIRE(H5Aread(attribute, type, text.data()) >= 0);
        text.resize(std::strlen(text.c_str()));
    }
    H5Tclose(type);
    H5Aclose(attribute);
    return text;
}
inline void read_group(spikefuse::io::hdf5_file const& file, std::string const& group,
                       std::string const& prefix, std::map<std::string, array>& into) {
    for (std::string const& name : file.names(group)) {
        if (file.is_group(group + "/" + name)) {
            read_group(file, group + "/" + name, prefix + name + "/", into);
        } else {
            into.emplace(prefix + name, file.numbers(group + "/" + name));
        }
    }
}
} // namespace detail

inline std::vector<variant> read(std::string const& file) {
    std::string const path = path_of(file);
    spikefuse::io::hdf5_file const stored(path);
    hid_t const raw = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    std::vector<variant> variants;
    for (std::string const& name : stored.names("/")) {
        variant one;
        one.name = name;
        hid_t const group = H5Gopen2(raw, name.c_str(), H5P_DEFAULT);
        one.meta = nlohmann::json::parse(detail::text_attribute(group, "meta"));
        if (H5Aexists(group, "dt") > 0) {
            hid_t const attribute = H5Aopen(group, "dt", H5P_DEFAULT);
            H5Aread(attribute, H5T_NATIVE_DOUBLE, &one.dt);
            H5Aclose(attribute);
        }
        H5Gclose(group);
        for (auto [part, into] :
             {std::pair{"in", &one.in}, std::pair{"f32", &one.f32}, std::pair{"f64", &one.f64}})
            detail::read_group(stored, "/" + name + "/" + part, "", *into);
        variants.push_back(std::move(one));
    }
    H5Fclose(raw);
    REQUIRE(!variants.empty());
    return variants;
}

/// What was held against the recordings so far, for the line that each test prints.
struct tally {
    std::size_t variants = 0, arrays = 0, spikes = 0, exact = 0;
    std::size_t gradients = 0;
    double worst = 0, worst_gradient = 0; // error by tolerance
    void print(char const* file) const {
        std::printf("%s: %zu variants, %zu arrays, %zu of them to the last bit, %zu spikes, %zu "
                    "gradients; worst error %.2g of what is allowed, "
                    "of gradients %.2g\n",
                    file, variants, arrays, exact, spikes, gradients, worst, worst_gradient);
    }
};

/// Surrogate S as snnTorch and Rockpool ran it: their spike functions are in float also where all
/// else is double, so that a gradient which arrives at a spike is rounded to float.
template <class S>
struct in_float : S {
    template <class V>
    static SPIKEFUSE_FUNCTION V arriving(V gradient) {
        return spikefuse::detail::each_lane(
            gradient, [](auto one) { return static_cast<decltype(one)>(static_cast<float>(one)); });
    }
};
template <class S>
inline constexpr spikefuse::surrogate_word<in_float<S>> rounded{};

/// A model of number type T, whatever its network: what a trial needs is compiled once, not once a
/// network.
template <class T>
class any_model {
  public:
    using space = Kokkos::DefaultExecutionSpace;
    using trace = Kokkos::View<T***, Kokkos::LayoutRight>; // [T, B, N]
    using parameters_type = spikefuse::detail::model_parameters<T, space>;
    using recordings_type = spikefuse::detail::model_recordings<T, space>;
    using backward_type = spikefuse::detail::gradient_buffers<T, space>;

    any_model(parameters_type& of, recordings_type& seen, int wants, int gives)
        : inputs(static_cast<std::size_t>(wants)), outputs(static_cast<std::size_t>(gives)),
          parameters_(of), recordings_(seen) {}
    any_model(any_model const&) = delete;
    virtual ~any_model() = default;

    virtual trace run(trace const& input) = 0;
    virtual void reset() = 0;
    virtual void set_state(std::string_view layer, std::string_view name,
                           std::vector<double> const& values) = 0;
    void set_state(std::string_view layer, std::string_view name, double value) {
        set_state(layer, name, std::vector<double>{value});
    }
    virtual std::vector<T> state(std::string_view layer, std::string_view name) const = 0;
    /// A backward run of seeds alone, which goes on from the model's states; and lets it run.
    virtual backward_type& backward() = 0;
    virtual void run_backward(trace const& input) = 0;

    template <class... Arguments>
    void set(Arguments const&... arguments) {
        parameters_.set(arguments...);
    }
    std::vector<T> get(std::string_view layer, std::string_view name) const {
        return parameters_.get(layer, name);
    }
    auto parameters() const { return parameters_.parameters(); }
    void record(std::string_view layer, std::string_view what) { recordings_.record(layer, what); }
    auto recorded(std::string_view layer, std::string_view what) const {
        return recordings_.recorded(layer, what);
    }
    auto recorded_spikes(std::string_view layer) const {
        return recordings_.recorded_spikes(layer);
    }

    std::size_t const inputs, outputs;

  private:
    parameters_type& parameters_;
    recordings_type& recordings_;
};
template <class T, class Network>
class model_behind final : public any_model<T> {
    using base = any_model<T>;
    using typename base::trace;

  public:
    model_behind(Network network, spikefuse::model_settings chosen)
        : any_model<T>(model, model, Network::wants, decltype(model)::outputs),
          model(network, chosen) {}
    trace run(trace const& input) override { return model(input); }
    void reset() override { model.reset(); }
    using base::set_state;
    void set_state(std::string_view layer, std::string_view name,
                   std::vector<double> const& values) override {
        model.set_state(layer, name, values);
    }
    std::vector<T> state(std::string_view layer, std::string_view name) const override {
        return model.state(layer, name);
    }
    typename base::backward_type& backward() override {
        back_ = std::make_unique<difference>(
            model, spikefuse::no_loss{},
            spikefuse::backpropagation_settings{.checkpoint_steps = 7, .carries_on = true});
        return *back_;
    }
    void run_backward(trace const& input) override { back_->run(input); }

    spikefuse::model<Network, T> model;

  private:
    using difference = spikefuse::backpropagation<spikefuse::model<Network, T>, spikefuse::no_loss>;
    std::unique_ptr<difference> back_;
};

/// A model beside a variant recorded in its precision.
template <class T>
class trial {
    using trace = typename any_model<T>::trace;

  public:
    template <class Network>
    trial(Network network, variant const& of, int steps, int batch, tally& counts)
        : model_(std::make_unique<model_behind<T, Network>>(
              network, spikefuse::model_settings{.steps = steps,
                                                 .batch = batch,
                                                 .dt = of.dt * spikefuse::units::s})),
          of_(of), counts_(counts), steps_(static_cast<std::size_t>(steps)),
          batch_(static_cast<std::size_t>(batch)) {
        parameters_as_float();
    }
    /// Of a recording that needs no network.
    trial(variant const& of, tally& counts) : of_(of), counts_(counts), steps_(1), batch_(1) {}

    any_model<T>& model() { return *model_; }
    std::map<std::string, array> const& expected() const {
        if constexpr (std::is_same_v<T, float>) {
            return of_.f32;
        } else {
            return of_.f64;
        }
    }

    /// One number for all neurons, or one a neuron.
    void parameter(std::string const& layer, std::string const& name, array const& values) {
        if (values.values.size() == 1) {
            model_->set(layer, name, values.values[0]);
        } else {
            model_->set(layer, name, values.values);
        }
    }
    void state(std::string const& layer, std::string const& name, array const& values) {
        model_->set_state(layer, name, values.values);
    }

    /// Runs x [T, B, N].
    void run(std::vector<double> const& x) {
        std::size_t const width = model_->inputs;
        REQUIRE(x.size() == steps_ * batch_ * width);
        trace input("x", steps_, batch_, width);
        test::fill(input, [&](std::size_t k) { return x[k]; });
        output_ = test::host(model_->run(input));
    }
    /// Runs step by step, as a cell: the same numbers to the bit.
    template <class Network>
    void run_as_cell(Network, std::vector<double> const& x) {
        auto& cell = static_cast<model_behind<T, Network>&>(*model_).model;
        std::size_t const width = model_->inputs, outputs = model_->outputs;
        Kokkos::View<T**, Kokkos::LayoutRight> input("x", batch_, width);
        for (std::size_t t = 0; t < steps_; ++t) {
            test::fill(input, [&](std::size_t k) { return x[t * batch_ * width + k]; });
            auto const output = test::host(cell.step(input));
            for (std::size_t k = 0; k < batch_ * outputs; ++k)
                REQUIRE(output.data()[k] == output_.data()[t * batch_ * outputs + k]);
        }
    }

    /// Holds an output or a recorded state against an array of the recording; `axes` as the file
    /// has them: "TBN" or "BTN".
    void states(std::string const& layer, std::string const& state, std::string const& key,
                char const* axes = "TBN") {
        if (!expected().contains(key)) return;
        auto const view = test::host(model_->recorded(layer, state));
        REQUIRE(view.extent(0) == steps_);
        compare(key, from(view.data(), view.extent(2), axes));
    }
    void spikes(std::string const& layer, std::string const& key, char const* axes = "TBN") {
        if (!expected().contains(key)) return;
        auto const view = test::host(model_->recorded_spikes(layer));
        array const& want = expected().at(key);
        std::size_t const width = want.values.size() / (steps_ * batch_);
        std::vector<T> all(steps_ * batch_ * width);
        for (std::size_t t = 0; t < steps_; ++t)
            for (std::size_t b = 0; b < batch_; ++b)
                for (std::size_t n = 0; n < width; ++n)
                    all[(t * batch_ + b) * width + n] =
                        static_cast<T>((view(t, b, n / 32) >> (n % 32)) & 1u);
        compare(key, from(all.data(), width, axes), true);
    }
    void outputs(std::string const& key, char const* axes = "TBN", bool spikes = false) {
        if (!expected().contains(key)) return;
        compare(key, from(output_.data(), output_.extent(2), axes), spikes);
    }
    /// The output's largest value over time, and when it came first: [B, N].
    void maxima(std::string const& values, std::string const& when) {
        maxima_of(output_.data(), output_.extent(2), values, when);
    }
    void compare_maxima(std::string const& layer, std::string const& state,
                        std::string const& values, std::string const& when) {
        auto const view = test::host(model_->recorded(layer, state));
        maxima_of(view.data(), view.extent(2), values, when);
    }
    /// Values against an array of the recording: spikes exactly, others relative to the array's
    /// largest entry.
    void compare(std::string const& key, std::vector<T> const& values, bool spikes = false) {
        array const& want = expected().at(key);
        INFO("variant " << of_.name << ", array " << key << ", "
                        << (sizeof(T) == 4 ? "float" : "double"));
        REQUIRE(values.size() == want.values.size());
        double largest = 0, error = 0;
        std::size_t worst_at = 0;
        bool exact = true;
        for (std::size_t k = 0; k < values.size(); ++k) {
            REQUIRE(std::isfinite(values[k]));
            double const off = std::abs(static_cast<double>(values[k]) - want.values[k]);
            largest = std::max(largest, std::abs(want.values[k]));
            exact = exact && off == 0;
            if (off > error) error = off, worst_at = k;
            if (spikes) counts_.spikes += want.values[k] != 0 ? 1 : 0;
        }
        double const tolerance = spikes ? 0 : allowed(key);
        INFO("error " << error << " at [" << worst_at << "], largest entry " << largest
                      << ", allowed relative " << tolerance);
        REQUIRE(error <= tolerance * largest);
        if (tolerance > 0 && largest > 0)
            counts_.worst = std::max(counts_.worst, error / largest / tolerance);
        ++counts_.arrays;
        counts_.exact += exact ? 1 : 0;
        seen_.insert(key);
#ifdef SPIKEFUSE_STRICT
        if (exact_in_strict_ && std::is_same_v<T, float>) REQUIRE(exact);
#endif
    }
    // --- gradients ---

    /// The trace of a state or an output, [T, B, N], as numbers.
    std::vector<T> trace_of(std::string const& layer, std::string const& what) {
        auto const view = test::host(model_->recorded(layer, what));
        return {view.data(), view.data() + view.size()};
    }
    std::vector<T> trace_of_output() const {
        return {output_.data(), output_.data() + output_.size()};
    }
    /// Runs backwards from the gradients of states and outputs: a name of a layer, of what is seen,
    /// and the numbers, [T, B, N].
    struct arriving {
        std::string layer, what;
        std::vector<T> values;
    };
    void differentiate(std::vector<double> const& x, std::vector<arriving> const& gradients,
                       std::function<void()> const& prepare) {
        trace input("x", steps_, batch_, model_->inputs);
        test::fill(input, [&](std::size_t k) { return x[k]; });
        back_ = &model_->backward();
        for (arriving const& one : gradients) {
            trace view("gradient", steps_, batch_, one.values.size() / steps_ / batch_);
            test::fill(view, [&](std::size_t k) { return one.values[k]; });
            back_->seed(one.layer, one.what, view);
        }
        back_->want_input_gradient();
        back_->want_state_gradient();
        model_->reset();
        prepare();
        model_->run_backward(input);
        Kokkos::fence();
    }
    /// The same from the cross-entropy of the output's maxima; its value is held against the
    /// recorded loss.
    template <class Network>
    void differentiate_cross_entropy(Network, std::vector<double> const& x,
                                     std::vector<double> const& labels) {
        using loss =
            spikefuse::cross_entropy_loss<std::remove_const_t<decltype(spikefuse::max_over_time)>>;
        trace input("x", steps_, batch_, model_->inputs);
        test::fill(input, [&](std::size_t k) { return x[k]; });
        back_ = nullptr;
        spikefuse::backpropagation<spikefuse::model<Network, T>, loss> back{
            static_cast<model_behind<T, Network>&>(*model_).model};
        back.set_labels(std::vector<int>(labels.begin(), labels.end()));
        back.want_input_gradient();
        back.run(input);
        Kokkos::fence();
        gradient("ce_max/loss", {back.loss()});
        entropy_ = [of = std::move(back)](std::string const& layer, std::string const& name) {
            return of.gradient(layer, name);
        };
    }
    /// A gradient beside the recorded one; summed over the neurons where all of them share a
    /// number.
    void gradient(std::string const& key, std::vector<T> values) {
        if (!expected().contains(key)) return;
        array const& want = expected().at(key);
        if (want.values.size() == 1 && values.size() > 1)
            values = {std::accumulate(values.begin(), values.end(), T(0))};
        INFO("variant " << of_.name << ", gradient " << key << ", "
                        << (sizeof(T) == 4 ? "float" : "double"));
        REQUIRE(values.size() == want.values.size());
        double largest = 0, error = 0;
        for (std::size_t k = 0; k < values.size(); ++k) {
            REQUIRE(std::isfinite(values[k]));
            largest = std::max(largest, std::abs(want.values[k]));
            error = std::max(error, std::abs(static_cast<double>(values[k]) - want.values[k]));
        }
        double const tolerance = sizeof(T) == 4 ? 1e-4 : 1e-9;
        INFO("error " << error << ", largest entry " << largest);
        REQUIRE(error <= tolerance * largest);
        if (largest > 0)
            counts_.worst_gradient = std::max(counts_.worst_gradient, error / largest / tolerance);
        ++counts_.gradients;
        seen_.insert(key);
    }
    void parameter_gradient(std::string const& key, std::string const& layer,
                            std::string const& name) {
        if (expected().contains(key))
            gradient(key, back_ != nullptr ? back_->gradient(layer, name) : entropy_(layer, name));
    }
    /// The same of square weights that the recording holds as [pre, post].
    void gradient_transposed(std::string const& key, std::string const& layer,
                             std::string const& name, std::size_t width) {
        if (!expected().contains(key)) return;
        auto const ours = back_->gradient(layer, name);
        std::vector<T> turned(ours.size());
        for (std::size_t post = 0; post < width; ++post)
            for (std::size_t pre = 0; pre < width; ++pre)
                turned[pre * width + post] = ours[post * width + pre];
        gradient(key, turned);
    }
    void state_gradient(std::string const& key, std::string const& layer, std::string const& name) {
        if (expected().contains(key)) gradient(key, back_->state_gradient(layer, name));
    }
    void input_gradient(std::string const& key, char const* axes = "TBN") {
        if (!expected().contains(key) || back_ == nullptr) return;
        auto values = from(test::host(back_->input_gradient()).data(), model_->inputs, axes);
        std::size_t const shared =
            values.size() /
            expected().at(key).values.size(); // a channel that stands for several inputs
        if (shared > 1) {
            std::vector<T> sums(values.size() / shared, T(0));
            for (std::size_t k = 0; k < values.size(); ++k) sums[k / shared] += values[k];
            values = sums;
        }
        gradient(key, values);
    }

    /// Without contraction every array must come out to the last bit, in the recordings' float.
    void exact_in_strict() { exact_in_strict_ = true; }

    void seen_by(trial const& other) {
        for (auto const& key : other.seen()) seen_.insert(key);
    }
    std::set<std::string> const& seen() const { return seen_; }
    /// Everything that the recording holds was looked at. A loss is the sum that its gradients come
    /// from.
    void all_seen() {
        for (auto const& [key, values] : expected()) {
            std::string const last = key.substr(key.rfind('/') + 1);
            bool const training = last == "loss";
            INFO("variant " << of_.name << ", array " << key << ": nothing here understands it");
            REQUIRE((training || seen_.contains(key)));
        }
    }

  private:
    /// The libraries hold parameters as float, defaults too.
    void parameters_as_float() {
        for (auto const& one : model_->parameters()) {
            auto values = model_->get(one.layer, one.name);
            for (T& value : values) value = static_cast<T>(static_cast<float>(value));
            model_->set(one.layer, one.name, values);
        }
    }
    void maxima_of(T const* values_of, std::size_t width, std::string const& values,
                   std::string const& when) {
        std::size_t const row = batch_ * width;
        std::vector<T> largest(values_of, values_of + row), step(row, T(0));
        for (std::size_t t = 1; t < steps_; ++t)
            for (std::size_t k = 0; k < row; ++k)
                if (values_of[t * row + k] > largest[k])
                    largest[k] = values_of[t * row + k], step[k] = static_cast<T>(t);
        compare(values, largest);
        compare(when, step, true);
    }
    double allowed(std::string const& key) const {
        if constexpr (std::is_same_v<T, double>) {
            return 1e-12;
        } else {
            auto const& recorded = of_.meta.at("relmax_f32_vs_f64");
            return std::max(
                2e-6, recorded.contains(key) ? 4 * recorded.at(key).template get<double>() : 0.0);
        }
    }
    std::vector<T> from(T const* data, std::size_t width, std::string const& axes) const {
        std::vector<T> result(data, data + steps_ * batch_ * width);
        if (axes == "BTN")
            for (std::size_t t = 0; t < steps_; ++t)
                for (std::size_t b = 0; b < batch_; ++b)
                    for (std::size_t n = 0; n < width; ++n)
                        result[(b * steps_ + t) * width + n] = data[(t * batch_ + b) * width + n];
        return result;
    }

    std::unique_ptr<any_model<T>> model_;
    variant const& of_;
    tally& counts_;
    std::size_t steps_, batch_;
    Kokkos::View<T***, Kokkos::LayoutRight, Kokkos::HostSpace> output_;
    std::set<std::string> seen_;
    bool exact_in_strict_ = false;
    typename any_model<T>::backward_type* back_ = nullptr;
    std::function<std::vector<T>(std::string const&, std::string const&)> entropy_;
};

/// Calls f(number type) for both precisions.
template <class Function>
void each_precision(Function const& function) {
    function(float{});
    function(double{});
}

} // namespace golden
