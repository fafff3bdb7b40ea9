// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// N-MNIST's files: written bit by bit, read, binned; each way of being bad.
#include "../support/data.hpp"
#include "../support/files.hpp"

#include <bit>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <random>
#include <spikefuse/io/event_files.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

std::string event(unsigned x, unsigned y, unsigned polarity, unsigned us) {
    std::string bytes;
    for (unsigned const one : {x, y, polarity << 7 | us >> 16, us >> 8 & 255, us & 255})
        bytes.push_back(static_cast<char>(one));
    return bytes;
}

} // namespace

TEST_CASE("a file of events: 40 bits each, and what follows when the clock goes round") {
    test::folder const here;
    std::string const path = here / "00002.bin";
    test::write_bytes(path, event(10, 30, 0, 937) + event(33, 0, 1, 8388607) +
                                event(0, 240, 0, 8000) + event(255 - 222, 33, 1, 5));
    io::event_data all;
    io::add_event_file(all, path, 7, {});
    io::add_event_file(all, path, 3, {.rows = 34, .columns = 40});
    REQUIRE(all.labels == std::vector<int>{7, 3});
    REQUIRE(all.offsets == std::vector<std::size_t>{0, 3, 6});
    REQUIRE(all.unit_of == std::vector<std::uint32_t>{30 * 34 + 10, 34 * 34 + 33,
                                                      (34 + 33) * 34 + 33, 30 * 40 + 10,
                                                      34 * 40 + 33, (34 + 33) * 40 + 33});
    REQUIRE(all.times[0] == 937e-6);
    REQUIRE(all.times[1] == 8.388607);
    REQUIRE(all.times[2] == 8197e-6);
    // Each mark counts, whatever else it says; the first and the last one too.
    test::write_bytes(path, event(34, 240, 1, 8388607) + event(1, 2, 0, 100) + event(0, 240, 0, 0) +
                                event(0, 240, 1, 0) + event(1, 2, 0, 50) + event(1, 2, 1, 8191) +
                                event(0, 240, 0, 0));
    io::event_data marked;
    io::add_event_file(marked, path, 0, {});
    REQUIRE(marked.times == std::vector<double>{8292e-6, 24626e-6, 32767e-6});
    REQUIRE(marked.offsets == std::vector<std::size_t>{0, 3});
    test::write_bytes(path, event(0, 240, 1, 3)); // a pixel of a taller camera
    io::add_event_file(all, path, 0, {.rows = 256, .columns = 1});
    REQUIRE(all.unit_of.back() == 256 + 240);
}

TEST_CASE("folders are classes; a recording comes back as it was written, and into its steps") {
    std::string const recorded = (test::event_camera_data() / "nmnist_test.h5").string();
    if (!std::filesystem::exists(recorded)) SKIP("no " + recorded);
    io::camera const size;
    io::event_data const seen = io::read_events(recorded, size.units());
    test::folder const here;
    for (std::size_t r = 0; r < 20; ++r) {
        std::string bytes;
        for (std::size_t k = seen.offsets[r]; k < seen.offsets[r + 1]; ++k) {
            unsigned const unit = seen.unit_of[k];
            bytes += event(unit % 34, unit / 34 % 34, unit / (34 * 34),
                           static_cast<unsigned>(std::llround(seen.times[k] * 1e6)));
        }
        std::string const folder = here / std::to_string(seen.labels[r]);
        std::filesystem::create_directories(folder);
        test::write_bytes(folder + "/" + std::to_string(10000 + r) + (r % 2 == 0 ? ".bin" : ".bs2"),
                          bytes);
        test::write_bytes(folder + "/readme.txt", "no recording");
    }
    io::labelled_events const found = io::read_event_files(here.name(), size);
    REQUIRE(found.events.size() == 20);
    REQUIRE(found.events.classes() == static_cast<int>(found.classes.size()));
    std::size_t next = 0;
    for (std::size_t label = 0; label < found.classes.size(); ++label)
        for (std::size_t r = 0; r < 20; ++r) {
            if (std::to_string(seen.labels[r]) != found.classes[label]) continue;
            REQUIRE(found.events.labels[next] == static_cast<int>(label));
            std::size_t const from = found.events.offsets[next], other = seen.offsets[r];
            REQUIRE(found.events.offsets[next + 1] - from == seen.offsets[r + 1] - other);
            for (std::size_t k = 0; k < seen.offsets[r + 1] - other; ++k) {
                REQUIRE(found.events.unit_of[from + k] == seen.unit_of[other + k]);
                REQUIRE(std::abs(found.events.times[from + k] - seen.times[other + k]) < 1e-7);
            }
            ++next;
        }
    REQUIRE(io::read_event_files(here.name(), size, 1).events.size() == found.classes.size());
    Kokkos::View<std::uint32_t***, Kokkos::HostSpace> const packed("packed", 300, 1, 73);
    std::size_t const which[] = {3};
    io::bin_events(found.events, which, 1 * ms, packed);
    std::size_t bits = 0;
    for (std::size_t k = 0; k < packed.size(); ++k)
        bits += static_cast<std::size_t>(std::popcount(packed.data()[k]));
    REQUIRE(bits > 1000);
}

TEST_CASE("bad files of events get a sentence each, and add nothing") {
    test::folder const here;
    std::string const path = here / "bad.bin";
    io::event_data all;
    auto const says = [&](std::string const& bytes, std::string const& words,
                          io::camera size = {}) {
        test::write_bytes(path, bytes);
        REQUIRE_THROWS_MATCHES(io::add_event_file(all, path, 0, size), error,
                               MessageMatches(ContainsSubstring(words)));
        REQUIRE((all.size() == 0 && all.times.empty() && all.offsets.size() == 1));
    };
    says("", "holds no events (it is empty)");
    says(event(0, 240, 0, 0) + event(0, 240, 0, 0),
         "holds no events (all of it are marks of the clock)");
    says(event(1, 1, 1, 1) + "ab", "is cut short (it has 7 bytes, and an event takes 5)");
    says(event(1, 1, 1, 1) + event(34, 2, 1, 1),
         "holds an event at x = 34, y = 2, number 1 (the camera has 34 columns and 34 rows)");
    says(event(1, 1, 1, 1), "a camera of 0 x 34 pixels", {.rows = 0});
    REQUIRE_THROWS_MATCHES(io::add_event_file(all, here / "none.bin", 0, {}), error,
                           MessageMatches(ContainsSubstring("cannot be opened")));
    REQUIRE_THROWS_MATCHES(io::read_event_files(here.name(), {}), error,
                           MessageMatches(ContainsSubstring("holds no recordings")));
    REQUIRE_THROWS_MATCHES(io::read_event_files(here / "none", {}), error,
                           MessageMatches(ContainsSubstring("cannot be read")));
    std::mt19937 random(5);
    int refused = 0;
    for (int round = 0; round < 2000; ++round) { // whatever the bytes are
        std::string bytes(random() % 64, '\0');
        for (char& one : bytes) one = static_cast<char>(random() % (round % 2 == 0 ? 256 : 34));
        test::write_bytes(path, bytes);
        io::event_data some;
        try {
            io::add_event_file(some, path, 0, {});
            REQUIRE(some.units() <= io::camera{}.units());
        } catch (file_error const&) {
            ++refused;
        }
    }
    REQUIRE((refused > 1500 && refused < 2000));
}
