// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// The nodes of a plan, as types. A network becomes stages: weights (feeds) and the neurons behind
/// them, which run together.

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
/// What a feed reads: a buffer, whose first column is input `Offset` of the layer; `Delay` 1 is the
/// previous step. A column goes to `Each` neighbouring inputs.
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
    requires neuron_layer<Word>
struct emits_bits<Word>
    : std::bool_constant<equations::equation_traits<typename Word::equations_of>::emits_bits> {};

template <class Word>
struct competes : std::false_type {};
template <class Word>
    requires neuron_layer<Word>
struct competes<Word>
    : std::bool_constant<equations::equation_traits<typename Word::equations_of>::competes> {};

/// A signal under construction: still in registers, or in buffers.
template <int Width, class Feeds, class Points>
struct in_registers {
    static constexpr int width = Width;
};
template <int Width, class... Sources>
struct in_buffers {
    static constexpr int width = Width;
};

/// The plan so far. Words: mp_list of layers met; Widths: their input widths as mp_int.
template <class Words, class Widths, class Buffers, class Nodes, class Signal>
struct plan_builder {
    using words = Words;
    using widths = Widths;
    using buffers = Buffers;
    using nodes = Nodes;
    using signal = Signal;
};

template <class Words, class Points>
using stage_emits_bits = mp11::mp_eval_if<
    mp11::mp_empty<Points>, std::false_type, emits_bits,
    mp11::mp_at<Words, mp11::mp_back<mp11::mp_push_front<Points, mp11::mp_int<0>>>>>;

template <class Draft>
struct flush {
    using type = Draft; // already settled
};
template <class Words, class Widths, class Buffers, class Nodes, int Width, class Feeds,
          class Points>
struct flush<plan_builder<Words, Widths, Buffers, Nodes, in_registers<Width, Feeds, Points>>> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Buffers>::value);
    using type = plan_builder<
        Words, Widths,
        mp11::mp_push_back<Buffers, buffer<Width, stage_emits_bits<Words, Points>::value>>,
        mp11::mp_push_back<Nodes, stage<Width, Feeds, Points, id>>,
        in_buffers<Width, source<id, 0>>>;
};

template <class Draft, class Word>
struct append;

template <class Words, class Widths, class Buffers, class Nodes, class Signal, class Left,
          class Right>
struct append<plan_builder<Words, Widths, Buffers, Nodes, Signal>, sequence<Left, Right>> {
    using type = typename append<
        typename append<plan_builder<Words, Widths, Buffers, Nodes, Signal>, Left>::type,
        Right>::type;
};

template <class Draft, class Word, bool Mixes>
struct append_layer;

// A mixing layer reads buffers and opens a stage.
template <class Words, class Widths, class Buffers, class Nodes, int Width, class... Sources,
          class Word>
struct append_layer<plan_builder<Words, Widths, Buffers, Nodes, in_buffers<Width, Sources...>>,
                    Word, true> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Words>::value);
    using type = plan_builder<
        mp11::mp_push_back<Words, Word>, mp11::mp_push_back<Widths, mp11::mp_int<Width>>, Buffers,
        Nodes,
        in_registers<Word::gives(Width), mp11::mp_list<feed<id, Sources...>>, mp11::mp_list<>>>;
};
// A pointwise layer joins the open stage, in registers.
template <class Words, class Widths, class Buffers, class Nodes, int Width, class Feeds,
          class Points, class Word>
struct append_layer<plan_builder<Words, Widths, Buffers, Nodes, in_registers<Width, Feeds, Points>>,
                    Word, false> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Words>::value);
    using type =
        plan_builder<mp11::mp_push_back<Words, Word>,
                     mp11::mp_push_back<Widths, mp11::mp_int<Width>>, Buffers, Nodes,
                     in_registers<Width, Feeds, mp11::mp_push_back<Points, mp11::mp_int<id>>>>;
};
// Behind buffers it opens a stage; there each feature may go to several neurons.
template <class Word>
inline constexpr int neurons_a_feature = 1;
template <class Word>
    requires requires { Word::neurons_a_feature; }
inline constexpr int neurons_a_feature<Word> = Word::neurons_a_feature;
template <class Source, int Each>
using spread_source = source<Source::buffer, Source::offset * Each, Source::delay, Each>;
template <class Words, class Widths, class Buffers, class Nodes, int Width, class... Sources,
          class Word>
struct append_layer<plan_builder<Words, Widths, Buffers, Nodes, in_buffers<Width, Sources...>>,
                    Word, false> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Words>::value);
    using type = plan_builder<
        mp11::mp_push_back<Words, Word>, mp11::mp_push_back<Widths, mp11::mp_int<Width>>, Buffers,
        Nodes,
        in_registers<
            Word::gives(Width),
            mp11::mp_list<feed<no_layer, spread_source<Sources, neurons_a_feature<Word>>...>>,
            mp11::mp_list<mp11::mp_int<id>>>>;
};

// Neurons of which one may fire end their stage: the winner is known once all of them were seen.
template <class Draft>
struct ends_in_contest : std::false_type {};
template <class Words, class Widths, class Buffers, class Nodes, int Width, class Feeds,
          class... Points>
    requires(sizeof...(Points) > 0)
struct ends_in_contest<plan_builder<Words, Widths, Buffers, Nodes,
                                    in_registers<Width, Feeds, mp11::mp_list<Points...>>>>
    : competes<mp11::mp_at<Words, mp11::mp_back<mp11::mp_list<Points...>>>> {};

template <class Draft, class Word>
struct append {
    static_assert(spikefuse::detail::widths_meet<Draft::signal::width, Word::wants>());
    static_assert(
        connection<Word> || neuron_layer<Word>,
        "spikefuse: a layer is neither a connection (mixes is true, and over<Left> says how "
        "its weights lie) nor one of neurons (mixes is false, and equations_of names a struct "
        "with equations()). See core/layer.hpp for the two concepts.");
    static constexpr bool reads_rows = Word::mixes || neurons_a_feature<Word> != 1;
    using ready = typename std::conditional_t<reads_rows || ends_in_contest<Draft>::value,
                                              flush<Draft>, mp11::mp_identity<Draft>>::type;
    using type = typename append_layer<ready, Word, Word::mixes>::type;
};
template <class Words, class Widths, class Buffers, class Nodes, class Signal, int N>
struct append<plan_builder<Words, Widths, Buffers, Nodes, Signal>, input_word<N>> {
    using type = plan_builder<Words, Widths, Buffers, Nodes, Signal>;
};

template <class Draft>
using flushed = typename flush<Draft>::type;
template <class Draft, class Signal>
using with_signal = plan_builder<typename Draft::words, typename Draft::widths,
                                 typename Draft::buffers, typename Draft::nodes, Signal>;
template <class Draft, class Nodes>
using with_nodes = plan_builder<typename Draft::words, typename Draft::widths,
                                typename Draft::buffers, Nodes, typename Draft::signal>;

template <class Words, class Widths, class Buffers, class Nodes, class Signal>
struct append<plan_builder<Words, Widths, Buffers, Nodes, Signal>, identity_word> {
    using type = plan_builder<Words, Widths, Buffers, Nodes, Signal>;
};

// Branches: each reads the settled input; a sum is both lists of sources, a join shifts the
// second's.
template <class First, class Second>
struct add_signals;
template <int Width, class... First, int Other, class... Second>
struct add_signals<in_buffers<Width, First...>, in_buffers<Other, Second...>> {
    static_assert(spikefuse::detail::sum_of_both<Width, Other>::value == Width);
    using type = in_buffers<Width, First..., Second...>;
};
template <class First, class Second>
struct join_signals;
template <int Width, class... First, int Other, class... Second>
struct join_signals<in_buffers<Width, First...>, in_buffers<Other, Second...>> {
    using type = in_buffers<Width + Other, First...,
                            source<Second::buffer, Second::offset + Width, Second::delay>...>;
};
template <class Draft, class First, class Second>
struct branch {
    using input = flushed<Draft>;
    using one = flushed<typename append<input, First>::type>;
    using both = flushed<typename append<with_signal<one, typename input::signal>, Second>::type>;
};
template <class Words, class Widths, class Buffers, class Nodes, class Signal, class First,
          class Second>
struct append<plan_builder<Words, Widths, Buffers, Nodes, Signal>, sum_word<First, Second>> {
    using parts = branch<plan_builder<Words, Widths, Buffers, Nodes, Signal>, First, Second>;
    using type =
        with_signal<typename parts::both, typename add_signals<typename parts::one::signal,
                                                               typename parts::both::signal>::type>;
};
template <class Words, class Widths, class Buffers, class Nodes, class Signal, class First,
          class Second>
struct append<plan_builder<Words, Widths, Buffers, Nodes, Signal>, beside_word<First, Second>> {
    using parts = branch<plan_builder<Words, Widths, Buffers, Nodes, Signal>, First, Second>;
    using type = with_signal<
        typename parts::both,
        typename join_signals<typename parts::one::signal, typename parts::both::signal>::type>;
};

// A loop: the path's weights stay open and join the body's first stage; the body's last stage fills
// the buffer that is fed back.
template <class Input, class Path>
struct merge_feedback;
template <int Width, class... Sources, class Feeds, int PathWidth>
struct merge_feedback<in_buffers<Width, Sources...>,
                      in_registers<PathWidth, Feeds, mp11::mp_list<>>> {
    static_assert(path_leads_back<Width, PathWidth>::value);
    using type = in_registers<Width, mp11::mp_push_front<Feeds, feed<no_layer, Sources...>>,
                              mp11::mp_list<>>;
};
template <int Width, class... Sources, int PathWidth, class... Back>
struct merge_feedback<in_buffers<Width, Sources...>, in_buffers<PathWidth, Back...>> {
    static_assert(path_leads_back<Width, PathWidth>::value);
    using type = in_buffers<Width, Sources..., Back...>;
};
template <class Draft>
struct keep_if_weights : flush<Draft> {
}; // a path with neurons or scales of its own is settled first
template <class Words, class Widths, class Buffers, class Nodes, int Width, int Layer,
          class... Sources>
struct keep_if_weights<
    plan_builder<Words, Widths, Buffers, Nodes,
                 in_registers<Width, mp11::mp_list<feed<Layer, Sources...>>, mp11::mp_list<>>>>
    : mp11::mp_identity<plan_builder<
          Words, Widths, Buffers, Nodes,
          in_registers<Width, mp11::mp_list<feed<Layer, Sources...>>, mp11::mp_list<>>>> {};

/// The last stage of a body fills buffer Id.
template <class Draft, int Id>
struct write_feedback;
template <class Words, class Widths, class Buffers, class Nodes, int Width, class Feeds,
          class Points, int Id>
struct write_feedback<
    plan_builder<Words, Widths, Buffers, Nodes, in_registers<Width, Feeds, Points>>, Id> {
    using back = buffer<Width, stage_emits_bits<Words, Points>::value, true>;
    using type = plan_builder<Words, Widths, mp11::mp_replace_at_c<Buffers, Id, back>,
                              mp11::mp_push_back<Nodes, stage<Width, Feeds, Points, Id>>,
                              in_buffers<Width, source<Id, 0>>>;
};
template <class Words, class Widths, class Buffers, class Nodes, int Width, class... Sources,
          int Id>
struct write_feedback<plan_builder<Words, Widths, Buffers, Nodes, in_buffers<Width, Sources...>>,
                      Id>
    : write_feedback<plan_builder<Words, Widths, Buffers, Nodes,
                                  in_registers<Width, mp11::mp_list<feed<no_layer, Sources...>>,
                                               mp11::mp_list<>>>,
                     Id> {};

template <class Words, class Widths, class Buffers, class Nodes, class Signal, class Body,
          class Path>
struct append<plan_builder<Words, Widths, Buffers, Nodes, Signal>, recurrent_word<Body, Path>> {
    using outside = flushed<plan_builder<Words, Widths, Buffers, Nodes, Signal>>;
    static constexpr int id = static_cast<int>(mp11::mp_size<typename outside::buffers>::value);
    static constexpr int width = Body::gives(outside::signal::width);
    using begun =
        plan_builder<typename outside::words, typename outside::widths,
                     mp11::mp_push_back<typename outside::buffers, buffer<width, false, true>>,
                     mp11::mp_list<>, in_buffers<width, source<id, 0, 1>>>;
    using back = typename keep_if_weights<typename append<begun, Path>::type>::type;
    using met =
        with_signal<back,
                    typename merge_feedback<typename outside::signal, typename back::signal>::type>;
    using around = typename write_feedback<typename append<met, Body>::type, id>::type;
    using type =
        with_nodes<around, mp11::mp_push_back<typename outside::nodes,
                                              mp11::mp_apply<loop, typename around::nodes>>>;
};

/// The last stage writes the readout.
template <class Draft>
struct finish;
template <class Words, class Widths, class Buffers, class Nodes, int Width, class Feeds,
          class Points>
struct finish<plan_builder<Words, Widths, Buffers, Nodes, in_registers<Width, Feeds, Points>>> {
    using type =
        plan_builder<Words, Widths, Buffers,
                     mp11::mp_push_back<Nodes, stage<Width, Feeds, Points, readout>>, void>;
    static constexpr int outputs = Width;
    static constexpr bool bits = stage_emits_bits<Words, Points>::value;
};
template <class Words, class Widths, class Buffers, class Nodes, int Width, class... Sources>
struct finish<plan_builder<Words, Widths, Buffers, Nodes, in_buffers<Width, Sources...>>>
    : finish<plan_builder<
          Words, Widths, Buffers, Nodes,
          in_registers<Width, mp11::mp_list<feed<no_layer, Sources...>>, mp11::mp_list<>>>> {};

} // namespace detail

/// The schedule of a network whose input is `bits` (packed spikes) or values.
template <class Network, bool InputBits>
struct schedule {
    static_assert(Network::wants != 0, "spikefuse: the network's input width is not known. Begin "
                                       "it with input<N> or linear<In, Out>.");
    static constexpr int inputs = Network::wants;
    using start = detail::plan_builder<mp11::mp_list<>, mp11::mp_list<>,
                                       mp11::mp_list<buffer<inputs, InputBits>>, mp11::mp_list<>,
                                       detail::in_buffers<inputs, source<network_input, 0>>>;
    using finished =
        detail::finish<typename detail::append<start, std::remove_cv_t<Network>>::type>;
    using words = typename finished::type::words;
    using widths = typename finished::type::widths;
    using buffers = typename finished::type::buffers;
    using nodes = typename finished::type::nodes;
    static constexpr int outputs = finished::outputs;
    static constexpr bool emits_bits = finished::bits;
    static constexpr int layer_count = static_cast<int>(mp11::mp_size<words>::value);
    static_assert(layer_count > 0, "spikefuse: this network computes nothing: it holds no layer "
                                   "with numbers of its own. Put one behind input<N>.");

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
