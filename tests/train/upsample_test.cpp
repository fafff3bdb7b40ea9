// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// upsample2d: each function of its row map beside a plain loop, a model's trace, gradients beside
// central differences.
#include "../support/gradients.hpp"

namespace {

constexpr int C = 3, H = 4, W = 5, K = 2, L = 3;
using over = std::remove_cvref_t<decltype(upsample2d<K, L>)>::over<image_shape<C, H, W>>;

constexpr auto larger = input<image<C, H, W>> >> upsample2d<K, L>;

/// Output n repeats this input.
int source(int n) {
    int const c = n / (K * H * L * W), y = n / (L * W) % (K * H), x = n % (L * W);
    return (c * H + y / K) * W + x / L;
}

} // namespace

TEST_CASE("upsample2d: rows, packed and not, and what their gradients add up to") {
    std::vector<std::uint32_t> words(over::inputs / 32 + 1);
    std::vector<float> values(over::inputs), gradients(over::outputs), truth(over::inputs);
    for (int n = 0; n < over::inputs; n += 3)
        words[static_cast<std::size_t>(n) / 32] |= 1u << n % 32;
    for (int n = 0; n < over::inputs; n += 2) values[static_cast<std::size_t>(n)] = 0.5f * float(n);
    for (int n = 0; n < over::outputs; ++n) {
        gradients[static_cast<std::size_t>(n)] = float(n % 7) - 3; // whole: any order, the same sum
        truth[static_cast<std::size_t>(source(n))] += gradients[static_cast<std::size_t>(n)];
    }
    float const* const none = nullptr;
    auto const check = [&](auto const* row) {
        for (int n = 0; n < over::outputs; ++n)
            REQUIRE(over::output(row, none, n) == value_in(row, source(n)));
        for (int n = 0; n < over::inputs; ++n)
            REQUIRE(over::input_gradient(row, gradients.data(), none, n) ==
                    truth[static_cast<std::size_t>(n)]);
        std::vector<float> all(over::outputs, -1), back(64 * (over::inputs / 64 + 1), -1);
        over::run(row, none, all.data(), all.data());
        for (int n = 0; n < over::outputs; ++n)
            REQUIRE(all[static_cast<std::size_t>(n)] == value_in(row, source(n)));
        over::input_gradients(row, gradients.data(), none, none, back.data());
        for (int n = 0; n < over::inputs; ++n)
            REQUIRE(back[static_cast<std::size_t>(n)] == truth[static_cast<std::size_t>(n)]);
    };
    check(words.data());
    check(values.data());
}
TEST_CASE("upsample2d: a model gives each pixel K times down and L times across") {
    static_assert(output_shape<larger> == image<C, K * H, L * W>);
    model network{larger, {.steps = 2, .batch = 1}};
    Kokkos::View<float***, Kokkos::LayoutRight> x("x", 2, 1, C * H * W);
    auto const given = Kokkos::create_mirror_view(x);
    for (std::size_t t = 0; t < 2; ++t)
        for (std::size_t n = 0; n < x.extent(2); ++n) given(t, 0, n) = float(t * 100 + n);
    Kokkos::deep_copy(x, given);
    auto const y = test::host(network(x));
    REQUIRE(y.extent(2) == C * H * W * K * L);
    for (std::size_t t = 0; t < 2; ++t)
        for (std::size_t n = 0; n < y.extent(2); ++n)
            REQUIRE(y(t, 0, n) == given(t, 0, static_cast<std::size_t>(source(int(n)))));
}
TEST_CASE("central differences: a small image made large again") {
    check_gradients(input<image<2, 4, 6>> >> conv2d<3, 2>.stride<2>() >> smooth >>
                        upsample2d<2, 1> >> conv2d<2, 2> >> smooth >> flatten >> linear<3> >> li,
                    cross_entropy(counts), some_labels);
}
