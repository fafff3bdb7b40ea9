// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The published accuracies, where the data are; and the example as a person runs it, with wrong
// input.
#include "../../examples/mnist_network.hpp"
#include "../support/data.hpp"
#include "../support/files.hpp"

#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <cstdlib>
#include <spikefuse/io/load.hpp>

using Catch::Matchers::WithinAbs;

TEST_CASE("MNIST: 97.42 % with the strict threshold, 97.46 % with the inclusive one") {
    std::string const network = test::nir_data() / "mnist_if.nir";
    auto const set = spikefuse::io::read_mnist(test::mnist_data());
    auto const strict = mnist_network::classify(mnist_network::strict, set, network, 100, 128);
    REQUIRE(std::abs(static_cast<long>(strict.right) - 9742) <= 3);
    REQUIRE_THAT(strict.input_rate, WithinAbs(0.0615, 0.0001));
    REQUIRE_THAT(strict.hidden_rate, WithinAbs(0.0585, 0.0001));
    auto const inclusive =
        mnist_network::classify(mnist_network::inclusive, set, network, 100, 100);
    REQUIRE(std::abs(static_cast<long>(inclusive.right) - 9746) <= 3);
    REQUIRE_THAT(inclusive.input_rate, WithinAbs(0.0617, 0.0001));
    REQUIRE_THAT(inclusive.hidden_rate, WithinAbs(0.0586, 0.0001));
}

TEST_CASE("the example answers wrong input with one sentence") {
    test::folder const here;
    test::write_gz(here / "t10k-images-idx3-ubyte.gz", test::idx_images(2));
    test::write_gz(here / "t10k-labels-idx1-ubyte.gz", test::idx_labels(2));
    test::nir_file{}.write(here / "other.nir");
    test::write_bytes(here / "text.nir", "hello");
    auto says = [&](std::string const& arguments, std::string const& words) {
        std::string const out = here / "out.txt";
        int const code =
            std::system((SPIKEFUSE_PROGRAMS "/mnist " + arguments + " > " + out + " 2>&1").c_str());
        std::string const text = test::bytes_of(out);
        INFO(arguments << "\n" << text);
        REQUIRE(WIFEXITED(code));
        REQUIRE(WEXITSTATUS(code) != 0);
        REQUIRE(text.find(words) != std::string::npos);
        REQUIRE(text.find("accuracy") == std::string::npos);
    };
    std::string const good_data = "--data " + here.name(),
                      good_network = "--network " + (here / "other.nir");
    says("", "--data is required");
    says("--data /nowhere " + good_network, "cannot be opened");
    says(good_data + " --network /nowhere.nir", "cannot be opened");
    says(good_data + " --network " + (here / "text.nir"), "not a whole HDF5 file");
    says(good_data + " " + good_network,
         "holds 2 nodes that compute, joined otherwise than the layers of this network (it has 6:");
    says(good_data + " " + good_network + " --steps 0", "--steps");
    says(good_data + " " + good_network + " --batch many", "--batch");
    test::write_gz(here / "t10k-labels-idx1-ubyte.gz", test::idx_labels(3));
    says(good_data + " " + good_network, "3 labels for 2 images");
}
