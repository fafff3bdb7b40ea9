// Damaged files, thousands of them, from a fixed seed: whatever is in a file, reading it ends in data or in a spikefuse::error.
#include "../support/files.hpp"

#include <spikefuse/core/errors.hpp>
#include <spikefuse/io/idx.hpp>
#include <spikefuse/io/nir.hpp>

using namespace spikefuse;

namespace {

template <class Read>
int damage(std::string const& whole, std::string const& path, int rounds, Read const& read) {
    std::mt19937 random(2024);
    int refused = 0;
    for (int round = 0; round < rounds; ++round) {
        std::string bytes = whole;
        for (unsigned k = 0; k < 1 + random() % 4; ++k) {
            std::size_t const at = random() % bytes.size();
            switch (random() % 4) {
            case 0:
                bytes[at] = static_cast<char>(random());
                break;
            case 1:
                bytes[at] = static_cast<char>(bytes[at] ^ (1 << random() % 8));
                break;
            case 2:
                bytes = bytes.substr(0, at + 1);
                break;
            default:
                bytes.insert(at, 1 + random() % 16, static_cast<char>(random()));
            }
        }
        test::write_bytes(path, bytes);
        try {
            read();
        } catch (error const& fault) {
            REQUIRE(std::string(fault.what()).find("spikefuse::") == 0);
            ++refused;
        }
    }
    return refused;
}

} // namespace

TEST_CASE("damaged idx files") {
    test::folder const here;
    std::string const path = here / "images";
    REQUIRE(damage(test::idx_images(3, 5, 5), path, 2000, [&] { io::read_idx(path, io::idx_images); }) > 500);
    test::write_gz(path, test::idx_images(3, 5, 5));
    REQUIRE(damage(test::bytes_of(path), path, 2000, [&] { io::read_idx(path, io::idx_images); }) > 500);
}

TEST_CASE("damaged NIR files") {
    test::folder const here;
    std::string const path = here / "network.nir";
    test::nir_file{}.write(path);
    REQUIRE(damage(test::bytes_of(path), path, 3000, [&] { (void)io::nir_chain(io::read_nir(path), path); }) > 500);
}
