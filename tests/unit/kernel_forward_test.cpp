// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each part of the forward kernel, called alone on a sample in the host's memory. What they give
// together is compared elsewhere (reference/oracle_test.cpp).

#include "../support/one_sample.hpp"

#include <catch2/catch_all.hpp>
#include <cmath>
#include <set>
#include <spikefuse/kernel/forward.hpp>
#include <spikefuse/kernel/forward_cells.hpp>
#include <spikefuse/network.hpp>

using namespace spikefuse;
using namespace spikefuse::detail;
using test::one_sample;

namespace {
constexpr auto dense = input<70> >> linear<40>(no_bias) >> leaky;
constexpr auto wide = input<2100> >> linear<20>(no_bias) >> leaky;
constexpr auto plain = input<40> >> leaky;
constexpr auto loop = input<30> >> linear<20>(no_bias) >> recurrent(leaky);
constexpr auto contest = input<20> >> leaky(one_winner);
constexpr auto two = input<20> >> linear<18>(no_bias) >> lif >> linear<5>(no_bias) >> li;

/// Currents of the first stage beside plain sums.
template <class Sample>
void check_sums(Sample const& sample) {
    using stage = typename Sample::template node<0>;
    using schedule = typename Sample::schedule;
    constexpr int layer = weights_of<stage>, W = Sample::W;
    int met = 0;
    auto const check = [&](int o, int r, float current) {
        double sum = 0;
        for (int i = 0; i < schedule::inputs; ++i)
            if (sample.spiked(r, i))
                sum += static_cast<double>(
                    Sample::template weight<layer>(sample.parameters.data(), o, i));
        CHECK_THAT(current, Catch::Matchers::WithinAbs(sum, 1e-4));
        ++met;
    };
    input_of<typename Sample::context, stage>::each_panel(
        sample.here(), 0, sample.steps,
        [&](int p, auto count, int first, int rows, auto const& currents) {
            for (int r = 0; r < rows; ++r) {
                lanes<float> row[decltype(count)::value];
                currents.read(r, row);
                for (int k = 0; k < count * W && p * W + k < stage::width; ++k)
                    check(p * W + k, first + r, row[k / W].lane(k % W));
            }
        });
    CHECK(met == sample.steps * stage::width);
}
} // namespace

TEST_CASE("threads: shares of a team cover everything once, whatever its size") {
    one_sample<dense, float> sample(1);
    for (int size : {1, 2, 3, 7})
        for (int count : {0, 1, 5, 16, 33}) {
            std::multiset<int> met;
            for (int rank = 0; rank < size; ++rank) {
                sample.thread = {rank, size};
                for (int const k : own_share(sample.here(), count)) met.insert(k);
            }
            CHECK(static_cast<int>(met.size()) == count);
            for (int k = 0; k < count; ++k) CHECK(met.count(k) == 1);
        }
}
TEST_CASE("threads: groups of panels, and what remains, split where threads are many") {
    one_sample<dense, float> sample(1);
    using stage = decltype(sample)::node<0>;
    constexpr int panels = (stage::width + decltype(sample)::W - 1) / decltype(sample)::W;
    for (int size : {1, 2, 5}) {
        std::multiset<int> met;
        for (int rank = 0; rank < size; ++rank) {
            sample.thread = {rank, size};
            own_groups<stage, 2, true>(sample.here(), [&](int p, auto count) {
                if (panels / 2 < size && size > 1) CHECK(int(count) == 1);
                for (int q = 0; q < count; ++q) met.insert(p + q);
            });
        }
        CHECK(static_cast<int>(met.size()) == panels);
        for (int p = 0; p < panels; ++p) CHECK(met.count(p) == 1);
    }
}
TEST_CASE("buffers: rows of the caller's input lie where its strides say") {
    one_sample<dense, float> sample(6);
    auto const here = sample.here(2);
    CHECK(row_of<plan::network_input>(here, 3) == sample.input.data() + 5 * decltype(sample)::row);
    CHECK(row_stride<plan::network_input>(here) == sample.run.input_step);
    prefetch_row<plan::network_input>(here, 3);  // for the sanitizer: the last that there is
    prefetch_row<plan::network_input>(here, 99); // and none
}
TEST_CASE("buffers: rows between stages follow each other, the one before the block first") {
    one_sample<loop, float> sample(6);
    auto const here = sample.here();
    using layout = decltype(sample)::layout;
    constexpr int fed_back = layout::buffer_count - 1;
    auto const* const first = reinterpret_cast<unsigned char const*>(row_of<fed_back>(here, 0));
    auto const* const before = reinterpret_cast<unsigned char const*>(row_of<fed_back>(here, -1));
    CHECK(first - before == static_cast<std::ptrdiff_t>(
                                layout::row_bytes<decltype(sample)::context::buffer_at<fed_back>>));
    CHECK(before >= sample.scratch.data());
}
TEST_CASE("event rows: a list names the inputs that fired, in order, filled up with zeros' row") {
    one_sample<dense, float> sample(5);
    sample.random_spikes(0.1, 3);
    using stage = decltype(sample)::node<0>;
    using feed = decltype(sample)::feed_of<stage>;
    auto const list = list_rows<stage, feed>(sample.here(), 0, 5);
    REQUIRE(list.rows == 5);
    for (int r = 0; r < 5; ++r) {
        int at = list.begin(r, 0);
        for (int n = 0; n < 70; ++n)
            if (sample.spiked(r, n)) CHECK(list.events[at++] == n * entry_scale<float>);
        CHECK(list.count(r, 0) % events_together == 0);
        for (; at < list.begin(r + 1, 0); ++at) CHECK(list.events[at] == 70 * entry_scale<float>);
    }
}
TEST_CASE("event rows: a row that is too full is not listed") {
    one_sample<dense, float> sample(3);
    for (int n = 0; n < 70; ++n) sample.spike(1, n);
    using stage = decltype(sample)::node<0>;
    using feed = decltype(sample)::feed_of<stage>;
    auto const list = list_rows<stage, feed>(sample.here(), 0, 3);
    constexpr bool looks_up = looked_up_above<float> < 1;
    CHECK(list.full_rows == (looks_up ? 1 : 0));
    CHECK(list.full(1) == looks_up);
    CHECK_FALSE(list.full(0));
}
TEST_CASE("event rows: a wide row is listed in pieces") {
    one_sample<wide, float> sample(2);
    sample.random_spikes(0.02, 5);
    using stage = decltype(sample)::node<0>;
    using feed = decltype(sample)::feed_of<stage>;
    auto const list = list_rows<stage, feed>(sample.here(), 0, 2);
    constexpr int piece = piece_of(2100);
    REQUIRE(list.pieces == pieces_of(2100));
    for (int r = 0; r < 2; ++r)
        for (int k = 0; k < list.pieces; ++k) {
            int at = list.begin(r, k);
            for (int n = k * piece; n < (k + 1) * piece && n < 2100; ++n)
                if (sample.spiked(r, n)) CHECK(list.events[at++] == n * entry_scale<float>);
            CHECK(list.begin(r, k) + list.count(r, k) - at < events_together);
        }
}
TEST_CASE("passing rows: bits become numbers, and nothing stands behind the last") {
    one_sample<plain, float> sample(4);
    sample.random_spikes(0.4, 9);
    using sources = boost::mp11::mp_front<decltype(sample)::node<0>::feeds>::sources;
    using source = boost::mp11::mp_front<sources>;
    for (int r = 0; r < 4; ++r)
        for (int n = 0; n < 40; ++n)
            CHECK(passing<source>(sample.here(), n / sample.W, r).lane(n % sample.W) ==
                  (sample.spiked(r, n) ? 1 : 0));
}
TEST_CASE("input currents: what arrives is the sum of the weights of inputs that fired") {
    one_sample<dense, float> some(5);
    some.random_spikes(0.1, 1);
    for (int n = 0; n < 70; ++n) some.spike(3, n); // one row is full
    check_sums(some);
    one_sample<wide, float> many(3);
    many.random_spikes(0.05, 2);
    check_sums(many);
}
TEST_CASE("neuron update: states and outputs are those of the equation, step by step") {
    one_sample<plain, float> sample(12);
    sample.random_spikes(0.5, 4);
    using stage = decltype(sample)::node<0>;
    auto const here = sample.here();
    initialize_neurons(here);
    currents_as_bits<float> const arriving{
        reinterpret_cast<std::uint32_t const*>(sample.input.data()),
        static_cast<std::size_t>(sample.row), 0};
    run_points<stage, 1>(here, 0, 0, 12, arriving);
    for (int n = 0; n < std::min(sample.W, 40); ++n) {
        float mem = 0;
        for (int t = 0; t < 12; ++t) {
            float const reset = mem > 1 ? 1.f : 0.f; // snnTorch's Leaky: of the step before
            mem = 0.9f * mem + (sample.spiked(t, n) ? 1.f : 0.f) - reset;
            CHECK(sample.output(static_cast<std::size_t>(t * 40 + n)) == (mem > 1 ? 1.f : 0.f));
        }
        CHECK_THAT(here.template region<plan::region::states>()[n],
                   Catch::Matchers::WithinAbs(mem, 1e-5));
    }
}
TEST_CASE("outputs: packed spikes keep their neighbours, and none stands behind the width") {
    constexpr int W = lanes<float>::width;
    std::uint32_t row[2] = {0, 0};
    for (int p = 0; p * W < 40; ++p)
        store_bits<W>(reinterpret_cast<unsigned char*>(row), p, W == 32 ? ~0u : (1u << W) - 1u, 40);
    CHECK(row[0] == ~0u);
    CHECK(row[1] == 0xffu);
    store_bits<W>(reinterpret_cast<unsigned char*>(row), 1, 0, 40);
    CHECK(row[0] == (W == 32 ? ~0u : ~(((1u << W) - 1u) << W)));
}
TEST_CASE("outputs: a trace goes to a view of any strides") {
    one_sample<plain, float> sample(3);
    test::numbers<float> const apart("apart", 3 * 40 * 2);
    sample.run.output = apart.data(), sample.run.output_step = 80, sample.run.output_neuron = 2;
    for (int p = 0; p * sample.W < 40; ++p) store_output(sample.here(1), p, 1, lanes<float>(5.f));
    for (std::size_t k = 0; k < apart.size(); ++k)
        CHECK(apart(k) == (k >= 160 && k % 2 == 0 ? 5.f : 0.f));
}
TEST_CASE("outputs: sums over time are exact, however long") {
    one_sample<plain, float, test::purpose::run, counts_readout> sample(3);
    auto const here = sample.here();
    start_readout(here, 0);
    lanes<float> sum(0.f);
    for (int k = 0; k < 40; ++k) {
        sum += lanes<float>(1e6f);
        add_to_totals(here, 0, sum);
    }
    CHECK(readout_totals(here)[0] == 4e7);
    finish_readout(here, 0);
    CHECK(sample.output(0) == 4e7f);
}
TEST_CASE("recording: a trace holds what neurons were in each step") {
    one_sample<plain, float> sample(3);
    test::numbers<float> const trace("trace", 3 * 40);
    for (int p = 0; p * sample.W < 40; ++p)
        store_trace(sample.here(), trace.data(), p, 2, 40, lanes<float>(float(p)));
    for (std::size_t n = 0; n < 120; ++n)
        CHECK(trace(n) == (n < 80 ? 0.f : float(int(n - 80) / sample.W)));
}
TEST_CASE("history: what is stored of a step is what its adjoint reads") {
    using sample = one_sample<plain, float, test::purpose::gradients>;
    using stage = sample::node<0>;
    using context = sample::context;
    typename cells_of<context, stage::points>::type cells, again;
    auto& cell = get<0>(cells);
    cell.states[0] = lanes<float>(3.f), cell.current = lanes<float>(7.f);
    using keeps = stack_history<context, stage, 1>;
    alignas(64) static float numbers[keeps::size];
    keeps const keep{numbers};
    store_history<keeps, 0>(keep.template history<0>(0), 2, cell);
    load_history<keeps>(static_cast<float const*>(keep.template history<0>(0)), 2, get<0>(again));
    CHECK(get<0>(again).states[0].lane(0) == 3);
    CHECK(get<0>(again).current.lane(0) == 7);
}
TEST_CASE("history: in scratch panels and steps have places of their own") {
    one_sample<contest, float, test::purpose::gradients> sample(4); // runs step by step
    using stage = decltype(sample)::node<0>;
    using context = decltype(sample)::context;
    using keeps = scratch_history<context, stage>;
    auto const here = sample.here();
    typename cells_of<context, stage::points>::type cells, again;
    auto& cell = get<0>(cells);
    keeps const keep{here, 0};
    constexpr int panels = sample.W < 20 ? 2 : 1;
    for (int q = 0; q < panels; ++q)
        for (int r = 0; r < 3; ++r) {
            cell.states[0] = cell.current = lanes<float>(float(10 * q + r));
            store_history<keeps, 0>(keep.history<0>(q), r, cell);
        }
    for (int q = 0; q < panels; ++q)
        for (int r = 0; r < 3; ++r) {
            load_history<keeps>(static_cast<float const*>(keep.history<0>(q)), r, get<0>(again));
            CHECK(get<0>(again).states[0].lane(0) == float(10 * q + r));
            CHECK(get<0>(again).current.lane(0) == float(10 * q + r));
        }
}
TEST_CASE("tape: blocks have entries of their own, each an odd number of lines apart") {
    one_sample<plain, float, test::purpose::tape> sample(100);
    sample.run.block = 32;
    auto const here = sample.here();
    CHECK(next_entry(here, 0) == 0);
    CHECK(next_entry(here, 1) == 32);
    CHECK(next_entry(here, 32) == 32);
    constexpr auto apart = decltype(sample)::layout::entry_apart;
    CHECK(tape_entry(here, 64) - tape_entry(here, 32) == static_cast<std::ptrdiff_t>(apart));
    CHECK(apart * sizeof(float) / 64 % 2 == 1);
}
TEST_CASE("sample state: what is saved is what is loaded, rows of loops too") {
    one_sample<loop, float> sample(4);
    auto const here = sample.here();
    using layout = decltype(sample)::layout;
    constexpr int fed_back = layout::buffer_count - 1;
    auto* const states = here.template region<plan::region::states>();
    for (std::size_t k = 0; k < layout::state_total; ++k) states[k] = float(k);
    *reinterpret_cast<std::uint32_t*>(row_address<fed_back>(here, -1)) = 0x5a5au;
    save_sample(here);
    clear_kept_rows(here);
    for (std::size_t k = 0; k < layout::state_total; ++k) states[k] = -1;
    load_sample(here);
    std::size_t in_memory = 0; // without gaps
    for (auto const& one : layout::all_states.at) {
        CHECK(one.in_memory == in_memory);
        for (int n = 0; n < layout::padded(one.width); ++n) { // behind the last neuron zeros
            auto const k = one.in_scratch + static_cast<std::size_t>(n);
            CHECK(states[k] == (n < one.width ? float(k) : 0));
            if (n < one.width) CHECK(sample.states(in_memory++) == float(k));
        }
    }
    CHECK(layout::kept_states == in_memory);
    CHECK(layout::memory_total == in_memory + 1); // a word of spikes
    CHECK(*row_of<fed_back>(here, -1) == 0x5a5au);
}
TEST_CASE("sample state: the last row of a block stands before the next one") {
    one_sample<loop, float> sample(4);
    auto const here = sample.here();
    constexpr int fed_back = decltype(sample)::layout::buffer_count - 1;
    *reinterpret_cast<std::uint32_t*>(row_address<fed_back>(here, 3)) = 0x77u;
    keep_last_rows(here);
    CHECK(*row_of<fed_back>(here, -1) == 0x77u);
}
TEST_CASE("initial state: neurons rest, with the coefficients of their parameters") {
    one_sample<two, double> sample(1);
    auto const here = sample.here();
    initialize_neurons(here);
    using layout = decltype(sample)::layout;
    auto const* const states = here.template region<plan::region::states>();
    for (std::size_t k = 0; k < layout::state_total; ++k) CHECK(states[k] == 0);
    // li: 1 ms over 10 and over 5 ms stand among its coefficients
    constexpr int li_layer = 3, width = padded_width<decltype(sample)::context, li_layer>;
    std::set<long> met;
    for (int k = 0; k < layout::coefficient_arrays<li_layer>(); ++k)
        met.insert(std::lround(
            1e6 * here.region<plan::region::coefficients>()[layout::coefficients_at<li_layer> +
                                                            static_cast<std::size_t>(k * width)]));
    CHECK(met.count(100000) == 1);
    CHECK(met.count(200000) == 1);
}
TEST_CASE("competition: of all that reach their threshold the farthest fires alone") {
    one_sample<contest, float> sample(3);
    using stage = decltype(sample)::node<0>;
    auto const here = sample.here();
    initialize_neurons(here);
    auto* const states = here.template region<plan::region::states>();
    states[4] = 5, states[11] = 9, states[17] = 7;
    run_contest<stage>(here, 0);
    for (int n = 0; n < 20; ++n) CHECK(sample.output(static_cast<std::size_t>(n)) == (n == 11));
}
TEST_CASE("noise: of its neuron, layer, sample, step and seed alone, whatever register it is in") {
    constexpr int W = lanes<float>::width;
    auto const some = normal_noise<float>(1, 2, 3, 4, 0);
    for (auto const& other :
         {normal_noise<float>(9, 2, 3, 4, 0), normal_noise<float>(1, 9, 3, 4, 0),
          normal_noise<float>(1, 2, 9, 4, 0), normal_noise<float>(1, 2, 3, 9, 0),
          normal_noise<float>(1, 2, 3, 4, W)})
        CHECK(some.lane(0) != other.lane(0));
    if constexpr (W > 8) CHECK(some.lane(8) == normal_noise<float>(1, 2, 3, 4, 8).lane(0));
    for (int n = 0; n < 64; n += lanes<double>::width) {
        auto const uniform = uniform_noise<double>(1, 2, 3, 4, n);
        CHECK(uniform.lane(0) >= 0);
        CHECK(uniform.lane(0) < 1);
    }
}
TEST_CASE("forward: the parts in their order give a network's run") {
    one_sample<two, float> sample(20);
    sample.random_spikes(0.3, 8);
    auto here = sample.here();
    run_sample(here);
    // By hand, in double: lif and li as norse has them.
    double v[18] = {}, i[18] = {}, vo[5] = {}, io[5] = {};
    for (int t = 0; t < 20; ++t) {
        double z[18];
        for (int o = 0; o < 18; ++o) {
            double arrives = 0;
            for (int n = 0; n < 20; ++n)
                if (sample.spiked(t, n))
                    arrives += static_cast<double>(
                        sample.template weight<0>(sample.parameters.data(), o, n));
            i[o] += arrives;
            v[o] += 0.1 * (i[o] - v[o]);
            i[o] -= 0.2 * i[o];
            z[o] = v[o] > 1 ? 1 : 0;
            if (z[o] != 0) v[o] = 0;
        }
        for (int o = 0; o < 5; ++o) {
            double arrives = 0;
            for (int n = 0; n < 18; ++n)
                arrives += z[n] * static_cast<double>(
                                      sample.template weight<2>(sample.parameters.data(), o, n));
            io[o] += arrives;
            vo[o] += 0.1 * (io[o] - vo[o]);
            io[o] -= 0.2 * io[o];
            CHECK_THAT(sample.output(static_cast<std::size_t>(t * 5 + o)),
                       Catch::Matchers::WithinAbs(vo[o], 1e-4));
        }
    }
}
TEST_CASE("forward: teams that run several samples, and cells in any parts, give what a team a "
          "sample does") {
    constexpr int batch = 5, steps = 6;
    one_sample<two, float> sample(steps * batch); // its input is that of all: [T, B, words]
    sample.random_spikes(0.4, 6);
    using schedule = decltype(sample)::schedule;
    using kernel = forward_kernel<schedule, float, input_kind::bits, trace_readout, test::by_hand>;
    constexpr std::size_t memory = kernel::layout::memory_total,
                          room = plan::line(kernel::demands.scratch) +
                                 plan::line(kernel::demands.lists);
    test::numbers<unsigned char> const scratch("scratch", room * batch);
    auto run = sample.run;
    run.batch = batch, run.steps = steps;
    run.input_step = static_cast<std::size_t>(batch * sample.row), run.input_sample = sample.row;
    run.output_step = batch * 5, run.output_sample = 5;
    run.scratch = scratch.data(), run.team_scratch = room;
    auto const all_of = [&](auto const& launch) {
        test::numbers<float> const states("states", memory * batch),
            output("output", 2 * steps * batch * 5);
        run.states = states.data();
        for (bool fresh : {true, false}) { // the second run goes on
            run.begun = fresh ? 0 : batch;
            run.output = output.data() + (fresh ? 0 : steps * batch * 5);
            launch();
        }
        std::vector<float> all(output.data(), output.data() + output.size());
        all.insert(all.end(), states.data(), states.data() + states.size());
        return all;
    };
    auto const by = [&](int teams) {
        return all_of([&] {
            for (int team = 0; team < teams; ++team)
                kernel{run}(test::thread_of_team{0, 1, team, teams});
        });
    };
    auto const each = by(batch);
    CHECK(std::count(each.begin(), each.end(), 0.f) < static_cast<long>(each.size()) / 2);
    for (int teams : {1, 2, 3}) CHECK(by(teams) == each);
    using cells = forward_cells_kernel<schedule, float, trace_readout>;
    for (int parts : {1, 2, 5, 7}) // some without a body
        CHECK(all_of([&] {
                  for (int part = 0; part < parts; ++part) cells{run, parts}(part);
              }) == each);
}
