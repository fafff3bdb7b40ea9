// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Ranks of MPI train one network together, each on its samples of every batch, and then run it
// each on its part of others: mpirun -n 4 11_ranks. Whatever number of ranks divides 16 does it,
// powers of two give the same bits.
#include <cstdio>
#include <spikefuse/mpi.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/trainer.hpp>

using namespace spikefuse;

constexpr auto classifier = input<4> >> linear<32> >> lif(superspike<10>) >> linear<2> >> li;
constexpr int steps = 20, batch = 64, groups = 16;
using host = Kokkos::DefaultHostExecutionSpace;
using spikes = Kokkos::View<float***, Kokkos::LayoutRight, Kokkos::HostSpace>; // [T, B, N]

/// Two patterns, which take turns: sample k is of class k % 2.
void fill_sample(spikes const& x, int b, int sample) {
    for (int t = 0; t < steps; ++t)
        for (int n = 0; n < 4; ++n)
            x(t, b, n) = (t + 3 * sample + n) % 5 < 2 && (n < 2) == (sample % 2 == 0) ? 8.f : 0.f;
}
/// What a trainer asks for: how many, room for a batch, and a batch.
struct patterns {
    std::size_t count;

    std::size_t size() const { return count; }
    template <class Model>
    spikes make_input(int batch_here, int) const {
        return spikes("x", steps, static_cast<std::size_t>(batch_here), 4);
    }
    void fill(std::span<std::size_t const> which, spikes const& x, std::span<int> labels) const {
        for (std::size_t b = 0; b < which.size(); ++b) { // this rank's samples
            labels[b] = static_cast<int>(which[b] % 2);
            fill_sample(x, static_cast<int>(b), static_cast<int>(which[b]));
        }
    }
};

int train_and_run(int rank, int ranks) {
    mpi::shared_batch const shared(batch, groups, MPI_COMM_WORLD);
    model<decltype(classifier), float, host> network{classifier,
                                                     shared.settings({.steps = steps, .seed = 1})};
    trainer training{
        network, cross_entropy(max_over_time), adam{.learning_rate = 1e-2}, {.epochs = 3}, shared};
    auto const reports = training.fit(patterns{640}, patterns{100}); // on all ranks the same

    auto const mine = samples_of_rank(1000, rank, ranks); // neighbours, numbered as one rank would
    model<decltype(classifier), float, host> trained{
        classifier, {.steps = steps, .batch = mine.batch, .first_sample = mine.first}};
    for (auto const& one : network.parameters())
        trained.set(one.layer, one.name, network.get(one.layer, one.name));
    spikes const others("others", steps, static_cast<std::size_t>(mine.batch), 4);
    for (int b = 0; b < mine.batch; ++b) fill_sample(others, b, static_cast<int>(mine.first) + b);
    auto const scores = trained(others, max_over_time); // [B, 2]
    int right = 0;
    for (int b = 0; b < mine.batch; ++b)
        right += (scores(b, 1) > scores(b, 0)) == ((static_cast<int>(mine.first) + b) % 2 == 1);
    MPI_Allreduce(MPI_IN_PLACE, &right, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0)
        std::printf("%d ranks: %d of 1000 are right, %.0f %% in validation, norm of the last "
                    "gradient %.9g\n",
                    ranks, right, 100 * reports.back().validation_accuracy,
                    training.learning().gradient_norm());
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
