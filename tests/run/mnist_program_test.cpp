// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The example as a person runs it, with wrong input.
#include "../support/data.hpp"
#include "../support/files.hpp"

#include <cstdlib>

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
