// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The published accuracies, where the data are.
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
