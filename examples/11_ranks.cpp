// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ranks of MPI train one network together, each on its samples of every batch, and then run it
// each on its part of others: mpirun -n 4 11_ranks. Whatever number of ranks divides 16 does it,
// powers of two give the same bits.
#include <cstdio>
#include <spikefuse/mpi.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/update.hpp>

using namespace spikefuse;

constexpr auto classifier = input<4> >> linear<32> >> lif(superspike<10>) >> linear<2> >> li;
constexpr int steps = 20, batch = 64, groups = 16;
using host = Kokkos::DefaultHostExecutionSpace;
using spikes = Kokkos::View<float***, Kokkos::LayoutRight, Kokkos::HostSpace>; // [T, B, N]

/// Sample b is one of two patterns, which take turns.
void fill(spikes const& x, int b, int sample) {
    for (int t = 0; t < steps; ++t)
        for (int n = 0; n < 4; ++n)
            x(t, b, n) = (t + 3 * sample + n) % 5 < 2 && (n < 2) == (sample % 2 == 0) ? 8.f : 0.f;
}

int train_and_run(int rank, int ranks) {
    rank_share const share(batch, groups, rank, ranks);
    model<decltype(classifier), float, host> network{
        classifier, {.steps = steps, .batch = share.batch(), .seed = 1}};
    backpropagation gradients{network, cross_entropy(max_over_time),
                              backpropagation_settings{.groups = share.groups()}};
    learner<decltype(network), adam> learning(network, {.learning_rate = 1e-2});
    mpi::gradient_sum sum(gradients, MPI_COMM_WORLD);

    spikes const x("x", steps, share.batch(), 4);
    std::vector<int> labels;
    for (int b = 0; b < share.batch(); ++b) {
        labels.push_back(share.sample(b) % 2); // which sample of the batch this is
        fill(x, b, share.sample(b));
    }
    gradients.set_labels(labels);
    for (int step = 0; step < 30; ++step) {
        gradients.run(x);
        learning.update(host(), sum(host()), 1); // the same parameters on all ranks
    }

    auto const mine = samples_of_rank(1000, rank, ranks); // neighbours, numbered as one rank would
    model<decltype(classifier), float, host> trained{
        classifier, {.steps = steps, .batch = mine.batch, .first_sample = mine.first}};
    for (auto const& one : network.parameters())
        trained.set(one.layer, one.name, network.get(one.layer, one.name));
    spikes const others("others", steps, mine.batch, 4);
    for (int b = 0; b < mine.batch; ++b) fill(others, b, static_cast<int>(mine.first) + b);
    auto const scores = trained(others, max_over_time); // [B, 2]
    int right = 0;
    for (int b = 0; b < mine.batch; ++b)
        right += (scores(b, 1) > scores(b, 0)) == ((static_cast<int>(mine.first) + b) % 2 == 1);
    MPI_Allreduce(MPI_IN_PLACE, &right, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0)
        std::printf("%d ranks: %d of 1000 are right, norm of the last gradient %.9g\n", ranks,
                    right, learning.gradient_norm());
    return right > 950 ? 0 : 1;
}

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int rank = 0, ranks = 1, result = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    {
        Kokkos::ScopeGuard const kokkos(argc, argv); // models end before MPI does
        result = train_and_run(rank, ranks);
    }
    MPI_Finalize();
    return result;
}
