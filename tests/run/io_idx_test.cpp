// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// MNIST's files: the good, and each way of being bad.
#include "../support/data.hpp"
#include "../support/files.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <spikefuse/io/idx.hpp>
#include <sys/stat.h>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

#define SAYS(CALL, WORDS)                                                                          \
    REQUIRE_THROWS_MATCHES(CALL, file_error, MessageMatches(ContainsSubstring(WORDS)))

TEST_CASE("a pipe, a device or a folder is no idx file, and is not waited for") {
    test::folder const here;
    std::string const pipe = here / "t10k-images-idx3-ubyte";
    REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    SAYS(io::read_idx(pipe, io::idx_images), "it is no plain file, but a pipe or a device");
    SAYS(io::read_mnist(here.name()), "it is no plain file, but a pipe or a device");
    SAYS(io::read_idx("/dev/zero", io::idx_images), "it is no plain file");
    SAYS(io::read_idx(here.name(), io::idx_images), "it is a folder");
}

TEST_CASE("a whole set is read, plain or gzipped") {
    test::folder const here;
    test::write_gz(here / "t10k-images-idx3-ubyte.gz", test::idx_images(12));
    test::write_bytes(here / "t10k-labels-idx1-ubyte", test::idx_labels(12));
    io::mnist const set = io::read_mnist(here.name());
    REQUIRE(set.count == 12);
    REQUIRE(set.rows == 28);
    REQUIRE(set.images.size() == 12 * 784);
    REQUIRE(set.images[785] == 785 % 251);
    REQUIRE(set.labels[11] == 1);
}

TEST_CASE("bad idx files get a sentence each") {
    test::folder const here;
    std::string const images = here / "t10k-images-idx3-ubyte.gz",
                      labels = here / "t10k-labels-idx1-ubyte.gz";
    SAYS(io::read_mnist(here.name()), "cannot be opened");
    test::write_gz(labels, test::idx_labels(12));

    test::write_gz(images, test::idx_images(12).substr(0, 5000));
    SAYS(io::read_mnist(here.name()), "is cut short");
    test::write_gz(images, test::idx_images(12).substr(0, 9));
    SAYS(io::read_mnist(here.name()), "is cut short");
    test::write_bytes(images, "");
    SAYS(io::read_mnist(here.name()), "is cut short");

    test::write_gz(images, test::idx_images(12));
    std::string const packed = test::bytes_of(images);
    test::write_bytes(images, packed.substr(0, packed.size() / 2));
    SAYS(io::read_mnist(here.name()), images);
    std::string broken = packed;
    for (std::size_t k = 30; k < 60; ++k) broken[k] = static_cast<char>(broken[k] ^ 0x5a);
    test::write_bytes(images, broken);
    SAYS(io::read_mnist(here.name()), images);

    test::write_gz(images, test::idx_images(12) + "more");
    SAYS(io::read_mnist(here.name()), "longer than its header says");
    test::write_gz(images, "not an idx file at all");
    SAYS(io::read_mnist(here.name()), "magic number");
    test::write_gz(images, test::big_endian(0x803) + test::big_endian(0xffffffff) +
                               test::big_endian(0xffffffff) + test::big_endian(28));
    SAYS(io::read_mnist(here.name()), "absurd size");
    test::write_gz(images, test::idx_images(0));
    test::write_gz(labels, test::idx_labels(0));
    SAYS(io::read_mnist(here.name()), "holds no images");

    test::write_gz(images, test::idx_labels(12));
    test::write_gz(labels, test::idx_images(12));
    SAYS(io::read_mnist(here.name()), "swapped");
    test::write_gz(images, test::idx_images(12));
    test::write_gz(labels, test::idx_labels(11));
    SAYS(io::read_mnist(here.name()), "holds 11 labels for 12 images");
    std::string wrong = test::idx_labels(12);
    wrong[10] = 17;
    test::write_gz(labels, wrong);
    SAYS(io::read_mnist(here.name()), "the label 17 at [2]");
}

TEST_CASE("plain files are held to the same") {
    test::folder const here;
    std::string const images = here / "t10k-images-idx3-ubyte",
                      labels = here / "t10k-labels-idx1-ubyte";
    test::write_bytes(images, test::idx_images(4));
    SAYS(io::read_mnist(here.name()), "t10k-labels-idx1-ubyte.gz' cannot be opened");
    test::write_bytes(labels, test::idx_labels(4));
    REQUIRE(io::read_mnist(here.name()).count == 4);

    test::write_bytes(images, test::idx_images(4).substr(0, 1000));
    SAYS(io::read_mnist(here.name()), "its header promises 3136 bytes of data");
    test::write_bytes(images, test::idx_images(4).substr(0, 14));
    SAYS(io::read_mnist(here.name()), "it ends in its header, after 2 of 4 bytes");
    test::write_bytes(images, test::idx_images(4) + "m");
    SAYS(io::read_mnist(here.name()), "longer than its header says");
    test::write_bytes(images, test::big_endian(0x803) + std::string(12, '\xff'));
    SAYS(io::read_mnist(here.name()), "absurd size");
    test::write_bytes(images, test::idx_labels(4));
    SAYS(io::read_mnist(here.name()),
         "holds labels (idx1-ubyte) where images (idx3-ubyte) were wanted");
    std::filesystem::remove(images);
    std::filesystem::create_directory(images);
    SAYS(io::read_mnist(here.name()), "cannot be read (it is a folder");
}

TEST_CASE("gzip's checksum is read too") {
    test::folder const here;
    std::string const path = here / "images.gz";
    test::write_gz(path, test::idx_images(12));
    std::string const packed = test::bytes_of(path);
    for (std::size_t missing : {1u, 4u, 8u}) {
        test::write_bytes(path, packed.substr(0, packed.size() - missing));
        SAYS(io::read_idx(path, io::idx_images), "the end of its compressed data is missing");
    }
    for (std::size_t from_end : {2u, 6u}) { // length, checksum
        std::string broken = packed;
        broken[packed.size() - from_end] = static_cast<char>(broken[packed.size() - from_end] ^ 1);
        test::write_bytes(path, broken);
        SAYS(io::read_idx(path, io::idx_images), "is damaged (its compressed data do not unpack)");
    }
    for (std::size_t length = 2; length < packed.size(); length += 7) {
        test::write_bytes(path, packed.substr(0, length));
        REQUIRE_THROWS_AS(io::read_idx(path, io::idx_images), file_error);
    }
}

TEST_CASE("MNIST itself") {
    io::mnist const set = io::read_mnist(test::mnist_data());
    REQUIRE(set.count == 10000);
    REQUIRE((set.rows == 28 && set.columns == 28 && set.images.size() == 7840000));
    REQUIRE((set.labels[0] == 7 && set.labels[1] == 2 && set.labels[9999] == 6));
}
