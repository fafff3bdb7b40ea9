// MNIST's files: the good, and each way of being bad.
#include "../support/files.hpp"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>
#include <spikefuse/io/idx.hpp>

using namespace spikefuse;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

#define SAYS(CALL, WORDS) REQUIRE_THROWS_MATCHES(CALL, file_error, MessageMatches(ContainsSubstring(WORDS)))

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
    std::string const images = here / "t10k-images-idx3-ubyte.gz", labels = here / "t10k-labels-idx1-ubyte.gz";
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
    test::write_gz(images, test::big_endian(0x803) + test::big_endian(0xffffffff) + test::big_endian(0xffffffff) + test::big_endian(28));
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
