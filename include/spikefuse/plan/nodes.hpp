// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The words of a plan: types only. A network becomes stages; a stage is weights (feeds) and the neurons behind them, run together.

#include "../equations/evaluate.hpp"
#include "../graph/recurrent.hpp"
#include "../layers/input.hpp"

#include <boost/mp11.hpp>

namespace spikefuse::inline SPIKEFUSE_ABI::plan {

namespace mp11 = boost::mp11;

inline constexpr int network_input = 0; // buffer 0 is what the caller passes
inline constexpr int readout = -1;      // the target of the last stage
inline constexpr int no_layer = -1;     // a feed that passes its sources on unchanged

/// A buffer between stages, in team scratch: spikes as bits or values.
/// Fed back: it also keeps the row of the step before the block.
template <int Width, bool Bits, bool FedBack = false>
struct buffer {
    static constexpr int width = Width;
    static constexpr bool bits = Bits, fed_back = FedBack;
};
/// What a feed reads: a buffer, whose first column is input `Offset` of the layer; `Delay` 1 is the step before. A column goes to `Each`
/// neighbouring inputs.
template <int Buffer, int Offset, int Delay = 0, int Each = 1>
struct source {
    static constexpr int buffer = Buffer, offset = Offset, delay = Delay, each = Each;
};
/// A mixing layer (or no_layer) over the sum of its sources.
template <int Layer, class... Sources>
struct feed {
    static constexpr int layer = Layer;
    using sources = mp11::mp_list<Sources...>;
};
/// Feeds summed into a current, then pointwise layers in registers. Target: the buffer it fills.
template <int Width, class Feeds, class Points, int Target>
struct stage {
    static constexpr int width = Width, target = Target;
    using feeds = Feeds;
    using points = Points; // mp_list<mp_int<layer>...>
};

/// Nodes that run step by step: a recurrent part.
template <class... Nodes>
struct loop {
    using nodes = mp11::mp_list<Nodes...>;
};

namespace detail {

template <class Word>
struct emits_bits : std::false_type {};
template <class Word>
    requires requires { typename Word::equations_of; }
struct emits_bits<Word> : std::bool_constant<equations::anatomy<typename Word::equations_of>::emits_bits> {};

template <class Word>
struct competes : std::false_type {};
template <class Word>
    requires requires { typename Word::equations_of; }
struct competes<Word> : std::bool_constant<equations::anatomy<typename Word::equations_of>::competes> {};

/// A signal under construction: still in registers (open), or in buffers (settled).
template <int Width, class Feeds, class Points>
struct open {
    static constexpr int width = Width;
};
template <int Width, class... Sources>
struct settled {
    static constexpr int width = Width;
};

/// The plan so far. Words: mp_list of layers met; Widths: their input widths as mp_int.
template <class Words, class Widths, class Buffers, class Nodes, class Signal>
struct draft {
    using words = Words;
    using widths = Widths;
    using buffers = Buffers;
    using nodes = Nodes;
    using signal = Signal;
};

template <class Words, class Points>
using stage_emits_bits = mp11::mp_eval_if<mp11::mp_empty<Points>, std::false_type, emits_bits,
                                          mp11::mp_at<Words, mp11::mp_back<mp11::mp_push_front<Points, mp11::mp_int<0>>>>>;

template <class Draft>
struct close {
    using type = Draft; // already settled
};
template <class Words, class Widths, class Buffers, class Nodes, int Width, class Feeds, class Points>
struct close<draft<Words, Widths, Buffers, Nodes, open<Width, Feeds, Points>>> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Buffers>::value);
    using type = draft<Words, Widths, mp11::mp_push_back<Buffers, buffer<Width, stage_emits_bits<Words, Points>::value>>,
                       mp11::mp_push_back<Nodes, stage<Width, Feeds, Points, id>>, settled<Width, source<id, 0>>>;
};

template <class Draft, class Word>
struct append;

template <class Words, class Widths, class Buffers, class Nodes, class Signal, class Left, class Right>
struct append<draft<Words, Widths, Buffers, Nodes, Signal>, then<Left, Right>> {
    using type = typename append<typename append<draft<Words, Widths, Buffers, Nodes, Signal>, Left>::type, Right>::type;
};

template <class Draft, class Word, bool Mixes>
struct append_layer;

// A mixing layer reads buffers and opens a stage.
template <class Words, class Widths, class Buffers, class Nodes, int Width, class... Sources, class Word>
struct append_layer<draft<Words, Widths, Buffers, Nodes, settled<Width, Sources...>>, Word, true> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Words>::value);
    using type = draft<mp11::mp_push_back<Words, Word>, mp11::mp_push_back<Widths, mp11::mp_int<Width>>, Buffers, Nodes,
                       open<Word::gives(Width), mp11::mp_list<feed<id, Sources...>>, mp11::mp_list<>>>;
};
// A pointwise layer joins the open stage, in registers.
template <class Words, class Widths, class Buffers, class Nodes, int Width, class Feeds, class Points, class Word>
struct append_layer<draft<Words, Widths, Buffers, Nodes, open<Width, Feeds, Points>>, Word, false> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Words>::value);
    using type = draft<mp11::mp_push_back<Words, Word>, mp11::mp_push_back<Widths, mp11::mp_int<Width>>, Buffers, Nodes,
                       open<Width, Feeds, mp11::mp_push_back<Points, mp11::mp_int<id>>>>;
};
// Behind buffers it opens a stage; there each feature may go to several neurons.
template <class Word>
inline constexpr int neurons_a_feature = 1;
template <class Word>
    requires requires { Word::neurons_a_feature; }
inline constexpr int neurons_a_feature<Word> = Word::neurons_a_feature;
template <class Source, int Each>
using spread_source = source<Source::buffer, Source::offset * Each, Source::delay, Each>;
template <class Words, class Widths, class Buffers, class Nodes, int Width, class... Sources, class Word>
struct append_layer<draft<Words, Widths, Buffers, Nodes, settled<Width, Sources...>>, Word, false> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Words>::value);
    using type = draft<mp11::mp_push_back<Words, Word>, mp11::mp_push_back<Widths, mp11::mp_int<Width>>, Buffers, Nodes,
                       open<Word::gives(Width), mp11::mp_list<feed<no_layer, spread_source<Sources, neurons_a_feature<Word>>...>>,
                            mp11::mp_list<mp11::mp_int<id>>>>;
};

// Neurons of which one may fire end their stage: the winner is known once all of them were seen.
template <class Draft>
struct ends_in_contest : std::false_type {};
template <class Words, class Widths, class Buffers, class Nodes, int Width, class Feeds, class... Points>
    requires(sizeof...(Points) > 0)
struct ends_in_contest<draft<Words, Widths, Buffers, Nodes, open<Width, Feeds, mp11::mp_list<Points...>>>>
    : competes<mp11::mp_at<Words, mp11::mp_back<mp11::mp_list<Points...>>>> {};

template <class Draft, class Word>
struct append {
    static_assert(spikefuse::detail::widths_meet<Draft::signal::width, Word::wants>());
    static constexpr bool reads_rows = Word::mixes || neurons_a_feature<Word> != 1;
    using ready = typename std::conditional_t<reads_rows || ends_in_contest<Draft>::value, close<Draft>, mp11::mp_identity<Draft>>::type;
    using type = typename append_layer<ready, Word, Word::mixes>::type;
};
template <class Words, class Widths, class Buffers, class Nodes, class Signal, int N>
struct append<draft<Words, Widths, Buffers, Nodes, Signal>, input_word<N>> {
    using type = draft<Words, Widths, Buffers, Nodes, Signal>;
};

template <class Draft>
using closed = typename close<Draft>::type;
template <class Draft, class Signal>
using with_signal = draft<typename Draft::words, typename Draft::widths, typename Draft::buffers, typename Draft::nodes, Signal>;
template <class Draft, class Nodes>
using with_nodes = draft<typename Draft::words, typename Draft::widths, typename Draft::buffers, Nodes, typename Draft::signal>;

template <class Words, class Widths, class Buffers, class Nodes, class Signal>
struct append<draft<Words, Widths, Buffers, Nodes, Signal>, identity_word> {
    using type = draft<Words, Widths, Buffers, Nodes, Signal>;
};

// Branches: each reads the settled input; a sum is both lists of sources, a join shifts the second's.
template <class First, class Second>
struct add_signals;
template <int Width, class... First, int Other, class... Second>
struct add_signals<settled<Width, First...>, settled<Other, Second...>> {
    static_assert(spikefuse::detail::sum_of_both<Width, Other>::value == Width);
    using type = settled<Width, First..., Second...>;
};
template <class First, class Second>
struct join_signals;
template <int Width, class... First, int Other, class... Second>
struct join_signals<settled<Width, First...>, settled<Other, Second...>> {
    using type = settled<Width + Other, First..., source<Second::buffer, Second::offset + Width, Second::delay>...>;
};
template <class Draft, class First, class Second>
struct branch {
    using input = closed<Draft>;
    using one = closed<typename append<input, First>::type>;
    using both = closed<typename append<with_signal<one, typename input::signal>, Second>::type>;
};
template <class Words, class Widths, class Buffers, class Nodes, class Signal, class First, class Second>
struct append<draft<Words, Widths, Buffers, Nodes, Signal>, sum_word<First, Second>> {
    using parts = branch<draft<Words, Widths, Buffers, Nodes, Signal>, First, Second>;
    using type = with_signal<typename parts::both, typename add_signals<typename parts::one::signal, typename parts::both::signal>::type>;
};
template <class Words, class Widths, class Buffers, class Nodes, class Signal, class First, class Second>
struct append<draft<Words, Widths, Buffers, Nodes, Signal>, beside_word<First, Second>> {
    using parts = branch<draft<Words, Widths, Buffers, Nodes, Signal>, First, Second>;
    using type = with_signal<typename parts::both, typename join_signals<typename parts::one::signal, typename parts::both::signal>::type>;
};

// A loop: the path's weights stay open and join the body's first stage; the body's last stage fills the buffer that is fed back.
template <class Input, class Path>
struct meet;
template <int Width, class... Sources, class Feeds, int PathWidth>
struct meet<settled<Width, Sources...>, open<PathWidth, Feeds, mp11::mp_list<>>> {
    static_assert(path_leads_back<Width, PathWidth>::value);
    using type = open<Width, mp11::mp_push_front<Feeds, feed<no_layer, Sources...>>, mp11::mp_list<>>;
};
template <int Width, class... Sources, int PathWidth, class... Back>
struct meet<settled<Width, Sources...>, settled<PathWidth, Back...>> {
    static_assert(path_leads_back<Width, PathWidth>::value);
    using type = settled<Width, Sources..., Back...>;
};
template <class Draft>
struct unless_weights : close<Draft> {}; // a path with neurons or scales of its own is settled first
template <class Words, class Widths, class Buffers, class Nodes, int Width, int Layer, class... Sources>
struct unless_weights<draft<Words, Widths, Buffers, Nodes, open<Width, mp11::mp_list<feed<Layer, Sources...>>, mp11::mp_list<>>>>
    : mp11::mp_identity<draft<Words, Widths, Buffers, Nodes, open<Width, mp11::mp_list<feed<Layer, Sources...>>, mp11::mp_list<>>>> {};

/// The last stage of a body fills buffer Id.
template <class Draft, int Id>
struct fill;
template <class Words, class Widths, class Buffers, class Nodes, int Width, class Feeds, class Points, int Id>
struct fill<draft<Words, Widths, Buffers, Nodes, open<Width, Feeds, Points>>, Id> {
    using back = buffer<Width, stage_emits_bits<Words, Points>::value, true>;
    using type = draft<Words, Widths, mp11::mp_replace_at_c<Buffers, Id, back>, mp11::mp_push_back<Nodes, stage<Width, Feeds, Points, Id>>,
                       settled<Width, source<Id, 0>>>;
};
template <class Words, class Widths, class Buffers, class Nodes, int Width, class... Sources, int Id>
struct fill<draft<Words, Widths, Buffers, Nodes, settled<Width, Sources...>>, Id>
    : fill<draft<Words, Widths, Buffers, Nodes, open<Width, mp11::mp_list<feed<no_layer, Sources...>>, mp11::mp_list<>>>, Id> {};

template <class Words, class Widths, class Buffers, class Nodes, class Signal, class Body, class Path>
struct append<draft<Words, Widths, Buffers, Nodes, Signal>, recurrent_word<Body, Path>> {
    using outside = closed<draft<Words, Widths, Buffers, Nodes, Signal>>;
    static constexpr int id = static_cast<int>(mp11::mp_size<typename outside::buffers>::value);
    static constexpr int width = Body::gives(outside::signal::width);
    using begun =
        draft<typename outside::words, typename outside::widths, mp11::mp_push_back<typename outside::buffers, buffer<width, false, true>>,
              mp11::mp_list<>, settled<width, source<id, 0, 1>>>;
    using back = typename unless_weights<typename append<begun, Path>::type>::type;
    using met = with_signal<back, typename meet<typename outside::signal, typename back::signal>::type>;
    using around = typename fill<typename append<met, Body>::type, id>::type;
    using type = with_nodes<around, mp11::mp_push_back<typename outside::nodes, mp11::mp_apply<loop, typename around::nodes>>>;
};

/// The last stage writes the readout.
template <class Draft>
struct finish;
template <class Words, class Widths, class Buffers, class Nodes, int Width, class Feeds, class Points>
struct finish<draft<Words, Widths, Buffers, Nodes, open<Width, Feeds, Points>>> {
    using type = draft<Words, Widths, Buffers, mp11::mp_push_back<Nodes, stage<Width, Feeds, Points, readout>>, void>;
    static constexpr int outputs = Width;
    static constexpr bool bits = stage_emits_bits<Words, Points>::value;
};
template <class Words, class Widths, class Buffers, class Nodes, int Width, class... Sources>
struct finish<draft<Words, Widths, Buffers, Nodes, settled<Width, Sources...>>>
    : finish<draft<Words, Widths, Buffers, Nodes, open<Width, mp11::mp_list<feed<no_layer, Sources...>>, mp11::mp_list<>>>> {};

} // namespace detail

/// The schedule of a network whose input is `bits` (packed spikes) or values.
template <class Network, bool InputBits>
struct schedule {
    static_assert(Network::wants != 0, "spikefuse: the network's input width is not known. Begin it with input<N> or linear<In, Out>.");
    static constexpr int inputs = Network::wants;
    using start = detail::draft<mp11::mp_list<>, mp11::mp_list<>, mp11::mp_list<buffer<inputs, InputBits>>, mp11::mp_list<>,
                                detail::settled<inputs, source<network_input, 0>>>;
    using finished = detail::finish<typename detail::append<start, std::remove_cv_t<Network>>::type>;
    using words = typename finished::type::words;
    using widths = typename finished::type::widths;
    using buffers = typename finished::type::buffers;
    using nodes = typename finished::type::nodes;
    static constexpr int outputs = finished::outputs;
    static constexpr bool emits_bits = finished::bits;
    static constexpr int layer_count = static_cast<int>(mp11::mp_size<words>::value);
    static_assert(layer_count > 0,
                  "spikefuse: this network computes nothing: it holds no layer with numbers of its own. Put one behind input<N>.");

    template <int Layer>
    using word = mp11::mp_at_c<words, Layer>;
    template <int Layer>
    static constexpr int width_into = mp11::mp_at_c<widths, Layer>::value;
    template <int Layer>
    static constexpr int width_from = word<Layer>::gives(width_into<Layer>);
    template <int Buffer>
    using buffer_at = mp11::mp_at_c<buffers, Buffer>;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::plan
