// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A layer whose neurons are split over ranks of MPI: mpirun -n 4 14_split_layer. Each rank holds
// some of the layer's weights, and spikes travel as bits. 1, 2 and 4 ranks give the same bits.
#include <cstdio>
#include <random>
#include <spikefuse/mpi.hpp>
#include <spikefuse/spikefuse.hpp>

using namespace spikefuse;

constexpr int inputs = 128, neurons = 512, batch = 16, chunk = 10, chunks = 10;
template <int Neurons>
constexpr auto hidden = input<inputs> >> linear<Neurons> >> lif;
constexpr auto readout = input<neurons> >> linear<10> >> li;
using host = Kokkos::DefaultHostExecutionSpace;

template <int Ranks>
int run(int rank) {
    constexpr int mine = neurons / Ranks;
    model<decltype(hidden<mine>), float, host> part{hidden<mine>, {.steps = chunk, .batch = batch}};
    part.record("lif 1", "spikes");
    mpi::joined_spikes joined(chunk, batch, mine, MPI_COMM_WORLD);
    model<decltype(readout), float, host> classes{readout,
                                                  {.steps = chunk, .batch = batch, .seed = 2}};

    // The rows of the whole layer's weights that are this rank's. A real code reads only these.
    std::mt19937 draw(1);
    std::vector<float> weights(static_cast<std::size_t>(neurons) * inputs);
    for (float& one : weights) one = static_cast<float>(draw() % 2001) / 1000 - 0.9f;
    part.set("linear 1", "weight",
             std::span(weights).subspan(static_cast<std::size_t>(rank * mine * inputs),
                                        static_cast<std::size_t>(mine * inputs)));
    part.set("linear 1", "bias", 0.0);

    Kokkos::View<float***, Kokkos::LayoutRight, Kokkos::HostSpace> const x("x", chunk, batch,
                                                                           inputs);
    double sum = 0;
    long spikes = 0;
    for (int c = 0; c < chunks; ++c) { // states go on from chunk to chunk
        for (std::size_t k = 0; k < x.size(); ++k) x.data()[k] = draw() % 10 == 0 ? 1.f : 0.f;
        part(x);
        auto const& all = joined(host(), part.recorded_spikes("lif 1")); // [T, B, 512 / 32]
        auto const y = classes(all, last_step);                          // [B, 10]
        for (std::size_t k = 0; k < all.size(); ++k) spikes += __builtin_popcount(all.data()[k]);
        for (std::size_t k = 0; k < y.size(); ++k) sum += static_cast<double>(y.data()[k]);
    }
    if (rank == 0) std::printf("%d ranks: %ld spikes, readout %.9g\n", Ranks, spikes, sum);
    return spikes > 0 ? 0 : 1;
}

int main(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    int rank = 0, ranks = 1, result = 1;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    {
        Kokkos::ScopeGuard const kokkos(argc, argv);
        if (ranks == 1) result = run<1>(rank);
        if (ranks == 2) result = run<2>(rank);
        if (ranks == 4) result = run<4>(rank);
        if (result != 0 && rank == 0) std::printf("run this with 1, 2 or 4 ranks\n");
    }
    MPI_Finalize();
    return result;
}
