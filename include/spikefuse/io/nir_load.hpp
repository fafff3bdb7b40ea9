// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#pragma once
/// A NIR graph's numbers into a model: `network.load(nir::read(path), {.dt = 1e-4})`. Parts are
/// matched by structure, then by name. Link spikefuse::io.

#include "nir_fields.hpp"
#include "nir_match.hpp"
#include "nir_network.hpp"
#include "nir_numbers.hpp"
#include "nir_trial.hpp"

namespace spikefuse::inline SPIKEFUSE_ABI::nir {

namespace detail {

/// How many numbers a model holds: a file of it may hold as many, however well they are packed.
template <class Model>
std::size_t numbers_in(Model const& network) {
    std::size_t numbers = 0;
    for (auto const& parameter : network.parameters())
        numbers += io::detail::count_of(parameter.shape);
    return numbers;
}

/// Throws name_error where a layer does otherwise than was said.
inline void check_manner(manner const& own, std::string const& layer, node const& one,
                         choices const& said) {
    auto const wrong = [&](std::string const& does, std::string const& but,
                           std::string const& cure) {
        throw name_error("'" + layer + "' " + does, "for '" + one.name + "' it was said: " + but,
                         cure);
    };
    if (*own.own_way != 0)
        wrong("does what no file says: " + std::string(own.own_way), "as NIR has it",
              "Take the word without that choice, or load without choices");
    moments const moment = own.moment.value_or(moments::at_once);
    if (own.reset && moment != said.moment)
        wrong(moment == moments::next_step ? "resets with the next step" : "resets at once",
              said.moment == moments::next_step ? ".moment = next_step" : ".moment = at_once",
              "Write the word with `next_step` or without, or say the other .moment");
    if (own.reset && *own.reset != said.reset)
        wrong(*own.reset == resets::subtract ? "subtracts its threshold" : "is set to v_reset",
              said.reset == resets::subtract ? ".reset = subtract" : ".reset = to_value",
              "Write the word with `subtract` or without, or say the other .reset");
    if (own.fires && *own.fires != said.fires)
        wrong(*own.fires == firings::at ? "fires at its threshold too"
                                        : "fires above its threshold",
              said.fires == firings::at ? ".fires = at" : ".fires = above",
              "Write the word with `inclusive` or without, or say the other .fires");
    if (own.current && *own.current != said.current)
        wrong(*own.current == currents::before ? "reads the current of the step before"
                                               : "reads the current of its own step",
              said.current == currents::before ? ".current = before" : ".current = after",
              "Write the word with `use_old_current` or without, or say the other .current");
    if (leaks(one) && own.begins_at_leak != (said.start == starts::leak))
        wrong(own.begins_at_leak ? "begins at v_leak" : "begins at 0",
              said.start == starts::leak ? ".start = leak" : ".start = zero",
              "Write a nir:: word, with `start_at_leak` or without, or say the other .start; `lif` "
              "and `li` begin at v_leak");
}

/// Throws shape_error where a network begins or ends with another number of features.
inline void check_end(outline::part const& own, node const& one, std::string const& path) {
    extents const &wanted = own.type == "Input" ? own.out : own.in,
                  &given = own.type == "Input" ? one.out : one.in;
    if (io::detail::count_of(wanted) != io::detail::count_of(given))
        throw shape_error("'" + one.name + "' in '" + path + "' is " +
                              io::detail::shape_text(given),
                          "this network's " + own.name + " is " + io::detail::shape_text(wanted),
                          "Was the file made for a network of other widths?");
}

/// Finds, for each part of a network, a node; throws what both sides are where there is none.
inline std::vector<std::size_t> partners(outline const& mine, outline& theirs, graph const& file,
                                         choices const& meant) {
    auto const& path = file.path;
    if (matching const strict(mine, theirs, role_of); strict.found()) return strict.partners();
    if (std::any_of(mine.parts.begin(), mine.parts.end(), [](auto& one) { return one.waits(); })) {
        // In the file the times may be alike by chance.
        outline as_they_stand = whole_outline(file, meant);
        for (outline::part& one : as_they_stand.parts) one.delay.reset();
        as_they_stand.reduce();
        as_they_stand.leave_out_loose();
        if (matching const strict(mine, as_they_stand, role_of); strict.found()) {
            theirs = as_they_stand;
            return strict.partners();
        }
    }
    // Of the same structure: then it is said layer by layer what differs.
    if (matching const loose(mine, theirs, end_of); loose.found()) return loose.partners();
    auto const layers = [](outline const& of) {
        return std::to_string(std::count_if(of.parts.begin(), of.parts.end(),
                                            [](auto const& one) { return end_of(one).empty(); }));
    };
    throw shape_error("'" + path + "' holds " + layers(theirs) +
                          " nodes that compute, joined otherwise than the layers of this network",
                      "it has " + layers(mine) + ":" + side_by_side(mine, theirs) + "\n",
                      "Write the network as the file has it: `spikefuse-nir generate`");
}

} // namespace detail

/// What `network.load(file)` and `network.load(file, choices)` do.
/// @param network any model
/// @param file the graph
/// @param said what the file leaves open; none: as the network's words have it, at its dt
/// @throws shape_error another structure, an array of another shape
/// @throws name_error another kind of node, a number without a place, a layer that does otherwise
///     than was said
/// @throws value_error a number that the parameter cannot be; numbers other than the file's test;
///     several of these are one name_error with all; nothing has changed then
template <class Model>
void load_into(Model& network, graph const& file, choices const* said) {
    double const own_dt = network.setup().dt.seconds;
    choices const meant = said == nullptr ? choices{.dt = own_dt} : *said;
    if (!(std::abs(meant.dt - own_dt) <= 1e-9 * own_dt))
        throw value_error(
            "the file is to be read at dt = " + spikefuse::detail::number_text(meant.dt) + " s",
            "the network steps by " + spikefuse::detail::number_text(own_dt) + " s",
            "Say one of both: .dt in seconds here, and in the model's settings");
    using network_type = typename detail::network_of<Model>::type;
    detail::outline mine = detail::outline_of<network_type>(network.layer_names()),
                    theirs = detail::whole_outline(file, meant);
    mine.reduce(), theirs.reduce();
    theirs.leave_out_loose();
    std::vector<std::size_t> const which = detail::partners(mine, theirs, file, meant);

    io::detail::differences kept;
    std::vector<io::detail::planned_write> writes;
    for (std::size_t k = 0; k < mine.parts.size(); ++k) {
        detail::outline::part const& own = mine.parts[k];
        node const& one = file.nodes[theirs.parts[which[k]].origin];
        if (own.type == "Input" || own.type == "Output") {
            kept.attempt([&] { detail::check_end(own, one, file.path); });
            continue;
        }
        if (said != nullptr)
            kept.attempt([&] { detail::check_manner(own.how, own.name, one, meant); });
        auto const layer = io::detail::numbered_layer::of(network, own.origin);
        io::nir_node fields = detail::as_in_file(detail::as_words_have_it(one, meant));
        if (own.waits())
            for (double& steps : fields.fields["delay"].values)
                steps -= theirs.parts[which[k]].taken;
        io::detail::numbers_of_node const numbers(layer, fields, file.path, kept);
        for (auto const& write : numbers.writes)
            if (kept.attempt([&] {
                    network.check(write.layer, write.parameter,
                                  std::span<double const>(write.values));
                }))
                writes.push_back(write);
    }
    kept.raise(file.path);
    if (file.test) {
        Model tried = network;
        io::detail::set_all(tried, writes);
        detail::check_test(tried, *file.test, file.path);
    }
    io::detail::set_all(network, writes);
}

} // namespace spikefuse::inline SPIKEFUSE_ABI::nir
