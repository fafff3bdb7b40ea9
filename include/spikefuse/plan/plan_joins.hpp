// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Words that join others, as nodes of a plan: branches, parts of what stands side by side, loops.

#include "plan_builder.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan::detail {

// Branches: each reads the settled input; a sum is both lists of sources, a join shifts the
// second's.
template <class First, class Second>
struct add_signals;
template <class Shape, class... First, class Other, class... Second>
struct add_signals<in_buffers<Shape, First...>, in_buffers<Other, Second...>> {
    static_assert(spikefuse::detail::sum_of_both<Shape::width, Other::width>::value ==
                  Shape::width);
    using type = in_buffers<typename spikefuse::detail::shape_of_sum<Shape, Other>::type, First...,
                            Second...>;
};
template <class First, class Second>
struct join_signals;
template <class Shape, class... First, class Other, class... Second>
struct join_signals<in_buffers<Shape, First...>, in_buffers<Other, Second...>> {
    using type =
        in_buffers<spikefuse::detail::joined_shapes<Shape, Other>, First...,
                   source<Second::buffer, Second::offset + Shape::width, Second::delay>...>;
};
template <class Draft, class First, class Second>
struct branch {
    using input = flushed<Draft>;
    using one = flushed<typename append<input, First>::type>;
    using both = flushed<typename append<with_signal<one, typename input::signal>, Second>::type>;
};
template <class Words, class Shapes, class Buffers, class Nodes, class Signal, class First,
          class Second>
struct append<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, sum_word<First, Second>> {
    using parts = branch<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, First, Second>;
    using type =
        with_signal<typename parts::both, typename add_signals<typename parts::one::signal,
                                                               typename parts::both::signal>::type>;
};
template <class Words, class Shapes, class Buffers, class Nodes, class Signal, class First,
          class Second>
struct append<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, beside_word<First, Second>> {
    using parts = branch<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, First, Second>;
    using type = with_signal<
        typename parts::both,
        typename join_signals<typename parts::one::signal, typename parts::both::signal>::type>;
};

// A part of what stands side by side: sources that lie in it whole are read as they are; of others
// some columns pass, in registers, unchanged.
template <class Buffers, class Source, int Begin, int End>
struct taken {
    static constexpr int first = Source::offset,
                         width = mp11::mp_at_c<Buffers, Source::buffer>::width,
                         begin = first > Begin ? first : Begin,
                         end = first + width < End ? first + width : End,
                         count = begin < end ? end - begin : 0;
    static constexpr bool whole = count == width || count == 0;
    using type = mp11::mp_if_c<
        count == 0, mp11::mp_list<>,
        mp11::mp_list<source<Source::buffer, begin - Begin, Source::delay, Source::each,
                             whole ? 0 : begin - first, whole ? 0 : count>>>;
};
template <class... Sources>
using passing_feed = feed<no_layer, Sources...>;
template <class Draft, int Part>
struct take_part;
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class... Sources,
          int Part>
struct take_part<plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Sources...>>, Part> {
    using shape = shape_behind<take_word<Part>, Shape>;
    static constexpr int begin = spikefuse::detail::width_before(
                             spikefuse::detail::shape_parts<Shape>{}, Part),
                         end = begin + shape::width;
    using sources =
        mp11::mp_append<mp11::mp_list<>, typename taken<Buffers, Sources, begin, end>::type...>;
    using type = plan_builder<
        Words, Shapes, Buffers, Nodes,
        mp11::mp_if_c<(taken<Buffers, Sources, begin, end>::whole && ...),
                      mp11::mp_apply<in_buffers, mp11::mp_push_front<sources, shape>>,
                      in_registers<shape, mp11::mp_list<mp11::mp_apply<passing_feed, sources>>,
                                   mp11::mp_list<>>>>;
};
template <class Words, class Shapes, class Buffers, class Nodes, class Signal, int Part>
struct append<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, take_word<Part>>
    : take_part<flushed<plan_builder<Words, Shapes, Buffers, Nodes, Signal>>, Part> {};

// A loop: the path's weights stay open and join the body's first stage; the body's last stage fills
// the buffer that is fed back.
template <class Input, class Path>
struct merge_feedback;
template <class Shape, class... Sources, class Feeds, class Path>
struct merge_feedback<in_buffers<Shape, Sources...>, in_registers<Path, Feeds, mp11::mp_list<>>> {
    using type = in_registers<Shape, mp11::mp_push_front<Feeds, feed<no_layer, Sources...>>,
                              mp11::mp_list<>>;
};
template <class Shape, class... Sources, class Path, class... Back>
struct merge_feedback<in_buffers<Shape, Sources...>, in_buffers<Path, Back...>> {
    using type = in_buffers<Shape, Sources..., Back...>;
};
/// Whether a path leads back to the first of the parts that come, and to no others.
template <class Comes, class Path>
struct leads_to_first_parts : std::false_type {};
template <class... Part, class... Back>
    requires(sizeof...(Back) < sizeof...(Part))
struct leads_to_first_parts<mp11::mp_list<Part...>, mp11::mp_list<Back...>> {
    using first = mp11::mp_take_c<mp11::mp_list<Part...>, sizeof...(Back)>;
    static constexpr bool value = [] {
        return []<class... First>(mp11::mp_list<First...>) {
            return ((First::width == Back::width) && ...);
        }(first{});
    }();
};
template <class Draft>
struct keep_if_weights : flush<Draft> {
}; // a path with neurons or scales of its own is settled first
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, int Layer,
          class... Sources>
struct keep_if_weights<
    plan_builder<Words, Shapes, Buffers, Nodes,
                 in_registers<Shape, mp11::mp_list<feed<Layer, Sources...>>, mp11::mp_list<>>>>
    : mp11::mp_identity<plan_builder<
          Words, Shapes, Buffers, Nodes,
          in_registers<Shape, mp11::mp_list<feed<Layer, Sources...>>, mp11::mp_list<>>>> {};

/// The last stage of a body fills buffer Id.
template <class Draft, int Id>
struct write_feedback;
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class Feeds,
          class Points, int Id>
struct write_feedback<
    plan_builder<Words, Shapes, Buffers, Nodes, in_registers<Shape, Feeds, Points>>, Id> {
    using back = buffer<Shape::width, stage_emits_bits<Words, Points>::value,
                        mp11::mp_at_c<Buffers, Id>::kept>;
    using type = plan_builder<Words, Shapes, mp11::mp_replace_at_c<Buffers, Id, back>,
                              mp11::mp_push_back<Nodes, stage<Shape::width, Feeds, Points, Id>>,
                              in_buffers<Shape, source<Id, 0>>>;
};
template <class Words, class Shapes, class Buffers, class Nodes, class Shape, class... Sources,
          int Id>
struct write_feedback<plan_builder<Words, Shapes, Buffers, Nodes, in_buffers<Shape, Sources...>>,
                      Id>
    : write_feedback<plan_builder<Words, Shapes, Buffers, Nodes,
                                  in_registers<Shape, mp11::mp_list<feed<no_layer, Sources...>>,
                                               mp11::mp_list<>>>,
                     Id> {};

template <class Words, class Shapes, class Buffers, class Nodes, class Signal, class Body,
          class Path>
struct append<plan_builder<Words, Shapes, Buffers, Nodes, Signal>, recurrent_word<Body, Path>> {
    using outside = flushed<plan_builder<Words, Shapes, Buffers, Nodes, Signal>>;
    static constexpr int id = static_cast<int>(mp11::mp_size<typename outside::buffers>::value);
    using given = shape_behind<Body, typename outside::signal::shape>;
    using begun =
        plan_builder<typename outside::words, typename outside::shapes,
                     mp11::mp_push_back<typename outside::buffers, buffer<given::width, false, 1>>,
                     mp11::mp_list<>, in_buffers<given, source<id, 0, 1>>>;
    using path = typename append<begun, Path>::type;
    using comes = typename outside::signal::shape;
    using returns = typename path::signal::shape;
    static constexpr bool to_all =
        !leads_to_first_parts<spikefuse::detail::shape_parts<comes>,
                              spikefuse::detail::shape_parts<returns>>::value;
    static_assert(std::conditional_t<to_all, path_leads_back<comes::width, returns::width>,
                                     std::true_type>::value);
    using back = typename std::conditional_t<to_all, keep_if_weights<path>, flush<path>>::type;
    using met =
        with_signal<back,
                    typename merge_feedback<typename outside::signal, typename back::signal>::type>;
    using around = typename write_feedback<typename append<met, Body>::type, id>::type;
    using type =
        with_nodes<around, mp11::mp_push_back<typename outside::nodes,
                                              mp11::mp_apply<loop, typename around::nodes>>>;
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan::detail
