// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// clang-format off
#pragma once
// The network of a NIR file, by spikefuse-nir. What the file leaves open is taken so:
//   dt = 0.001 s
//   reset = value: what a spike does to the membrane
//   reset-at = once: when it does that
//   current = after: which synaptic current the membrane of a Cuba neuron reads
//   integrate = second: I and IF: r x a second, or a step
//   fires = above: above the threshold, or at it too
//   start = zero: where membranes begin: 0, or v_leak
//   decay = euler: by dt / tau a step, or by 1 - exp(-dt / tau)
//   loops = delays: a Delay in a cycle stands for its step, or for one step more

#include <spikefuse/run/written_numbers.hpp>
#include <spikefuse/spikefuse.hpp>

namespace loops_and_branches_inside {

using namespace spikefuse;

inline constexpr duration dt{0.001};

inline constexpr auto fc_1 = linear<6>; // fc 1
inline constexpr auto lif_rec = linear<6>; // lif.rec
inline constexpr auto lif_ = nir::lif({.r = 10}); // lif
inline constexpr auto node_2_fc = linear<6>(no_bias); // 2.fc
inline constexpr auto lif_2 = nir::lif({.tau = 1 * ms, .r = 5, .v_leak = 0.1, .v_reset = -0.1}); // lif_
inline constexpr auto out = linear<3>(no_bias);
inline constexpr auto readout = nir::li({.tau = 5 * ms, .r = 10});

inline constexpr auto network = input<5>
    >> fc_1
    >> recurrent(lif_, through(lif_rec))
    >> (identity + (node_2_fc >> lif_2))
    >> out
    >> readout;

/// Gives a model of `network` the numbers of the file, which stand below.
template <class Model>
void load(Model& made);

namespace numbers {

inline constexpr double linear_1_weight[] = { // [6, 5]
    -0.7251411080360413, -0.6725708842277527, -0.1335870623588562, -1.1444608569145203,
    -0.9926759004592896, 1.0561316013336182, 0.20841997861862183, 1.09286767244339,
    -0.550273060798645, -0.5013518929481506, 1.20437890291214, -0.3368169665336609,
    0.574876606464386, -0.5235700607299805, -0.5053001046180725, -0.6705604791641235,
    1.1777685284614563, 1.157542884349823, 0.7824268341064453, 0.9051554203033447,
    0.782992959022522, 1.1342428922653198, 1.4979706406593323, -0.5727964639663696,
    -0.20273816585540771, -0.8129237294197083, 0.8886483907699585, 1.3510621190071106,
    -0.5460711121559143, 0.8448759913444519,
};
inline constexpr double linear_1_bias[] = { // [6]
    0.15602341890335084, 0.1364697575569153, 0.1813399910926819, 0.20642856359481812,
    0.15753449201583863, 0.1669138789176941,
};
inline constexpr float linear_2_weight[] = { // [6, 6]
    -0.35244262f, 0.9908539f, -0.38168418f, -0.28119528f, 0.049602747f, -0.40075922f, 0.9072089f,
    0.57718265f, -0.56635416f, -0.1724143f, 0.7089704f, -0.43244505f, 0.98886347f, 0.5822115f,
    0.24207795f, -0.67323685f, 0.9753939f, 0.12552798f, 0.99085546f, 0.22499347f, -0.20767081f,
    -0.60255754f, 0.5713179f, -0.4407413f, -0.31952536f, 0.58872485f, -0.12759328f, 0.32695782f,
    -0.033877373f, 0.7475742f, 0.62886536f, 0.6107632f, -0.7479069f, 0.70063984f, -0.91799366f,
    -0.8939128f,
};
inline constexpr double linear_2_bias[] = { // [6]
    0.06912189722061157, 0.1803932070732117, 0.05207737684249878, 0.15460643768310547,
    0.12867316007614138, 0.1564291834831238,
};
inline constexpr double nir_lif_1_tau[] = { // [6]
    0.0018019478917121888, 0.0015888878703117372, 0.0018579289317131042, 0.0024457725882530215,
    0.0019062369465827943, 0.00231709486246109,
};
inline constexpr float linear_3_weight[] = { // [6, 6]
    -0.53023887f, 1.2340202f, -1.1535366f, -1.2533522f, 1.0477211f, -0.9413142f, 0.17210102f,
    -0.38082933f, 1.267951f, 1.2042651f, -1.373991f, -1.1420906f, -1.2147899f, 1.0727673f,
    1.256082f, 1.0185976f, -1.7955923f, 0.7228329f, -1.3926392f, -1.3879378f, -0.054896355f,
    0.9832592f, 0.5728636f, -0.95998526f, 1.7817938f, 1.351682f, 1.451446f, 1.2222486f, 0.3724718f,
    1.7409134f, -0.97480583f, 0.47774172f, -1.9120231f, -0.86456347f, 1.4688492f, 1.2221675f,
};
inline constexpr double nir_lif_2_v_threshold[] = { // [6]
    0.9557084321975708, 1.086017656326294, 0.8651379346847534, 1.0401166915893554,
    1.1521978855133057, 1.0988787889480591,
};
inline constexpr float linear_4_weight[] = { // [3, 6]
    -0.17779624f, 0.24316645f, -0.7718524f, -0.972157f, 0.9981183f, -0.540555f, -0.7351079f,
    -0.95801187f, -0.16569483f, -0.6233206f, -0.08296132f, -0.7096455f, -0.20365334f, 0.49055588f,
    -0.9859959f, -0.30816555f, -0.7709863f, 0.59730494f,
};

} // namespace numbers

template <class Model>
void load(Model& made) {
    set_written(made, dt, {
        {"linear 1", "weight", numbers::linear_1_weight},
        {"linear 1", "bias", numbers::linear_1_bias},
        {"linear 2", "weight", numbers::linear_2_weight},
        {"linear 2", "bias", numbers::linear_2_bias},
        {"nir_lif 1", "tau", numbers::nir_lif_1_tau},
        {"nir_lif 1", "v_leak", 0.0f},
        {"nir_lif 1", "r", 10.0f},
        {"nir_lif 1", "v_threshold", 1.0f},
        {"nir_lif 1", "v_reset", 0.0f},
        {"linear 3", "weight", numbers::linear_3_weight},
        {"nir_lif 2", "tau", 0.001},
        {"nir_lif 2", "v_leak", 0.1},
        {"nir_lif 2", "r", 5.0f},
        {"nir_lif 2", "v_threshold", numbers::nir_lif_2_v_threshold},
        {"nir_lif 2", "v_reset", -0.1},
        {"linear 4", "weight", numbers::linear_4_weight},
        {"nir_li 1", "tau", 0.005},
        {"nir_li 1", "v_leak", 0.0f},
        {"nir_li 1", "r", 10.0f}});
}

} // namespace loops_and_branches_inside
