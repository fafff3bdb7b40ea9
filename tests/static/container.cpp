// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A network as a container: composed from data, changed, asked.
#include <boost/hana.hpp>
#include <spikefuse/hana.hpp>
#include <type_traits>

using namespace spikefuse;
namespace hana = boost::hana;

// A part several times.
static_assert(std::is_same_v<decltype(input<9> >> repeat<3>(linear<4> >> lif) >> li),
                             decltype(input<9> >> (((linear<4> >> lif) >> (linear<4> >> lif)) >>
                                                   (linear<4> >> lif)) >>
                                      li)>);
static_assert(std::is_same_v<decltype(repeat<1>(lif)), std::remove_const_t<decltype(lif)>>);

// From data: widths in a tuple.
constexpr auto widths = hana::tuple_c<int, 128, 64, 10>;
constexpr auto stacked = hana::fold_left(
    widths, input<784>, [](auto network, auto width) { return network >> linear<width()> >> lif; });
static_assert(
    std::is_same_v<decltype(stacked), decltype(input<784> >> linear<128> >> lif >> linear<64> >>
                                               lif >> linear<10> >> lif) const>);

// Layers in order, as `each_layer` counts them: a path before its body.
constexpr auto mixed = input<6> >> (identity + (linear<6> >> lif)) >>
                       (li | recurrent(lif)) >> linear<3>(no_bias) >> li;
constexpr auto words = layers(mixed);
static_assert(hana::length(mixed) == hana::size_c<7>);
static_assert(std::is_same_v<
              decltype(words),
              hana::tuple<std::remove_const_t<decltype(linear<6>)>,
                          std::remove_const_t<decltype(lif)>, std::remove_const_t<decltype(li)>,
                          recurrent_weights_word<false>, std::remove_const_t<decltype(lif)>,
                          decltype(linear<3>(no_bias)), std::remove_const_t<decltype(li)>> const>);
static_assert(hana::length(input<6>) == hana::size_c<0> && hana::length(lif) == hana::size_c<1>);

// Asked: Foldable and Searchable.
constexpr auto has_weights = [](auto word) { return hana::bool_c<decltype(word)::mixes>; };
constexpr auto is_recurrent = [](auto word) {
    return hana::bool_c<std::is_same_v<decltype(word), recurrent_weights_word<false>>>;
};
static_assert(hana::count_if(mixed, has_weights) == hana::size_c<3>);
static_assert(hana::any_of(mixed, is_recurrent) && !hana::any_of(stacked, is_recurrent));
static_assert(std::is_same_v<decltype(hana::find_if(mixed, is_recurrent)),
                             hana::optional<recurrent_weights_word<false>>>);
static_assert(hana::find_if(stacked, is_recurrent) == hana::nothing);
static_assert(hana::fold_left(stacked, 0, [](int sum, auto word) {
                  return sum + decltype(word)::gives(0);
              }) == 128 + 64 + 10);
static_assert(parameter_count(input<784> >> linear<128> >> lif >> linear<10>(no_bias)) ==
              784 * 128 + 128 + 5 * 128 + 128 * 10);
static_assert(parameter_count(input<8> >> recurrent(scale(2))) == 8 * 8 + 8);

// Changed: every lif becomes leaky, wherever it stands, in one call; what does not change keeps its
// numbers.
constexpr auto leakier = transform(mixed, [](auto word) {
    if constexpr (std::is_same_v<decltype(word), std::remove_const_t<decltype(lif)>>) {
        return leaky;
    } else {
        return word;
    }
});
static_assert(std::is_same_v<decltype(leakier),
                             decltype(input<6> >> (identity + (linear<6> >> leaky)) >>
                                      (li | recurrent(leaky)) >> linear<3>(no_bias) >> li) const>);
static_assert(std::is_same_v<decltype(transform(mixed, [](auto word) { return word; })),
                             std::remove_const_t<decltype(mixed)>>);
constexpr auto slower =
    transform(input<4> >> scale(0.25) >> lif({.tau_mem = 40 * ms}), [](auto word) { return word; });
static_assert(hana::front(hana::reverse(layers(slower))).values.tau_mem.seconds == 0.04);

// Many layers are asked in seconds.
constexpr auto deep = input<8> >> repeat<40>(linear<8> >> lif);
constexpr auto is_connection = [](auto const& word) {
    return hana::bool_c<std::remove_cvref_t<decltype(word)>::mixes>;
};
static_assert(decltype(hana::count_if(deep, is_connection)){} == hana::size_c<40>);

int main() {}
