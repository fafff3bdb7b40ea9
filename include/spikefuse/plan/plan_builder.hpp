// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// From a network to the nodes of its plan: words join one after the other (`append`). Those that
/// join others stand in plan_joins.hpp.

#include "../graph/recurrent.hpp"
#include "../layers/delay.hpp"
#include "../layers/input.hpp"
#include "../layers/row_map.hpp"
#include "nodes.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {
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
template <class Shape, class Feeds, class Points>
struct in_registers {
    using shape = Shape;
    static constexpr int width = Shape::width;
};
template <class Shape, class... Sources>
struct in_buffers {
    using shape = Shape;
    static constexpr int width = Shape::width;
};

/// The plan so far. Words: mp_list of layers met; Shapes: those of their inputs.
template <class Words, class Shapes, class Buffers, class Nodes, class Signal>
struct plan_builder {
    using words = Words;
    using shapes = Shapes;
    using buffers = Buffers;
    using nodes = Nodes;
    using signal = Signal;
};

template <class Words, class Points>
struct stage_emits_bits : emits_bits<mp11::mp_at<Words, mp11::mp_back<Points>>> {};
template <class Words>
struct stage_emits_bits<Words, mp11::mp_list<>> : std::false_type {}; // there may be no word yet

/// Whether what a layer gives of spikes are spikes: it moves them.
template <class Word>
struct keeps_spikes : std::false_type {};
template <class Word>
    requires(Word::keeps_spikes)
struct keeps_spikes<Word> : std::true_type {};

/// Whether a stage passes on the bits of one buffer, or of a part of it, perhaps moved.
template <class Words, class Buffers, class Feeds, class Points>
struct passes_bits : std::false_type {};
template <class Words, class Buffers, int Buffer, int Delay, int First, int Count>
struct passes_bits<Words, Buffers,
                   mp11::mp_list<feed<no_layer, source<Buffer, 0, Delay, 1, First, Count>>>,
                   mp11::mp_list<>> : std::bool_constant<mp11::mp_at_c<Buffers, Buffer>::bits> {};
template <class Words, class Buffers, int Layer, int Buffer, int Delay>
    requires(Layer >= 0)
struct passes_bits<Words, Buffers, mp11::mp_list<feed<Layer, source<Buffer, 0, Delay>>>,
                   mp11::mp_list<>>
    : std::bool_constant<keeps_spikes<mp11::mp_at_c<Words, Layer>>::value &&
                         mp11::mp_at_c<Buffers, Buffer>::bits> {};

template <class Draft>
struct flush {
    using type = Draft; // already settled
};
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class Feeds,
          class Points>
struct flush<plan_builder<Words, Shapes, Buffers, Nodes, in_registers<Shape, Feeds, Points>>> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Buffers>::value);
    using type = plan_builder<
        Words, Shapes,
        mp11::mp_push_back<
            Buffers, buffer<Shape::width, stage_emits_bits<Words, Points>::value ||
                                              passes_bits<Words, Buffers, Feeds, Points>::value>>,
        mp11::mp_push_back<Nodes, stage<Shape::width, Feeds, Points, id>>,
        in_buffers<Shape, source<id, 0>>>;
};

template <class Draft, class Word>
struct append;

template <class Words, class Shapes, class Buffers, class Nodes, class Signal, class Left,
          class Right>
struct append<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, sequence<Left, Right>> {
    using type = typename append<
        typename append<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, Left>::type,
        Right>::type;
};

/// A layer sees what stands side by side as one row.
template <class Shapes, class Shape>
using with_shape = mp11::mp_push_back<Shapes, spikefuse::detail::plain_shape<Shape>>;

template <class Draft, class Word, bool Mixes>
struct append_layer;

// A mixing layer reads buffers and opens a stage.
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class... Sources,
          class Word>
struct append_layer<plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Sources...>>,
                    Word, true> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Words>::value);
    using type =
        plan_builder<mp11::mp_push_back<Words, Word>, with_shape<Shapes, Shape>, Buffers, Nodes,
                     in_registers<shape_behind<Word, Shape>, mp11::mp_list<feed<id, Sources...>>,
                                  mp11::mp_list<>>>;
};
// A pointwise layer joins the open stage, in registers.
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class Feeds,
          class Points, class Word>
struct append_layer<plan_builder<Words, Shapes, Buffers, Nodes, in_registers<Shape, Feeds, Points>>,
                    Word, false> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Words>::value);
    using type =
        plan_builder<mp11::mp_push_back<Words, Word>, with_shape<Shapes, Shape>, Buffers, Nodes,
                     in_registers<Shape, Feeds, mp11::mp_push_back<Points, mp11::mp_int<id>>>>;
};
// Behind buffers it opens a stage; there each feature may go to several neurons.
template <class Word>
inline constexpr int neurons_a_feature = 1;
template <class Word>
    requires requires { Word::neurons_a_feature; }
inline constexpr int neurons_a_feature<Word> = Word::neurons_a_feature;
template <class Source, int Each>
using spread_source = source<Source::buffer, Source::offset * Each, Source::delay, Each>;
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class... Sources,
          class Word>
struct append_layer<plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Sources...>>,
                    Word, false> {
    static constexpr int id = static_cast<int>(mp11::mp_size<Words>::value);
    using type = plan_builder<
        mp11::mp_push_back<Words, Word>, with_shape<Shapes, Shape>, Buffers, Nodes,
        in_registers<
            shape_behind<Word, Shape>,
            mp11::mp_list<feed<no_layer, spread_source<Sources, neurons_a_feature<Word>>...>>,
            mp11::mp_list<mp11::mp_int<id>>>>;
};

// Neurons of which one may fire end their stage: the winner is known once all of them were seen.
template <class Draft>
struct ends_in_contest : std::false_type {};
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class Feeds,
          class... Points>
    requires(sizeof...(Points) > 0)
struct ends_in_contest<plan_builder<Words, Shapes, Buffers, Nodes,
                                    in_registers<Shape, Feeds, mp11::mp_list<Points...>>>>
    : competes<mp11::mp_at<Words, mp11::mp_back<mp11::mp_list<Points...>>>> {};

/// What a row map reads is one row: several sources are added up, or joined, before it.
template <class Draft>
struct flush_to_one_row : flush<Draft> {};
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class... Sources>
    requires(sizeof...(Sources) > 1)
struct flush_to_one_row<plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Sources...>>>
    : flush<plan_builder<
          Words, Shapes, Buffers, Nodes,
          in_registers<Shape, mp11::mp_list<feed<no_layer, Sources...>>, mp11::mp_list<>>>> {};
template <class Word, class Shape>
inline constexpr bool is_row_map = false;
template <class Word, class Shape>
    requires connection<Word>
inline constexpr bool is_row_map<Word, Shape> = row_map<typename Word::template over<Shape>>;

template <class Draft, class Word>
struct append {
    static_assert(spikefuse::detail::widths_meet<Draft::signal::width, Word::wants>());
    static_assert(
        connection<Word> || neuron_layer<Word>,
        "spikefuse: a layer is neither a connection (mixes is true, and over<Left> says how "
        "its weights lie) nor one of neurons (mixes is false, and equations_of names a struct "
        "with equations()). See core/layer.hpp for the two concepts.");
    static constexpr bool reads_rows = Word::mixes || neurons_a_feature<Word> != 1;
    using ready = typename std::conditional_t<
        is_row_map<Word, spikefuse::detail::plain_shape<typename Draft::signal::shape>>,
        flush_to_one_row<Draft>,
        std::conditional_t<reads_rows || ends_in_contest<Draft>::value, flush<Draft>,
                           mp11::mp_identity<Draft>>>::type;
    using type = typename append_layer<ready, Word, Word::mixes>::type;
};
/// The signal in another shape, of as many numbers.
template <class Signal, class Shape>
struct reshaped;
template <class Before, class Feeds, class Points, class Shape>
struct reshaped<in_registers<Before, Feeds, Points>, Shape> {
    using type = in_registers<Shape, Feeds, Points>;
};
template <class Before, class... Sources, class Shape>
struct reshaped<in_buffers<Before, Sources...>, Shape> {
    using type = in_buffers<Shape, Sources...>;
};
template <class Words, class Shapes, class Buffers, class Nodes, class Signal, class Word>
    requires computes_nothing<Word>
struct append<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, Word> {
    static_assert(spikefuse::detail::widths_meet<Signal::width, Word::wants>());
    using type =
        plan_builder<Words, Shapes, Buffers, Nodes,
                     typename reshaped<Signal, shape_behind<Word, typename Signal::shape>>::type>;
};

template <class Draft>
using flushed = typename flush<Draft>::type;
template <class Draft, class Signal>
using with_signal = plan_builder<typename Draft::words, typename Draft::shapes,
                                 typename Draft::buffers, typename Draft::nodes, Signal>;
template <class Draft, class Nodes>
using with_nodes = plan_builder<typename Draft::words, typename Draft::shapes,
                                typename Draft::buffers, Nodes, typename Draft::signal>;

// A delay reads older rows, which their buffers keep. The caller's rows are copied first.
template <class Source>
using is_callers = std::bool_constant<Source::buffer == network_input>;
template <class Draft>
struct flush_into_buffers : flush<Draft> {};
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class... Sources>
    requires(is_callers<Sources>::value || ...)
struct flush_into_buffers<
    plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Sources...>>>
    : flush<plan_builder<
          Words, Shapes, Buffers, Nodes,
          in_registers<Shape, mp11::mp_list<feed<no_layer, Sources...>>, mp11::mp_list<>>>> {};
template <class Buffers, class Source>
using keeping =
    mp11::mp_replace_at_c<Buffers, Source::buffer,
                          buffer<mp11::mp_at_c<Buffers, Source::buffer>::width,
                                 mp11::mp_at_c<Buffers, Source::buffer>::bits,
                                 (mp11::mp_at_c<Buffers, Source::buffer>::kept > Source::delay
                                      ? mp11::mp_at_c<Buffers, Source::buffer>::kept
                                      : Source::delay)>>;
// Each feature of another step: a connection that reads one row, and so many before it.
template <class Draft>
struct flush_to_kept_row : flush_into_buffers<Draft> {};
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class... Sources>
    requires(sizeof...(Sources) > 1)
struct flush_to_kept_row<plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Sources...>>>
    : flush_to_one_row<plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Sources...>>> {
};
template <class Draft, int Steps>
struct keep_rows;
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class Source,
          int Steps>
struct keep_rows<plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Source>>, Steps> {
    using type = plan_builder<Words, Shapes,
                              keeping<Buffers, source<Source::buffer, 0, Source::delay + Steps>>,
                              Nodes, in_buffers<Shape, Source>>;
};
template <class Words, class Shapes, class Buffers, class Nodes, class Signal, class Word>
    requires past_map<
        typename Word::template over<spikefuse::detail::plain_shape<typename Signal::shape>>>
struct append<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, Word> {
    static_assert(spikefuse::detail::widths_meet<Signal::width, Word::wants>());
    using over =
        typename Word::template over<spikefuse::detail::plain_shape<typename Signal::shape>>;
    using row =
        typename flush_to_kept_row<plan_builder<Words, Shapes, Buffers, Nodes, Signal>>::type;
    using type =
        typename append_layer<typename keep_rows<row, over::steps_back>::type, Word, true>::type;
};
template <class Draft, int Steps>
struct delay_signal;
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class... Sources,
          int Steps>
struct delay_signal<plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Sources...>>,
                    Steps> {
    template <class Source>
    using older = source<Source::buffer, Source::offset, Source::delay + Steps, Source::each>;
    using type = plan_builder<Words, Shapes,
                              mp11::mp_fold<mp11::mp_list<older<Sources>...>, Buffers, keeping>,
                              Nodes, in_buffers<Shape, older<Sources>...>>;
};
template <class Words, class Shapes, class Buffers, class Nodes, class Signal, int Steps>
struct append<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, delay_word<Steps>>
    : delay_signal<
          typename flush_into_buffers<plan_builder<Words, Shapes, Buffers, Nodes, Signal>>::type,
          Steps> {};

/// The last stage writes the readout.
template <class Draft>
struct finish;
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class Feeds,
          class Points>
struct finish<plan_builder<Words, Shapes, Buffers, Nodes, in_registers<Shape, Feeds, Points>>> {
    using type =
        plan_builder<Words, Shapes, Buffers,
                     mp11::mp_push_back<Nodes, stage<Shape::width, Feeds, Points, readout>>, void>;
    static constexpr int outputs = Shape::width;
    static constexpr bool bits = stage_emits_bits<Words, Points>::value;
};
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class... Sources>
struct finish<plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Sources...>>>
    : finish<plan_builder<
          Words, Shapes, Buffers, Nodes,
          in_registers<Shape, mp11::mp_list<feed<no_layer, Sources...>>, mp11::mp_list<>>>> {};

} // namespace detail

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
