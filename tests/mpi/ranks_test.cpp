// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ranks that share a batch, or a layer, held against one that has it all: each rank computes that
// for itself.
// Run by mpirun with any number of ranks that divides 12.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <spikefuse/mpi.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/trainer.hpp>

using namespace spikefuse;

constexpr auto classifier = input<4> >> linear<32> >> lif >> linear<2> >> li;
constexpr auto noisy = input<4> >> poisson >> linear<32> >> lif;
constexpr auto noisy_classifier = input<4> >> poisson >> linear<32> >> lif >> linear<2> >> li;
constexpr int steps = 20, batch = 24, groups = 12, rounds = 5;

int rank = 0, ranks = 1, faults = 0;

void expect(char const* what, bool holds) {
    if (holds) return;
    ++faults;
    std::printf("rank %d of %d: %s does not hold\n", rank, ranks, what);
}

/// Number n of step t of sample b, whose label is b % 2.
float number(int t, int b, int n) {
    float const wave = static_cast<float>((t * 7 + b * 13 + n * 5) % 17) / 8.f;
    return (n < 2) == (b % 2 == 0) ? 2 * wave : wave / 2;
}

using view = Kokkos::View<float***, Kokkos::LayoutRight, Kokkos::HostSpace>;
using classifier_model = model_of<classifier, float, Kokkos::DefaultHostExecutionSpace>;

/// Trains on samples sample(0), sample(1) ... of `count`.
template <class Sample, class Gradient>
std::vector<float> trained(int count, int groups_here, Sample const& sample,
                           Gradient const& gradient_of) {
    classifier_model network(classifier, {.steps = steps, .batch = count, .seed = 5});
    backpropagation gradients{network, cross_entropy(max_over_time),
                              backpropagation_settings{.groups = groups_here}};
    learner<classifier_model, adam> learning(network, {.learning_rate = 0.02}, 0.5);
    learning.learn("lif 1", "tau_mem");
    view const x("x", steps, count, 4);
    std::vector<int> labels;
    for (int b = 0; b < count; ++b) {
        labels.push_back(sample(b) % 2);
        for (int t = 0; t < steps; ++t)
            for (int n = 0; n < 4; ++n) x(t, b, n) = number(t, sample(b), n);
    }
    gradients.set_labels(labels);
    auto update = gradient_of(gradients, learning);
    for (int k = 0; k < rounds; ++k) {
        gradients.run(x);
        update();
    }
    std::vector<float> all;
    for (auto const& one : network.parameters()) {
        auto const values = network.get(one.layer, one.name);
        all.insert(all.end(), values.begin(), values.end());
    }
    return all;
}

bool same(std::vector<float> const& one, std::vector<float> const& other) {
    return one.size() == other.size() &&
           std::memcmp(one.data(), other.data(), one.size() * sizeof(float)) == 0;
}
bool close(std::vector<float> const& one, std::vector<float> const& other, float far = 1e-4f) {
    for (std::size_t k = 0; k < one.size(); ++k)
        if (std::abs(one[k] - other[k]) > far * (1 + std::abs(other[k]))) return false;
    return one.size() == other.size();
}
/// Whether all ranks have these bits.
bool everywhere(std::vector<float> const& values) {
    std::vector<float> first = values;
    MPI_Bcast(first.data(), static_cast<int>(first.size()), MPI_FLOAT, 0, MPI_COMM_WORLD);
    return same(values, first);
}

void training() {
    using space = Kokkos::DefaultHostExecutionSpace;
    auto const alone = trained(
        batch, groups, [](int b) { return b; },
        [](auto& gradients, auto& learning) {
            return [&] { learning.update(space(), gradients.raw(), gradients.groups()); };
        });
    rank_share const share(batch, groups, rank, ranks);
    auto const mine = [&](int b) { return share.sample(b); };
    auto const together =
        trained(share.batch(), share.groups(), mine, //
                [](auto& gradients, auto& learning) {
                    return [&, sum = mpi::gradient_sum(gradients, MPI_COMM_WORLD)]() mutable {
                        learning.update(space(), sum(space()), 1);
                    };
                });
    auto const with_hook =
        trained(share.batch(), share.groups(), mine, [&](auto& gradients, auto& learning) {
            return [&, mean = gradient_mean(gradients, ranks)]() mutable {
                auto const& sum = mean(space(), [](float* numbers, std::size_t count) {
                    MPI_Allreduce(MPI_IN_PLACE, numbers, static_cast<int>(count), MPI_FLOAT,
                                  MPI_SUM, MPI_COMM_WORLD);
                });
                learning.update(space(), sum, 1);
            };
        });
    classifier_model const before(classifier, {.seed = 5});
    expect("it learnt", before.get("linear 1", "weight")[0] != together[0]);
    bool const power_of_two = (ranks & (ranks - 1)) == 0;
    expect("the bits of one rank", power_of_two ? same(together, alone) : close(together, alone));
    expect("the bits of all ranks", everywhere(together) && everywhere(with_hook));
    expect("a sum of the caller's", close(with_hook, alone));
}

/// 5 batches and 7 samples more, which a training leaves out, and an evaluation does not.
struct two_patterns {
    int* until_one_rank_fails = nullptr; // batches
    std::size_t count = 127;

    std::size_t size() const { return count; }
    template <class Model>
    auto make_input(int batch_here, int steps_here) const {
        return view("x", static_cast<std::size_t>(steps_here), static_cast<std::size_t>(batch_here),
                    4);
    }
    void fill(std::span<std::size_t const> which, view const& x, std::span<int> labels) const {
        if (until_one_rank_fails != nullptr && (*until_one_rank_fails)-- == 0 && rank == ranks - 1)
            throw file_error("a disk", "is gone", "find it");
        for (std::size_t b = 0; b < which.size(); ++b) {
            int const sample = static_cast<int>(which[b]);
            labels[b] = sample % 2;
            for (int t = 0; t < steps; ++t)
                for (int n = 0; n < 4; ++n)
                    x(t, static_cast<int>(b), n) = 40 * number(t, sample, n); // Hz
        }
    }
};
struct fitted {
    std::vector<float> parameters;
    std::vector<epoch_report> history;
    std::pair<double, double> validation;
};
template <class Ranks>
fitted fit(model_settings const& chosen, int groups_alone, Ranks const& together) {
    using noisy_model = model_of<noisy_classifier, float, Kokkos::DefaultHostExecutionSpace>;
    noisy_model network(noisy_classifier, chosen);
    trainer training(network, cross_entropy(max_over_time), adam{.learning_rate = 0.02},
                     {.epochs = 3,
                      .seed = 4,
                      .clip_norm = 0.5,
                      .show_progress = false,
                      .backward = {.groups = groups_alone}},
                     together);
    training.learn("lif 1", "tau_mem");
    training.penalize("lif 1", {.most = 0.05, .strength = 0.1});
    fitted result;
    result.history = training.fit(two_patterns(), two_patterns{.count = 31});
    result.validation = training.evaluate(two_patterns{.count = 1}); // some ranks have none of it
    for (auto const& one : network.parameters()) {
        auto const values = network.get(one.layer, one.name);
        result.parameters.insert(result.parameters.end(), values.begin(), values.end());
    }
    return result;
}
void a_trainer() {
    constexpr float spikes_moved = 0.05f; // by roundings; each of 15 steps moves numbers by 0.02
    model_settings const whole{.steps = steps, .batch = batch, .seed = 5, .first_sample = 3};
    fitted const alone = fit(whole, groups, one_rank());
    mpi::shared_batch const shared(batch, groups, MPI_COMM_WORLD);
    fitted const together = fit(shared.settings(whole), 0, shared);
    bool const power_of_two = (ranks & (ranks - 1)) == 0;
    expect("a trainer's bits of one rank, of noise too",
           power_of_two ? same(together.parameters, alone.parameters)
                        : close(together.parameters, alone.parameters, spikes_moved));
    expect("a trainer's bits of all ranks", everywhere(together.parameters));
    auto const like = [](double one, double other) { return std::abs(one - other) < 1e-5; };
    expect("as many epochs", together.history.size() == 3 && alone.history.size() == 3);
    for (std::size_t k = 0; power_of_two && k < together.history.size(); ++k) {
        epoch_report const &one = alone.history[k], &all = together.history[k];
        expect("its reports", like(one.loss, all.loss) && one.accuracy == all.accuracy &&
                                  like(one.validation_loss, all.validation_loss) &&
                                  one.validation_accuracy == all.validation_accuracy);
    }
    expect("the loss falls", together.history.back().loss < together.history.front().loss);
    expect("less data than ranks", together.validation.first > 0);

    auto const sum = [](auto* numbers, std::size_t count) {
        MPI_Allreduce(MPI_IN_PLACE, numbers, static_cast<int>(count),
                      sizeof *numbers == sizeof(float) ? MPI_FLOAT : MPI_DOUBLE, MPI_SUM,
                      MPI_COMM_WORLD);
    };
    shared_batch const own(rank_share(batch, groups, rank, ranks), sum);
    fitted const with_hook = fit(own.settings(whole), 0, own);
    expect("a trainer with a sum of the caller's",
           close(with_hook.parameters, alone.parameters, spikes_moved) &&
               everywhere(with_hook.parameters));
}
/// What one rank says alone would let the others wait for ever.
void faults_of_one_rank() {
    mpi::shared_batch const shared(batch, groups, MPI_COMM_WORLD);
    classifier_model network(classifier, shared.settings({.steps = steps, .seed = 5}));
    trainer training(network, cross_entropy(max_over_time), adam{},
                     {.epochs = 1, .show_progress = false}, shared);
    std::string said;
    for (int const batches : {0, 6, 7}) { // while data are looked through (6), and in two steps
        int until = batches;
        said.clear();
        auto const before = network.elapsed_steps();
        try {
            training.fit(two_patterns{.until_one_rank_fails = &until}, no_data());
        } catch (error const& e) {
            said = e.what();
        }
        expect("all ranks throw",
               said.find(rank == ranks - 1 ? "a disk" : "another rank threw") != std::string::npos);
        expect("no step is half done",
               network.elapsed_steps() - before == (batches == 7 ? std::uint64_t(steps) : 0));
    }
    classifier_model other(classifier, {.steps = steps, .batch = batch + 1});
    said.clear();
    try {
        trainer wrong(other, cross_entropy(max_over_time), adam{}, {}, shared);
    } catch (value_error const& e) {
        said = e.what();
    }
    expect("a model of another batch is refused",
           said.find("has " + std::to_string(shared.batch()) + " samples of each batch") !=
               std::string::npos);
}

std::vector<float> spikes_of(int count, std::uint32_t first) {
    model_of<noisy, float, Kokkos::DefaultHostExecutionSpace> network(
        noisy, {.steps = steps, .batch = count, .seed = 9, .first_sample = first});
    auto weights = network.get("linear 1", "weight");
    for (auto& weight : weights) weight *= 10;
    network.set("linear 1", "weight", weights);
    view const x("x", steps, count, 4);
    Kokkos::deep_copy(x, 3.f); // of 100 Hz: a spike in three steps of ten
    auto const out = network(x, counts);
    return std::vector<float>(out.data(), out.data() + out.size());
}

void inference() {
    auto const alone = spikes_of(batch + 1, 0); // no number of ranks divides it
    auto const part = samples_of_rank(batch + 1, rank, ranks);
    auto const mine = spikes_of(part.batch, part.first);
    auto const of = [&](std::uint32_t first, int count) { // so many samples of those of one rank
        auto const begin = alone.begin() + std::ptrdiff_t(first) * 32;
        return std::vector<float>(begin, begin + std::ptrdiff_t(count) * 32);
    };
    expect("the bits of one rank, of noise too", same(mine, of(part.first, part.batch)));
    expect("samples differ", !same(of(0, 1), of(1, 1)));
    int samples = part.batch;
    MPI_Allreduce(MPI_IN_PLACE, &samples, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    expect("all samples, once", samples == batch + 1);
}

using bits = mpi::joined_spikes::words; // [T, B, ceil(N / 32)]

/// Neuron n of step t of sample b.
bool fires(int t, int b, int n) { return (t * 31 + b * 17 + n * n * 7) % 5 < 2; }
/// Neurons [first, first + count), packed.
bits packed(int first, int count) {
    bits const to("packed", steps, 3, static_cast<std::size_t>((count + 31) / 32));
    for (int t = 0; t < steps; ++t)
        for (int b = 0; b < 3; ++b)
            for (int n = 0; n < count; ++n)
                if (fires(t, b, first + n)) to(t, b, n / 32) |= 1u << (n % 32);
    return to;
}
bool same_bits(bits const& one, bits const& other) {
    return one.size() == other.size() &&
           std::memcmp(one.data(), other.data(), one.size() * sizeof(std::uint32_t)) == 0;
}
int width_of(int of) { return 27 + 23 * (of % 3); } // 27, 50, 73: parts begin within words

void split_by_outputs() {
    using space = Kokkos::DefaultHostExecutionSpace;
    int first = 0, all = 0;
    for (int r = 0; r < ranks; ++r) {
        if (r < rank) first += width_of(r);
        all += width_of(r);
    }
    mpi::joined_spikes joined(steps, 3, width_of(rank), MPI_COMM_WORLD);
    expect("neurons of all ranks", joined.neurons() == all);
    for (int k = 0; k < 2; ++k) // what was joined before is gone
        expect("spikes of all ranks",
               same_bits(joined(space(), packed(first, width_of(rank))), packed(0, all)));
    bool said = false;
    try {
        joined(space(), bits("short", steps, 2, 1));
    } catch (shape_error const& e) {
        said = std::strstr(e.what(), "a part of [20, 2, 1] (this rank joins [20, 3, ") != nullptr;
    }
    expect("a part of another shape is refused", said);
}

/// A layer of 60, of which each of four ranks has 15.
template <class Network>
bits spikes_of(Network layer, int first, int count) {
    model<Network, float, Kokkos::DefaultHostExecutionSpace> network(layer,
                                                                     {.steps = steps, .batch = 3});
    std::vector<float> weight, bias;
    for (int n = first; n < first + count; ++n) {
        bias.push_back(static_cast<float>(n % 7) * 0.1f);
        for (int k = 0; k < 40; ++k)
            weight.push_back(static_cast<float>((n * 29 + k * 13) % 37) / 9.f - 1.3f);
    }
    network.set("linear 1", "weight", weight);
    network.set("linear 1", "bias", bias);
    network.record("lif 1", "spikes");
    view const x("x", steps, 3, 40);
    for (int t = 0; t < steps; ++t)
        for (int b = 0; b < 3; ++b)
            for (int n = 0; n < 40; ++n) x(t, b, n) = number(t, b, n % 4) > 2 ? 1.f : 0.f;
    network(x);
    auto const seen = network.recorded_spikes("lif 1");
    bits const own("own", steps, 3, seen.extent(2));
    Kokkos::deep_copy(own, seen);
    return own;
}
void a_layer_of_four_ranks() {
    if (ranks != 4) return;
    bits const alone = spikes_of(input<40> >> linear<60> >> lif, 0, 60),
               mine = spikes_of(input<40> >> linear<15> >> lif, 15 * rank, 15);
    mpi::joined_spikes joined(steps, 3, 15, MPI_COMM_WORLD);
    expect("the bits of one rank that has the layer",
           same_bits(joined(Kokkos::DefaultHostExecutionSpace(), mine), alone));
    bool some = false;
    for (std::size_t k = 0; k < alone.size(); ++k) some = some || alone.data()[k] != 0;
    expect("some fire", some);
}

template <class Call>
bool refuses(char const* words, Call const& call) {
    try {
        call();
    } catch (value_error const& e) {
        return std::strstr(e.what(), words) != nullptr;
    }
    return false;
}

void errors() {
    expect("groups", refuses("5 groups for 2 ranks", [] { rank_share(10, 5, 0, 2); }));
    expect("samples",
           refuses("a batch of 10 samples in 4 groups", [] { rank_share(10, 4, 0, 2); }));
    expect("rank", refuses("rank 2 of 2", [] { rank_share(8, 4, 2, 2); }));
    expect("few", refuses("a batch of 1 samples for 2 ranks", [] { samples_of_rank(1, 0, 2); }));
    expect("nothing to join", refuses("0 neurons, 20 steps of 3 samples",
                                      [] { mpi::joined_spikes(20, 3, 0, MPI_COMM_WORLD); }));
    std::vector<int> times(batch); // every sample is one rank's, and a group's of one rank
    for (int r = 0; r < 4; ++r) {
        rank_share const share(batch, groups, r, 4);
        for (int b = 0; b < share.batch(); ++b) {
            ++times[static_cast<std::size_t>(share.sample(b))];
            expect("its group", share.sample(b) % groups == b % share.groups() * 4 + r);
        }
    }
    expect("each once", times == std::vector<int>(batch, 1));
}

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    {
        Kokkos::ScopeGuard const kokkos(argc, argv);
        inference();
        training();
        a_trainer();
        faults_of_one_rank();
        split_by_outputs();
        a_layer_of_four_ranks();
        errors();
    }
    int all = faults;
    MPI_Allreduce(MPI_IN_PLACE, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0) std::printf("%d ranks, %d faults\n", ranks, all);
    MPI_Finalize();
    return all == 0 ? 0 : 1;
}
