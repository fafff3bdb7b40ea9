// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Saving as NIR: what is saved comes back to the bit, what cannot be said in a file is refused, and
// no half-written file is left.
#include "../../examples/mnist_network.hpp"
#include "../support/data.hpp"
#include "../support/files.hpp"
#include "../support/random_spikes.hpp"
#include "../support/says.hpp"

#include <algorithm>
#include <atomic>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <csignal>
#include <functional>
#include <limits>
#include <spikefuse/io/load.hpp>
#include <spikefuse/io/save.hpp>
#include <spikefuse/spikefuse.hpp>
#include <spikefuse/train/update.hpp>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using test::host;

namespace {

constexpr auto chain = input<40> >> scale(1.5) >> linear<33> >> iaf >> linear<16>(no_bias) >>
                       iaf({.threshold = 0.5}) >> linear<5> >> iaf;
constexpr auto short_chain = input<3> >> linear<2> >> iaf;

template <class Network>
auto bits(Network const& network) {
    using value = typename Network::value_type;
    std::vector<decltype(test::bits_of(value()))> all;
    for (auto const& parameter : network.parameters())
        for (value x : network.get(parameter.layer, parameter.name))
            all.push_back(test::bits_of(x));
    return all;
}

template <class View>
std::vector<typename View::non_const_value_type> listed(View const& view) {
    auto const h = host(view);
    return {h.data(), h.data() + h.size()};
}

bool stands(std::string const& path) {
    return std::filesystem::exists(std::filesystem::symlink_status(path));
}

/// Names in a folder, in order.
std::vector<std::string> entries(std::filesystem::path const& folder) {
    std::vector<std::string> names;
    for (auto const& one : std::filesystem::directory_iterator(folder))
        names.push_back(one.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}
std::vector<std::string> entries(test::folder const& folder) {
    return entries(std::filesystem::path(folder.name()));
}

/// A process that does `work` (without Kokkos: its threads are not there) and says by its end
/// whether that went well.
pid_t start_process(std::function<void()> const& work) {
    pid_t const child = fork();
    if (child != 0) return child;
    try {
        work();
    } catch (...) {
        _exit(1);
    }
    _exit(0);
}

} // namespace

TEMPLATE_TEST_CASE("what is saved comes back: every bit, and the same spikes", "", float, double) {
    using limits = std::numeric_limits<TestType>;
    test::folder const here;
    std::string const path = here / "chain.nir";
    auto first = model{chain, {.steps = 20, .batch = 3, .seed = 5}, precision<TestType>};
    auto weight = first.get("linear 1", "weight");
    for (auto& w : weight) w *= 8;
    weight[0] = -TestType(0), weight[1] = limits::denorm_min(), weight[2] = limits::epsilon() + 1;
    first.set("linear 1", "weight", weight);
    auto thresholds = first.get("iaf 2", "threshold");
    for (std::size_t k = 0; k < thresholds.size(); ++k)
        thresholds[k] = TestType(0.1) * static_cast<TestType>(k + 1);
    first.set("iaf 2", "threshold", thresholds);
    first.set("iaf 1", "v_reset", -0.3);
    first.set("scale 1", "factor", TestType(1) / 3);
    nir::write(path, first);
    REQUIRE(entries(here) == std::vector<std::string>{"chain.nir"});

    auto second = model{chain, {.steps = 20, .batch = 3, .seed = 6}, precision<TestType>};
    REQUIRE(bits(first) != bits(second));
    second.load(nir::read(path));
    REQUIRE(bits(first) == bits(second));
    for (auto* network : {&first, &second})
        for (auto const* layer : {"iaf 1", "iaf 2"}) network->record(layer, "spikes");
    auto const input = test::unpacked<TestType>(test::random_spikes(20, 3, 40, 0.4, 9), 40);
    auto const a = listed(first(input)), b = listed(second(input));
    REQUIRE(a == b);
    REQUIRE(std::any_of(a.begin(), a.end(), [](TestType z) { return z != 0; }));
    for (auto const* layer : {"iaf 1", "iaf 2"})
        REQUIRE(listed(first.recorded_spikes(layer)) == listed(second.recorded_spikes(layer)));

    std::string const again = here / "again.nir";
    nir::write(again, second);
    REQUIRE(test::bytes_of(again) == test::bytes_of(path));
}

TEST_CASE("lif and li are NIR's CubaLIF and CubaLI: what comes back fires the same spikes; at "
          "another dt it is refused") {
    test::folder const here;
    std::string const path = here / "trained.nir";
    constexpr auto network = input<20> >> linear<30> >> lif({.tau_mem = 8 * ms, .v_leak = 0.1}) >>
                             linear<5> >> li({.tau_syn = 3 * ms});
    model saved{network, {.steps = 40, .batch = 3, .dt = 0.5 * ms, .seed = 1}},
        loaded{network, {.steps = 40, .batch = 3, .dt = 0.5 * ms, .seed = 2}};
    auto weights = saved.get("linear 1", "weight");
    for (float& one : weights) one *= 9;
    saved.set("linear 1", "weight", weights);
    std::vector<double> taus(30);
    for (std::size_t k = 0; k < 30; ++k) taus[k] = 0.004 + 0.0003 * static_cast<double>(k);
    saved.set("lif 1", "tau_syn", taus);
    nir::write(path, saved);
    loaded.load(nir::read(path));
    auto const spikes = test::random_spikes(40, 3, 20, 0.3, 1);
    saved.record("lif 1", "spikes"), loaded.record("lif 1", "spikes");
    auto const a = host(saved(spikes)), b = host(loaded(spikes));
    REQUIRE(std::equal(a.data(), a.data() + a.size(), b.data()));
    auto const x = host(saved.recorded_spikes("lif 1")), y = host(loaded.recorded_spikes("lif 1"));
    REQUIRE(std::equal(x.data(), x.data() + x.size(), y.data()));
    REQUIRE(std::count_if(x.data(), x.data() + x.size(), [](auto word) { return word != 0; }) > 20);
    io::hdf5_file const file(path);
    REQUIRE(file.text("/node/nodes/lif_1/type") == "CubaLIF");
    REQUIRE(std::abs(file.numbers("/node/nodes/lif_1/w_in").values[0] - 8) < 1e-5); // 4 ms / 0.5 ms
    model slower{network, {.steps = 40, .batch = 3, .dt = 1 * ms}};
    SAYS(value_error, slower.load(nir::read(path)), "'w_in' of");
}

TEST_CASE("the file is laid out as NIR's own") {
    test::folder const here;
    std::string const path = here / "chain.nir";
    nir::write(path, model{chain, {}});
    auto const graph = io::read_nir(path);
    std::vector<std::string> types;
    for (auto const* node : io::nir_chain(graph, path))
        types.push_back(node->name + " " + node->type);
    REQUIRE(types == std::vector<std::string>{"scale_1 Scale", "linear_1 Affine", "iaf_1 IF",
                                              "linear_2 Linear", "iaf_2 IF", "linear_3 Affine",
                                              "iaf_3 IF"});
    REQUIRE(graph.edges.size() == 8);
    io::hdf5_file const file(path);
    REQUIRE(file.numbers("/node/nodes/input/shape").values == std::vector<double>{40});
    REQUIRE(file.numbers("/node/nodes/output/shape").values == std::vector<double>{5});
    REQUIRE(file.numbers("/node/nodes/linear_1/weight").shape == std::vector<std::size_t>{33, 40});
    REQUIRE(file.numbers("/node/nodes/iaf_2/v_threshold").values == std::vector<double>(16, 0.5));
    REQUIRE(file.numbers("/node/nodes/scale_1/scale").values == std::vector<double>(40, 1.5));
    REQUIRE(file.text("/version") == "1.0.8");
    REQUIRE(file.names("/node/nodes/linear_2") == std::vector<std::string>{"type", "weight"});

    nir::write(path, model{input<3> >> identity >> linear<2> >> iaf(subtract),
                           {}}); // another reset is not in the format
    REQUIRE(io::hdf5_file(path).names("/node/nodes/iaf_1") ==
            std::vector<std::string>{"r", "type", "v_reset", "v_threshold"});
    auto subtracting = model{input<3> >> linear<2> >> iaf(subtract), {.seed = 3}};
    subtracting.load(nir::read(path));
}

TEST_CASE("what NIR cannot say is refused, and nothing is written") {
    test::folder const here;
    std::string const path = here / "never.nir";
    auto refuses = [&](auto network, std::string const& words) {
        auto const made = model{network, {}};
        SAYS(name_error, nir::write(path, made),
             "the network cannot be saved to '" + path + "' (" + words);
        REQUIRE(std::filesystem::is_empty(here.name()));
    };
    refuses(input<3> >> linear<2> >> izhikevich, "'izhikevich 1' is no node of NIR)");
    refuses(input<3> >> linear<2> >> iaf >> linear<2> >> leaky, "'leaky 1' is no node of NIR)");
    refuses(input<3> >> population<4> >> linear<2> >> iaf, "'population 1' is no node of NIR)");
    refuses(input<3> >> poisson >> linear<2> >> iaf, "'poisson 1' is no node of NIR)");
    refuses(input<3> >> (linear<3> | linear<2>) >> iaf, "it joins branches by |");
    refuses(input<3> >> linear<3> >> (identity + identity), "'linear 1' leads to 'output' twice");
    refuses(input<3> >> linear<2> >> lif(membrane_out),
            "'lif 1' does what no file says: it gives its membrane");
    refuses(input<3> >> recurrent((linear<3> + linear<3>) >> lif, through(linear<3>)),
            "a file does not say where one of its loops takes its step");

    auto network = model{short_chain, {}};
    backpropagation const gradients{
        network, mean_squared(counts)}; // a step of training that is too long for a float
    Kokkos::deep_copy(gradients.raw(), 10.f);
    learner{network, sgd{.learning_rate = 3e38}}.update(Kokkos::DefaultExecutionSpace(),
                                                        gradients.raw(), gradients.groups());
    SAYS(value_error, nir::write(path, network), "'weight' of 'linear 1' is not finite at [0]");
    REQUIRE(std::filesystem::is_empty(here.name()));
}

TEST_CASE("a disk that refuses gets a sentence; the old file stays, the temporary one goes") {
    test::folder const here;
    auto network = model{short_chain, {.seed = 1}};
    SAYS(file_error, nir::write(here / "no folder/x.nir", network),
         "cannot be written (no file can be made in '" + (here / "no folder") + "'");
    SAYS(file_error, nir::write("", network), "cannot be written");
    std::filesystem::create_directories(here / "folder/inside");
    SAYS(file_error, nir::write(here / "folder", network), "cannot take its name");
    REQUIRE(stands(here / "folder/inside"));
    REQUIRE(entries(here) == std::vector<std::string>{"folder"});
    std::filesystem::remove_all(here / "folder");

    std::string const path = here / "old.nir";
    nir::write(path, network);
    std::string const old = test::bytes_of(path);
    network.set("linear 1", "bias", 7);
    { // a disk without room
        rlimit before{};
        getrlimit(RLIMIT_FSIZE, &before);
        rlimit const little{100, before.rlim_max};
        auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &little);
        std::string text;
        try {
            nir::write(path, network);
        } catch (file_error const& fault) {
            text = fault.what();
        }
        setrlimit(RLIMIT_FSIZE, &before);
        std::signal(SIGXFSZ, handler);
        REQUIRE_THAT(text,
                     ContainsSubstring("writing '") && ContainsSubstring("failed: File too large"));
    }
    REQUIRE(entries(here) == std::vector<std::string>{"old.nir"});
    REQUIRE(test::bytes_of(path) == old);
    SAYS(name_error, nir::write(path, model{input<3> >> izhikevich, {}}), "'izhikevich 1'");
    REQUIRE(test::bytes_of(path) == old);
    std::filesystem::create_directory(path + ".part"); // in nobody's way
    nir::write(path, network);
    REQUIRE(test::bytes_of(path) != old);
    REQUIRE(entries(here) == std::vector<std::string>{"old.nir", "old.nir.part"});
    auto loaded = model{short_chain, {.seed = 2}};
    loaded.load(nir::read(path));
    REQUIRE(bits(loaded) == bits(network));
    REQUIRE(mkfifo((here / "pipe").c_str(), 0600) == 0);
    SAYS(file_error, nir::write(here / "pipe", network), "it is no plain file");
    SAYS(file_error, loaded.load(nir::read(here / "pipe")), "it is no plain file");
}

TEST_CASE("a link stays a link, a file keeps its mode, and a new one gets that of the program") {
    test::folder const here;
    auto const mode = [](std::string const& path) {
        struct stat about{};
        REQUIRE(stat(path.c_str(), &about) == 0);
        return about.st_mode & 07777;
    };
    auto const network = model{short_chain, {.seed = 1}};
    mode_t const mask = umask(027);
    nir::write(here / "new.nir", network);
    umask(mask);
    REQUIRE(mode(here / "new.nir") == 0640);
    std::filesystem::create_directory(here / "kept");
    std::string const target = here / "kept/network.nir";
    test::write_bytes(target, "old");
    for (mode_t const own : {0600, 0644, 0660}) {
        chmod(target.c_str(), own);
        nir::write(target, network);
        REQUIRE(mode(target) == own);
    }
    for (std::string const& to :
         {target, std::string("kept/network.nir"), std::string("kept/not yet.nir")}) {
        std::string const link = here / "link.nir", link_to_link = here / "link to link.nir";
        std::filesystem::create_symlink(to, link);
        std::filesystem::create_symlink("link.nir", link_to_link);
        if (stands(target)) test::write_bytes(target, "old");
        nir::write(link_to_link, network);
        REQUIRE(std::filesystem::read_symlink(link) == to);
        REQUIRE(std::filesystem::read_symlink(link_to_link) == "link.nir");
        REQUIRE(io::read_nir(link_to_link).nodes.size() == 4);
        REQUIRE(std::filesystem::is_regular_file(
            std::filesystem::symlink_status(here / "kept/network.nir")));
        std::filesystem::remove(link), std::filesystem::remove(link_to_link);
    }
    REQUIRE(io::read_nir(here / "kept/not yet.nir").nodes.size() == 4);
    REQUIRE(entries(here / "kept") == std::vector<std::string>{"network.nir", "not yet.nir"});
}

TEST_CASE("several writers and readers of one path: it is always one of their files, whole") {
    test::folder const here;
    std::string const path = here / "shared.nir";
    constexpr int writers = 3, rounds = 60;
    auto const whole = [&] { // all numbers are those of one writer
        auto const graph = io::read_nir(path);
        auto const found = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                        [](auto const& node) { return node.name == "linear_1"; });
        auto const& bias = found->field("bias").values;
        return std::all_of(bias.begin(), bias.end(), [&](double x) { return x == bias[0]; });
    };
    auto const write = [&](int writer) {
        auto network = model{input<30> >> linear<200> >> iaf, {.seed = 1}};
        network.set("linear 1", "bias", writer);
        for (int k = 0; k < rounds; ++k) nir::write(path, network);
    };
    write(0);
    auto const bytes = [](int k) { return std::string(20000, static_cast<char>('a' + k)); };
    io::detail::replace_file(here / "plain", bytes(0));
    std::vector<pid_t> processes;
    for (int k = 1; k <= writers; ++k)
        processes.push_back(start_process([&] {
            for (int n = 0; n < 40 * rounds; ++n)
                io::detail::replace_file(here / "plain", bytes(k));
        }));
    int torn = 0;
    auto const read = [&] { // the file is there throughout: none sees it absent or in part
        std::string const now = test::bytes_of(here / "plain");
        torn += now.empty() || now != std::string(20000, now[0]);
    };
    for (pid_t const process : processes) { // as long as anyone writes, however late it begins
        int status = -1;
        while (waitpid(process, &status, WNOHANG) == 0) read();
        REQUIRE((WIFEXITED(status) && WEXITSTATUS(status) == 0));
    }
    read();
    REQUIRE(torn == 0);

    std::atomic<int> failed = 0;
    std::vector<std::thread> threads;
    for (int k = 1; k <= writers; ++k)
        threads.emplace_back([&, k] {
            try {
                write(k);
            } catch (std::exception const&) {
                ++failed;
            }
        });
    for (int k = 0; k < rounds; ++k) failed += whole() ? 0 : 1;
    for (std::thread& thread : threads) thread.join();
    REQUIRE(failed == 0);
    REQUIRE(whole());
    REQUIRE(entries(here) == std::vector<std::string>{"plain", "shared.nir"});
}

TEST_CASE("two threads that save and load files of their own do not disturb one another") {
    test::folder const here;
    std::atomic<int> failed = 0;
    auto const work = [&](unsigned seed) {
        std::string const path = here / (std::to_string(seed) + ".nir");
        auto saved = model{short_chain, {.seed = seed}}, loaded = model{short_chain, {.seed = 99}};
        for (int k = 0; k < 300; ++k) {
            try {
                saved.set("linear 1", "bias", k);
                nir::write(path, saved);
                loaded.load(nir::read(path));
                failed += bits(saved) == bits(loaded) ? 0 : 1;
                try {
                    io::hdf5_file(path).numbers("/not there");
                    ++failed;
                } catch (file_error const&) {
                }
            } catch (std::exception const&) {
                ++failed;
            }
        }
    };
    std::thread one([&] { work(1); }), two([&] { work(2); });
    one.join(), two.join();
    REQUIRE(failed == 0);
}

TEST_CASE("a real file, loaded, saved and loaded, is the same network") {
    std::string const real = test::nir_data() / "mnist_if.nir";
    test::folder const here;
    std::string const path = here / "mnist.nir";
    auto first = model{mnist_network::strict, {}},
         second = model{mnist_network::strict, {.seed = 4}};
    first.load(nir::read(real));
    nir::write(path, first);
    second.load(nir::read(path));
    REQUIRE(bits(first) == bits(second));
    auto const before = io::read_nir(real), after = io::read_nir(path);
    auto const theirs = io::nir_chain(before, real), ours = io::nir_chain(after, path);
    REQUIRE(theirs.size() == ours.size());
    for (std::size_t k = 0; k < ours.size(); ++k) {
        REQUIRE(theirs[k]->type == ours[k]->type);
        REQUIRE(theirs[k]->fields.size() == ours[k]->fields.size());
        for (auto const& [key, value] : theirs[k]->fields) {
            REQUIRE(ours[k]->field(key).shape == value.shape);
            REQUIRE(ours[k]->field(key).values == value.values);
        }
    }
}
