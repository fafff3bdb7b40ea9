// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include <spikefuse/io/idx.hpp>
#include <spikefuse/io/nir.hpp>

using namespace spikefuse;

template <class Read>
int refused(Read const& read) {
    try {
        read();
    } catch (file_error const&) {
        return 1;
    }
    return 0;
}

int main() {
    int const both = refused([] { io::read_idx("no_such_file", io::idx_images); }) +
                     refused([] { (void)io::read_nir("no_such_file"); });
    return both == 2 ? 0 : 1;
}
