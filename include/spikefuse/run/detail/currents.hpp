#pragma once
/// What arrives at a stage: listed events or dense rows times weights, and rows that pass unchanged.

#include "sample.hpp"

namespace spikefuse::detail {

template <class Schedule, class T, input_kind Kind, class Readout, class Space, purpose Purpose = purpose::run>
struct current_kernel : sample_kernel<Schedule, T, Kind, Readout, Space, Purpose> {
    using base = sample_kernel<Schedule, T, Kind, Readout, Space, Purpose>;
    using base::run;
    using typename base::context, typename base::member, typename base::places, typename base::V;
    static constexpr int W = V::width, P = base::P;
    template <int Buffer>
    static constexpr bool is_input = Buffer == plan::network_input;

    /// Listed events of rows [first, first + rows): row r has events [ends[r], ends[r + 1]); a dense row has none and is marked
    /// by a negative end.
    struct listing {
        std::int32_t const* ends;
        std::uint32_t const* events;
        T const* factors;
        int first, rows;

        SPIKEFUSE_FUNCTION bool dense(int r) const { return ends[r + 1] < 0; }
        SPIKEFUSE_FUNCTION int begin(int r) const { return ends[r] < 0 ? ~ends[r] : ends[r]; }
        SPIKEFUSE_FUNCTION int count(int r) const { return dense(r) ? 0 : ends[r + 1] - begin(r); }
    };

    template <class Feed>
    using mixes = std::bool_constant<Feed::layer != plan::no_layer>;
    template <class Feeds>
    using mixing_feeds = plan::mp11::mp_copy_if<Feeds, mixes>;
    template <class Feeds>
    using passing_feeds = plan::mp11::mp_remove_if<Feeds, mixes>;
    template <class Feed>
    using first_source = plan::mp11::mp_front<typename Feed::sources>;
    template <class Feed>
    static constexpr bool single = plan::mp11::mp_size<typename Feed::sources>::value == 1;
    template <class Source>
    using holds_bits = std::bool_constant<Schedule::template buffer_at<Source::buffer>::bits>;
    template <class Feed>
    static constexpr bool only_bits = plan::mp11::mp_all_of<typename Feed::sources, holds_bits>::value;

    /// Calls consume(p, count, first, rows, currents, stride, apart) for the panels of this thread, some at a time: their currents
    /// over a stretch of rows, `stride` numbers from row to row and `apart` from panel to panel.
    template <class Stage, class Consume>
    SPIKEFUSE_FUNCTION void each_panel(context const& here, int first, int rows, Consume const& consume) const {
        using mixing = mixing_feeds<typename Stage::feeds>;
        static_assert(plan::mp11::mp_size<mixing>::value <= 1);
        if constexpr (plan::mp11::mp_empty<mixing>::value) {
            own_groups<Stage>(here, [&](int p, auto count) { pass<Stage>(here, p, count, first, rows, consume); });
        } else {
            using feed = plan::mp11::mp_front<mixing>;
            if constexpr (Kind == input_kind::held && plan::mp11::mp_size<typename Stage::feeds>::value == 1 && single<feed> &&
                          is_input<first_source<feed>::buffer>) {
                run_held<Stage, feed>(here, first, rows, consume);
            } else if constexpr (Purpose == purpose::gradients) {
                if (run.currents == nullptr) return each_mixed_panel<Stage, feed>(here, first, rows, consume);
                own_groups<Stage>(here, [&](int p, auto count) {
                    consume(p, count, first, rows, kept_currents<feed::layer>(here, p, first), static_cast<std::size_t>(P),
                            static_cast<std::size_t>(run.steps) * P);
                });
            } else if constexpr (Purpose == purpose::tape) {
                each_mixed_panel<Stage, feed>(
                    here, first, rows,
                    [&](int p, auto count, int from, int steps, T const* currents, std::size_t stride, std::size_t apart) {
                        for (int q = 0; run.currents != nullptr && q < count; ++q) {
                            T const* const these = currents + static_cast<std::size_t>(q) * apart;
                            T* const to = kept_currents<feed::layer>(here, p + q, from);
                            for (int r = 0; r < steps; ++r) V::load(these + static_cast<std::size_t>(r) * stride).store(to + r * P);
                        }
                        consume(p, count, from, steps, currents, stride, apart);
                    });
            } else {
                each_mixed_panel<Stage, feed>(here, first, rows, consume);
            }
        }
    }
    template <class Stage, class Feed, class Consume>
    SPIKEFUSE_FUNCTION void each_mixed_panel(context const& here, int first, int rows, Consume const& consume) const {
        using passing = passing_feeds<typename Stage::feeds>;
        constexpr bool alone = plan::mp11::mp_empty<passing>::value;
        for (int done = 0; done < rows;) {
            listing const list = list_rows<Feed>(here, first + done, rows - done);
            own_groups<Stage>(here, [&](int p, auto count) {
                constexpr std::size_t apart = static_cast<std::size_t>(places::block_steps) * W;
                alignas(sizeof(V)) T currents[decltype(count)::value * apart];
                for (int q = 0; q < count; ++q) {
                    if constexpr (!alone) add_passing<passing>(here, p + q, list.first, list.rows, currents + q * apart);
                    mix<Feed, !alone>(here, p + q, list, currents + q * apart);
                }
                consume(p, count, list.first, list.rows, currents, static_cast<std::size_t>(W), apart);
            });
            done += list.rows;
            here.team.team_barrier();
        }
    }
    /// Where the tape keeps the currents of panel p behind a layer of weights, from row r of this block on.
    template <int Layer>
    SPIKEFUSE_FUNCTION T* kept_currents(context const& here, int p, int r) const {
        auto const steps = static_cast<std::size_t>(run.steps);
        T* const these =
            run.currents + (static_cast<std::size_t>(here.sample) * places::kept_currents + places::template kept_currents_at<Layer>)*steps;
        return column_of_panel(these, p, steps) + static_cast<std::size_t>(here.first_step + r) * P;
    }
    template <class Stage, class Function>
    SPIKEFUSE_FUNCTION void own_panels(context const& here, Function const& function) const {
        for (int p = here.team.team_rank(); p * W < Stage::width; p += here.team.team_size()) function(p);
    }

    /// Panels in groups of so many, and what remains. `function(p, count)`.
    template <class Stage, class Function>
    SPIKEFUSE_FUNCTION void own_groups(context const& here, Function const& function) const {
        constexpr int panels = (Stage::width + W - 1) / W, together = places::template side_by_side<Stage>, rest = panels % together;
        int const rank = here.team.team_rank(), size = here.team.team_size();
        if constexpr (panels >= together)
            for (int p = together * rank; p + together <= panels; p += together * size) function(p, fixed<together>{});
        if constexpr (rest != 0)
            if (panels / together % size == rank) function(panels - rest, fixed<rest>{});
    }

    /// A stage without weights: its currents are buffers' rows.
    template <class Stage, int Count, class Consume>
    SPIKEFUSE_FUNCTION void pass(context const& here, int p, fixed<Count> count, int first, int rows, Consume const& consume) const {
        using feed = plan::mp11::mp_front<typename Stage::feeds>;
        using from = first_source<feed>;
        auto const summed = [&] {
            alignas(sizeof(V)) T currents[Count * places::block_steps * W];
            for (int q = 0; q < Count; ++q)
                add_passing<typename Stage::feeds>(here, p + q, first, rows, currents + q * places::block_steps * W);
            consume(p, count, first, rows, currents, static_cast<std::size_t>(W), static_cast<std::size_t>(places::block_steps) * W);
        };
        if constexpr (places::template straight<Stage>::value && !holds_bits<from>::value) {
            auto const as_they_lie = [&] {
                consume(p, count, first, rows, this->template row_of<from::buffer>(here, first) + p * W,
                        this->template stride_of<from::buffer>(), static_cast<std::size_t>(W));
            };
            if constexpr (!is_input<from::buffer> || Stage::width % W == 0) {
                as_they_lie();
            } else { // behind the caller's rows there is nothing to read
                (p + Count) * W <= Stage::width ? as_they_lie() : summed();
            }
        } else {
            summed();
        }
    }
    /// The sum of all sources that no weights stand before.
    template <class Feeds>
    SPIKEFUSE_FUNCTION void add_passing(context const& here, int p, int first, int rows, T* currents) const {
        using sources = plan::mp11::mp_flatten<plan::mp11::mp_transform<sources_of, Feeds>>;
        for (int r = 0; r < rows; ++r) {
            V sum(T(0));
            for_each_index<plan::mp11::mp_size<sources>::value>(
                [&](auto k) { sum += passing<plan::mp11::mp_at_c<sources, k>>(here, p, first + r); });
            sum.store(currents + r * W);
        }
    }
    /// What a source gives to panel p in row r of this block.
    template <class Source>
    SPIKEFUSE_FUNCTION V passing(context const& here, int p, int r) const {
        constexpr int width = Schedule::template buffer_at<Source::buffer>::width;
        auto const* const row = this->template row_of<Source::buffer>(here, r - Source::delay);
        int const place = p * W - Source::offset;
        if constexpr (Source::each == 1 && holds_bits<Source>::value) {
            if constexpr (Source::offset % 32 == 0) { // a panel lies within a word
                if (place >= 0 && place + W <= width) return V::of_bits(row[place / 32] >> (place % 32));
            }
            return V::of_bits(static_cast<std::uint32_t>(bits_from(row, width, place)));
        } else {
            if (Source::each == 1 && place >= 0 && place + W <= width) {
                if constexpr (!holds_bits<Source>::value) return V::load(row + place);
            }
            T numbers[W];
            for (int lane = 0; lane < W; ++lane) {
                int const n = (place + lane) / Source::each;
                numbers[lane] = T(0);
                if (place + lane < 0 || n >= width) continue;
                if constexpr (holds_bits<Source>::value) {
                    numbers[lane] = static_cast<T>((row[n / 32] >> (n % 32)) & 1u);
                } else {
                    numbers[lane] = row[n];
                }
            }
            return V::load(numbers);
        }
    }
    template <class Feed>
    using sources_of = typename Feed::sources;

    /// An input that is held for all steps is multiplied once.
    template <class Stage, class Feed, class Consume>
    SPIKEFUSE_FUNCTION void run_held(context const& here, int first, int rows, Consume const& consume) const {
        using over = typename Schedule::template word<Feed::layer>::template over<Schedule::template width_into<Feed::layer>>;
        T* const held = here.template at<T>(places::template held_at<Feed::layer>);
        T const* const bag = run.bag + places::template bag_at<Feed::layer>;
        own_groups<Stage>(here, [&](int p, auto count) {
            for (int q = p; first == 0 && q < p + count; ++q) { // of each block: the backward pass begins with the last one
                V sum = over::bias(bag, q);
                multiply_rows<1>(over::panel(bag, q), this->template row_of<plan::network_input>(here, 0), 0, over::inputs, &sum);
                sum.store(held + q * W);
            }
            consume(p, count, first, rows, held + p * W, std::size_t(0), static_cast<std::size_t>(W));
        });
    }

    /// Lists the spikes of as many rows as fit, all threads of the team together.
    template <class Feed>
    SPIKEFUSE_FUNCTION listing list_rows(context const& here, int first, int wanted) const {
        using sources = typename Feed::sources;
        constexpr std::size_t source_count = plan::mp11::mp_size<sources>::value;
        constexpr bool may_be_dense = single<Feed> && !only_bits<Feed>;
        auto* const ends = here.template at<std::int32_t>(places::ends_offset);
        auto* const events = here.template at<std::uint32_t>(places::events_offset);
        auto* const factors = here.template at<T>(places::factors_offset);
        int const rank = here.team.team_rank(), size = here.team.team_size();
        constexpr int full = static_cast<int>(dense_above * Schedule::template buffer_at<first_source<Feed>::buffer>::width);
        for (int r = rank; r < wanted; r += size) {
            int count = 0;
            for_each_index<source_count>([&](auto k) {
                using from = plan::mp11::mp_at_c<sources, k>;
                count += count_events(this->template row_of<from::buffer>(here, first + r - from::delay),
                                      Schedule::template buffer_at<from::buffer>::width);
            });
            ends[r + 1] = count;
        }
        here.team.team_barrier();
        int rows = wanted;
        if (rank == 0) {
            int total = 0;
            ends[0] = 0;
            for (rows = 0; rows < wanted; ++rows) {
                int const count = ends[rows + 1];
                bool const dense = may_be_dense && count > full;
                int const whole = plan::round_up(count, events_together);
                if (!dense && total + whole > places::event_capacity + events_together) break;
                if (!dense) total += whole;
                ends[rows + 1] = dense ? ~total : total;
            }
        }
        here.team.team_broadcast(rows, 0);
        listing const list{ends, events, factors, first, rows};
        for (int r = rank; r < rows; r += size) {
            if (list.dense(r)) continue;
            int at = list.begin(r);
            for_each_index<source_count>([&](auto k) {
                using from = plan::mp11::mp_at_c<sources, k>;
                constexpr int width = Schedule::template buffer_at<from::buffer>::width;
                auto const* const row = this->template row_of<from::buffer>(here, first + r - from::delay);
                if constexpr (!holds_bits<from>::value) {
                    at += list_events<P>(row, width, from::offset, events + at, factors + at);
                } else {
                    int const added = list_events<P>(row, width, from::offset, events + at);
                    if constexpr (!only_bits<Feed>)
                        for (int e = 0; e < added; ++e) factors[at + e] = T(1);
                    at += added;
                }
            });
            for (int const end = ends[r + 1]; at < end; ++at) { // filled up with the row of zeros
                events[at] = static_cast<std::uint32_t>(Schedule::template width_into<Feed::layer>) * P;
                if constexpr (!only_bits<Feed>) factors[at] = T(0);
            }
        }
        here.team.team_barrier();
        return list;
    }

    /// Sums the listed rows of one panel into `currents`, on top of what stands there where `Adds`.
    template <class Feed, bool Adds>
    SPIKEFUSE_FUNCTION void mix(context const& here, int p, listing const& list, T* currents) const {
        using over = typename Schedule::template word<Feed::layer>::template over<Schedule::template width_into<Feed::layer>>;
        constexpr int buffer = first_source<Feed>::buffer;
        T const* const bag = run.bag + places::template bag_at<Feed::layer>;
        T const* const panel = over::panel(bag, p);
        V const bias = over::bias(bag, p);
        auto const put = [&](int r, V sum) {
            if constexpr (Adds) sum = V::load(currents + r * W) + sum;
            sum.store(currents + r * W);
        };
        for (int r = 0; r < list.rows; ++r) {
            if constexpr (only_bits<Feed>) {
                put(r, bias + sum_rows(panel, list.events + list.begin(r), list.count(r)));
            } else if (!single<Feed> || !list.dense(r)) { // only a single source may be dense
                put(r, bias + sum_rows(panel, list.events + list.begin(r), list.factors + list.begin(r), list.count(r)));
            } else if constexpr (single<Feed>) {
                constexpr int tile = 12;
                int together = 1;
                while (together < tile && r + together < list.rows && list.dense(r + together)) ++together;
                T const* const x = this->template row_of<buffer>(here, list.first + r - first_source<Feed>::delay);
                std::size_t const stride = this->template stride_of<buffer>();
                V sums[tile];
                for (V& one : sums) one = bias;
                if (together == tile) {
                    multiply_rows<tile>(panel, x, stride, over::inputs, sums);
                } else {
                    int k = 0;
                    for (; k + 4 <= together; k += 4)
                        multiply_rows<4>(panel, x + static_cast<std::size_t>(k) * stride, stride, over::inputs, sums + k);
                    for (; k < together; ++k) multiply_rows<1>(panel, x + static_cast<std::size_t>(k) * stride, 0, over::inputs, sums + k);
                }
                for (int k = 0; k < together; ++k) put(r + k, sums[k]);
                r += together - 1;
            }
        }
    }
};

} // namespace spikefuse::detail
