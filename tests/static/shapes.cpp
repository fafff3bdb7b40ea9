// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shapes, as far as the language knows them.
#include <spikefuse/language.hpp>

using namespace spikefuse;

constexpr auto said_once = input<784> >> linear<128> >> lif >> linear<10> >> li;
constexpr auto said_twice = linear<784, 128> >> lif >> linear<128, 10> >> li;
static_assert(input_shape<said_once> == features<784>{});
static_assert(output_shape<said_once> == features<10>{});
static_assert(input_shape<said_twice> == features<784>{});
static_assert(output_shape<said_twice> == features<10>{});

// A block is a variable template.
template <int Width>
constexpr auto spiking = linear<Width> >> lif;
constexpr auto deep = input<64> >> spiking<32> >> spiking<16>;
static_assert(output_shape<deep> == features<16>{});

// A population multiplies the width, and asks for none.
constexpr auto coded = input<4> >> population<16> >> poisson >> linear<10>;
static_assert(output_shape<coded> == features<10>{});
constexpr auto population_of_4 = input<4> >> population<16>;
static_assert(output_shape<population_of_4> == features<64>{});
static_assert((population<16> >> linear<64, 10>).wants == 0);
static_assert((lif >> linear<64, 10>).wants == 64 && ((lif | lif) >> linear<64, 10>).wants == 0);
static_assert(((lif + delay<2>) >> linear<64, 10>).wants == 64 &&
              ((linear<64> + lif) >> linear<64, 10>).wants == 0 &&
              (recurrent(lif >> scale(2)) >> linear<64, 10>).wants == 64);

// Images: what reads one gives one, neurons keep it, flatten ends it.
constexpr auto seeing = input<image<2, 34, 34>> >> conv2d<16, 5>.stride<2>().padding<1>() >> lif
                        >> sum_pool2d<2>;
static_assert(input_shape<seeing> == image<2, 34, 34> && output_shape<seeing> == image<16, 8, 8>);
constexpr auto both = seeing >> (identity | delay<3>) >> conv2d<4, 3, 2>.padding<same_size>();
static_assert(output_shape<both> == image<4, 8, 8>);
constexpr auto told = both >> recurrent(lif) >> flatten >> linear<10> >> li;
static_assert(output_shape<told> == features<10>{});
constexpr auto part = conv2d<16, 3> >> lif; // of any image
static_assert(output_shape<part> == unknown_shape{});
constexpr auto heard = input<image<3, 1, 20>> >> conv1d<8, 5> >> lif;
static_assert(output_shape<heard> == image<8, 1, 16>);

// Parts side by side: each in its own shape, however they are bracketed; a layer takes one row.
constexpr auto two = input<image<2, 8, 8>, 5> >> lif;
static_assert(input_shape<two> == features<133>{} && output_shape<two> == features<133>{});
constexpr auto first = two >> take<0> >> conv2d<4, 3> >> flatten;
static_assert(output_shape<first> == features<144>{});
constexpr auto more = input<5> >> (identity | linear<3>) >> (identity | (take<1> >> linear<7>));
constexpr auto last = more >> take<2>;
static_assert(output_shape<more> == features<15>{} && output_shape<last> == features<7>{});
constexpr auto stacked = seeing >> (identity | sum_pool2d<1>) >> (take<1> + take<0>);
static_assert(output_shape<stacked> == image<16, 8, 8>);

// `>>` groups as it likes: the plan is the same.
constexpr auto left = (input<8> >> linear<4>) >> (lif >> linear<2>);
constexpr auto right = input<8> >> (linear<4> >> (lif >> linear<2>));
template <auto const& Network>
using plan_of = detail::plan::schedule<std::remove_cvref_t<decltype(Network)>, false>;
static_assert(std::is_same_v<plan_of<left>::nodes, plan_of<right>::nodes>);

// A delay straight behind the input keeps rows of its own.
constexpr auto late = input<5> >> delay<2> >> linear<4> >> li;
static_assert(plan_of<late>::buffer_at<1>::kept == 2);

// Neurons join the weights before them; weights end a stage.
static_assert(boost::mp11::mp_size<plan_of<said_once>::nodes>::value == 2);
static_assert(boost::mp11::mp_size<plan_of<deep>::nodes>::value == 2);
static_assert(boost::mp11::mp_size<plan_of<coded>::nodes>::value ==
              2); // the population and Poisson in one
static_assert(plan_of<coded>::buffer_at<1>::bits && plan_of<coded>::buffer_at<1>::width == 64);
static_assert(plan_of<said_once>::buffer_at<1>::bits);
static_assert(!plan_of<said_once>::emits_bits && plan_of<deep>::emits_bits);

// A part that is a row of its own is read where it lies; of one row it is copied before weights,
// and spikes stay packed.
constexpr auto rows = input<5> >> ((linear<4> >> lif) | linear<3>) >>
                      ((take<0> >> linear<2>) | (take<1> >> linear<2>) | take<1>) >> lif;
static_assert(boost::mp11::mp_size<plan_of<rows>::nodes>::value == 5);
constexpr auto parts = input<37, 21> >> ((take<0> >> linear<9>) | (take<1> >> lif)) >> lif;
using plan_of_spikes = detail::plan::schedule<std::remove_cvref_t<decltype(parts)>, true>;
static_assert(plan_of_spikes::buffer_at<1>::bits && plan_of_spikes::buffer_at<1>::width == 37);
static_assert(boost::mp11::mp_size<plan_of_spikes::nodes>::value == 4);

int main() {}
