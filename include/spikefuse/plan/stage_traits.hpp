// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// Properties of stages and layers that need no memory layout.

#include "schedule.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan {

template <class Feed>
using has_weights = std::bool_constant<Feed::layer != no_layer>;
template <class Feeds>
using mixing_feeds = mp11::mp_copy_if<Feeds, has_weights>;
template <class Feeds>
using passing_feeds = mp11::mp_remove_if<Feeds, has_weights>;
template <class Feed>
using first_source = mp11::mp_front<typename Feed::sources>;
template <class Feed>
inline constexpr bool single = mp11::mp_size<typename Feed::sources>::value == 1;
template <class Source>
using is_network_input = std::bool_constant<Source::buffer == network_input>;

/// Whether a layer is a connection that maps rows by functions of its own.
template <class Schedule, int Layer>
inline constexpr bool maps_rows = detail::is_row_map<typename Schedule::template word<Layer>,
                                                     typename Schedule::template shape_into<Layer>>;
/// Whether a feed is one.
template <class Schedule, class Feed>
inline constexpr bool feed_maps_rows = [] {
    if constexpr (has_weights<Feed>::value) {
        return maps_rows<Schedule, Feed::layer>;
    } else {
        return false;
    }
}();

template <class Schedule>
struct stage_traits {
    static constexpr int count = Schedule::layer_count;
    /// What is said of each layer, found in one walk over the stages.
    struct marks {
        bool of[count > 0 ? count : 1];
    };

    template <class Source>
    using holds_bits = std::bool_constant<Schedule::template buffer_at<Source::buffer>::bits>;
    template <class Feed>
    static constexpr bool only_bits = mp11::mp_all_of<typename Feed::sources, holds_bits>::value;
    template <class... Feed>
    static constexpr bool weightless(mp11::mp_list<Feed...>) {
        return (!has_weights<Feed>::value && ...);
    }
    template <class... Point>
    SPIKEFUSE_FUNCTION static constexpr bool competes(mp11::mp_list<Point...>) {
        return (false || ... ||
                detail::competes<typename Schedule::template word<Point::value>>::value);
    }
    /// Whether a stage runs many steps at a time: not in a loop, and without competition. Backward
    /// it is replayed: recomputed and differentiated a few panels at a time over a whole block,
    /// with its history in L1. Other stages keep theirs in scratch.
    template <class Node>
    struct replays : std::false_type {};
    template <int Width, class Feeds, class Points, int Target>
    struct replays<stage<Width, Feeds, Points, Target>>
        : std::conjunction<
              std::bool_constant<!competes(Points{})>,
              mp11::mp_contains<typename Schedule::nodes, stage<Width, Feeds, Points, Target>>> {};
    /// Whether a loop holds weights.
    static constexpr bool has_weights_in_loops = [] {
        bool has = false;
        mp11::mp_for_each<typename Schedule::stages>([&](auto one) {
            using self = decltype(one);
            has = has || (!weightless(typename self::feeds{}) &&
                          !mp11::mp_contains<typename Schedule::nodes, self>::value);
        });
        return has;
    }();
    template <class... Point>
    static constexpr void mark_points(mp11::mp_list<Point...>, marks& some) {
        ((some.of[Point::value] = true), ...);
    }
    static constexpr marks in_replay = [] {
        marks some{};
        mp11::mp_for_each<typename Schedule::stages>([&](auto one) {
            if constexpr (replays<decltype(one)>::value)
                mark_points(typename decltype(one)::points{}, some);
        });
        return some;
    }();
    template <int Layer>
    static constexpr bool replayed = in_replay.of[Layer];
    /// Whether a stage reads one source as it stands.
    template <class Node>
    struct is_plain_read : std::false_type {};
    template <int Width, int Buffer, class Points, int Target>
    struct is_plain_read<
        stage<Width, mp11::mp_list<feed<no_layer, source<Buffer, 0, 0, 1>>>, Points, Target>>
        : std::true_type {};
    /// Whether its gradient goes to that source from the replay, without a row between.
    template <class Stage>
    static constexpr bool gradient_bypasses_buffer =
        std::conjunction_v<is_plain_read<Stage>, replays<Stage>>;

    // If a connection feeds only the sums of later stages, the tape stores those sums instead of
    // its output.
    template <int Width, class... Feed, class Points, int Target>
    static constexpr bool is_recomputed_from(stage<Width, mp11::mp_list<Feed...>, Points, Target>,
                                             int buffer) {
        constexpr bool keeps = !weightless(mp11::mp_list<Feed...>{});
        bool wants = false;
        (mp11::mp_for_each<typename Feed::sources>([&](auto from) {
             wants = wants ||
                     ((!keeps || has_weights<Feed>::value) && decltype(from)::buffer == buffer);
         }),
         ...);
        return wants;
    }
    /// Whether nobody needs a stage's rows once the tape has the sums that they went into.
    template <class Node>
    struct only_feeds_sums : std::false_type {};
    template <int Width, class... Feed, int Target>
        requires(Target != readout && (has_weights<Feed>::value || ...))
    struct only_feeds_sums<stage<Width, mp11::mp_list<Feed...>, mp11::mp_list<>, Target>> {
        static constexpr bool value = [] {
            bool wanted = false;
            mp11::mp_for_each<typename Schedule::stages>(
                [&](auto one) { wanted = wanted || is_recomputed_from(one, Target); });
            return !wanted;
        }();
    };
    template <int Width, class... Feed, class Points, int Target>
    static constexpr void mark_passing(stage<Width, mp11::mp_list<Feed...>, Points, Target> self,
                                       marks& some) {
        if (only_feeds_sums<decltype(self)>::value)
            ((some.of[has_weights<Feed>::value ? Feed::layer : 0] |= has_weights<Feed>::value),
             ...);
    }
    static constexpr marks passing_on = [] {
        marks some{};
        mp11::mp_for_each<typename Schedule::stages>([&](auto one) { mark_passing(one, some); });
        return some;
    }();
    /// Whether a tape has to keep what arrives behind a layer of weights.
    template <int Layer>
    static constexpr bool keeps_currents = !passing_on.of[Layer];

    /// The most rows before a block that a buffer keeps; gradients have room for one at least.
    static constexpr int most_kept = [] {
        int most = 1;
        mp11::mp_for_each<typename Schedule::buffers>(
            [&](auto one) { most = one.kept > most ? one.kept : most; });
        return most;
    }();

    template <class... Source>
    static constexpr int input_sources(mp11::mp_list<Source...>) {
        return (0 + ... + (is_network_input<Source>::value ? 1 : 0));
    }
    template <int Width, class... Feed, class Points, int Target>
    static constexpr int input_readers(stage<Width, mp11::mp_list<Feed...>, Points, Target>) {
        return (0 + ... + input_sources(typename Feed::sources{}));
    }
    /// Whether the network's input has one reader, which passes its gradient back as it stands.
    static constexpr bool input_passes_straight = [] {
        int readers = 0, passing = 0;
        mp11::mp_for_each<typename Schedule::stages>([&](auto one) {
            readers += input_readers(one);
            if constexpr (gradient_bypasses_buffer<decltype(one)>) passing += input_readers(one);
        });
        return readers == 1 && passing == 1;
    }();

    /// Whether a layer of weights reads the network's input and nothing else.
    template <class... Source>
    SPIKEFUSE_FUNCTION static constexpr bool all_input(mp11::mp_list<Source...>) {
        return (is_network_input<Source>::value && ...);
    }
    template <int Width, class... Feed, class Points, int Target>
    static constexpr void mark_readers(stage<Width, mp11::mp_list<Feed...>, Points, Target>,
                                       marks& more) {
        ((has_weights<Feed>::value && !all_input(typename Feed::sources{})
              ? void(more.of[Feed::layer] = true)
              : void()),
         ...);
    }
    static constexpr marks read_more = [] {
        marks more{};
        mp11::mp_for_each<typename Schedule::stages>([&](auto one) { mark_readers(one, more); });
        return more;
    }();
    template <int Layer>
    static constexpr bool reads_input_alone = !read_more.of[Layer];

    /// What is listed: the widest row of all feeds, and whether values are, each with its factor. A
    /// device multiplies those of a single source.
    struct listing {
        int widest;
        bool values;
    };
    static constexpr listing both(listing a, listing b) {
        return {a.widest > b.widest ? a.widest : b.widest, a.values || b.values};
    }
    template <class Feed, class... Source>
    static constexpr listing listing_of(mp11::mp_list<Source...>) {
        if constexpr (feed_maps_rows<Schedule, Feed>) return {0, false};
        return {(0 + ... + Schedule::template buffer_at<Source::buffer>::width),
                has_weights<Feed>::value && !only_bits<Feed> &&
                    (lanes<float>::width > 1 || sizeof...(Source) > 1)};
    }
    template <int Width, class... Feed, class Points, int Target>
    static constexpr listing listing_of(stage<Width, mp11::mp_list<Feed...>, Points, Target>) {
        listing all{0, false};
        ((all = both(all, listing_of<Feed>(typename Feed::sources{}))), ...);
        return all;
    }
    static constexpr listing listed = [] {
        listing all{0, false};
        mp11::mp_for_each<typename Schedule::stages>(
            [&](auto one) { all = both(all, listing_of(one)); });
        return all;
    }();
};

} // namespace spikefuse::inline SPIKEFUSE_ABI::detail::plan
