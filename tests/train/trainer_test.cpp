// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Training: optimizers and losses beside torch's numbers, data that is learnt, checkpoints that go
// on with the same numbers, and bad input.
#include "../support/files.hpp"
#include "../support/says.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <filesystem>
#include <limits>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/checkpoint.hpp>
#include <spikefuse/train/datasets.hpp>
#include <spikefuse/train/trainer.hpp>
#include <sstream>
#include <tuple>
#include <unistd.h>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;

namespace {

/// Two parameters, four steps of the optimizer, with the gradients (0.3 (k + 1) - 0.5, 0.1 k k -
/// 0.2).
template <class Optimizer>
void check(Optimizer const& optimizer, std::vector<double> const& theirs) {
    double parameters[] = {0.7, -1.3}, moments[4] = {};
    for (int k = 0; k < 4; ++k) {
        double const gradients[] = {0.3 * (k + 1) - 0.5, 0.1 * k * k - 0.2};
        for (std::size_t n = 0; n < 2; ++n) {
            parameters[n] = optimizer.update(parameters[n], gradients[n], moments + n,
                                             std::size_t(2), optimizer.learning_rate, k + 1);
            REQUIRE(std::abs(parameters[n] - theirs[static_cast<std::size_t>(2 * k) + n]) < 1e-13);
        }
    }
}

/// Three classes of spike patterns: each channel of a third fires often in one of them.
struct patterns {
    std::size_t count;
    unsigned first;
    bool broken = false;

    std::size_t size() const { return count; }
    template <class Model>
    auto make_input(int batch, int steps) const {
        return Kokkos::View<float***, Kokkos::LayoutRight>(
            "patterns", static_cast<std::size_t>(steps), static_cast<std::size_t>(batch), 30);
    }
    template <class View>
    void fill(std::span<std::size_t const> which, View const& input, std::span<int> labels) const {
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), input);
        for (std::size_t b = 0; b < which.size(); ++b) {
            std::mt19937 random(static_cast<unsigned>(which[b]) + first);
            labels[b] = static_cast<int>(which[b] % 3);
            for (std::size_t t = 0; t < input.extent(0); ++t)
                for (std::size_t n = 0; n < 30; ++n)
                    host(t, b, n) =
                        random() % 100 < (static_cast<int>(n / 10) == labels[b] ? 25u : 12u) ? 1.f
                                                                                             : 0.f;
            if (broken) host(0, b, 0) = std::nanf("");
        }
        Kokkos::deep_copy(input, host);
    }
};

constexpr auto network_type = input<30> >> linear<40> >>
                              recurrent(lif(superspike<10>, detached)) >> linear<3> >> li;
auto make_network(std::uint64_t seed = 1) {
    return model{network_type, {.steps = 25, .batch = 20, .seed = seed}};
}
trainer_settings quiet_settings(int epochs) {
    return {.epochs = epochs, .seed = 3, .show_progress = false};
}

template <class Network>
std::vector<float> all_parameters(Network const& network) {
    std::vector<float> all;
    for (auto const& one : network.parameters())
        for (float number : network.get(one.layer, one.name)) all.push_back(number);
    return all;
}

/// As `patterns`, but one label is no class.
struct mislabelled : patterns {
    template <class View>
    void fill(std::span<std::size_t const> which, View const& input, std::span<int> labels) const {
        patterns::fill(which, input, labels);
        labels[1] = 77;
    }
};
/// The same, and labels are given without inputs.
struct listed : patterns {
    std::size_t wrong = ~std::size_t(0);
    std::size_t* filled = nullptr;
    long label(std::size_t k) const { return k == wrong ? 77 : static_cast<long>(k % 3); }
    template <class View>
    void fill(std::span<std::size_t const> which, View const& input, std::span<int> labels) const {
        patterns::fill(which, input, labels);
        ++*filled;
    }
};
/// As `patterns`, but of another width.
struct narrow : patterns {
    template <class Model>
    auto make_input(int batch, int steps) const {
        return Kokkos::View<float***, Kokkos::LayoutRight>(
            "narrow", static_cast<std::size_t>(steps), static_cast<std::size_t>(batch), 29);
    }
};

/// All that training may change in a network whose last run did not end in a reset.
template <class Network>
auto all_of(Network& network) {
    return std::tuple(all_parameters(network), network.state("lif 1", "v"),
                      network.state("lif 1", "spikes"), network.elapsed_steps());
}

/// What is written to stderr, which is no terminal meanwhile.
template <class Function>
std::vector<std::string> lines_of_errors(std::string const& path, Function const& function) {
    std::fflush(stderr);
    int const kept = dup(2);
    std::FILE* const file = std::fopen(path.c_str(), "w");
    dup2(fileno(file), 2);
    function();
    std::fflush(stderr);
    dup2(kept, 2);
    close(kept);
    std::fclose(file);
    std::vector<std::string> lines;
    std::stringstream text(test::bytes_of(path));
    for (std::string line; std::getline(text, line);) lines.push_back(line);
    return lines;
}

} // namespace

TEST_CASE("optimizers give torch's numbers (torch 2.14, in double)") {
    check(sgd{.learning_rate = 0.05}, {0.71, -1.29, 0.705, -1.285, 0.685, -1.295, 0.65, -1.33});
    check(sgd{.learning_rate = 0.05, .momentum = 0.9, .weight_decay = 0.1},
          {0.7065, -1.2835, 0.7038175, -1.2572325, 0.6778841625, -1.2373055875, 0.6161547379375,
           -1.2481848383125});
    check(adam{.learning_rate = 0.05, .weight_decay = 0.1},
          {0.749999996153846, -1.25000000151515, 0.740099272640962, -1.20135623469238,
           0.707881003904243, -1.17075344677184, 0.669026794269071, -1.18023622259671});
    check(adamw(0.05, 0.1),
          {0.7464999975, -1.2435000025, 0.756084348653162, -1.19067352349518, 0.729437338273559,
           -1.1791810026314, 0.691220384305792, -1.19821046661741});
    REQUIRE(cosine_rate(11)(0) == 1);
    REQUIRE(std::abs(cosine_rate(11)(5) - 0.5) < 1e-12);
    REQUIRE(std::abs(cosine_rate(11, 0.1)(10) - 0.1) < 1e-12);
    REQUIRE(step_rate(10, 0.5)(19) == 0.5);
    REQUIRE(std::abs(exponential_rate(0.9)(2) - 0.81) < 1e-12);
}

TEST_CASE("losses give torch's numbers") {
    double const x[2][3] = {{1, 2, -0.5}, {0.3, 0.3, 4}};
    int const labels[] = {2, 0};
    double const targets[] = {1, 0, 0, 2, 0.5, 1};
    double entropy = 0, squares = 0, g[2][3], h[2][3];
    for (int b = 0; b < 2; ++b) {
        entropy +=
            cross_entropy(counts).of_readout(x[b], 3, detail::label_targets{labels}, b, 2, g[b]);
        squares += mean_squared(counts).of_readout(x[b], 3, detail::value_targets<double>{targets},
                                                   b, 2, h[b]);
    }
    REQUIRE(std::abs(entropy - 3.309901220532053) < 1e-14);
    double const theirs[] = {0.12685809081751262, 0.3448360430622518,   -0.47169413387976433,
                             -0.4882206889804202, 0.011779311019579807, 0.4764413779608404};
    double const other[] = {0, 2. / 3, -1. / 6, -0.5666666666666667, -0.06666666666666667, 1};
    REQUIRE(std::abs(squares - 2.6966666666666668) < 1e-14);
    for (int k = 0; k < 6; ++k) {
        REQUIRE(std::abs(g[k / 3][k % 3] - theirs[k]) < 1e-15);
        REQUIRE(std::abs(h[k / 3][k % 3] - other[k]) < 1e-15);
    }
}

TEST_CASE("patterns are learnt, time constants too, the same way every time") {
    patterns const train{300, 1}, test{90, 100000};
    std::vector<std::vector<float>> ends;
    for (int again = 0; again < 2; ++again) {
        auto network = make_network();
        trainer training{network, cross_entropy(max_over_time), adam{.learning_rate = 5e-3},
                         quiet_settings(8)};
        training.learn("lif 1", "tau_mem", true);
        training.learn("lif 1", "threshold");
        auto const before = training.evaluate(test);
        training.fit(train, test);
        auto const& history = training.history();
        REQUIRE(history.size() == 8);
        REQUIRE(history.back().loss < 0.5 * history.front().loss);
        REQUIRE(before.second < 0.6);
        REQUIRE(history.back().validation_accuracy > 0.9);
        auto const tau = network.get("lif 1", "tau_mem"),
                   threshold = network.get("lif 1", "threshold");
        REQUIRE(tau != std::vector<float>(40, 0.01f));
        REQUIRE(tau == std::vector<float>(40, tau[0])); // shared
        REQUIRE(threshold != std::vector<float>(40, threshold[0]));
        auto const loop = network.get("recurrent 1", "weight");
        for (std::size_t k = 0; k < 40; ++k) REQUIRE(loop[k * 41] == 0); // no autapses grew
        ends.push_back(all_parameters(network));
    }
    REQUIRE(ends[0] == ends[1]);
}

TEST_CASE("what is frozen stays, a norm is clipped, and validation stops a training") {
    patterns const train{100, 1}, test{20, 100000};
    auto network = make_network();
    auto const before = network.get("linear 1", "weight");
    trainer training{network,
                     cross_entropy(counts),
                     sgd{.learning_rate = 0},
                     {.epochs = 50, .clip_norm = 1e-3, .patience = 3, .show_progress = false}};
    training.freeze("linear 1", "weight");
    training.fit(train, test); // nothing improves at a rate of zero
    REQUIRE(training.history().size() == 4);
    REQUIRE(network.get("linear 1", "weight") == before);

    auto other = make_network();
    auto const weights = other.get("linear 2", "weight");
    trainer clipped{other,
                    cross_entropy(counts),
                    sgd{.learning_rate = 1},
                    {.epochs = 1, .clip_norm = 0.01, .show_progress = false}};
    auto input = train.make_input<decltype(other)>(20, 25);
    std::vector<int> labels(20);
    std::vector<std::size_t> which(20);
    std::iota(which.begin(), which.end(), std::size_t(0));
    train.fill(which, input, labels);
    clipped.step(input, labels);
    double moved = 0;
    auto const now = all_parameters(other), then = all_parameters(make_network());
    for (std::size_t k = 0; k < now.size(); ++k) moved += std::pow(now[k] - then[k], 2);
    REQUIRE(std::abs(std::sqrt(moved) - 0.01) < 1e-4);
    REQUIRE(clipped.learning().gradient_norm() > 0.01);
}

TEST_CASE("a checkpoint goes on with the same numbers, and survives what may happen to it") {
    test::folder const here;
    std::string const path = here / "training.h5";
    patterns const train{100, 1}, test{40, 100000};
    auto whole = make_network();
    trainer uninterrupted{whole, cross_entropy(max_over_time), adam{}, quiet_settings(6)};
    uninterrupted.fit(train, test);

    auto first = make_network();
    trainer begun{first, cross_entropy(max_over_time), adam{}, quiet_settings(6)};
    try {
        begun.fit(train, test, [&](epoch_report const& one) {
            save_checkpoint(begun, path);
            if (one.epoch == 2) throw std::runtime_error("killed");
        });
    } catch (std::runtime_error const&) {
    }
    auto second = make_network(99);
    trainer resumed{second, cross_entropy(max_over_time), adam{}, quiet_settings(6)};
    load_checkpoint(resumed, path);
    REQUIRE(resumed.learning().moments() == begun.learning().moments());
    REQUIRE(resumed.learning().moments().size() ==
            2 * all_parameters(second).size()); // and nothing of how they lie
    REQUIRE(resumed.epoch() == 3);
    resumed.fit(train, test);
    REQUIRE(all_parameters(second) == all_parameters(whole));
    REQUIRE(resumed.history().size() == 6);
    for (std::size_t k = 0; k < 6; ++k)
        REQUIRE(resumed.history()[k].loss == uninterrupted.history()[k].loss);

    // Another network, another optimizer, a damaged file: one error, and nothing has changed.
    auto const before = all_parameters(second);
    auto wider =
        model{input<30> >> linear<41> >> lif >> linear<3> >> li, {.steps = 25, .batch = 20}};
    trainer other{wider, cross_entropy(max_over_time), adam{}, quiet_settings(1)};
    SAYS(file_error, load_checkpoint(other, path), "a checkpoint of another network");
    trainer simpler{second, cross_entropy(max_over_time), sgd{}, quiet_settings(1)};
    SAYS(file_error, load_checkpoint(simpler, path), "its optimizer remembers other numbers");
    std::string const bytes = test::bytes_of(path);
    for (std::size_t size :
         {std::size_t(0), std::size_t(100), bytes.size() / 2, bytes.size() - 100}) {
        test::write_bytes(here / "cut.h5", bytes.substr(0, size));
        REQUIRE_THROWS_AS(load_checkpoint(resumed, here / "cut.h5"), file_error);
    }
    test::nir_file{}.write(here / "a.nir");
    SAYS(file_error, load_checkpoint(resumed, here / "a.nir"), "is no checkpoint");
    model same_names{input<12> >> linear<40> >> recurrent(lif(superspike<10>, inclusive)) >>
                         linear<3> >> li,
                     second.setup()};
    trainer others{same_names, cross_entropy(max_over_time), adam{}, quiet_settings(2)};
    SAYS(file_error, load_checkpoint(others, path), "another");
    SAYS(file_error, save_checkpoint(resumed, here / "missing" + "/x.h5"), "cannot be written");
    REQUIRE(all_parameters(second) == before);
    REQUIRE(test::bytes_of(path) == bytes);
}

namespace {

// Neurons of which only the equations are compared, not the names.
struct decays_by_two {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        return dynamics(d(v) = current - 2 * v, output = v);
    }
};
struct also_decays_by_two {
    static constexpr auto equations() { return decays_by_two::equations(); }
};
struct decays_by_three {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        return dynamics(d(v) = current - 3 * v, output = v);
    }
};
struct grows {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        return dynamics(d(v) = current + 2 * v, output = v);
    }
};
struct starts_elsewhere {
    static constexpr auto equations() {
        using namespace spikefuse::equations;
        constexpr auto v = state<"v">;
        return dynamics(start(v = 0.5), d(v) = current - 2 * v, output = v);
    }
};
template <class N>
std::string equations_print() {
    detail::fingerprint print;
    detail::add_equations<N>(print);
    return print.digits();
}

} // namespace

TEST_CASE("a checkpoint knows equations, not only the names of their structs") {
    std::string const two = equations_print<decays_by_two>();
    REQUIRE(equations_print<also_decays_by_two>() == two);
    REQUIRE(equations_print<decays_by_three>() != two);
    REQUIRE(equations_print<grows>() != two);
    REQUIRE(equations_print<starts_elsewhere>() != two);
}

TEST_CASE("a checkpoint that cannot be is refused, and the training is as it was") {
    test::folder const here;
    std::string const path = here / "training.h5", bad = here / "bad.h5";
    constexpr auto small = input<30> >> linear<4> >> lif >> linear<3> >> li;
    model network{small, {.steps = 25, .batch = 20, .seed = 1}};
    trainer training{network, cross_entropy(max_over_time), adam{}, quiet_settings(2)};
    training.fit(patterns{60, 1}, no_data{});
    save_checkpoint(training, path);

    model twice{small, {.steps = 25, .batch = 20, .seed = 1}, precision<double>};
    trainer of_doubles{twice, cross_entropy(max_over_time), adam{}, quiet_settings(2)};
    SAYS(file_error, load_checkpoint(of_doubles, path),
         "its numbers are float, this network's double");
    save_checkpoint(of_doubles, bad);
    SAYS(file_error, load_checkpoint(training, bad),
         "its numbers are double, this network's float");

    model again{small, {.steps = 25, .batch = 20, .seed = 7}};
    trainer resumed{again, cross_entropy(max_over_time), adam{}, quiet_settings(2)};
    auto const before = all_parameters(again);
    auto const unchanged = [&] {
        auto const moments = resumed.learning().moments();
        return all_parameters(again) == before && resumed.epoch() == 0 &&
               resumed.history().empty() && resumed.learning().steps() == 0 &&
               again.elapsed_steps() == 0 &&
               std::all_of(moments.begin(), moments.end(), [](float m) { return m == 0; });
    };
    // Writes other numbers over those of a data set.
    auto const with = [&](char const* name, std::size_t at, double value) {
        std::filesystem::copy_file(path, bad, std::filesystem::copy_options::overwrite_existing);
        auto numbers = io::hdf5_file(bad).numbers(name).values;
        numbers.at(at) = value;
        hid_t const file = H5Fopen(bad.c_str(), H5F_ACC_RDWR, H5P_DEFAULT),
                    set = H5Dopen2(file, name, H5P_DEFAULT);
        H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data());
        H5Dclose(set);
        H5Fclose(file);
        std::string text;
        try {
            load_checkpoint(resumed, bad);
        } catch (file_error const& fault) {
            text = fault.what();
        }
        REQUIRE(unchanged());
        return text;
    };
    using Catch::Matchers::ContainsSubstring;
    for (double const counter : {-1., 2147483647., 2147483648., 4294967298., 1e15, 9.1e18})
        REQUIRE_THAT(with("counters", 1, counter),
                     ContainsSubstring(counter < 0 || counter > 2e9 ? "its counters cannot be"
                                                                    : "its history"));
    REQUIRE_THAT(with("counters", 1, 1),
                 ContainsSubstring("its history is not that of its epochs"));
    REQUIRE_THAT(with("counters", 0, -3), ContainsSubstring("its counters cannot be"));
    REQUIRE_THAT(with("counters", 2, -3), ContainsSubstring("its counters cannot be"));
    double const nan = std::nan("");
    for (auto const& [at, value] : {std::pair<std::size_t, double>{0, nan},
                                    {0, 7},
                                    {0, -1},
                                    {8, 0},
                                    {8, 0.5},
                                    {1, nan},
                                    {2, 1.5},
                                    {2, nan},
                                    {4, -1},
                                    {5, -2},
                                    {6, 3},
                                    {7, 0.5}}) {
        CAPTURE(at, value);
        REQUIRE_THAT(with("history", at, value),
                     ContainsSubstring("its history is not that of its epochs"));
    }
    REQUIRE_THAT(with("moments", 3, nan), ContainsSubstring("its moments are not finite"));
    REQUIRE_THAT(with("moments", 3, std::numeric_limits<double>::infinity()),
                 ContainsSubstring("its moments are not finite"));
    REQUIRE_THAT(with("parameters/lif 1/tau_mem", 3, -1),
                 ContainsSubstring("'tau_mem' of 'lif 1'"));
    REQUIRE_THAT(with("parameters/lif 1/tau_mem", 3, 1e-60),
                 ContainsSubstring("'tau_mem' of 'lif 1'")); // zero in float
    REQUIRE_THAT(with("parameters/linear 2/weight", 3, nan),
                 ContainsSubstring("'weight' of 'linear 2'"));

    std::string older = test::bytes_of(path);
    std::size_t const format = older.find("spikefuse checkpoint 4");
    REQUIRE(format != std::string::npos);
    older[format + 21] = '3';
    test::write_bytes(bad, older);
    SAYS(file_error, load_checkpoint(resumed, bad),
         "is a checkpoint of another version (it says 'spikefuse checkpoint 3'");
    REQUIRE(unchanged());
    load_checkpoint(resumed, path);
    REQUIRE(all_parameters(again) == all_parameters(network));
    REQUIRE((resumed.epoch() == 2 && resumed.history().size() == 2));
}

TEST_CASE("bad data and bad settings are one error, and nothing is lost") {
    auto network = make_network();
    auto const before = all_parameters(network);
    trainer training{network, cross_entropy(max_over_time), adam{}, quiet_settings(2)};
    SAYS(value_error, training.fit(patterns{5, 1}, no_data{}), "there are 5 samples to train on");
    SAYS(value_error, training.fit(patterns{40, 1, true}, no_data{}), "is not finite");
    REQUIRE(all_parameters(network) == before);
    SAYS(value_error, (trainer{network, cross_entropy(counts), adam{}, {.epochs = 0}}),
         "epochs is 0");
    SAYS(name_error, training.learn("lif 1", "tau"), "there is no parameter");
    SAYS(value_error, training.learn("linear 1", "weight", true), "cannot be shared");
    SAYS(value_error, step_rate(0, 0.5), "Give 1 or more");
    SAYS(value_error, step_rate(1, std::nan("")), "factor is nan");
    SAYS(value_error, exponential_rate(-1), "factor is -1");
    SAYS(value_error, cosine_rate(3, std::nan("")), "factor is nan");
    network.set("lif 1", "threshold", [] {
        std::vector<double> all(40, 1);
        all[3] = 2;
        return all;
    }());
    SAYS(value_error, training.learn("lif 1", "threshold", true), "differs between neurons");
    for (double const wrong :
         {std::nan(""), -1.0, 1e300, 1e-300}) { // the last two are infinite and zero as floats
        SAYS(value_error, (trainer{network, cross_entropy(counts), adam{.learning_rate = wrong}}),
             "learning rate");
        SAYS(value_error, (trainer{network, cross_entropy(counts), adam{}, {.clip_norm = wrong}}),
             "clip_norm");
        SAYS(value_error, (trainer{network, cross_entropy(counts), adam{.epsilon = wrong}}),
             "epsilon");
        SAYS(value_error, (trainer{network, cross_entropy(counts), adam{.weight_decay = wrong}}),
             "weight_decay");
        SAYS(value_error, (trainer{network, cross_entropy(counts), adam{.beta_1 = wrong}}),
             "beta_1");
        SAYS(value_error, (trainer{network, cross_entropy(counts), adam{.beta_2 = wrong}}),
             "beta_2");
        SAYS(value_error, (trainer{network, cross_entropy(counts), sgd{.momentum = wrong}}),
             "momentum");
        SAYS(value_error, (trainer{network, cross_entropy(counts), sgd{.weight_decay = wrong}}),
             "weight_decay");
    }
    SAYS(value_error, (trainer{network, cross_entropy(counts), adam{.beta_2 = 1}}), "beta_2 is 1");
    SAYS(value_error, (trainer{network, cross_entropy(counts), adam{.beta_2 = 1 - 1e-9}}),
         "from 0 to below 1"); // 1 as a float
    SAYS(value_error, (trainer{network, cross_entropy(counts), adam{.epsilon = 0}}),
         "epsilon is 0");
    trainer of_schedule{network,
                        cross_entropy(counts),
                        adam{},
                        {.epochs = 1, .rate = [](int) { return 1e300; }, .show_progress = false}};
    SAYS(value_error, of_schedule.fit(patterns{40, 1}, no_data{}), "factor is 1e+300");
    auto moments = training.learning().moments();
    SAYS(value_error, training.learning().set_moments(moments, -1), "steps are -1");
    moments[3] = std::nanf("");
    SAYS(value_error, training.learning().set_moments(moments, 1), "not finite at [3]");
    SAYS(shape_error, training.learning().set_moments({}, 1), "was given 0 numbers");
    SAYS(value_error,
         (trainer{network, cross_entropy(counts), adam{}, {.backward = {.carries_on = true}}}),
         "shuffles");
    SAYS(value_error, training.evaluate(mislabelled{{40, 1}}), "labels are 0 to");
    SAYS(value_error, training.fit(mislabelled{{40, 1}}, no_data{}), "labels are 0 to");
    io::mnist const few{.count = 3,
                        .rows = 2,
                        .columns = 2,
                        .images = std::vector<std::uint8_t>(12),
                        .labels = {0, 1, 2}};
    SAYS(value_error, (image_samples{few, 2, 2}), "no part of the data");
    SAYS(value_error, (image_samples{few, 0, 4}), "it has 3");
    io::event_data const heard{.times = {0.001f, 0.004f, 0.0039f},
                               .unit_of = {0, 2, 2},
                               .offsets = {0, 2, 3},
                               .labels = {1, 0}};
    SAYS(value_error, (event_samples{heard, 2, 2 * ms}), "have 3 units");
    model timed{input<3> >> linear<2> >> li, {.steps = 3, .batch = 2, .dt = 2 * ms}};
    trainer of_events{timed, cross_entropy(last_step), adam{}, quiet_settings(1)};
    SAYS(value_error, of_events.fit(event_samples{heard, 3, 1 * ms}, no_data{}),
         "a step of the data lasts 1 ms (one of the network lasts 2 ms)");
    SAYS(value_error, of_events.evaluate(event_samples{heard, 3, 2.1 * ms}), "lasts 2.1 ms");
    event_samples const fits{heard, 3, 2 * ms};
    auto const input = fits.make_input<decltype(timed)>(2, 3); // [T, B, 1]
    int labels[2];
    fits.fill(std::vector<std::size_t>{1, 0}, input, labels);
    auto const spikes = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), input);
    REQUIRE((labels[0] == 0 && labels[1] == 1));
    for (std::size_t t = 0; t < 3; ++t) {
        REQUIRE(spikes(t, 0, 0) == (t == 1 ? 4u : 0u)); // at 3.9 ms
        REQUIRE(spikes(t, 1, 0) == (t == 0 ? 1u : t == 2 ? 4u : 0u));
    }
    SAYS(value_error, of_events.fit(fits, event_samples{heard, 3, 1 * ms}),
         "lasts 1 ms"); // before an epoch
    REQUIRE(of_events.history().empty());
    of_events.fit(fits, no_data{});
    training.fit(patterns{40, 1}, no_data{}); // and it goes on
    REQUIRE(all_parameters(network) != before);
}

TEST_CASE(
    "to validate changes nothing, of a noisy network either, and to look again shows the same") {
    patterns const train{100, 1}, test{50, 100000};
    constexpr auto noisy =
        input<30> >> poisson({.rate = 300}) >> linear<20> >> lif(superspike<10>) >> linear<3> >> li;
    std::vector<std::vector<float>> ends;
    std::vector<std::uint64_t> elapsed;
    for (bool const validates : {false, true}) {
        model network{noisy, {.steps = 25, .batch = 20, .seed = 1}};
        trainer training{network, cross_entropy(max_over_time), adam{.learning_rate = 5e-3},
                         quiet_settings(3)};
        validates ? training.fit(train, test) : training.fit(train, no_data{});
        ends.push_back(all_parameters(network));
        elapsed.push_back(network.elapsed_steps());
        auto const once = training.evaluate(test);
        REQUIRE(training.evaluate(test) == once);
    }
    REQUIRE(ends[0] == ends[1]);
    REQUIRE(elapsed == std::vector<std::uint64_t>(2, 3 * 5 * 25));

    auto network = make_network();
    trainer training{network, cross_entropy(max_over_time), adam{}, quiet_settings(1)};
    auto const input = train.make_input<decltype(network)>(20, 25);
    std::vector<int> labels(20);
    std::vector<std::size_t> which(20);
    std::iota(which.begin(), which.end(), std::size_t(0));
    train.fill(which, input, labels);
    auto const numbers = [](auto const& view) {
        auto const host = Kokkos::create_mirror_view_and_copy(Kokkos::HostSpace(), view);
        return std::vector<float>(host.data(), host.data() + host.size());
    };
    auto const from_rest = numbers(network(input));
    network.reset();
    training.evaluate(test);
    REQUIRE(numbers(network(input)) == from_rest); // still to begin at rest
    auto const before = all_of(network);
    training.evaluate(test);
    REQUIRE(all_of(network) == before); // and states that go on
    SAYS(value_error, training.evaluate(mislabelled{{40, 1}}), "labels are 0 to");
    REQUIRE(all_of(network) == before);
}

TEST_CASE("data are looked through before a training changes anything") {
    auto network = make_network();
    patterns const train{100, 1}, test{50, 100000};
    trainer training{network, cross_entropy(max_over_time), adam{}, quiet_settings(2)};
    training.fit(train, no_data{});
    trainer again{network, cross_entropy(max_over_time), adam{}, quiet_settings(2)};
    auto const before = all_of(network);
    auto const refused = [&](auto const& fit) {
        fit();
        REQUIRE(all_of(network) == before);
        REQUIRE(again.epoch() == 0);
        REQUIRE(again.history().empty());
        REQUIRE(again.learning().steps() == 0);
    };
    std::size_t filled = 0;
    refused([&] {
        SAYS(value_error, again.fit(train, mislabelled{{50, 1}}), "the label of sample 1 is 77");
    });
    refused(
        [&] { SAYS(value_error, again.fit(mislabelled{{100, 1}}, test), "labels are 0 to 2"); });
    refused([&] {
        SAYS(value_error, again.fit(train, listed{{50, 1}, 49, &filled}),
             "the label of sample 49 is 77");
    });
    refused([&] {
        SAYS(value_error, again.fit(listed{{100, 1}, 99, &filled}, test),
             "the label of sample 99 is 77");
    });
    REQUIRE(filled == 0); // data that tell their labels are not filled for them
    refused([&] { SAYS(shape_error, again.fit(train, narrow{{50, 1}}), "should be 30"); });
    refused([&] { SAYS(shape_error, again.fit(narrow{{100, 1}}, test), "should be 30"); });
    refused([&] { SAYS(value_error, again.fit(patterns{5, 1}, test), "there are 5 samples"); });
    again.fit(listed{{100, 1}, 100, &filled}, test);
    REQUIRE(filled == 2 * 5);

    // A step that fails comes late; what a run counts, and the order of samples, is then as before
    // it.
    auto const parameters = all_parameters(network);
    auto const elapsed = network.elapsed_steps();
    trainer broken{network, cross_entropy(max_over_time), adam{}, quiet_settings(2)};
    SAYS(value_error, broken.fit(patterns{40, 1, true}, no_data{}), "is not finite in step 1");
    REQUIRE(all_parameters(network) == parameters);
    REQUIRE(network.elapsed_steps() == elapsed);
    REQUIRE(broken.learning().steps() == 0);
}

TEST_CASE(
    "a loss of the trace trains, and its value is the same while learning and while looking") {
    patterns const train{300, 1}, test{90, 100000};
    auto network = make_network();
    trainer training{network, cross_entropy(trace), sgd{.learning_rate = 0}, quiet_settings(1)};
    training.fit(train, train);
    auto const& report = training.history()[0]; // the same samples, in another order
    REQUIRE(std::abs(report.loss - report.validation_loss) < 1e-6);
    REQUIRE(std::abs(report.accuracy - report.validation_accuracy) < 1e-9);
    trainer learning{network, cross_entropy(trace), adam{.learning_rate = 5e-3}, quiet_settings(8)};
    learning.fit(train, test);
    REQUIRE(learning.history().back().loss < 0.8 * learning.history().front().loss);
    REQUIRE(learning.history().back().validation_accuracy > 0.9);
}

TEST_CASE("without a terminal a training writes a line an epoch") {
    test::folder const here;
    auto network = make_network();
    trainer training{network, cross_entropy(max_over_time), adam{}, {.epochs = 3}};
    auto const lines =
        lines_of_errors(here / "log", [&] { training.fit(patterns{300, 1}, no_data{}); });
    REQUIRE(lines.size() == 3);
    for (std::size_t k = 0; k < 3; ++k) {
        INFO(lines[k]);
        REQUIRE(
            lines[k].starts_with("epoch " + std::to_string(k + 1) + "/3: 100 %, 15/15 batches"));
        REQUIRE(lines[k].find(", accuracy ") != std::string::npos);
    }
}
