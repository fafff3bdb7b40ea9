// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Event data: the good, each way of being bad, and what comes out of the bins.
#include "../support/data.hpp"
#include "../support/files.hpp"
#include "../support/random_spikes.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <cmath>
#include <limits>
#include <spikefuse/io/events.hpp>
#include <spikefuse/io/nir.hpp>
#include <sys/stat.h>
#include <thread>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

#define SAYS(CALL, WORDS)                                                                          \
    REQUIRE_THROWS_MATCHES(CALL, file_error, MessageMatches(ContainsSubstring(WORDS)))

namespace {

/// A file of events, written with the bare library. With `chunk` it lies in chunks of that many
/// lists.
struct events_file {
    std::vector<std::vector<double>> times = {{0.0005, 0.001, 0.0025}, {}, {0.004, 0.0042}, {0.25}};
    std::vector<std::vector<double>> units = {{3, 0, 69}, {}, {40, 40}, {7}};
    std::vector<double> labels = {1, 0, 4, 1};
    std::string without = {};
    hsize_t chunk = 0;
    bool deflate = false, user_block = false, unlimited = false;
    hid_t time_type = H5T_IEEE_F32LE, unit_type = H5T_STD_U16LE, label_type = H5T_STD_U16BE;

    void write(std::string const& path) const {
        hid_t const made = H5Pcreate(H5P_FILE_CREATE);
        if (user_block) H5Pset_userblock(made, 512);
        hid_t const file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, made, H5P_DEFAULT);
        H5Pclose(made);
        if (without != "spikes") {
            H5Gclose(H5Gcreate2(file, "spikes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
            if (without != "times") lists(file, "spikes/times", time_type, times);
            if (without != "units") lists(file, "spikes/units", unit_type, units);
        }
        if (without != "labels") {
            hsize_t const count = labels.size();
            hid_t const space = H5Screate_simple(1, &count, nullptr);
            hid_t const set = H5Dcreate2(file, "labels", label_type, space, H5P_DEFAULT,
                                         H5P_DEFAULT, H5P_DEFAULT);
            H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, labels.data());
            H5Dclose(set);
            H5Sclose(space);
        }
        H5Fclose(file);
    }

  private:
    void lists(hid_t file, char const* name, hid_t type,
               std::vector<std::vector<double>> const& values) const {
        hsize_t const count = values.size(), most = unlimited ? H5S_UNLIMITED : count;
        hid_t const space = H5Screate_simple(1, &count, &most), how = H5Pcreate(H5P_DATASET_CREATE);
        if (chunk > 0) H5Pset_chunk(how, 1, &chunk);
        if (deflate) H5Pset_shuffle(how), H5Pset_deflate(how, 6);
        hid_t const of_file = H5Tvlen_create(type), of_memory = H5Tvlen_create(H5T_NATIVE_DOUBLE);
        hid_t const set = H5Dcreate2(file, name, of_file, space, H5P_DEFAULT, how, H5P_DEFAULT);
        std::vector<hvl_t> raw;
        for (auto const& one : values) raw.push_back({one.size(), const_cast<double*>(one.data())});
        H5Dwrite(set, of_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, raw.data());
        H5Dclose(set);
        H5Tclose(of_file);
        H5Tclose(of_memory);
        H5Pclose(how);
        H5Sclose(space);
    }
};

template <class Time = float>
void require_the_usual(io::event_data const& data) {
    REQUIRE(data.size() == 4);
    REQUIRE((data.classes() == 5 && data.units() == 70));
    REQUIRE(data.offsets == std::vector<std::size_t>{0, 3, 3, 5, 6});
    REQUIRE(data.unit_of == std::vector<std::uint32_t>{3, 0, 69, 40, 40, 7});
    REQUIRE(data.labels == std::vector<int>{1, 0, 4, 1});
    std::vector<double> times = {0.0005, 0.001, 0.0025, 0.004, 0.0042, 0.25};
    for (double& time : times) time = static_cast<Time>(time);
    REQUIRE(data.times == times);
    REQUIRE(data.written.digits == std::numeric_limits<Time>::digits);
}

io::event_data random_events(std::size_t recordings, unsigned units, unsigned seed) {
    std::mt19937 random(seed);
    io::event_data data;
    for (std::size_t r = 0; r < recordings; ++r) {
        for (unsigned k = random() % 400; k > 0; --k) {
            data.times.push_back(
                static_cast<double>(static_cast<float>(random()) * (0.1f / 4294967296.0f)));
            data.unit_of.push_back(random() % units);
        }
        data.offsets.push_back(data.times.size());
        data.labels.push_back(static_cast<int>(random() % 10));
    }
    return data;
}

/// Reading must succeed or give a file_error; returns whether it succeeded.
bool reads(std::string const& path) {
    try {
        io::event_data const data = io::read_events(path, 70);
        REQUIRE(data.offsets.size() == data.size() + 1);
        REQUIRE(
            (data.times.size() == data.unit_of.size() && data.offsets.back() == data.times.size()));
        return true;
    } catch (file_error const& fault) {
        REQUIRE_THAT(fault.what(), ContainsSubstring(path));
        return false;
    }
}

} // namespace

static hid_t half_type() {
    hid_t const half = H5Tcopy(H5T_IEEE_F32LE);
    H5Tset_fields(half, 15, 10, 5, 0, 10);
    H5Tset_size(half, 2);
    H5Tset_ebias(half, 15);
    return half;
}

TEST_CASE("events are read, however the lists are stored") {
    test::folder const here;
    std::string const path = here / "events.h5";
    for (hsize_t chunk : {0u, 1u, 3u, 4u})
        for (bool deflate : {false, true})
            for (bool user_block : {false, true}) {
                if (deflate && chunk == 0) continue;
                CAPTURE(chunk, deflate, user_block);
                events_file{.chunk = chunk,
                            .deflate = deflate,
                            .user_block = user_block,
                            .unlimited = chunk > 0}
                    .write(path);
                require_the_usual(io::read_events(path, 70));
            }
    events_file{.chunk = 100, .deflate = true, .unlimited = true}.write(path);
    require_the_usual(io::read_events(path, 700));
    events_file{.time_type = H5T_IEEE_F64BE, .unit_type = H5T_STD_I64BE, .label_type = H5T_STD_I8LE}
        .write(path);
    require_the_usual<double>(io::read_events(path, 70));

    hid_t const half = half_type(); // as in the Heidelberg digits
    events_file{.times = {{0.5, 0.25}}, .units = {{1, 2}}, .labels = {0}, .time_type = half}.write(
        path);
    H5Tclose(half);
    REQUIRE(io::read_events(path, 70).times == std::vector<double>{0.5, 0.25});
    REQUIRE(io::read_events(path, 70).written.digits == 11);
    REQUIRE(io::read_events(path, 70).written.finest == std::ldexp(1., -24));
}

TEST_CASE("recordings without an event are recordings") {
    test::folder const here;
    std::string const path = here / "events.h5";
    std::vector<std::vector<double>> const none(5);
    for (hsize_t chunk : {0u, 2u, 1000u})
        for (bool deflate : {false, true}) {
            if (deflate && chunk == 0) continue;
            CAPTURE(chunk, deflate);
            events_file{.times = none,
                        .units = none,
                        .labels = {1, 2, 3, 4, 5},
                        .chunk = chunk,
                        .deflate = deflate,
                        .unlimited = chunk > 0}
                .write(path);
            io::event_data const data = io::read_events(path, 70);
            REQUIRE((data.size() == 5 && data.times.empty() && data.units() == 0));
            REQUIRE(data.offsets == std::vector<std::size_t>(6, 0));
        }
    { // nothing was ever written into them
        test::hdf5_writer const file(path);
        file.group("/spikes");
        file.numbers("/labels", {3}, {0, 1, 2});
    }
    hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    hsize_t const three = 3;
    hid_t const space = H5Screate_simple(1, &three, nullptr);
    for (auto const& [name, type] :
         {std::pair{"/spikes/times", H5T_IEEE_F64LE}, std::pair{"/spikes/units", H5T_STD_I32LE}}) {
        hid_t const of_file = H5Tvlen_create(type);
        H5Dclose(H5Dcreate2(file, name, of_file, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        H5Tclose(of_file);
    }
    H5Sclose(space);
    H5Fclose(file);
    REQUIRE(io::read_events(path, 70).offsets == std::vector<std::size_t>(4, 0));
}

TEST_CASE("what is written as k steps lands in step k, whatever its type; what lies before stays "
          "before") {
    test::folder const here;
    std::string const path = here / "events.h5";
    hid_t const half = half_type();
    auto steps_of = [&](std::vector<double> const& times, hid_t type, duration step) {
        events_file{.times = {times},
                    .units = {std::vector<double>(times.size(), 0)},
                    .labels = {0},
                    .time_type = type}
            .write(path);
        io::event_data const data = io::read_events(path, 1);
        std::vector<double> steps;
        for (double time : data.times)
            steps.push_back(io::detail::step_of(time, step.seconds, data.written));
        return steps;
    };
    for (duration step : {1 * ms, 7 * ms, 0.1 * ms, 10 * ms, 0.3 * ms}) {
        CAPTURE(step.seconds);
        int const count = 5000;
        std::vector<double> products, products_of_floats, quotients, inside, wanted;
        for (int k = 0; k < count; ++k) {
            products.push_back(k * step.seconds);
            products_of_floats.push_back(
                static_cast<double>(static_cast<float>(k) * static_cast<float>(step.seconds)));
            quotients.push_back(k / (1 / step.seconds));
            inside.push_back((k + 0.98) * step.seconds);
            wanted.push_back(k);
        }
        REQUIRE(steps_of(products, H5T_IEEE_F64LE, step) == wanted);
        REQUIRE(steps_of(quotients, H5T_IEEE_F64LE, step) == wanted);
        REQUIRE(steps_of(inside, H5T_IEEE_F64LE, step) == wanted);
        REQUIRE(steps_of(products, H5T_IEEE_F32LE, step) == wanted);
        REQUIRE(steps_of(products_of_floats, H5T_IEEE_F32LE, step) == wanted);
        REQUIRE(steps_of(inside, H5T_IEEE_F32LE, step) == wanted);
        for (std::size_t k = 0; k < products.size(); ++k)
            inside[k] = (static_cast<double>(k) + 0.5) * step.seconds;
        products.resize(600), inside.resize(200),
            wanted.resize(600); // as far as a half has the digits
        REQUIRE(steps_of(products, half, step) == wanted);
        wanted.resize(200);
        REQUIRE(steps_of(inside, half, step) == wanted);
    }
    H5Tclose(half);

    // A spike in every step of 1 ms is one in every step, in the packed view too.
    io::event_data data;
    data.labels = {0};
    for (int k = 0; k < 3000; ++k) data.times.push_back(k * 0.001), data.unit_of.push_back(5);
    data.offsets.push_back(data.times.size());
    Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, Kokkos::HostSpace> const packed("packed",
                                                                                        3000, 1, 1);
    io::bin_events(data, std::vector<std::size_t>{0}, 1 * ms, packed);
    for (std::size_t t = 0; t < 3000; ++t) REQUIRE(packed(t, 0, 0) == 32u);
}

TEST_CASE("a file that is replaced while it is read: all parts are of one of them") {
    test::folder const here;
    std::string const path = here / "events.h5";
    auto const made = [&](std::size_t count) {
        std::string const aside = here / "made.h5";
        std::vector<std::vector<double>> const one(50, std::vector<double>(count, 0.5));
        events_file{.times = one,
                    .units = one,
                    .labels = std::vector<double>(50, static_cast<double>(count))}
            .write(aside);
        return test::bytes_of(aside);
    };
    std::string const three = made(3), four = made(4);
    test::write_bytes(path, three);
    std::atomic<bool> over = false;
    std::thread other([&] {
        for (int k = 0; !over; ++k) {
            test::write_bytes(here / "next", k % 2 == 0 ? four : three);
            std::filesystem::rename(here / "next", path);
        }
    });
    int mixed = 0;
    for (int k = 0; k < 300; ++k) {
        io::event_data const data = io::read_events(path, 70);
        mixed += data.times.size() != 50u * static_cast<std::size_t>(data.labels[0]);
    }
    over = true;
    other.join();
    REQUIRE(mixed == 0);
}

TEST_CASE("what is no file on a disk is refused, and not waited for") {
    test::folder const here;
    std::string const pipe = here / "pipe";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    SAYS(io::read_events(pipe, 70),
         "'" + pipe + "' cannot be read (it is no plain file, but a pipe or a device)");
    SAYS(io::read_events("/dev/zero", 70), "it is no plain file");
    SAYS(io::read_events(here.name(), 70), "it is a folder");
}

TEST_CASE("structures that HDF5 would follow for ever") {
    test::folder const here;
    std::string const path = here / "events.h5";
    auto const put = [](std::string& bytes, std::size_t at, std::size_t value, std::size_t width) {
        for (std::size_t k = 0; k < width; ++k) bytes[at + k] = static_cast<char>(value >> 8 * k);
    };
    auto const number = [](std::string const& bytes, std::size_t at) {
        return io::detail::number_at(bytes, at, 8);
    };
    for (hsize_t chunk : {0u, 1u}) {
        for (bool user_block : {false, true}) {
            std::size_t const base = user_block ? 512 : 0;
            events_file{.chunk = chunk, .user_block = user_block}.write(path);
            std::string const whole = test::bytes_of(path);
            auto const says = [&](std::string const& bytes, std::string const& words) {
                test::write_bytes(path, bytes);
                SAYS(io::read_events(path, 70), "'" + path + "' is damaged (" + words);
                SAYS(io::read_nir(path), "'" + path + "' is damaged (" + words);
            };
            // Every free list of names that is there: it names itself, it leads out of its heap;
            // the heap is longer than the file.
            int heaps = 0;
            for (std::size_t heap = whole.find("HEAP"); heap != std::string::npos;
                 heap = whole.find("HEAP", heap + 4), ++heaps) {
                std::size_t const size = number(whole, heap + 8), free = number(whole, heap + 16),
                                  data = base + number(whole, heap + 24);
                REQUIRE(free < size);
                std::string broken = whole;
                put(broken, data + free, free, 8);
                says(broken, "its heap of names does not hold together");
                broken = whole;
                put(broken, heap + 16, size - 8, 8);
                says(broken, "its heap of names does not hold together");
                broken = whole;
                put(broken, heap + 8, std::size_t(1) << 60, 8);
                says(broken, "its heap of names promises more than the file holds");
            }
            REQUIRE(heaps == 2);
            // Every tree: it is its own child.
            int trees = 0;
            for (std::size_t tree = whole.find("TREE"); tree != std::string::npos;
                 tree = whole.find("TREE", tree + 4), ++trees) {
                std::string broken = whole;
                bool const of_groups = whole[tree + 4] == 0;
                broken[tree + 5] = 1;
                put(broken, tree + 24 + (of_groups ? 8 : 24), tree - base, 8);
                says(broken, "one of its trees does not hold together");
            }
            REQUIRE(trees == (chunk == 0 ? 2 : 4));
            // Every description of chunks (version 3, chunked, two extents; where their tree is):
            // they are 4 GB large.
            int described = 0;
            std::string const mark = "\3\2\2";
            for (std::size_t at = whole.find(mark); at != std::string::npos;
                 at = whole.find(mark, at + 1)) {
                std::size_t const tree = base + number(whole, at + 3);
                if (tree > whole.size() || whole.compare(tree, 4, "TREE") != 0) continue;
                std::string broken = whole;
                put(broken, at + 11, 0x10000000, 4);
                put(broken, at + 15, 16, 4);
                says(broken, "one of its arrays lies in chunks of 4 GB or more");
                ++described;
            }
            REQUIRE(described == (chunk == 0 ? 0 : 2));
            // The header of the root goes on in itself: a message that nobody misses becomes one
            // that leads there.
            std::size_t const header = base + number(whole, base + 64);
            REQUIRE(whole[header] == 1);
            std::string broken = whole;
            put(broken, header + 16, 0x10, 2);
            put(broken, header + 24, header + 16 - base, 8);
            put(broken, header + 32, 24, 8);
            says(broken, "the header of one of its objects leads to itself");
        }
    }
}

TEST_CASE("texts and lists that one heap holds are not read as often as they are named") {
    test::folder const here;
    std::string const path = here / "texts.h5";
    std::vector<std::string> texts(2000, "short");
    texts[0] = std::string(100000, 'x');
    {
        test::hdf5_writer const file(path);
        file.texts("/texts", {2000}, texts);
    }
    REQUIRE(io::hdf5_file(path).texts("/texts") == texts);
    std::string bytes = test::bytes_of(path);
    std::size_t const first = bytes.find(std::string("\xa0\x86\1\0", 4)); // 100000
    for (std::size_t k = 1; k < 2000; ++k)
        bytes.replace(first + 16 * k, 16, bytes.substr(first, 16));
    test::write_bytes(path, bytes);
    SAYS(io::hdf5_file(path).texts("/texts"), "its length is not that of its numbers");
}

TEST_CASE("bad event files get a sentence each") {
    test::folder const here;
    std::string const path = here / "events.h5";
    auto read = [&](events_file const& file) {
        file.write(path);
        return io::read_events(path, 70);
    };
    SAYS(io::read_events(path, 70), "cannot be opened");
    test::write_bytes(path, "times,units\n0.1,3\n");
    SAYS(io::read_events(path, 70), "it is not a whole HDF5 file");
    test::write_bytes(path, "");
    SAYS(io::read_events(path, 70), "it is not a whole HDF5 file");

    SAYS(read({.without = "spikes"}),
         "'spikes/times' in '" + path + "' cannot be read (it is missing");
    SAYS(read({.without = "times"}),
         "'spikes/times' in '" + path + "' cannot be read (it is missing");
    SAYS(read({.without = "units"}),
         "'spikes/units' in '" + path + "' cannot be read (it is missing");
    SAYS(read({.without = "labels"}), "'labels' in '" + path + "' cannot be read (it is missing");

    SAYS(read({.times = {{1}, {2}}, .units = {{1}}, .labels = {0, 0}}),
         "'spikes/units' in '" + path + "' holds 1 lists (each of the 2");
    SAYS(read({.times = {{1}, {2}}, .units = {{1}, {1}}, .labels = {0}}),
         "'labels' in '" + path + "' holds 1 labels (each of the 2");
    SAYS(read({.times = {{1}, {2, 3}}, .units = {{1}, {1}}, .labels = {0, 0}}),
         "holds 1 units at [1] (the recording has 2 times");
    SAYS(read({.times = {}, .units = {}, .labels = {}}), "holds no recordings");

    SAYS(read({.times = {{1}, {2, 3}}, .units = {{1}, {1, 70}}, .labels = {0, 0}}),
         "the unit 70 at [1][1] (units are 0 to 69)");
    SAYS(read({.times = {{1}}, .units = {{-1}}, .labels = {0}, .unit_type = H5T_STD_I16LE}),
         "the unit -1 at [0][0]");
    SAYS(read({.times = {{1}}, .units = {{1e18}}, .labels = {0}, .unit_type = H5T_STD_U64LE}),
         "the unit 1000000000000000000 at [0][0]");
    double const nan = std::numeric_limits<double>::quiet_NaN();
    SAYS(read({.times = {{1, nan}}, .units = {{1, 1}}, .labels = {0}}),
         "nan at [0][1] (times are finite and not negative)");
    SAYS(read({.times = {{1, -0.5}}, .units = {{1, 1}}, .labels = {0}}),
         "the time -0.500000 at [0][1]");
    SAYS(read({.times = {{1e300}}, .units = {{1}}, .labels = {0}}), "the time inf at [0][0]");
    REQUIRE(read({.times = {{1e300}}, .units = {{1}}, .labels = {0}, .time_type = H5T_IEEE_F64LE})
                .times[0] == 1e300); // finite in a double
    SAYS(read({.times = {{1}}, .units = {{1}}, .labels = {-3}, .label_type = H5T_STD_I32LE}),
         "the label -3.000000 at [0]");
    SAYS(read({.times = {{1}}, .units = {{1}}, .labels = {0.5}, .label_type = H5T_IEEE_F32LE}),
         "labels are whole numbers");
    SAYS(read({.times = {{1}}, .units = {{1}}, .labels = {1e10}, .label_type = H5T_STD_I64LE}),
         "labels are whole numbers");

    SAYS(read({.time_type = H5T_STD_I32LE}), "its lists do not hold fractions");
    SAYS(read({.unit_type = H5T_IEEE_F32LE}), "its lists do not hold whole numbers");
    {
        test::hdf5_writer const file(path);
        file.group("/spikes");
        file.numbers("/spikes/times", {4}, {1, 2, 3, 4});
    }
    SAYS(io::read_events(path, 70), "it holds no lists of variable length");
    {
        test::hdf5_writer const file(path);
        file.group("/spikes");
        file.numbers("/spikes/times", {2, 2}, {1, 2, 3, 4});
    }
    SAYS(io::read_events(path, 70), "it has 2 axes instead of one");
    REQUIRE_THROWS_AS(io::read_events(path, 0), value_error);
}

TEST_CASE("lists whose references are damaged") {
    test::folder const here;
    std::string const path = here / "events.h5";
    std::vector<double> const many(5000, 0.5), ones(5000, 1);
    events_file{.times = {many, {0.5}}, .units = {ones, {1}}, .labels = {0, 0}}.write(path);
    hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT),
                set = H5Dopen2(file, "spikes/times", H5P_DEFAULT);
    std::size_t const references = H5Dget_offset(set);
    H5Dclose(set);
    H5Fclose(file);
    std::string const whole = test::bytes_of(path);
    auto with = [&](std::size_t at, std::string const& bytes) {
        std::string broken = whole;
        broken.replace(references + at, bytes.size(), bytes);
        test::write_bytes(path, broken);
        return io::read_events(path, 70);
    };
    REQUIRE(with(0, "").size() == 2);
    std::string const three("\3\0\0\0", 4), huge("\xff\xff\xff\xff", 4);
    SAYS(with(0, three), "'spikes/times[0]' in '" + path +
                             "' cannot be read (its length is not that of its numbers)");
    SAYS(with(0, huge), "its length is not that of its numbers");
    SAYS(with(12, huge), "its length is not that of its numbers");
    SAYS(with(4, huge + huge), "it lies beyond the end of the file");
    SAYS(with(4, std::string("\x10\0\0\0\0\0\0\0", 8)),
         "the heap in which it lies does not hold together");
    std::string const first = whole.substr(references, 16);
    SAYS(with(16, first), "'spikes/units' in '" + path + "' holds 1 units at [1]");
    // Fifty lists that are all the first one: more would be read than is stored.
    std::vector<std::vector<double>> lists(50, {0.5});
    lists[0] = many;
    events_file{.times = lists, .units = lists, .labels = std::vector<double>(50)}.write(path);
    std::string bytes = test::bytes_of(path);
    std::size_t const found = bytes.find(std::string("\x88\x13\0\0", 4)); // 5000
    REQUIRE(found != std::string::npos);
    for (std::size_t k = 1; k < 50; ++k) bytes.replace(found + 16 * k, 16, bytes.substr(found, 16));
    test::write_bytes(path, bytes);
    SAYS(io::read_events(path, 70), "its length is not that of its numbers");
}

TEST_CASE("chunks that do not unpack") {
    test::folder const here;
    std::string const path = here / "events.h5";
    events_file{.chunk = 4, .deflate = true}.write(path);
    std::string const whole = test::bytes_of(path);
    std::size_t const filter = whole.find("deflate") - 8,
                      packed = whole.find("\x78\x9c"); // zlib's mark at level 6
    REQUIRE((filter < whole.size() && packed < whole.size()));
    std::string broken = whole;
    broken[filter + 1] = 1;
    test::write_bytes(path, broken);
    SAYS(io::read_events(path, 70),
         "'spikes/times' in '" + path +
             "' cannot be read (it is packed by another filter than deflate)");
    broken = whole;
    broken[packed + 5] = static_cast<char>(broken[packed + 5] ^ 0x10);
    test::write_bytes(path, broken);
    SAYS(io::read_events(path, 70), "its compressed data do not unpack");
}

TEST_CASE("event files cut short") {
    test::folder const here;
    std::string const path = here / "events.h5";
    for (hsize_t chunk : {0u, 3u}) {
        events_file{.chunk = chunk, .deflate = chunk > 0}.write(path);
        std::string const whole = test::bytes_of(path);
        for (std::size_t length = 0; length < whole.size(); length += 13) {
            test::write_bytes(path, whole.substr(0, length));
            SAYS(io::read_events(path, 70), path);
        }
    }
}

TEST_CASE("random damage gives a file_error or none") {
    test::folder const here;
    std::string const path = here / "events.h5";
    std::mt19937 random(20);
    int whole_again = 0, broken_ones = 0;
    for (hsize_t chunk : {0u, 3u})
        for (bool deflate : {false, true}) {
            if (deflate && chunk == 0) continue;
            events_file{.chunk = chunk, .deflate = deflate}.write(path);
            std::string const whole = test::bytes_of(path);
            std::vector<std::size_t> used; // most of a small file is empty
            for (std::size_t k = 0; k < whole.size(); ++k)
                if (whole[k] != 0) used.push_back(k);
            for (int round = 0; round < 600; ++round) {
                std::string broken = whole;
                for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
                    std::size_t const near = used[random() % used.size()] + random() % 8;
                    std::size_t const at =
                        round % 4 == 0 ? random() % whole.size() : std::min(near, whole.size() - 1);
                    broken[at] = static_cast<char>(
                        round % 2 == 0 ? random() : broken[at] ^ (1 << random() % 8));
                }
                test::write_bytes(path, broken);
                ++(reads(path) ? whole_again : broken_ones);
            }
        }
    REQUIRE((whole_again > 0 && broken_ones > 0));
}

TEST_CASE("bins agree with a plain loop") {
    for (unsigned units : {1u, 31u, 32u, 64u, 70u}) {
        io::event_data const data = random_events(9, units, 3 + units);
        std::vector<std::size_t> const chosen = {4, 0, 8, 4};
        std::size_t const steps = 40, words = (units + 31) / 32;
        Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, Kokkos::HostSpace> const packed(
            "packed", steps, chosen.size(), words);
        Kokkos::deep_copy(packed, 0xffffffffu);
        io::bin_events(data, chosen, 2 * ms, packed);
        std::size_t wrong = 0, set = 0;
        for (std::size_t t = 0; t < steps; ++t)
            for (std::size_t b = 0; b < chosen.size(); ++b)
                for (unsigned n = 0; n < words * 32; ++n) {
                    bool wanted = false;
                    for (std::size_t k = data.offsets[chosen[b]]; k < data.offsets[chosen[b] + 1];
                         ++k)
                        wanted = wanted || (data.unit_of[k] == n &&
                                            std::floor(data.times[k] / 0.002) == double(t));
                    bool const got = (packed(t, b, n / 32) >> (n % 32)) & 1u;
                    wrong += got != wanted;
                    set += got;
                }
        REQUIRE(wrong == 0);
        REQUIRE(set > 0);
    }
}

TEST_CASE("bins: edges") {
    io::event_data data;
    data.times = {0, 0.0019f, 0.002f, 0.0025f, 0.004f, 1e30f};
    data.unit_of = {0, 0, 33, 33, 1, 2};
    data.offsets = {0, 6, 6};
    data.labels = {0, 0};
    using view = Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, Kokkos::HostSpace>;
    view const packed("packed", 2, 1, 3);
    std::vector<std::size_t> const both = {0, 1}, first = {0}, second = {1}, beyond = {2};
    Kokkos::deep_copy(packed, 7u);
    io::bin_events(data, first, 2 * ms, packed);
    REQUIRE((packed(0, 0, 0) == 1 && packed(0, 0, 1) == 0 && packed(0, 0, 2) == 0));
    REQUIRE((packed(1, 0, 0) == 0 && packed(1, 0, 1) == 2 && packed(1, 0, 2) == 0));
    io::bin_events(data, second, 2 * ms, packed);
    REQUIRE((packed(0, 0, 0) == 0 && packed(1, 0, 1) == 0));
    io::bin_events(data, {}, 2 * ms, view("none", 2, 0, 2));
    io::bin_events(data, both, 2 * ms, view("no steps", 0, 2, 2));

    auto says = [](std::string const& words) { return MessageMatches(ContainsSubstring(words)); };
    REQUIRE_THROWS_MATCHES(io::bin_events(data, both, 2 * ms, packed), shape_error,
                           says("are [2, 1, 3] (there are 2 recordings"));
    REQUIRE_THROWS_MATCHES(
        io::bin_events(data, first, 2 * ms, view("narrow", 2, 1, 1)), shape_error,
        says("unit 33 of recording 0 has no bit there). The data's 34 units need 2 words"));
    REQUIRE_THROWS_AS(io::bin_events(data, beyond, 2 * ms, packed), value_error);
    REQUIRE_THROWS_AS(io::bin_events(data, first, 0 * ms, packed), value_error);
    REQUIRE_THROWS_AS(
        io::bin_events(data, first, std::numeric_limits<double>::quiet_NaN() * ms, packed),
        value_error);
}

TEST_CASE("the spoken digits themselves") {
    std::string const folder = test::spoken_digits_data();
    io::event_data const train = io::read_events(folder + "/fsdd_train.h5", 64),
                         heard = io::read_events(folder + "/fsdd_test.h5", 64);
    REQUIRE((train.size() == 2400 && train.classes() == 10 && train.units() == 64 &&
             train.times.size() == 1868275));
    REQUIRE((heard.size() == 300 && heard.classes() == 10 && heard.units() == 64 &&
             heard.times.size() == 225359));
    REQUIRE(std::count(train.labels.begin(), train.labels.end(), 9) == 240);
    std::string const largest = folder + "/fsdd_train.h5";
    SAYS(io::read_events(largest, 63), "the unit 63 at");

    std::vector<std::size_t> all(heard.size());
    for (std::size_t k = 0; k < all.size(); ++k) all[k] = k;
    Kokkos::View<std::uint32_t***, Kokkos::LayoutRight, Kokkos::HostSpace> const packed(
        "packed", 1000, all.size(), 2);
    io::bin_events(heard, all, 1 * ms, packed);
    std::size_t spikes = 0;
    for (std::size_t k = 0; k < packed.size(); ++k)
        spikes += static_cast<std::size_t>(std::popcount(packed.data()[k]));
    REQUIRE(spikes == heard.times.size()); // as numpy counts
}
