// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Backward runs: more joints beside central differences, inputs that are packed or held, readouts
// of a step, chunks; what is refused, and start values.
#include "../support/gradients.hpp"
#include "../support/says.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <limits>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/backpropagation.hpp>
#include <spikefuse/train/ranks.hpp>
#include <spikefuse/train/start_values.hpp>
#include <spikefuse/train/update.hpp>
#include <tuple>

using namespace spikefuse;

namespace {

constexpr auto joined_neurons = input<4> >> soft >> (identity | soft) >> soft;

} // namespace

TEST_CASE("central differences: a loop in a loop, a population in a loop, the outputs of the last "
          "step") {
    check_gradients(input<3> >> recurrent(recurrent(soft, with_autapses) >> linear<3>(no_bias),
                                          through(scale(0.3))) >>
                        recurrent(population<4>({.highest = 2.5, .tuning_width = 0.6}) >> soft,
                                  through(linear<3>)),
                    cross_entropy(last_step), some_labels, 11, 3);
}
TEST_CASE("central differences: neurons without weights, in groups of registers and what remains, "
          "first, between and last") {
    // Of 8 numbers a register: four together, and one, two or three that remain.
    check_gradients(input<35> >> soft >> (identity | linear<10>) >> soft >>
                        (identity | linear<11>) >> soft >> linear<3> >> li,
                    cross_entropy(mean_over_time), some_labels, 11);
    check_gradients(joined_neurons, mean_squared(last_step),
                    [](auto& back, int, int batch) { some_targets(back, 1, batch, 8); });
}
TEST_CASE("the step of the first spike: its value, and a gradient at that step alone") {
    constexpr auto network = input<3> >> lif_box({.tau_mem = 2 * ms}, superspike<10>);
    model one{network, {.steps = 6, .batch = 1}, precision<double>};
    values const x("x", 6, 1, 3);
    test::fill(x, [](std::size_t k) {
        return k == 2 * 3 || k == 4 * 3 || k == 1 ? 10 : 0;
    }); // neuron 2 stays silent
    auto const times = test::host(one(x, first_spike));
    REQUIRE(std::vector<double>(times.data(), times.data() + 3) == std::vector<double>{2, 0, 5});
    backpropagation back{one, mean_squared(first_spike)};
    back.set_targets(std::vector<double>{1, 3, 1});
    back.want_input_gradient();
    back.run(x);
    Kokkos::fence();
    REQUIRE(std::abs(back.loss() - (1. + 9 + 16) / 3) < 1e-12);
    auto const g = test::host(back.input_gradient());
    for (int t = 0; t < 6; ++t)
        for (int n = 0; n < 3; ++n) {
            INFO("step " << t << ", neuron " << n << ": "
                         << g(static_cast<std::size_t>(t * 3 + n)));
            bool const before = t <= std::vector{2, 0, 5}[static_cast<std::size_t>(n)];
            REQUIRE((g(static_cast<std::size_t>(t * 3 + n)) != 0) == before);
        }
    REQUIRE(g(2 * 3 + 0) < 0); // too late: more input
    REQUIRE(g(0 * 3 + 1) > 0); // too early
    int const label = 1;       // the cross-entropy sees the same readout
    double gradient[3];
    double const sum = std::exp(-2.) + 1 + std::exp(-5.),
                 loss = cross_entropy(first_spike)
                            .of_readout(times.data(), 3, detail::label_targets{&label}, 0, 1,
                                        gradient);
    REQUIRE(std::abs(loss - std::log(sum)) < 1e-12);
    REQUIRE(gradient[1] > 0); // too late: it should come earlier than the others
    REQUIRE(gradient[0] < 0);
}
TEST_CASE("the gradient of packed spikes that neurons read as they are is that of the same spikes "
          "as values") {
    constexpr int steps = 300, batch = 2, width = 565; // more than a cache line of spikes
    auto const bits = test::random_spikes(steps, batch, width, 0.2, 3);
    auto const gradient = [&](auto const& input) {
        model network{spikefuse::input<width> >> lif_box({.tau_mem = 2 * ms}, superspike<2>),
                      {.steps = steps, .batch = batch}};
        backpropagation back{network, mean_squared(counts)};
        back.set_targets(std::vector<float>(batch * width, 5.f));
        back.want_input_gradient();
        back.run(input);
        Kokkos::fence();
        return listed(back.input_gradient());
    };
    auto const packed = gradient(bits);
    REQUIRE(packed == gradient(test::unpacked<float>(bits, width)));
    REQUIRE(std::any_of(packed.begin(), packed.end(), [](float one) { return one != 0; }));
}
TEST_CASE("an input that is held, over more blocks than one, in two branches, in a loop and behind "
          "joined layers: weights learn as from the repeated one, its gradient is the sum over the "
          "steps") {
    constexpr auto network = input<5> >> ((linear<7> >> lif(superspike<5>)) | (linear<6> >> li)) >>
                             recurrent(lif(superspike<5>), through(linear<13>));
    constexpr int steps = 150, batch = 2;
    Kokkos::View<double**, Kokkos::LayoutRight> const x("x", batch, 5);
    values const xs("xs", steps, batch, 5);
    test::fill(x, [](std::size_t k) { return 1 + static_cast<double>(k % 7); });
    test::fill(xs, [&](std::size_t k) { return 1 + static_cast<double>(k % x.size() % 7); });
    for (int checkpoint : {0, 7}) {
        model held{network, {.steps = steps, .batch = batch, .seed = 2}, precision<double>},
            repeated{network, {.steps = steps, .batch = batch, .seed = 2}, precision<double>};
        backpropagation one{held, cross_entropy(counts), {.checkpoint_steps = checkpoint}},
            other{repeated, cross_entropy(counts), {.checkpoint_steps = checkpoint}};
        for (auto* back : {&one, &other})
            some_labels(*back, steps, batch), back->want_input_gradient();
        one.run(x), other.run(xs);
        Kokkos::fence();
        REQUIRE(std::abs(one.loss() - other.loss()) < 1e-11);
        held.reset();
        auto const plain = test::host(held(x, counts));
        auto const a = test::host(one.readout()), b = test::host(other.readout());
        for (std::size_t k = 0; k < batch * 13; ++k) {
            REQUIRE(std::abs(a(k) - b(k)) < 1e-11);
            REQUIRE(std::abs(plain.data()[k] - b(k)) < 1e-11);
        }
        for (auto const& p : held.parameters()) {
            auto const g = one.gradient(p.layer, p.name), h = other.gradient(p.layer, p.name);
            for (std::size_t k = 0; k < g.size(); ++k) {
                INFO(p.layer << " " << p.name << "[" << k << "]");
                REQUIRE(std::abs(g[k] - h[k]) < 1e-10 * (1 + std::abs(h[k])));
            }
        }
        auto const of_one = test::host(one.input_gradient()),
                   of_other = test::host(other.input_gradient());
        for (std::size_t k = 0; k < x.size(); ++k) {
            double sum = 0;
            for (int t = 0; t < steps; ++t)
                sum += of_other(static_cast<std::size_t>(t) * x.size() + k);
            REQUIRE(sum != 0);
            REQUIRE(std::abs(of_one(k) - sum) < 1e-10 * (1 + std::abs(sum)));
        }
    }
}

TEST_CASE("a run of fewer samples has the gradients of a model of so many, to the last bit") {
    auto const alike = [](auto const& network, auto loss, auto word, int inputs, int batch,
                          int samples, auto const& prepare) {
        constexpr int steps = 5;
        model large{network, {.steps = steps, .batch = batch, .seed = 2}, word},
            small{network, {.steps = steps, .batch = samples, .seed = 2}, word};
        using number = typename decltype(large)::value_type;
        auto const count = static_cast<std::size_t>(samples),
                   width = static_cast<std::size_t>(inputs);
        Kokkos::View<number***, Kokkos::LayoutRight> const x("x", steps, count, width),
            all("all", steps, static_cast<std::size_t>(batch), width);
        test::fill(x, [](std::size_t k) { return static_cast<double>(k % 7) / 2; });
        test::fill(all, [](std::size_t k) { return static_cast<double>(k % 5) / 2; });
        backpropagation of_large{large, loss}, of_small{small, loss};
        prepare(of_large, batch);
        of_large.run(all); // what it leaves behind is not seen
        gradient_mean mean{of_large, 1};
        CHECK(of_large.groups() >= of_small.groups());
        for (auto* back : {&of_large, &of_small}) {
            prepare(*back, samples);
            back->want_state_gradient();
            back->run(x);
        }
        CHECK(of_large.groups() == of_small.groups());
        CHECK(of_large.loss() == of_small.loss());
        for (auto const& p : large.parameters()) {
            INFO(p.layer << " " << p.name);
            CHECK(of_large.gradient(p.layer, p.name) == of_small.gradient(p.layer, p.name));
        }
        auto const sum = test::host(mean({}, [](auto*, std::size_t) {})),
                   raw = test::host(of_small.raw());
        for (std::size_t k = 0; k < sum.size(); ++k) {
            number total = raw(k);
            for (int g = 1; g < of_small.groups(); ++g)
                total += raw(static_cast<std::size_t>(g) * sum.size() + k);
            REQUIRE(sum(k) == total);
        }
        std::string const last = large.layer_names().back();
        CHECK(of_large.state_gradient(last, "v").size() == count * large.outputs);
        CHECK(of_large.state_gradient(last, "v") == of_small.state_gradient(last, "v"));
        learner with_large{large, sgd{}}, with_small{small, sgd{}};
        with_large.update({}, of_large.raw(), of_large.groups());
        with_small.update({}, of_small.raw(), of_small.groups());
        for (auto const& p : large.parameters())
            CHECK(large.get(p.layer, p.name) == small.get(p.layer, p.name));
    };
    alike(input<4> >> linear<3> >> li, cross_entropy(counts), precision<float>, 4, 64, 9,
          [](auto& back, int samples) { some_labels(back, 1, samples); });
    auto const targets = [](auto& back, int samples) { some_targets(back, 1, samples, 8); };
    alike(joined_neurons, mean_squared(last_step), precision<double>, 4, 40, 13, targets);
    model one{joined_neurons, {.batch = 3}, precision<double>};
    backpropagation back{one, mean_squared(last_step)};
    targets(back, 2);
    SAYS(shape_error, back.run(values("x", 5, 3, 4)), "there are 16 targets (this run has 3");
    SAYS(shape_error, targets(back, 4), "there are 32 targets (this loss wants 24, or of fewer");
}

TEST_CASE("a training that is looked at says where the first number was not finite") {
    model network{input<4> >> linear<3> >> li, {.steps = 5, .batch = 2}};
    network.set("linear 1", "weight", 1);
    network.check_runs();
    backpropagation back{network, cross_entropy(counts)};
    back.set_labels(std::vector<int>{0, 1});
    Kokkos::View<float***, Kokkos::LayoutRight> const x("x", 5, 2, 4);
    REQUIRE_NOTHROW(back.run(x));
    test::fill(x, [](std::size_t k) { return k / 4 == 2 * 2 + 1 ? std::nan("") : 0; });
    SAYS(value_error, back.run(x), "'i' of 'li 1' is nan in step 2, sample 1, neuron 0");
}

TEST_CASE("profilers see regions by model and stage, and its kernels in them") {
    static std::vector<std::string> open, seen; // callbacks take no context
    namespace tools = Kokkos::Tools::Experimental;
    tools::set_push_region_callback([](char const* name) { open.emplace_back(name); });
    tools::set_pop_region_callback([] { open.pop_back(); });
    tools::set_begin_parallel_for_callback([](char const* name, std::uint32_t, std::uint64_t*) {
        seen.push_back((open.empty() ? "" : open.back() + " > ") + name);
    });
    model network{input<4> >> linear<3> >> li, {.steps = 5, .batch = 2, .name = "brain"}};
    backpropagation back{network, cross_entropy(counts)};
    learner learning{network, sgd{}};
    back.set_labels(std::vector<int>{0, 1});
    Kokkos::View<float***, Kokkos::LayoutRight> const x("x", 5, 2, 4);
    seen.clear();
    (void)network(x);
    back.run(x);
    learning.update({}, back.raw(), back.groups());
    tools::set_begin_parallel_for_callback(nullptr);
    tools::set_push_region_callback(nullptr);
    tools::set_pop_region_callback(nullptr);
    auto const has = [&](char const* what) {
        return std::find(seen.begin(), seen.end(), what) != seen.end();
    };
    CHECK(has("brain: spikefuse::run > brain: spikefuse::forward"));
    CHECK(has("brain: spikefuse::backpropagation > brain: spikefuse::training"));
    CHECK(has("brain: spikefuse::update > spikefuse::norm"));
    CHECK(open.empty());
    for (auto const& name : seen) CHECK(name.starts_with("brain: "));
}

TEST_CASE("truncated: states go on from chunk to chunk, gradients stop there") {
    constexpr auto network = input<4> >> linear<3> >> li;
    model one{network, {.steps = 30, .batch = 2, .seed = 3}},
        other{network, {.steps = 60, .batch = 2, .seed = 3}};
    Kokkos::View<float***, Kokkos::LayoutRight> const x("x", 60, 2, 4), first("first", 30, 2, 4),
        last("last", 30, 2, 4);
    test::fill(x, [](std::size_t k) { return k % 3 == 0 ? 0 : static_cast<float>(k % 7) / 2; });
    Kokkos::deep_copy(first, Kokkos::subview(x, std::pair(0, 30), Kokkos::ALL, Kokkos::ALL));
    Kokkos::deep_copy(last, Kokkos::subview(x, std::pair(30, 60), Kokkos::ALL, Kokkos::ALL));
    auto const whole = test::host(other(x));
    backpropagation back{one, no_loss{}, {.carries_on = true}};
    for (int part = 0; part < 2; ++part) {
        back.run(part == 0 ? first : last);
        auto const readout = test::host(back.readout());
        for (int t = 0; t < 30; ++t)
            for (int b = 0; b < 2; ++b)
                for (int n = 0; n < 3; ++n)
                    REQUIRE(readout(static_cast<std::size_t>((t * 2 + b) * 3 + n)) ==
                            whole(30 * part + t, b, n));
    }
}

#define REFUSED(KIND, CALL, WORDS)                                                                 \
    do {                                                                                           \
        auto const before = all();                                                                 \
        SAYS(KIND, CALL, WORDS);                                                                   \
        REQUIRE(all() == before);                                                                  \
    } while (false)

TEST_CASE("what does not fit is said before anything runs, and the model is as it was") {
    model network{input<4> >> linear<3> >> li, {.steps = 5, .batch = 2}};
    Kokkos::View<float***, Kokkos::LayoutRight> const some("x", 5, 2, 4);
    Kokkos::deep_copy(some, 1.f);
    (void)network(some); // states that are not at rest
    auto const all = [&] {
        return std::tuple(network.elapsed_steps(), network.state("li 1", "v"),
                          network.state("li 1", "i"), network.get("linear 1", "weight"));
    };
    backpropagation back{network, cross_entropy(counts)};
    REFUSED(value_error, back.set_labels(std::vector<int>{0, 3}), "the label of sample 1 is 3");
    REFUSED(value_error, back.set_labels(std::vector<int>{-1, 0}), "labels are 0 to 2");
    REFUSED(shape_error, back.set_labels(std::vector<int>{0, 1, 0}), "this model's batch is 2");
    REFUSED(shape_error, back.set_labels({}), "there are 0 labels");
    REFUSED(value_error,
            (backpropagation{network, cross_entropy(counts), {.checkpoint_steps = 1000}}),
            "has room for");
    REFUSED(name_error, back.seed("li 1", "w", {}), "nothing to record");
    Kokkos::View<float***, Kokkos::LayoutRight> const wrong("x", 5, 2, 7);
    REFUSED(shape_error, back.run(wrong), "should be 4");
    Kokkos::View<float***, Kokkos::LayoutRight> const right("x", 5, 2, 4);
    REFUSED(value_error, back.run(right), "no labels");
    REFUSED(shape_error,
            back.seed("li 1", "v", Kokkos::View<float***, Kokkos::LayoutRight>("g", 5, 2, 4)),
            "the seed of 'li 1' is [5, 2, 4]");
    back.set_labels(std::vector<int>{0});
    REFUSED(shape_error, back.run(right), "there are 1 labels (this run has 2 samples)");
    back.set_labels(std::vector<int>{0, 1});
    back.seed("li 1", "v", Kokkos::View<float***, Kokkos::LayoutRight>("g", 5, 1, 3));
    REFUSED(shape_error, back.run(right), "a seed has 1 samples (this run has 2)");
    back.seed("li 1", "v", Kokkos::View<float***, Kokkos::LayoutRight>("g", 4, 2, 3));
    REFUSED(shape_error, back.run(right), "a seed has 4 steps");
    back.seed("li 1", "v",
              Kokkos::View<float***, Kokkos::LayoutRight>(
                  "g", 5, 2, 3)); // replaces the one that was too short
    REQUIRE_NOTHROW(back.run(right));
    { // what was asked for is taken back
        backpropagation plain{network, cross_entropy(counts)},
            changed{network, cross_entropy(counts)};
        for (auto* one : {&plain, &changed}) one->set_labels(std::vector<int>{0, 1});
        Kokkos::View<float***, Kokkos::LayoutRight> const ones("ones", 5, 2, 3);
        Kokkos::deep_copy(ones, 1);
        changed.seed("li 1", "v", ones);
        changed.penalize("li 1", {.least = 5, .most = 6});
        plain.run(right), changed.run(right);
        CHECK(changed.loss() != plain.loss());
        CHECK(changed.gradient("linear 1", "bias") != plain.gradient("linear 1", "bias"));
        changed.seed("li 1", "v", {});
        changed.penalize("li 1", {.strength = 0});
        changed.run(right);
        CHECK(changed.loss() == plain.loss());
        CHECK(changed.gradient("linear 1", "bias") == plain.gradient("linear 1", "bias"));
    }
    REFUSED(value_error, back.state_gradient("li 1", "v"), "want_state_gradient()");
    backpropagation stateful{network, cross_entropy(counts)};
    stateful.set_labels(std::vector<int>{0, 1});
    stateful.want_state_gradient();
    stateful.run(right);
    REFUSED(name_error, stateful.state_gradient("li 1", "output"), "is no state");
    network.record("li 1", "v");
    Kokkos::View<float***, Kokkos::LayoutRight> const longer("x", 6, 2, 4);
    REFUSED(shape_error, stateful.run(longer), "recordings hold 5");
    REFUSED(name_error, back.penalize("lif 7", {}), "lif 7");
    REFUSED(value_error, back.penalize("li 1", {.least = 2}), "bounded by 2");
    REFUSED(value_error, back.penalize("li 1", {.most = std::nan("")}), "bounded by 0");
    REFUSED(value_error, back.penalize("li 1", {.most = 1e300}),
            "the model's precision"); // infinite as a float
    REFUSED(value_error, back.penalize("li 1", {.strength = 1e-300}), "the model's precision");
    REFUSED(value_error, (backpropagation{network, cross_entropy(counts), {.groups = -1}}),
            "groups is -1");
    REFUSED(value_error,
            (backpropagation{network, cross_entropy(counts), {.tape_megabytes = std::nan("")}}),
            "tape_megabytes");
    REFUSED(name_error, back.gradient("li 1", "weight"), "there is no parameter");
    REFUSED(value_error, start_weights(network, "linear 1", 1e-300 * linear_start, 1),
            "the model's precision");
    REFUSED(value_error, start_weights(network, "linear 1", 1e300 * linear_start, 1),
            "the model's precision");
    REFUSED(value_error, start_weights(network, "linear 1", std::nan("") * linear_start, 1),
            "not finite");
    REFUSED(name_error, start_weights(network, "linear 2", linear_start, 1), "linear 2");
}

TEST_CASE("targets that do not fit are refused, and the model is as it was") {
    values const x = random_values(5, 2, 4, 1);
    model network{joined_neurons, {.steps = 5, .batch = 2}, precision<double>};
    auto const all = [&] {
        return std::tuple(network.elapsed_steps(), network.state("neuron 1", "v"),
                          network.get("neuron 2", "threshold"));
    };
    backpropagation traced{network, mean_squared(trace)};
    traced.set_targets(std::vector<double>(4 * 2 * 8), 4);
    REFUSED(shape_error, traced.run(x), "set_targets(targets, 5)");
    REFUSED(shape_error, traced.set_targets(std::vector<double>(7), 4), "wants 4 times 16");
    REFUSED(shape_error, traced.set_targets(std::vector<double>{}, std::numeric_limits<int>::max()),
            "wants 2147483647 times 16");
    REFUSED(value_error, traced.set_targets(std::vector<double>{}, 0), "of 0 steps");
    REFUSED(value_error, traced.set_targets(std::vector<double>(16), -1), "of -1 steps");
    backpropagation reduced{network, mean_squared(last_step)};
    REFUSED(value_error, reduced.run(x), "no targets");
    REFUSED(value_error, reduced.set_targets(std::vector<double>(32), 2), "of 2 steps");
    REFUSED(shape_error, reduced.set_targets(std::vector<double>(32)), "wants 16");
}

TEST_CASE(
    "start values: spread and shape of each, the same for a seed, a loop's diagonal held at zero") {
    model network{input<300> >> linear<200> >> recurrent(lif) >> linear<10> >> li, {}};
    auto const moments = [&](char const* layer, start_values how, std::uint64_t seed) {
        start_weights(network, layer, how, seed);
        double sum = 0, square = 0, largest = 0;
        auto const weight = network.get(layer, "weight");
        for (float w : weight)
            sum += w, square += static_cast<double>(w) * w,
                largest = std::max(largest, std::abs<double>(w));
        double const mean = sum / static_cast<double>(weight.size());
        return std::array{
            mean, std::sqrt(square / static_cast<double>(weight.size()) - mean * mean), largest};
    };
    auto const drawn = [&](start_values how, double deviation, double most) {
        auto const [mean, spread, largest] = moments("linear 1", how, 3);
        INFO("mean " << mean << ", deviation " << spread << ", largest " << largest);
        CHECK(std::abs(mean) < 5 * deviation / std::sqrt(60000.));
        CHECK(std::abs(spread - deviation) < 0.015 * deviation);
        CHECK(largest <= most);
        CHECK(largest > 0.7 * most);
    };
    drawn(linear_start, std::sqrt(1 / 900.), std::sqrt(1 / 300.));
    drawn(kaiming_uniform_start, std::sqrt(2 / 300.), std::sqrt(6 / 300.));
    drawn(xavier_uniform_start, std::sqrt(2 / 500.), std::sqrt(6 / 500.));
    drawn(kaiming_normal_start, std::sqrt(2 / 300.), 5.5 * std::sqrt(2 / 300.));
    drawn(norse_recurrent_start, std::sqrt(2 / 200.), 5.5 * std::sqrt(2 / 200.));
    drawn(3 * norse_readout_start, 3 * std::sqrt(1 / 300.), 16.5 * std::sqrt(1 / 300.));
    start_weights(network, "linear 1", norse_recurrent_start, 3);
    auto const first = network.get("linear 1", "weight");
    start_weights(network, "linear 1", norse_recurrent_start, 3);
    REQUIRE(network.get("linear 1", "weight") == first);
    std::string const loop = network.layer_names()[1].starts_with("lif") ? network.layer_names()[2]
                                                                         : network.layer_names()[1];
    start_weights(network, loop, norse_recurrent_start, 3);
    auto const around = network.get(loop, "weight");
    for (std::size_t k = 0; k < 200; ++k) REQUIRE(around[k * 201] == 0);
    REQUIRE(around[1] != 0);
}
